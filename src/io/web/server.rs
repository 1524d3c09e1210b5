//! The HTTP server: bounded in connections, patient for a bounded time.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::Router;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::base::limits::{HTTP_CONNECTIONS_MAX, SIP_HANDSHAKE_WITHIN};
use crate::io::sip::tls::Tls;

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
                    let (tls, routes, stopped) = (tls.clone(), routes.clone(), stopped.clone());
                    drop(tokio::spawn(serve_one(tls, stream, peer, place, routes, stopped)));
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

/// One connection; a websocket leaves it and goes on by itself.
async fn serve_one(
    tls: Option<Arc<Tls>>,
    stream: TcpStream,
    peer: Peer,
    place: OwnedSemaphorePermit,
    routes: Served,
    stopped: watch::Receiver<bool>,
) {
    match tls {
        None => converse(stream, peer, routes, stopped).await,
        // Apart: what TLS needs is not part of every connection.
        Some(tls) => Box::pin(converse_over(tls, stream, peer, routes, stopped)).await,
    }
    drop(place);
}

async fn converse_over(tls: Arc<Tls>, stream: TcpStream, peer: Peer, routes: Served, stopped: watch::Receiver<bool>) {
    if let Ok(Ok((stream, _))) = tokio::time::timeout(SIP_HANDSHAKE_WITHIN, tls.accept(stream)).await {
        converse(stream, peer, routes, stopped).await;
    }
}

async fn converse<S>(stream: S, peer: Peer, routes: Served, mut stopped: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let from_peer = service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(peer);
        TowerToHyperService::new(Router::clone(&routes.0.load())).call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .serve_connection(TokioIo::new(stream), from_peer)
        .with_upgrades();
    let mut connection = pin!(connection);
    // A connection that breaks is the client's affair.
    tokio::select! {
        _ = connection.as_mut() => {}
        () = async { drop(stopped.wait_for(|stopped| *stopped).await) } => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

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
}
