//! An agent passes a call on (RFC 5589): the new side is found and rung while the caller is still with the agent, and only when it
//! answers does the agent go. What fails leaves the caller where they are, or, without the agent, with the fallback.

use bytes::Bytes;

use crate::base::{AgentId, CallId, Fence, Now, Pii};
use crate::desktop::{CallPhase, DeskCommand};
use crate::routing::{self, OfferFailure, Why};
use crate::sip::api::{Dial, FlowId, HeaderField, HeaderNames, Reason, Refer, SipCommand, SipEvent, Target};

use super::bench::{Bench, Deadline};
use super::call::{Call, FarLeg, Grant, Phase, Side};
use super::dialling::Place;
use super::ending;
use super::engaged;
use super::facts::{Fact, FallbackCause, PassedOn, PopMiss};
use super::fallback;
use super::header_rules;
use super::identity;
use super::inviting;
use super::moved::{Moved, Next};
use super::pop;
use super::recording;
use super::returning;
use super::settings::PhonePlan;
use super::sound;
use super::supervising;
use super::talking;
use super::terms::SoundTerms;

/// A call on its way from one agent to somebody else.
#[derive(Clone, Debug)]
pub struct Transfer {
    /// The agent who passes it on; nobody where the far side of a trunk does.
    by: Option<AgentId>,
    /// The leg that asked, while it is there.
    asker: Option<FarLeg>,
    refer: Refer,
    /// Where 3xx has sent us.
    moved: Moved,
    step: Step,
}

#[derive(Clone, Debug)]
enum Step {
    /// The router is asked whether this agent is free.
    Asking(AgentId),
    /// The pop is on its way to them.
    Showing(Grant),
    Ringing(Option<Grant>, FarLeg),
    /// The far leg of the agent's own call is told of the caller's sound.
    Joining(Joined),
}

/// Whoever the agent has called.
#[derive(Clone, Debug)]
struct Joined {
    /// Another agent of ours, and the router's promise of them, if it can give one.
    agent: Option<AgentId>,
    grant: Option<Grant>,
    leg: FarLeg,
}

/// One side asks to pass the other on.
pub fn referred(call: &mut Call, side: Side, refer: Refer, bench: &mut Bench, now: Now) {
    let (Some(leg), Some(asker)) = (call.leg(side), call.far()) else { return };
    match allowed(call, side, &refer, bench) {
        Ok(place) => {
            bench.sip(SipCommand::AnswerRefer { leg, status: 202 });
            begin(call, asker, place, refer, bench, now);
        }
        Err(status) => bench.sip(SipCommand::AnswerRefer { leg, status }),
    }
}

fn allowed(call: &Call, side: Side, refer: &Refer, bench: &Bench) -> Result<Place, u16> {
    may_ask(call, side)?;
    bench.settings.dial.find(refer.to.expose()).ok_or(403)
}

/// Whether that side may pass the other on, now.
pub fn may_ask(call: &Call, side: Side) -> Result<(), u16> {
    let may_ask = match (&call.phase, side) {
        (Phase::Talking(..), Side::Far) => true,
        (Phase::Diverted(_) | Phase::Passed(_), Side::Far) => call.trunk.refer && call.sound.is_relayed(),
        (_, Side::Caller | Side::Far) => false,
    };
    if !may_ask {
        return Err(403);
    }
    let is_changing = call.transfer.is_some() || call.change.is_some() || returning::next_leg(call).is_some();
    if is_changing || call.consultation.is_some() { Err(491) } else { Ok(()) }
}

/// The side that is to come is there already, on `leg`, and hears the caller when it has taken our offer. An agent, whom the call
/// `own` has been with, gets this one from the router, and the pop.
pub fn join(
    call: &mut Call,
    asker: FarLeg,
    refer: Refer,
    (agent, own): (Option<AgentId>, CallId),
    leg: FarLeg,
    bench: &mut Bench,
) {
    let by = call.grant().map(|grant| grant.agent.clone());
    if let Some(agent) = agent.clone() {
        bench.routing(routing::Input::Grant { call: call.id, agent, from: Some(own) });
    }
    let step = Step::Joining(Joined { agent, grant: None, leg });
    call.transfer = Some(Box::new(Transfer { by, asker: Some(asker), refer, moved: Moved::default(), step }));
}

fn begin(call: &mut Call, asker: FarLeg, place: Place, refer: Refer, bench: &mut Bench, now: Now) {
    let by = call.grant().map(|grant| grant.agent.clone());
    let transfer = |step| Some(Box::new(Transfer { by, asker: Some(asker), refer, moved: Moved::default(), step }));
    match place {
        Place::Agent(agent) => {
            bench.routing(routing::Input::Grant { call: call.id, agent: agent.clone(), from: None });
            call.transfer = transfer(Step::Asking(agent));
        }
        Place::Elsewhere { target, flow } => {
            let leg = call.next_leg();
            call.transfer = transfer(Step::Ringing(None, leg));
            start_ringing(call, leg, elsewhere(target, flow), bench, now);
        }
    }
}

fn elsewhere(target: Target, flow: FlowId) -> PhonePlan {
    PhonePlan { target, flow, extension: None, sound: SoundTerms::default() }
}

/// The router gives the other agent to this call; the context is shown before anything rings, as ever.
pub fn offered(call: &mut Call, grant: Grant, bench: &mut Bench, now: Now) {
    let Some(transfer) = &mut call.transfer else { return };
    let is_there = matches!(transfer.step, Step::Joining(_));
    match &mut transfer.step {
        Step::Joining(joined) => joined.grant = Some(grant.clone()),
        Step::Asking(_) | Step::Showing(_) | Step::Ringing(..) => transfer.step = Step::Showing(grant.clone()),
    }
    let by = transfer.by.clone();
    bench.fact(Fact::Granted { call: call.id, agent: grant.agent.clone(), fence: grant.fence });
    let mut pop = Box::new(pop::draw(call, &grant, now));
    pop.why.extend(by.map(|by| format!("passed on by {by}").into()));
    bench.desk(DeskCommand::Show { agent: grant.agent, pop });
    if !is_there {
        bench.set_deadline(call, Deadline::Pop, now.mono + bench.settings.deadlines.pop);
    }
}

/// The other agent has a call, or is away. Somebody without a desk can still be called, or is on the phone already.
pub fn not_free(call: &mut Call, why: Why, bench: &mut Bench, now: Now) {
    if let Some(agent) = joined(call).and_then(|joined| joined.agent.clone()) {
        return engaged::engage(call, agent, bench);
    }
    let Some(Step::Asking(agent)) = call.transfer.as_ref().map(|transfer| &transfer.step) else { return };
    let phone = bench.phone_of(agent).filter(|_| why == Why::Offline).cloned();
    match phone {
        Some(phone) => {
            let leg = call.next_leg();
            step(call, Step::Ringing(None, leg));
            start_ringing(call, leg, phone, bench, now);
        }
        None => failed(call, 486, OfferFailure::Declined, bench, now),
    }
}

pub fn pop_acknowledged(call: &mut Call, fence: Fence, bench: &mut Bench, now: Now) {
    if let Some(grant) = showing(call).filter(|grant| grant.fence == fence) {
        ring_agent(call, grant, bench, now);
    }
}

pub fn pop_overdue(call: &mut Call, bench: &mut Bench, now: Now) {
    let Some(grant) = showing(call) else { return };
    bench.fact(Fact::PopMissed { call: call.id, agent: grant.agent.clone(), cause: PopMiss::Budget });
    ring_agent(call, grant, bench, now);
}

pub fn pop_undeliverable(call: &mut Call, fence: Fence, bench: &mut Bench, now: Now) {
    let Some(grant) = granted(call).filter(|grant| grant.fence == fence) else { return };
    bench.fact(Fact::PopMissed { call: call.id, agent: grant.agent, cause: PopMiss::NoSession });
    if showing(call).is_some() {
        failed(call, 480, OfferFailure::NoPop, bench, now);
    }
}

/// The other agent says no on the desktop.
pub fn declined(call: &mut Call, agent: &AgentId, bench: &mut Bench, now: Now) {
    if granted(call).is_some_and(|grant| grant.agent == *agent) {
        failed(call, 603, OfferFailure::Declined, bench, now);
    }
}

/// The router has taken the promise of the other agent back.
pub fn grant_expired(call: &mut Call, fence: Fence, bench: &mut Bench, now: Now) {
    if granted(call).is_some_and(|grant| grant.fence == fence) {
        failed(call, 480, OfferFailure::NoAnswer, bench, now);
    }
}

/// The leg that is being rung for a transfer.
pub fn next_leg(call: &Call) -> Option<FarLeg> {
    match call.transfer.as_ref().map(|transfer| &transfer.step) {
        Some(Step::Ringing(_, leg) | Step::Joining(Joined { leg, .. })) => Some(*leg),
        Some(Step::Asking(_) | Step::Showing(_)) | None => None,
    }
}

/// What comes of the ringing.
pub fn heard(call: &mut Call, event: SipEvent, bench: &mut Bench, now: Now) {
    match event {
        SipEvent::Progress { status: 180 | 183, .. } => rings(call, bench),
        SipEvent::Answered { answer, .. } => answered(call, &answer, bench, now),
        SipEvent::Failed { leg, status, contacts, .. } => {
            bench.call_by_leg.remove(&leg);
            if let Some(next) = next_place(call, status, &contacts, bench) {
                return ring_on(call, next, bench, now);
            }
            let why = match status {
                486 | 600 | 603 => OfferFailure::Declined,
                408 | 487 => OfferFailure::NoAnswer,
                _ => OfferFailure::Unreachable,
            };
            failed(call, status, why, bench, now);
        }
        SipEvent::ReinviteAnswered { status: 200..=299, body, .. } => answered(call, &body, bench, now),
        // Whoever does not want to be joined has been reached all the same.
        SipEvent::ReinviteAnswered { status, .. } => failed(call, status, OfferFailure::Declined, bench, now),
        SipEvent::Ended { leg, .. } => {
            bench.call_by_leg.remove(&leg);
            failed(call, 480, OfferFailure::Declined, bench, now);
        }
        // One thing after the other.
        SipEvent::Reinvite { leg, .. } => {
            bench.sip(SipCommand::AnswerReinvite { leg, status: 491, body: Bytes::new() });
        }
        SipEvent::Refer { leg, .. } => bench.sip(SipCommand::AnswerRefer { leg, status: 491 }),
        _ => {}
    }
}

/// Its stream could not be opened, which is no fault of an agent.
pub fn sound_failed(call: &mut Call, bench: &mut Bench, now: Now) {
    failed(call, 503, OfferFailure::Declined, bench, now);
}

/// The agent has hung up before the new side has answered: the caller waits alone for it. False when nothing is under way.
pub fn asker_gone(call: &mut Call, bench: &mut Bench) -> bool {
    let Some(transfer) = &mut call.transfer else { return false };
    let Some(far) = transfer.asker.take() else { return false };
    bench.call_by_leg.remove(&far.0);
    supervising::end(call, "the agent has passed the call on", bench);
    recording::rest(call, bench);
    sound::close_far(call, bench);
    sound::play_ringback(call, bench);
    let before = std::mem::replace(&mut call.phase, Phase::Passing);
    if let Phase::Talking(grant, _) = &before {
        let_go(call, grant, bench);
    }
    true
}

/// The caller who waits alone has another port, and hears again what they heard.
pub fn heard_anew(call: &Call, bench: &mut Bench) {
    sound::play_ringback(call, bench);
}

/// The call ends while it is on its way: whoever was rung or promised is let go.
pub fn abandon(call: &mut Call, bench: &mut Bench) {
    let Some(transfer) = call.transfer.take() else { return };
    take_back(call, &transfer, "the caller has hung up", OfferFailure::Declined, bench);
}

fn ring_agent(call: &mut Call, grant: Grant, bench: &mut Bench, now: Now) {
    bench.cancel_deadline(call, Deadline::Pop);
    let Some(phone) = bench.phone_of(&grant.agent).cloned() else {
        return failed(call, 480, OfferFailure::Unreachable, bench, now);
    };
    let leg = call.next_leg();
    step(call, Step::Ringing(Some(grant), leg));
    start_ringing(call, leg, phone, bench, now);
}

/// Something is rung that no 3xx has sent us to.
fn start_ringing(call: &mut Call, leg: FarLeg, phone: PhonePlan, bench: &mut Bench, now: Now) {
    if let Some(transfer) = &mut call.transfer {
        transfer.moved = Moved::from(&phone.target);
    }
    ring(call, leg, phone, bench, now);
}

/// Whoever was rung is elsewhere, as far as the dial rules allow.
fn next_place(call: &mut Call, status: u16, contacts: &[Pii<String>], bench: &Bench) -> Option<Next> {
    call.transfer.as_mut()?.moved.next(status, contacts, &bench.settings.dial)
}

fn ring_on(call: &mut Call, Next { target, flow }: Next, bench: &mut Bench, now: Now) {
    sound::close_next(call, bench);
    let leg = call.next_leg();
    step(call, Step::Ringing(granted(call), leg));
    ring(call, leg, elsewhere(target, flow), bench, now);
}

fn ring(call: &mut Call, leg: FarLeg, phone: PhonePlan, bench: &mut Bench, now: Now) {
    let offer = match sound::offer_next(call, leg.0, &bench.sound_for(&phone.target, &phone.sound), bench) {
        Ok(offer) => offer,
        Err(error) => return failed(call, error.status(), OfferFailure::Declined, bench, now),
    };
    let is_agent = matches!(phone.target, Target::Registered(_));
    let referred_by = call.transfer.as_ref().and_then(|transfer| transfer.refer.referred_by.clone());
    let asserted = if is_agent { identity::for_phone(&call.incoming) } else { identity::for_trunk(&call.incoming) };
    let referred_by = referred_by.map(|by| HeaderField::new("Referred-By", by.into_inner()));
    let carried = header_rules::onward(call, None, referred_by);
    let dial = Dial {
        asserted,
        // The caller has their answer.
        copied: HeaderNames::default(),
        ring_timeout: bench.ring_time(&phone.target),
        ..inviting::dial(call, phone.place(), offer, carried, bench)
    };
    inviting::ring(call, leg, dial, bench);
}

fn rings(call: &mut Call, bench: &mut Bench) {
    notify(call, 180, bench);
    if let Some(grant) = granted(call) {
        bench.desk(DeskCommand::CallPhase { agent: grant.agent, call: call.id, phase: CallPhase::Ringing });
    }
}

/// The new side has answered: it takes the agent's place with the caller, whose leg stays as it is unless it was on hold.
fn answered(call: &mut Call, answer: &[u8], bench: &mut Bench, now: Now) {
    let Some(leg) = next_leg(call) else { return };
    supervising::end(call, "the agent has passed the call on", bench);
    let resume = match sound::connect_next(call, answer, bench) {
        Ok(resume) => resume,
        Err(error) => return failed(call, error.status(), OfferFailure::Unreachable, bench, now),
    };
    notify(call, 200, bench);
    note(call, 200, bench);
    let Some(transfer) = call.transfer.take() else { return };
    if let Some(asker) = transfer.asker {
        ending::hang_up_far(asker, Some(Reason::sip(200, "passed on")), bench);
    }
    if let Phase::Talking(before, _) = &call.phase {
        let_go(call, before, bench);
    }
    if let Some(offer) = resume {
        bench.sip(SipCommand::Reinvite { leg: call.caller.0, offer });
    }
    match transfer.step {
        Step::Ringing(Some(grant), _) | Step::Joining(Joined { grant: Some(grant), .. }) => {
            with_agent(call, grant, leg, bench);
            recording::talk(call, bench, now);
        }
        Step::Ringing(None, _) | Step::Joining(_) | Step::Asking(_) | Step::Showing(_) => {
            call.phase = Phase::Passed(leg);
            recording::end(call, bench);
        }
    }
}

/// The agent who had the call writes it up, while it goes on.
fn let_go(call: &Call, grant: &Grant, bench: &mut Bench) {
    bench.fact(Fact::LetGo { call: call.id, agent: grant.agent.clone() });
    talking::release_agent(call, grant, bench);
}

fn with_agent(call: &mut Call, grant: Grant, leg: FarLeg, bench: &mut Bench) {
    let agent = grant.agent.clone();
    bench.routing(routing::Input::OfferAccepted { call: call.id, agent: agent.clone(), fence: grant.fence });
    bench.desk(DeskCommand::CallPhase { agent: agent.clone(), call: call.id, phase: CallPhase::Talking });
    call.record.agent = Some(agent);
    call.phase = Phase::Talking(grant, leg);
    returning::abandon(call, bench);
}

/// It came to nothing: the agent hears why and has the caller still; a caller who is alone goes to the fallback.
fn failed(call: &mut Call, status: u16, why: OfferFailure, bench: &mut Bench, now: Now) {
    notify(call, status, bench);
    note(call, status, bench);
    let Some(transfer) = call.transfer.take() else { return };
    take_back(call, &transfer, "passed on to nobody", why, bench);
    if matches!(call.phase, Phase::Passing) {
        fallback::divert(call, FallbackCause::TransferFailed, bench, now);
    }
}

fn take_back(call: &mut Call, transfer: &Transfer, text: &str, why: OfferFailure, bench: &mut Bench) {
    bench.cancel_deadline(call, Deadline::Pop);
    let (grant, leg) = match &transfer.step {
        Step::Asking(_) => (None, None),
        Step::Showing(grant) => (Some(grant), None),
        Step::Ringing(grant, leg) => (grant.as_ref(), Some(*leg)),
        Step::Joining(Joined { agent, grant, leg }) => {
            if let Some(agent) = agent {
                engaged::release(call, agent, bench);
            }
            (grant.as_ref(), Some(*leg))
        }
    };
    if let Some(leg) = leg {
        if bench.call_by_leg.contains_key(&leg.0) {
            ending::hang_up_far(leg, Some(Reason::sip(480, text)), bench);
        }
        sound::close_next(call, bench);
    }
    let Some(Grant { agent, fence }) = grant.cloned() else { return };
    bench.fact(Fact::OfferFailed { call: call.id, agent: agent.clone() });
    bench.desk(DeskCommand::Withdraw { agent: agent.clone(), call: call.id, why: text.to_owned() });
    bench.routing(routing::Input::OfferFailed { call: call.id, agent, fence, why });
}

fn notify(call: &Call, status: u16, bench: &mut Bench) {
    if let Some(asker) = call.transfer.as_ref().and_then(|transfer| transfer.asker) {
        bench.sip(SipCommand::Notify { leg: asker.0, status });
    }
}

fn note(call: &mut Call, status: u16, bench: &mut Bench) {
    let to_agent = match call.transfer.as_ref().map(|transfer| &transfer.step) {
        Some(Step::Asking(agent)) => Some(agent.clone()),
        Some(Step::Showing(grant) | Step::Ringing(Some(grant), _)) => Some(grant.agent.clone()),
        Some(Step::Joining(joined)) => joined.agent.clone(),
        Some(Step::Ringing(None, _)) | None => None,
    };
    let Some(transfer) = &call.transfer else { return };
    let passed = PassedOn { by: transfer.by.clone(), to: transfer.refer.to.clone(), to_agent, status };
    bench.fact(Fact::PassedOn { call: call.id, by: passed.by.clone(), to: passed.to_agent.clone(), status });
    call.record.passed_on.push(passed);
}

fn step(call: &mut Call, step: Step) {
    if let Some(transfer) = &mut call.transfer {
        transfer.step = step;
    }
}

fn showing(call: &Call) -> Option<Grant> {
    match call.transfer.as_ref().map(|transfer| &transfer.step) {
        Some(Step::Showing(grant)) => Some(grant.clone()),
        Some(Step::Asking(_) | Step::Ringing(..) | Step::Joining(_)) | None => None,
    }
}

fn joined(call: &Call) -> Option<&Joined> {
    match call.transfer.as_ref().map(|transfer| &transfer.step) {
        Some(Step::Joining(joined)) => Some(joined),
        Some(Step::Asking(_) | Step::Showing(_) | Step::Ringing(..)) | None => None,
    }
}

/// The agent who is to have the call, and has been promised to it.
pub fn granted(call: &Call) -> Option<Grant> {
    match call.transfer.as_ref().map(|transfer| &transfer.step) {
        Some(Step::Showing(grant) | Step::Ringing(Some(grant), _)) => Some(grant.clone()),
        Some(Step::Joining(joined)) => joined.grant.clone(),
        Some(Step::Asking(_) | Step::Ringing(None, _)) | None => None,
    }
}
