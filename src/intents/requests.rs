//! What is asked of a store of intents, what it answers, and how it fails; all of them values.
//!
//! Each request may be sent again when its answer did not come: doing it twice does no more than doing it once.

use std::fmt;
use std::time::Duration;

use super::callback::{Callback, CallbackEnd, CallbackLimits, Miss};
use super::intent::{Intent, Patch};
use super::pin::{Pin, PinGuard, Try};
use crate::base::{AgentId, CallId, E164, IntentId, PoolId, Wall};

/// A request; `now` is the asker's clock, and the only one that decides what has expired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreRequest {
    /// The numbers of a pool, as configured: new ones are free at once, others leave the pool. Answer: `Seeded`.
    Seed { pool: PoolId, numbers: Vec<E164>, now: Wall },
    /// Answers: `Registered`, `Replayed` (same key and body, or same id), `KeyReused`, `Full`.
    Register { intent: Box<Intent>, lease: Option<LeasePlan>, idempotency: Option<Idempotency>, now: Wall },
    /// Also finds what has ended lately. Answers: `Got`, `Gone`.
    Get { intent: IntentId, now: Wall },
    /// Answers: `Amended`, `Gone` (not live any more).
    Amend { intent: IntentId, patch: Box<Patch>, now: Wall },
    /// Frees the number; a call that has the intent goes on. Answers: `Withdrawn`, `Gone` (never was, used, or expired).
    Withdraw { intent: IntentId, now: Wall },
    /// Every live intent that one of the three leads to, in one round trip. With `claim` a candidate that is the only one is
    /// taken in the same step, unless another call has it; its state says who has it now. Answer: `Found`.
    Find { dialled: Option<E164>, caller: Option<E164>, token: Option<IntentId>, claim: Option<ClaimPlan>, now: Wall },
    /// Takes the intent for a call until then; again by the same call prolongs it. Answers: `Claimed`, `Taken`, `Gone`.
    Claim { intent: IntentId, call: CallId, until: Wall, now: Wall },
    /// The call is over. `used`: an agent answered, the intent is done and its number rests; otherwise it is open again, so
    /// that a redial is recognised. `agent` is remembered for the customer; `missed`: so this call has not reached whom it called back.
    /// Answers: `Finished`, `Taken` (by another), `Gone`.
    Finish { intent: IntentId, call: CallId, agent: Option<AgentId>, used: bool, missed: Option<Miss>, now: Wall },
    /// The customer is to be called back; what was promised before keeps its earlier place and its tries. The intent lives until then at
    /// least; the number that it has alone is given back, since nobody needs to dial it. `by`: the customer's own call, in which they wanted it; if it has
    /// the intent, it lets go of it in the same step. Answers: `Promised`, `TooMany`, `Taken` (the customer is being called), `Gone`.
    Promise {
        intent: IntentId,
        callback: Box<Callback>,
        by: Option<CallId>,
        most: CallbackLimits,
        until: Wall,
        now: Wall,
    },
    /// The number is about to be dialled: takes the intent as `Claim` does, and counts the try. `dialled` is how often the number has been, as the
    /// call knows: a try of this call that is counted beyond is this one, and not counted twice. Answers: `Claimed`, `Taken` (another call
    /// has it), `Gone` (nobody is to be called any more).
    Recall { intent: IntentId, call: CallId, dialled: u8, until: Wall, now: Wall },
    /// This call has not dialled the number after all: the intent is open again, and the try that `Recall` may have counted is none; `dialled` is how often
    /// the number was dialled before, `tried` when last. Answers: `Finished`, `Taken` (by another), `Gone`.
    Unrecall { intent: IntentId, call: CallId, dialled: u8, tried: Option<Wall>, now: Wall },
    /// Nobody is to be called any more; `call` is the one that called last, if it says so. Answers: `Promised` (as it stands now),
    /// `Taken` (the customer is being called), `Gone`.
    Unpromise { intent: IntentId, call: Option<CallId>, end: CallbackEnd, now: Wall },
    /// Every callback that is open, for a process that has just begun. Answer: `Promises`.
    Promises { now: Wall },
    /// A caller who dialled this shared number has entered a code: the live intent that has it is taken, unless another call has it. Wrong
    /// ones are counted by number, the same try once. Answers: `Found` (nobody, or one), `Barred`.
    TryPin { number: E164, pin: Pin, tried: Try, guard: PinGuard, claim: ClaimPlan, now: Wall },
    /// Answer: `Pong`.
    Ping { now: Wall },
}

/// Which call takes an intent, and until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClaimPlan {
    pub call: CallId,
    pub until: Wall,
}

/// How an intent gets its number; it holds the number until it expires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeasePlan {
    pub pool: PoolId,
    /// How long a number rests after its lease.
    pub quarantine: Duration,
    /// The number for everybody when the pool is empty; without it the intent has none then.
    pub shared: Option<E164>,
    /// Codes to go with the shared number: the first that no other live intent has on it. None is given when all are taken.
    pub pins: Vec<Pin>,
}

/// The `Idempotency-Key` of a registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Idempotency {
    /// SHA-256 of the client and its key.
    pub key: [u8; 32],
    /// SHA-256 of the body; another body under the same key is a fault of the client.
    pub body: [u8; 32],
    /// How long the key is remembered.
    pub ttl: Duration,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreReply {
    /// The size of the pool.
    Seeded {
        numbers: usize,
    },
    Registered(Box<Intent>),
    /// This was registered before; here it is as it stands now.
    Replayed(Box<Intent>),
    /// The key was used with another body.
    KeyReused,
    /// `INTENTS_MAX` are kept already.
    Full,
    Got(Box<Intent>),
    Amended(Box<Intent>),
    Withdrawn,
    /// At most `CANDIDATES_MAX`: the token's first, then the dialled number's, then the caller's, the latest to expire first.
    Found {
        candidates: Vec<Candidate>,
    },
    Claimed(Box<Intent>),
    /// Another call has it.
    Taken {
        by: CallId,
    },
    Finished,
    Promised(Box<Intent>),
    /// This number, this customer or this intent has been promised as much as may be.
    TooMany,
    /// At most `CALLBACKS_MAX` intents, those with the oldest place first.
    Promises(Vec<Intent>),
    /// Too many wrong codes have been entered on this number: until then none is looked at.
    Barred {
        until: Wall,
    },
    /// There is no such intent, or it has ended.
    Gone,
    Pong,
}

/// An intent that a call may belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    pub intent: Intent,
    pub found_by: FoundBy,
    /// Whom the customer spoke with in the last 30 days.
    pub last_agent: Option<AgentId>,
}

/// What led to a candidate; at least one of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FoundBy {
    pub leased_number: bool,
    pub caller_id: bool,
    pub token: bool,
    pub pin: bool,
}

/// Why there is no answer. Except for `Overloaded` the request may have been carried out nevertheless.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StoreError {
    /// No connection, or the store refuses to work.
    Unavailable,
    /// No answer in time.
    Timeout,
    /// Too many requests wait already; this one was not begun.
    Overloaded,
    /// The answer or the stored record cannot be read.
    Corrupt,
}

impl FoundBy {
    /// Both together.
    pub fn and(self, other: FoundBy) -> FoundBy {
        FoundBy {
            leased_number: self.leased_number || other.leased_number,
            caller_id: self.caller_id || other.caller_id,
            token: self.token || other.token,
            pin: self.pin || other.pin,
        }
    }
}

impl StoreRequest {
    /// The asker's clock.
    pub fn now(&self) -> Wall {
        match self {
            StoreRequest::Seed { now, .. }
            | StoreRequest::Register { now, .. }
            | StoreRequest::Get { now, .. }
            | StoreRequest::Amend { now, .. }
            | StoreRequest::Withdraw { now, .. }
            | StoreRequest::Find { now, .. }
            | StoreRequest::Claim { now, .. }
            | StoreRequest::Finish { now, .. }
            | StoreRequest::Promise { now, .. }
            | StoreRequest::Recall { now, .. }
            | StoreRequest::Unrecall { now, .. }
            | StoreRequest::Unpromise { now, .. }
            | StoreRequest::Promises { now }
            | StoreRequest::TryPin { now, .. }
            | StoreRequest::Ping { now } => *now,
        }
    }

    /// The word for it in metrics and logs.
    pub fn name(&self) -> &'static str {
        match self {
            StoreRequest::Seed { .. } => "seed",
            StoreRequest::Register { .. } => "register",
            StoreRequest::Get { .. } => "get",
            StoreRequest::Amend { .. } => "amend",
            StoreRequest::Withdraw { .. } => "withdraw",
            StoreRequest::Find { .. } => "find",
            StoreRequest::Claim { .. } => "claim",
            StoreRequest::Finish { .. } => "finish",
            StoreRequest::Promise { .. } => "promise",
            StoreRequest::Recall { .. } => "recall",
            StoreRequest::Unrecall { .. } => "unrecall",
            StoreRequest::Unpromise { .. } => "unpromise",
            StoreRequest::Promises { .. } => "promises",
            StoreRequest::TryPin { .. } => "try_pin",
            StoreRequest::Ping { .. } => "ping",
        }
    }

    /// It changes nothing.
    pub fn is_read(&self) -> bool {
        matches!(
            self,
            StoreRequest::Get { .. }
                | StoreRequest::Find { claim: None, .. }
                | StoreRequest::Promises { .. }
                | StoreRequest::Ping { .. }
        )
    }
}

impl StoreError {
    /// The word for it in metrics and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            StoreError::Unavailable => "unavailable",
            StoreError::Timeout => "timeout",
            StoreError::Overloaded => "overloaded",
            StoreError::Corrupt => "corrupt",
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            StoreError::Unavailable => "the store of intents cannot be reached",
            StoreError::Timeout => "the store of intents did not answer in time",
            StoreError::Overloaded => "too many requests wait for the store of intents",
            StoreError::Corrupt => "the store of intents holds something that cannot be read",
        })
    }
}

impl std::error::Error for StoreError {}
