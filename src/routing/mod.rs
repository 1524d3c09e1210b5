//! Which agent gets which call: one machine that alone owns agents, queues, waiting calls and grants.

mod messages;
mod router;
mod setup;
mod views;

pub use messages::{AgentState, Input, OfferFailure, Output, PauseCause, Presence, Why};
pub use router::Router;
pub use setup::{AgentSetup, Pause, QueueSetup, Setup, SkillNeed};
pub use views::{AgentView, QueueView, RouterCounts};
