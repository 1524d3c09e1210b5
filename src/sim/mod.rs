//! A virtual world around one engine, in virtual time: the same seed is the same world.
//!
//! `world` is the loop; each other file is one part of the world, `invariants` what must always be true in it.

mod browser;
mod desk;
mod dice;
mod door;
mod invariants;
mod later;
mod manners;
mod media;
mod net;
mod people;
pub mod phone;
pub mod pools;
mod promise;
pub mod queues;
mod report;
mod scenario;
mod site;
mod store;
mod town;
mod variant;
mod world;

pub use invariants::Violation;
pub use manners::More;
pub use report::{Counts, Report};
pub use scenario::{FaultLevel, Kinds, Rates, Scenario};
pub use world::run;
