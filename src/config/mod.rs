//! The configuration: one TOML file, checked whole; either a `Plan`, or every fault at once with line and remedy.

pub mod plan;

pub use plan::{ApiKey, IntentDefaults, LogPlan, MediaShell, Plan, Shell, StorePlan};
