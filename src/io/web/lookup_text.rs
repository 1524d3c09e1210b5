//! A look-up's answer for dial plans that read no JSON: the same keys in every answer, an empty value where there is nothing.

use super::lookup_bodies::{MatchAnswer, MatchedIntent};

/// A line `KEY=value` for each key. No value holds a line break.
pub(super) fn lines(answer: &MatchAnswer) -> String {
    pairs(answer).iter().map(|(key, value)| format!("{key}={}\n", plain(value))).collect()
}

/// `KEY=value&KEY=value`, each value escaped (application/x-www-form-urlencoded).
pub(super) fn escaped(answer: &MatchAnswer) -> String {
    let pair = |(key, value): &(&str, String)| format!("{key}={}", percent(&plain(value)));
    pairs(answer).iter().map(pair).collect::<Vec<_>>().join("&")
}

fn pairs(answer: &MatchAnswer) -> [(&'static str, String); 20] {
    let access = &answer.access;
    let of = |value: fn(&MatchedIntent) -> Option<String>| answer.intent.as_ref().and_then(value).unwrap_or_default();
    [
        ("LEVEL", answer.level.to_owned()),
        ("ANSWER", access.answer.to_owned()),
        ("RULE", access.rule.clone()),
        ("REASON", access.reason.clone()),
        ("QUEUE", access.queue.clone().unwrap_or_default()),
        ("PRIORITY", number(access.priority)),
        ("CEILING", number(access.ceiling_s)),
        ("THEN", access.then.unwrap_or_default().to_owned()),
        ("STATUS", number(access.status)),
        ("ANNOUNCEMENT", access.announcement.clone().unwrap_or_default()),
        ("INTENT", of(|intent| Some(intent.id.clone()))),
        ("CATEGORY", of(|intent| Some(intent.reason.category().to_owned()))),
        ("SUBCATEGORY", of(|intent| intent.reason.sub_category().map(str::to_owned))),
        ("LANGUAGE", of(|intent| Some(intent.language.clone()))),
        ("URGENCY", of(|intent| Some(intent.urgency.to_owned()))),
        ("TIER", of(|intent| intent.tier.clone())),
        ("AGENT", of(|intent| intent.preferred_agent.clone().or(intent.last_agent.clone()))),
        ("EXTENSION", of(|intent| intent.extension.clone())),
        ("CONTACT", of(|intent| intent.contact.clone())),
        ("UUI", of(|intent| Some(intent.user_to_user.clone()))),
    ]
}

fn number(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// Without what would begin another line.
fn plain(value: &str) -> String {
    value.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn percent(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_add_a_line_or_a_key() {
        assert_eq!(plain("one\r\nANSWER=human"), "one  ANSWER=human");
        assert_eq!(percent("a&b=c d\u{e9}"), "a%26b%3Dc%20d%C3%A9");
    }
}
