//! What an admin must be told of a configuration that is no fault.

use std::sync::Arc;

use crate::access::Policy;
use crate::base::Wall;
use crate::calls::settings::PoolPlan;
use crate::config::Plan;
use crate::io::clock::Clock;

/// Into the log.
pub fn warn(plan: &Plan) {
    of(plan).for_each(|warning| tracing::warn!("{warning}"));
}

/// In words.
pub fn of(plan: &Plan) -> impl Iterator<Item = String> {
    let of_pools = plan.settings.pools.iter().flat_map(PoolPlan::warnings);
    let of_plan = plan.warnings.iter().map(ToString::to_string);
    of_pools.chain(plan.settings.calls.warnings()).chain(of_plan).chain(hours_over(plan, Clock::start().now().wall))
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
