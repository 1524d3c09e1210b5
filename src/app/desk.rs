//! `throughline desk`: a desk in the terminal, for a person, and desks that work by themselves, for demos and load tests.

mod auto;
mod connection;
#[cfg(test)]
mod loopback_tests;
mod person;
mod screen;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub use auto::{AutoCounts, AutoPlan, run as run_auto, run_watched};
pub use connection::{Login, Parting};
pub(super) use screen::text as screen_text;

/// Where an agent's token is when no flag says it; a command line can be read by everybody on the machine.
const TOKEN_VARIABLE: &str = "THROUGHLINE_DESK_TOKEN";

/// The flags of `throughline desk`.
#[derive(Clone, clap::Args)]
pub struct DeskArgs {
    /// The desktop websocket of the server.
    #[arg(long, default_value = "ws://127.0.0.1:8080/v1/desktop")]
    url: String,
    /// The agent who logs in, as the configuration names them.
    #[arg(long)]
    agent: Option<String>,
    /// The agent's token; better in the variable THROUGHLINE_DESK_TOKEN or in a file.
    #[arg(long)]
    token: Option<String>,
    /// A file with one agent and token in each line, separated by white space.
    #[arg(long)]
    token_file: Option<PathBuf>,
    /// Work without a person: available at once, every pop drawn, every wrap-up written.
    #[arg(long)]
    auto: bool,
    /// With --auto: how many agents of the token file log in; all of them when not given.
    #[arg(long)]
    agents: Option<usize>,
    /// With --auto: how long an agent writes after a call, in milliseconds.
    #[arg(long, default_value_t = 500)]
    wrap_up_ms: u64,
}

/// Why a desk does not work, for the person who started it.
#[derive(Debug)]
pub enum DeskError {
    /// No agent, or no token for it.
    NoLogin,
    TokenFile {
        path: PathBuf,
        fault: std::io::Error,
    },
    /// A line of the token file is not an agent and a token.
    TokenLine {
        path: PathBuf,
        line: usize,
    },
    /// The server ended it for good.
    Parted {
        agent: String,
        why: Parting,
    },
}

/// Runs until the person quits, or for ever with `--auto`.
pub async fn run(args: DeskArgs) -> Result<(), DeskError> {
    let logins = logins(&args)?;
    if args.auto {
        let plan = AutoPlan { wrap_up_after: Duration::from_millis(args.wrap_up_ms) };
        return auto::run_and_report(&args.url, logins, plan, Arc::new(AutoCounts::default())).await;
    }
    let login = logins.into_iter().next().ok_or(DeskError::NoLogin)?;
    person::run(&args.url, login).await
}

fn logins(args: &DeskArgs) -> Result<Vec<Login>, DeskError> {
    let mut logins = match &args.token_file {
        Some(path) => {
            let text =
                std::fs::read_to_string(path).map_err(|fault| DeskError::TokenFile { path: path.clone(), fault })?;
            read_token_file(&text).map_err(|line| DeskError::TokenLine { path: path.clone(), line })?
        }
        None => Vec::new(),
    };
    if let Some(agent) = &args.agent {
        logins.retain(|login| login.agent == *agent);
        let token = args.token.clone().or_else(|| std::env::var(TOKEN_VARIABLE).ok());
        logins.extend(token.map(|token| Login { agent: agent.clone(), token }));
    }
    logins.truncate(args.agents.unwrap_or(usize::MAX));
    if logins.is_empty() { Err(DeskError::NoLogin) } else { Ok(logins) }
}

/// One agent and token in each line; empty lines and those that begin with `#` say nothing. The error is the line, from 1.
fn read_token_file(text: &str) -> Result<Vec<Login>, usize> {
    let mut logins = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let mut words = line.split_whitespace();
        match (words.next(), words.next(), words.next()) {
            (None, _, _) => {}
            (Some(first), _, _) if first.starts_with('#') => {}
            (Some(agent), Some(token), None) => {
                logins.push(Login { agent: agent.to_owned(), token: token.to_owned() });
            }
            (Some(_), _, _) => return Err(index + 1),
        }
    }
    Ok(logins)
}

impl fmt::Display for DeskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DeskError::NoLogin => {
                write!(f, "nobody to log in: give --agent with --token, {TOKEN_VARIABLE} or --token-file")
            }
            DeskError::TokenFile { path, .. } => write!(f, "the token file {} cannot be read", path.display()),
            DeskError::TokenLine { path, line } => {
                write!(f, "{}:{line}: write an agent and a token, separated by a space", path.display())
            }
            DeskError::Parted { agent, why } => write!(f, "{agent}: {why}"),
        }
    }
}

impl std::error::Error for DeskError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            DeskError::TokenFile { fault, .. } => Some(fault),
            DeskError::NoLogin | DeskError::TokenLine { .. } | DeskError::Parted { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_file_is_read_by_lines() {
        let read = read_token_file("# desks\nanna  abc\n\nben def\n");
        let agents: Vec<_> = read.iter().flatten().map(|login| (login.agent.as_str(), login.token.as_str())).collect();
        assert_eq!(agents, [("anna", "abc"), ("ben", "def")]);
        assert_eq!(read_token_file("anna abc\nben\n").err(), Some(2));
        assert_eq!(read_token_file("anna abc def").err(), Some(1));
    }
}
