//! The media workers: threads that own the sockets and the legs, and do what `MediaCommand` says.

use std::net::IpAddr;
use std::time::Duration;

use crate::media::{MediaCommand, MediaEvent};

/// How the workers are set up.
#[derive(Clone, Debug)]
pub struct MediaConfig {
    /// Threads; 0 for one less than the machine has cores, at least 1.
    pub workers: usize,
    /// The address that RTP sockets are bound to.
    pub bind: IpAddr,
    /// `MediaEvent::Silent` after this long without a packet that should come.
    pub silence_timeout: Duration,
}

/// The running workers.
pub struct MediaPool {}

impl MediaPool {
    /// Starts the threads. `on_event` is called on them and must not block.
    pub fn start(
        _config: MediaConfig,
        _on_event: impl Fn(MediaEvent) + Send + Sync + 'static,
    ) -> std::io::Result<MediaPool> {
        Ok(MediaPool {})
    }

    /// Hands a command to the worker of its group; never blocks. An `Open` beyond the limits answers with `Failed`.
    pub fn send(&self, _command: MediaCommand) {}

    /// Closes all legs and waits for the threads to end.
    pub fn stop(self) {}
}
