//! Which agent gets which call: one machine that alone owns agents, queues, waiting calls and grants.

mod agents;
mod decide;
mod enter;
mod estimate;
mod fits;
mod lately;
mod load;
mod messages;
mod offers;
mod passed;
mod passed_over;
mod positions;
mod presence;
mod queues;
mod reconfigure;
mod rings;
mod routed_call;
mod router;
mod setup;
mod sorted;
mod turns;
mod views;
mod waiting;

pub use lately::Predictions;
pub use load::QueueLoad;
pub use messages::{AgentState, Input, OfferFailure, Output, PauseCause, Presence, Why};
pub use passed_over::PassedOver;
pub use router::Router;
pub use setup::{AgentSetup, Estimator, Order, Pause, QueueSetup, RingSetup, Setup, SkillNeed};
pub use views::{AgentView, QueueView, RouterCounts};

#[cfg(test)]
mod passed_tests;
#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod script_tests;
#[cfg(test)]
mod work_tests;
