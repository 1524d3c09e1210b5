//! What `[access]` names and no rule asks for. Nothing is wrong with it, but somebody meant something by it.

use std::sync::Arc;

use crate::access::{DomainCondition, PolicySetup, Torn, TwoTiers};

use super::access_files::Calendars;
use super::fault::{Faults, Place};
use super::tree::Section;

/// A warning for each; none while there are faults, which may have taken a rule away.
pub(super) fn warn(access: &mut Section<'_>, setup: &PolicySetup, calendars: &Calendars, faults: &mut Faults<'_>) {
    if faults.is_empty() {
        tiers(access, setup, faults);
        holidays(access, calendars, faults);
        targets(access, setup, faults);
        classes(access, setup, faults);
    }
}

/// Rules that are for callbacks alone, where nobody is called back.
pub(super) fn warn_of_channels(top: &mut Section<'_>, faults: &mut Faults<'_>) {
    let mut said = faults.scratch();
    if !faults.is_empty() || top.section("callback", &mut said).is_given() {
        return;
    }
    let mut access = top.section("access", &mut said);
    for mut rule in access.sections("rules", &mut said) {
        let channels = rule.section("when", &mut said).texts("channel", &mut said);
        if let [only] = channels.as_slice()
            && only.value == "callback"
        {
            let what = "no call ever comes by this channel without [callback]";
            faults.warn(&only.place, what, "add [callback], or take the rule out");
        }
    }
}

/// Domains of two tiers, of which the earlier counts for nothing.
pub(super) fn warn_of_torn(torn: &Torn, lists: &Place, faults: &mut Faults<'_>) {
    for TwoTiers { domain, first, then } in &torn.named {
        let what =
            format!("{domain:?} is in the tier {:?} and later in {:?}, which stands", first.as_str(), then.as_str());
        faults.warn(lists, what, "leave it in one of them");
    }
    if let more @ 1.. = torn.count - torn.named.len() {
        faults.warn(lists, format!("{more} more domains are in two tiers"), "leave each in one of them");
    }
}

fn tiers(access: &mut Section<'_>, setup: &PolicySetup, faults: &mut Faults<'_>) {
    let mut said = faults.scratch();
    for mut tier in access.sections("tiers", &mut said) {
        let Some(name) = tier.text("name", &mut said) else { continue };
        let is_asked = setup.rules.iter().any(|rule| rule.when.tiers.iter().any(|tier| tier.as_str() == name.value));
        if !is_asked {
            let what = format!("no rule asks for the tier {:?}", name.value);
            faults.warn(
                &name.place,
                what,
                format!("write when = {{ tier = {:?} }} in a rule, or take it out", name.value),
            );
        }
    }
}

fn holidays(access: &mut Section<'_>, calendars: &Calendars, faults: &mut Faults<'_>) {
    for (name, item) in access.section("holidays", &mut faults.scratch()).entries() {
        // The hours of a rule hold theirs.
        if calendars.get(name).is_some_and(|days| Arc::strong_count(days) == 1) {
            let remedy = format!("write except = {name:?} or on = {name:?} in the hours of a rule, or take it out");
            faults.warn(&item.place, "no rule's hours name these holidays", remedy);
        }
    }
}

fn targets(access: &mut Section<'_>, setup: &PolicySetup, faults: &mut Faults<'_>) {
    let named = || setup.rules.iter().filter_map(|rule| rule.notify.as_deref()).chain(setup.default_notify.as_deref());
    for (name, item) in access.section("notify", &mut faults.scratch()).entries() {
        if !named().any(|named| named == name) {
            let remedy = format!("write notify = {name:?} in a rule or under [access.default], or take it out");
            faults.warn(&item.place, "no rule tells this target of its calls", remedy);
        }
    }
}

fn classes(access: &mut Section<'_>, setup: &PolicySetup, faults: &mut Faults<'_>) {
    let domains = || setup.rules.iter().filter_map(|rule| rule.when.domain.as_ref());
    let knows_free_mail = |domain: &DomainCondition| domain.free_mail || domain.unknown || domain.look_alike;
    let asked = [
        ("protected", domains().any(|domain| domain.look_alike), "look-alike"),
        ("free_mail", domains().any(knows_free_mail), "free-mail"),
    ];
    for (key, _, class) in asked.into_iter().filter(|(_, is_asked, _)| !is_asked) {
        if let Some(item) = access.item(key) {
            let remedy = format!("write when = {{ domain = {class:?} }} in a rule, or take it out");
            faults.warn(&item.place, format!("no rule asks for {class} domains"), remedy);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::callback_tests::usual;
    use crate::config::tests::{plan, small};

    fn warnings(access: &str) -> Vec<String> {
        let plan = plan(&format!("{}{access}", small()));
        plan.warnings.iter().map(|warning| format!("{}: {}", warning.key, warning.what)).collect()
    }

    const NAMED: &str = r#"
[access]
free_mail = ["mail.example"]
protected = ["example.com"]
[[access.tiers]]
name = "gold"
domains = ["gold.example"]
[access.holidays.de]
dates = ["2026-12-25"]
[access.notify.team]
url = "https://crm.example.com/x"
secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
"#;

    #[test]
    fn what_no_rule_asks_for_is_named_with_its_line_and_a_remedy() {
        assert_eq!(
            warnings(NAMED),
            [
                "access.free_mail: no rule asks for free-mail domains",
                "access.protected: no rule asks for look-alike domains",
                "access.tiers[0].name: no rule asks for the tier \"gold\"",
                "access.holidays.de: no rule's hours name these holidays",
                "access.notify.team: no rule tells this target of its calls",
            ]
        );
        let plan = plan(&format!("{}{NAMED}", small()));
        let first = plan.warnings.first().expect("a warning");
        assert_eq!(first.line, small().lines().count() + 3);
        assert!(plan.warnings.iter().all(|warning| !warning.remedy.is_empty()));
    }

    #[test]
    fn callbacks_of_which_nobody_makes_any_are_named() {
        let rules = r#"
[[access.rules]]
name = "one"
when = { channel = "callback", min_level = "V1" }
answer = "human"
[[access.rules]]
name = "two"
when = { channel = ["phone", "callback"], min_level = "V2" }
answer = "human"
"#;
        let said = "access.rules[0].when.channel: no call ever comes by this channel without [callback]";
        assert_eq!(warnings(rules), [said]);
        let made = usual(rules);
        assert_eq!(plan(&made).warnings.len(), 0);
    }

    #[test]
    fn what_is_asked_for_is_not() {
        let rules = r#"
[[access.rules]]
name = "one"
when = { tier = "gold", hours = { zone = "UTC", on = "de" } }
answer = "self-service"
notify = "team"
[[access.rules]]
name = "two"
when = { domain = "look-alike" }
answer = "self-service"
"#;
        assert_eq!(warnings(&format!("{NAMED}{rules}")), Vec::<String>::new());
        assert_eq!(warnings(""), Vec::<String>::new());
    }
}
