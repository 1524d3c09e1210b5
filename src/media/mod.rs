//! Sound beside the calls: what the calls command, what they hear back, and each leg's packets as pure state.

pub mod command;
pub mod ports;

pub use command::{FailCause, LegStats, MediaCommand, MediaEvent, Source, ToneKind, WavId};
pub use ports::Ports;
