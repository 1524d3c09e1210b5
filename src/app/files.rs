//! What a plan names beside itself, files and addresses: every fault, at the line that names it.

use crate::config::{Fault, Plan, StorePlan};
use crate::io::store::address_fault;
use crate::io::telemetry::logging;

use super::{notices, sounds, tls};

/// All of them.
pub fn faults_of(plan: &Plan) -> Vec<Fault> {
    let mut faults = faults_beside_sounds(plan);
    faults.extend(sounds::faults_of(plan));
    faults
}

/// Without those of sound files, for who reads these anyway.
pub fn faults_beside_sounds(plan: &Plan) -> Vec<Fault> {
    let mut faults = tls::faults_of(plan);
    faults.extend(notices::faults_of(plan));
    faults.extend(of_the_store(plan));
    faults.extend(of_the_log(plan));
    faults
}

fn of_the_store(plan: &Plan) -> Option<Fault> {
    let StorePlan::Redis { url, line } = &plan.shell.store else { return None };
    // Of TLS more has been said.
    if url.starts_with("rediss:") {
        return None;
    }
    let remedy = "write it like \"redis://:PASSWORD@127.0.0.1:6379/0\"";
    address_fault(url).map(|what| fault("store.redis", *line, format!("is no address of a Redis: {what}"), remedy))
}

fn of_the_log(plan: &Plan) -> Option<Fault> {
    let log = &plan.shell.log;
    let what = || format!("{:?} is no filter of the log", log.filter);
    let remedy = "write info, or throughline=debug,warn";
    logging::check_filter(&log.filter).err().map(|_| fault("log.filter", log.filter_line, what(), remedy))
}

fn fault(key: &str, line: usize, what: String, remedy: &str) -> Fault {
    Fault { file: None, line, column: 1, key: key.to_owned(), what, remedy: remedy.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    const SMALL: &str = include_str!("../../tests/support/smallest.toml");

    fn told(more: &str) -> Vec<String> {
        let plan = config::read(&format!("{SMALL}\n{more}")).unwrap_or_else(|faults| panic!("{faults:?}"));
        faults_of(&plan).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn addresses_and_filters_that_cannot_be_read_are_named_with_their_line() {
        let line = SMALL.lines().count() + 3;
        for (more, key, what) in [
            ("[store]\nredis = \"redis://:secret@127.0.0.1:6379/x\"", "store.redis", "is no address of a Redis: "),
            ("[store]\nredis = \"redis://127.0.0.1:http/0\"", "store.redis", "is no address of a Redis: "),
            ("[log]\nfilter = \"a=b=c\"", "log.filter", "\"a=b=c\" is no filter of the log"),
        ] {
            let told = told(more);
            let begins = format!("line {line}, column 1: {key}: {what}");
            assert!(told.len() == 1 && told[0].starts_with(&begins) && !told[0].contains("secret"), "{told:?}");
        }
        assert_eq!(
            told("[store]\nredis = \"redis://:secret@127.0.0.1:6379/3\"\n[log]\nfilter = \"throughline=debug,warn\""),
            [""; 0]
        );
    }
}
