//! A line of the log as text, as `tracing-subscriber` lays it out. Each call has one, and the styles that it asks for each word,
//! and we never use, would cost more than the words.

use std::fmt::{self, Debug, Write as _};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::{Format, Full, Writer};
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// Writes what most lines are; all others are left to the one that it does as.
#[derive(Default)]
pub(super) struct TextLine {
    other: Format<Full>,
}

/// The target of what came through the `log` crate, which has its own among the fields.
const FROM_LOG: &str = "log";

impl<S, N> FormatEvent<S, N> for TextLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut out: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let metadata = event.metadata();
        if metadata.target() == FROM_LOG || context.lookup_current().is_some() {
            return self.other.format_event(context, out, event);
        }
        SystemTime.format_time(&mut out)?;
        out.write_str(level(metadata.level()))?;
        out.write_str(metadata.target())?;
        out.write_char(':')?;
        let mut fields = Fields { out: out.by_ref(), written: Ok(()) };
        event.record(&mut fields);
        fields.written?;
        out.write_char('\n')
    }
}

/// With the blanks around it.
fn level(level: &Level) -> &'static str {
    match *level {
        Level::TRACE => " TRACE ",
        Level::DEBUG => " DEBUG ",
        Level::INFO => "  INFO ",
        Level::WARN => "  WARN ",
        Level::ERROR => " ERROR ",
    }
}

struct Fields<'a> {
    out: Writer<'a>,
    written: fmt::Result,
}

impl Fields<'_> {
    fn put(&mut self, field: &Field, value: fmt::Arguments<'_>) -> fmt::Result {
        self.out.write_char(' ')?;
        if field.name() == "message" {
            return Escaped(&mut self.out).write_fmt(value);
        }
        self.out.write_str(field.name().trim_start_matches("r#"))?;
        self.out.write_char('=')?;
        self.out.write_fmt(value)
    }
}

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if self.written.is_ok() {
            self.written = self.put(field, format_args!("{value:?}"));
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            return self.record_debug(field, &format_args!("{value}"));
        }
        self.record_debug(field, &value);
    }
}

/// What could give orders to a terminal is written as its number.
struct Escaped<'a, 'b>(&'a mut Writer<'b>);

impl fmt::Write for Escaped<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return self.0.write_str(text);
        }
        text.chars().try_for_each(|sign| match sign {
            '\x1b' | '\x07' | '\x08' | '\x0c' | '\x7f' => write!(self.0, "\\x{:02x}", u32::from(sign)),
            '\u{80}'..='\u{9f}' => write!(self.0, "\\u{{{:x}}}", u32::from(sign)),
            plain => self.0.write_char(plain),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn events() {
        let (none, some): (Option<&str>, Option<&str>) = (None, Some("a \"b\"\n"));
        tracing::info!(call = %crate::base::CallId(7), count = 3u64, is = true, ?some, none, some, "call ended");
        tracing::error!(fault = ?io::ErrorKind::Other, "\x1b[2J {} \u{9b}é\t", "by hand");
        tracing::warn!(name = "value");
        tracing::info_span!("inside", depth = 1).in_scope(|| tracing::info!("left to the other"));
    }

    /// Without the time, which is no two lines' the same.
    fn text(kept: &Kept) -> String {
        let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        assert!(text.lines().all(|line| line.len() > TIME && line.as_bytes().get(TIME - 1) == Some(&b'Z')), "{text}");
        text.lines().filter_map(|line| line.get(TIME..)).collect::<Vec<_>>().join("\n")
    }

    /// `2026-11-26T07:20:00.123456Z`
    const TIME: usize = 27;

    #[test]
    fn every_line_is_as_the_crate_writes_it() {
        let (ours, theirs) = (Kept::default(), Kept::default());
        let (to_us, to_them) = (ours.clone(), theirs.clone());
        let builder = || tracing_subscriber::fmt().with_ansi(false);
        let subscriber = builder().with_writer(move || to_us.clone()).event_format(TextLine::default()).finish();
        tracing::subscriber::with_default(subscriber, events);
        tracing::subscriber::with_default(builder().with_writer(move || to_them.clone()).finish(), events);
        assert_eq!(text(&ours), text(&theirs));
        assert_eq!(text(&ours).lines().count(), 4);
    }
}
