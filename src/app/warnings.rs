//! What an admin must be told of a configuration that is no fault.

use std::sync::Arc;

use crate::access::Policy;
use crate::base::Wall;
use crate::calls::settings::PoolPlan;
use crate::config::Plan;
use crate::intents::pin::DIGITS_MAX;
use crate::io::clock::Clock;

/// Into the log.
pub fn warn(plan: &Plan) {
    of(plan).for_each(|warning| tracing::warn!("{warning}"));
}

/// In words.
pub fn of(plan: &Plan) -> impl Iterator<Item = String> {
    let of_pools = plan.settings.pools.iter().flat_map(PoolPlan::warnings);
    let of_plan = plan.warnings.iter().map(ToString::to_string);
    let of_codes = plan.settings.pools.iter().filter_map(|pool| codes(plan, pool));
    of_pools
        .chain(of_codes)
        .chain(plan.settings.calls.warnings())
        .chain(of_plan)
        .chain(hours_over(plan, Clock::start().now().wall))
}

/// Who finds no number of their own has the shared one, and only a code tells them apart there.
fn codes(plan: &Plan, pool: &PoolPlan) -> Option<String> {
    let (name, promise, shared) = (pool.pool.as_str(), pool.promise.as_ref()?, pool.shared.as_ref()?);
    let needed = promise.derived.pin_digits;
    match plan.settings.calls.pin.as_ref().filter(|pin| pin.numbers.contains(shared)) {
        None => Some(format!(
            "pool {name:?}: who gets the shared number is known by their caller ID alone; write [pin], and pin = true in \
             the trunk on which it comes, for codes of {needed} digits"
        )),
        Some(_) if needed as usize > DIGITS_MAX => Some(format!(
            "pool {name:?}: so many have the shared number at once that codes of {DIGITS_MAX} digits are guessed more often \
             than callers may be taken for another; add numbers"
        )),
        Some(pin) if u32::from(pin.digits) < needed => Some(format!(
            "pool {name:?}: codes of {} digits are guessed more often than callers may be taken for another; it takes \
             {needed}, leave digits of [pin] out",
            pin.digits
        )),
        Some(_) => None,
    }
}

/// Rules for holidays of which none is still to come.
fn hours_over(plan: &Plan, now: Wall) -> impl Iterator<Item = String> {
    let remedy = "add the holidays of the years to come, or take the rule out";
    let over = move |(key, policy): (&'static str, &Arc<Policy>)| {
        let said = |rule: &str| format!("{key}: the hours of {rule:?} have been open for the last time; {remedy}");
        policy.over(now).map(said).collect::<Vec<String>>()
    };
    plan.settings.calls.policies().flat_map(over)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    const SMALL: &str = include_str!("../../tests/support/smallest.toml");

    #[test]
    fn a_promise_with_a_shared_number_takes_codes_that_are_long_enough() {
        let promise =
            "shared = \"+12015550199\"\npromise = { wrong_context = 1e-3, empty = 0.4, per_hour = 2000 }\n[routing]";
        let small = SMALL.replacen("[routing]", promise, 1);
        let told = |text: &str| {
            let plan = config::read(text).unwrap_or_else(|faults| panic!("{faults:?}"));
            plan.settings.pools.iter().filter_map(|pool| codes(&plan, pool)).collect::<Vec<_>>().join("")
        };
        assert!(told(&small).contains("caller ID alone"), "{}", told(&small));
        let trunk = "pin = true\nfallback = { sip = \"sip:ivr@192.0.2.20\" }";
        let asking = small.replacen("fallback = { status = 503 }", trunk, 1);
        let pin =
            |more: &str| asking.replacen("[[pools]]", &format!("[pin]\nquestion = \"code.wav\"\n{more}[[pools]]"), 1);
        assert!(told(&pin("digits = 4\n")).contains("codes of 4 digits"), "{}", told(&pin("digits = 4\n")));
        assert_eq!(told(&pin("")), "");
        let strict = pin("").replacen("1e-3", "1e-6", 1);
        assert!(told(&strict).ends_with("add numbers"), "{}", told(&strict));
        assert_eq!(told(SMALL), "");
    }

    #[test]
    fn holidays_that_have_all_been_are_told() {
        let access = "[access.holidays.de]\ndates = [\"2026-12-25\"]\n[[access.rules]]\nname = \"closed\"\n\
                      when = { hours = { zone = \"UTC\", on = \"de\" } }\nanswer = \"refuse\"\n";
        let plan = config::read(&format!("{SMALL}{access}")).unwrap_or_else(|faults| panic!("{faults:?}"));
        let told = |unix_s: u64| hours_over(&plan, Wall(unix_s * 1000)).collect::<Vec<_>>();
        // 2026-12-25T23:59:59Z, and a second later.
        let end = 1_798_243_199;
        assert_eq!(told(end), Vec::<String>::new());
        let told = told(end + 1);
        assert!(told.len() == 1 && told[0].starts_with("access: the hours of \"closed\""), "{told:?}");
    }
}
