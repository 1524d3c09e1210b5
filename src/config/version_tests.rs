//! When a policy has the version of another.

use super::tests::{plan, small};

const ACCESS: &str = r#"
[access]
default = { answer = "self-service" }
[[access.rules]]
name = "first"
when = { min_level = "V2", domain = ["example.com"] }
answer = "human"
queue = "help"
[[access.rules]]
name = "second"
when = { reason = ["billing"] }
answer = "self-service"
"#;

fn version(access: &str) -> String {
    plan(&(small() + access)).settings.calls.policy.version().to_string()
}

#[test]
fn the_version_is_that_of_the_rules_and_not_of_their_layout() {
    let plain = version(ACCESS);
    assert_eq!(plain.len(), 12);
    let other_layout = ACCESS.replace("[access]", "# what holds\n[access]").replace(
        "when = { min_level = \"V2\", domain = [\"example.com\"] }",
        "when.domain = [ \"example.com\" ]\nwhen.min_level = \"V2\"",
    );
    assert_eq!(version(&other_layout), plain);
    let elsewhere = plan(&(small().replace("english = 9", "english = 8") + ACCESS));
    assert_eq!(elsewhere.settings.calls.policy.version().to_string(), plain, "other sections are no policy");
    for (from, to) in [
        ("V2", "V3"),
        ("example.com", "example.net"),
        ("\"first\"", "\"1st\""),
        ("answer = \"human\"", "answer = \"human\"\npriority = 1"),
    ] {
        assert_ne!(version(&ACCESS.replace(from, to)), plain, "{from}");
    }
    assert_ne!(version(""), plain);
    let shadowed = ACCESS.replace("[access]", "[access]\nshadow = \"next.toml\"");
    let files = &mut |_: &str| Ok(std::sync::Arc::from(ACCESS.as_bytes()));
    let plan = super::read_with(&(small() + &shadowed), files, &[]).unwrap_or_else(|faults| panic!("{faults:?}"));
    let calls = plan.settings.calls;
    assert_eq!(calls.policy.version().to_string(), plain, "which shadow it has is no part of it");
    assert_eq!(calls.shadow.map(|shadow| shadow.version().to_string()), Some(plain));
}

#[test]
fn the_order_of_the_rules_makes_another_policy() {
    let rules: Vec<&str> = ACCESS.split("[[access.rules]]").collect();
    let turned = format!("{}[[access.rules]]{}[[access.rules]]{}", rules[0], rules[2], rules[1]);
    assert_ne!(version(&turned), version(ACCESS));
}
