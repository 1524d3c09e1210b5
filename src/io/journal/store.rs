//! Answers of the store in the journal.

use serde::{Deserialize, Serialize};

use crate::base::{AgentId, Wall};
use crate::intents::Intent;
use crate::intents::requests::{Candidate, FoundBy, StoreError, StoreReply};
use crate::io::records::IntentRecord;

use super::line::BadPart;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ResultRecord {
    Seeded { numbers: u64 },
    Registered(Box<IntentRecord>),
    Replayed(Box<IntentRecord>),
    KeyReused,
    Full,
    Got(Box<IntentRecord>),
    Amended(Box<IntentRecord>),
    Withdrawn,
    Found(Vec<CandidateRecord>),
    Claimed(Box<IntentRecord>),
    Taken { by: String },
    Promised(Box<IntentRecord>),
    TooMany,
    Promises(Vec<IntentRecord>),
    Finished,
    Barred { until: u64 },
    Gone,
    Pong,
    Failed { error: String },
}

#[derive(Serialize, Deserialize)]
pub(super) struct CandidateRecord {
    intent: IntentRecord,
    leased_number: bool,
    caller_id: bool,
    token: bool,
    #[serde(default)]
    pin: bool,
    last_agent: Option<String>,
}

const ERRORS: [StoreError; 4] =
    [StoreError::Unavailable, StoreError::Timeout, StoreError::Overloaded, StoreError::Corrupt];

impl From<&Result<StoreReply, StoreError>> for ResultRecord {
    fn from(result: &Result<StoreReply, StoreError>) -> ResultRecord {
        match result {
            Ok(reply) => ResultRecord::from(reply),
            Err(error) => ResultRecord::Failed { error: error.as_str().to_owned() },
        }
    }
}

impl From<&StoreReply> for ResultRecord {
    fn from(reply: &StoreReply) -> ResultRecord {
        let record = |intent: &Intent| Box::new(IntentRecord::from(intent));
        match reply {
            StoreReply::Seeded { numbers } => ResultRecord::Seeded { numbers: *numbers as u64 },
            StoreReply::Registered(intent) => ResultRecord::Registered(record(intent)),
            StoreReply::Replayed(intent) => ResultRecord::Replayed(record(intent)),
            StoreReply::KeyReused => ResultRecord::KeyReused,
            StoreReply::Full => ResultRecord::Full,
            StoreReply::Got(intent) => ResultRecord::Got(record(intent)),
            StoreReply::Amended(intent) => ResultRecord::Amended(record(intent)),
            StoreReply::Withdrawn => ResultRecord::Withdrawn,
            StoreReply::Found { candidates } => {
                ResultRecord::Found(candidates.iter().map(CandidateRecord::from).collect())
            }
            StoreReply::Claimed(intent) => ResultRecord::Claimed(record(intent)),
            StoreReply::Taken { by } => ResultRecord::Taken { by: by.to_string() },
            StoreReply::Promised(intent) => ResultRecord::Promised(record(intent)),
            StoreReply::TooMany => ResultRecord::TooMany,
            StoreReply::Promises(intents) => ResultRecord::Promises(intents.iter().map(IntentRecord::from).collect()),
            StoreReply::Finished => ResultRecord::Finished,
            StoreReply::Barred { until } => ResultRecord::Barred { until: until.0 },
            StoreReply::Gone => ResultRecord::Gone,
            StoreReply::Pong => ResultRecord::Pong,
        }
    }
}

impl ResultRecord {
    pub fn read(self) -> Result<Result<StoreReply, StoreError>, BadPart> {
        if let ResultRecord::Failed { error } = &self {
            let known = ERRORS.into_iter().find(|known| known.as_str() == error).ok_or(BadPart("error"))?;
            return Ok(Err(known));
        }
        self.read_reply().map(Ok)
    }

    fn read_reply(self) -> Result<StoreReply, BadPart> {
        Ok(match self {
            ResultRecord::Seeded { numbers } => {
                StoreReply::Seeded { numbers: usize::try_from(numbers).unwrap_or(usize::MAX) }
            }
            ResultRecord::Registered(record) => StoreReply::Registered(intent(*record)?),
            ResultRecord::Replayed(record) => StoreReply::Replayed(intent(*record)?),
            ResultRecord::KeyReused => StoreReply::KeyReused,
            ResultRecord::Full => StoreReply::Full,
            ResultRecord::Got(record) => StoreReply::Got(intent(*record)?),
            ResultRecord::Amended(record) => StoreReply::Amended(intent(*record)?),
            ResultRecord::Withdrawn => StoreReply::Withdrawn,
            ResultRecord::Found(records) => {
                let candidates = records.into_iter().map(CandidateRecord::read).collect::<Result<_, _>>()?;
                StoreReply::Found { candidates }
            }
            ResultRecord::Claimed(record) => StoreReply::Claimed(intent(*record)?),
            ResultRecord::Taken { by } => StoreReply::Taken { by: by.parse().map_err(|_| BadPart("by"))? },
            ResultRecord::Promised(record) => StoreReply::Promised(intent(*record)?),
            ResultRecord::TooMany => StoreReply::TooMany,
            ResultRecord::Promises(records) => {
                let intents = records.into_iter().map(|record| intent(record).map(|intent| *intent));
                StoreReply::Promises(intents.collect::<Result<_, _>>()?)
            }
            ResultRecord::Finished => StoreReply::Finished,
            ResultRecord::Barred { until } => StoreReply::Barred { until: Wall(until) },
            ResultRecord::Gone => StoreReply::Gone,
            ResultRecord::Pong => StoreReply::Pong,
            ResultRecord::Failed { error: _ } => return Err(BadPart("error")),
        })
    }
}

fn intent(record: IntentRecord) -> Result<Box<Intent>, BadPart> {
    Intent::try_from(record).map(Box::new).map_err(|bad| BadPart(bad.field))
}

impl From<&Candidate> for CandidateRecord {
    fn from(candidate: &Candidate) -> CandidateRecord {
        CandidateRecord {
            intent: IntentRecord::from(&candidate.intent),
            leased_number: candidate.found_by.leased_number,
            caller_id: candidate.found_by.caller_id,
            token: candidate.found_by.token,
            pin: candidate.found_by.pin,
            last_agent: candidate.last_agent.as_ref().map(|agent| agent.as_str().to_owned()),
        }
    }
}

impl CandidateRecord {
    fn read(self) -> Result<Candidate, BadPart> {
        Ok(Candidate {
            intent: *intent(self.intent)?,
            found_by: FoundBy {
                leased_number: self.leased_number,
                caller_id: self.caller_id,
                token: self.token,
                pin: self.pin,
            },
            last_agent: self.last_agent.map(|agent| AgentId::new(&agent)),
        })
    }
}
