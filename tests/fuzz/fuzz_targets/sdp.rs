//! The fuzz target of `targets/sdp.rs`.

#![no_main]

#[path = "../targets/sdp.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| target::run(data));
