//! The commands. Each ends with 0, with 1 when something went wrong, or with 2 when what it was given is wrong.

pub mod check;
pub mod demo;
pub mod desk;
mod key;
pub mod replay;
pub mod serve;
mod server;
pub mod simulate;

use std::error::Error;
use std::process::ExitCode;

use crate::cli::{Cli, Command};

/// Runs the command that was asked for.
pub fn main(cli: Cli) -> ExitCode {
    match cli.command {
        Command::Demo(args) => on_runtime(demo::run(args)),
        Command::Serve { file } => serve::run(&file),
        Command::Check { file, bind } => check::run(&file, bind),
        Command::Desk(args) => on_runtime(desk::run(args)),
        Command::Key => finish(key::run()),
        Command::Simulate(args) => simulate::run(&args),
        Command::Replay(args) => replay::run(&args),
    }
}

/// The runtime of everything but the engine, which has its own.
fn on_runtime<E: Error>(work: impl Future<Output = Result<(), E>>) -> ExitCode {
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => finish(runtime.block_on(work)),
        Err(error) => finish(Err(error)),
    }
}

fn finish<E: Error>(result: Result<(), E>) -> ExitCode {
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
