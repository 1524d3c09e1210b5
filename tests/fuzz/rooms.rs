//! The rooms of Throughline that read what strangers send; none of them does I/O, so they compile alone.

#[path = "../../src/base/mod.rs"]
pub mod base;
#[path = "../../src/sdp/mod.rs"]
pub mod sdp;
#[path = "../../src/sip/mod.rs"]
pub mod sip;
