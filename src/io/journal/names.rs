//! What name servers said, as it stands in the journal.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::sip::resolve::{Failed, Found, Record};

use super::line::BadPart;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum NamesRecord {
    Found { records: Vec<OneRecord>, life_ms: u64 },
    Failed,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum OneRecord {
    Naptr { order: u16, preference: u16, flags: String, service: String, replacement: String },
    Srv { priority: u16, weight: u16, port: u16, target: String },
    Address(String),
}

impl From<&Result<Found, Failed>> for NamesRecord {
    fn from(result: &Result<Found, Failed>) -> NamesRecord {
        let Ok(Found { records, life }) = result else { return NamesRecord::Failed };
        let life_ms = u64::try_from(life.as_millis()).unwrap_or(u64::MAX);
        NamesRecord::Found { records: records.iter().map(OneRecord::from).collect(), life_ms }
    }
}

impl NamesRecord {
    pub fn read(self) -> Result<Result<Found, Failed>, BadPart> {
        let NamesRecord::Found { records, life_ms } = self else { return Ok(Err(Failed)) };
        let records = records.into_iter().map(OneRecord::read).collect::<Result<Vec<_>, _>>()?;
        Ok(Ok(Found { records, life: Duration::from_millis(life_ms) }))
    }
}

impl From<&Record> for OneRecord {
    fn from(record: &Record) -> OneRecord {
        match record.clone() {
            Record::Naptr { order, preference, flags, service, replacement } => {
                OneRecord::Naptr { order, preference, flags, service, replacement }
            }
            Record::Srv { priority, weight, port, target } => OneRecord::Srv { priority, weight, port, target },
            Record::Address(address) => OneRecord::Address(address.to_string()),
        }
    }
}

impl OneRecord {
    fn read(self) -> Result<Record, BadPart> {
        Ok(match self {
            OneRecord::Naptr { order, preference, flags, service, replacement } => {
                Record::Naptr { order, preference, flags, service, replacement }
            }
            OneRecord::Srv { priority, weight, port, target } => Record::Srv { priority, weight, port, target },
            OneRecord::Address(address) => Record::Address(address.parse().map_err(|_| BadPart("address"))?),
        })
    }
}
