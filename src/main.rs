//! The program: reads the command line and runs one command.

use std::process::ExitCode;

/// A call makes and frees some hundred small pieces of memory.
#[global_allocator]
static ALLOCATOR: throughline::app::Memory = throughline::app::Memory;

fn main() -> ExitCode {
    throughline::cli::run()
}
