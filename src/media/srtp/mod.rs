//! SRTP and SRTCP (RFC 3711, RFC 7714) of one leg: what comes is opened where it lies, what goes is sealed in a copy.

mod cipher;
mod inbound;
mod index;
mod kdf;
mod outbound;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;

use crate::sdp::SrtpKeys;
use inbound::Inbound;
use outbound::Outbound;

/// Why a datagram was not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// Too short, or not sealed with the peer's key.
    Forged,
    /// It has come before, or so long ago that nobody knows.
    Replayed,
}

/// Both directions of one leg. Keys are not printed.
#[derive(Clone)]
pub struct Shield {
    keys: SrtpKeys,
    inbound: Inbound,
    outbound: Outbound,
}

impl Shield {
    pub fn new(keys: &SrtpKeys) -> Shield {
        Shield { keys: keys.clone(), inbound: Inbound::new(keys.suite, &keys.theirs), outbound: Outbound::new(keys) }
    }

    /// What a new offer and answer say. A direction whose key is as before goes on as it was.
    pub fn describe(&mut self, keys: &SrtpKeys) {
        if keys.suite != self.keys.suite || keys.theirs != self.keys.theirs {
            self.inbound.rekey(keys.suite, &keys.theirs);
        }
        if keys.suite != self.keys.suite || keys.ours != self.keys.ours {
            self.outbound.rekey(keys);
        }
        self.keys = keys.clone();
    }

    /// A packet is about to be opened, or sealed: what that needs comes nearer.
    pub fn opens_soon(&self) {
        self.inbound.soon();
    }

    pub fn seals_soon(&self) {
        self.outbound.soon();
    }

    /// Opens a packet of sound in place; answers how long it is now.
    pub fn open_rtp(&mut self, datagram: &mut [u8]) -> Result<usize, Broken> {
        self.inbound.open_rtp(datagram)
    }

    pub fn open_rtcp(&mut self, datagram: &mut [u8]) -> Result<usize, Broken> {
        self.inbound.open_rtcp(datagram)
    }

    /// `None` for what is no packet, and when the key has sealed all that it may.
    pub fn seal_rtp(&mut self, packet: &[u8]) -> Option<&[u8]> {
        self.outbound.seal_rtp(packet)
    }

    pub fn seal_rtcp(&mut self, packet: &[u8]) -> Option<&[u8]> {
        self.outbound.seal_rtcp(packet)
    }
}

impl std::fmt::Debug for Shield {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shield").field("suite", &self.keys.suite).finish_non_exhaustive()
    }
}
