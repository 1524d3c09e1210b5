//! Media events in the journal.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::base::LegId;
use crate::media::{FailCause, LegStats, LostCause, MediaEvent, PromptEnd, PromptId, Recorded, StopCause};

use super::line::BadPart;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum MediaRecord {
    Failed { leg: u64, cause: String },
    Lost { leg: u64, cause: String },
    Latched { leg: u64 },
    Dtmf { leg: u64, digit: char, ms: u32 },
    Played { leg: u64, prompt: u32, end: String },
    Silent { leg: u64, ns: u64 },
    Recorded { call: String, ns: u64, dropped: u64, stopped: Option<String> },
    Closed { leg: u64, stats: StatsRecord },
}

#[derive(Serialize, Deserialize)]
#[serde(default)]
#[derive(Default)]
pub(super) struct StatsRecord {
    received: u64,
    received_octets: u64,
    sent: u64,
    sent_octets: u64,
    lost: u64,
    jitter_us: u32,
    strangers: u64,
    malformed: u64,
    unknown_format: u64,
    peer_lost_256ths: u8,
    peer_jitter_us: u32,
}

const CAUSES: [(FailCause, &str); 4] = [
    (FailCause::PortInUse, "port-in-use"),
    (FailCause::Socket, "socket"),
    (FailCause::Overload, "overload"),
    (FailCause::Duplicate, "duplicate"),
];

const LOSSES: [(LostCause, &str); 6] = [
    (LostCause::NoCheck, "no-check"),
    (LostCause::NoHandshake, "no-handshake"),
    (LostCause::Handshake, "handshake"),
    (LostCause::Fingerprint, "fingerprint"),
    (LostCause::Consent, "consent"),
    (LostCause::Overload, "overload"),
];

const ENDS: [(PromptEnd, &str); 2] = [(PromptEnd::Finished, "finished"), (PromptEnd::Key, "key")];

impl From<&MediaEvent> for MediaRecord {
    fn from(event: &MediaEvent) -> MediaRecord {
        match event {
            MediaEvent::Failed { leg, cause } => MediaRecord::Failed { leg: leg.0, cause: name_of(&CAUSES, *cause) },
            MediaEvent::Lost { leg, cause } => MediaRecord::Lost { leg: leg.0, cause: name_of(&LOSSES, *cause) },
            MediaEvent::Latched { leg } => MediaRecord::Latched { leg: leg.0 },
            MediaEvent::Dtmf { leg, digit, duration_ms } => {
                MediaRecord::Dtmf { leg: leg.0, digit: *digit, ms: *duration_ms }
            }
            MediaEvent::Played { leg, prompt, end } => {
                MediaRecord::Played { leg: leg.0, prompt: prompt.0, end: name_of(&ENDS, *end) }
            }
            MediaEvent::Silent { leg, lasted } => {
                MediaRecord::Silent { leg: leg.0, ns: u64::try_from(lasted.as_nanos()).unwrap_or(u64::MAX) }
            }
            MediaEvent::Recorded { call, recorded } => MediaRecord::Recorded {
                call: call.to_string(),
                ns: u64::try_from(recorded.length.as_nanos()).unwrap_or(u64::MAX),
                dropped: recorded.dropped,
                stopped: recorded.stopped.map(|cause| cause.as_str().to_owned()),
            },
            MediaEvent::Closed { leg, stats } => MediaRecord::Closed { leg: leg.0, stats: StatsRecord::from(stats) },
        }
    }
}

impl MediaRecord {
    pub fn read(self) -> Result<MediaEvent, BadPart> {
        Ok(match self {
            MediaRecord::Failed { leg, cause } => {
                MediaEvent::Failed { leg: LegId(leg), cause: of_name(&CAUSES, &cause)? }
            }
            MediaRecord::Lost { leg, cause } => MediaEvent::Lost { leg: LegId(leg), cause: of_name(&LOSSES, &cause)? },
            MediaRecord::Latched { leg } => MediaEvent::Latched { leg: LegId(leg) },
            MediaRecord::Dtmf { leg, digit, ms } => MediaEvent::Dtmf { leg: LegId(leg), digit, duration_ms: ms },
            MediaRecord::Played { leg, prompt, end } => {
                MediaEvent::Played { leg: LegId(leg), prompt: PromptId(prompt), end: of_name(&ENDS, &end)? }
            }
            MediaRecord::Silent { leg, ns } => MediaEvent::Silent { leg: LegId(leg), lasted: Duration::from_nanos(ns) },
            MediaRecord::Recorded { call, ns, dropped, stopped } => MediaEvent::Recorded {
                call: call.parse().map_err(|_| BadPart("call"))?,
                recorded: Recorded {
                    length: Duration::from_nanos(ns),
                    dropped,
                    stopped: stopped.map(|cause| stop_cause(&cause)).transpose()?,
                },
            },
            MediaRecord::Closed { leg, stats } => MediaEvent::Closed { leg: LegId(leg), stats: stats.into() },
        })
    }
}

fn stop_cause(name: &str) -> Result<StopCause, BadPart> {
    StopCause::ALL.into_iter().find(|cause| cause.as_str() == name).ok_or(BadPart("stopped"))
}

fn name_of<C: PartialEq>(names: &[(C, &str)], cause: C) -> String {
    names.iter().find(|(known, _)| *known == cause).map_or("", |(_, name)| name).to_owned()
}

fn of_name<C: Copy>(names: &[(C, &str)], name: &str) -> Result<C, BadPart> {
    names.iter().find(|(_, known)| *known == name).map(|(cause, _)| *cause).ok_or(BadPart("cause"))
}

impl From<&LegStats> for StatsRecord {
    fn from(stats: &LegStats) -> StatsRecord {
        StatsRecord {
            received: stats.received,
            received_octets: stats.received_octets,
            sent: stats.sent,
            sent_octets: stats.sent_octets,
            lost: stats.lost,
            jitter_us: stats.jitter_us,
            strangers: stats.strangers,
            malformed: stats.malformed,
            unknown_format: stats.unknown_format,
            peer_lost_256ths: stats.peer_lost_256ths,
            peer_jitter_us: stats.peer_jitter_us,
        }
    }
}

impl From<StatsRecord> for LegStats {
    fn from(record: StatsRecord) -> LegStats {
        LegStats {
            received: record.received,
            received_octets: record.received_octets,
            sent: record.sent,
            sent_octets: record.sent_octets,
            lost: record.lost,
            jitter_us: record.jitter_us,
            strangers: record.strangers,
            malformed: record.malformed,
            unknown_format: record.unknown_format,
            peer_lost_256ths: record.peer_lost_256ths,
            peer_jitter_us: record.peer_jitter_us,
        }
    }
}
