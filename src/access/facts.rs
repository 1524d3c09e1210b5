//! What is known about a caller when the rules are asked.

use std::time::Duration;

use crate::base::{E164, Level, QueueId, TierId, TrunkId, Wall};

/// The input of a decision; everything in it is looked at only, nothing is kept.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// The host of the customer's e-mail address, of the SIP From, or of the web origin, as it was written.
    pub domain: Option<&'a str>,
    /// The account class that the site gave; without it the policy looks it up by domain.
    pub tier: Option<&'a TierId>,
    pub level: Level,
    /// The reason that the customer picked.
    pub category: Option<&'a str>,
    pub sub_category: Option<&'a str>,
    /// The customer's own words.
    pub words: Option<&'a str>,
    /// The help articles that were read, by their ids.
    pub articles: Vec<&'a str>,
    /// How pressing the site says it is: 0 low, 1 normal, 2 elevated, 3 high.
    pub urgency: Option<u8>,
    /// What it is worth, in the minor units of a currency (ISO 4217).
    pub value: Option<(i64, &'a str)>,
    /// The contact is about a case of the customer's.
    pub about_case: bool,
    /// Cases of the customer that are open, as far as anybody knows.
    pub open_cases: Option<u32>,
    /// When the customer was last in contact about anything; `None` when nobody knows of it.
    pub last_contact: Option<Wall>,
    /// The number that was dialled; `None` when it could not be read, or on a web call.
    pub dialled: Option<&'a E164>,
    pub trunk: &'a TrunkId,
    pub channel: Channel,
    /// Of the queues that rules ask for, as they are now; a queue that is not there is not known.
    pub loads: &'a [QueueLoad],
    pub wall: Wall,
}

/// The way by which a caller comes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// Over a trunk.
    #[default]
    Phone,
    /// From the page.
    Browser,
    /// We call the customer, who asked for it.
    Callback,
}

/// How busy a queue is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueLoad {
    pub queue: QueueId,
    /// Agents who could be offered a call of it now.
    pub free: usize,
    /// Calls that wait in it.
    pub waiting: usize,
    /// Of a call that would enter now; `None` when nothing is known of it.
    pub expected_wait: Option<Duration>,
}

impl Facts<'_> {
    /// A caller of whom nothing is known.
    pub fn of_nobody(trunk: &TrunkId, wall: Wall) -> Facts<'_> {
        Facts {
            domain: None,
            tier: None,
            level: Level::Unmatched,
            category: None,
            sub_category: None,
            words: None,
            articles: Vec::new(),
            urgency: None,
            value: None,
            about_case: false,
            open_cases: None,
            last_contact: None,
            dialled: None,
            trunk,
            channel: Channel::Phone,
            loads: &[],
            wall,
        }
    }
}

impl Channel {
    pub const ALL: [Channel; 3] = [Channel::Phone, Channel::Browser, Channel::Callback];

    /// As the configuration writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Channel::Phone => "phone",
            Channel::Browser => "browser",
            Channel::Callback => "callback",
        }
    }
}
