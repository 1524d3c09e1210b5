//! The interval log, in HdrHistogram's log format: a tagged, compressed histogram for each stage and second that has values.

use std::fs::File;
use std::io;
use std::time::{Duration, UNIX_EPOCH};

use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriter, IntervalLogWriterBuilder, Tag};

use crate::base::Wall;

use super::recorder::Handed;

/// Maxima are written in milliseconds, values in nanoseconds.
const NS_IN_MS: f64 = 1e6;

/// An open log.
pub(super) struct Log<'a> {
    writer: IntervalLogWriter<'a, 'a, File, V2DeflateSerializer>,
    began: Wall,
    failed: bool,
}

/// Writes the head, then lets `body` write; the format's writer borrows the file for that long.
pub(super) fn begin(file: &mut File, began: Wall, body: impl FnOnce(&mut Log<'_>)) -> Result<(), io::Error> {
    let start = UNIX_EPOCH + Duration::from_millis(began.0);
    let mut serializer = V2DeflateSerializer::new();
    let writer = IntervalLogWriterBuilder::new()
        .add_comment("Throughline stage times: values in nanoseconds, maxima in milliseconds")
        .with_start_time(start)
        .with_base_time(start)
        .with_max_value_divisor(NS_IN_MS)
        .begin_log_with(file, &mut serializer)?;
    body(&mut Log { writer, began, failed: false });
    Ok(())
}

impl Log<'_> {
    /// The first failure is logged; the log may have ended up short then, the calls go on.
    pub(super) fn write(&mut self, handed: &Handed) {
        let (start, length) = (handed.from.since(self.began), handed.to.since(handed.from));
        for times in handed.tally.times().iter().filter(|times| !times.histogram.is_empty()) {
            let tag = Tag::new(times.stage.as_str());
            if let Err(fault) = self.writer.write_histogram(&times.histogram, start, length, tag)
                && !std::mem::replace(&mut self.failed, true)
            {
                tracing::warn!(?fault, "the interval log cannot be written");
            }
        }
    }
}
