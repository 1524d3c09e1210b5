//! What a pool of numbers promises: how seldom a caller is taken for another, how seldom no number is free, and what follows
//! for lease time, quarantine and the size of the pool.
//!
//! **The model.** Intents come as a Poisson stream of rate λ. A part p of the customers dials, after a time D with mean m
//! (exponential, a = 1/m); their call lasts C (exponential). A lease ends after T, or with the call: its time is
//! H = min(D + C, T) for those who dial and T for the others. Without C, E\[H\] = p·m·(1 − e^(−T/m)) + (1 − p)·T (design.md
//! section 4). Afterwards the number rests for Q. So each number is taken for H + Q: a loss system with N servers and the load
//! A = λ·(E\[H\] + Q), in which only the mean of the time matters (Sevastyanov 1957).
//!
//! **No number is free** with the chance B(N, A), Erlang's first formula.
//!
//! **A wrong context.** Only who dials after their lease can meet another's: the chance is e^(−aT), and what is above T is again
//! exponential with mean m. The number rests for Q, joins the end of the line of free numbers, and is leased again after as many
//! arrivals as there are free ones before it, and one. A loss system looks the same backwards in time, so what a departure leaves
//! behind is what an arrival that was let in has found: k of the other numbers taken with the weight A^k/k!, k < N. That makes
//! N − k arrivals, each exponential with rate λ; with z = λ/(λ + a) the chance φ that the late caller has not dialled before is
//!
//! ```text
//! φ = e^(−aQ) · Σ z^(N−k)·A^k/k! / Σ A^k/k!   (k < N)   = e^(−aQ) · z · B(N−1, A) / B(N−1, A/z)
//! ```
//!
//! The new holder is met while their intent is open, which takes O = min(D, T) or T (a call of theirs has claimed it: then nobody
//! else gets its context). If the caller dials later still, the same begins anew. With o = E\[e^(−aO)\] and h = E\[e^(−aH)\]
//!
//! ```text
//! P(wrong context | dials) = e^(−aT) · φ·(1 − o) / (1 − φ·h)
//! ```
//!
//! φ falls as Q grows: its logarithm changes with Q by −(λ + a)·B(N−1, A/z) + λ·B(N−1, A) < 0. While numbers are plenty both
//! are near zero: then the order alone keeps numbers apart, and a quarantine adds next to nothing; when they are scarce it is all
//! that does. It costs free numbers, so it is as short as the promise allows.
//!
//! **Lives that differ.** Where a site may give its intents a life of its own, from T₁ to T₂, each part is taken at its worst: e^(−aT)
//! and h at T₁, E\[H\] and 1 − o at T₂, since they rise and fall with T alone, and φ rises with the load. Whatever the site asks for
//! within these bounds, and for whom, is no worse.
//!
//! **Not in it**: a telephone that the site knows (it contradicts a wrong number, so the truth is better than the promise), strangers,
//! and customers who keep a number and dial it days later, which no pool of a sensible size helps against.

mod load;
#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::base::limits::{INTENT_TTL_MAX, INTENT_TTL_MIN, POOL_NUMBERS_MAX, QUARANTINE_MAX};

use load::Load;
pub use load::erlang_b;

/// How customers behave.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Traffic {
    /// Intents that ask for a number, in the busiest hour.
    pub per_hour: f64,
    /// The part of them that dials, 0 to 1.
    pub dials: f64,
    /// From registering to dialling, of those who dial.
    pub mean_delay: Duration,
    /// From dialling to the end of the call.
    pub mean_call: Duration,
}

/// What the admin accepts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Promise {
    /// That who dials a number of their own is taken for another customer.
    pub wrong_context: f64,
    /// That no number is free for an intent.
    pub empty: f64,
    /// That a customer dials after their lease, and is not recognised by the number.
    pub late: f64,
    pub traffic: Traffic,
}

/// How long intents live, as far as the admin has said it; the promise says the rest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lives {
    /// Of an intent whose site does not say.
    pub usual: Option<Duration>,
    /// The shortest and the longest that a site may ask for; without it a site has what is usual, whatever it asks for.
    pub of_sites: Option<Bounds>,
}

/// The shortest and the longest life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    pub shortest: Duration,
    pub longest: Duration,
}

impl Bounds {
    /// Whatever an intent may have at all.
    pub const ALL: Bounds = Bounds { shortest: INTENT_TTL_MIN, longest: INTENT_TTL_MAX };

    /// One life alone.
    pub fn only(life: Duration) -> Bounds {
        Bounds { shortest: life, longest: life }
    }

    /// What comes of a wish.
    pub fn hold(self, wish: Duration) -> Duration {
        wish.max(self.shortest).min(self.longest)
    }

    /// Whether there is a choice.
    pub fn is_one(self) -> bool {
        self.shortest == self.longest
    }
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds::ALL
    }
}

/// The chances of a pool with certain times; all from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Chances {
    pub wrong_context: f64,
    pub empty: f64,
    pub late: f64,
    /// Numbers that would be taken on average if there were enough.
    pub load: f64,
}

/// What follows from a promise for a pool of some size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Derived {
    /// Of an intent whose site does not say.
    pub lease: Duration,
    /// What an intent may live, whatever its site asks for.
    pub lives: Bounds,
    /// As short as the accepted chance of a wrong context allows; when no number is left for it, the shared one and a PIN are.
    pub quarantine: Duration,
    /// Of this pool with these times.
    pub chances: Chances,
    /// Numbers with which both promises hold; `None`: more than a pool may have.
    pub needed: Option<usize>,
    /// Intents on the shared number at once, as many as there hardly ever are.
    pub overflow: usize,
    /// Digits of a PIN on the shared number with which a guess is no likelier than a wrong context.
    pub pin_digits: u32,
}

/// Tries that a caller has to enter a PIN.
const PIN_TRIES: f64 = 3.0;
const PIN_DIGITS: std::ops::RangeInclusive<u32> = 4..=9;

impl Derived {
    /// Whether the pool of this size keeps what is promised.
    pub fn is_kept(&self, promise: &Promise) -> bool {
        self.chances.empty <= promise.empty && self.chances.wrong_context <= promise.wrong_context
    }
}

/// The chances of a pool whose intents live within these bounds; `numbers` is at least 1.
pub fn chances(numbers: usize, traffic: &Traffic, lives: Bounds, quarantine: Duration) -> Chances {
    Load::of(traffic, lives).chances(numbers, quarantine.as_secs_f64())
}

/// The times for a pool, and whether it is large enough, whatever sites ask for.
pub fn derive(promise: &Promise, numbers: usize, lives: Lives) -> Derived {
    let usual = lives.usual.unwrap_or_else(|| lease_of(promise));
    let bounds = lives.of_sites.unwrap_or(Bounds::only(usual));
    let lease = bounds.hold(usual);
    let load = Load::of(&promise.traffic, bounds);
    let quarantine_s = quarantine_s(&load, promise, numbers);
    let chances = load.chances(numbers, quarantine_s);
    let overflow = load.intents_at_once(chances.empty);
    Derived {
        lease,
        lives: bounds,
        quarantine: Duration::from_secs_f64(quarantine_s),
        chances,
        needed: needed(&load, promise),
        overflow: overflow.ceil() as usize,
        pin_digits: pin_digits(promise, overflow),
    }
}

/// So long that no more than the accepted part dials later: m·ln(1/late), in whole seconds.
fn lease_of(promise: &Promise) -> Duration {
    let mean_s = promise.traffic.mean_delay.as_secs_f64();
    let lease_s = mean_s * (1.0 / promise.late.clamp(1e-9, 1.0)).ln();
    Duration::from_secs(lease_s.ceil() as u64).clamp(INTENT_TTL_MIN, INTENT_TTL_MAX)
}

/// The shortest, in whole seconds, with which wrong contexts are as rare as accepted; the longest there may be when none is.
fn quarantine_s(load: &Load, promise: &Promise, numbers: usize) -> f64 {
    let keeps = |seconds: u64| load.chances(numbers, seconds as f64).wrong_context <= promise.wrong_context;
    first(0, QUARANTINE_MAX.as_secs(), keeps).unwrap_or(QUARANTINE_MAX.as_secs()) as f64
}

/// The fewest numbers that keep both. More numbers need less quarantine, so that the search may halve.
fn needed(load: &Load, promise: &Promise) -> Option<usize> {
    let keeps = |numbers: u64| {
        let numbers = usize::try_from(numbers).unwrap_or(usize::MAX);
        let chances = load.chances(numbers, quarantine_s(load, promise, numbers));
        chances.empty <= promise.empty && chances.wrong_context <= promise.wrong_context
    };
    first(1, POOL_NUMBERS_MAX as u64, keeps).and_then(|numbers| usize::try_from(numbers).ok())
}

/// P(guess) = 1 − (1 − n/10^k)^tries, with n intents on the shared number at once.
fn pin_digits(promise: &Promise, intents: f64) -> u32 {
    let guess = |digits: u32| 1.0 - (1.0 - (intents / 10f64.powi(digits as i32)).min(1.0)).powf(PIN_TRIES);
    PIN_DIGITS.into_iter().find(|digits| guess(*digits) <= promise.wrong_context).unwrap_or(*PIN_DIGITS.end())
}

/// The first from `low` to `high` for which it holds, where it holds for all beyond one for which it does.
fn first(mut low: u64, mut high: u64, holds: impl Fn(u64) -> bool) -> Option<u64> {
    if !holds(high) {
        return None;
    }
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Some(high)
}
