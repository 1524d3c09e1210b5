//! A browser is away in the middle of a call, and comes back: as itself, with its page loaded anew, or on another device. The other
//! side's leg stays as it is.

use std::time::Duration;

use bytes::Bytes;

use crate::base::{AgentId, LegId, Now};
use crate::desktop::{CallPhase, DeskCommand};
use crate::sip::api::{Dial, HeaderNames, IncomingCall, Origin, Reason, Reliable, SipCommand, SipEvent};

use super::bench::Bench;
use super::call::{Call, FarLeg, Grant, Phase, Side};
use super::ending;
use super::facts::EndedBy;
use super::header_rules;
use super::inviting;
use super::settings::PhonePlan;
use super::sound;
use super::talking;
use super::untold;

/// Whose websocket has closed, and how the agent's desk comes back.
#[derive(Clone, Copy, Debug, Default)]
pub struct Returning {
    caller_away: bool,
    far_away: bool,
    /// The page that was loaded anew is being rung with this leg, which it answers by itself; or another device has our offer on it.
    next: Option<FarLeg>,
    /// The leg whose place that device takes.
    replaced: Option<FarLeg>,
    /// The caller's page has been loaded anew, and calls again.
    calls_anew: bool,
}

impl Returning {
    pub fn calls_anew(self) -> bool {
        self.calls_anew
    }

    /// The page of that side is gone, as far as anybody knows.
    pub fn is_away(self, side: Side) -> bool {
        match side {
            Side::Caller => self.caller_away,
            Side::Far => self.far_away,
        }
    }
}

const ELSEWHERE: &str = "on another device";

/// A page answers at once, or is not the one that we think.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// The websocket of one side has closed, or that side is there again.
pub fn moved(call: &mut Call, side: Side, away: bool, bench: &mut Bench) {
    match side {
        Side::Caller => call.returning.caller_away = away,
        Side::Far => call.returning.far_away = away,
    }
    untold::tell(call, bench);
}

/// This agent talks on a call whose leg belongs to a page that is no more.
pub fn is_missed(call: &Call, agent: &AgentId) -> bool {
    let is_theirs = matches!(&call.phase, Phase::Talking(grant, _) if grant.agent == *agent);
    is_theirs && call.returning.far_away && call.returning.next.is_none() && call.transfer.is_none()
}

/// The agent's desk is open again: it gets the call back.
pub fn call_back(call: &mut Call, bench: &mut Bench) {
    let Phase::Talking(grant, old) = call.phase.clone() else { return };
    let Some(phone) = bench.phone_of(&grant.agent).cloned() else { return };
    let leg = call.next_leg();
    let terms = bench.sound_for(&phone.target, &phone.sound);
    // Without sound the call ends when the time to come back is over.
    let Ok(offer) = sound::offer_next(call, leg.0, &terms, bench) else { return };
    bench.call_by_leg.insert(leg.0, call.id);
    let carried = header_rules::onward(call, None, None);
    let dial = Dial {
        copied: HeaderNames::default(),
        reliable: Reliable::Off,
        ring_timeout: ANSWER_WITHIN,
        ..inviting::dial(call, phone.place(), offer, carried, bench)
    };
    bench.sip(SipCommand::Replace { leg: leg.0, old: old.0, dial: Box::new(dial) });
    ending::hang_up_far(old, Some(Reason::sip(200, "the page was loaded anew")), bench);
    sound::play_waiting(call, bench);
    call.returning.next = Some(leg);
}

/// The leg with which the desk comes back.
pub fn next_leg(call: &Call) -> Option<FarLeg> {
    call.returning.next
}

/// What that leg does.
pub fn heard(call: &mut Call, event: SipEvent, bench: &mut Bench, now: Now) {
    match event {
        SipEvent::Answered { answer, .. } | SipEvent::Acknowledged { answer, .. } => {
            answered(call, &answer, bench, now)
        }
        SipEvent::Failed { .. } | SipEvent::Ended { .. } => failed(call, bench, now),
        // It does not ring anybody.
        _ => {}
    }
}

fn answered(call: &mut Call, answer: &[u8], bench: &mut Bench, now: Now) {
    let Some(leg) = call.returning.next else { return };
    let Phase::Talking(grant, _) = call.phase.clone() else { return };
    match sound::connect_next(call, answer, bench) {
        Ok(offer) => {
            if let Some(replaced) = call.returning.replaced {
                ending::hang_up_far(replaced, Some(Reason::sip(200, ELSEWHERE)), bench);
            }
            take_place(call, grant, leg, offer, bench);
        }
        Err(_) if call.returning.replaced.is_some() => {
            ending::hang_up_far(leg, Some(Reason::sip(488, "no sound in common")), bench);
            failed(call, bench, now);
        }
        Err(_) => failed(call, bench, now),
    }
}

/// The new leg has the agent's side; `offer` is for a caller who must hear of it.
fn take_place(call: &mut Call, grant: Grant, leg: FarLeg, offer: Option<Bytes>, bench: &mut Bench) {
    call.returning = Returning { caller_away: call.returning.caller_away, ..Returning::default() };
    bench.desk(DeskCommand::CallPhase { agent: grant.agent.clone(), call: call.id, phase: CallPhase::Talking });
    call.phase = Phase::Talking(grant, leg);
    if let Some(offer) = offer {
        bench.sip(SipCommand::Reinvite { leg: call.caller.0, offer });
    }
}

/// The page does not answer, or has no sound: the agent is gone.
pub fn failed(call: &mut Call, bench: &mut Bench, now: Now) {
    if call.returning.replaced.take().is_some() {
        // The device that was to take over has nothing; the old one has the call still.
        if let Some(leg) = call.returning.next.take() {
            bench.call_by_leg.remove(&leg.0);
        }
        return sound::close_next(call, bench);
    }
    if call.returning.next.is_some() {
        talking::cut(call, EndedBy::Agent, (480, "the agent's page did not come back"), bench, now);
    }
}

/// The call ends, or another has the agent's place: whoever is being rung to come back is let go.
pub fn abandon(call: &mut Call, bench: &mut Bench) {
    let Returning { caller_away, next, calls_anew, far_away: _, replaced: _ } = call.returning;
    call.returning = Returning { caller_away, calls_anew, ..Returning::default() };
    if let Some(leg) = next {
        ending::hang_up_far(leg, None, bench);
        sound::close_next(call, bench);
    }
}

/// The customer's page has been loaded anew and calls again: this call, which nobody hears any more, ends for it.
pub fn make_way(call: &mut Call, bench: &mut Bench, now: Now) {
    call.returning.calls_anew = true;
    let reason = Some(Reason::sip(487, "the page calls again"));
    ending::hang_up_caller(call, reason.clone(), bench);
    ending::caller_gone(call, reason, bench, now);
}

/// It has made no offer: ours is in the 200, and its ACK has the answer.
fn offer_to(call: &mut Call, leg: LegId, old: FarLeg, phone: &PhonePlan, bench: &mut Bench) -> Result<(), u16> {
    let terms = bench.sound_for(&phone.target, &phone.sound);
    let offer = sound::offer_next(call, leg, &terms, bench).map_err(|error| error.status())?;
    bench.call_by_leg.insert(leg, call.id);
    bench.sip(SipCommand::Answer { leg, body: offer });
    (call.returning.next, call.returning.replaced) = (Some(FarLeg(leg)), Some(old));
    Ok(())
}

/// Another device of the agent, or the same one, takes the place of the agent's leg (RFC 3891). The status of the refusal otherwise.
pub fn replace(call: &mut Call, leg: LegId, old: LegId, incoming: &IncomingCall, bench: &mut Bench) -> Result<(), u16> {
    let Phase::Talking(grant, far) = call.phase.clone() else { return Err(481) };
    if far.0 != old || incoming.origin != Origin::Phone(grant.agent.clone()) {
        return Err(403);
    }
    if call.transfer.is_some() || call.change.is_some() || call.returning.next.is_some() {
        return Err(491);
    }
    let phone = bench.phone_of(&grant.agent).cloned().ok_or(403u16)?;
    if incoming.offer.is_empty() {
        return offer_to(call, leg, far, &phone, bench);
    }
    let answered = sound::answer_next(call, leg, &phone.sound, &incoming.offer, bench);
    let (answer, offer) = answered.map_err(|error| error.status())?;
    bench.call_by_leg.insert(leg, call.id);
    bench.sip(SipCommand::Answer { leg, body: answer });
    ending::hang_up_far(far, Some(Reason::sip(200, ELSEWHERE)), bench);
    take_place(call, grant, FarLeg(leg), offer, bench);
    Ok(())
}
