//! A callback that was promised: it is kept with its intent, and is as safe as that.

use crate::base::{CallId, E164, Level, QueueId, Wall};

/// The customer is to be called. One intent has one at most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callback {
    pub number: E164,
    /// Where the customer is, by the IANA's name, as their page says.
    pub zone: Option<String>,
    /// Not before this moment, as the customer wishes.
    pub not_before: Option<Wall>,
    /// When it was promised last; the store says so.
    pub promised: Wall,
    /// Their place: who has waited from then on.
    pub since: Wall,
    /// How sure we are of who answers there.
    pub level: Level,
    pub queue: QueueId,
    pub priority: i32,
    /// The access rule by which it was promised.
    pub rule: Option<String>,
    /// How often the number was dialled, and when last. What is promised anew goes on counting.
    pub tries: u8,
    pub tried: Option<Wall>,
    /// What became of the last one: when the next may begin depends on it.
    pub missed: Miss,
    pub state: CallbackState,
}

/// How a customer was not reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Miss {
    Busy,
    /// Somebody or something else has answered, as the agent says.
    NotReached,
    #[default]
    Otherwise,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallbackState {
    /// Nobody is calling now.
    Waiting,
    /// This call dials the number, or talks. It has the intent too; when its claim has run out it is lost, and nobody knows whom it has
    /// reached.
    Calling {
        call: CallId,
    },
    /// An agent has talked to the customer, in this call or another.
    Reached,
    /// Every try was in vain.
    Missed,
    TakenBack,
}

/// How much may be promised; against people who have others called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallbackLimits {
    /// Intents within a day that ask for the same number, and intents of the same customer.
    pub per_number: u32,
    pub per_customer: u32,
    /// How often one intent's number is dialled.
    pub tries: u8,
}

/// What came of a callback that nobody is to call any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallbackEnd {
    Missed,
    TakenBack,
}

impl Callback {
    /// Somebody is to be called, or was being called when we heard last.
    pub fn is_open(&self) -> bool {
        matches!(self.state, CallbackState::Waiting | CallbackState::Calling { .. })
    }
}

impl Miss {
    pub const ALL: [Miss; 3] = [Miss::Busy, Miss::NotReached, Miss::Otherwise];

    /// The word for it in records.
    pub fn as_str(self) -> &'static str {
        match self {
            Miss::Busy => "busy",
            Miss::NotReached => "not_reached",
            Miss::Otherwise => "otherwise",
        }
    }
}

impl CallbackState {
    /// The word for it in records and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            CallbackState::Waiting => "waiting",
            CallbackState::Calling { .. } => "calling",
            CallbackState::Reached => "reached",
            CallbackState::Missed => "missed",
            CallbackState::TakenBack => "taken_back",
        }
    }
}

impl CallbackEnd {
    pub fn state(self) -> CallbackState {
        match self {
            CallbackEnd::Missed => CallbackState::Missed,
            CallbackEnd::TakenBack => CallbackState::TakenBack,
        }
    }
}
