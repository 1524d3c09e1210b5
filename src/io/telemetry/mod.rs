//! What is measured: stage times in HDR histograms, counters from the engine's facts, the log.
//!
//! The engine's thread records into histograms of its own, without locks. Once a second it hands them to the keeper's thread, which
//! adds them up, writes the interval log, and gives them back empty.

mod counters;
mod fact_log;
mod interval_log;
mod keeper;
mod latency;
pub mod logging;
mod prometheus;
mod recorder;
mod service;
mod tally;
mod text_line;
mod wait_scores;

pub use counters::{Counter, Counters};
pub use keeper::{Telemetry, TelemetryError, start};
pub use latency::{Earlier, StageTimes};
pub use prometheus::{Gauges, PoolGauge};
pub use recorder::{Recorder, StoreTimer};
pub use service::{IN_TIME, Service};
pub use wait_scores::{Errors as WaitErrors, WaitScore};
