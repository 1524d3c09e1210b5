//! The command line.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::app;

/// Reads the command line and runs the command that it asks for.
pub fn run() -> ExitCode {
    let command = Cli::parse().command;
    if command.only_prints() {
        app::end_with_the_reader();
    }
    match command {
        Command::Demo(args) => app::on_runtime(app::demo::run(args)),
        Command::Serve { file } => app::serve::run(&file),
        Command::Check { file, bind } => app::check::run(&file, bind),
        Command::Desk(args) => app::on_runtime(app::desk::run(args)),
        Command::Key => app::finish(app::key::run()),
        Command::Simulate(args) => app::simulate::run(&args),
        Command::Explain(args) => app::explain::run(&args),
        Command::Replay(args) => app::replay::run(&args),
    }
}

/// Routes telephone calls that began on the web to the right agent, with the context shown before the phone rings.
#[derive(Parser)]
#[command(name = "throughline", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Shows everything on this machine: one customer's story, then a thousand calls; runs until Ctrl-C
    Demo(app::demo::DemoArgs),
    /// Runs the server
    Serve {
        /// The configuration, a TOML file; see sip-configs/throughline.example.toml
        file: PathBuf,
    },
    /// Checks a configuration: every fault with its line and what to do; exit code 2 when there is one
    Check {
        file: PathBuf,
        /// Also try whether the addresses can be bound on this machine
        #[arg(long)]
        bind: bool,
    },
    /// An agent's desk in the terminal
    Desk(app::desk::DeskArgs),
    /// Runs worlds in virtual time, where things go wrong; exit code 1 when something was that must not be
    Simulate(app::simulate::SimulateArgs),
    /// Asks a running server why a call went where it went
    Explain(app::explain::ExplainArgs),
    /// Repeats a server's journal, and proves that it is the same run
    Replay(app::replay::ReplayArgs),
    /// Makes a key or token, and prints what the configuration keeps of it
    Key,
}

impl Command {
    /// Nobody depends on it but who reads what it prints.
    fn only_prints(&self) -> bool {
        match self {
            Command::Check { .. } | Command::Simulate(_) | Command::Explain(_) | Command::Replay(_) | Command::Key => {
                true
            }
            Command::Demo(_) | Command::Serve { .. } | Command::Desk(_) => false,
        }
    }
}
