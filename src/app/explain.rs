//! `throughline explain CALL`: asks a running server why a call went where it went, and says it in lines.

mod text;

use std::fmt;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::Value;

/// Where the key is when no flag says it; a command line can be read by everybody on the machine.
const KEY_VARIABLE: &str = "THROUGHLINE_API_KEY";
const WITHIN: Duration = Duration::from_secs(10);

/// The flags of `throughline explain`.
#[derive(Clone, Debug, clap::Args)]
pub struct ExplainArgs {
    /// The id of the call, as the board, the desk and the log show it
    call: String,
    /// The server's HTTP API
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    url: String,
    /// An API key that may read; better in the variable THROUGHLINE_API_KEY
    #[arg(long)]
    key: Option<String>,
    /// The answer as the server gives it
    #[arg(long)]
    json: bool,
}

/// Why there is no explanation.
#[derive(Debug)]
pub enum ExplainError {
    NoKey,
    Http(reqwest::Error),
    Refused { status: u16, detail: String },
}

/// Prints the explanation; 2 when nothing says which key to use.
pub fn run(args: &ExplainArgs) -> ExitCode {
    let Some(key) = args.key.clone().or_else(|| std::env::var(KEY_VARIABLE).ok()) else {
        super::complain(&ExplainError::NoKey);
        return ExitCode::from(super::check::WRONG);
    };
    super::on_runtime(async {
        let answer = ask(args, &key).await?;
        let text = if args.json { format!("{answer:#}\n") } else { text::lines(&answer) };
        print!("{text}");
        Ok::<(), ExplainError>(())
    })
}

async fn ask(args: &ExplainArgs, key: &str) -> Result<Value, ExplainError> {
    let http = reqwest::Client::builder().timeout(WITHIN).build().map_err(ExplainError::Http)?;
    let address = format!("{}/v1/calls/{}/explain", args.url.trim_end_matches('/'), args.call);
    let response = http.get(address).bearer_auth(key).send().await.map_err(ExplainError::Http)?;
    let status = response.status();
    if status.is_success() {
        return response.json().await.map_err(ExplainError::Http);
    }
    let problem: Value = response.json().await.unwrap_or_default();
    let detail = problem["detail"].as_str().unwrap_or("it did not say why").to_owned();
    Err(ExplainError::Refused { status: status.as_u16(), detail })
}

impl fmt::Display for ExplainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExplainError::NoKey => write!(f, "no API key: set {KEY_VARIABLE}, or give --key"),
            ExplainError::Http(_) => f.write_str("the server's HTTP API did not answer; does --url say where it is?"),
            ExplainError::Refused { status, detail } => write!(f, "the server answered {status}: {detail}"),
        }
    }
}

impl std::error::Error for ExplainError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ExplainError::Http(error) => Some(error),
            ExplainError::NoKey | ExplainError::Refused { .. } => None,
        }
    }
}
