//! An agent has been promised to the call: the pop, then the phone, then the answer.

use bytes::Bytes;

use crate::base::stage::Stage;
use crate::base::{AgentId, Fence, Now, Pii};
use crate::desktop::{CallPhase, DeskCommand};
use crate::routing::{self, OfferFailure, PassedOver, Why};
use crate::sip::api::{Dial, Reason, SipCommand};
use crate::sip::claims::Asserted;

use super::bench::{Bench, Deadline};
use super::call::{Call, FarLeg, Grant, Phase};
use super::ending;
use super::explained::{OfferSeen, since_invite};
use super::facts::{Fact, FallbackCause, PopMiss};
use super::fallback;
use super::header_rules;
use super::identity;
use super::inviting;
use super::moved::{Moved, Next};
use super::no_port::NO_PORT;
use super::pop;
use super::promising;
use super::queueing;
use super::recalling;
use super::redirecting;
use super::settings::PhonePlan;
use super::sound::{self, NoSound};
use super::talking;

/// The router proposes this agent, and names those who had a claim, and the others. The context is shown before anything rings.
pub fn offered(
    call: &mut Call,
    grant: Grant,
    (claims, others): (Vec<(AgentId, Why)>, PassedOver),
    bench: &mut Bench,
    now: Now,
) {
    if !matches!(call.phase, Phase::Waiting) {
        return;
    }
    if recalling::is_refused(call, bench, now) {
        return;
    }
    bench.cancel_deadline(call, Deadline::AnswerWaiting);
    call.record.agent = Some(grant.agent.clone());
    let at = since_invite(call, now);
    call.record.explain().offered(OfferSeen { at, agent: grant.agent.clone(), claims, others, failed: None });
    bench.fact(Fact::Granted { call: call.id, agent: grant.agent.clone(), fence: grant.fence });
    bench.stage(call, Stage::InviteToGrant, now);
    let pop = Box::new(pop::draw(call, &grant, now));
    bench.desk(DeskCommand::Show { agent: grant.agent.clone(), pop });
    bench.stage(call, Stage::InviteToPopSent, now);
    bench.set_deadline(call, Deadline::Pop, now.mono + bench.settings.deadlines.pop);
    call.phase = Phase::Offered(grant);
}

/// The desktop says that the pop is drawn: the phone may ring.
pub fn pop_acknowledged(call: &mut Call, fence: Fence, bench: &mut Bench, now: Now) {
    let Phase::Offered(grant) = &call.phase else { return };
    if grant.fence != fence {
        return;
    }
    let grant = grant.clone();
    bench.stage(call, Stage::InviteToPopAcknowledged, now);
    ring(call, grant, bench, now);
}

/// The budget has run out: the phone rings without the acknowledgement, and the miss is counted (promise 2).
pub fn pop_overdue(call: &mut Call, bench: &mut Bench, now: Now) {
    let Phase::Offered(grant) = &call.phase else { return };
    let grant = grant.clone();
    bench.fact(Fact::PopMissed { call: call.id, agent: grant.agent.clone(), cause: PopMiss::Budget });
    ring(call, grant, bench, now);
}

/// There is no desktop to draw on: somebody else gets the call.
pub fn pop_undeliverable(call: &mut Call, fence: Fence, bench: &mut Bench, now: Now) {
    let Phase::Offered(grant) = &call.phase else { return };
    if grant.fence != fence {
        return;
    }
    let grant = grant.clone();
    bench.fact(Fact::PopMissed { call: call.id, agent: grant.agent.clone(), cause: PopMiss::NoSession });
    offer_failed(call, grant, OfferFailure::NoPop, bench, now);
}

/// The agent said no on the desktop.
pub fn declined(call: &mut Call, agent: &AgentId, bench: &mut Bench, now: Now) {
    let grant = match &call.phase {
        Phase::Offered(grant) | Phase::Ringing(grant, _) if grant.agent == *agent => grant.clone(),
        Phase::HandedOver(_) => return redirecting::freed(call, agent, false, bench, now),
        Phase::Offered(_)
        | Phase::Ringing(..)
        | Phase::Matching(_)
        | Phase::Waiting
        | Phase::Talking(..)
        | Phase::Passing
        | Phase::Promised
        | Phase::Recalling(..)
        | Phase::Passed(_)
        | Phase::Diverting(_)
        | Phase::Diverted(_)
        | Phase::Over => return,
    };
    offer_failed(call, grant, OfferFailure::Declined, bench, now);
}

/// The router has taken the promise back: the agent did not answer in time.
pub fn grant_expired(call: &mut Call, fence: Fence, bench: &mut Bench, now: Now) {
    let grant = match &call.phase {
        Phase::Offered(grant) | Phase::Ringing(grant, _) if grant.fence == fence => grant.clone(),
        Phase::Offered(_)
        | Phase::Ringing(..)
        | Phase::Matching(_)
        | Phase::Waiting
        | Phase::Talking(..)
        | Phase::HandedOver(_)
        | Phase::Passing
        | Phase::Promised
        | Phase::Recalling(..)
        | Phase::Passed(_)
        | Phase::Diverting(_)
        | Phase::Diverted(_)
        | Phase::Over => return,
    };
    take_back(call, &grant, "no answer", bench);
    queueing::wait_on(call, bench, now);
    promising::not_taken(call, bench);
}

fn ring(call: &mut Call, grant: Grant, bench: &mut Bench, now: Now) {
    bench.cancel_deadline(call, Deadline::Pop);
    if redirecting::hand_over(call, &grant, bench, now) {
        return;
    }
    let Some(phone) = bench.phone_of(&grant.agent).cloned() else {
        return offer_failed(call, grant, OfferFailure::Unreachable, bench, now);
    };
    call.moved = Moved::from(&phone.target);
    let asserted = identity::for_phone(&call.incoming);
    ring_at(call, grant, phone, asserted, bench, now);
}

fn ring_at(call: &mut Call, grant: Grant, phone: PhonePlan, asserted: Option<Asserted>, bench: &mut Bench, now: Now) {
    let leg = call.next_leg();
    let offer = match sound::offer_far(call, leg.0, &bench.sound_for(&phone.target, &phone.sound), bench) {
        Ok(offer) => offer,
        Err(error) => return no_sound(call, &grant, &error, bench, now),
    };
    let carried = header_rules::onward(call, None, None);
    let dial = Dial { asserted, ..inviting::dial(call, phone.place(), offer, carried, bench) };
    inviting::ring(call, leg, dial, bench);
    call.phase = Phase::Ringing(grant, leg);
}

/// We have no port left, or caller and phone no codec in common, which is no fault of the agent: they keep their turn, and the
/// caller goes to the fallback.
fn no_sound(call: &mut Call, grant: &Grant, error: &NoSound, bench: &mut Bench, now: Now) {
    let why = match error {
        NoSound::NoPort => NO_PORT,
        NoSound::Description(_) => "no codec that the phone may use",
    };
    take_back(call, grant, why, bench);
    bench.routing(routing::Input::Leave { call: call.id });
    if !promising::in_place_of(call, FallbackCause::Media, bench) {
        fallback::divert(call, FallbackCause::Media, bench, now);
    }
}

/// The system gives us no socket for the phone that rings.
pub fn no_port(call: &mut Call, bench: &mut Bench, now: Now) {
    let Phase::Ringing(grant, _) = &call.phase else { return };
    no_sound(call, &grant.clone(), &NoSound::NoPort, bench, now);
}

/// The agent's phone rings: so it does for the caller.
pub fn progress(call: &mut Call, status: u16, bench: &mut Bench, now: Now) {
    let Phase::Ringing(grant, _) = &call.phase else { return };
    let agent = grant.agent.clone();
    if status != 180 && status != 183 {
        return;
    }
    if !has_rung(call) {
        bench.stage(call, Stage::InviteToAgentRinging, now);
    }
    bench.desk(DeskCommand::CallPhase { agent, call: call.id, phase: CallPhase::Ringing });
    if call.recall.is_some() {
        return;
    }
    if call.is_answered() {
        sound::play_ringback(call, bench);
    } else {
        bench.sip(SipCommand::Progress { leg: call.caller.0, status: 180, body: Bytes::new() });
    }
}

/// The caller has another port, and hears again what they heard.
pub fn heard_anew(call: &Call, bench: &mut Bench) {
    match call.is_answered() {
        true if has_rung(call) => sound::play_ringback(call, bench),
        true => sound::play_waiting(call, bench),
        false => {}
    }
}

fn has_rung(call: &Call) -> bool {
    call.record.stages.iter().any(|(stage, _)| *stage == Stage::InviteToAgentRinging)
}

/// The agent has answered: they talk, unless the phone's description is of no use.
pub fn answered(call: &mut Call, answer: &[u8], bench: &mut Bench, now: Now) {
    let Phase::Ringing(grant, leg) = &call.phase else { return };
    let (grant, leg) = (grant.clone(), *leg);
    if call.recall.is_some() {
        if !recalling::agent_answered(call, grant.clone(), leg, answer, bench, now) {
            offer_failed(call, grant, OfferFailure::Unreachable, bench, now);
        }
        return;
    }
    match sound::connect(call, answer, bench) {
        Ok(body) => talking::begin(call, grant, leg, body, bench, now),
        Err(error @ NoSound::NoPort) => no_sound(call, &grant, &error, bench, now),
        Err(_) => offer_failed(call, grant, OfferFailure::Unreachable, bench, now),
    }
}

/// The agent's phone refused, or did not answer; or it is elsewhere, and rings there.
pub fn failed(call: &mut Call, status: u16, contacts: &[Pii<String>], bench: &mut Bench, now: Now) {
    let Phase::Ringing(grant, leg) = &call.phase else { return };
    let (grant, leg) = (grant.clone(), *leg);
    let is_away = call.sound.rings_browser() && !bench.is_registered(&grant.agent);
    forget_leg(call, leg, bench);
    call.phase = Phase::Offered(grant.clone());
    if let Some(Next { target, flow }) = call.moved.next(status, contacts, &bench.settings.dial) {
        let sound = bench.phone_of(&grant.agent).map(|phone| phone.sound.clone()).unwrap_or_default();
        let elsewhere = PhonePlan { target, flow, extension: None, sound };
        let asserted = identity::for_trunk(&call.incoming);
        return ring_at(call, grant, elsewhere, asserted, bench, now);
    }
    let why = match status {
        486 | 600 | 603 => OfferFailure::Declined,
        408 | 487 => OfferFailure::NoAnswer,
        _ if is_away => OfferFailure::Away,
        _ => OfferFailure::Unreachable,
    };
    offer_failed(call, grant, why, bench, now);
}

/// The browser that rings cannot be reached by sound.
pub fn sound_lost(call: &mut Call, bench: &mut Bench, now: Now) {
    let Phase::Ringing(grant, _) = &call.phase else { return };
    offer_failed(call, grant.clone(), OfferFailure::Unreachable, bench, now);
}

fn offer_failed(call: &mut Call, grant: Grant, why: OfferFailure, bench: &mut Bench, now: Now) {
    let text = match why {
        OfferFailure::NoAnswer => "no answer",
        OfferFailure::Declined => "declined",
        OfferFailure::Unreachable => "phone not reachable",
        OfferFailure::Away => "the phone's page was closed",
        OfferFailure::NoPop => "desktop not reachable",
    };
    call.record.explain().offer_failed(why);
    take_back(call, &grant, text, bench);
    // The call waits before the router hears of it: the next offer may come in the same breath.
    queueing::wait_on(call, bench, now);
    bench.routing(routing::Input::OfferFailed { call: call.id, agent: grant.agent, fence: grant.fence, why });
    promising::not_taken(call, bench);
}

/// Clears the desk and the phone of an agent who does not get the call after all.
fn take_back(call: &mut Call, grant: &Grant, why: &str, bench: &mut Bench) {
    bench.cancel_deadline(call, Deadline::Pop);
    bench.fact(Fact::OfferFailed { call: call.id, agent: grant.agent.clone() });
    bench.desk(DeskCommand::Withdraw { agent: grant.agent.clone(), call: call.id, why: why.to_owned() });
    if let Phase::Ringing(_, leg) = call.phase {
        ending::hang_up_far(leg, Some(Reason::sip(480, why)), bench);
        sound::close_far(call, bench);
    }
}

/// The endpoint has said that the leg is gone: nothing is to be hung up.
fn forget_leg(call: &mut Call, leg: FarLeg, bench: &mut Bench) {
    bench.call_by_leg.remove(&leg.0);
    sound::close_far(call, bench);
}
