//! The shell: sockets, files, clocks and threads around the pure core.

mod allowance;
pub mod asking;
mod batch;
pub mod clock;
pub mod descriptors;
pub mod desktop;
pub mod door;
pub mod history;
pub mod journal;
pub mod leisure;
pub mod live;
mod load;
pub mod media;
pub mod memory;
pub mod names;
pub mod notify;
pub mod pipe;
pub mod reactor;
pub mod records;
pub mod sip;
pub mod slices;
pub mod store;
pub mod telemetry;
pub mod troubles;
pub mod web;
