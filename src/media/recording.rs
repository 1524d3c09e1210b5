//! A call's recording: two channels on one time line, from the packets of two legs. Where nothing was heard is silence.

mod tape;
mod wav;

use std::time::Duration;

use super::g711::{CLOCK, Law};
use super::outgoing::ticks;
use super::rtp::Header;
use crate::base::{CallId, Mono};

pub use tape::{Frame, Tape};
pub use wav::{HEADER, header, sound_length};

/// Which channel of a recording a leg's peer is heard on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Track {
    /// Left.
    Caller,
    /// Right.
    Far,
}

/// From a media worker to whoever writes recordings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TapeOrder {
    /// A packet's sound and its place, in samples from the beginning.
    Sound { call: CallId, track: Track, at: u32, law: Law, octets: Vec<u8> },
    /// The recording is so many samples long.
    End { call: CallId, length: u32 },
}

/// Why a recording is not as long as its call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StopCause {
    /// The disk is full, or the file cannot be written.
    File,
    /// As long as a recording may be.
    TooLong,
    /// More recordings at once than the limit allows.
    Overload,
}

/// What became of a recording.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    pub length: Duration,
    /// Packets that were left out because the writer was behind; they are silence.
    pub dropped: u64,
    pub stopped: Option<StopCause>,
}

/// Where on the time line a leg's packets lie: by their timestamps, which do not jitter, from when the first one came.
#[derive(Clone, Debug)]
pub(super) struct Tap {
    pub call: CallId,
    pub track: Track,
    anchor: Option<Anchor>,
}

#[derive(Clone, Copy, Debug)]
struct Anchor {
    ssrc: u32,
    timestamp: u32,
    place: u32,
}

/// A peer whose timestamps have come so far away from the clock is taken anew: it has paused without counting, or its clock drifts.
const ASTRAY_MAX: i64 = CLOCK as i64 * 3 / 10;

impl Tap {
    pub fn new(call: CallId, track: Track) -> Tap {
        Tap { call, track, anchor: None }
    }

    /// The place of a packet that has come now, of a recording that began at `began`.
    pub fn place(&mut self, header: &Header, began: Mono, now: Mono) -> u32 {
        let arrived = ticks(now.since(began), CLOCK);
        let by_timestamp = self.anchor.filter(|anchor| anchor.ssrc == header.ssrc).and_then(|anchor| {
            let place = i64::from(anchor.place) + i64::from(header.timestamp.wrapping_sub(anchor.timestamp) as i32);
            ((place - i64::from(arrived)).abs() <= ASTRAY_MAX).then_some(place.max(0) as u32)
        });
        by_timestamp.unwrap_or_else(|| {
            self.anchor = Some(Anchor { ssrc: header.ssrc, timestamp: header.timestamp, place: arrived });
            arrived
        })
    }
}

impl StopCause {
    pub const ALL: [StopCause; 3] = [StopCause::File, StopCause::TooLong, StopCause::Overload];

    /// The word for it in the API, the log and the counters.
    pub fn as_str(self) -> &'static str {
        match self {
            StopCause::File => "file",
            StopCause::TooLong => "too-long",
            StopCause::Overload => "overload",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Mono {
        Mono(ms * 1_000_000)
    }

    fn header(ssrc: u32, timestamp: u32) -> Header {
        Header { marker: false, payload_type: 0, sequence: 0, timestamp, ssrc }
    }

    #[test]
    fn jitter_moves_nothing_and_a_pause_is_a_gap() {
        let mut tap = Tap::new(CallId(1), Track::Caller);
        let began = at(1_000);
        assert_eq!(tap.place(&header(7, u32::MAX - 79), began, at(1_500)), 4_000);
        assert_eq!(tap.place(&header(7, 80), began, at(1_535)), 4_160, "15 ms late, and over the wrap");
        assert_eq!(tap.place(&header(7, 80 + 8_000), began, at(2_530)), 12_160, "the timestamps went on in the pause");
        assert_eq!(tap.place(&header(7, 80 + 7_840), began, at(2_531)), 12_000, "out of order");
    }

    #[test]
    fn a_stream_that_went_astray_or_is_another_is_taken_anew() {
        let mut tap = Tap::new(CallId(1), Track::Far);
        assert_eq!(tap.place(&header(7, 160), at(0), at(20)), 160);
        assert_eq!(tap.place(&header(7, 320), at(0), at(5_000)), 40_000, "it paused without counting");
        assert_eq!(tap.place(&header(8, 99), at(0), at(6_000)), 48_000);
        assert_eq!(tap.place(&header(8, 99 + 160), at(0), at(6_025)), 48_160);
    }
}
