//! Rules and queues that nobody ever comes to, each named with its line and a remedy, beside whatever else is wrong.

use super::read;
use super::tests::small;

/// Key and beginning of each fault; every one has a remedy.
fn faults(text: &str) -> Vec<(String, String)> {
    let faults = read(text).map(|_| Vec::new()).unwrap_or_else(|faults| faults);
    assert!(faults.iter().all(|fault| !fault.remedy.is_empty() && fault.line > 1), "{faults:?}");
    faults.into_iter().map(|fault| (fault.key, fault.what)).collect()
}

fn rule(name: &str, when: &str) -> String {
    format!("[[access.rules]]\nname = \"{name}\"\nwhen = {{ {when} }}\nanswer = \"self-service\"\n")
}

fn of_rules(whens: &[&str]) -> Vec<(String, String)> {
    let rules: String = whens.iter().enumerate().map(|(n, when)| rule(&format!("r{n}"), when)).collect();
    faults(&format!("{}{rules}", small()))
}

#[test]
fn rules_that_take_all_callers_together_are_all_named() {
    let found = of_rules(&["channel = [\"phone\", \"callback\"]", "channel = \"browser\"", "min_level = \"V2\""]);
    let line = |name: &str| {
        let text = format!("{}{}{}", small(), rule("r0", "channel = \"phone\""), rule("r1", "channel = \"browser\""));
        text.lines().position(|one| one == format!("name = \"{name}\"")).map_or(0, |at| at + 1)
    };
    let what = format!(
        "is never reached: together \"r0\" on line {} and \"r1\" on line {} take all its callers",
        line("r0"),
        line("r1")
    );
    assert_eq!(found, [("access.rules[2].name".to_owned(), what)]);
    assert_eq!(of_rules(&["channel = \"phone\"", "channel = \"browser\"", "min_level = \"V2\""]), []);
}

#[test]
fn what_nobody_ever_is_is_a_fault() {
    for (when, key, what) in [
        ("load = [{ min_free = 3 }, { max_free = 1 }]", "when.load[1]", "contradicts what is asked of queue \"help\""),
        ("trunk = \"pbx\", channel = \"browser\"", "when.trunk", "and the channel are never met together"),
        ("trunk = \"pbx\", channel = []", "when.channel", "is an empty list"),
        ("tier = []", "when.tier", "is an empty list"),
        ("domain = []", "when.domain", "is an empty list"),
        ("keywords = []", "when.keywords", "has no keyword in it"),
    ] {
        let found = of_rules(&[when]);
        assert_eq!(found.len(), 1, "{when}: {found:?}");
        assert!(found[0].0 == format!("access.rules[0].{key}") && found[0].1.starts_with(what), "{found:?}");
    }
    for when in [
        "load = [{ min_free = 1 }, { max_free = 3 }]",
        "trunk = \"pbx\", channel = [\"browser\", \"phone\"]",
        "trunk = \"(web)\", channel = \"browser\"",
    ] {
        let web = format!("[web]\nfallback = {{ status = 503 }}\n{}", rule("r", when));
        assert_eq!(faults(&format!("{}{web}", small())), [], "{when}");
    }
}

/// A slip elsewhere hides none of them.
#[test]
fn a_queue_that_nobody_can_serve_is_named_beside_what_else_is_wrong() {
    let queues = "[[queues]]\nname = \"two\"\nrequires = { english = 10 }\n\
                  [[queues]]\nname = \"three\"\nrequires = { inglish = 1 }\n";
    let rules = rule("r0", "") + &rule("r1", "min_level = \"V2\"");
    let found = faults(&format!("{}{queues}{rules}", small().replace("default_queue", "# default_queue")));
    let keys: Vec<&str> = found.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(keys, ["queues[1].name", "queues[2].requires.inglish", "access.rules[1].name"], "{found:?}");
}
