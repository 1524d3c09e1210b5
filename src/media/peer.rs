//! The other end of a leg: what was agreed with it, and where its packets come from and go to.

use std::net::SocketAddr;
use std::sync::Arc;

use super::g711::Law;
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
    /// Of the session's formats, in their order: no packet's way compares names.
    pub sorts: Vec<Sort>,
    /// The law and the number in which a player can play to it.
    pub plays: Option<(Law, u8)>,
    /// It wants to hear us, and may speak.
    pub hears: bool,
    pub speaks: bool,
    /// What one packet lasts.
    pub packet_ms: u32,
}

/// What a packet's way asks of its format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sort {
    /// `None` for what we cannot read as sound.
    pub law: Option<Law>,
    pub is_key: bool,
    /// In Hz.
    pub clock: u32,
    /// The numbers of `Format`.
    pub from_peer: u8,
    pub to_peer: u8,
}

impl Peer {
    pub fn new(session: Arc<Negotiated>) -> Peer {
        let latch = Latch::new(*session.rtp.expose());
        let sorts = session.formats.iter().map(Sort::of).collect();
        let (plays, packet_ms) = (plays(&session), session.ptime_ms);
        let (hears, speaks) = (session.direction.sends(), session.direction.listens());
        Peer { session, latch, rtcp_from: None, sorts, plays, hears, speaks, packet_ms }
    }

    pub fn describe(&mut self, session: Arc<Negotiated>, now: Mono) {
        if session.rtcp != self.session.rtcp {
            self.rtcp_from = None;
        }
        self.latch.describe(*session.rtp.expose(), now);
        let (latch, rtcp_from) = (self.latch.clone(), self.rtcp_from);
        *self = Peer { latch, rtcp_from, ..Peer::new(session) };
    }

    /// By our number; by the peer's own where it answered with others and sends those.
    pub fn format_of(&self, payload_type: u8) -> Option<usize> {
        let ours = self.sorts.iter().position(|sort| sort.from_peer == payload_type);
        ours.or_else(|| self.sorts.iter().position(|sort| sort.to_peer == payload_type))
    }

    /// Of the format at this place.
    pub fn sort(&self, place: usize) -> Option<Sort> {
        self.sorts.get(place).copied()
    }

    /// Ours of the same encoding. `format` is the other one where its sort does not say enough, that is, where it has no law.
    pub fn sort_like(&self, other: Sort, format: Option<&Format>) -> Option<Sort> {
        let is_same = |(ours, place): &(&Sort, usize)| match (other.law, format) {
            (Some(_), _) => ours.law == other.law,
            (None, Some(format)) => self.is_encoded_like(*place, format),
            (None, None) => false,
        };
        let mut same = self.sorts.iter().zip(0..).filter(is_same).map(|(ours, _)| *ours);
        let first = same.clone().next();
        same.find(|ours| ours.to_peer == other.from_peer).or(first)
    }

    fn is_encoded_like(&self, place: usize, other: &Format) -> bool {
        self.session.formats.get(place).is_some_and(|ours| ours.codec.same_encoding(&other.codec))
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

impl Sort {
    fn of(format: &Format) -> Sort {
        let codec = &format.codec;
        Sort {
            law: Law::of(codec),
            is_key: codec.is_telephone_event(),
            clock: codec.clock,
            from_peer: format.from_peer,
            to_peer: format.to_peer,
        }
    }
}

fn plays(session: &Negotiated) -> Option<(Law, u8)> {
    session.formats.iter().find_map(|format| Some((Law::of(&format.codec)?, format.to_peer)))
}
