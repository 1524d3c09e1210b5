//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::app;

/// Routes telephone calls that began on the web to the right agent, with the context shown before the phone rings.
#[derive(Parser)]
#[command(name = "throughline", version, about)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
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
    /// Repeats a server's journal, and proves that it is the same run
    Replay(app::replay::ReplayArgs),
    /// Makes a key or token, and prints what the configuration keeps of it
    Key,
}
