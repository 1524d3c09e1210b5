//! Sound beside the calls: what the calls command, what they hear back, and each leg's packets as pure state.

mod browser;
pub mod command;
pub mod dtmf;
pub mod g711;
mod heard_keys;
pub mod ice;
mod incoming;
mod latch;
mod leg;
mod mixing;
mod outgoing;
mod peer;
pub mod ports;
mod pressing;
mod prompt;
pub mod recording;
pub mod relay;
mod reports;
pub mod rtcp;
pub mod rtp;
pub mod sounds;
pub mod spoken;
pub mod srtp;
pub mod tone;

pub use browser::{HandshakeNews, HandshakeOrder};
pub use command::{
    FailCause, LegStats, LostCause, MediaCommand, MediaEvent, OurSide, PromptEnd, PromptId, Source, ToneKind, WavId,
};
pub use ports::Ports;
pub use recording::{Recorded, StopCause, TapeOrder, Track};
pub use relay::{Channel, Door, EXPECTED_MAX, Exit, Relay, Wire};
pub use sounds::{Clip, Sounds, WavError};
