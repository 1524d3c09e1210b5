//! The commands. Each ends with 0, with 1 when something went wrong, or with 2 when what it was given is wrong.

pub mod check;
mod configuration;
pub mod demo;
pub mod desk;
pub mod explain;
mod files;
pub mod key;
mod notices;
mod numbers;
mod reload;
pub mod replay;
pub mod serve;
mod server;
pub mod simulate;
mod sounds;
mod tls;
mod warnings;
mod web;
#[cfg(test)]
mod websocket_tests;

use std::error::Error;
use std::process::ExitCode;

/// What the program allocates with; its tests and benchmarks do so as they like.
pub use crate::io::memory::Memory;
pub use crate::io::pipe::end_with_the_reader;

/// Runs a command that waits for sockets. The engine has a runtime of its own beside this one.
pub fn on_runtime<E: Error>(work: impl Future<Output = Result<(), E>>) -> ExitCode {
    prepare_descriptors();
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => finish(runtime.block_on(work)),
        Err(error) => finish(Err(error)),
    }
}

/// What is good to have and no reason to stay down: said on standard error when it cannot be had.
fn prepare_descriptors() {
    if let Err(error) = crate::io::descriptors::prepare() {
        eprintln!("throughline: fewer file descriptors than there could be ({error}); many calls at once may fail");
    }
}

/// The end of a command, with what went wrong on standard error.
pub fn finish<E: Error>(result: Result<(), E>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

/// The error and what is behind it, a line each.
fn complain(error: &dyn Error) {
    eprintln!("throughline: {error}");
    let mut source = error.source();
    while let Some(cause) = source {
        eprintln!("  because: {cause}");
        source = cause.source();
    }
}
