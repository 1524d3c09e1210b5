//! Lists of domains and holidays: what they come to, and every line that is wrong.

use super::tests::small;
use super::*;
use crate::access::Facts;
use crate::base::{TierId, TrunkId, Wall};
use crate::engine::{ConfigSource, SourceFile};

const ACCESS: &str = r#"
[access]
domains_csv = "domains.csv"
[access.holidays.us]
ical = "holidays.ics"
dates = ["2026-11-27"]
[[access.tiers]]
name = "gold"
[[access.tiers]]
name = "iron"
[[access.rules]]
name = "closed"
when = { hours = { zone = "America/New_York", on = "us" } }
answer = "refuse"
[[access.rules]]
name = "gold"
when = { tier = "gold", hours = { zone = "America/New_York", open = ["mon-fri 08:00-18:00"], except = "us" } }
answer = "human"
"#;
const CALENDAR: &str = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20241128\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH\nEND:VEVENT\nEND:VCALENDAR\n";

fn read(domains: &str, calendar: &str) -> Result<Plan, Vec<String>> {
    let file = |name: &str, text: &str| (name.to_owned(), SourceFile::new(text.as_bytes().into()));
    let files = [file("domains.csv", domains), file("holidays.ics", calendar)].into();
    let source = ConfigSource { files, ..ConfigSource::of_text(&(small() + ACCESS)) };
    read_source(&source, &[]).map_err(|faults| faults.iter().map(ToString::to_string).collect())
}

#[test]
fn a_list_gives_tiers_and_a_calendar_closes() {
    let plan = read("domain,tier\nshop.example.com,gold\n", CALENDAR).unwrap_or_else(|faults| panic!("{faults:?}"));
    let policy = &plan.settings.calls.policy;
    assert_eq!(policy.tier_of("shop.example.com"), Some(TierId::new("gold")));
    let trunk = TrunkId::new("pbx");
    let rule = |unix_s: u64| {
        let facts = Facts { domain: Some("shop.example.com"), ..Facts::of_nobody(&trunk, Wall(unix_s * 1000)) };
        policy.decide(&facts).rule.to_string()
    };
    // 2026-11-25, the Wednesday before Thanksgiving, at noon in New York; then each day after it.
    let noon = 1_795_626_000;
    let rules: Vec<String> = (0..4).map(|day| rule(noon + day * 86_400)).collect();
    assert_eq!(rules, ["gold", "closed", "closed", "default"]);
}

#[test]
fn every_wrong_line_is_named_with_its_file_and_remedy() {
    let calendar = CALENDAR.replace("20241128", "20241328");
    let faults = read("shop.example.com,golf\nshop example,gold\n", &calendar).unwrap_err();
    let begins = [
        "domains.csv, line 1: access.domains_csv: no tier is called \"golf\"; did you mean \"gold\"?",
        "domains.csv, line 2: access.domains_csv: \"shop example\": not a domain",
        "holidays.ics, line 3: access.holidays.us.ical: is no day that there is; write a whole day",
    ];
    assert_eq!(faults.len(), begins.len(), "{faults:?}");
    for (fault, begin) in faults.iter().zip(begins) {
        assert!(fault.starts_with(begin), "{fault}");
    }
}

#[test]
fn of_ten_thousand_wrong_lines_the_rest_is_counted() {
    let faults = read(&"nonsense\n".repeat(10_000), CALENDAR).unwrap_err();
    assert_eq!(faults.len(), 10_000);
    assert!(faults[9_999].starts_with("domains.csv, line 10000: access.domains_csv: "), "{}", faults[9_999]);
}

#[test]
fn a_file_that_is_not_there_and_holidays_that_nobody_knows_are_named() {
    let text = small() + &ACCESS.replace("except = \"us\"", "except = \"uk\"");
    let faults = super::read(&text).unwrap_err();
    let keys: Vec<&str> = faults.iter().map(|fault| fault.key.as_str()).collect();
    let hours = "access.rules[1].when.hours.except";
    assert_eq!(keys, ["access.domains_csv", "access.holidays.us.ical", hours], "{faults:?}");
}
