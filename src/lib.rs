//! Throughline: a call that began on the web reaches the right agent, with its context.
//! The map of the code is `src/ARCHITECTURE.md`.

pub mod access;
pub mod app;
pub mod base;
pub mod calls;
pub mod cli;
pub mod config;
pub mod desktop;
pub mod engine;
pub mod intents;
pub mod io;
pub mod media;
pub mod routing;
pub mod sdp;
pub mod sim;
pub mod sip;
