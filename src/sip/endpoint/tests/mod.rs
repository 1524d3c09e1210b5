//! Whole scripts against the endpoint, in virtual time.

mod answering;
mod carrying;
mod dialling;
mod options;
mod registering;
mod reinviting;
mod shuffle;
mod strangers;
mod timers;
mod world;
