//! One call: what is known of it, and the phase that it is in.

use std::sync::Arc;
use std::time::Duration;

use crate::access::{After, Decision};
use crate::base::{AgentId, CallId, E164, Fence, IntentId, LegId, Mono, QueueId, TrunkId};
use crate::intents::intent::Intent;
use crate::intents::pin::Pin;
use crate::sdp::{LocalMedia, Session};
use crate::sip::api::{IncomingCall, Origin};

use super::api::AskId;
use super::consulting::Consultation;
use super::facts::{CallRecord, FallbackCause};
use super::moved::Moved;
use super::pin::Entry;
use super::promising::{Asked, Willing, Wish};
use super::prompts::Prompts;
use super::recalling::Recall;
use super::recording::Recording;
use super::returning::Returning;
use super::settings::{CallSettings, TrunkPlan};
use super::sound::Sound;
use super::supervising::Supervision;
use super::transfer::Transfer;

/// The leg that came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallerLeg(pub LegId);

/// The leg that we dialled: an agent's phone, or the fallback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FarLeg(pub LegId);

/// Which leg of a call something is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Caller,
    Far,
}

/// The owner's promise that this agent is free for this call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    pub agent: AgentId,
    pub fence: Fence,
}

/// Where a call is in its life. Each phase has a file of its own name that says what may happen in it.
#[derive(Clone, Debug)]
pub enum Phase {
    /// The store has been asked who this is.
    Matching(Step),
    /// In a queue; nobody has been offered the call.
    Waiting,
    /// The pop is on its way to the agent's desktop; the phone does not ring yet.
    Offered(Grant),
    /// The agent's phone rings.
    Ringing(Grant, FarLeg),
    Talking(Grant, FarLeg),
    /// 302 has sent the call to the agent's extension, and we see no more of it.
    HandedOver(Grant),
    /// The agent has passed the call on and hung up; the caller waits for the new side.
    Passing,
    /// The caller is with somebody to whom an agent has passed them on, and who is no agent of ours at their desk; or an agent with
    /// whom they have called.
    Passed(FarLeg),
    /// The fallback rings, or whomever an agent calls.
    Diverting(FarLeg),
    /// The caller is with the fallback.
    Diverted(FarLeg),
    /// A callback for which it is not the time: outside the hours, between two tries, or while the customer calls by themselves.
    Promised,
    /// The agent has answered, and the customer is being called.
    Recalling(Grant, FarLeg),
    /// Nothing is owed to anybody any more; the controller removes the call.
    Over,
}

/// The questions of matching, the second only when there was more than one candidate, those of codes only where there are some; and what is said
/// to callers whom nobody is to have now.
#[derive(Clone, Debug)]
pub enum Step {
    Finding(AskId),
    /// The winner is being taken, so that no other call can have it.
    Claiming(AskId, Box<Intent>),
    /// Nobody has been found, and the caller enters the code from the page.
    Entering(Box<Entry>),
    /// The store has been asked whose code that is.
    Checking(AskId, Box<Entry>),
    /// Nobody is to have the caller, who hears why; then they are refused with this status.
    Announcing {
        status: u16,
    },
    /// ... or are asked whether they want to be called back.
    Inviting(Box<Wish>),
    /// They want to be, and the store is asked to promise it.
    Promising(Box<Wish>, Asked),
    /// It is promised, as they hear; then the call ends.
    Promised(Box<Intent>),
}

/// What matching and access found out about the caller.
#[derive(Clone, Debug, Default)]
pub struct Recognised {
    pub dialled: Option<E164>,
    pub caller: Option<E164>,
    /// The intent whose signed token came with the call.
    pub token: Option<IntentId>,
    /// The code that has been entered.
    pub pin: Option<Pin>,
    /// The claimed intent; `None` at V0.
    pub intent: Option<Box<Intent>>,
    /// Whom the customer of the likeliest intent spoke to last.
    pub last_agent: Option<AgentId>,
    pub rivals: u8,
    /// The rules have sent the caller to the fallback, and would not if the match were proven.
    pub is_kept_out: bool,
    /// The intents that are rivals: whose page says so has the call.
    pub others: Vec<Intent>,
    /// One of them has been confirmed by its page, and is being claimed.
    pub claiming: Option<(AskId, Box<Intent>)>,
    /// Why matching came to nothing, when something failed rather than did not fit.
    pub missed: Option<FallbackCause>,
}

/// A change of the session that is under way. Descriptions are boxed: most calls have none.
#[derive(Clone, Debug)]
pub enum Change {
    /// One side's offer is with the other. `before` is what we had said there, which holds again if it refuses; `withdrawn`: the
    /// side that asked has thought better of it.
    PassedOn { asking: Side, offer: Box<Session>, before: Box<LocalMedia>, withdrawn: bool },
    /// One side asks for an offer, which the other has been asked to make.
    Fetching { asking: Side, withdrawn: bool },
    /// The other side's offer is with the side that asked, whose answer comes in its ACK (RFC 3261 section 14.1).
    Fetched { asking: Side, offer: Box<Session> },
    /// We have told one side anew what the other one can do.
    Own { side: Side, before: Box<LocalMedia> },
}

/// Where in the queue: kept while offers come and go.
#[derive(Clone, Debug)]
pub struct Queued {
    pub queue: QueueId,
    pub since: Mono,
    /// As the router last said: 1 is the next to be offered.
    pub position: Option<usize>,
    pub expected_wait: Option<Duration>,
    /// What follows when nobody is free in time.
    pub then: After,
    /// When that is.
    pub until: Option<Mono>,
}

/// A call from its INVITE to its end record.
#[derive(Clone, Debug)]
pub struct Call {
    pub id: CallId,
    /// The call with whose streams ours may be joined; itself for most.
    pub group: CallId,
    pub caller: CallerLeg,
    /// All that it began with: another configuration is for the calls that come after.
    pub rules: Arc<CallSettings>,
    /// An agent's phone has one of its own.
    pub trunk: Arc<TrunkPlan>,
    pub incoming: Box<IncomingCall>,
    pub recognised: Recognised,
    /// Shared with what is kept to explain it.
    pub decision: Option<Arc<Decision>>,
    pub queued: Option<Queued>,
    pub phase: Phase,
    pub sound: Sound,
    /// What is, and was, played to it besides.
    pub prompts: Prompts,
    /// When the two sides were first connected.
    pub connected: Option<Mono>,
    pub legs_dialled: u64,
    /// The trunk among whose outgoing calls the fallback's leg is counted.
    pub outgoing: Option<TrunkId>,
    /// Agents who are in it without a grant, as the router knows.
    pub engaged: Vec<AgentId>,
    pub change: Option<Change>,
    /// The call is being passed on.
    pub transfer: Option<Box<Transfer>>,
    /// Where the phone or the fallback has sent us by 3xx.
    pub moved: Moved,
    pub recording: Recording,
    /// Whom the agent asks while the caller waits.
    pub consultation: Option<Box<Consultation>>,
    /// A supervisor who hears it.
    pub supervision: Option<Box<Supervision>>,
    /// Browsers that are away.
    pub returning: Returning,
    /// We call the customer: there is no caller.
    pub recall: Option<Box<Recall>>,
    /// What the caller has said of being called back.
    pub willing: Willing,
    pub record: CallRecord,
}

impl Call {
    /// The leg on the other side from the caller, while there is one.
    pub fn far(&self) -> Option<FarLeg> {
        match &self.phase {
            Phase::Ringing(_, far) | Phase::Talking(_, far) | Phase::Recalling(_, far) => Some(*far),
            Phase::Passed(far) | Phase::Diverting(far) | Phase::Diverted(far) => Some(*far),
            Phase::Matching(_)
            | Phase::Waiting
            | Phase::Offered(_)
            | Phase::HandedOver(_)
            | Phase::Passing
            | Phase::Promised
            | Phase::Over => None,
        }
    }

    /// The agent who has been promised to this call.
    pub fn grant(&self) -> Option<&Grant> {
        match &self.phase {
            Phase::Offered(grant) | Phase::HandedOver(grant) => Some(grant),
            Phase::Ringing(grant, _) | Phase::Talking(grant, _) | Phase::Recalling(grant, _) => Some(grant),
            Phase::Matching(_) | Phase::Waiting | Phase::Passing | Phase::Passed(_) | Phase::Promised => None,
            Phase::Diverting(_) | Phase::Diverted(_) | Phase::Over => None,
        }
    }

    /// The agent from whose phone it comes.
    pub fn maker(&self) -> Option<&AgentId> {
        match &self.incoming.origin {
            Origin::Phone(agent) => Some(agent),
            Origin::Trunk(_) | Origin::Web(_) => None,
        }
    }

    /// Whether `leg` is the caller's or the other one.
    pub fn side_of(&self, leg: LegId) -> Option<Side> {
        if leg == self.caller.0 {
            return Some(Side::Caller);
        }
        self.far().filter(|far| far.0 == leg).map(|_| Side::Far)
    }

    /// The caller has heard our 200.
    pub fn is_answered(&self) -> bool {
        self.sound.is_answered()
    }

    pub fn next_leg(&mut self) -> FarLeg {
        self.legs_dialled += 1;
        FarLeg(LegId::outbound(self.id, self.legs_dialled))
    }

    pub fn leg(&self, side: Side) -> Option<LegId> {
        match side {
            Side::Caller => Some(self.caller.0),
            Side::Far => self.far().map(|far| far.0),
        }
    }
}

impl Side {
    pub fn other(self) -> Side {
        match self {
            Side::Caller => Side::Far,
            Side::Far => Side::Caller,
        }
    }
}

impl Phase {
    /// The caller and whoever they are with hear each other.
    pub fn is_connected(&self) -> bool {
        match self {
            Phase::Talking(..) | Phase::Passed(_) | Phase::Diverted(_) => true,
            Phase::Matching(_)
            | Phase::Waiting
            | Phase::Offered(_)
            | Phase::Ringing(..)
            | Phase::HandedOver(_)
            | Phase::Passing
            | Phase::Promised
            | Phase::Recalling(..)
            | Phase::Diverting(_)
            | Phase::Over => false,
        }
    }

    /// The word for it in the API.
    pub fn as_str(&self) -> &'static str {
        match self {
            Phase::Matching(_) => "matching",
            Phase::Waiting => "waiting",
            Phase::Offered(_) => "offered",
            Phase::Ringing(..) => "ringing",
            Phase::Talking(..) => "talking",
            Phase::HandedOver(_) => "handed-over",
            Phase::Passing => "passing",
            Phase::Passed(_) => "passed-on",
            Phase::Diverting(_) => "diverting",
            Phase::Diverted(_) => "diverted",
            Phase::Promised => "promised",
            Phase::Recalling(..) => "recalling",
            Phase::Over => "over",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A held call keeps it for as long as it lasts: what few calls have is boxed.
    #[test]
    fn a_call_is_not_large_by_what_it_does_not_have() {
        assert!(size_of::<Call>() <= 1536, "{} octets", size_of::<Call>());
    }
}
