//! The configuration: one TOML file, checked whole; either a `Plan`, or every fault at once with line and remedy.

mod access;
mod access_files;
#[cfg(test)]
mod access_files_tests;
mod agents;
mod announcements;
mod answers;
mod callback;
mod caps;
mod claims;
mod conditions;
mod dial;
mod diff;
mod fault;
mod gateways;
mod header_rules;
#[cfg(test)]
mod header_rules_tests;
mod hours;
mod media;
mod memberships;
mod notify;
mod number_forms;
mod numbers;
mod outline;
mod overflow;
mod pin;
pub mod plan;
mod promise;
mod prompts;
mod proof;
mod read;
mod recording;
mod redirect;
mod rings;
mod routing;
mod shadow;
mod shell;
mod sip;
mod sound_terms;
mod terms;
mod tree;
mod trunks;
mod unused;
mod values;
mod version;
mod waiting;
mod wavs;
mod web;

pub use diff::{Change, How, diff};
pub use fault::Fault;
pub use plan::{
    ApiKey, FileAt, HistoryPlan, HttpTlsPlan, IntentDefaults, LogPlan, MediaShell, NotifyPlan, Plan, RecordingShell,
    Shell, SipBind, StorePlan, TlsPlan, WavAt,
};
pub use read::{read, read_source, read_whole, read_with};

#[cfg(test)]
mod callback_tests;
#[cfg(test)]
mod claims_tests;
#[cfg(test)]
mod loads_tests;
#[cfg(test)]
mod never_tests;
#[cfg(test)]
mod promise_tests;
#[cfg(test)]
mod shadow_tests;
#[cfg(test)]
mod slips_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod version_tests;
