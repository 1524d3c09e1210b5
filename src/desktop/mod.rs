//! The agents' desktops: who is logged in, what was sent to whom, and what of it arrived.

pub mod api;
mod connections;
pub mod desks;
mod left;
mod log;
mod login;
pub mod message;
mod offers;
pub mod pass;
pub mod pop;
mod reconfigure;
#[cfg(test)]
mod script;
mod session;

pub use api::{
    Account, BrowserPhones, CloseCode, ConnId, DeskCommand, DeskEvent, DesktopInput, DesktopOutput, Output, Setup,
    Undeliverable,
};
pub use desks::Desks;
pub use message::{
    AgentState, ArticleFailed, AskedState, BrowserPhone, CallPhase, ClientMessage, Colleague, ConsultState,
    ConsultWish, ErrorCode, Hello, RecordingState, Resume, ServerMessage, SessionId, SkillLevel, SuperviseState,
    SuperviseWish, TokenHash, WatchedCall, WrapUp,
};
pub use pop::{Field, Pop, ShownField, ShownPop, ShownValue, Words};
