//! Whole scripts against the endpoint, in virtual time.

mod answering;
mod browsers;
mod carrying;
mod challenged;
mod claiming;
mod dialling;
mod elsewhere;
mod enrolling;
mod hunting;
mod moving;
mod options;
mod phoning;
mod pracking;
mod pressing;
mod proving;
mod reconfiguring;
mod referring;
mod registering;
mod reinviting;
mod session_timing;
mod shuffle;
mod strangers;
mod streams;
mod timers;
mod updating;
mod world;
