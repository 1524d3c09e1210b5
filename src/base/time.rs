//! Two clocks that the shell reads and the core is told.

use std::ops::{Add, Sub};
use std::time::Duration;

/// Nanoseconds since the process began; never goes back. Deadlines and stage times are counted in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mono(pub u64);

/// Milliseconds since 1970-01-01T00:00:00Z; may jump. What people and stores see is dated in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Wall(pub u64);

/// Both clocks, read together once for each input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    pub mono: Mono,
    pub wall: Wall,
}

impl Mono {
    pub const ZERO: Mono = Mono(0);

    /// The time from `earlier` to this one; zero when `earlier` is later.
    pub fn since(self, earlier: Mono) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// The next whole multiple of `step`, or itself.
    pub fn round_up(self, step: Duration) -> Mono {
        Mono(self.0.checked_next_multiple_of(nanos(step).max(1)).unwrap_or(self.0))
    }
}

impl Add<Duration> for Mono {
    type Output = Mono;

    fn add(self, span: Duration) -> Mono {
        Mono(self.0.saturating_add(nanos(span)))
    }
}

impl Sub<Duration> for Mono {
    type Output = Mono;

    fn sub(self, span: Duration) -> Mono {
        Mono(self.0.saturating_sub(nanos(span)))
    }
}

impl Wall {
    /// The time from `earlier` to this one; zero when `earlier` is later.
    pub fn since(self, earlier: Wall) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// Whole seconds since 1970.
    pub fn unix_s(self) -> u64 {
        self.0 / 1000
    }
}

impl Add<Duration> for Wall {
    type Output = Wall;

    fn add(self, span: Duration) -> Wall {
        Wall(self.0.saturating_add(millis(span)))
    }
}

impl Sub<Duration> for Wall {
    type Output = Wall;

    fn sub(self, span: Duration) -> Wall {
        Wall(self.0.saturating_sub(millis(span)))
    }
}

impl Now {
    pub fn new(mono: Mono, wall: Wall) -> Now {
        Now { mono, wall }
    }
}

fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_rounded_up_and_never_overflows() {
        let step = Duration::from_nanos(10);
        assert_eq!([0, 1, 10, 11].map(|ns| Mono(ns).round_up(step).0), [0, 10, 10, 20]);
        assert_eq!(Mono(u64::MAX).round_up(step), Mono(u64::MAX));
        assert_eq!(Mono(7).round_up(Duration::ZERO), Mono(7));
    }
}
