//! `limits_in`, `limits_out`: how many calls a trunk may carry and begin.

use crate::calls::caps::{Cap, Caps};

use super::fault::Faults;
use super::tree::Section;

const CALLS_MAX: i64 = 1_000_000;
const RATE_MAX: i64 = 100_000;

pub(super) fn read(section: &mut Section<'_>, faults: &mut Faults<'_>) -> Caps {
    Caps { incoming: cap(section, "limits_in", faults), outgoing: cap(section, "limits_out", faults) }
}

fn cap(section: &mut Section<'_>, key: &'static str, faults: &mut Faults<'_>) -> Cap {
    let mut section = section.section(key, faults);
    let calls = section.item("calls").and_then(|item| item.number(1..=CALLS_MAX, faults));
    let per_s = section.item("calls_per_s").and_then(|item| item.number(1..=RATE_MAX, faults));
    let burst = section.item("burst");
    if let (Some(burst), None) = (&burst, per_s) {
        faults.add(&burst.place, "is a burst without a rate", "add calls_per_s, or leave burst out");
    }
    let burst = burst.and_then(|item| item.number(1..=RATE_MAX, faults));
    let status = section.item("status").and_then(|item| status(item.number(400..=699, faults)?, &item.place, faults));
    section.finish(faults);
    let usual = Cap::default();
    Cap { calls, per_s, burst: burst.or(per_s).unwrap_or(usual.burst), status: status.unwrap_or(usual.status) }
}

fn status(code: u16, place: &super::fault::Place, faults: &mut Faults<'_>) -> Option<u16> {
    let is_known = matches!(code, 486 | 503);
    if !is_known {
        faults.add(place, format!("{code} does not say that there is no room"), "write 503 or 486");
    }
    is_known.then_some(code)
}
