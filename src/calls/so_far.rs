//! What was between the customer and us before this call, in words for the agent.

use std::time::Duration;

use crate::base::Wall;
use crate::intents::callback::Callback;
use crate::intents::intent::Past;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Cases that are open and the last contact, as far as anybody has said; empty when there is nothing.
pub fn past(past: &Past, now: Wall) -> String {
    let open = past.open_cases.filter(|open| *open > 0).map(|open| counted(u64::from(open), "open case", "open cases"));
    let last = past.last_contact.map(|last| format!("last contact {}", ago(now.since(last))));
    [open, last].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// When we promised to call, and how often nobody was there.
pub fn callback(callback: &Callback, now: Wall) -> String {
    let promised = format!("promised {}", ago(now.since(callback.since)));
    match callback.tries {
        0 => promised,
        tries => format!("{promised}, dialled {} already", counted(u64::from(tries), "time", "times")),
    }
}

fn ago(span: Duration) -> String {
    match span.as_secs() {
        0..MINUTE => "just now".to_owned(),
        s @ MINUTE..HOUR => counted(s / MINUTE, "minute", "minutes") + " ago",
        s @ HOUR..DAY => counted(s / HOUR, "hour", "hours") + " ago",
        s => counted(s / DAY, "day", "days") + " ago",
    }
}

fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_before_is_said_in_a_line() {
        let now = Wall(10 * DAY * 1000);
        let says = |open_cases, s_ago: Option<u64>| {
            let last_contact = s_ago.map(|s| Wall(now.0 - s * 1000));
            past(&Past { open_cases, last_contact }, now)
        };
        assert_eq!(says(None, None), "");
        assert_eq!(says(Some(0), None), "");
        assert_eq!(says(Some(1), None), "1 open case");
        assert_eq!(says(Some(2), Some(30)), "2 open cases, last contact just now");
        assert_eq!(says(Some(0), Some(MINUTE)), "last contact 1 minute ago");
        assert_eq!(says(None, Some(2 * HOUR + 5)), "last contact 2 hours ago");
        assert_eq!(says(None, Some(3 * DAY)), "last contact 3 days ago");
    }
}
