//! What is known about a caller when the rules are asked.

use crate::base::{E164, Level, TierId, TrunkId, Wall};

/// The input of a decision; everything in it is looked at only, nothing is kept.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The host of the customer's e-mail address, of the SIP From, or of the web origin, as it was written.
    pub domain: Option<&'a str>,
    /// The account class that the site gave; without it the policy looks it up by domain.
    pub tier: Option<&'a TierId>,
    pub level: Level,
    /// The reason that the customer picked.
    pub category: Option<&'a str>,
    pub sub_category: Option<&'a str>,
    /// How pressing the site says it is: 0 low, 1 normal, 2 elevated, 3 high.
    pub urgency: Option<u8>,
    /// What it is worth, in the minor units of a currency (ISO 4217).
    pub value: Option<(i64, &'a str)>,
    /// The number that was dialled; `None` when it could not be read, or on a web call.
    pub dialled: Option<&'a E164>,
    pub trunk: &'a TrunkId,
    pub wall: Wall,
}
