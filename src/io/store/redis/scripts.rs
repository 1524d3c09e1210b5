//! The scripts, each the common part, what else it needs, and its own; Redis is told a script once and knows it by its hash from then on.

use redis::Script;

use crate::base::limits::*;
use crate::intents::StoreRequest;
use crate::io::records::millis;

pub struct Scripts {
    pub seed: Script,
    register: Script,
    get: Script,
    amend: Script,
    withdraw: Script,
    find: Script,
    claim: Script,
    finish: Script,
    promise: Script,
    recall: Script,
    unrecall: Script,
    unpromise: Script,
    promises: Script,
    try_pin: Script,
}

/// The texts of a record that scripts look into, in the order in which a record is read and told. What they do not look into is the last,
/// packed. The first is in every record.
pub const OWN: [&str; 16] = [
    "keep",
    "state",
    "call",
    "until",
    "expires",
    "created",
    "version",
    "number",
    "pin",
    "shared",
    "pool",
    "quarantine",
    "customer_id",
    "phones",
    "callback",
    "packed",
];

/// Parts that not every script needs: each costs a script that has it some microseconds.
const PROMISED: &str = include_str!("lua/promised.lua");
const NUMBERS: &str = include_str!("lua/numbers.lua");

/// The numbers of a pool stay so long without a registration; longer than any holiday closes a line.
const POOL_KEPT_MS: u64 = 30 * 24 * 3600 * 1000;

impl Scripts {
    pub fn new() -> Scripts {
        Scripts {
            seed: script(&[], include_str!("lua/seed.lua")),
            register: script(&[NUMBERS], include_str!("lua/register.lua")),
            get: script(&[], include_str!("lua/get.lua")),
            amend: script(&[NUMBERS], include_str!("lua/amend.lua")),
            withdraw: script(&[PROMISED, NUMBERS], include_str!("lua/withdraw.lua")),
            find: script(&[], include_str!("lua/find.lua")),
            claim: script(&[], include_str!("lua/claim.lua")),
            finish: script(&[PROMISED, NUMBERS], include_str!("lua/finish.lua")),
            promise: script(&[PROMISED, NUMBERS], include_str!("lua/promise.lua")),
            recall: script(&[PROMISED], include_str!("lua/recall.lua")),
            unrecall: script(&[PROMISED], include_str!("lua/unrecall.lua")),
            unpromise: script(&[PROMISED], include_str!("lua/unpromise.lua")),
            promises: script(&[PROMISED], include_str!("lua/promises.lua")),
            try_pin: script(&[NUMBERS], include_str!("lua/try_pin.lua")),
        }
    }

    /// The script of a request; `None` for `Ping`, which is a command of Redis.
    pub fn of(&self, request: &StoreRequest) -> Option<&Script> {
        match request {
            StoreRequest::Seed { .. } => Some(&self.seed),
            StoreRequest::Register { .. } => Some(&self.register),
            StoreRequest::Get { .. } => Some(&self.get),
            StoreRequest::Amend { .. } => Some(&self.amend),
            StoreRequest::Withdraw { .. } => Some(&self.withdraw),
            StoreRequest::Find { .. } => Some(&self.find),
            StoreRequest::Claim { .. } => Some(&self.claim),
            StoreRequest::Finish { .. } => Some(&self.finish),
            StoreRequest::Promise { .. } => Some(&self.promise),
            StoreRequest::Recall { .. } => Some(&self.recall),
            StoreRequest::Unrecall { .. } => Some(&self.unrecall),
            StoreRequest::Unpromise { .. } => Some(&self.unpromise),
            StoreRequest::Promises { .. } => Some(&self.promises),
            StoreRequest::TryPin { .. } => Some(&self.try_pin),
            StoreRequest::Ping { .. } => None,
        }
    }
}

fn script(parts: &[&str], own: &str) -> Script {
    let parts = [include_str!("lua/common.lua")].iter().chain(parts).chain([&own]).copied().collect::<Vec<_>>();
    Script::new(&format!("{}\n{}", constants(), parts.join("\n")))
}

/// The limits and names, so that they are written in one place.
fn constants() -> String {
    [
        ("SKEW", millis(CLOCK_SKEW_MAX)),
        ("KEPT_AFTER", millis(INTENT_KEPT_AFTER)),
        ("LAST_AGENT_KEPT", millis(LAST_AGENT_KEPT)),
        ("POOL_KEPT", POOL_KEPT_MS),
        ("PER_CALLER", INTENTS_PER_CALLER_MAX as u64),
        ("CANDIDATES", CANDIDATES_MAX as u64),
        ("REAPED_AT_ONCE", REAPED_AT_ONCE as u64),
        ("CALLBACK_COUNTED", millis(CALLBACK_COUNTED)),
    ]
    .map(|(name, value)| format!("local {name} = {value}"))
    .into_iter()
    .chain([format!("local OWN = {{ '{}' }}", OWN.join("', '"))])
    .collect::<Vec<_>>()
    .join("\n")
}
