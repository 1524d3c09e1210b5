//! What the configuration says of callbacks.

use super::read;
use super::tests::{plan, small};

const TRUNK: &str = "networks = [\"192.0.2.20\"]";

/// The small configuration, with gateways and this section.
fn with(section: &str) -> String {
    let gateways = format!("{TRUNK}\ngateways = [{{ uri = \"sip:192.0.2.20\" }}]");
    format!("{}\n[callback]\n{section}\n", small().replacen(TRUNK, &gateways, 1))
}

pub fn usual(more: &str) -> String {
    let name = small().split("[[trunks]]").nth(1).and_then(|text| text.split('"').nth(1)).map(str::to_owned).unwrap();
    with(&format!("trunk = \"{name}\"\nfrom = \"+12015550100\"\nallow = [\"US\", \"+4930\"]\n{more}"))
}

#[test]
fn a_callback_has_its_usual_terms() {
    assert!(plan(&small()).settings.calls.callback.is_none());
    let plan = plan(&usual("")).settings.calls.callback.unwrap();
    assert_eq!((plan.most.tries, plan.again.otherwise.as_secs(), plan.kept.as_secs()), (3, 600, 86_400));
    assert_eq!(plan.hours, ["mon-sat 09:00-20:00"]);
}

#[test]
fn each_fault_of_a_callback_is_named() {
    for (bad, key, remedy) in [
        ("deny = [\"1900\"]", "callback.deny[0]", "write it like \"+1900\""),
        ("hours = [\"always\"]", "callback.hours", "write them like"),
        ("zone = \"Mars\"", "callback.zone", "write it like \"Europe/Berlin\""),
        ("tries = 0", "callback.tries", "from 1 to 10"),
        ("again_after_s = 5", "callback.again_after_s", "from 60"),
    ] {
        said(&usual(bad), key, remedy);
    }
    said(&with("allow = [\"XX\"]"), "callback.allow[0]", "write regions");
    said(&with("allow = [\"US\"]"), "callback.trunk", "write the trunk");
    said(&usual("").replacen("gateways = ", "# gateways = ", 1), "callback.trunk", "add [[trunks.gateways]]");
}

#[test]
fn the_next_try_is_by_what_became_of_the_last() {
    let again = |more: &str| {
        let again = plan(&usual(more)).settings.calls.callback.unwrap().again;
        (again.busy.as_secs(), again.not_reached.as_secs(), again.otherwise.as_secs())
    };
    assert_eq!(again("again_after_s = 900\n"), (900, 900, 900));
    assert_eq!(again("busy_again_after_s = 120\nnot_reached_again_after_s = 7200\n"), (120, 7200, 600));
    said(&usual("busy_again_after_s = 5"), "callback.busy_again_after_s", "from 60");
}

#[test]
fn callers_by_telephone_are_asked_with_a_key() {
    let phone = |more: &str| usual(&format!("[callback.phone]\n{more}"));
    let files = "question = \"press.wav\"\npromised = [\"we-call.wav\"]\n";
    let asked = |text: &str| plan(text).settings.calls.callback.unwrap().by_phone.clone().unwrap();
    let usual = asked(&phone(files));
    assert_eq!((usual.key, usual.question.len(), usual.queues), ('1', 1, None));
    assert!(usual.noted.is_empty(), "which is not needed");
    assert_eq!(asked(&phone(&format!("{files}noted = \"moment.wav\""))).noted.len(), 1);
    let spoken = format!("{}[prompts]\nfolder = \"prompts\"\nlanguages = [\"en\"]\n", phone("key = \"3\"\n"));
    assert_eq!((asked(&spoken).key, asked(&spoken).question.len()), ('3', 0));
    said(&phone(""), "callback.phone.question", "name a file");
    said(&phone(&format!("{files}key = \"*\"")), "callback.phone.key", "choose one from");
    said(&phone(&format!("{files}queues = [\"nowhere\"]")), "callback.phone.queues", "");
}

#[test]
fn a_trunk_has_a_language_of_its_own_if_it_can_be_spoken() {
    let of_trunk = |text: &str| text.replacen(TRUNK, &format!("{TRUNK}\nlanguage = \"es\""), 1);
    let spoken = format!("{}\n[prompts]\nfolder = \"prompts\"\nlanguages = [\"en\", \"es\"]\n", small());
    let plan = plan(&of_trunk(&spoken));
    assert!(plan.settings.calls.trunks.values().any(|trunk| trunk.language.is_some()));
    said(&of_trunk(&small()), "language", "add it to languages under [prompts]");
}

#[test]
fn rules_that_nobody_on_the_telephone_can_follow_are_told() {
    let rule = "[[access.rules]]\nname = \"later\"\nanswer = \"callback\"\nqueue = \"help\"\n";
    let warnings = |text: &str| plan(text).settings.calls.warnings();
    assert!(warnings(&small()).is_empty());
    let told = warnings(&format!("{}\n{rule}", small()));
    assert!(told.len() == 1 && told[0].contains("[callback.phone]"), "{told:?}");
    let phone = "[callback.phone]\nquestion = \"press.wav\"\npromised = \"we-call.wav\"\n";
    assert!(warnings(&format!("{}\n{rule}", usual(phone))).is_empty());
}

fn said(text: &str, key: &str, remedy: &str) {
    let faults = read(text).err().unwrap_or_default();
    let all: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert!(all.iter().any(|fault| fault.contains(key) && fault.contains(remedy)), "{key}: {all:?}");
}
