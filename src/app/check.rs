//! `throughline check FILE`: every fault of a configuration, each with its line and its remedy.

use std::path::Path;
use std::process::ExitCode;

use crate::config::{Fault, Plan};
use crate::engine::ConfigSource;

use super::configuration::{self, NoPlan};
use super::{files, server, tls, warnings};

/// What was given is wrong.
pub const WRONG: u8 = 2;

/// Reads the file; `bind` also tries its addresses.
pub fn run(file: &Path, bind: bool) -> ExitCode {
    let Some((plan, _)) = read(file) else { return ExitCode::from(WRONG) };
    if bind && !can_bind(&plan) {
        return ExitCode::from(WRONG);
    }
    warnings::of(&plan).for_each(|warning| eprintln!("{}: warning: {warning}", file.display()));
    let calls = &plan.settings.calls;
    let numbers: usize = plan.settings.pools.iter().map(|pool| pool.numbers.len()).sum();
    println!(
        "{}: no faults; {} trunks, {} numbers, {} queues, {} agents",
        file.display(),
        plan.settings.endpoint.trunks.len(),
        numbers,
        plan.settings.routing.queues.len(),
        calls.phones.len(),
    );
    ExitCode::SUCCESS
}

/// The plan and what it came from; `None` after the faults have been printed.
pub fn read(file: &Path) -> Option<(Plan, ConfigSource)> {
    match configuration::read(file, &[]) {
        Ok((plan, source)) => files_are_good(file, &plan).then_some((plan, source)),
        Err(NoPlan::Unreadable(error)) => {
            eprintln!("{}: cannot be read ({error}); is the path right?", file.display());
            None
        }
        Err(NoPlan::Faults(faults)) => {
            say(file, &faults);
            None
        }
    }
}

fn say(file: &Path, faults: &[Fault]) {
    faults.iter().for_each(|fault| eprintln!("{}:{fault}", file.display()));
    let noun = if faults.len() == 1 { "fault" } else { "faults" };
    eprintln!("{} {noun}; nothing was started", faults.len());
}

/// Says what is wrong with the files that the configuration names.
fn files_are_good(file: &Path, plan: &Plan) -> bool {
    tls::expired(plan).iter().for_each(|line| eprintln!("{}:{line}", file.display()));
    let faults = files::faults_of(plan);
    if !faults.is_empty() {
        say(file, &faults);
    }
    faults.is_empty()
}

fn can_bind(plan: &Plan) -> bool {
    match server::bind(&plan.shell) {
        Ok(_) => true,
        Err(faults) => {
            faults.iter().for_each(|fault| eprintln!("{fault}"));
            false
        }
    }
}
