//! Every deadline of the endpoint in one list, with the reason for which it wakes.

use super::names::SessionId;
use crate::sip::api::Refusal;
use crate::sip::transaction::{Timer, TxId};

/// Whose deadline it is and what for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Deadline {
    Transaction(TxId, Timer),
    /// Our INVITE has no final answer 64*T1 after our CANCEL (RFC 3261 section 9.1), or after its dialog ended: it is given up.
    Abandoned(TxId),
    /// The last provisional answer again, so that proxies do not lose patience (RFC 3261 section 13.3.1.1).
    ProgressAgain(SessionId),
    /// Our 2xx again (RFC 3261 section 13.3.1.4).
    AnswerAgain(SessionId),
    /// Our 2xx was never acknowledged.
    AnswerUnheard(SessionId),
    /// Nobody took the call that we dialled.
    RungLong(SessionId),
    /// Our reliable provisional answer again (RFC 3262 section 3).
    ReliableAgain(SessionId),
    /// It never got its PRACK.
    Unpracked(SessionId),
    /// A re-INVITE after glare (RFC 3261 section 14.1).
    ReinviteAgain(SessionId),
    /// Our turn to refresh a session (RFC 4028 section 7.4).
    Refresh(SessionId),
    /// Nobody has refreshed it.
    SessionExpired(SessionId),
    /// A re-INVITE of ours has no final answer.
    ReinviteStalled(SessionId),
    /// The next contact of a phone, by its place in the setup, runs out.
    Binding(usize),
    /// The next OPTIONS to a trunk, by its place in the setup.
    KeepAlive(usize),
    /// The next REGISTER to a trunk, by its place in the setup.
    Enrol(usize),
    /// A trunk has forgotten our registration.
    EnrolmentEnds(usize),
    /// The next OPTIONS to a gateway, by its trunk's place and its own.
    Gateway(usize, usize),
    /// An INVITE of ours has no answer at all while there are other places to try (RFC 3263 section 4.3).
    TargetSilent(TxId),
    /// The browser at the other end of a dialog does not come back.
    Away(SessionId),
    /// A name server says nothing, or a look-up takes too long.
    Names,
    /// Refusals counted since the last report.
    Refused(Refusal),
}

impl Deadline {
    pub fn reason(self) -> &'static str {
        match self {
            Deadline::Transaction(_, timer) => timer.reason(),
            Deadline::Abandoned(_) => "INVITE given up",
            Deadline::ProgressAgain(_) => "provisional answer again",
            Deadline::AnswerAgain(_) => "2xx again",
            Deadline::AnswerUnheard(_) => "2xx unacknowledged",
            Deadline::RungLong(_) => "ring timeout",
            Deadline::ReliableAgain(_) => "reliable provisional answer again",
            Deadline::Unpracked(_) => "reliable provisional answer without PRACK",
            Deadline::Refresh(_) => "session refresh",
            Deadline::SessionExpired(_) => "session timer",
            Deadline::ReinviteStalled(_) => "re-INVITE without a final answer",
            Deadline::ReinviteAgain(_) => "re-INVITE after glare",
            Deadline::Binding(_) => "registration ends",
            Deadline::KeepAlive(_) => "OPTIONS to a trunk",
            Deadline::Enrol(_) => "REGISTER to a trunk",
            Deadline::EnrolmentEnds(_) => "our registration ends",
            Deadline::Gateway(_, _) => "OPTIONS to a gateway",
            Deadline::TargetSilent(_) => "silent target",
            Deadline::Away(_) => "browser does not come back",
            Deadline::Names => "names looked up",
            Deadline::Refused(_) => "refusals reported",
        }
    }
}
