//! Browsers of the webrtc project against our legs and our server, on real sockets of the loopback.

mod browser;
mod legs;
mod phone;
#[path = "../support/mod.rs"]
mod support;
