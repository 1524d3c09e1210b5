//! The agents' desktops: who is logged in, what was sent to whom, and what of it arrived.

pub mod api;
pub mod desks;
pub mod message;
pub mod pop;

pub use api::{
    Account, CloseCode, ConnId, DeskCommand, DeskEvent, DeskTransmit, DesksSetup, DesktopInput, Output, Undeliverable,
};
pub use desks::Desks;
pub use message::{
    AgentState, ArticleFailed, AskedState, CallPhase, ClientMessage, ErrorCode, Hello, Resume, ServerMessage,
    SessionId, SkillLevel, TokenHash, WrapUp,
};
pub use pop::{Field, Pop, ShownField, ShownPop, ShownValue};
