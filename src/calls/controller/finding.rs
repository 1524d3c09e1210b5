//! Which call an event of a leg is about that is neither its caller's nor its far one, or is both at other times.

use crate::base::CallId;
use crate::calls::{returning, transfer};
use crate::sip::api::SipEvent;

use super::Calls;

impl Calls {
    /// The call that the leg of this event brings an agent back to.
    pub(super) fn coming_back(&self, event: &SipEvent) -> Option<CallId> {
        let (SipEvent::Progress { leg, .. }
        | SipEvent::Answered { leg, .. }
        | SipEvent::Failed { leg, .. }
        | SipEvent::Acknowledged { leg, .. }
        | SipEvent::Ended { leg, .. }) = event
        else {
            return None;
        };
        let call = self.bench.call_by_leg.get(leg)?;
        let next = self.calls.get(call).and_then(|call| returning::next_leg(call));
        (next?.0 == *leg).then_some(*call)
    }

    /// The call that is being passed on to the leg of this event.
    pub(super) fn passing_on(&self, event: &SipEvent) -> Option<CallId> {
        let (SipEvent::Progress { leg, .. }
        | SipEvent::Answered { leg, .. }
        | SipEvent::Failed { leg, .. }
        | SipEvent::Reinvite { leg, .. }
        | SipEvent::ReinviteAnswered { leg, .. }
        | SipEvent::Refer { leg, .. }
        | SipEvent::Ended { leg, .. }) = event
        else {
            return None;
        };
        let call = self.bench.call_by_leg.get(leg)?;
        let next = self.calls.get(call).and_then(|call| transfer::next_leg(call));
        (next?.0 == *leg).then_some(*call)
    }

    /// The callback whose customer the leg of this event rings.
    pub(super) fn called_back(&self, event: &SipEvent) -> Option<CallId> {
        let (SipEvent::Progress { leg, .. } | SipEvent::Answered { leg, .. } | SipEvent::Failed { leg, .. }) = event
        else {
            return None;
        };
        let call = self.bench.call_by_leg.get(leg)?;
        self.calls.get(call).filter(|call| call.recall.is_some() && call.caller.0 == *leg).map(|call| call.id)
    }
}
