//! The peer's packets, opened. State is made for a stream only when its first packet has proved genuine.

use super::Broken;
use super::cipher::{Cipher, Kind, Place};
use super::index::Window;
use crate::base::prefetch;
use crate::media::rtp;
use crate::sdp::{MasterKey, Suite};

#[derive(Clone)]
pub struct Inbound {
    sound: Cipher,
    reports: Cipher,
    streams: Vec<Stream>,
}

/// One SSRC of the peer.
#[derive(Clone, Copy)]
struct Stream {
    ssrc: u32,
    sound: Track,
    reports: Track,
}

/// What has come on one channel.
#[derive(Clone, Copy, Default)]
struct Track {
    seen: Window,
    /// The key is new and has opened nothing yet: the peer may have begun its count again.
    is_fresh: bool,
}

/// Streams of one peer at once; a telephone has one, and another after a transfer. Beyond it the oldest is forgotten.
const STREAMS_MAX: usize = 4;
const REPORT_CLEAR: usize = 8;
const WORD: usize = 4;
const ENCRYPTED: u32 = 1 << 31;

impl Inbound {
    pub fn new(suite: Suite, key: &MasterKey) -> Inbound {
        let cipher = |kind| Cipher::new(suite, key, kind);
        Inbound { sound: cipher(Kind::Rtp), reports: cipher(Kind::Rtcp), streams: Vec::new() }
    }

    /// Another key of the peer. The cycle goes on as RFC 3711 section 3.3.1 has it, or begins again as many peers have it.
    pub fn rekey(&mut self, suite: Suite, key: &MasterKey) {
        let fresh = |stream: &Stream| Stream {
            ssrc: stream.ssrc,
            sound: stream.sound.fresh(),
            reports: stream.reports.fresh(),
        };
        *self = Inbound { streams: self.streams.iter().map(fresh).collect(), ..Inbound::new(suite, key) };
    }

    pub fn soon(&self) {
        self.sound.soon();
        prefetch::list(&self.streams);
    }

    pub fn open_rtp(&mut self, datagram: &mut [u8]) -> Result<usize, Broken> {
        let head = rtp::header_length(datagram).ok_or(Broken::Forged)?;
        let (ssrc, sequence) = rtp::stream_of(datagram).ok_or(Broken::Forged)?;
        let end =
            datagram.len().checked_sub(self.sound.tag_length()).filter(|end| *end >= head).ok_or(Broken::Forged)?;
        let stream = self.stream(ssrc);
        let (index, again) = (stream.sound.seen.guess(sequence), u64::from(sequence));
        if !stream.sound.is_new(index) {
            return Err(Broken::Replayed);
        }
        let tried = [Some(index), (stream.sound.is_fresh && again != index).then_some(again)];
        let index = self.try_each(datagram, (head, end), ssrc, tried).ok_or(Broken::Forged)?;
        self.keep(stream, |stream| stream.sound.take(index));
        Ok(end)
    }

    /// The index that opens the packet. The tag is looked at first: what was tried in vain is as it was.
    fn try_each(
        &self,
        datagram: &mut [u8],
        (head, end): (usize, usize),
        ssrc: u32,
        tried: [Option<u64>; 2],
    ) -> Option<u64> {
        let (packet, tag) = datagram.split_at_mut_checked(end)?;
        let (clear, text) = packet.split_at_mut_checked(head)?;
        tried.into_iter().flatten().find(|index| {
            let cycle = ((index >> 16) as u32).to_be_bytes();
            self.sound.open(Place { ssrc, index: *index }, clear, text, &cycle, tag, Kind::Rtp)
        })
    }

    pub fn open_rtcp(&mut self, datagram: &mut [u8]) -> Result<usize, Broken> {
        self.open_reports(datagram).unwrap_or(Err(Broken::Forged))
    }

    /// `None` for what is too short, or says that it is not encrypted.
    fn open_reports(&mut self, datagram: &mut [u8]) -> Option<Result<usize, Broken>> {
        let tag_length = self.reports.tag_length();
        let end = datagram.len().checked_sub(tag_length + WORD)?;
        let (packet, trailer) = datagram.split_at_mut_checked(end)?;
        let (tag, word) = match &self.reports {
            Cipher::Counter(_) => trailer.split_at_checked(WORD).map(|(word, tag)| (tag, word))?,
            Cipher::Gcm(_) => trailer.split_at_checked(tag_length)?,
        };
        let word: [u8; WORD] = word.try_into().ok()?;
        let index = u64::from(u32::from_be_bytes(word) & !ENCRYPTED);
        let (clear, text) = packet.split_at_mut_checked(REPORT_CLEAR)?;
        let ssrc = u32::from_be_bytes(*clear.get(4..)?.first_chunk()?);
        let stream = self.stream(ssrc);
        if u32::from_be_bytes(word) & ENCRYPTED == 0 {
            return None;
        }
        if !stream.reports.is_new(index) {
            return Some(Err(Broken::Replayed));
        }
        if !self.reports.open(Place { ssrc, index }, clear, text, &word, tag, Kind::Rtcp) {
            return None;
        }
        self.keep(stream, |stream| stream.reports.take(index));
        Some(Ok(end))
    }

    fn stream(&self, ssrc: u32) -> Stream {
        let known = self.streams.iter().find(|stream| stream.ssrc == ssrc);
        known.copied().unwrap_or(Stream { ssrc, sound: Track::default(), reports: Track::default() })
    }

    /// Notes a genuine packet.
    fn keep(&mut self, mut stream: Stream, note: impl FnOnce(&mut Stream)) {
        note(&mut stream);
        match self.streams.iter_mut().find(|known| known.ssrc == stream.ssrc) {
            Some(known) => *known = stream,
            None => {
                if self.streams.len() >= STREAMS_MAX {
                    self.streams.remove(0);
                }
                self.streams.push(stream);
            }
        }
    }
}

impl Track {
    fn fresh(self) -> Track {
        Track { is_fresh: true, ..self }
    }

    /// Under a new key nothing has come yet.
    fn is_new(&self, index: u64) -> bool {
        self.is_fresh || self.seen.is_new(index)
    }

    fn take(&mut self, index: u64) {
        if std::mem::take(&mut self.is_fresh) {
            self.seen = Window::default();
        }
        self.seen.take(index);
    }
}
