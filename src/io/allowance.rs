//! How much somebody may still send at this moment.

use std::time::Instant;

/// So many at once, and so many more with each second.
pub struct Allowance {
    left: f64,
    since: Instant,
    at_once: f64,
    per_s: f64,
}

impl Allowance {
    pub fn new(at_once: u32, per_s: u32, now: Instant) -> Allowance {
        let at_once = f64::from(at_once);
        Allowance { left: at_once, since: now, at_once, per_s: f64::from(per_s) }
    }

    /// False for one that is too many.
    pub fn take(&mut self, now: Instant) -> bool {
        let earned = now.duration_since(self.since).as_secs_f64() * self.per_s;
        self.left = (self.left + earned).min(self.at_once);
        self.since = now;
        if self.left < 1.0 {
            return false;
        }
        self.left -= 1.0;
        true
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn so_many_at_once_and_then_so_fast() {
        let start = Instant::now();
        let mut allowance = Allowance::new(20, 5, start);
        assert_eq!((0..40).filter(|_| allowance.take(start)).count(), 20);
        let later = start + Duration::from_secs(1);
        assert_eq!((0..40).filter(|_| allowance.take(later)).count(), 5);
    }
}
