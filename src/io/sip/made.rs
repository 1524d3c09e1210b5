//! A SIP connection that we make: from the address of its listener, and over TLS to whom we mean and nobody else.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use super::connections::{Event, Shared};
use super::tcp::{self, Line};
use super::tls::{Meant, Refusal, Tls};
use crate::base::limits::SIP_CONNECT_WITHIN;
use crate::sip::api::Transport;

/// What is to be made.
pub struct Aim {
    pub transport: Transport,
    /// The address of its listener.
    pub local: IpAddr,
    /// Whom the URI named, where it was not an address.
    pub domain: Option<Arc<str>>,
}

/// Why there is no connection.
enum Fault {
    NotConnected(io::Error),
    Tls(Refusal),
    Late,
}

impl Fault {
    fn as_str(&self) -> &'static str {
        match self {
            Fault::NotConnected(_) => "not connected",
            Fault::Tls(refusal) => refusal.as_str(),
            Fault::Late => "not in time",
        }
    }
}

/// Until either side ends it.
pub async fn serve(aim: Aim, line: Line, shared: Shared) {
    let (flow, peer) = (line.flow, line.peer);
    match (aim.transport, shared.tls.clone()) {
        (Transport::Tls, Some(tls)) => {
            let open = over_tls(&tls, &aim, peer);
            match timeout(SIP_CONNECT_WITHIN, open).await.unwrap_or(Err(Fault::Late)) {
                Ok((stream, names)) => tcp::serve(stream, names, line, &shared).await,
                Err(fault) => note(&fault, aim.domain.as_deref()),
            }
        }
        (Transport::Tcp, _) => {
            if let Ok(Ok(stream)) = timeout(SIP_CONNECT_WITHIN, connect(aim.local, peer)).await {
                tcp::serve(stream, Vec::new(), line, &shared).await;
            }
        }
        (Transport::Udp | Transport::Ws | Transport::Wss, _) | (Transport::Tls, None) => {}
    }
    let _ = shared.events.send(Event::Closed { flow }).await;
}

async fn over_tls(
    tls: &Tls,
    aim: &Aim,
    peer: SocketAddr,
) -> Result<(tokio_rustls::TlsStream<TcpStream>, Vec<String>), Fault> {
    let stream = connect(aim.local, peer).await.map_err(Fault::NotConnected)?;
    let meant = aim.domain.as_deref().map_or(Meant::Address(peer.ip()), Meant::Host);
    tls.connect(stream, meant).await.map_err(Fault::Tls)
}

/// Host names are those of the configuration or of trunks; an address may be a person's.
fn note(fault: &Fault, domain: Option<&str>) {
    let (cause, domain) = (fault.as_str(), domain.unwrap_or("an address"));
    match fault {
        Fault::NotConnected(error) | Fault::Tls(Refusal::Handshake(error)) => {
            tracing::info!(cause, domain, %error, "no TLS connection to a SIP peer");
        }
        Fault::Tls(Refusal::Nobody | Refusal::Name) | Fault::Late => {
            tracing::info!(cause, domain, "no TLS connection to a SIP peer");
        }
    }
}

async fn connect(local: IpAddr, peer: SocketAddr) -> io::Result<TcpStream> {
    let socket = if peer.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    if !local.is_unspecified() && local.is_ipv4() == peer.is_ipv4() {
        socket.bind(SocketAddr::new(local, 0))?;
    }
    socket.connect(peer).await
}
