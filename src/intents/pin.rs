//! The code that the page shows beside a number that many intents share: it says which of them calls.
//!
//! A guess hits with P = 1-(1-n/10^k)^t, for n live codes of k digits on the number and t tries; the guard of the number bounds t over
//! all calls, so that nobody can try them all.

use std::fmt;
use std::time::Duration;

use crate::base::{CallId, Wall};

/// A code of 4 to 8 digits; it does not print itself.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pin {
    digits: u8,
    value: u32,
}

/// How many wrong codes a number bears, whoever calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PinGuard {
    /// So many within that time bar the number: no code is looked at for a while.
    pub wrong_max: u32,
    pub within: Duration,
    pub barred_for: Duration,
}

/// One code that a caller has entered. The same again (its answer was lost) does not count twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Try {
    pub call: CallId,
    /// From 1, of this call.
    pub nth: u8,
}

/// What a number has borne.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guesses {
    /// The first wrong code that still counts.
    pub since: Wall,
    pub wrong: u32,
    /// The last wrong one.
    pub last: Try,
    /// Until then no code is looked at.
    pub barred_until: Wall,
}

/// Their least and greatest length.
pub const DIGITS_MIN: usize = 4;
pub const DIGITS_MAX: usize = 8;

impl Pin {
    /// `None` for what is no code.
    pub fn parse(text: &str) -> Option<Pin> {
        let fits = (DIGITS_MIN..=DIGITS_MAX).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        let value = text.parse().ok().filter(|_| fits)?;
        Some(Pin { digits: u8::try_from(text.len()).ok()?, value })
    }

    /// One of so many digits, from a random number.
    pub fn draw(digits: u8, random: u64) -> Pin {
        let digits = digits.clamp(DIGITS_MIN as u8, DIGITS_MAX as u8);
        let all = 10u64.pow(u32::from(digits));
        Pin { digits, value: u32::try_from(random % all).unwrap_or(0) }
    }

    /// As people read it.
    pub fn expose(self) -> String {
        format!("{:0width$}", self.value, width = usize::from(self.digits))
    }

    /// The chance that another code of this length is this one.
    pub fn chance(self) -> f64 {
        10f64.powi(-i32::from(self.digits))
    }
}

impl Guesses {
    /// No code is looked at.
    pub fn are_barred(&self, now: Wall) -> bool {
        self.barred_until > now
    }

    /// Until when this is worth keeping.
    pub fn keep(&self, guard: &PinGuard) -> Wall {
        self.barred_until.max(self.since + guard.within)
    }

    /// After one more wrong code.
    pub fn after(before: Option<Guesses>, wrong: Try, guard: &PinGuard, now: Wall) -> Guesses {
        let fresh = Guesses { since: now, wrong: 0, last: wrong, barred_until: Wall(0) };
        let counted = before.filter(|old| old.since + guard.within > now);
        if let Some(same) = counted.filter(|old| old.last == wrong && old.wrong > 0) {
            return same;
        }
        let next = Guesses { last: wrong, wrong: counted.map_or(0, |old| old.wrong) + 1, ..counted.unwrap_or(fresh) };
        if next.wrong < guard.wrong_max {
            return next;
        }
        Guesses { since: now, wrong: 0, barred_until: now + guard.barred_for, ..next }
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pin({} digits)", self.digits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_keeps_its_zeros_and_does_not_print_itself() {
        let pin = Pin::parse("0042").unwrap();
        assert_eq!((pin.expose().as_str(), format!("{pin:?}").as_str()), ("0042", "Pin(4 digits)"));
        assert_ne!(Pin::parse("00042"), Some(pin));
        for bad in ["", "123", "123456789", "12a4", "+123", "１２３４"] {
            assert_eq!(Pin::parse(bad), None, "{bad}");
        }
        assert_eq!(Pin::draw(6, 1_000_007).expose(), "000007");
    }

    #[test]
    fn wrong_codes_bar_a_number_for_a_while() {
        let seconds = |s: u64| Wall(1_000_000 + s * 1000);
        let guard = PinGuard { wrong_max: 3, within: Duration::from_secs(60), barred_for: Duration::from_secs(100) };
        let wrong = |nth: u64| Try { call: CallId(nth), nth: 1 };
        let mut known = None;
        for nth in 0..2 {
            known = Some(Guesses::after(known, wrong(nth), &guard, seconds(nth)));
        }
        let twice = Guesses::after(known, wrong(1), &guard, seconds(2));
        assert_eq!(twice.wrong, 2, "the same try again");
        let later = Guesses::after(known, wrong(7), &guard, seconds(61));
        assert_eq!((later.wrong, later.are_barred(seconds(61))), (1, false), "the first ones are forgotten");
        let barred = Guesses::after(known, wrong(2), &guard, seconds(3));
        assert!(barred.are_barred(seconds(102)) && !barred.are_barred(seconds(103)));
        assert_eq!(barred.keep(&guard), seconds(103));
    }
}
