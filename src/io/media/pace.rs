//! How a media thread shares the processor: under load it gathers for a moment rather than wake for each packet.

use std::time::Duration;

use crate::base::Mono;

/// Whether the next round is put off for a moment.
pub struct Gatherer {
    began: Option<Mono>,
    is_soon: bool,
    is_dense: bool,
    /// How far apart rounds begin while they are.
    apart: Duration,
}

/// Rounds of a busy worker begin at least so far apart. To be woken costs more than to send a packet, and a packet that is this much
/// later is not heard to be.
const APART: Duration = Duration::from_micros(60);
/// ... and at most so far, which is a fortieth of a packet's length.
const APART_MAX: Duration = Duration::from_micros(500);
/// The next round is put off for so long for each datagram that this one found. Where fewer come, that is, up to 30,000 a second, rounds stay as
/// near to each other as may be; where more come they drift apart, as what a round costs by itself is then worth saving.
const FOR_EACH: Duration = Duration::from_micros(33);

impl Gatherer {
    /// A round begins.
    pub fn begin(&mut self, now: Mono) {
        self.is_soon = self.began.is_some_and(|before| now.since(before) < APART);
        self.began = Some(now);
    }

    /// It has read so many datagrams.
    pub fn end(&mut self, datagrams: usize) {
        self.is_dense = datagrams > 0 && (self.is_soon || self.is_dense && datagrams > 1);
        let datagrams = u32::try_from(datagrams).unwrap_or(u32::MAX);
        self.apart = FOR_EACH.saturating_mul(datagrams).clamp(APART, APART_MAX);
    }

    /// How long to wait before looking for more; `None` when there is little to do.
    pub fn pause(&self, now: Mono) -> Option<Duration> {
        let began = self.began.filter(|_| self.is_dense)?;
        self.apart.checked_sub(now.since(began)).filter(|rest| !rest.is_zero())
    }
}

impl Default for Gatherer {
    fn default() -> Gatherer {
        Gatherer { began: None, is_soon: false, is_dense: false, apart: APART }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(us: u64) -> Mono {
        Mono(us * 1000)
    }

    impl Gatherer {
        fn round(&mut self, began: Mono, datagrams: usize) {
            self.begin(began);
            self.end(datagrams);
        }
    }

    #[test]
    fn a_packet_now_and_then_is_never_waited_for() {
        let mut gatherer = Gatherer::default();
        for nth in 1..10 {
            gatherer.round(at(nth * 250), 1);
            assert_eq!(gatherer.pause(at(nth * 250 + 20)), None);
        }
    }

    #[test]
    fn when_rounds_follow_each_other_the_next_one_gathers() {
        let mut gatherer = Gatherer::default();
        gatherer.round(at(1000), 1);
        gatherer.round(at(1040), 1);
        assert_eq!(gatherer.pause(at(1060)), Some(Duration::from_micros(40)));
        assert_eq!(gatherer.pause(at(1100)), None, "the round itself took longer");
        gatherer.round(at(1110), 2);
        assert_eq!(gatherer.pause(at(1120)), Some(Duration::from_micros(56)), "it goes on while several come at once");
        gatherer.round(at(1180), 1);
        assert_eq!(gatherer.pause(at(1190)), None);
    }

    /// How far apart rounds are in the end when so many datagrams come in a second, evenly.
    fn apart_at(a_second: u64) -> Duration {
        let mut gatherer = Gatherer::default();
        let (mut now, mut seen) = (0, 0);
        for _ in 0..100 {
            let there = now * a_second / 1_000_000;
            gatherer.round(at(now), (there - seen) as usize);
            seen = there;
            now += gatherer.apart.as_micros() as u64;
        }
        gatherer.apart
    }

    #[test]
    fn rounds_drift_apart_where_much_comes_and_only_there() {
        assert!([1_000, 20_000].into_iter().all(|few| apart_at(few) < APART + FOR_EACH));
        assert_eq!([40_000, 100_000, 400_000].map(apart_at), [APART_MAX; 3]);
        let mut gatherer = Gatherer::default();
        gatherer.round(at(0), 64);
        gatherer.round(at(50), 64);
        assert_eq!(gatherer.pause(at(50)), Some(APART_MAX));
        gatherer.round(at(450), 1);
        assert_eq!(gatherer.pause(at(450)), None, "it is over at once");
    }
}
