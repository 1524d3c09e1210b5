//! A call from its INVITE to its end record: one file for each phase. Only this folder knows both SIP and skills.

mod admission;
mod announcing;
pub mod api;
mod attended;
mod bench;
pub mod browsing;
pub mod call;
pub mod caps;
#[cfg(test)]
mod change_tests;
mod changing;
mod comfort;
mod confirming;
mod connecting;
mod consulting;
mod controller;
pub mod dialling;
mod ending;
mod engaged;
pub mod explained;
pub mod facts;
mod fallback;
pub mod header_rules;
#[cfg(test)]
mod header_rules_tests;
mod identity;
mod inviting;
mod keys;
mod matching;
mod moved;
mod no_port;
pub mod pages;
pub mod phoning;
mod pin;
mod places;
pub mod policy_facts;
mod pools;
mod pop;
mod promising;
mod prompts;
mod queueing;
pub mod recalling;
pub mod recording;
mod records;
mod redirecting;
mod returning;
mod screening;
#[cfg(test)]
mod script;
pub mod settings;
mod settling;
pub mod shadowing;
mod so_far;
mod sound;
mod speaking;
pub mod supervising;
mod talking;
pub mod terms;
#[cfg(test)]
mod terms_tests;
#[cfg(test)]
mod tests;
mod transfer;
mod unheard;
mod untold;

pub use bench::Deadline;
pub use confirming::Confirmed;
pub use controller::Calls;
pub use fallback::DIALLED;
pub use recalling::CalledBack;
pub use records::Records;
