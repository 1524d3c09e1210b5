//! Our packets, sealed: one stream of ours on each leg.

use super::cipher::{Cipher, Kind, Place};
use super::index::Window;
use crate::base::prefetch;
use crate::media::rtp;
use crate::sdp::SrtpKeys;

#[derive(Clone)]
pub struct Outbound {
    sound: Cipher,
    reports: Cipher,
    sent: Window,
    /// Of the next report; 31 bits.
    report_index: u32,
    /// The packet that is being sealed, kept so that none needs memory of its own.
    sealed: Vec<u8>,
}

/// Marks a report as encrypted (RFC 3711 section 3.4).
const ENCRYPTED: u32 = 1 << 31;
/// RFC 3711 section 9.2: so many packets under one key.
const INDEX_MAX: u64 = (1 << 48) - 1;
const REPORT_INDEX_MAX: u32 = (1 << 31) - 1;
/// The header of RTCP that stays clear.
const REPORT_CLEAR: usize = 8;

impl Outbound {
    pub fn new(keys: &SrtpKeys) -> Outbound {
        let cipher = |kind| Cipher::new(keys.suite, &keys.ours, kind);
        Outbound {
            sound: cipher(Kind::Rtp),
            reports: cipher(Kind::Rtcp),
            sent: Window::default(),
            report_index: 0,
            sealed: Vec::new(),
        }
    }

    /// Another key of ours; the cycle goes on (RFC 3711 section 3.3.1).
    pub fn rekey(&mut self, keys: &SrtpKeys) {
        *self = Outbound { sent: self.sent, report_index: self.report_index, ..Outbound::new(keys) };
    }

    pub fn soon(&self) {
        self.sound.soon();
        prefetch::list(&self.sealed);
    }

    pub fn seal_rtp(&mut self, packet: &[u8]) -> Option<&[u8]> {
        let head = rtp::header_length(packet)?;
        let (ssrc, sequence) = rtp::stream_of(packet)?;
        let index = self.sent.guess(sequence);
        if index > INDEX_MAX {
            return None;
        }
        self.sent.take(index);
        let cycle = ((index >> 16) as u32).to_be_bytes();
        self.seal(&SealAs { kind: Kind::Rtp, place: Place { ssrc, index }, head, after: cycle }, packet)
    }

    pub fn seal_rtcp(&mut self, packet: &[u8]) -> Option<&[u8]> {
        let ssrc = u32::from_be_bytes(*packet.get(4..)?.first_chunk()?);
        if self.report_index >= REPORT_INDEX_MAX {
            return None;
        }
        self.report_index += 1;
        let index = self.report_index;
        let after = (ENCRYPTED | index).to_be_bytes();
        let place = Place { ssrc, index: u64::from(index) };
        self.seal(&SealAs { kind: Kind::Rtcp, place, head: REPORT_CLEAR, after }, packet)
    }

    /// In RTCP the word stands in the packet: before the tag of HMAC, after that of GCM.
    fn seal(&mut self, how: &SealAs, packet: &[u8]) -> Option<&[u8]> {
        let cipher = match how.kind {
            Kind::Rtp => &self.sound,
            Kind::Rtcp => &self.reports,
        };
        self.sealed.clear();
        self.sealed.extend_from_slice(packet);
        let (clear, text) = self.sealed.split_at_mut_checked(how.head)?;
        let tag = cipher.seal(how.place, clear, text, &how.after, how.kind);
        let tag = tag.get(..cipher.tag_length())?;
        match (how.kind, cipher) {
            (Kind::Rtp, _) => self.sealed.extend_from_slice(tag),
            (Kind::Rtcp, Cipher::Counter(_)) => self.sealed.extend(how.after.iter().chain(tag)),
            (Kind::Rtcp, Cipher::Gcm(_)) => self.sealed.extend(tag.iter().chain(&how.after)),
        }
        Some(&self.sealed)
    }
}

struct SealAs {
    kind: Kind,
    place: Place,
    /// What stays clear.
    head: usize,
    after: [u8; 4],
}
