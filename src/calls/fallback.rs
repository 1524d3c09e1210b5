//! Throughline has nothing to add: the call goes where the trunk's configuration says (design, promise 1).

use bytes::Bytes;

use crate::base::{Now, Pii, TrunkId};
use crate::sip::api::{Dial, Reason, SipCommand, Target};

use super::admission;
use super::bench::{Bench, Deadline};
use super::call::{Call, FarLeg, Phase};
use super::caps::{Bound, Reached};
use super::consulting;
use super::ending;
use super::facts::{EndedBy, Fact, FallbackCause, Outcome};
use super::header_rules;
use super::identity;
use super::inviting;
use super::keys;
use super::moved::{Moved, Next};
use super::no_port::NO_PORT;
use super::recalling;
use super::recording;
use super::settings::{Fallback, Mode, TrunkPlan};
use super::sound::{self, NoSound};
use super::supervising;
use super::untold;

/// Where `{dialled}` stands in a fallback URI.
pub const DIALLED: &str = "{dialled}";

/// Sends the caller on, once: a call that is diverted already stays where it is.
pub fn divert(call: &mut Call, cause: FallbackCause, bench: &mut Bench, now: Now) {
    // Nobody is sent elsewhere whom we have called.
    if call.recall.is_some() {
        return recalling::stranded(call, cause, bench, now);
    }
    for deadline in [Deadline::Match, Deadline::AnswerWaiting, Deadline::Pop, Deadline::Ceiling] {
        bench.cancel_deadline(call, deadline);
    }
    call.record.fallback = Some(cause);
    keys::listen(call, false, bench);
    consulting::end(call, "the call has gone on without its agent", bench, now);
    supervising::end(call, "the call has gone on without its agent", bench);
    recording::end(call, bench);
    bench.fact(Fact::FallingBack { call: call.id, cause });
    let trunk = call.trunk.clone();
    match &trunk.fallback {
        Fallback::Sip { uri, .. } if trunk.mode != Mode::Path => redirect(call, uri, bench, now),
        Fallback::Redirect { contact } if !call.is_answered() => redirect(call, contact, bench, now),
        Fallback::Status { code } => give_up(call, *code, Outcome::Refused, bench, now),
        // A caller who has been answered cannot be redirected any more: the same place is dialled for them.
        dialled @ (Fallback::Sip { .. } | Fallback::Trunk { .. } | Fallback::Redirect { .. }) => {
            target(dialled).into_iter().for_each(|target| dial(call, target, bench, now));
        }
    }
}

/// The fallback rings or has the caller, and nobody is passing them on.
pub fn can_be_taken_back(call: &Call) -> bool {
    let is_with_fallback = matches!(call.phase, Phase::Diverting(_) | Phase::Diverted(_));
    is_with_fallback && call.transfer.is_none() && !call.sound.is_past_us()
}

/// An agent is to have the caller after all: the fallback is let go.
pub fn take_back(call: &mut Call, bench: &mut Bench) {
    let (Phase::Diverting(leg) | Phase::Diverted(leg)) = call.phase else { return };
    ending::hang_up_far(leg, Some(Reason::sip(200, "an agent takes the call")), bench);
    sound::close_far(call, bench);
    if let Some(onto) = call.outgoing.take() {
        bench.loads.end(&onto, Bound::Outgoing);
    }
    call.connected = None;
    call.record.fallback = None;
}

fn redirect(call: &mut Call, contact: &str, bench: &mut Bench, now: Now) {
    let contact = with_dialled(contact, &admission::dialled(call, &call.trunk));
    ending::refuse_caller(call, 302, Some(reason(call, 302)), Some(contact), bench);
    ending::finish(call, Outcome::Redirected, EndedBy::Us, bench, now);
}

fn dial(call: &mut Call, target: Target, bench: &mut Bench, now: Now) {
    if !call.sound.is_described() {
        return give_up(call, 488, Outcome::Failed, bench, now);
    }
    let onto = trunk_of(&target, call);
    let onto = bench.settings.trunks.get(&onto).unwrap_or(&call.trunk).clone();
    if let Err(reached) = admission::let_out(call, &onto, bench, now) {
        return full(call, &onto, reached, bench, now);
    }
    let target = aimed(target, &admission::dialled(call, &onto));
    call.moved = Moved::from(&target);
    let place = Next { target, flow: call.trunk.flow };
    ring(call, place, &onto, Some(onto.trunk.clone()), bench, now);
}

/// There is no port for one of the two: the fallback is rung once more, and caller and fallback hear each other past us, if that can be.
pub fn past_us(call: &mut Call, bench: &mut Bench, now: Now) {
    let Phase::Diverting(leg) = call.phase else { return };
    ending::hang_up_far(leg, Some(Reason::sip(503, NO_PORT)), bench);
    let trunk = call.trunk.clone();
    match target(&trunk.fallback).filter(|_| call.record.fallback.is_some()) {
        Some(aim) if sound::go_past(call, bench) => {
            let onto = bench.settings.trunks.get(&trunk_of(&aim, call)).unwrap_or(&trunk).clone();
            let aim = aimed(aim, &admission::dialled(call, &onto));
            let place = Next { target: aim, flow: trunk.flow };
            ring(call, place, &onto, Some(onto.trunk.clone()), bench, now);
        }
        Some(_) | None => failed(call, 503, &[], bench, now),
    }
}

/// Whom the fallback is, where it is dialled.
fn target(fallback: &Fallback) -> Option<Target> {
    match fallback {
        Fallback::Sip { uri, via } => Some(Target::Uri { uri: uri.clone(), via: *via }),
        Fallback::Trunk { trunk, user } => Some(Target::Trunk { trunk: trunk.clone(), user: user.clone() }),
        Fallback::Redirect { contact } => Some(Target::Uri { uri: contact.clone(), via: None }),
        Fallback::Status { .. } => None,
    }
}

/// `trunk`: whose login answers a challenge, where it is known.
fn ring(call: &mut Call, place: Next, onto: &TrunkPlan, trunk: Option<TrunkId>, bench: &mut Bench, now: Now) {
    let leg = call.next_leg();
    let offer = match sound::offer_far(call, leg.0, &bench.sound_for(&place.target, &onto.terms.sound), bench) {
        Ok(offer) => offer,
        // Without a stream of ours the caller's own description goes through: they talk past us. Keys are for us alone.
        Err(_) if !call.is_answered() && !call.sound.has_keys() => call.incoming.offer.clone(),
        Err(NoSound::NoPort) if call.sound.is_past_us() || sound::go_past(call, bench) => call.incoming.offer.clone(),
        Err(error) => return give_up(call, error.status(), Outcome::Failed, bench, now),
    };
    let carried = header_rules::onward(call, Some(onto), None);
    let dial = Dial {
        trunk,
        from_user: admission::caller(call, onto),
        asserted: identity::for_trunk(&call.incoming),
        reliable: call.trunk.reliable,
        ring_timeout: bench.settings.deadlines.fallback_ring,
        ..inviting::dial(call, place, offer, carried, bench)
    };
    inviting::ring(call, leg, dial, bench);
    call.phase = Phase::Diverting(leg);
}

/// Whose login answers a challenge on the way.
fn trunk_of(target: &Target, call: &Call) -> TrunkId {
    match target {
        Target::Trunk { trunk, .. } => trunk.clone(),
        Target::Uri { .. } | Target::Registered(_) => call.trunk.trunk.clone(),
    }
}

/// The number that was dialled is put in where it belongs.
fn aimed(target: Target, dialled: &str) -> Target {
    match target {
        Target::Uri { uri, via } => Target::Uri { uri: with_dialled(&uri, dialled), via },
        Target::Trunk { trunk, user } => Target::Trunk { trunk, user: with_dialled(&user, dialled) },
        Target::Registered(agent) => Target::Registered(agent),
    }
}

/// The fallback rings, or speaks before it answers. Of several forks the caller hears the one that spoke last, as at a gateway
/// (RFC 3960 section 3).
pub fn progress(call: &mut Call, status: u16, body: Bytes, bench: &mut Bench) {
    let body = if body.is_empty() { body } else { early_sound(call, body, bench) };
    if !call.is_answered() {
        bench.sip(SipCommand::Progress { leg: call.caller.0, status, body });
        untold::tell(call, bench);
    }
}

fn early_sound(call: &mut Call, body: Bytes, bench: &mut Bench) -> Bytes {
    if !call.sound.is_relayed() {
        return body;
    }
    sound::early(call, &body, bench).unwrap_or_default()
}

/// The fallback has the caller.
pub fn answered(call: &mut Call, answer: Bytes, bench: &mut Bench, now: Now) {
    let Phase::Diverting(leg) = call.phase else { return };
    let body = if call.sound.is_relayed() { sound::connect(call, &answer, bench) } else { Ok(Some(answer)) };
    match body {
        Ok(body) => arrived(call, leg, body, bench, now),
        Err(error) => {
            ending::hang_up_far(leg, Some(Reason::sip(488, "no common codec")), bench);
            give_up(call, error.status(), Outcome::Failed, bench, now);
        }
    }
}

fn arrived(call: &mut Call, leg: FarLeg, body: Option<Bytes>, bench: &mut Bench, now: Now) {
    let leg_of_caller = call.caller.0;
    match body {
        Some(body) if call.is_answered() && call.sound.is_past_us() => {
            let offer = sound::pass(call, body);
            bench.sip(SipCommand::Reinvite { leg: leg_of_caller, offer });
        }
        Some(body) => bench.sip(SipCommand::Answer { leg: leg_of_caller, body }),
        None => {}
    }
    call.connected = Some(now.mono);
    call.phase = if call.maker().is_some() { Phase::Passed(leg) } else { Phase::Diverted(leg) };
    untold::tell(call, bench);
}

/// The fallback does not take the call: the caller hears what it said, unless it is elsewhere, and rings there.
pub fn failed(call: &mut Call, status: u16, contacts: &[Pii<String>], bench: &mut Bench, now: Now) {
    let Phase::Diverting(leg) = call.phase else { return };
    bench.call_by_leg.remove(&leg.0);
    sound::close_far(call, bench);
    if let Some(next) = call.moved.next(status, contacts, &bench.settings.dial) {
        let onto = call.outgoing.as_ref().and_then(|trunk| bench.settings.trunks.get(trunk)).unwrap_or(&call.trunk);
        let onto = onto.clone();
        return ring(call, next, &onto, None, bench, now);
    }
    give_up(call, status, Outcome::Failed, bench, now);
}

fn give_up(call: &mut Call, status: u16, outcome: Outcome, bench: &mut Bench, now: Now) {
    let reason = reason(call, status);
    ending::refuse_caller(call, status, Some(reason), None, bench);
    ending::finish(call, outcome, EndedBy::Us, bench, now);
}

/// The trunk may carry no more: whoever sent the call may try again, or elsewhere.
fn full(call: &mut Call, onto: &TrunkPlan, reached: Reached, bench: &mut Bench, now: Now) {
    let (status, reason) = admission::full(onto, Bound::Outgoing, reached, bench);
    ending::refuse_for_now(call, status, reason, bench);
    ending::finish(call, Outcome::Failed, EndedBy::Us, bench, now);
}

/// The access rule's reason where a rule sent the call here, else the cause.
fn reason(call: &Call, status: u16) -> Reason {
    let of_rule = call.decision.as_ref().filter(|_| call.record.fallback == Some(FallbackCause::Rule));
    let cause = call.record.fallback.map_or("called side", FallbackCause::as_str);
    Reason::sip(status, of_rule.map_or(cause, |decision| decision.reason.text()))
}

/// Puts the dialled number into a fallback URI, escaped as a user part (RFC 3261 section 25.1).
pub fn with_dialled(uri: &str, dialled: &str) -> String {
    if !uri.contains(DIALLED) {
        return uri.to_owned();
    }
    let mut user = String::with_capacity(dialled.len());
    for byte in dialled.bytes() {
        let is_plain = byte.is_ascii_alphanumeric() || b"-_.!~*'()&=+$,".contains(&byte);
        if is_plain {
            user.push(char::from(byte));
        } else {
            user.push_str(&format!("%{byte:02X}"));
        }
    }
    uri.replace(DIALLED, &user)
}

#[cfg(test)]
mod tests {
    use super::with_dialled;

    #[test]
    fn the_dialled_number_cannot_leave_the_user_part() {
        assert_eq!(with_dialled("sip:{dialled}@192.0.2.1", "+15550100"), "sip:+15550100@192.0.2.1");
        assert_eq!(with_dialled("sip:{dialled}@192.0.2.1", "a@b;c\r\n"), "sip:a%40b%3Bc%0D%0A@192.0.2.1");
        assert_eq!(with_dialled("sip:ivr@192.0.2.1", "1"), "sip:ivr@192.0.2.1");
    }
}
