//! The fuzz target of `targets/framer.rs`.

#![no_main]

#[path = "../targets/framer.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| target::run(data));
