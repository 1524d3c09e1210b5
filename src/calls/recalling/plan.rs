//! What may be called back and when: the numbers that are allowed, the hours in which nobody is woken, the tries.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::access::Hours;
use crate::base::phone::Region;
use crate::base::{E164, QueueId, TrunkId, Wall};
use crate::intents::callback::{Callback, CallbackLimits, Miss};
use crate::media::command::WavId;

use super::zones;

/// `[callback]` of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallbackPlan {
    /// To whose gateways the numbers are dialled.
    pub trunk: TrunkId,
    /// The number that the customer sees.
    pub from: E164,
    pub allow: Vec<Allowed>,
    /// Beginnings of numbers that are not called, whatever `allow` says.
    pub deny: Vec<String>,
    /// Windows of the customer's time, as `access::Hours` reads them.
    pub hours: Vec<String>,
    /// Where customers are whose page and number do not say.
    pub zone: Option<String>,
    pub most: CallbackLimits,
    /// From one try to the next.
    pub again: AgainAfter,
    /// How long the customer's telephone may ring.
    pub ring: Duration,
    /// How long a callback may wait.
    pub kept: Duration,
    /// Callers by telephone are not asked without it.
    pub by_phone: Option<AskedByPhone>,
}

/// How long after a try the next one may begin, by what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AgainAfter {
    pub busy: Duration,
    /// A machine has answered, or somebody else, as the agent says.
    pub not_reached: Duration,
    /// Nobody has answered; and whatever else, also when it is not known any more.
    pub otherwise: Duration,
}
/// How callers by telephone are asked whether they want to be called back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedByPhone {
    /// With which they say yes.
    pub key: char,
    /// Files; spoken from recorded parts where there are none.
    pub question: Arc<[WavId]>,
    pub promised: Arc<[WavId]>,
    /// For whom an agent is being called already; nothing is said without.
    pub noted: Arc<[WavId]>,
    /// Those whose waiting callers are asked; all of them when it does not say.
    pub queues: Option<BTreeSet<QueueId>>,
    /// In queues without messages of their own, with which it is said otherwise.
    pub first_after: Duration,
    pub every: Duration,
    /// How long a key is waited for where the rules have nothing else for the caller.
    pub patience: Duration,
}

/// Numbers that may be called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// Fixed and mobile numbers of this region, as its numbering plan has them.
    Region(Region),
    /// Whatever begins like this, with the `+`.
    Prefix(String),
}

/// Why a number is not called back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoCallback {
    /// No rule allows it, or it costs more than a call does.
    NotAllowed,
    /// The zone is none.
    UnknownZone,
    /// Nobody knows what time it is there.
    NoZone,
}

/// When the customer may be called: inside the windows at every place where they may be.
#[derive(Clone, Debug)]
pub struct CallingHours(Vec<Hours>);

impl CallingHours {
    pub fn contains(&self, wall: Wall) -> bool {
        self.0.iter().all(|hours| hours.contains(wall))
    }
}

impl CallbackPlan {
    /// Whether the number may be called, and when. `zone`: what the customer's page says.
    pub fn check(&self, number: &E164, zone: Option<&str>) -> Result<CallingHours, NoCallback> {
        if !self.allows(number) {
            return Err(NoCallback::NotAllowed);
        }
        let known = zone.map(|zone| vec![zone]).or_else(|| self.zones_of(number)).ok_or(NoCallback::NoZone)?;
        let hours = known.into_iter().map(|zone| Hours::parse(zone, &self.hours)).collect::<Result<_, _>>();
        hours.map(CallingHours).map_err(|_| NoCallback::UnknownZone)
    }

    /// The next try may begin from this moment on.
    pub fn due(&self, callback: &Callback) -> Wall {
        let again = callback.tried.map(|tried| tried + self.again.after(callback.missed));
        [callback.not_before, again].into_iter().flatten().max().unwrap_or(Wall(0))
    }

    fn allows(&self, number: &E164) -> bool {
        if self.deny.iter().any(|prefix| number.as_str().starts_with(prefix.as_str())) {
            return false;
        }
        self.allow.iter().any(|allowed| match allowed {
            Allowed::Prefix(prefix) => number.as_str().starts_with(prefix.as_str()),
            Allowed::Region(region) => number.region() == Some(*region) && number.costs_no_more(),
        })
    }

    fn zones_of(&self, number: &E164) -> Option<Vec<&str>> {
        let of_region = number.region().and_then(|region| zones::of_region(&region.letters()));
        of_region.map(<[_]>::to_vec).or_else(|| self.zone.as_deref().map(|zone| vec![zone]))
    }
}

impl AgainAfter {
    fn after(&self, miss: Miss) -> Duration {
        match miss {
            Miss::Busy => self.busy,
            Miss::NotReached => self.not_reached,
            Miss::Otherwise => self.otherwise,
        }
    }
}

impl NoCallback {
    /// For people.
    pub fn as_str(self) -> &'static str {
        match self {
            NoCallback::NotAllowed => "this number is not called back",
            NoCallback::UnknownZone => "the time zone is not one of the IANA's",
            NoCallback::NoZone => "nobody knows what time it is where this number is",
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn plan() -> CallbackPlan {
        CallbackPlan {
            trunk: TrunkId::new("carrier"),
            from: number("+12015550199"),
            allow: vec![
                Allowed::Region(region("US")),
                Allowed::Region(region("DE")),
                Allowed::Prefix("+4416329".into()),
            ],
            deny: vec!["+1212".into()],
            hours: vec!["daily 09:00-20:00".into()],
            zone: None,
            most: CallbackLimits { per_number: 3, per_customer: 3, tries: 2 },
            again: AgainAfter {
                busy: Duration::from_secs(120),
                not_reached: Duration::from_secs(3600),
                otherwise: Duration::from_secs(600),
            },
            ring: Duration::from_secs(30),
            kept: Duration::from_secs(86_400),
            by_phone: None,
        }
    }

    fn region(letters: &str) -> Region {
        Region::parse(letters).unwrap()
    }

    fn number(text: &str) -> E164 {
        E164::parse(text, None).unwrap()
    }

    /// A number that is not of a range for fiction: no such range costs more, or is abroad.
    fn real(start: &str, rest: &str) -> String {
        format!("{start}{rest}")
    }

    fn at(text: &str) -> Wall {
        let time: jiff::Timestamp = text.parse().unwrap();
        Wall(time.as_millisecond() as u64)
    }

    #[test]
    fn only_numbers_that_a_rule_allows_and_that_cost_no_more_are_called() {
        for (text, allowed) in [
            ("+12015550123", true),
            ("+12125550123", false),
            (&*real("+4930", "123456"), true),
            ("+441632960000", true),
            (&*real("+4420", "79460000"), false),
            // Premium: 900 in North America, 0900 in Germany; and the Caribbean behind the same country code.
            (&*real("+1900", "2345678"), false),
            (&*real("+4990", "01234567"), false),
            ("+18095550123", false),
            (&*real("+8835", "100123456"), false),
        ] {
            assert_eq!(plan().check(&number(text), Some("Europe/Berlin")).is_ok(), allowed, "{text}");
        }
    }

    #[test]
    fn nobody_is_called_at_night_wherever_they_may_be() {
        let open =
            |text: &str, zone: Option<&str>, time: &str| plan().check(&number(text), zone).unwrap().contains(at(time));
        for (text, zone, time, expect) in [
            (&*real("+4930", "123456"), None, "2026-11-23T07:59:59Z", false),
            (&*real("+4930", "123456"), None, "2026-11-23T08:00:00Z", true),
            (&*real("+4930", "123456"), None, "2026-11-23T18:59:59Z", true),
            (&*real("+4930", "123456"), None, "2026-11-23T19:00:00Z", false),
            // The clocks of Berlin go back on 2026-10-25 and forward on 2026-03-29.
            (&*real("+4930", "123456"), None, "2026-10-24T07:30:00Z", true),
            (&*real("+4930", "123456"), None, "2026-10-25T07:30:00Z", false),
            (&*real("+4930", "123456"), None, "2026-03-28T07:30:00Z", false),
            (&*real("+4930", "123456"), None, "2026-03-29T07:30:00Z", true),
            // From New York to Honolulu: 19:00Z is 14:00 and 9:00; 18:59Z is too early on the islands, 1:00Z too late on the coast.
            ("+12015550123", None, "2026-11-23T18:59:00Z", false),
            ("+12015550123", None, "2026-11-23T19:00:00Z", true),
            ("+12015550123", None, "2026-11-24T01:00:00Z", false),
            // Whoever says where they are is believed.
            ("+12015550123", Some("America/New_York"), "2026-11-23T14:00:00Z", true),
            ("+12015550123", Some("Asia/Tokyo"), "2026-11-23T14:00:00Z", false),
        ] {
            assert_eq!(open(text, zone, time), expect, "{text} {zone:?} {time}");
        }
    }

    #[test]
    fn what_no_clock_is_known_for_is_said() {
        let mut plan = plan();
        let check = |plan: &CallbackPlan, zone| plan.check(&number(&real("+8835", "100123456")), zone).err();
        plan.allow.push(Allowed::Prefix("+883".into()));
        assert_eq!(check(&plan, None), Some(NoCallback::NoZone));
        assert_eq!(check(&plan, Some("Mars/Olympus")), Some(NoCallback::UnknownZone));
        plan.zone = Some("UTC".into());
        assert_eq!(check(&plan, None), None);
    }
}
