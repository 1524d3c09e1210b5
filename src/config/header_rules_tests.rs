//! Header rules as they are written: what they mean, and each fault.

use super::tests::{check, plan, small};
use crate::base::TrunkId;
use crate::base::limits::{HEADER_NAME_MAX, HEADER_RULES_MAX, HEADER_VALUE_MAX};

const FALLBACK: &str = "fallback = { status = 503 }";

fn with(rules: &str) -> String {
    format!("{FALLBACK}\nheaders = [{rules}]")
}

fn names(names: &[std::sync::Arc<str>]) -> Vec<&str> {
    names.iter().map(|name| &**name).collect()
}

fn faulty(rule: &str, key: &str, what: &str) {
    check(FALLBACK, &with(rule), "headers", &format!("trunks[0].headers{key}"), what);
}

#[test]
fn each_rule_is_about_its_messages() {
    let text = small().replace(
        FALLBACK,
        &with(
            "{ copy = \"x-account\" }, { copy = \"s\", on = \"answer\" }, { add = \"X-Tenant\", value = \" h, \\\"é\\\" \" },
             { remove = \"user-to-user\", on = \"in\" }, { remove = \"X-Debug\", on = \"out\" },
             { add = \"X-Caller\", value = \"<sip:1@b>\", on = \"out\" }",
        ),
    );
    let plan = plan(&text);
    let rules = &plan.settings.calls.trunks[&TrunkId::new("pbx")].terms.headers;
    let added = |field: &crate::sip::api::HeaderField| {
        format!("{}={}", field.name, String::from_utf8_lossy(field.value.expose()))
    };
    assert_eq!(names(&rules.incoming.copied), ["x-account"]);
    assert_eq!(rules.incoming.added.iter().map(added).collect::<Vec<_>>(), ["X-Tenant=h, \"é\""]);
    assert_eq!(names(&rules.incoming.removed), ["User-to-User"]);
    assert_eq!(names(&rules.answer.copied), ["Subject"], "the compact form is the same name");
    assert_eq!(names(&rules.outgoing.removed), ["X-Debug"]);
    assert_eq!(rules.outgoing.added.iter().map(added).collect::<Vec<_>>(), ["X-Caller=<sip:1@b>"]);
    assert_eq!(plan.settings.endpoint.trunks[0].copied, rules.incoming.copied, "the endpoint reads what is copied");
}

#[test]
fn what_carries_sip_or_names_the_caller_is_out_of_reach() {
    for name in [
        "Via",
        "v",
        "From",
        "f",
        "To",
        "Call-ID",
        "i",
        "CSeq",
        "Contact",
        "m",
        "Route",
        "record-route",
        "Max-Forwards",
        "Content-Type",
        "c",
        "Content-Length",
        "Require",
        "Supported",
        "k",
        "Allow",
        "Authorization",
        "Session-Expires",
        "x",
        "Min-SE",
        "RSeq",
        "RAck",
        "Reason",
        "Warning",
        "Replaces",
        "Refer-Sub",
        "recv-info",
    ] {
        for rule in ["{ copy = N }", "{ add = N, value = \"1\" }", "{ remove = N, on = \"answer\" }"] {
            let verb = rule.split_whitespace().nth(1).expect("a verb");
            let rule = rule.replace('N', &format!("{name:?}"));
            faulty(&rule, &format!("[0].{verb}"), "written by Throughline itself");
        }
    }
    for name in ["P-Asserted-Identity", "Remote-Party-ID", "Privacy", "Identity", "y"] {
        faulty(&format!("{{ copy = {name:?} }}"), "[0].copy", "says who the caller is");
        faulty(&format!("{{ add = {name:?}, value = \"1\" }}"), "[0].add", "says who the caller is");
    }
}

#[test]
fn every_fault_has_its_line() {
    for (rule, key, what) in [
        ("{ copy = \"X Account\" }", "[0].copy", "no name of a header field"),
        ("{ copy = \"X-Account:\" }", "[0].copy", "without a colon"),
        ("{ copy = \"\" }", "[0].copy", "no name of a header field"),
        ("{ copy = \"User-to-User\" }", "[0].copy", "passed on without a rule"),
        ("{ copy = \"X-A\", on = \"out\" }", "[0].copy", "an INVITE of ours"),
        ("{ copy = \"X-A\", on = \"answr\" }", "[0].on", "did you mean \"answer\""),
        ("{ copy = \"X-A\", remove = \"X-B\" }", "[0]", "one of copy, add and remove"),
        ("{ on = \"in\" }", "[0]", "one of copy, add and remove"),
        ("{ copy = \"X-A\", value = \"1\" }", "[0].value", "no field that is added"),
        ("{ add = \"X-A\" }", "[0].value", "is missing"),
        ("{ add = \"X-A\", value = \"\" }", "[0].value", "one line"),
        ("{ add = \"X-A\", value = \"1\\r\\nX-B: 2\" }", "[0].value", "one line"),
        ("{ add = \"X-A\", value = \"1\\u0000\" }", "[0].value", "one line"),
        ("{ copy = 1 }", "[0].copy", "a text in quotes"),
        ("{ copy = \"X-A\", into = \"X-B\" }", "[0].into", "no key that belongs here"),
        ("{ copy = \"X-A\" }, { remove = \"x-a\" }", "[1]", "a second rule for x-a"),
        ("1", "[0]", "a table"),
    ] {
        faulty(rule, key, what);
    }
    faulty(&format!("{{ add = \"X-A\", value = \"{}\" }}", "1".repeat(HEADER_VALUE_MAX + 1)), "[0].value", "one line");
    faulty(&format!("{{ remove = \"{}\" }}", "X".repeat(HEADER_NAME_MAX + 1)), "[0].remove", "no name");
    let many: Vec<String> = (0..=HEADER_RULES_MAX).map(|nth| format!("{{ copy = \"X-{nth}\" }}")).collect();
    faulty(&many.join(", "), "", "too many rules");
    check(FALLBACK, &format!("{FALLBACK}\nheaders = 1"), "headers", "trunks[0].headers", "a list in brackets");
}
