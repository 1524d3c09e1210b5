//! Queues of a router alone, in virtual time: hundreds of thousands of calls, to hold the waiting times against theory and the
//! expected waits against what came of them.

mod callers;
pub mod cases;
pub mod day;

pub mod erlang;
mod floor;
pub mod interval;

#[cfg(test)]
mod matching_tests;
