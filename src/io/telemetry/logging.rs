//! The log of the process: JSON or text on standard error, written by a thread of its own.

use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use super::text_line::TextLine;

/// The form of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogForm {
    #[default]
    Text,
    Json,
}

/// Why there is no log.
#[derive(Debug)]
pub enum LoggingError {
    /// The filter is none, such as `info` or `throughline=debug`.
    Filter(tracing_subscriber::filter::ParseError),
    /// No thread for the writer.
    Thread(io::Error),
    /// The process has a log already.
    Twice,
}

/// Lines that wait for a slow terminal. Beyond it lines are dropped: a log must not hold up calls.
const LINES_MAX: usize = 8_192;

/// The way to the log's thread.
#[derive(Clone)]
pub struct Log(SyncSender<Entry>);

enum Entry {
    Line(Vec<u8>),
    /// Answered when everything before it is written.
    Flush(SyncSender<()>),
}

const FLUSH_WITHIN: Duration = Duration::from_secs(1);

/// Says what is logged from now on.
#[derive(Clone)]
pub struct LogFilter(Arc<dyn Fn(EnvFilter) -> bool + Send + Sync>);

impl LogFilter {
    /// False when the text is no filter, or the log has gone.
    pub fn set(&self, filter: &str) -> bool {
        read_filter(filter).is_ok_and(|filter| (self.0)(filter))
    }
}

/// Whether the text is a filter.
pub fn check_filter(filter: &str) -> Result<(), LoggingError> {
    read_filter(filter).map(drop)
}

fn read_filter(filter: &str) -> Result<EnvFilter, LoggingError> {
    EnvFilter::try_new(filter).map_err(LoggingError::Filter)
}

/// Sets the log of the process up; once.
pub fn start(form: LogForm, filter: &str) -> Result<(Log, LogFilter), LoggingError> {
    let filter = read_filter(filter)?;
    let (lines, waiting) = sync_channel(LINES_MAX);
    let thread = std::thread::Builder::new().name("log".to_owned());
    thread.spawn(move || write_all(&waiting)).map_err(LoggingError::Thread)?;
    let log = Log(lines);
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(log.clone()).with_ansi(false);
    let (set, filter) = match form {
        LogForm::Text => {
            let builder = builder.event_format(TextLine::default()).with_filter_reloading();
            let filter = builder.reload_handle();
            (builder.try_init(), LogFilter(Arc::new(move |new| filter.reload(new).is_ok())))
        }
        LogForm::Json => {
            let builder = builder.json().flatten_event(true).with_filter_reloading();
            let filter = builder.reload_handle();
            (builder.try_init(), LogFilter(Arc::new(move |new| filter.reload(new).is_ok())))
        }
    };
    set.map(|()| (log, filter)).map_err(|_| LoggingError::Twice)
}

/// Lines come in bursts: what arrives in this time after the first is written with it, so that a busy log wakes its thread
/// some times a second and not for each line.
const GATHER: Duration = Duration::from_millis(20);

fn write_all(waiting: &Receiver<Entry>) {
    let mut gathered = Vec::new();
    while let Ok(first) = waiting.recv() {
        if matches!(first, Entry::Line(_)) {
            std::thread::sleep(GATHER);
        }
        for entry in std::iter::once(first).chain(waiting.try_iter().take(LINES_MAX)) {
            match entry {
                Entry::Line(line) => gathered.extend_from_slice(&line),
                Entry::Flush(done) => {
                    write(&mut gathered);
                    let _ = done.try_send(());
                }
            }
        }
        write(&mut gathered);
    }
}

/// Nobody reads the log; there is nowhere to say so.
fn write(lines: &mut Vec<u8>) {
    drop(io::stderr().write_all(lines));
    lines.clear();
}

impl Log {
    /// Waits, for a second at most, until everything before is written; before the process ends.
    pub fn flush(&self) {
        let (done, written) = sync_channel(1);
        if self.0.try_send(Entry::Flush(done)).is_ok() {
            let _ = written.recv_timeout(FLUSH_WITHIN);
        }
    }
}

/// Gathers one event, and sends it when it is dropped.
pub struct OneLine<'a> {
    log: &'a SyncSender<Entry>,
    text: Vec<u8>,
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = OneLine<'a>;

    fn make_writer(&'a self) -> OneLine<'a> {
        OneLine { log: &self.0, text: Vec::new() }
    }
}

impl Write for OneLine<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for OneLine<'_> {
    fn drop(&mut self) {
        let _ = self.log.try_send(Entry::Line(std::mem::take(&mut self.text)));
    }
}

impl LogForm {
    /// As the configuration writes it.
    pub fn parse(text: &str) -> Option<LogForm> {
        match text {
            "text" => Some(LogForm::Text),
            "json" => Some(LogForm::Json),
            _ => None,
        }
    }
}

impl fmt::Display for LoggingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            LoggingError::Filter(_) => "the log filter is not one: write info, or throughline=debug,warn",
            LoggingError::Thread(_) => "no thread for the log",
            LoggingError::Twice => "the process has a log already",
        })
    }
}

impl std::error::Error for LoggingError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            LoggingError::Filter(fault) => Some(fault),
            LoggingError::Thread(fault) => Some(fault),
            LoggingError::Twice => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line_for_the_thread() {
        let (sender, waiting) = sync_channel(1);
        let subscriber = tracing_subscriber::fmt().json().with_writer(Log(sender)).finish();
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(number = ?crate::base::Pii::new("+15550100"), "one");
            tracing::info!("dropped, since nobody reads");
        });
        let Ok(Entry::Line(line)) = waiting.recv() else { panic!("a line") };
        let line = String::from_utf8(line).expect("text");
        assert!(line.ends_with('\n') && line.contains(r#""message":"one""#) && !line.contains("555"), "{line}");
        assert!(waiting.recv().is_err());
    }
}
