//! Slips of the pen that admins make, and what each is told: where, what, and what to write.

use super::read_with;
use super::tests::{check, small};

/// What is said of the small file with more in it, faults or else warnings.
fn said(more: &str, files: &[(&str, &str)]) -> Vec<String> {
    let text = format!("{}{more}", small());
    let mut read = |name: &str| {
        let found = files.iter().find(|(one, _)| *one == name);
        found.map(|(_, bytes)| bytes.as_bytes().into()).ok_or_else(|| "it cannot be read".to_owned())
    };
    let read = read_with(&text, &mut read, &[]);
    read.map_or_else(|faults| faults, |plan| plan.warnings).iter().map(ToString::to_string).collect()
}

fn rule(when: &str) -> String {
    format!("[[access.rules]]\nname = \"r\"\nwhen = {{ {when} }}\nanswer = \"human\"\n")
}

#[test]
fn each_window_and_the_zone_are_named_where_they_stand() {
    let hours = "hours = { zone = \"America/NewYork\", open = [\"Mon-Fri 9:00-25:00\", \"sat 09:00-09:00\", \"sun 10:00-12:00\"] }";
    let said = said(&rule(hours), &[]);
    for expected in [
        "hours.open[0]: \"Mon-Fri 9:00-25:00\" are no opening hours; write them like \"mon-fri 08:00-18:00\"",
        "hours.open[1]: \"sat 09:00-09:00\" end in the minute in which they begin; write them like",
        "hours.zone: no time zone of the IANA database is called \"America/NewYork\"; did you mean \"America/New_York\"?",
    ] {
        assert!(said.iter().any(|one| one.contains(expected)), "{expected}: {said:?}");
    }
    assert_eq!(said.len(), 3, "{said:?}");
}

#[test]
fn an_answer_that_is_none_is_the_only_fault_of_its_rule() {
    let said =
        said("[[access.rules]]\nname = \"r\"\nanswer = \"reject\"\nstatus = 480\nannouncement = \"closed\"\n", &[]);
    assert!(said.len() == 1 && said[0].contains("answer: \"reject\" is not known here"), "{said:?}");
}

#[test]
fn classes_of_domains_are_guessed() {
    for (slip, meant) in [("lookalike", "look-alike"), ("freemail", "free-mail"), ("unknwon", "unknown")] {
        let said = said(&rule(&format!("domain = \"{slip}\"")), &[]);
        let expected = format!("when.domain: {slip:?} is no class of domains; did you mean {meant:?}?");
        assert!(said.len() == 1 && said[0].ends_with(&expected), "{said:?}");
    }
    // The host of a telephone system may be called so.
    assert_eq!(said(&rule("domain = \"intranet\""), &[]), [""; 0]);
}

#[test]
fn a_range_of_numbers_that_another_pool_has_is_one_fault() {
    let said = said(
        "[[pools]]\nname = \"more\"\nnumbers = [\"+12015550105..+12015550119\"]\n[intents]\npool = \"main\"\n",
        &[],
    );
    let expected = "5 numbers from +12015550105 to +12015550109 are in pool \"main\" already;";
    assert!(said.len() == 1 && said[0].contains(expected), "{said:?}");
}

#[test]
fn what_stands_for_nothing_is_named() {
    let from = "fallback = { status = 503 }";
    let to = "fallback = { sip = \"sip:{dialed}@192.0.2.5\" }";
    check(from, to, "fallback", "trunks[0].fallback.sip", "{dialed} stands for nothing; write {dialled}");
}

#[test]
fn a_port_and_a_file_have_one_user() {
    let from = "bind = [\"192.0.2.10:5060\"]";
    let to = "bind = [\"192.0.2.10:5060\", \"tcp:192.0.2.10:5060\"]\n[http]\nbind = \"192.0.2.10:5060\"";
    check(from, to, "bind = \"192", "http.bind", "is the port of tcp:192.0.2.10:5060 under [sip] bind too");
    let said = said("[store]\nembedded = \"a.db\"\n[history]\nfile = \"a.db\"\n[log]\njournal = \"b\"\n", &[]);
    assert!(said.len() == 1 && said[0].contains("history.file: \"a.db\" is the file of embedded too;"), "{said:?}");
}

#[test]
fn a_network_that_is_wider_than_it_looks_is_told() {
    let text = small().replacen("[\"192.0.2.20\"]", "[\"192.0.2.20/24\", \"2001:db8::7/32\", \"198.51.100.0/28\"]", 1);
    let warnings = super::tests::plan(&text).warnings;
    let said: Vec<String> = warnings.iter().map(|warning| format!("{}; {}", warning.what, warning.remedy)).collect();
    assert_eq!(
        said,
        [
            "\"192.0.2.20/24\" is everybody in 192.0.2.0/24; write \"192.0.2.0/24\" if that is meant, or the address alone",
            "\"2001:db8::7/32\" is everybody in 2001:db8::/32; write \"2001:db8::/32\" if that is meant, or the address alone",
        ]
    );
}

#[test]
fn a_level_of_the_log_with_a_slip_is_named() {
    for (filter, expected) in [
        ("inof", "log.filter: \"inof\" is no level of the log; did you mean \"info\"?"),
        ("throughline=debug,verbose", "\"verbose\" is no level of the log; it may be one of: error, warn"),
    ] {
        let said = said(&format!("[log]\nfilter = \"{filter}\"\n"), &[]);
        assert!(said.len() == 1 && said[0].contains(expected), "{said:?}");
    }
    for good in ["INFO", "throughline", "throughline=debug, warn", "hyper::proto=trace,info", "[span]=debug", ""] {
        assert_eq!(said(&format!("[log]\nfilter = \"{good}\"\n"), &[]), [""; 0]);
    }
}

#[test]
fn a_section_that_is_there_twice_is_told_how_lists_are_written() {
    let said = said(
        "[[queues]]\nname = \"two\"\nrequires = { english = 1 }\n[queues]\nname = \"three\"\nname = \"four\"\n",
        &[],
    );
    assert!(said[0].contains("not TOML: \"queues\" is there already; a section stands there once;"), "{said:?}");
    assert!(said.iter().any(|one| one.contains("\"name\" is there already; take one of the two out")), "{said:?}");
}

#[test]
fn redis_over_tls_is_not_there_yet() {
    let said = said("[store]\nredis = \"rediss://127.0.0.1:6379/0\"\n", &[]);
    assert!(said.len() == 1 && said[0].contains("store.redis: asks for TLS, which is not there yet;"), "{said:?}");
}

#[test]
fn a_domain_in_two_tiers_is_told_with_the_one_that_stands() {
    let tiers = "[access]\ndomains_csv = \"domains.csv\"\n[[access.tiers]]\nname = \"gold\"\ndomains = [\"*.example.net\"]\n[[access.tiers]]\nname = \"iron\"\n";
    let rules = rule("tier = [\"gold\", \"iron\"]");
    let list = "example.com,gold\nexample.org,iron\nEXAMPLE.com,iron\nexample.org,iron\n*.example.net,iron\n";
    let said = said(&format!("{tiers}{rules}"), &[("domains.csv", list)]);
    let told = |domain: &str| {
        format!("access.domains_csv: {domain:?} is in the tier \"gold\" and later in \"iron\", which stands")
    };
    assert!(
        said.len() == 2 && said[0].contains(&told("example.com")) && said[1].contains(&told("*.example.net")),
        "{said:?}"
    );
}
