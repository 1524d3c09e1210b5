//! Drafts: what a site sends, not yet checked. Checking names every fault at once, each with its field and its remedy.

use std::collections::BTreeMap;
use std::time::Duration;

use super::intent::{
    Article, Currency, Customer, Intent, IntentState, Money, Past, Patch, Reason, Subject, SubjectKind, Urgency,
};
use super::promise::Bounds;
use crate::base::limits::*;
use crate::base::phone::Region;
use crate::base::{AgentId, E164, IntentId, Pii, TierId, Wall};

/// A registration as it was sent: texts, none of them believed yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    pub customer: CustomerDraft,
    pub subject: Option<SubjectDraft>,
    pub reason: ReasonDraft,
    pub articles: Vec<Article>,
    pub words: Pii<String>,
    /// Empty means `en`.
    pub language: String,
    /// `None` means normal.
    pub urgency: Option<String>,
    pub value: Option<MoneyDraft>,
    pub attributes: BTreeMap<String, Pii<String>>,
    /// In seconds; `None` means what the configuration says.
    pub ttl_s: Option<u64>,
    pub preferred_agent: Option<String>,
    pub recording_consent: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CustomerDraft {
    pub id: String,
    pub name: Pii<String>,
    pub email: Pii<String>,
    /// International, or national numbers of the site's region.
    pub phones: Vec<Pii<String>>,
    pub tier: Option<String>,
    pub open_cases: Option<u32>,
    /// RFC 3339.
    pub last_contact_at: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SubjectDraft {
    pub kind: String,
    pub id: String,
    pub title: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReasonDraft {
    pub category: String,
    pub sub_category: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MoneyDraft {
    pub minor_units: i64,
    pub currency: String,
}

/// A change as it was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PatchDraft {
    pub reason: Option<ReasonDraft>,
    /// `Some(None)` takes the subject away.
    pub subject: Option<Option<SubjectDraft>>,
    pub articles: Option<Vec<Article>>,
    pub words: Option<Pii<String>>,
    pub urgency: Option<String>,
    pub attributes: Option<BTreeMap<String, Pii<String>>>,
    pub ttl_s: Option<u64>,
}

/// One fault of a draft. Neither text repeats what was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// As in the JSON body: `customer.phones[2]`.
    pub field: String,
    /// What is wrong: `is empty`, `has more than 5 entries`.
    pub problem: String,
    /// What to do about it.
    pub remedy: &'static str,
}

/// What a draft is checked against.
#[derive(Clone, Copy, Debug)]
pub struct DraftRules {
    /// The region of national numbers.
    pub region: Option<Region>,
    /// The life of an intent that does not say.
    pub default_ttl: Duration,
    /// What comes of the life that one asks for.
    pub lives: Bounds,
}

impl Draft {
    /// The intent, open and without a number, or all faults.
    pub fn check(self, id: IntentId, rules: &DraftRules, now: Wall) -> Result<Intent, Vec<Fault>> {
        let mut faults = Faults::default();
        let ttl = self.ttl_s.map_or(rules.default_ttl, |seconds| rules.lives.hold(faults.ttl(seconds)));
        let intent = Intent {
            id,
            customer: faults.customer(self.customer, rules.region, now),
            subject: self.subject.map(|subject| faults.subject(subject)),
            reason: faults.reason(self.reason),
            articles: faults.articles(self.articles),
            words: faults.words(self.words),
            language: faults.language(self.language),
            urgency: self.urgency.map_or(Urgency::Normal, |urgency| faults.urgency(&urgency)),
            value: self.value.and_then(|value| faults.money(&value)),
            attributes: faults.attributes(self.attributes),
            created: now,
            expires: now + ttl,
            number: None,
            state: IntentState::Open,
            preferred_agent: self.preferred_agent.map(|agent| AgentId::new(&faults.id("preferred_agent", agent))),
            callback: None,
            recording_consent: self.recording_consent,
            version: 1,
        };
        faults.or(intent)
    }
}

impl PatchDraft {
    /// The patch, or all faults. `lives`: what comes of the life that it asks for.
    pub fn check(self, lives: Bounds) -> Result<Patch, Vec<Fault>> {
        let mut faults = Faults::default();
        let patch = Patch {
            reason: self.reason.map(|reason| faults.reason(reason)),
            subject: self.subject.map(|subject| subject.map(|subject| faults.subject(subject))),
            articles: self.articles.map(|articles| faults.articles(articles)),
            words: self.words.map(|words| faults.words(words)),
            urgency: self.urgency.map(|urgency| faults.urgency(&urgency)),
            attributes: self.attributes.map(|attributes| faults.attributes(attributes)),
            ttl: self.ttl_s.map(|seconds| faults.ttl(seconds)),
            lives,
        };
        faults.or(patch)
    }
}

/// Collects faults while the fields are read; a faulty field goes on as something harmless.
#[derive(Default)]
struct Faults(Vec<Fault>);

impl Faults {
    fn or<T>(self, good: T) -> Result<T, Vec<Fault>> {
        if self.0.is_empty() { Ok(good) } else { Err(self.0) }
    }

    fn add(&mut self, field: &str, problem: impl Into<String>, remedy: &'static str) {
        self.0.push(Fault { field: field.to_owned(), problem: problem.into(), remedy });
    }

    fn customer(&mut self, draft: CustomerDraft, region: Option<Region>, now: Wall) -> Customer {
        self.email(draft.email.expose());
        self.at_most("customer.name", draft.name.expose(), TITLE_MAX);
        Customer {
            id: self.id("customer.id", draft.id),
            name: draft.name,
            email: draft.email,
            phones: self.phones(&draft.phones, region),
            tier: draft.tier.map(|tier| TierId::new(&self.id("customer.tier", tier))),
            past: Past {
                open_cases: draft.open_cases,
                last_contact: draft.last_contact_at.and_then(|text| self.last_contact(&text, now)),
            },
        }
    }

    /// Clocks differ a little: what is a moment ahead is now.
    fn last_contact(&mut self, text: &str, now: Wall) -> Option<Wall> {
        let at = text.parse::<jiff::Timestamp>().ok().and_then(|at| u64::try_from(at.as_millisecond()).ok()).map(Wall);
        if at.is_none_or(|at| at > now + CLOCK_SKEW_MAX) {
            let remedy = "write a time of the past like 2026-01-31T08:15:30Z (RFC 3339), or leave it out";
            self.add("customer.last_contact_at", "is not a time of the past", remedy);
        }
        at.map(|at| at.min(now))
    }

    fn phones(&mut self, texts: &[Pii<String>], region: Option<Region>) -> Vec<E164> {
        self.count("customer.phones", texts.len(), INTENT_PHONES_MAX);
        let mut phones = Vec::new();
        for (index, text) in texts.iter().enumerate().take(INTENT_PHONES_MAX) {
            match E164::parse(text.expose(), region) {
                Ok(phone) if !phones.contains(&phone) => phones.push(phone),
                Ok(_) => {}
                Err(why) => self.add(&format!("customer.phones[{index}]"), why.to_string(), PHONE_REMEDY),
            }
        }
        phones
    }

    fn subject(&mut self, draft: SubjectDraft) -> Subject {
        let kind = SubjectKind::parse(&draft.kind);
        if kind.is_none() {
            self.add("subject.kind", "is not a kind of subject", "write order, case, quote or other");
        }
        self.at_most("subject.title", &draft.title, TITLE_MAX);
        let id = self.id("subject.id", draft.id);
        Subject { kind: kind.unwrap_or(SubjectKind::Other), id, title: draft.title }
    }

    fn reason(&mut self, draft: ReasonDraft) -> Reason {
        Reason {
            category: self.id("reason.category", draft.category),
            sub_category: draft.sub_category.map(|sub| self.id("reason.sub_category", sub)),
        }
    }

    fn articles(&mut self, articles: Vec<Article>) -> Vec<Article> {
        self.count("articles", articles.len(), INTENT_ARTICLES_MAX);
        for (index, article) in articles.iter().enumerate().take(INTENT_ARTICLES_MAX) {
            self.check_id(&format!("articles[{index}].id"), &article.id);
            self.at_most(&format!("articles[{index}].title"), &article.title, TITLE_MAX);
        }
        articles
    }

    fn words(&mut self, words: Pii<String>) -> Pii<String> {
        self.at_most("words", words.expose(), INTENT_WORDS_MAX);
        words
    }

    fn urgency(&mut self, text: &str) -> Urgency {
        Urgency::parse(text).unwrap_or_else(|| {
            self.add("urgency", "is not an urgency", "write low, normal, elevated or high");
            Urgency::Normal
        })
    }

    fn money(&mut self, draft: &MoneyDraft) -> Option<Money> {
        if draft.minor_units < 0 {
            self.add("value.minor_units", "is negative", "give the amount in cents or pence, 0 or more");
        }
        let currency = Currency::parse(&draft.currency);
        if currency.is_none() {
            self.add("value.currency", "is not a currency", "write three capital letters (ISO 4217), like USD");
        }
        Some(Money { minor_units: draft.minor_units, currency: currency? })
    }

    fn attributes(&mut self, attributes: BTreeMap<String, Pii<String>>) -> BTreeMap<String, Pii<String>> {
        self.count("attributes", attributes.len(), INTENT_ATTRIBUTES_MAX);
        for (name, value) in attributes.iter().take(INTENT_ATTRIBUTES_MAX) {
            if name.is_empty() || name.len() > ATTRIBUTE_NAME_MAX || !name.chars().all(|c| c.is_ascii_graphic()) {
                let problem = format!("has a name that is empty, longer than {ATTRIBUTE_NAME_MAX} or not plain ASCII");
                self.add("attributes", problem, "use short names like cart_id");
            } else {
                self.at_most(&format!("attributes.{name}"), value.expose(), ATTRIBUTE_VALUE_MAX);
            }
        }
        attributes
    }

    fn ttl(&mut self, seconds: u64) -> Duration {
        let ttl = Duration::from_secs(seconds);
        if !(INTENT_TTL_MIN..=INTENT_TTL_MAX).contains(&ttl) {
            let problem = format!("is not from {} to {} seconds", INTENT_TTL_MIN.as_secs(), INTENT_TTL_MAX.as_secs());
            self.add("ttl_s", problem, "give a life within these bounds, or leave it out");
        }
        ttl.clamp(INTENT_TTL_MIN, INTENT_TTL_MAX)
    }

    fn language(&mut self, tag: String) -> String {
        if tag.is_empty() {
            return DEFAULT_LANGUAGE.to_owned();
        }
        if !is_language_tag(&tag) {
            self.add("language", "is not a language tag", "write a tag of BCP 47, like en or en-GB");
        }
        tag
    }

    fn email(&mut self, email: &str) {
        if !email.is_empty() && (email.len() > EMAIL_MAX || !is_email(email)) {
            self.add("customer.email", "is not an e-mail address", "write it as name@example.com, or leave it out");
        }
    }

    fn id(&mut self, field: &str, text: String) -> String {
        self.check_id(field, &text);
        text
    }

    fn check_id(&mut self, field: &str, text: &str) {
        if text.is_empty() {
            self.add(field, "is empty", "give the site's own identity of it");
        } else if text.len() > SITE_ID_MAX || text.chars().any(char::is_control) {
            self.add(field, format!("is longer than {SITE_ID_MAX} bytes or has control characters"), "shorten it");
        }
    }

    fn at_most(&mut self, field: &str, text: &str, max: usize) {
        if text.len() > max && text.chars().count() > max {
            self.add(field, format!("is longer than {max} characters"), "shorten it");
        }
    }

    fn count(&mut self, field: &str, count: usize, max: usize) {
        if count > max {
            self.add(field, format!("has {count} entries, more than {max}"), "send fewer");
        }
    }
}

const PHONE_REMEDY: &str = "write it with + and the country code, like +12015550123";
const DEFAULT_LANGUAGE: &str = "en";
/// The longest tag that registered subtags make (RFC 5646 section 4.4.1).
const LANGUAGE_MAX: usize = 35;

/// Well formed after the shape of RFC 5646 section 2.1; whether the subtags are registered is not looked up.
fn is_language_tag(tag: &str) -> bool {
    let mut subtags = tag.split('-');
    let primary = subtags.next().unwrap_or_default();
    tag.len() <= LANGUAGE_MAX
        && (2..=8).contains(&primary.len())
        && primary.bytes().all(|b| b.is_ascii_alphabetic())
        && subtags.all(|sub| (1..=8).contains(&sub.len()) && sub.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// One `@` at least, something before the last and a host after it; more is for the mail server to know.
fn is_email(text: &str) -> bool {
    let Some((local, host)) = text.rsplit_once('@') else { return false };
    let plain = |c: char| c.is_alphanumeric() || c == '-' || c == '.';
    let labels = host.split('.').all(|label| !label.is_empty());
    !local.is_empty() && !text.chars().any(|c| c.is_control() || c == ' ') && labels && host.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Wall = Wall(1_800_000_000_000);

    fn rules() -> DraftRules {
        DraftRules { region: Region::parse("US"), default_ttl: Duration::from_secs(900), lives: Bounds::ALL }
    }

    fn good() -> Draft {
        Draft {
            customer: CustomerDraft {
                id: "c-1".into(),
                name: Pii::new("Ann Example".into()),
                email: Pii::new("ann@example.com".into()),
                phones: vec![Pii::new("+12015550123".into()), Pii::new("+1 201 555 0123".into())],
                tier: Some("gold".into()),
                open_cases: Some(1),
                last_contact_at: Some("2027-01-15T07:59:00Z".into()),
            },
            reason: ReasonDraft { category: "delivery".into(), sub_category: None },
            ..Draft::default()
        }
    }

    fn fields(draft: Draft) -> Vec<String> {
        let faults = draft.check(IntentId(1), &rules(), NOW).err().unwrap_or_default();
        faults.into_iter().map(|fault| fault.field).collect()
    }

    #[test]
    fn a_good_draft_becomes_an_open_intent() {
        let intent = good().check(IntentId(1), &rules(), NOW).unwrap();
        assert_eq!((intent.state, intent.language.as_str(), intent.version), (IntentState::Open, "en", 1));
        assert_eq!(intent.expires, NOW + Duration::from_secs(900));
        assert_eq!(intent.customer.phones.len(), 1, "one number, written twice");
        let before = Past { open_cases: Some(1), last_contact: Some(Wall(NOW.0 - 60_000)) };
        assert_eq!(intent.customer.past, before);
    }

    #[test]
    fn all_faults_are_named_at_once() {
        let bad = Draft {
            customer: CustomerDraft {
                id: String::new(),
                email: Pii::new("ann".into()),
                phones: vec![Pii::new("+12015550123".into()), Pii::new("nobody".into())],
                ..CustomerDraft::default()
            },
            subject: Some(SubjectDraft { kind: "boat".into(), id: "o-1".into(), title: String::new() }),
            words: Pii::new("x".repeat(INTENT_WORDS_MAX + 1)),
            language: "e".into(),
            urgency: Some("extreme".into()),
            value: Some(MoneyDraft { minor_units: -1, currency: "usd".into() }),
            ttl_s: Some(1),
            ..Draft::default()
        };
        let mut found = fields(bad);
        found.sort();
        let mut expected = [
            "customer.email",
            "customer.id",
            "customer.phones[1]",
            "language",
            "reason.category",
            "subject.kind",
            "ttl_s",
            "urgency",
            "value.currency",
            "value.minor_units",
            "words",
        ];
        expected.sort();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_contact_of_the_future_is_none() {
        for (at, fault) in [("2027-01-15T08:05:00Z", false), ("2027-01-15T08:15:00Z", true), ("yesterday", true)] {
            let mut draft = good();
            draft.customer.last_contact_at = Some(at.into());
            assert_eq!(fields(draft), if fault { vec!["customer.last_contact_at"] } else { vec![] }, "{at}");
        }
    }

    #[test]
    fn counts_are_bounded() {
        let mut draft = good();
        draft.customer.phones = vec![Pii::new("+12015550123".into()); INTENT_PHONES_MAX + 1];
        draft.articles = vec![Article { id: "a".into(), title: String::new() }; INTENT_ARTICLES_MAX + 1];
        draft.attributes = (0..=INTENT_ATTRIBUTES_MAX).map(|n| (format!("a{n}"), Pii::default())).collect();
        assert_eq!(fields(draft), ["customer.phones", "articles", "attributes"]);
    }

    #[test]
    fn words_are_counted_in_characters() {
        let mut draft = good();
        draft.words = Pii::new("é".repeat(INTENT_WORDS_MAX));
        assert!(fields(draft).is_empty());
    }

    #[test]
    fn a_patch_is_held_to_the_same_rules() {
        let bad = PatchDraft { urgency: Some("no".into()), ttl_s: Some(u64::MAX), ..PatchDraft::default() };
        assert_eq!(bad.check(Bounds::ALL).unwrap_err().len(), 2);
        let held = Bounds { shortest: Duration::from_secs(300), longest: Duration::from_secs(600) };
        for (asked, lives) in [(60, 300), (450, 450), (3_600, 600)] {
            let draft = Draft { ttl_s: Some(asked), ..good() };
            let intent = draft.check(IntentId(1), &DraftRules { lives: held, ..rules() }, NOW).unwrap();
            assert_eq!(intent.expires, NOW + Duration::from_secs(lives));
            let mut kept = intent.clone();
            let patch = PatchDraft { ttl_s: Some(asked), ..PatchDraft::default() }.check(held).unwrap();
            kept.amend(patch, NOW + Duration::from_secs(100));
            assert_eq!(kept.expires, NOW + Duration::from_secs((100 + asked).clamp(300, 600)));
        }
        let good =
            PatchDraft { subject: Some(None), ttl_s: Some(60), ..PatchDraft::default() }.check(Bounds::ALL).unwrap();
        assert_eq!((good.subject, good.ttl), (Some(None), Some(Duration::from_secs(60))));
    }

    #[test]
    fn a_fault_does_not_repeat_what_was_sent() {
        let mut draft = good();
        draft.customer.email = Pii::new("ann example".into());
        draft.customer.phones = vec![Pii::new("555".into())];
        let faults = draft.check(IntentId(1), &rules(), NOW).unwrap_err();
        assert!(!format!("{faults:?}").contains("ann"));
    }

    #[test]
    fn language_tags_and_addresses() {
        for good in ["en", "en-GB", "zh-Hant-TW", "de-CH-1996"] {
            assert!(is_language_tag(good), "{good}");
        }
        for bad in ["e", "en_GB", "en-", "-", "1n", &"en-x".repeat(20)] {
            assert!(!is_language_tag(bad), "{bad}");
        }
        for bad in ["a@", "@example.com", "a@b@", "a b@example.com", "a@example..com", "a@exa mple.com"] {
            assert!(!is_email(bad), "{bad}");
        }
    }
}
