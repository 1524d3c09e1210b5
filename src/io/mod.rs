//! The shell: sockets, files, clocks and threads around the pure core.

pub mod desktop;
pub mod door;
pub mod media;
pub mod telemetry;
