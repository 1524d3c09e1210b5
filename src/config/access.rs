//! `[access]`: tiers, free-mail domains, and the rules in their order.

use std::sync::Arc;

use crate::access::{
    Answer, Channel, Conditions, DomainCondition, DomainPattern, MinValue, Policy, PolicySetup, ReasonPicked, Rule,
    Taken, TakenTogether, TooMany, never_reached, never_reached_together, reached_out_of_hours,
};
use crate::base::limits::{ACCESS_KEYWORDS_MAX, ACCESS_RULES_MAX, PROTECTED_DOMAINS_MAX};
use crate::base::{Level, QueueId, TierId, TrunkId};
use crate::calls::browsing;
use crate::intents::{Currency, Urgency};
use crate::routing::Setup;

use super::access_files::{self, Calendars};
use super::answers;
use super::conditions;
use super::fault::{Faults, Place, did_you_mean, nearest};
use super::hours;
use super::notify;
use super::overflow::Overflows;
use super::plan::NotifyPlan;
use super::read::ReadFile;
use super::recording::RecordedRule;
use super::shadow;
use super::tree::{Section, Text};
use super::unused;
use super::values::{Names, phone_number};
use super::version::VersionOf;

/// What rules may refer to.
pub(super) struct Known<'k, 'a> {
    pub queues: &'k Names<'a>,
    pub trunks: &'k Names<'a>,
    pub default_queue: Option<&'k QueueId>,
    pub skills: &'k Names<'a>,
    pub overflows: &'k Overflows,
    pub setup: &'k Setup,
}

/// Of domains, as a rule asks for them.
const CLASSES: [&str; 3] = ["free-mail", "unknown", "look-alike"];
const VALUE: &str = "write min_value = { minor_units = 10000, currency = \"EUR\" }: a hundred euros in cents";

/// The rules that hold, and those that are asked too.
pub(super) struct Policies {
    pub live: Policy,
    pub shadow: Option<Policy>,
}

/// `recorded` gets the rules whose calls are to be recorded, `notify` who is told of calls.
pub(super) fn read(
    top: &mut Section<'_>,
    known: &Known<'_, '_>,
    recorded: &mut Vec<RecordedRule>,
    notify: &mut Vec<NotifyPlan>,
    files: &mut ReadFile<'_>,
    faults: &mut Faults<'_>,
) -> Option<Policies> {
    let mut section = top.section("access", faults);
    let shadow = shadow::read(&mut section, known, recorded, files, faults);
    policy(section, known, (recorded, notify), files, faults).map(|live| Policies { live, shadow })
}

/// Of a section `[access]`, here or in another file.
pub(super) fn policy(
    mut section: Section<'_>,
    known: &Known<'_, '_>,
    (recorded, notify): (&mut Vec<RecordedRule>, &mut Vec<NotifyPlan>),
    files: &mut ReadFile<'_>,
    faults: &mut Faults<'_>,
) -> Option<Policy> {
    let mut version = version(&section);
    let files: &mut ReadFile<'_> = &mut |name: &str| files(name).inspect(|bytes| version.bytes(bytes));
    let (mut tiers, mut told) = (Names::default(), Names::default());
    *notify = notify::read(&mut section, &mut told, faults);
    let calendars = access_files::calendars(&mut section, files, faults);
    let setup = PolicySetup {
        tiers: read_tiers(&mut section, &mut tiers, faults),
        lists: access_files::domain_lists(&mut section, &tiers, files, faults),
        free_mail: free_mail(&mut section, faults),
        rules: rules(&mut section, known, (&tiers, &told, &calendars), recorded, faults),
        protected: protected(&mut section, faults),
        ..PolicySetup::of(Vec::new(), Answer::SelfService)
    };
    let setup = with_default(setup, &mut section, (known, &told), faults);
    unused::warn(&mut section, &setup, &calendars, faults);
    let place = section.place.clone();
    let lists = section.item("domains_csv").or_else(|| section.item("tiers")).map(|item| item.place);
    section.finish(faults);
    let policy = Policy::new(setup).map(|policy| policy.with_version(version.finish()));
    if let (Ok(policy), Some(lists)) = (&policy, lists) {
        unused::warn_of_torn(policy.torn(), &lists, faults);
    }
    policy.map_err(|many| too_many(many, &place, faults)).ok()
}

fn too_many(many: TooMany, access: &Place, faults: &mut Faults<'_>) {
    let (key, remedy) = match many {
        TooMany::Rules => ("rules", format!("at most {ACCESS_RULES_MAX} can be tried")),
        TooMany::Keywords => ("rules", format!("at most {ACCESS_KEYWORDS_MAX} keywords can be looked for in all")),
        TooMany::Protected => (
            "protected",
            format!(
                "name those whose look-alikes matter, at most {PROTECTED_DOMAINS_MAX}: protected = [\"example.com\"]"
            ),
        ),
    };
    let what = match many {
        TooMany::Rules => "are too many",
        TooMany::Keywords => "have too many keywords",
        TooMany::Protected => "are too many domains to look like",
    };
    faults.add(&access.key(key, access.offset), what, remedy);
}

/// `None`: those of the tiers and of the rules.
fn protected(access: &mut Section<'_>, faults: &mut Faults<'_>) -> Option<Vec<DomainPattern>> {
    let texts = access.item("protected")?.texts(faults);
    Some(texts.iter().filter_map(|text| pattern(text, faults)).collect())
}

fn version(section: &Section<'_>) -> VersionOf {
    let mut version = VersionOf::default();
    section.table().into_iter().for_each(|table| version.policy(table));
    version
}

fn with_default(
    mut setup: PolicySetup,
    access: &mut Section<'_>,
    (known, told): (&Known<'_, '_>, &Names<'_>),
    faults: &mut Faults<'_>,
) -> PolicySetup {
    let mut section = access.section("default", faults);
    if section.is_given() {
        (setup.default, setup.default_skills) = answers::read(&mut section, known, faults);
        setup.default_notify = notified(&mut section, told, faults);
        setup.default_words = section.text("because", faults).map(|text| text.value.to_owned());
    } else {
        setup.rules.push(recognised());
    }
    section.finish(faults);
    setup
}

/// Who is told of the calls of a rule.
fn notified(rule: &mut Section<'_>, told: &Names<'_>, faults: &mut Faults<'_>) -> Option<Arc<str>> {
    let name = rule.text("notify", faults).filter(|name| told.check("target under [access.notify]", name, faults));
    name.map(|name| Arc::from(name.value))
}

/// What holds without a default of the admin's: who calls to be recognised reaches a human, and a caller about whom we know
/// nothing, be it for a failure of the store, goes where all calls went before.
fn recognised() -> Rule {
    let when = Conditions { min_level: Some(Level::Likely), ..Conditions::default() };
    Rule::new("recognised", when, Answer::Human { queue: None, priority: 0 })
}

fn read_tiers<'a>(
    access: &mut Section<'a>,
    names: &mut Names<'a>,
    faults: &mut Faults<'_>,
) -> Vec<(DomainPattern, TierId)> {
    let mut tiers = Vec::new();
    for mut section in access.sections("tiers", faults) {
        let name = names.take(&mut section, "name", faults);
        let domains = section.texts("domains", faults);
        section.finish(faults);
        let Some(name) = name else { continue };
        let patterns = domains.iter().filter_map(|text| pattern(text, faults));
        tiers.extend(patterns.map(|pattern| (pattern, TierId::new(name.value))));
    }
    tiers
}

fn free_mail(access: &mut Section<'_>, faults: &mut Faults<'_>) -> Vec<String> {
    let texts = access.texts("free_mail", faults);
    let patterns = texts.iter().filter_map(|text| pattern(text, faults)).map(|pattern| pattern.to_string());
    // Each stands for all below it anyway.
    patterns.map(|name| name.trim_start_matches("*.").to_owned()).collect()
}

fn pattern(text: &Text<'_>, faults: &mut Faults<'_>) -> Option<DomainPattern> {
    let remedy = "write example.com or *.example.com; a whole public suffix goes under public_suffixes of a rule";
    text.parse(DomainPattern::parse, remedy, faults)
}

fn rules(
    access: &mut Section<'_>,
    known: &Known<'_, '_>,
    (tiers, told, calendars): (&Names<'_>, &Names<'_>, &Calendars),
    recorded: &mut Vec<RecordedRule>,
    faults: &mut Faults<'_>,
) -> Vec<Rule> {
    let mut names = Names::default();
    let (mut rules, mut places) = (Vec::new(), Vec::new());
    for mut section in access.sections("rules", faults) {
        let name = names.take(&mut section, "name", faults);
        let when = conditions(&mut section, known, (tiers, calendars), faults);
        let (answer, skills) = answers::read(&mut section, known, faults);
        let words = section.text("because", faults).map(|text| text.value.to_owned());
        let notify = notified(&mut section, told, faults);
        let record = section.item("record");
        if let (true, Some(item), Some(name)) = (section.flag("record", false, faults), record, &name) {
            recorded.push(RecordedRule { name: name.value.to_owned(), place: item.place, in_shadow: None });
        }
        section.finish(faults);
        if let Some(name) = name {
            rules.push(Rule { words, skills, notify, ..Rule::new(name.value, when, answer) });
            places.push(name.place);
        }
    }
    name_taken(&rules, &places, faults);
    rules
}

/// Not asked while a fault may have taken a condition away.
fn name_taken(rules: &[Rule], places: &[Place], faults: &mut Faults<'_>) {
    if faults.are_within(&["access"]) {
        return;
    }
    let (never, out_of_hours) = (never_reached(rules), reached_out_of_hours(rules));
    let named = |taken: &Taken| Some((places.get(taken.rule)?, places.get(taken.by)?, rules.get(taken.by)?));
    for (place, before, taker) in never.iter().filter_map(named) {
        let what = format!("is never reached: {:?} on line {} takes all its callers", taker.name, faults.line(before));
        faults.add(place, what, "move it before that rule, let that rule ask for more, or take it out");
    }
    let together = never_reached_together(rules).into_iter().filter(|one| one.by.len() > 1);
    for TakenTogether { rule, by } in together.filter(|one| never.iter().all(|never| never.rule != one.rule)) {
        let said = by.iter().filter_map(|by| Some((rules.get(*by)?, places.get(*by)?)));
        let said: Vec<_> = said.map(|(by, at)| format!("{:?} on line {}", by.name, faults.line(at))).collect();
        let what = format!("is never reached: together {} take all its callers", said.join(" and "));
        let remedy = "move it before them, let one of them ask for more, or take it out";
        places.get(rule).into_iter().for_each(|place| faults.add(place, what.as_str(), remedy));
    }
    for (place, before, taker) in out_of_hours.iter().filter_map(named) {
        let line = faults.line(before);
        let what = format!(
            "is reached out of hours alone: {:?} on line {line} takes all its callers within its own",
            taker.name
        );
        faults.warn(place, what, "move it before that rule, or write the hours that are meant into it");
    }
}

fn conditions(
    rule: &mut Section<'_>,
    known: &Known<'_, '_>,
    (tiers, calendars): (&Names<'_>, &Calendars),
    faults: &mut Faults<'_>,
) -> Conditions {
    let mut section = rule.section("when", faults);
    let domain = domain(&mut section, faults);
    let min_level = section.text("min_level", faults).and_then(|text| level(&text, faults));
    let min_urgency = section.text("min_urgency", faults).and_then(|text| urgency(&text, faults));
    let min_value = min_value(&mut section, faults);
    let trunks = refer(&mut section, "trunk", "trunk", known.trunks, faults);
    let tiers = refer(&mut section, "tier", "tier", tiers, faults);
    let numbers = conditions::some_texts(&mut section, "number", faults);
    let reasons = conditions::some_texts(&mut section, "reason", faults);
    let hours = hours::of_rule(&mut section, calendars, faults);
    let of_contact = conditions::read(&mut section, known, faults);
    never_over(&mut section, &trunks, &of_contact.channels, faults);
    section.finish(faults);
    Conditions {
        domain,
        min_level,
        min_urgency,
        min_value,
        trunks: trunks.into_iter().map(TrunkId::new).collect(),
        tiers: tiers.into_iter().map(TierId::new).collect(),
        dialled: numbers.iter().filter_map(|text| phone_number(text, None, faults)).collect(),
        reasons: reasons.iter().map(reason).collect(),
        hours,
        ..of_contact
    }
}

/// Calls from browsers come over the built-in trunk, and no others do.
fn never_over(when: &mut Section<'_>, trunks: &[&str], channels: &[Channel], faults: &mut Faults<'_>) {
    let (Some(item), [_, ..], [_, ..]) = (when.item("trunk"), trunks, channels) else { return };
    let is_web = |trunk: &&str| *trunk == browsing::TRUNK;
    let fits = |channel: &Channel| match channel {
        Channel::Browser => trunks.iter().any(is_web),
        Channel::Phone | Channel::Callback => !trunks.iter().all(is_web),
    };
    if !channels.iter().any(fits) {
        let what = "and the channel are never met together: what comes from browsers comes over \"(web)\" alone";
        faults.add(&item.place, what, "leave one of the two out");
    }
}

fn refer<'a>(
    section: &mut Section<'a>,
    key: &'static str,
    kind: &str,
    names: &Names<'_>,
    faults: &mut Faults<'_>,
) -> Vec<&'a str> {
    let texts = conditions::some_texts(section, key, faults);
    texts.into_iter().filter(|text| names.check(kind, text, faults)).map(|text| text.value).collect()
}

fn level(text: &Text<'_>, faults: &mut Faults<'_>) -> Option<Level> {
    text.word(&Level::ALL.map(|level| (level.as_str(), level)), faults)
}

fn urgency(text: &Text<'_>, faults: &mut Faults<'_>) -> Option<u8> {
    text.word(&Urgency::ALL.map(|urgency| (urgency.as_str(), urgency.rank())), faults)
}

fn min_value(when: &mut Section<'_>, faults: &mut Faults<'_>) -> Option<MinValue> {
    let mut section = when.section("min_value", faults);
    if !section.is_given() {
        return None;
    }
    let units = section.required("minor_units", VALUE, faults).and_then(|item| item.number(0..=i64::MAX, faults));
    let text = section.required("currency", VALUE, faults).and_then(|item| item.text(faults));
    section.finish(faults);
    let (minor_units, text) = units.zip(text)?;
    if Currency::parse(text.value).is_none() {
        faults.add(&text.place, format!("{:?} is no currency", text.value), VALUE);
        return None;
    }
    Some(MinValue { minor_units, currency: text.value.to_owned() })
}

fn reason(text: &Text<'_>) -> ReasonPicked {
    let (category, sub) = text.value.split_once('/').map_or((text.value, None), |(c, s)| (c, Some(s)));
    ReasonPicked { category: category.trim().to_owned(), sub_category: sub.map(|sub| sub.trim().to_owned()) }
}

/// `None` when nothing is said about domains.
fn domain(section: &mut Section<'_>, faults: &mut Faults<'_>) -> Option<DomainCondition> {
    let is_listed = section.item("domain").is_some();
    let texts = conditions::some_texts(section, "domain", faults);
    let suffixes = conditions::some_texts(section, "public_suffixes", faults);
    (is_listed || !suffixes.is_empty()).then_some(())?;
    let mut condition = DomainCondition::default();
    for text in &texts {
        match text.value {
            "free-mail" => condition.free_mail = true,
            "unknown" => condition.unknown = true,
            "look-alike" => condition.look_alike = true,
            // No company has such a domain; a slip in the name of a class would be a rule that nobody meets.
            other if !other.contains('.') && nearest(other, CLASSES).is_some() => {
                faults.add(&text.place, format!("{other:?} is no class of domains"), did_you_mean(other, &CLASSES));
            }
            _ => condition.patterns.extend(pattern(text, faults)),
        }
    }
    let whole = |text: &Text<'_>| {
        text.parse(DomainPattern::public_suffix, "write a public suffix, like \"edu\" or \"gov.uk\"", faults)
    };
    condition.patterns.extend(suffixes.iter().filter_map(whole));
    Some(condition)
}
