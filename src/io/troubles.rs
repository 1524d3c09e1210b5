//! What goes wrong in people's browsers: told by their pages or seen by us, each with a name in the log, and counted.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use serde::Deserialize;
use utoipa::ToSchema;

use super::allowance::Allowance;
use super::telemetry::{Counter, Telemetry};
use crate::base::limits::{TROUBLE_LINES_AT_ONCE, TROUBLE_LINES_PER_S};
use crate::sip::api::Browser;

/// What only the page can know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Told {
    /// The person, or their browser for them, has said no.
    MicrophoneRefused,
    MicrophoneMissing,
    /// Another program has it.
    MicrophoneBusy,
    /// The page did not come by https.
    MicrophoneInsecure,
    /// The browser cannot make calls.
    NoWebrtc,
    /// No path was found for the sound (ICE).
    NoSound,
    /// The two sides have no codec in common.
    NoCodec,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trouble {
    Told(Told),
    /// A page of a site that is not listed.
    ForeignOrigin,
    /// A token that is none of ours, or an agent's that is not right.
    WrongToken,
    ExpiredToken,
    /// A websocket that brought more messages than anybody needs.
    TooManyMessages,
    /// A websocket that was one too many of its browser or address.
    TooManyConnections,
}

/// Where troubles are written down.
pub struct Troubles {
    telemetry: Option<Telemetry>,
    lines: Mutex<Allowance>,
}

impl Told {
    pub const ALL: [Told; 7] = [
        Told::MicrophoneRefused,
        Told::MicrophoneMissing,
        Told::MicrophoneBusy,
        Told::MicrophoneInsecure,
        Told::NoWebrtc,
        Told::NoSound,
        Told::NoCodec,
    ];
}

impl Trouble {
    pub const SEEN: [Trouble; 5] = [
        Trouble::ForeignOrigin,
        Trouble::WrongToken,
        Trouble::ExpiredToken,
        Trouble::TooManyMessages,
        Trouble::TooManyConnections,
    ];

    /// The name in the log and in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Trouble::Told(Told::MicrophoneRefused) => "microphone-refused",
            Trouble::Told(Told::MicrophoneMissing) => "microphone-missing",
            Trouble::Told(Told::MicrophoneBusy) => "microphone-busy",
            Trouble::Told(Told::MicrophoneInsecure) => "microphone-insecure",
            Trouble::Told(Told::NoWebrtc) => "no-webrtc",
            Trouble::Told(Told::NoSound) => "no-sound",
            Trouble::Told(Told::NoCodec) => "no-codec",
            Trouble::ForeignOrigin => "foreign-origin",
            Trouble::WrongToken => "wrong-token",
            Trouble::ExpiredToken => "expired-token",
            Trouble::TooManyMessages => "too-many-messages",
            Trouble::TooManyConnections => "too-many-connections",
        }
    }
}

impl Troubles {
    /// `telemetry`: what counts them, where something does.
    pub fn new(telemetry: Option<Telemetry>) -> Troubles {
        let lines = Allowance::new(TROUBLE_LINES_AT_ONCE, TROUBLE_LINES_PER_S, Instant::now());
        Troubles { telemetry, lines: Mutex::new(lines) }
    }

    /// Counts it, and writes a line unless there were many of late: anybody can bring a wrong token. `whose` the browser is, where that
    /// is known.
    pub fn note(&self, trouble: Trouble, whose: Option<&Browser>) {
        self.note_at(trouble, whose, None);
    }

    /// A page that a site has shown which may not speak to us.
    pub fn foreign(&self, origin: &str) {
        let shown: String = origin.chars().filter(|char| !char.is_control()).take(ORIGIN_CHARS).collect();
        self.note_at(Trouble::ForeignOrigin, None, Some(&shown));
    }

    fn note_at(&self, trouble: Trouble, whose: Option<&Browser>, origin: Option<&str>) {
        if let Some(telemetry) = &self.telemetry {
            telemetry.note(Counter::Trouble(trouble));
        }
        if !self.lines.lock().unwrap_or_else(PoisonError::into_inner).take(Instant::now()) {
            return;
        }
        let (intent, agent) = match whose {
            Some(Browser::Caller { intent }) => (Some(tracing::field::display(intent)), None),
            Some(Browser::Agent { agent }) => (None, Some(tracing::field::display(agent))),
            None => (None, None),
        };
        tracing::info!(cause = trouble.as_str(), intent, agent, origin, "a browser is in trouble");
    }
}

/// An origin is a host with a scheme.
const ORIGIN_CHARS: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Wall;
    use crate::io::telemetry;

    #[test]
    fn each_is_counted_by_its_name_and_what_a_page_tells_is_read_by_it() {
        let (_recorder, telemetry) = telemetry::start(None, Wall(0)).unwrap();
        let troubles = Troubles::new(Some(telemetry.clone()));
        let all: Vec<_> = Told::ALL.map(Trouble::Told).into_iter().chain(Trouble::SEEN).collect();
        for trouble in &all {
            troubles.note(*trouble, None);
            assert_eq!(telemetry.count(&Counter::Trouble(*trouble)), 1);
        }
        let names: std::collections::BTreeSet<_> = all.iter().map(|trouble| trouble.as_str()).collect();
        assert_eq!(names.len(), all.len());
        for told in Told::ALL {
            let read: Told = serde_json::from_value(Trouble::Told(told).as_str().into()).unwrap();
            assert_eq!(read, told);
        }
    }

    #[test]
    fn a_flood_of_them_is_counted_and_not_written() {
        let (_recorder, telemetry) = telemetry::start(None, Wall(0)).unwrap();
        let troubles = Troubles::new(Some(telemetry.clone()));
        let many = u64::from(TROUBLE_LINES_AT_ONCE) * 2;
        (0..many).for_each(|_| troubles.foreign("https://evil.example"));
        assert_eq!(telemetry.count(&Counter::Trouble(Trouble::ForeignOrigin)), many);
        assert!(!troubles.lines.lock().unwrap().take(Instant::now()));
    }
}
