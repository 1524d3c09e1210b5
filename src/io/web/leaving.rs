//! Answers that go on for long and say little, the streams of events: they leave the HTTP server once their head is written. A
//! connection that the server keeps has buffers for requests and answers to come, and there are thousands of pages that wait.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderValue, Method, Request, Version, header};
use axum::response::Response;
use futures_util::{Stream, StreamExt};
use hyper::body::Frame;
use hyper::rt::{Read, ReadBufCursor, Write};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// What is to be said, piece by piece.
pub(super) type Pieces = Pin<Box<dyn Stream<Item = Bytes> + Send>>;

/// Among the extensions of an answer that may leave; its body as long as it has not.
#[derive(Clone)]
pub(super) struct Leaving(Arc<Mutex<Option<Pieces>>>);

/// Of one connection: what is about to leave it.
#[derive(Default)]
pub(super) struct WayOut {
    pieces: Mutex<Option<Pieces>>,
    head: AtomicU8,
}

/// The body of an answer that leaves: asked for the first piece, it says that the head is written.
struct Silence(Arc<WayOut>);

/// A connection that notes when all is written.
pub(in crate::io) struct Noted<S> {
    stream: S,
    way: Arc<WayOut>,
}

/// A piece that does not leave within this time is for nobody.
const WRITE_WITHIN: Duration = Duration::from_secs(10);
const LAST_CHUNK: &[u8] = b"0\r\n\r\n";
/// How far the head of the answer is.
const NOT_WRITTEN: u8 = 0;
const IN_THE_BUFFER: u8 = 1;
const GONE_OUT: u8 = 2;

impl Leaving {
    pub(super) fn new(pieces: impl Stream<Item = Bytes> + Send + 'static) -> Leaving {
        Leaving(Arc::new(Mutex::new(Some(Box::pin(pieces)))))
    }

    /// For where it stays.
    pub(super) fn body(&self) -> Body {
        Body::from_stream(self.clone().map(Ok::<Bytes, Infallible>))
    }
}

impl Stream for Leaving {
    type Item = Bytes;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let mut pieces = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pieces.as_mut().map_or(Poll::Ready(None), |pieces| pieces.as_mut().poll_next(context))
    }
}

/// Whether the answer to this request is written in chunks, as we go on with it.
pub(super) fn may_leave<B>(request: &Request<B>) -> bool {
    request.method() == Method::GET && request.version() == Version::HTTP_11
}

impl WayOut {
    /// The answer will leave, if it is one that does.
    pub(super) fn prepare(self: &Arc<WayOut>, response: &mut Response) {
        let Some(Leaving(pieces)) = response.extensions_mut().remove() else { return };
        self.head.store(NOT_WRITTEN, Ordering::Relaxed);
        *self.pieces() = pieces.lock().unwrap_or_else(PoisonError::into_inner).take();
        *response.body_mut() = Body::new(Silence(Arc::clone(self)));
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }

    /// What leaves now: the head has gone out, to the last octet.
    pub(super) fn leaves(&self) -> Option<Pieces> {
        if self.head.load(Ordering::Relaxed) == GONE_OUT { self.pieces().take() } else { None }
    }

    /// The head goes from one stage to the next; it may be there already.
    fn advance(&self, from: u8, to: u8) {
        let _ = self.head.compare_exchange(from, to, Ordering::Relaxed, Ordering::Relaxed);
    }

    fn pieces(&self) -> std::sync::MutexGuard<'_, Option<Pieces>> {
        self.pieces.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says what there is to say, in chunks (RFC 9112 section 7.1), until either side has had enough.
pub(super) async fn go_on(mut stream: impl AsyncRead + AsyncWrite + Unpin, mut pieces: Pieces) {
    loop {
        let piece = tokio::select! {
            piece = pieces.next() => piece,
            () = is_gone(&mut stream) => return,
        };
        if piece.as_ref().is_some_and(Bytes::is_empty) {
            // As a chunk it would be the last.
            continue;
        }
        let bytes = piece.as_ref().map_or(LAST_CHUNK.to_vec(), chunk);
        let written = tokio::time::timeout(WRITE_WITHIN, stream.write_all(&bytes)).await;
        if piece.is_none() || !matches!(written, Ok(Ok(()))) {
            // The other side may be gone already.
            return drop(tokio::time::timeout(WRITE_WITHIN, stream.shutdown()).await);
        }
    }
}

fn chunk(piece: &Bytes) -> Vec<u8> {
    [format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat()
}

/// Done when the other side has closed. What it says is for nobody: it was told that the connection ends with this answer.
async fn is_gone(stream: &mut (impl AsyncRead + Unpin)) {
    let mut said = [0; 64];
    while stream.read(&mut said).await.is_ok_and(|length| length > 0) {}
}

impl HttpBody for Silence {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.advance(NOT_WRITTEN, IN_THE_BUFFER);
        Poll::Pending
    }
}

impl<S> Noted<S> {
    pub(super) fn new(stream: S, way: &Arc<WayOut>) -> Noted<S> {
        Noted { stream, way: Arc::clone(way) }
    }

    pub(in crate::io) fn into_inner(self) -> S {
        self.stream
    }
}

impl<S: Read + Unpin> Read for Noted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: Write + Unpin> Write for Noted<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    /// The server asks for it when its own buffer is empty.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        if matches!(flushed, Poll::Ready(Ok(()))) {
            self.way.advance(IN_THE_BUFFER, GONE_OUT);
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, pieces)
    }
}
