//! SIP on the wire: the sockets, a file for each transport.

mod udp;

pub use udp::{Received, UdpSockets};
