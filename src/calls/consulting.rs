//! An agent asks somebody first, from their desk, while the caller waits: then the three of them talk, or the caller is passed on with the
//! pop, or the agent goes back. The new leg is in the group of the call; the phones notice nothing but sound.

use crate::base::{AgentId, Now, Pii};
use crate::desktop::{CallPhase, ConsultState, ConsultWish, DeskCommand};
use crate::routing::{self, OfferFailure, Why};
use crate::sip::api::{Carried, Dial, HeaderNames, Reason, SipCommand, SipEvent, UserToUsers};

use super::bench::Bench;
use super::call::{Call, FarLeg, Grant, Phase};
use super::dialling::Place;
use super::ending;
use super::engaged;
use super::facts::{Fact, PassedOn};
use super::inviting;
use super::phoning;
use super::pop;
use super::recording;
use super::returning;
use super::sound::{self, Between};
use super::talking;

/// Somebody whom the agent asks.
#[derive(Clone, Debug)]
pub struct Consultation {
    /// As it was asked for.
    to: String,
    /// When it is another agent of ours.
    agent: Option<AgentId>,
    leg: FarLeg,
    is_there: bool,
    between: Between,
    /// The agent has hung up: the caller is theirs.
    is_left: bool,
}

/// The desk of the call's agent asks.
pub fn asked(call: &mut Call, by: &AgentId, wish: ConsultWish, is_busy: bool, bench: &mut Bench, now: Now) {
    let is_theirs = matches!(&call.phase, Phase::Talking(grant, _) if grant.agent == *by);
    if !is_theirs {
        return;
    }
    let is_there = call.consultation.as_ref().map(|consultation| consultation.is_there);
    match (wish, is_there) {
        (ConsultWish::Ask { to }, None) => ask(call, &to, is_busy, bench),
        (ConsultWish::Ask { .. }, Some(_)) => {}
        (ConsultWish::Cancel, Some(_)) => end(call, "", bench, now),
        (ConsultWish::Complete, Some(true)) => complete(call, bench, now),
        (ConsultWish::Swap, Some(true)) => {
            let between = match call.consultation.as_ref().map(|consultation| consultation.between) {
                Some(Between::AgentAndThird) => Between::AgentAndCaller,
                Some(Between::AgentAndCaller | Between::All) | None => Between::AgentAndThird,
            };
            connect(call, between, bench, now);
        }
        (ConsultWish::Join, Some(true)) if sound::is_third_plain(call) => connect(call, Between::All, bench, now),
        (ConsultWish::Join, Some(true)) => tell_state(call, "the three speak in a codec that cannot be mixed", bench),
        (ConsultWish::Cancel | ConsultWish::Complete | ConsultWish::Swap | ConsultWish::Join, _) => {
            tell(call, by, "", ConsultState::Over, "", bench);
        }
    }
}

/// Whom a wish is about, when it is another agent.
pub fn agent_asked(wish: &ConsultWish, bench: &Bench) -> Option<AgentId> {
    let ConsultWish::Ask { to } = wish else { return None };
    phoning::agent_at(&bench.settings.dial.find(&uri_of(to))?)
}

/// The agent hangs up: whoever was asked, and is there, gets the caller. False when nobody is.
pub fn agent_gone(call: &mut Call, bench: &mut Bench, now: Now) -> bool {
    let Some(far) = call.far() else { return false };
    let Some(consultation) = call.consultation.as_mut().filter(|consultation| consultation.is_there) else {
        return false;
    };
    consultation.is_left = true;
    bench.call_by_leg.remove(&far.0);
    complete(call, bench, now);
    true
}

/// The leg of whoever is asked.
pub fn leg(call: &Call) -> Option<FarLeg> {
    call.consultation.as_ref().map(|consultation| consultation.leg)
}

/// What that leg does.
pub fn heard(call: &mut Call, event: SipEvent, bench: &mut Bench, now: Now) {
    match event {
        SipEvent::Answered { answer, .. } => match sound::connect_third(call, &answer, bench) {
            Ok(()) => {
                if let Some(consultation) = &mut call.consultation {
                    consultation.is_there = true;
                }
                connect(call, Between::AgentAndThird, bench, now);
            }
            Err(_) => end(call, "there is no sound in common", bench, now),
        },
        SipEvent::Failed { leg, .. } => {
            bench.call_by_leg.remove(&leg);
            end(call, "nobody has answered", bench, now);
        }
        SipEvent::Ended { leg, .. } => {
            bench.call_by_leg.remove(&leg);
            end(call, "they have hung up", bench, now);
        }
        SipEvent::Reinvite { leg, offer } => {
            let (status, body) = sound::third_again(call, &offer).map_or((488, Default::default()), |body| (200, body));
            bench.sip(SipCommand::AnswerReinvite { leg, status, body });
        }
        SipEvent::Refer { leg, .. } => bench.sip(SipCommand::AnswerRefer { leg, status: 403 }),
        _ => {}
    }
}

/// Their stream could not be opened, or is lost.
pub fn sound_failed(call: &mut Call, bench: &mut Bench, now: Now) {
    end(call, "there is no sound from them", bench, now);
}

/// A side of the call has another leg.
pub fn follow(call: &Call, bench: &mut Bench) {
    if let Some(Consultation { is_there: true, between, .. }) = call.consultation.as_deref() {
        sound::between(call, *between, bench);
    }
}

/// The router gives the caller to whoever was asked.
pub fn granted(call: &mut Call, grant: Grant, bench: &mut Bench, now: Now) {
    let is_asked = call.consultation.as_ref().is_some_and(|present| present.agent.as_ref() == Some(&grant.agent));
    if !is_asked || !pass_on(call, Some(&grant), bench, now) {
        let Grant { agent, fence } = grant;
        bench.routing(routing::Input::OfferFailed { call: call.id, agent, fence, why: OfferFailure::Declined });
    }
}

/// They cannot have it; agent and caller go on as they were.
pub fn not_free(call: &mut Call, why: Why, bench: &mut Bench, now: Now) {
    let is_left = call.consultation.as_ref().is_some_and(|consultation| consultation.is_left);
    match why {
        // Somebody without a desk can still take a call; and there is nobody else for the caller.
        _ if is_left => drop(pass_on(call, None, bench, now)),
        Why::Offline => drop(pass_on(call, None, bench, now)),
        Why::Busy
        | Why::Reserved
        | Why::WrapUp
        | Why::OnBreak
        | Why::Paused
        | Why::NoDesk
        | Why::NoPhone
        | Why::Lacks(_)
        | Why::OtherQueues
        | Why::LaterRing
        | Why::NotTheirTurn
        | Why::Failed(_) => {
            tell_state(call, "they cannot take the call now", bench);
        }
    }
}

/// It is over without passing the call on: the caller and the agent talk again.
pub fn end(call: &mut Call, why: &str, bench: &mut Bench, now: Now) {
    let Some(consultation) = call.consultation.take() else { return };
    if bench.call_by_leg.contains_key(&consultation.leg.0) {
        ending::hang_up_far(consultation.leg, Some(Reason::sip(200, "the consultation is over")), bench);
    }
    sound::close_third(call, bench);
    if let Some(agent) = &consultation.agent {
        engaged::release(call, agent, bench);
    }
    if let Phase::Talking(grant, _) = &call.phase {
        let by = grant.agent.clone();
        tell(call, &by, &consultation.to, ConsultState::Over, why, bench);
        recording::talk(call, bench, now);
    }
}

fn ask(call: &mut Call, to: &str, is_busy: bool, bench: &mut Bench) {
    let Phase::Talking(grant, _) = &call.phase else { return };
    let by = grant.agent.clone();
    let place = bench.settings.dial.find(&uri_of(to));
    let agent = place.as_ref().and_then(phoning::agent_at);
    let refusal = match &place {
        _ if call.transfer.is_some() || call.change.is_some() || call.supervision.is_some() => {
            Some("the call is being changed, or supervised: try again")
        }
        None => Some("this may not be called"),
        Some(_) if agent.as_ref() == Some(&by) => Some("that is you"),
        Some(_) if is_busy => Some("they have a call"),
        Some(_) => None,
    };
    let phone = place.filter(|_| refusal.is_none()).and_then(|place: Place| phoning::phone_at(place, bench));
    let Some(phone) = phone else {
        return tell(call, &by, to, ConsultState::Over, refusal.unwrap_or("they have no phone"), bench);
    };
    let leg = call.next_leg();
    let terms = bench.sound_for(&phone.target, &phone.sound);
    let Ok(offer) = sound::offer_third(call, leg.0, &terms, false, bench) else {
        return tell(call, &by, to, ConsultState::Over, "there is no codec in common", bench);
    };
    let carried = Carried { user_to_users: UserToUsers::default(), headers: Vec::new() };
    let dial = Dial {
        copied: HeaderNames::default(),
        ring_timeout: bench.ring_time(&phone.target),
        ..inviting::dial(call, phone.place(), offer, carried, bench)
    };
    inviting::ring(call, leg, dial, bench);
    if let Some(agent) = agent.clone() {
        engaged::engage(call, agent, bench);
    }
    let between = Between::AgentAndCaller;
    call.consultation =
        Some(Box::new(Consultation { to: to.to_owned(), agent, leg, is_there: false, between, is_left: false }));
    tell(call, &by, to, ConsultState::Ringing, "", bench);
}

/// The agent talks with whoever was asked, and the caller waits.
pub fn leaves_caller_out(call: &Call) -> bool {
    let consultation = call.consultation.as_deref();
    consultation.is_some_and(|asked| asked.is_there && asked.between == Between::AgentAndThird)
}

fn connect(call: &mut Call, between: Between, bench: &mut Bench, now: Now) {
    let Some(consultation) = &mut call.consultation else { return };
    consultation.between = between;
    sound::between(call, between, bench);
    match between {
        // What agents say among themselves is not the caller's conversation.
        Between::AgentAndThird => recording::rest(call, bench),
        Between::AgentAndCaller | Between::All => recording::talk(call, bench, now),
    }
    tell_state(call, "", bench);
}

fn complete(call: &mut Call, bench: &mut Bench, now: Now) {
    let Some(consultation) = &call.consultation else { return };
    match consultation.agent.clone() {
        Some(agent) => bench.routing(routing::Input::Grant { call: call.id, agent, from: Some(call.id) }),
        None => drop(pass_on(call, None, bench, now)),
    }
}

/// Their leg takes the agent's place, with the pop where they have a desk. False when it cannot.
fn pass_on(call: &mut Call, grant: Option<&Grant>, bench: &mut Bench, now: Now) -> bool {
    let Phase::Talking(before, far) = call.phase.clone() else { return false };
    let Some(consultation) = call.consultation.clone() else { return false };
    returning::abandon(call, bench);
    let Ok(offer) = sound::third_takes_over(call, bench) else { return false };
    call.consultation = None;
    tell(call, &before.agent, &consultation.to, ConsultState::Over, "", bench);
    if let Some(grant) = grant {
        bench.fact(Fact::Granted { call: call.id, agent: grant.agent.clone(), fence: grant.fence });
        let mut pop = Box::new(pop::draw(call, grant, now));
        pop.why.push(format!("passed on by {}", before.agent).into());
        bench.desk(DeskCommand::Show { agent: grant.agent.clone(), pop });
    }
    if bench.call_by_leg.contains_key(&far.0) {
        ending::hang_up_far(far, Some(Reason::sip(200, "passed on")), bench);
    }
    bench.fact(Fact::LetGo { call: call.id, agent: before.agent.clone() });
    talking::release_agent(call, &before, bench);
    note(call, &before.agent, &consultation, bench);
    match grant.cloned() {
        Some(grant) => {
            engaged::release(call, &grant.agent, bench);
            take(call, grant, consultation.leg, bench);
            recording::talk(call, bench, now);
        }
        None => {
            call.phase = Phase::Passed(consultation.leg);
            recording::end(call, bench);
        }
    }
    if let Some(offer) = offer {
        bench.sip(SipCommand::Reinvite { leg: call.caller.0, offer });
    }
    true
}

fn take(call: &mut Call, grant: Grant, leg: FarLeg, bench: &mut Bench) {
    let agent = grant.agent.clone();
    bench.routing(routing::Input::OfferAccepted { call: call.id, agent: agent.clone(), fence: grant.fence });
    bench.desk(DeskCommand::CallPhase { agent: agent.clone(), call: call.id, phase: CallPhase::Talking });
    call.record.agent = Some(agent);
    call.phase = Phase::Talking(grant, leg);
}

fn note(call: &mut Call, by: &AgentId, consultation: &Consultation, bench: &mut Bench) {
    let (by, to) = (Some(by.clone()), consultation.agent.clone());
    bench.fact(Fact::PassedOn { call: call.id, by: by.clone(), to: to.clone(), status: 200 });
    let passed = PassedOn { by, to: Pii::new(consultation.to.clone()), to_agent: to, status: 200 };
    call.record.passed_on.push(passed);
}

fn tell_state(call: &Call, why: &str, bench: &mut Bench) {
    let (Some(consultation), Phase::Talking(grant, _)) = (&call.consultation, &call.phase) else { return };
    let state = match (consultation.is_there, consultation.between) {
        (false, _) => ConsultState::Ringing,
        (true, Between::AgentAndThird) => ConsultState::Consulting,
        (true, Between::AgentAndCaller) => ConsultState::WithCaller,
        (true, Between::All) => ConsultState::Joined,
    };
    let (to, by) = (consultation.to.clone(), grant.agent.clone());
    tell(call, &by, &to, state, why, bench);
}

fn tell(call: &Call, by: &AgentId, to: &str, state: ConsultState, why: &str, bench: &mut Bench) {
    let (agent, to, why) = (by.clone(), to.to_owned(), why.to_owned());
    bench.desk(DeskCommand::Consultation { agent, call: call.id, to, state, why });
}

/// A desk may write a name or a number.
fn uri_of(to: &str) -> String {
    if to.contains(':') { to.to_owned() } else { format!("sip:{to}@localhost") }
}
