//! What the tests with real peers share: child processes, folders and ports of their own, and one file for each peer.
#![allow(dead_code)] // Each test binary uses a part of it.

pub mod baresip;
pub mod certificates;
pub mod desk;
pub mod dns;
pub mod folder;
pub mod http;
pub mod kamailio;
pub mod linphone;
pub mod ports;
pub mod process;
pub mod redis;
pub mod server;
pub mod sipp;
pub mod sound;
pub mod tls_peer;
