//! The process: wiring of the shell around the engine, one function per command.
pub mod desk;
