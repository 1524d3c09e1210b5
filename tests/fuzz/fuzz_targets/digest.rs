//! The fuzz target of `targets/digest.rs`.

#![no_main]

#[path = "../targets/digest.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| target::run(data));
