//! The stages of a call that are timed.

/// From the first byte of the INVITE to each step, and the store's round trip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    InviteToMatch,
    InviteToAccess,
    InviteToGrant,
    InviteToPopSent,
    InviteToPopAcknowledged,
    InviteToAgentRinging,
    InviteToAnswer,
    StoreRoundTrip,
}

impl Stage {
    pub const ALL: [Stage; 8] = [
        Stage::InviteToMatch,
        Stage::InviteToAccess,
        Stage::InviteToGrant,
        Stage::InviteToPopSent,
        Stage::InviteToPopAcknowledged,
        Stage::InviteToAgentRinging,
        Stage::InviteToAnswer,
        Stage::StoreRoundTrip,
    ];

    /// The name in metrics, logs and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Stage::InviteToMatch => "invite_to_match",
            Stage::InviteToAccess => "invite_to_access",
            Stage::InviteToGrant => "invite_to_grant",
            Stage::InviteToPopSent => "invite_to_pop_sent",
            Stage::InviteToPopAcknowledged => "invite_to_pop_acknowledged",
            Stage::InviteToAgentRinging => "invite_to_agent_ringing",
            Stage::InviteToAnswer => "invite_to_answer",
            Stage::StoreRoundTrip => "store_round_trip",
        }
    }
}
