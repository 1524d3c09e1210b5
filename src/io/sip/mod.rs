//! SIP on the wire: the sockets, the connections, a file for each transport.

mod connections;
mod made;
mod tcp;
pub mod tls;
mod udp;
pub mod websocket;

#[cfg(test)]
mod connections_tests;

pub use connections::{Connections, Listener, StreamSetup};
pub use udp::{Received, UdpSockets};
