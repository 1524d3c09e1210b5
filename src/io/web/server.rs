//! The HTTP server: bounded in connections, patient for a bounded time.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{HttpService, Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::base::limits::{HTTP_CONNECTIONS_MAX, SIP_HANDSHAKE_WITHIN};
use crate::io::sip::tls::Tls;

use super::leaving::{self, Noted, Pieces, WayOut};

/// Where a request came from; each has it among its extensions.
#[derive(Clone, Copy)]
pub(super) struct Peer(pub SocketAddr);

/// A request whose head does not come in this time is from somebody who does not mean it.
const HEAD_WITHIN: Duration = Duration::from_secs(10);
/// How long requests under way may take to end.
const STOP_WITHIN: Duration = Duration::from_secs(3);
/// After a fault of the system, such as no descriptors left.
const PAUSE: Duration = Duration::from_millis(100);

/// What is served: others may take its place, and each request is answered by those under which it came.
#[derive(Clone)]
pub struct Served(Arc<ArcSwap<Router>>);

impl Served {
    pub fn new(routes: Router) -> Served {
        Served(Arc::new(ArcSwap::from_pointee(routes)))
    }

    pub fn change(&self, routes: Router) {
        self.0.store(Arc::new(routes));
    }
}

/// Serves until `stop` is done, and then what is under way.
pub async fn serve(listener: TcpListener, routes: Router, stop: impl Future<Output = ()>) {
    serve_over(None, listener, Served::new(routes), stop).await;
}

/// The same over TLS, where there are certificates.
pub async fn serve_over(tls: Option<Arc<Tls>>, listener: TcpListener, routes: Served, stop: impl Future<Output = ()>) {
    serve_at_most(HTTP_CONNECTIONS_MAX, tls, listener, routes, stop).await;
}

/// `most`: connections at once, in whatever handshake they are.
async fn serve_at_most(
    most: usize,
    tls: Option<Arc<Tls>>,
    listener: TcpListener,
    routes: Served,
    stop: impl Future<Output = ()>,
) {
    let places = Arc::new(Semaphore::new(most));
    let (stopping, stopped) = watch::channel(false);
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            accepted = accept(&listener, &places) => match accepted {
                Ok((stream, peer, place)) => {
                    let guest = Guest { peer, stopped: stopped.clone(), _place: place };
                    drop(tokio::spawn(serve_one(tls.clone(), stream, guest, routes.clone())));
                }
                Err(fault) => {
                    tracing::warn!(%fault, "no HTTP connection could be accepted");
                    tokio::time::sleep(PAUSE).await;
                }
            },
        }
    }
    drop((listener, stopped));
    let _ = stopping.send(true);
    // Each connection holds the other end until it is over.
    let _ = tokio::time::timeout(STOP_WITHIN, stopping.closed()).await;
}

/// Beyond the bound a connection waits in the system's queue.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> io::Result<(TcpStream, Peer, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok((stream, Peer(SocketAddr::new(peer.ip().to_canonical(), peer.port())), place))
}

/// Whose connection it is, and what it holds as long as it lasts.
struct Guest {
    peer: Peer,
    stopped: watch::Receiver<bool>,
    _place: OwnedSemaphorePermit,
}

/// One connection; a websocket leaves it and goes on by itself.
async fn serve_one(tls: Option<Arc<Tls>>, stream: TcpStream, guest: Guest, routes: Served) {
    match tls {
        None => converse(stream, guest, routes).await,
        // Apart: what TLS needs is not part of every connection.
        Some(tls) => Box::pin(converse_over(tls, stream, guest, routes)).await,
    }
}

async fn converse_over(tls: Arc<Tls>, stream: TcpStream, guest: Guest, routes: Served) {
    if let Ok(Ok((stream, _))) = tokio::time::timeout(SIP_HANDSHAKE_WITHIN, tls.accept(stream)).await {
        converse(stream, guest, routes).await;
    }
}

async fn converse<S>(stream: S, mut guest: Guest, routes: Served)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let way = Arc::new(WayOut::default());
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .serve_connection(Noted::new(TokioIo::new(stream), &way), from_peer(guest.peer, routes, &way))
        .with_upgrades();
    let mut is_stopping = false;
    let pieces = loop {
        tokio::select! {
            pieces = until_it_leaves(&mut connection, &way) => break pieces,
            () = async { drop(guest.stopped.wait_for(|stopped| *stopped).await) }, if !is_stopping => {
                is_stopping = true;
                Pin::new(&mut connection).graceful_shutdown();
            }
        }
    };
    if let Some((pieces, parts)) = pieces.zip(connection.into_parts()) {
        // A task of its own is as small as what it does.
        drop(tokio::spawn(async move {
            leaving::go_on(parts.io.into_inner().into_inner(), pieces).await;
            drop(guest);
        }));
    }
}

/// Drives the connection to its end, or until an answer leaves it. A connection that breaks is the client's affair.
async fn until_it_leaves(connection: &mut (impl Future + Unpin), way: &WayOut) -> Option<Pieces> {
    poll_fn(|context| match Pin::new(&mut *connection).poll(context) {
        Poll::Ready(_) => Poll::Ready(None),
        Poll::Pending => way.leaves().map_or(Poll::Pending, |pieces| Poll::Ready(Some(pieces))),
    })
    .await
}

/// The routes, as they are when a request comes.
fn from_peer(
    peer: Peer,
    routes: Served,
    way: &Arc<WayOut>,
) -> impl HttpService<Incoming, ResBody = Body, Error = Infallible, Future: Send> + Unpin {
    let way = Arc::clone(way);
    service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(peer);
        let way = leaving::may_leave(&request).then(|| Arc::clone(&way));
        let answer = TowerToHyperService::new(Router::clone(&routes.0.load())).call(request);
        async move {
            let mut response = answer.await?;
            way.iter().for_each(|way| way.prepare(&mut response));
            Ok(response)
        }
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::body::Bytes;
    use axum::routing::get;
    use futures_util::{StreamExt, stream};
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;
    use crate::io::web::events;

    const PATIENCE: Duration = Duration::from_secs(30);

    async fn ask(stream: &mut TcpStream) {
        stream.write_all(b"GET /here HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    }

    async fn answer(stream: &mut TcpStream) -> String {
        let mut bytes = [0; 1024];
        let length = tokio::time::timeout(PATIENCE, stream.read(&mut bytes)).await.expect("in time").unwrap();
        String::from_utf8_lossy(bytes.get(..length).unwrap_or_default()).into_owned()
    }

    #[tokio::test]
    async fn beyond_the_bound_a_connection_waits_until_another_has_ended() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let routes = Served::new(Router::new().route("/here", get(|| async { "yes" })));
        tokio::spawn(serve_at_most(2, None, listener, routes, std::future::pending()));
        // Somebody who never says what they want has a place too.
        let silent = TcpStream::connect(at).await.unwrap();
        let mut first = TcpStream::connect(at).await.unwrap();
        ask(&mut first).await;
        assert!(answer(&mut first).await.ends_with("yes"));
        let mut waiting = TcpStream::connect(at).await.unwrap();
        ask(&mut waiting).await;
        for _ in 0..50 {
            ask(&mut first).await;
            assert!(answer(&mut first).await.ends_with("yes"), "who is in is served");
            let early = waiting.try_read(&mut [0; 16]).map_err(|fault| fault.kind());
            assert_eq!(early, Err(io::ErrorKind::WouldBlock), "there is no place");
        }
        drop(silent);
        assert!(answer(&mut waiting).await.ends_with("yes"));
    }

    /// What comes of `request` over a connection that takes a few octets at a time.
    async fn answered(request: &str, events: usize) -> String {
        let events = stream::iter((0..events).map(|nth| Bytes::from(format!("data: {nth}\n\n"))));
        let silent = events::answer(events.chain(stream::iter([Bytes::new()])));
        let answers = Arc::new(std::sync::Mutex::new(Some(silent)));
        let route = get(move || std::future::ready(answers.lock().unwrap().take().expect("one request")));
        let (mut client, server) = duplex(16);
        let place = Arc::new(Semaphore::new(1)).acquire_owned().await.unwrap();
        let (_stop, stopped) = watch::channel(false);
        let guest = Guest { peer: Peer("127.0.0.1:9".parse().unwrap()), stopped, _place: place };
        let routes = Served::new(Router::new().route("/events", route));
        let serving = tokio::spawn(converse(server, guest, routes));
        client.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        serving.await.unwrap();
        answer
    }

    #[tokio::test]
    async fn a_stream_of_events_leaves_whole_and_in_order() {
        let answer = answered("GET /events HTTP/1.1\r\nHost: shop.example.com\r\n\r\n", 20).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        for line in ["content-type: text/event-stream", "transfer-encoding: chunked", "connection: close"] {
            assert!(head.contains(line), "{head}");
        }
        let chunk = |nth| format!("{:x}\r\ndata: {nth}\n\n\r\n", if nth < 10 { 9 } else { 10 });
        assert_eq!(body, (0..20).map(chunk).collect::<String>() + "0\r\n\r\n");
    }

    #[tokio::test]
    async fn where_there_are_no_chunks_the_events_stay() {
        let answer = answered("GET /events HTTP/1.0\r\nHost: shop.example.com\r\n\r\n", 3).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.0 200 OK\r\n") && !head.contains("chunked"), "{head}");
        assert_eq!(body, "data: 0\n\ndata: 1\n\ndata: 2\n\n");
    }

    #[tokio::test]
    async fn a_question_for_the_head_alone_has_no_events() {
        let request = "HEAD /events HTTP/1.1\r\nHost: shop.example.com\r\nConnection: close\r\n\r\n";
        let answer = answered(request, 3).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\n"), "{answer}");
    }
}
