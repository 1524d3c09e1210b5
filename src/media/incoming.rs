//! How a peer's stream arrives: order, loss and jitter (RFC 3550 appendix A), across changes of its SSRC.

use super::rtcp::Report;
use super::rtp::Header;
use crate::base::Mono;

/// The receiver's statistics of one leg.
#[derive(Clone, Debug, Default)]
pub struct Incoming {
    stream: Option<Stream>,
    /// Of streams that have ended.
    lost_before: i64,
    /// The peer's last sender report: the middle of its NTP time, and when it came.
    last_sender_report: Option<(u32, Mono)>,
}

#[derive(Clone, Debug)]
struct Stream {
    ssrc: u32,
    clock: u32,
    first: i64,
    highest: i64,
    received: i64,
    /// Arrival minus timestamp, in ticks, of the packet before.
    transit: Option<u32>,
    /// In sixteenths of a tick (RFC 3550 appendix A.8).
    jitter_16ths: u32,
    expected_at_report: i64,
    received_at_report: i64,
}

/// A stream that goes on is at most so far ahead, or so far behind (RFC 3550 appendix A.1).
const AHEAD_MAX: i16 = 3000;
const BEHIND_MAX: i16 = -100;

impl Incoming {
    /// Counts a packet; true when it begins a stream: the first, a new SSRC, or a jump.
    pub fn take(&mut self, header: &Header, clock: u32) -> bool {
        if let Some(stream) = &mut self.stream
            && stream.goes_on_with(header)
        {
            stream.count(header.sequence);
            return false;
        }
        self.lost_before += self.stream.as_ref().map_or(0, Stream::lost);
        self.stream = Some(Stream::new(header, clock));
        true
    }

    /// Notes when a packet of sound came; not for keys, whose timestamps stand still.
    pub fn arrived(&mut self, timestamp: u32, now: Mono) {
        if let Some(stream) = &mut self.stream {
            stream.arrived(timestamp, now);
        }
    }

    /// When the next ones come says nothing about the last.
    pub fn pause(&mut self) {
        self.stream.iter_mut().for_each(|stream| stream.transit = None);
    }

    pub fn heard_sender_report(&mut self, ntp: u64, now: Mono) {
        self.last_sender_report = Some(((ntp >> 16) as u32, now));
    }

    pub fn lost(&self) -> u64 {
        let now = self.stream.as_ref().map_or(0, Stream::lost);
        u64::try_from(self.lost_before + now).unwrap_or(0)
    }

    pub fn jitter_us(&self) -> u32 {
        self.stream.as_ref().map_or(0, |stream| ticks_to_us(stream.jitter_16ths / 16, stream.clock))
    }

    /// The report block about the present stream; the next one counts from here.
    pub fn report(&mut self, now: Mono) -> Option<Report> {
        let (last_sender_report, delay) = match self.last_sender_report {
            Some((ntp, at)) => (ntp, (now.since(at).as_secs_f64() * 65_536.0) as u32),
            None => (0, 0),
        };
        let stream = self.stream.as_mut()?;
        Some(Report {
            ssrc: stream.ssrc,
            lost_256ths: stream.lost_since_report(),
            lost: i32::try_from(stream.lost()).unwrap_or(i32::MAX),
            highest_sequence: stream.highest as u32,
            jitter: stream.jitter_16ths / 16,
            last_sender_report,
            delay,
        })
    }
}

impl Stream {
    fn new(header: &Header, clock: u32) -> Stream {
        let first = i64::from(header.sequence);
        Stream {
            ssrc: header.ssrc,
            clock,
            first,
            highest: first,
            received: 1,
            transit: None,
            jitter_16ths: 0,
            expected_at_report: 0,
            received_at_report: 0,
        }
    }

    fn goes_on_with(&self, header: &Header) -> bool {
        header.ssrc == self.ssrc && (BEHIND_MAX..=AHEAD_MAX).contains(&self.ahead(header.sequence))
    }

    fn ahead(&self, sequence: u16) -> i16 {
        sequence.wrapping_sub(self.highest as u16) as i16
    }

    fn count(&mut self, sequence: u16) {
        self.received += 1;
        self.highest += i64::from(self.ahead(sequence).max(0));
    }

    fn arrived(&mut self, timestamp: u32, now: Mono) {
        let arrival = (u128::from(now.0) * u128::from(self.clock) / 1_000_000_000) as u32;
        let transit = arrival.wrapping_sub(timestamp);
        if let Some(before) = self.transit.replace(transit) {
            let change = (transit.wrapping_sub(before) as i32).unsigned_abs();
            let smoothed = self.jitter_16ths - ((self.jitter_16ths + 8) >> 4);
            self.jitter_16ths = smoothed.saturating_add(change.min(self.clock));
        }
    }

    fn expected(&self) -> i64 {
        self.highest - self.first + 1
    }

    fn lost(&self) -> i64 {
        self.expected() - self.received
    }

    /// RFC 3550 appendix A.3.
    fn lost_since_report(&mut self) -> u8 {
        let expected = self.expected() - self.expected_at_report;
        let lost = expected - (self.received - self.received_at_report);
        (self.expected_at_report, self.received_at_report) = (self.expected(), self.received);
        if expected <= 0 || lost <= 0 {
            return 0;
        }
        u8::try_from((lost << 8) / expected).unwrap_or(u8::MAX)
    }
}

/// Ticks of a clock in Hz as microseconds.
pub fn ticks_to_us(ticks: u32, clock: u32) -> u32 {
    u32::try_from(u64::from(ticks) * 1_000_000 / u64::from(clock.max(1))).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(ssrc: u32, sequence: u16) -> Header {
        Header { marker: false, payload_type: 0, sequence, timestamp: u32::from(sequence) * 160, ssrc }
    }

    fn take_all(incoming: &mut Incoming, sequences: impl IntoIterator<Item = u16>) {
        sequences.into_iter().for_each(|sequence| {
            incoming.take(&header(1, sequence), 8000);
        });
    }

    #[test]
    fn loss_is_counted_over_the_wrap_and_healed_by_late_packets() {
        let mut incoming = Incoming::default();
        take_all(&mut incoming, [65_533, 65_534, 1, 2]);
        assert_eq!(incoming.lost(), 2);
        take_all(&mut incoming, [65_535]);
        assert_eq!(incoming.lost(), 1);
        let report = incoming.report(Mono::ZERO).unwrap();
        assert_eq!((report.lost, report.highest_sequence, report.lost_256ths), (1, 65_536 + 2, 42));
        take_all(&mut incoming, 3..10);
        assert_eq!(incoming.report(Mono::ZERO).unwrap().lost_256ths, 0);
    }

    #[test]
    fn a_new_ssrc_or_a_jump_is_a_new_stream_and_no_loss() {
        let mut incoming = Incoming::default();
        assert!(incoming.take(&header(1, 10), 8000));
        assert!(!incoming.take(&header(1, 12), 8000));
        assert!(incoming.take(&header(2, 40_000), 8000));
        assert!(incoming.take(&header(2, 100), 8000));
        assert_eq!(incoming.lost(), 1);
    }

    #[test]
    fn jitter_is_the_smoothed_change_of_transit() {
        let mut incoming = Incoming::default();
        incoming.take(&header(1, 0), 8000);
        for n in 0..500u64 {
            // Every other packet is 10 ms late: the transit changes by 80 ticks each time.
            let late_ms = (n % 2) * 10;
            incoming.arrived(n as u32 * 160, Mono((n * 20 + late_ms) * 1_000_000));
        }
        assert!((9_000..=10_000).contains(&incoming.jitter_us()), "{}", incoming.jitter_us());
    }
}
