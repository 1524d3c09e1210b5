//! The program: reads the command line and runs one command.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    throughline::app::main(throughline::cli::Cli::parse())
}
