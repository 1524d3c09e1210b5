//! Two people talk, or a caller is with the fallback, until one hangs up.

use bytes::Bytes;

use crate::base::Now;
use crate::base::stage::Stage;
use crate::desktop::{CallPhase, DeskCommand};
use crate::routing;
use crate::sip::api::{Reason, SipCommand};

use super::bench::{Bench, Deadline};
use super::call::{Call, FarLeg, Grant, Phase, Side};
use super::ending;
use super::facts::{EndedBy, Outcome};
use super::keys;
use super::recording;
use super::untold;

/// The agent has answered. `body` is the caller's 200, when that is still owed.
pub fn begin(call: &mut Call, grant: Grant, leg: FarLeg, body: Option<Bytes>, bench: &mut Bench, now: Now) {
    bench.cancel_deadline(call, Deadline::Ceiling);
    if let Some(body) = body {
        bench.sip(SipCommand::Answer { leg: call.caller.0, body });
    }
    call.connected = Some(now.mono);
    bench.stage(call, Stage::InviteToAnswer, now);
    bench.routing(routing::Input::OfferAccepted { call: call.id, agent: grant.agent.clone(), fence: grant.fence });
    bench.desk(DeskCommand::CallPhase { agent: grant.agent.clone(), call: call.id, phase: CallPhase::Talking });
    call.phase = Phase::Talking(grant, leg);
    keys::listen(call, false, bench);
    recording::talk(call, bench, now);
    untold::tell(call, bench);
}

/// One side has hung up, or is lost.
pub fn hung_up(call: &mut Call, side: Side, reason: Option<Reason>, bench: &mut Bench, now: Now) {
    let Some(far) = call.far() else { return };
    let by = match (side, &call.phase) {
        (Side::Caller, _) => EndedBy::Caller,
        (Side::Far, Phase::Talking(..)) => EndedBy::Agent,
        (Side::Far, Phase::Passed(_)) => EndedBy::Target,
        (Side::Far, _) => EndedBy::Fallback,
    };
    match side {
        Side::Caller => {
            bench.call_by_leg.remove(&call.caller.0);
            ending::hang_up_far(far, reason, bench);
        }
        Side::Far => {
            bench.call_by_leg.remove(&far.0);
            ending::hang_up_caller(call, reason, bench);
        }
    }
    over(call, by, bench, now);
}

/// We end it: a limit, silence on a leg, an answer that cannot be used.
pub fn cut(call: &mut Call, by: EndedBy, (status, why): (u16, &str), bench: &mut Bench, now: Now) {
    let Some(far) = call.far() else { return };
    let reason = Some(Reason::sip(status, why));
    ending::hang_up_far(far, reason.clone(), bench);
    ending::hang_up_caller(call, reason, bench);
    over(call, by, bench, now);
}

fn over(call: &mut Call, by: EndedBy, bench: &mut Bench, now: Now) {
    let outcome = match &call.phase {
        Phase::Talking(grant, _) => {
            release_agent(call, grant, bench);
            Outcome::Talked
        }
        Phase::Passed(_) => Outcome::Talked,
        Phase::Diverted(_) => Outcome::FellBack,
        Phase::Matching(_)
        | Phase::Waiting
        | Phase::Offered(_)
        | Phase::Ringing(..)
        | Phase::HandedOver(_)
        | Phase::Passing
        | Phase::Promised
        | Phase::Recalling(..)
        | Phase::Diverting(_)
        | Phase::Over => Outcome::Failed,
    };
    ending::finish(call, outcome, by, bench, now);
}

pub fn release_agent(call: &Call, grant: &Grant, bench: &mut Bench) {
    let agent = grant.agent.clone();
    bench.desk(DeskCommand::CallPhase { agent: agent.clone(), call: call.id, phase: CallPhase::Ended });
    bench.desk(DeskCommand::WrapUpDue { agent: agent.clone(), call: call.id });
    bench.routing(routing::Input::CallEnded { call: call.id, agent, fence: grant.fence });
}
