//! Whole scripts against the endpoint, in virtual time.

mod answering;
mod carrying;
mod challenged;
mod dialling;
mod enrolling;
mod hunting;
mod options;
mod proving;
mod referring;
mod registering;
mod reinviting;
mod shuffle;
mod strangers;
mod streams;
mod timers;
mod world;
