//! Third ones in a call, and what a supervisor sees.

use crate::base::{AgentId, CallId, Now, limits};
use crate::desktop::{DeskCommand, WatchedCall};
use crate::sip::api::SipEvent;

use super::Calls;
use crate::calls::call::Call;
use crate::calls::{consulting, supervising};

impl Calls {
    /// The call in which the leg of this event is the third one: a supervisor's, or of somebody whom the agent asks.
    pub(super) fn third(&self, event: &SipEvent) -> Option<CallId> {
        let (SipEvent::Answered { leg, .. }
        | SipEvent::Failed { leg, .. }
        | SipEvent::Reinvite { leg, .. }
        | SipEvent::Refer { leg, .. }
        | SipEvent::Ended { leg, .. }) = event
        else {
            return None;
        };
        let call = self.bench.call_by_leg.get(leg)?;
        let third = self.calls.get(call).and_then(|call| supervising::leg(call).or(consulting::leg(call)));
        (third?.0 == *leg).then_some(*call)
    }

    /// The agent is in a call, or one is offered to them; `besides` does not count.
    pub(super) fn is_busy(&self, agent: &AgentId, besides: CallId) -> bool {
        let others = self.calls.values().filter(|call| call.id != besides);
        others
            .into_iter()
            .any(|call| call.grant().is_some_and(|grant| grant.agent == *agent) || call.engaged.contains(agent))
    }

    /// The conversations of the queues that this agent supervises, the longest first.
    pub(super) fn show_calls(&mut self, agent: AgentId, now: Now) {
        let seen = self.calls.values().filter(|call| supervising::sees(call, &agent, &self.bench));
        let calls = seen.take(limits::SUPERVISED_CALLS_SHOWN_MAX).filter_map(|call| watched(call, now)).collect();
        self.bench.desk(DeskCommand::Calls { agent, calls });
    }
}

fn watched(call: &Call, now: Now) -> Option<WatchedCall> {
    Some(WatchedCall {
        call: call.id,
        agent: call.grant()?.agent.clone(),
        queue: call.record.queue.clone()?,
        talked: call.connected.map(|since| now.mono.since(since)).unwrap_or_default(),
        by: call.supervision.as_ref().map(|supervision| supervision.by.clone()),
    })
}
