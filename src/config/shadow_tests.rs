//! The second policy file: what it may name, and how its faults are said.

use std::sync::Arc;

use super::tests::small;
use super::*;
use crate::access::Facts;
use crate::base::{Level, TrunkId, Wall};

const MAIN: &str = "[access]\nshadow = \"next.toml\"\n";
const NEXT: &str = r#"# The rules of next month.
[sip]
bind = "is not looked at"
[access]
default = { answer = "refuse", status = 480 }
[[access.rules]]
name = "strong"
when = { min_level = "V2" }
answer = "human"
queue = "help"
"#;

fn with(next: &str) -> Result<Plan, Vec<Fault>> {
    let files = &mut |name: &str| match name {
        "next.toml" => Ok(Arc::from(next.as_bytes())),
        _ => Err("there is no such file".to_owned()),
    };
    read_with(&(small() + MAIN), files, &[])
}

#[test]
fn the_shadow_has_rules_of_its_own() {
    let plan = with(NEXT).unwrap_or_else(|faults| panic!("{faults:?}"));
    let calls = &plan.settings.calls;
    let shadow = calls.shadow.as_ref().expect("a shadow");
    assert_ne!(shadow.version(), calls.policy.version());
    let trunk = TrunkId::new("pbx");
    let facts = Facts { level: Level::Strong, ..Facts::of_nobody(&trunk, Wall(0)) };
    assert_eq!((&*calls.policy.decide(&facts).rule, &*shadow.decide(&facts).rule), ("recognised", "strong"));
    assert!(read(&small()).is_ok_and(|plan| plan.settings.calls.shadow.is_none()));
}

#[test]
fn its_faults_are_named_with_their_line_in_it() {
    let said = |next: &str| -> Vec<String> {
        let faults = with(next).err().unwrap_or_default();
        let line = 1 + small().matches('\n').count() + 1;
        assert!(faults.iter().all(|fault| fault.line == line && fault.key == "access.shadow"), "{faults:?}");
        faults.into_iter().map(|fault| fault.what).collect()
    };
    let two = NEXT.replace("queue = \"help\"", "queue = \"hlep\"").replace("V2", "V9");
    let said_of_two = said(&two);
    assert_eq!(said_of_two.len(), 2, "{said_of_two:?}");
    assert!(said_of_two[0].starts_with("\"next.toml\", line 8: access.rules[0].when.min_level: "), "{said_of_two:?}");
    assert!(said_of_two[1].starts_with("\"next.toml\", line 10: access.rules[0].queue: "), "{said_of_two:?}");
    for (next, what) in [
        ("[access", "not TOML"),
        ("[sip]\n", "has no [access]"),
        ("[access]\nshadow = \"again.toml\"\n", "a shadow has no shadow"),
        ("[access]\nruels = []\n", "ruels"),
    ] {
        let said = said(next);
        assert!(said.len() == 1 && said[0].contains(what), "{next}: {said:?}");
    }
}

/// As of the policy that holds: rules that are never reached, files with wrong lines, and what is no fault.
#[test]
fn whatever_is_said_of_a_policy_is_said_of_its_shadow() {
    let wide = "[[access.rules]]\nname = \"all\"\nanswer = \"human\"\nqueue = \"help\"\n";
    let before = NEXT.replacen("[[access.rules]]", &format!("{wide}[[access.rules]]"), 1);
    let faults = with(&before).err().unwrap_or_default();
    assert_eq!(faults.len(), 1, "{faults:?}");
    let what =
        "\"next.toml\", line 11: access.rules[1].name: is never reached: \"all\" on line 7 takes all its callers";
    assert_eq!(faults[0].what, what);

    let unused = "[[access.tiers]]\nname = \"gold\"\n";
    let plan = with(&format!("{NEXT}{unused}")).unwrap_or_else(|faults| panic!("{faults:?}"));
    let said: Vec<String> = plan.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("access.shadow: \"next.toml\", line 12: access.tiers[0].name: no rule asks"), "{said:?}");
    assert!(!plan.warnings[0].remedy.is_empty());

    let files = &mut |name: &str| match name {
        "next.toml" => Ok(Arc::from(
            format!("{NEXT}{unused}").replace("[access]", "[access]\ndomains_csv = \"domains.csv\"").as_bytes(),
        )),
        _ => Ok(Arc::from("shop.example.com,gold\nnonsense\n".as_bytes())),
    };
    let faults = read_with(&(small() + MAIN), files, &[]).err().unwrap_or_default();
    assert_eq!(faults.len(), 1, "{faults:?}");
    let what = "\"next.toml\": access.domains_csv: domains.csv, line 2: is not two values with a comma between them";
    assert_eq!((faults[0].key.as_str(), faults[0].what.as_str()), ("access.shadow", what));

    let recorded = with(&format!("{NEXT}record = true\n")).err().unwrap_or_default();
    assert_eq!(recorded.len(), 1, "{recorded:?}");
    assert!(
        recorded[0].what.starts_with("\"next.toml\", line 11: access.rules[0].record: asks for recordings"),
        "{recorded:?}"
    );

    let asked = NEXT.replace("answer = \"human\"", "answer = \"callback\"");
    let told = with(&asked).unwrap_or_else(|faults| panic!("{faults:?}")).settings.calls.warnings();
    assert!(told.len() == 1 && told[0].starts_with("access.shadow: "), "{told:?}");
}

#[test]
fn a_file_that_is_not_there_is_said() {
    let faults = read(&(small() + MAIN)).err().unwrap_or_default();
    assert!(
        faults.len() == 1
            && faults[0].key == "access.shadow"
            && faults[0].what.contains("next.toml\": it was not read"),
        "{faults:?}"
    );
}
