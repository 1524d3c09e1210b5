//! The stream that we send on one leg: its own SSRC, sequence and timestamp, whatever its sound comes from.

use std::time::Duration;

use super::rtp::Header;
use crate::base::Mono;
use crate::base::rng::Rng;

/// One continuous stream. When its source changes, the next packet has the marker, the next sequence number and a timestamp
/// moved on by the time that has passed: the listener sees a pause, no loss and no new stream.
#[derive(Clone, Debug)]
pub struct Outgoing {
    pub ssrc: u32,
    /// Of the newest packet sent, or before the first.
    sequence: u16,
    timestamp: u32,
    /// When the newest timestamp was first sent.
    sent_at: Option<Mono>,
    /// The packet that comes next begins something new.
    is_cut: bool,
    splice: Option<Splice>,
    pub packets: u64,
    pub octets: u64,
}

/// How a source's numbers become ours.
#[derive(Clone, Copy, Debug)]
struct Splice {
    ssrc: u32,
    /// Extended by the times it wrapped. What lies before `first` belongs to the time before the splice.
    first: i64,
    highest: i64,
    sequence_offset: u16,
    timestamp_offset: u32,
}

/// The clock of the packets and how long one lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// In Hz.
    pub clock: u32,
    /// Ticks of one packet.
    pub ticks: u32,
}

/// What is sent on of a stream that goes on (RFC 3550 appendix A.1).
const AHEAD_MAX: i16 = 3000;
const BEHIND_MAX: i16 = -100;
const KEY_PACKET_MS: u32 = 20;

impl Outgoing {
    /// RFC 3550 section 5.1: the three begin at random.
    pub fn new(rng: &mut Rng) -> Outgoing {
        let random = rng.u64();
        Outgoing {
            ssrc: (random >> 32) as u32,
            sequence: random as u16,
            timestamp: rng.u64() as u32,
            sent_at: None,
            is_cut: true,
            splice: None,
            packets: 0,
            octets: 0,
        }
    }

    /// The source changes.
    pub fn cut(&mut self) {
        self.is_cut = true;
        self.splice = None;
    }

    /// The header of a packet from a player, under our payload type; `due` is when it should leave.
    pub fn play(&mut self, payload_type: u8, pace: Pace, octets: usize, due: Mono) -> Header {
        let marker = self.is_cut;
        let timestamp = if marker { self.joined(pace, due) } else { self.timestamp.wrapping_add(pace.ticks) };
        self.is_cut = false;
        self.splice = None;
        self.sequence = self.sequence.wrapping_add(1);
        self.stamp(timestamp, due);
        self.count(octets);
        self.header(marker, payload_type, self.sequence, timestamp)
    }

    /// The number and the timestamp of a player's packet that is due then, if it goes on right behind the last one.
    pub fn goes_on(&self, pace: Pace, due: Mono) -> Option<(u16, u32)> {
        let is_next = |at: Mono| !self.is_cut && ticks(due.since(at), pace.clock) == pace.ticks;
        let next = (self.sequence.wrapping_add(1), self.timestamp.wrapping_add(pace.ticks));
        self.sent_at.is_some_and(is_next).then_some(next)
    }

    /// A player has gone on elsewhere, up to this packet, with so many octets in each; said before numbers wrap.
    pub fn has_played(&mut self, sequence: u16, timestamp: u32, octets: usize, due: Mono) {
        let packets = sequence.wrapping_sub(self.sequence);
        if packets > 0 {
            (self.sequence, self.timestamp, self.sent_at) = (sequence, timestamp, Some(due));
            self.packets += u64::from(packets);
            self.octets += u64::from(packets) * octets as u64;
        }
    }

    /// The header of a packet of a key that we press; all packets of one key have the timestamp of its beginning (RFC 4733 section
    /// 2.5.1.2).
    pub fn key(&mut self, payload_type: u8, clock: u32, begins: bool, octets: usize, now: Mono) -> Header {
        if begins {
            let timestamp = self.joined(Pace::new(clock, KEY_PACKET_MS), now);
            self.stamp(timestamp, now);
        }
        self.cut();
        self.sequence = self.sequence.wrapping_add(1);
        self.count(octets);
        self.header(begins, payload_type, self.sequence, self.timestamp)
    }

    /// The header of a packet that another leg's peer has sent, or `None` for one that lies before the splice.
    pub fn relay(&mut self, from: &Header, payload_type: u8, pace: Pace, octets: usize, now: Mono) -> Option<Header> {
        let begins = !self.splice.is_some_and(|splice| splice.goes_on_with(from));
        if begins {
            self.splice = Some(self.join(from, pace, now));
        }
        let splice = self.splice.as_mut()?;
        let extended = splice.extend(from.sequence);
        if extended < splice.first {
            return None;
        }
        let sequence = from.sequence.wrapping_add(splice.sequence_offset);
        let timestamp = from.timestamp.wrapping_add(splice.timestamp_offset);
        if begins || extended > splice.highest {
            splice.highest = extended;
            self.sequence = sequence;
            self.stamp(timestamp, now);
        }
        self.is_cut = false;
        self.count(octets);
        Some(self.header(from.marker || begins, payload_type, sequence, timestamp))
    }

    /// A packet of the source is not sent on: the ones after it close the gap.
    pub fn swallow(&mut self, from: &Header) {
        let Some(splice) = self.splice.as_mut().filter(|splice| splice.goes_on_with(from)) else { return };
        let extended = splice.extend(from.sequence);
        if extended > splice.highest {
            splice.highest = extended;
            splice.first = extended + 1;
            splice.sequence_offset = splice.sequence_offset.wrapping_sub(1);
        }
    }

    /// The timestamp that sound of this moment would have.
    pub fn timestamp_at(&self, clock: u32, now: Mono) -> u32 {
        self.timestamp.wrapping_add(self.sent_at.map_or(0, |at| ticks(now.since(at), clock)))
    }

    fn join(&self, from: &Header, pace: Pace, now: Mono) -> Splice {
        let first = i64::from(from.sequence);
        Splice {
            ssrc: from.ssrc,
            first,
            highest: first,
            sequence_offset: self.sequence.wrapping_add(1).wrapping_sub(from.sequence),
            timestamp_offset: self.joined(pace, now).wrapping_sub(from.timestamp),
        }
    }

    /// At least one packet after the last, so that no sound lies over another.
    fn joined(&self, pace: Pace, now: Mono) -> u32 {
        match self.sent_at {
            Some(at) => self.timestamp.wrapping_add(ticks(now.since(at), pace.clock).max(pace.ticks)),
            None => self.timestamp,
        }
    }

    /// A timestamp that repeats (keys) keeps the time at which it began.
    fn stamp(&mut self, timestamp: u32, now: Mono) {
        if self.sent_at.is_none() || (timestamp.wrapping_sub(self.timestamp) as i32) > 0 {
            self.sent_at = Some(now);
            self.timestamp = timestamp;
        }
    }

    fn count(&mut self, octets: usize) {
        self.packets += 1;
        self.octets += octets as u64;
    }

    fn header(&self, marker: bool, payload_type: u8, sequence: u16, timestamp: u32) -> Header {
        Header { marker, payload_type, sequence, timestamp, ssrc: self.ssrc }
    }
}

impl Splice {
    fn goes_on_with(&self, from: &Header) -> bool {
        from.ssrc == self.ssrc && (BEHIND_MAX..=AHEAD_MAX).contains(&self.ahead(from.sequence))
    }

    fn ahead(&self, sequence: u16) -> i16 {
        sequence.wrapping_sub(self.highest as u16) as i16
    }

    fn extend(&self, sequence: u16) -> i64 {
        self.highest + i64::from(self.ahead(sequence))
    }
}

impl Pace {
    /// Packets of so many milliseconds.
    pub fn new(clock: u32, packet_ms: u32) -> Pace {
        Pace { clock, ticks: (u64::from(clock) * u64::from(packet_ms) / 1000) as u32 }
    }
}

/// A span in ticks of a clock in Hz; wraps as timestamps do.
pub fn ticks(span: Duration, clock: u32) -> u32 {
    (span.as_nanos() * u128::from(clock) / 1_000_000_000) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Pace = Pace { clock: 8000, ticks: 160 };

    fn at(ms: u64) -> Mono {
        Mono(ms * 1_000_000)
    }

    fn source(ssrc: u32, sequence: u16, timestamp: u32) -> Header {
        Header { marker: false, payload_type: 0, sequence, timestamp, ssrc }
    }

    fn stream() -> Outgoing {
        Outgoing::new(&mut Rng::from_number(1))
    }

    #[test]
    fn a_player_goes_on_where_it_was_and_marks_its_beginning() {
        let mut out = stream();
        let first = out.play(0, PACE, 160, at(0));
        let second = out.play(0, PACE, 160, at(20));
        assert!(first.marker && !second.marker);
        assert_eq!(second.sequence, first.sequence.wrapping_add(1));
        assert_eq!(second.timestamp, first.timestamp.wrapping_add(160));
        assert_eq!((out.packets, out.octets), (2, 320));
    }

    #[test]
    fn a_switch_moves_the_timestamp_by_the_time_that_passed() {
        let mut out = stream();
        let tone = out.play(0, PACE, 160, at(0));
        out.cut();
        let talk = out.relay(&source(9, 500, 77), 0, PACE, 160, at(1000)).unwrap();
        assert_eq!(talk.timestamp.wrapping_sub(tone.timestamp), 8000);
        assert_eq!(talk.sequence, tone.sequence.wrapping_add(1));
        assert!(talk.marker && talk.ssrc == tone.ssrc);
        let next = out.relay(&source(9, 501, 77 + 160), 0, PACE, 160, at(1019)).unwrap();
        assert_eq!(next.timestamp.wrapping_sub(talk.timestamp), 160, "jitter is passed on, not written in");
        out.cut();
        let again = out.play(0, PACE, 160, at(1020));
        assert_eq!(again.timestamp.wrapping_sub(next.timestamp), 160, "never over the last packet");
        assert_eq!(again.sequence, next.sequence.wrapping_add(1));
    }

    #[test]
    fn loss_and_order_of_the_source_are_passed_on() {
        let mut out = stream();
        let sequences: Vec<u16> = [65_534, 65_535, 2, 1, 3]
            .into_iter()
            .map(|n: u16| out.relay(&source(9, n, u32::from(n) * 160), 0, PACE, 160, at(0)).unwrap().sequence)
            .collect();
        let offsets: Vec<u16> = sequences.iter().map(|n| n.wrapping_sub(sequences[0])).collect();
        assert_eq!(offsets, [0, 1, 4, 3, 5]);
        out.cut();
        assert_eq!(out.play(0, PACE, 160, at(20)).sequence, sequences[4].wrapping_add(1));
    }

    #[test]
    fn a_packet_from_before_the_splice_is_not_sent() {
        let mut out = stream();
        assert!(out.relay(&source(9, 100, 16_000), 0, PACE, 160, at(0)).is_some());
        assert_eq!(out.relay(&source(9, 99, 15_840), 0, PACE, 160, at(1)), None);
    }

    #[test]
    fn a_source_that_starts_anew_is_spliced_anew() {
        let mut out = stream();
        let last = out.relay(&source(9, 100, 16_000), 0, PACE, 160, at(0)).unwrap();
        for (ssrc, sequence) in [(10, 101), (10, 30_000)] {
            let begun = out.relay(&source(ssrc, sequence, 5), 0, PACE, 160, at(20)).unwrap();
            assert!(begun.marker);
            assert!(begun.sequence.wrapping_sub(last.sequence) <= 2);
        }
    }

    #[test]
    fn swallowed_packets_leave_no_gap() {
        let mut out = stream();
        let before = out.relay(&source(9, 1, 160), 0, PACE, 160, at(0)).unwrap();
        out.swallow(&source(9, 2, 320));
        out.swallow(&source(9, 3, 320));
        assert_eq!(out.relay(&source(9, 2, 320), 0, PACE, 160, at(40)), None, "late, and its number is taken");
        let after = out.relay(&source(9, 4, 640), 0, PACE, 160, at(60)).unwrap();
        assert_eq!(after.sequence, before.sequence.wrapping_add(1));
        assert_eq!(after.timestamp, before.timestamp.wrapping_add(480));
    }
}
