//! When customers may be called back and how often, as the configuration says it, and once more as the invariants count it.

use std::time::Duration;

use crate::base::{E164, Wall};
use crate::calls::recalling::plan::{AgainAfter, Allowed, AskedByPhone, CallbackPlan};
use crate::intents::callback::CallbackLimits;
use crate::media::command::WavId;

use super::town;

/// How often one number is dialled.
pub(super) const TRIES_MAX: u8 = 2;
/// How long a callback may wait.
pub(super) const KEPT: Duration = Duration::from_secs(1_800);
/// Where customers are, and how far their clocks are ahead, in minutes; it is November.
pub(super) const ZONES: [(&str, u64); 3] = [("Etc/UTC", 0), ("Europe/Berlin", 60), ("Asia/Tokyo", 540)];

/// Minutes of the day, from and to; the world begins at eight in the first zone, so that each has a short night soon.
const WINDOWS: [(u64, u64); 4] =
    [(0, 8 * 60 + 2), (8 * 60 + 4, 9 * 60 + 3), (9 * 60 + 5, 17 * 60 + 4), (17 * 60 + 5, 24 * 60)];

/// `None` when a constant is wrong, which a test excludes.
pub(super) fn plan() -> Option<CallbackPlan> {
    let clock = |minute: u64| format!("{:02}:{:02}", minute / 60, minute % 60);
    let after = Duration::from_secs(20);
    Some(CallbackPlan {
        trunk: town::trunk(0),
        from: town::public_number()?,
        allow: vec![Allowed::Prefix("+1".to_owned())],
        deny: vec![denied().to_owned()],
        hours: WINDOWS.iter().map(|(from, to)| format!("daily {}-{}", clock(*from), clock(*to))).collect(),
        zone: None,
        most: CallbackLimits { per_number: 3, per_customer: 3, tries: TRIES_MAX },
        again: AgainAfter { busy: after, not_reached: 2 * after, otherwise: after },
        ring: Duration::from_secs(15),
        kept: KEPT,
        by_phone: Some(AskedByPhone {
            key: town::CALLBACK_KEY,
            question: [town::INVITATION].into(),
            promised: [WavId(1)].into(),
            noted: [WavId(1)].into(),
            queues: None,
            first_after: Duration::from_secs(3),
            every: Duration::from_secs(6),
            patience: Duration::from_secs(4),
        }),
    })
}

/// The strangers' block: nobody there is called.
fn denied() -> &'static str {
    "+1602"
}

/// Our own opinion of when the customer may be called. Who does not say where they are has a number of a country whose ends have day now.
pub(super) fn is_open(zone: Option<&str>, wall: Wall) -> bool {
    let Some(zone) = zone else { return true };
    let ahead = ZONES.iter().find(|(name, _)| *name == zone).map(|(_, minutes)| *minutes);
    let minute = |ahead: u64| (wall.0 / 60_000 + ahead) % (24 * 60);
    ahead.is_some_and(|ahead| WINDOWS.iter().any(|(from, to)| (*from..*to).contains(&minute(ahead))))
}

/// Whether the plan lets this number be called.
pub(super) fn is_allowed(number: &E164) -> bool {
    !number.as_str().starts_with(denied())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::world::BEGAN;

    #[test]
    fn both_opinions_of_the_hours_agree() {
        let (plan, number) = (plan().unwrap(), town::number(1, 3).unwrap());
        for (zone, _) in ZONES {
            let hours = plan.check(&number, Some(zone)).unwrap();
            let mut nights = 0;
            for second in 0..7_200 {
                let wall = BEGAN + Duration::from_secs(second);
                assert_eq!(hours.contains(wall), is_open(Some(zone), wall), "{zone} {second}");
                nights += u32::from(!hours.contains(wall));
            }
            assert!(nights > 0, "{zone} has a night soon");
        }
        let anywhere = plan.check(&number, None).unwrap();
        assert!((0..3_600).all(|second| anywhere.contains(BEGAN + Duration::from_secs(second))));
        assert!(is_allowed(&number) && !is_allowed(&town::number(2, 3).unwrap()));
        assert!(plan.check(&town::number(2, 3).unwrap(), Some("Etc/UTC")).is_err());
    }
}
