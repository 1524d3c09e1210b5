//! The other end of a leg: what was agreed with it, and where its packets come from and go to.

use std::net::SocketAddr;
use std::sync::Arc;

use super::latch::Latch;
use crate::base::Mono;
use crate::sdp::{Format, Negotiated};

/// The other end, as offer and answer describe it and as its packets show it.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    /// Shared, so that a packet on its way to another leg can take its format along for nothing.
    pub session: Arc<Negotiated>,
    pub latch: Latch,
    /// Where its reports came from.
    pub rtcp_from: Option<SocketAddr>,
}

impl Peer {
    pub fn new(session: Arc<Negotiated>) -> Peer {
        let latch = Latch::new(*session.rtp.expose());
        Peer { session, latch, rtcp_from: None }
    }

    pub fn describe(&mut self, session: Arc<Negotiated>, now: Mono) {
        if session.rtcp != self.session.rtcp {
            self.rtcp_from = None;
        }
        self.latch.describe(*session.rtp.expose(), now);
        self.session = session;
    }

    /// By our number; by the peer's own where it answered with others and sends those.
    pub fn format_of(&self, payload_type: u8) -> Option<usize> {
        let formats = &self.session.formats;
        let ours = formats.iter().position(|format| format.from_peer == payload_type);
        ours.or_else(|| formats.iter().position(|format| format.to_peer == payload_type))
    }

    pub fn format_like(&self, other: &Format) -> Option<&Format> {
        let mut same = self.session.formats.iter().filter(|format| format.codec.same_encoding(&other.codec));
        let first = same.clone().next();
        same.find(|format| format.to_peer == other.from_peer).or(first)
    }

    pub fn rtcp_destination(&self) -> Option<SocketAddr> {
        if let Some(from) = self.rtcp_from {
            return Some(from);
        }
        let described = *self.session.rtcp.expose();
        if self.latch.is_as_described() && !described.ip().is_unspecified() && described.port() != 0 {
            return Some(described);
        }
        let rtp = self.latch.destination()?;
        Some(SocketAddr::new(rtp.ip(), rtp.port().checked_add(1)?))
    }
}
