//! The sums of a pool: how long numbers are taken, and the chances that follow. The letters are those of the head of the room.

use std::time::Duration;

use super::{Bounds, Chances, Traffic};

/// What lease times make of the traffic, each part at its worst; times in seconds, rates in one second.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load {
    /// λ.
    rate: f64,
    /// a.
    dial_rate: f64,
    /// E\[H\].
    hold: f64,
    /// h and o.
    hold_discount: f64,
    open_discount: f64,
    /// e^(−aT).
    late: f64,
}

/// A call shorter than this is none; a rate must be finite.
const SHORTEST_S: f64 = 1e-3;
/// Where a call is as long as the delay its formula divides nothing by nothing; so far aside it does not.
const ASIDE: f64 = 1e-5;
/// Below it the rest of a Poisson distribution is lost in the first sixteen digits.
const NOTHING: f64 = 1e-250;
/// So many standard deviations above the mean are as good as never.
const DEVIATIONS: f64 = 3.0;

impl Load {
    pub(super) fn of(traffic: &Traffic, lives: Bounds) -> Load {
        let dials = traffic.dials;
        let [shortest, longest] = [lives.shortest, lives.longest].map(|life| life.as_secs_f64().max(SHORTEST_S));
        let dial_rate = 1.0 / traffic.mean_delay.as_secs_f64().max(SHORTEST_S);
        let end_rate = end_rate(traffic.mean_call, dial_rate);
        let late_of = |lease: f64| (-dial_rate * lease).exp();
        let taken = |discount: f64, lease: f64| {
            dials * until_the_end(dial_rate, end_rate, discount, lease) + (1.0 - dials) * until(discount, lease)
        };
        let seldom_late = late_of(longest);
        Load {
            rate: traffic.per_hour / 3600.0,
            dial_rate,
            hold: taken(0.0, longest),
            hold_discount: 1.0 - dial_rate * taken(dial_rate, shortest),
            open_discount: dials * (1.0 + seldom_late * seldom_late) / 2.0 + (1.0 - dials) * seldom_late,
            late: late_of(shortest),
        }
    }

    /// Of `numbers` that rest so long.
    pub(super) fn chances(&self, numbers: usize, quarantine_s: f64) -> Chances {
        let load = self.rate * (self.hold + quarantine_s);
        let again = self.leased_again(numbers, quarantine_s, load);
        let met = again * (1.0 - self.open_discount) / (1.0 - again * self.hold_discount);
        Chances { wrong_context: self.late * met, empty: erlang_b(numbers, load), late: self.late, load }
    }

    /// Intents on the shared number, as many as there hardly ever are, when so large a part of all comes there.
    pub(super) fn intents_at_once(&self, empty: f64) -> f64 {
        let mean = self.rate * empty * self.hold;
        (mean + DEVIATIONS * mean.sqrt()).max(1.0)
    }

    /// φ: the number is leased again before the late caller dials it.
    fn leased_again(&self, numbers: usize, quarantine_s: f64, load: f64) -> f64 {
        if self.rate <= 0.0 {
            return 0.0;
        }
        let each = self.rate / (self.rate + self.dial_rate);
        let others = numbers.saturating_sub(1);
        let (seen, seen_discounted) = (erlang_b(others, load), erlang_b(others, load / each));
        let rest = -self.dial_rate * quarantine_s;
        if seen > NOTHING {
            return rest.exp() * each * seen / seen_discounted;
        }
        // The sums over k < N are whole exponential series.
        (rest + numbers as f64 * each.ln() + load * (1.0 / each - 1.0)).exp().min(1.0)
    }
}

fn end_rate(mean_call: Duration, dial_rate: f64) -> Option<f64> {
    let rate = 1.0 / Some(mean_call.as_secs_f64()).filter(|mean| *mean > SHORTEST_S)?;
    let is_same = (rate / dial_rate - 1.0).abs() < ASIDE;
    Some(if is_same { dial_rate * (1.0 + ASIDE) } else { rate })
}

/// ∫ e^(−st) dt from 0 to T.
fn until(discount: f64, lease: f64) -> f64 {
    if discount > 0.0 { -(-discount * lease).exp_m1() / discount } else { lease }
}

/// ∫ e^(−st)·P(D + C > t) dt from 0 to T.
fn until_the_end(dial_rate: f64, end_rate: Option<f64>, discount: f64, lease: f64) -> f64 {
    let Some(end_rate) = end_rate else { return until(dial_rate + discount, lease) };
    let of_dialling = end_rate * until(dial_rate + discount, lease);
    let of_ending = dial_rate * until(end_rate + discount, lease);
    (of_dialling - of_ending) / (end_rate - dial_rate)
}

/// Erlang's first formula: the part of the arrivals that finds all `servers` taken, at an offered load in Erlang.
pub fn erlang_b(servers: usize, load: f64) -> f64 {
    (1..=servers).fold(1.0, |blocked, n| load * blocked / (n as f64 + load * blocked))
}
