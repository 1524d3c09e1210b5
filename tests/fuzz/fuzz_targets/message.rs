//! The fuzz target of `targets/message.rs`.

#![no_main]

#[path = "../targets/message.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| target::run(data));
