//! Browsers of the webrtc project against our legs and our server, on real sockets of the loopback.

mod browser;
mod calls;
mod legs;
mod phone;
#[path = "../support/mod.rs"]
mod support;
mod ua;
