//! Header rules, seen in the calls of their trunk.

use std::sync::Arc;

use super::header_rules::{FieldRules, HeaderRules};
use super::script::Bench;
use super::settings::Fallback;
use super::terms::TrunkTerms;
use crate::sip::api::{Carried, HeaderField, UserToUsers};

fn names(names: &[&str]) -> Vec<Arc<str>> {
    names.iter().map(|name| Arc::from(*name)).collect()
}

fn added(name: &str, value: &'static str) -> Vec<HeaderField> {
    vec![HeaderField::new(name, value)]
}

fn bench(headers: HeaderRules) -> Bench {
    let fallback = Fallback::Sip { uri: "sip:{dialled}@192.0.2.99".to_owned(), via: None };
    Bench::with_terms(fallback, TrunkTerms { headers, ..TrunkTerms::default() })
}

fn words(carried: &Carried) -> Vec<String> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let values = carried.user_to_users.0.iter().map(|value| text(value.expose()));
    let fields = carried.headers.iter().map(|field| format!("{}={}", field.name, text(field.value.expose())));
    values.chain(fields).collect()
}

fn dialled(bench: &Bench) -> Vec<String> {
    let dial = bench.dials.last().expect("a dialled leg");
    words(&Carried { user_to_users: dial.user_to_users.clone(), headers: dial.headers.clone() })
}

const UNKNOWN: &str = "
    > invite marked
    < find
    > found nobody
    < matched V0, fallback: unmatched, dial sip:+12015550123@192.0.2.99
";

const KNOWN: &str = "
    > invite marked
    < find
    > found ours
    < matched V2, enqueue help
    > offer 1
    < show anna V2
    > drawn 1
    < dial sip:anna@192.0.2.50
";

#[test]
fn the_invite_to_the_fallback_and_to_the_phone_has_what_the_rules_say() {
    let incoming = FieldRules { added: added("X-Tenant", "help"), ..FieldRules::default() };
    let outgoing =
        FieldRules { added: added("x-account", "ours"), removed: names(&["USER-TO-USER"]), ..FieldRules::default() };
    let rules = HeaderRules { incoming, outgoing, answer: FieldRules::default() };
    let mut fallback = bench(rules.clone());
    fallback.check(UNKNOWN);
    assert_eq!(dialled(&fallback), ["X-Tenant=help", "x-account=ours"], "what is added replaces what came");
    let mut phone = bench(rules);
    phone.check(KNOWN);
    assert_eq!(
        dialled(&phone),
        ["6869;encoding=hex", "X-Account=\"7\" \u{fffd}", "X-Tenant=help"],
        "a phone is no trunk"
    );
}

#[test]
fn what_is_removed_goes_to_nobody() {
    let incoming = FieldRules { removed: names(&["User-to-User"]), ..FieldRules::default() };
    let mut phone = bench(HeaderRules { incoming, ..HeaderRules::default() });
    phone.check(KNOWN);
    assert_eq!(dialled(&phone), ["X-Account=\"7\" \u{fffd}"]);
}

#[test]
fn the_answer_carries_what_is_added_and_what_the_far_side_said() {
    let answer = FieldRules {
        copied: names(&["X-Ticket"]).into(),
        added: added("X-Node", "a"),
        removed: names(&["User-to-User"]),
    };
    let mut bench = bench(HeaderRules { answer, ..HeaderRules::default() });
    bench.check(&UNKNOWN.replace("< find", "< carry to caller, find"));
    assert_eq!(bench.dials[0].copied[..], names(&["X-Ticket"])[..], "the endpoint is told what to read");
    assert_eq!(bench.carried.iter().map(words).collect::<Vec<_>>(), [["X-Node=a"]], "whatever the answer is");
    bench
        .check("> far ticket\n < carry to caller\n > far answers\n < far hears the other, caller hears the other, 200");
    assert_eq!(words(&bench.carried[1]), ["X-Ticket=9", "X-Node=a"]);
    bench.check("> far data");
    bench.check("> caller data\n < carry to far");
    assert_eq!(words(&bench.carried[2]), ["6869;encoding=hex"], "in the BYE to the far side nothing is removed");
}

#[test]
fn rules_without_a_match_change_nothing() {
    let carried = Carried { user_to_users: UserToUsers::of([&b"hi"[..]]), headers: added("X-A", "1") };
    assert_eq!(FieldRules::default().apply(carried.clone()), carried);
    let other = FieldRules { removed: names(&["X-B"]), ..FieldRules::default() };
    assert_eq!(other.filter(carried.clone()), carried);
}
