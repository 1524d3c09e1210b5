//! `headers`: which header fields go on from a trunk and to it.

use std::sync::Arc;

use crate::base::limits::{HEADER_NAME_MAX, HEADER_RULES_MAX, HEADER_VALUE_MAX};
use crate::calls::header_rules::{FieldRules, HeaderRules};
use crate::sip::api::HeaderField;
use crate::sip::wire::HeaderName;

use super::fault::Faults;
use super::tree::{Item, Section, Text};

const REMEDY: &str =
    "write { copy = \"X-Account\" }, { add = \"X-Tenant\", value = \"help\" } or { remove = \"User-to-User\" }";

/// What SIP itself lives on; we write them, each for its own message.
const OURS: [HeaderName<'static>; 44] = [
    HeaderName::ACCEPT,
    HeaderName::ACCEPT_ENCODING,
    HeaderName::ACCEPT_LANGUAGE,
    HeaderName::ALLOW,
    HeaderName::ALLOW_EVENTS,
    HeaderName::AUTHENTICATION_INFO,
    HeaderName::AUTHORIZATION,
    HeaderName::CALL_ID,
    HeaderName::CONTACT,
    HeaderName::CONTENT_DISPOSITION,
    HeaderName::CONTENT_ENCODING,
    HeaderName::CONTENT_LANGUAGE,
    HeaderName::CONTENT_LENGTH,
    HeaderName::CONTENT_TYPE,
    HeaderName::CSEQ,
    HeaderName::EVENT,
    HeaderName::EXPIRES,
    HeaderName::FROM,
    HeaderName::MAX_FORWARDS,
    HeaderName::MIME_VERSION,
    HeaderName::MIN_EXPIRES,
    HeaderName::MIN_SE,
    HeaderName::PATH,
    HeaderName::PROXY_AUTHENTICATE,
    HeaderName::PROXY_AUTHORIZATION,
    HeaderName::PROXY_REQUIRE,
    HeaderName::RACK,
    HeaderName::REASON,
    HeaderName::RECORD_ROUTE,
    HeaderName::REFER_TO,
    HeaderName::REPLACES,
    HeaderName::REQUIRE,
    HeaderName::RETRY_AFTER,
    HeaderName::ROUTE,
    HeaderName::RSEQ,
    HeaderName::SESSION_EXPIRES,
    HeaderName::SUBSCRIPTION_STATE,
    HeaderName::SUPPORTED,
    HeaderName::TIMESTAMP,
    HeaderName::TO,
    HeaderName::UNSUPPORTED,
    HeaderName::VIA,
    HeaderName::WARNING,
    HeaderName::WWW_AUTHENTICATE,
];

/// The like that our tables do not have.
const OURS_BESIDES: [&str; 8] = [
    "Flow-Timer",
    "Info-Package",
    "Join",
    "Recv-Info",
    "Refer-Sub",
    "Security-Verify",
    "Service-Route",
    "Target-Dialog",
];

/// They say who the caller is, who may not want it; what a trunk asserts goes to those who may hear it.
const NAMING: [HeaderName<'static>; 6] = [
    HeaderName::IDENTITY,
    HeaderName::P_ASSERTED_IDENTITY,
    HeaderName::P_PREFERRED_IDENTITY,
    HeaderName::PRIVACY,
    HeaderName::REMOTE_PARTY_ID,
    HeaderName::REPLY_TO,
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum On {
    Incoming,
    Outgoing,
    Answer,
}

const WORDS: [(&str, On); 3] = [("in", On::Incoming), ("out", On::Outgoing), ("answer", On::Answer)];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verb {
    Copy,
    Add,
    Remove,
}

struct Rule {
    verb: Verb,
    on: On,
    name: Arc<str>,
    /// Of `add`.
    value: String,
}

pub(super) fn read(section: &mut Section<'_>, faults: &mut Faults<'_>) -> HeaderRules {
    let Some(item) = section.item("headers") else { return HeaderRules::default() };
    let items = item.elements(faults);
    if items.len() > HEADER_RULES_MAX {
        faults.add(&item.place, "has too many rules", format!("write at most {HEADER_RULES_MAX}"));
    }
    let mut rules: Vec<Rule> = Vec::new();
    for item in &items {
        let Some(rule) = rule(item, faults) else { continue };
        if rules.iter().any(|other| other.on == rule.on && other.name.eq_ignore_ascii_case(&rule.name)) {
            let what = format!("is a second rule for {} in the same messages", rule.name);
            faults.add(&item.place, what, "leave one of them out; what is added replaces what came");
        }
        rules.push(rule);
    }
    HeaderRules {
        incoming: fields(&rules, On::Incoming),
        outgoing: fields(&rules, On::Outgoing),
        answer: fields(&rules, On::Answer),
    }
}

fn fields(rules: &[Rule], on: On) -> FieldRules {
    let of = |verb| rules.iter().filter(move |rule| rule.on == on && rule.verb == verb);
    FieldRules {
        copied: of(Verb::Copy).map(|rule| rule.name.clone()).collect(),
        added: of(Verb::Add).map(|rule| HeaderField::new(&rule.name, rule.value.clone())).collect(),
        removed: of(Verb::Remove).map(|rule| rule.name.clone()).collect(),
    }
}

fn rule(item: &Item<'_>, faults: &mut Faults<'_>) -> Option<Rule> {
    let mut section = item.section(faults)?;
    let mut verbs = Vec::new();
    for (key, verb) in [("copy", Verb::Copy), ("add", Verb::Add), ("remove", Verb::Remove)] {
        verbs.extend(section.item(key).map(|item| (verb, item)));
    }
    let on = section.text("on", faults).map_or(Some(On::Incoming), |text| text.word(&WORDS, faults));
    let is_added = verbs.iter().any(|(verb, _)| *verb == Verb::Add);
    let value = value(&mut section, is_added, faults);
    section.finish(faults);
    let [(verb, name)] = &verbs[..] else {
        faults.add(&item.place, "must have one of copy, add and remove", REMEDY);
        return None;
    };
    let text = name.text(faults)?;
    let name = name_of(&text, *verb, faults)?;
    if (*verb, on) == (Verb::Copy, Some(On::Outgoing)) {
        let remedy = "write the rule at the trunk that the call comes from, without on";
        faults.add(&text.place, "cannot be copied from an INVITE of ours", remedy);
        return None;
    }
    Some(Rule { verb: *verb, on: on?, name, value: value? })
}

/// The value of `add`; empty for the other verbs.
fn value(section: &mut Section<'_>, is_added: bool, faults: &mut Faults<'_>) -> Option<String> {
    if !is_added {
        let given = section.item("value");
        if let Some(item) = &given {
            faults.add(&item.place, "is a value of no field that is added", REMEDY);
        }
        return given.is_none().then(String::new);
    }
    let text = section.required("value", REMEDY, faults)?.text(faults)?;
    let value = text.value.trim();
    let is_line = !value.is_empty() && value.len() <= HEADER_VALUE_MAX && !value.chars().any(char::is_control);
    if !is_line {
        let remedy = format!("write one line of up to {HEADER_VALUE_MAX} bytes");
        faults.add(&text.place, "is no value of a header field", remedy);
    }
    is_line.then(|| value.to_owned())
}

/// The full name, if a rule may touch it.
fn name_of(text: &Text<'_>, verb: Verb, faults: &mut Faults<'_>) -> Option<Arc<str>> {
    let name = HeaderName::from(text.value);
    let (what, remedy) = if !name.is_token() || text.value.len() > HEADER_NAME_MAX {
        ("is no name of a header field", "write a name like \"X-Account\", without a colon")
    } else if OURS.contains(&name) || OURS_BESIDES.iter().any(|ours| HeaderName::from(*ours) == name) {
        ("is written by Throughline itself", "leave the rule out; SIP would break if it were touched")
    } else if NAMING.contains(&name) {
        (
            "says who the caller is",
            "leave the rule out; from a trunk with trusted = true it goes to those who may hear it",
        )
    } else if verb == Verb::Copy && name == HeaderName::USER_TO_USER {
        ("is passed on without a rule", "leave the rule out")
    } else {
        return Some(String::from_utf8_lossy(name.as_bytes()).into());
    };
    faults.add(&text.place, format!("{:?} {what}", text.value), remedy);
    None
}
