//! A caller who is made up, to ask the access rules about: the facts as JSON, with every field that is wrong named at once.

use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use std::time::Duration;

use crate::access::{Channel, Facts, QueueLoad};
use crate::base::phone::Region;
use crate::base::{E164, Level, QueueId, TierId, TrunkId, Wall};
use crate::intents::{Currency, Urgency};

use super::problem::{FaultBody, Kind, Problem};

/// What is known of the caller. Everything may be left out.
#[derive(Deserialize, ToSchema)]
#[allow(dead_code, reason = "the form of the body for /openapi.json; it is read field by field, to name every fault")]
pub(super) struct MadeUpBody {
    /// A host, an e-mail address or a URI.
    domain: Option<String>,
    tier: Option<String>,
    /// `V0` to `V3`; V0 when not given.
    level: Option<String>,
    category: Option<String>,
    sub_category: Option<String>,
    /// In the customer's own words.
    words: Option<String>,
    /// The ids of the help articles that were read.
    articles: Option<Vec<String>>,
    /// `low`, `normal`, `elevated` or `high`.
    urgency: Option<String>,
    value: Option<MadeUpValue>,
    /// The contact is about a case.
    about_case: Option<bool>,
    open_cases: Option<u32>,
    /// RFC 3339.
    last_contact: Option<String>,
    /// The number that was dialled.
    number: Option<String>,
    /// As the configuration names it.
    trunk: Option<String>,
    /// `phone`, `browser` or `callback`; phone when not given.
    channel: Option<String>,
    /// RFC 3339; now when not given.
    time: Option<String>,
    /// How busy queues are; a queue that is not there is not known.
    queues: Option<Vec<MadeUpQueue>>,
}

#[derive(Deserialize, ToSchema)]
#[allow(dead_code, reason = "as above")]
struct MadeUpValue {
    minor_units: i64,
    /// ISO 4217.
    currency: String,
}

#[derive(Deserialize, ToSchema)]
#[allow(dead_code, reason = "as above")]
struct MadeUpQueue {
    queue: String,
    /// Agents who could be offered a call now.
    free: Option<u64>,
    waiting: Option<u64>,
    expected_wait_s: Option<u64>,
}

/// The caller that was read.
#[derive(Debug, PartialEq)]
pub(super) struct MadeUp {
    domain: Option<String>,
    tier: Option<TierId>,
    level: Level,
    category: Option<String>,
    sub_category: Option<String>,
    words: Option<String>,
    articles: Vec<String>,
    urgency: Option<u8>,
    value: Option<(i64, String)>,
    about_case: bool,
    open_cases: Option<u32>,
    last_contact: Option<Wall>,
    dialled: Option<E164>,
    trunk: TrunkId,
    channel: Channel,
    loads: Vec<QueueLoad>,
    wall: Wall,
}

/// An object of the body, and the faults that were found so far.
struct Fields<'v> {
    map: &'v Map<String, Value>,
    /// Where it is in the body: empty, or with a dot at the end.
    place: String,
    asked: Vec<&'static str>,
    faults: Vec<FaultBody>,
}

const TIME: &str = "write it like 2026-11-26T09:30:00Z";

impl MadeUp {
    /// `now` when no time is given; `region` of a number without a country code. A problem with status 400 names every fault.
    pub(super) fn read(body: &Value, region: Option<Region>, now: Wall) -> Result<MadeUp, Problem> {
        let Some(map) = body.as_object() else {
            return Err(Problem::new(
                Kind::InvalidRequest,
                "the body is no object: send {} for a caller of whom nothing is known",
            ));
        };
        let mut fields = Fields::of(map, String::new());
        let caller = MadeUp {
            domain: fields.text("domain"),
            tier: fields.text("tier").map(|tier| TierId::new(&tier)),
            level: fields.word("level", &Level::ALL.map(|level| (level.as_str(), level))).unwrap_or(Level::Unmatched),
            category: fields.text("category"),
            sub_category: fields.text("sub_category"),
            words: fields.text("words"),
            articles: fields.texts("articles"),
            urgency: fields.word("urgency", &Urgency::ALL.map(|urgency| (urgency.as_str(), urgency.rank()))),
            value: fields.value(),
            about_case: fields.flag("about_case"),
            open_cases: fields.number("open_cases").map(|count| u32::try_from(count).unwrap_or(u32::MAX)),
            last_contact: fields.time("last_contact"),
            dialled: fields.phone("number", region),
            trunk: TrunkId::new(&fields.text("trunk").unwrap_or_default()),
            channel: fields
                .word("channel", &Channel::ALL.map(|channel| (channel.as_str(), channel)))
                .unwrap_or_default(),
            loads: fields.loads(),
            wall: fields.time("time").unwrap_or(now),
        };
        let faults = fields.finish();
        if faults.is_empty() {
            return Ok(caller);
        }
        Err(Problem {
            faults,
            ..Problem::new(Kind::InvalidRequest, "the caller cannot be made up: mend every field that is named")
        })
    }

    pub(super) fn facts(&self) -> Facts<'_> {
        Facts {
            domain: self.domain.as_deref(),
            tier: self.tier.as_ref(),
            level: self.level,
            category: self.category.as_deref(),
            sub_category: self.sub_category.as_deref(),
            words: self.words.as_deref(),
            articles: self.articles.iter().map(String::as_str).collect(),
            urgency: self.urgency,
            value: self.value.as_ref().map(|(units, currency)| (*units, currency.as_str())),
            about_case: self.about_case,
            open_cases: self.open_cases,
            last_contact: self.last_contact,
            dialled: self.dialled.as_ref(),
            channel: self.channel,
            loads: &self.loads,
            ..Facts::of_nobody(&self.trunk, self.wall)
        }
    }
}

impl<'v> Fields<'v> {
    fn of(map: &'v Map<String, Value>, place: String) -> Fields<'v> {
        Fields { map, place, asked: Vec::new(), faults: Vec::new() }
    }

    /// `null` is as good as nothing.
    fn get(&mut self, key: &'static str) -> Option<&'v Value> {
        self.asked.push(key);
        self.map.get(key).filter(|value| !value.is_null())
    }

    fn fault(&mut self, key: &str, what: impl Into<String>, remedy: &str) {
        let field = format!("{}{key}", self.place);
        self.faults.push(FaultBody { field, what: what.into(), remedy: remedy.to_owned() });
    }

    /// What `read` makes of the value, or a fault.
    fn read<T>(&mut self, key: &'static str, remedy: &str, read: impl FnOnce(&'v Value) -> Option<T>) -> Option<T> {
        let value = self.get(key)?;
        let found = read(value);
        if found.is_none() {
            self.fault(key, "is of another type, or out of range", remedy);
        }
        found
    }

    fn text(&mut self, key: &'static str) -> Option<String> {
        self.read(key, "write a text in quotes", |value| value.as_str().map(str::to_owned))
    }

    fn flag(&mut self, key: &'static str) -> bool {
        self.read(key, "write true or false", Value::as_bool).unwrap_or(false)
    }

    fn number(&mut self, key: &'static str) -> Option<u64> {
        self.read(key, "write a whole number, 0 or more", Value::as_u64)
    }

    fn texts(&mut self, key: &'static str) -> Vec<String> {
        let all = |value: &Value| value.as_array()?.iter().map(|one| one.as_str().map(str::to_owned)).collect();
        self.read(key, "write a list of texts", all).unwrap_or_default()
    }

    fn word<T: Copy>(&mut self, key: &'static str, words: &[(&'static str, T)]) -> Option<T> {
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let remedy = format!("write one of {}", known.join(", "));
        let meaning =
            |value: &Value| words.iter().find(|(word, _)| value.as_str() == Some(word)).map(|(_, meaning)| *meaning);
        self.read(key, &remedy, meaning)
    }

    fn time(&mut self, key: &'static str) -> Option<Wall> {
        self.read(key, TIME, |value| {
            let at: jiff::Timestamp = value.as_str()?.parse().ok()?;
            u64::try_from(at.as_millisecond()).ok().map(Wall)
        })
    }

    fn phone(&mut self, key: &'static str, region: Option<Region>) -> Option<E164> {
        let remedy = "write it with + and the country code";
        self.read(key, remedy, |value| E164::parse(value.as_str()?, region).ok())
    }

    fn value(&mut self) -> Option<(i64, String)> {
        let map = self.object("value", "write {\"minor_units\": 12900, \"currency\": \"EUR\"}")?;
        let mut fields = Fields::of(map, format!("{}value.", self.place));
        let units = fields.needed("minor_units", "write it in cents, as a whole number", Value::as_i64);
        let currency = fields.needed("currency", "write the three letters of ISO 4217", |value| {
            value.as_str().filter(|text| Currency::parse(text).is_some()).map(str::to_owned)
        });
        self.faults.extend(fields.finish());
        units.zip(currency)
    }

    fn loads(&mut self) -> Vec<QueueLoad> {
        let remedy = "write [{\"queue\": \"help\", \"free\": 0, \"waiting\": 12}]";
        let list = self.read("queues", remedy, Value::as_array);
        let mut loads = Vec::new();
        for (n, value) in list.into_iter().flatten().enumerate() {
            match value.as_object() {
                Some(map) => loads.extend(self.load(map, n)),
                None => self.fault(&format!("queues[{n}]"), "is no object", remedy),
            }
        }
        loads
    }

    fn load(&mut self, map: &'v Map<String, Value>, n: usize) -> Option<QueueLoad> {
        let mut fields = Fields::of(map, format!("{}queues[{n}].", self.place));
        let queue = fields.needed("queue", "name the queue", |value| value.as_str().map(QueueId::new));
        let count = |fields: &mut Fields<'_>, key| {
            usize::try_from(fields.number(key).unwrap_or_default()).unwrap_or(usize::MAX)
        };
        let (free, waiting) = (count(&mut fields, "free"), count(&mut fields, "waiting"));
        let expected_wait = fields.number("expected_wait_s").map(Duration::from_secs);
        self.faults.extend(fields.finish());
        Some(QueueLoad { queue: queue?, free, waiting, expected_wait })
    }

    fn object(&mut self, key: &'static str, remedy: &str) -> Option<&'v Map<String, Value>> {
        self.read(key, remedy, Value::as_object)
    }

    fn needed<T>(&mut self, key: &'static str, remedy: &str, read: impl FnOnce(&'v Value) -> Option<T>) -> Option<T> {
        if !self.map.contains_key(key) {
            self.asked.push(key);
            self.fault(key, "is missing", remedy);
            return None;
        }
        self.read(key, remedy, read)
    }

    /// The faults, those of unknown fields among them.
    fn finish(mut self) -> Vec<FaultBody> {
        let unknown: Vec<&String> = self.map.keys().filter(|key| !self.asked.contains(&key.as_str())).collect();
        let remedy = format!("leave it out; known are {}", self.asked.join(", "));
        for key in unknown {
            self.fault(key, "is not known", &remedy);
        }
        self.faults
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(body: &Value) -> Result<MadeUp, Vec<String>> {
        let read = MadeUp::read(body, None, Wall(7));
        read.map_err(|problem| {
            assert_eq!(problem.kind.status(), 400);
            problem.faults.into_iter().map(|fault| fault.field).collect()
        })
    }

    #[test]
    fn nothing_is_needed() {
        let nobody = read(&json!({})).unwrap();
        assert_eq!((nobody.level, nobody.wall, nobody.facts().trunk.as_str()), (Level::Unmatched, Wall(7), ""));
        assert_eq!(read(&json!({"domain": null})), Ok(nobody));
    }

    #[test]
    fn all_that_rules_may_ask_can_be_said() {
        let caller = read(&json!({
            "domain": "shop.example.com", "tier": "gold", "level": "V2", "category": "billing", "sub_category": "refund",
            "words": "twice!", "articles": ["kb-1"], "urgency": "high", "value": {"minor_units": 5, "currency": "EUR"},
            "about_case": true, "open_cases": 2, "last_contact": "2026-11-25T10:00:00Z", "number": "+12015550123",
            "trunk": "pbx", "channel": "browser", "time": "2026-11-26T10:00:00.5Z",
            "queues": [{"queue": "help", "free": 1, "waiting": 4, "expected_wait_s": 90}],
        }));
        let caller = caller.unwrap();
        let facts = caller.facts();
        assert_eq!((facts.urgency, facts.value, facts.open_cases), (Some(3), Some((5, "EUR")), Some(2)));
        assert_eq!((facts.channel, facts.loads[0].waiting, facts.about_case), (Channel::Browser, 4, true));
        assert_eq!(facts.wall.since(facts.last_contact.unwrap()), Duration::from_millis(86_400_500));
        assert_eq!(facts.loads[0].expected_wait, Some(Duration::from_secs(90)));
    }

    #[test]
    fn every_wrong_field_is_named() {
        let faults = read(&json!({
            "domian": "x", "level": "V9", "urgency": 3, "value": {"currency": "euros"}, "time": "yesterday", "number": "12",
            "articles": "kb-1", "open_cases": -1, "queues": [{"free": 1}, 7],
        }));
        let mut faults = faults.unwrap_err();
        faults.sort();
        let mut expected = [
            "domian",
            "level",
            "urgency",
            "value.minor_units",
            "value.currency",
            "time",
            "number",
            "articles",
            "open_cases",
            "queues[0].queue",
            "queues[1]",
        ];
        expected.sort_unstable();
        assert_eq!(faults, expected);
        assert!(MadeUp::read(&json!([]), None, Wall(0)).is_err());
    }
}
