//! `throughline serve FILE`: the server, until SIGINT or SIGTERM.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

use crate::config::{LogPlan, Plan};
use crate::io::telemetry::logging::{self, Log, LogFilter, LogForm};

use super::check;
use super::server::{self, Origin, Server, Sockets, StartError};

/// Starts the server and waits for its end.
pub fn run(file: &Path) -> ExitCode {
    let Some((plan, source)) = check::read(file) else { return ExitCode::from(check::WRONG) };
    let sockets = match server::bind(&plan.shell) {
        Ok(sockets) => sockets,
        Err(faults) => {
            faults.iter().for_each(|fault| super::complain(fault));
            return ExitCode::from(check::WRONG);
        }
    };
    // Before the log's thread, which is the first.
    super::prepare_descriptors();
    let (log, filter) = match start_log(&plan.shell.log) {
        Ok(log) => log,
        Err(error) => {
            super::complain(&error);
            return ExitCode::from(check::WRONG);
        }
    };
    let origin = Origin { source, file: Some(file.to_owned()), log: Some(filter) };
    let code = super::on_runtime(serve(plan, sockets, origin));
    log.flush();
    code
}

fn start_log(log: &LogPlan) -> Result<(Log, LogFilter), logging::LoggingError> {
    logging::start(if log.json { LogForm::Json } else { LogForm::Text }, &log.filter)
}

async fn serve(plan: Plan, sockets: Sockets, origin: Origin) -> Result<(), StartError> {
    let server = server::start(plan, sockets, origin).await?;
    tracing::info!(http = %server.http, sip = ?server.sip, "ready");
    wait_for_the_end(&server).await.map_err(StartError::Machine)?;
    tracing::info!("stopping");
    server.stop().await.map_err(StartError::Machine)
}

/// SIGHUP reads the configuration again. SIGINT ends at once; SIGTERM when the calls in progress have ended, their time is over, or it comes again.
async fn wait_for_the_end(server: &Server) -> std::io::Result<()> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let mut hang_up = signal(SignalKind::hangup())?;
    let mut look = tokio::time::interval(Duration::from_secs(1));
    loop {
        tokio::select! {
            _ = interrupt.recv() => return Ok(()),
            _ = terminate.recv() => break,
            _ = hang_up.recv() => server.reload(),
            _ = look.tick() => {
                if server.has_ended() {
                    return Err(std::io::Error::other("the engine's thread has ended"));
                }
            }
        }
    }
    tokio::select! {
        () = server.drain() => {}
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}
