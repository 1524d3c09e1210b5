//! A session changes while the call lasts: hold, another codec or address, an offer that is asked for, another fork that answers.

use bytes::Bytes;

use crate::desktop::{CallPhase, DeskCommand};
use crate::sdp::{SdpError, Session};
use crate::sip::api::SipCommand;

use super::bench::Bench;
use super::call::{Call, Change, Phase, Side};
use super::recording;
use super::sound;
use super::untold;

/// The answer that an offer of ours was owed is of no use: the call cannot go on.
pub struct Unusable;

/// One side asks to change the session. An empty offer asks for one of ours.
pub fn reinvited(call: &mut Call, side: Side, offer: &[u8], bench: &mut Bench) {
    if offer.is_empty() {
        return fetch(call, side, bench);
    }
    match sound::read_offer(call, side, offer) {
        Ok(offer) if is_refresh(call, side, &offer) => say_again(call, side, bench),
        Ok(offer) => pass_on(call, side, offer, bench),
        Err(error) => refuse(call, side, error.status(), bench),
    }
}

/// The side that asked has taken it back: so do we on the other side.
pub fn withdrawn(call: &mut Call, side: Side, bench: &mut Bench) {
    match &mut call.change {
        Some(Change::PassedOn { asking, withdrawn, .. } | Change::Fetching { asking, withdrawn })
            if *asking == side =>
        {
            *withdrawn = true;
            if let Some(leg) = call.leg(side.other()) {
                bench.sip(SipCommand::CancelReinvite { leg });
            }
        }
        Some(Change::PassedOn { .. } | Change::Fetching { .. } | Change::Fetched { .. } | Change::Own { .. })
        | None => {}
    }
}

/// How one side has answered what it was offered, or asked for.
pub fn answered(call: &mut Call, side: Side, status: u16, body: &[u8], bench: &mut Bench) {
    let Some(change) = call.change.take() else { return };
    let accepted = (200..300).contains(&status).then_some(body);
    match (change, accepted) {
        (Change::PassedOn { asking, offer, before, withdrawn: false }, Some(body)) => {
            let answer = take_answer(call, asking, *offer, body, bench);
            if answer.is_err() {
                put_back(call, side, &before);
            }
            reply(call, asking, answer, bench);
        }
        // The peer was quicker than our CANCEL: it is told again what was before.
        (Change::PassedOn { before, withdrawn: true, .. }, Some(_)) => restore(call, side, before, bench),
        (Change::PassedOn { before, withdrawn: true, .. }, None) => put_back(call, side, &before),
        (Change::PassedOn { asking, offer, before, withdrawn: false }, None) => {
            put_back(call, side, &before);
            // It has gone away meanwhile.
            match untold::is_alone(call, asking) {
                true => answer_for_other(call, asking, *offer, bench),
                false => refuse(call, asking, status, bench),
            }
        }
        (Change::Fetching { asking, withdrawn }, Some(body)) => fetched(call, asking, withdrawn, body, bench),
        (Change::Fetching { asking, withdrawn: false }, None) => refuse(call, asking, status, bench),
        (Change::Fetching { withdrawn: true, .. }, None) => {}
        (Change::Own { side, before }, body) => told(call, side, before, body, bench),
        (fetched @ Change::Fetched { .. }, _) => call.change = Some(fetched),
    }
    untold::tell(call, bench);
}

/// An ACK or PRACK has come; it matters where an offer of ours waits for its answer.
pub fn acknowledged(call: &mut Call, side: Side, answer: &[u8], bench: &mut Bench) -> Result<(), Unusable> {
    let Some(stream) = call.sound.stream(side) else { return pass_answer(call, side, answer, bench) };
    if !std::mem::take(&mut stream.owed) {
        untold::tell(call, bench);
        return Ok(());
    }
    let answer = stream.terms.read_answer(answer).map_err(|_| Unusable)?;
    stream.agreed = Some(stream.local.answered(&answer).map_err(|_| Unusable)?);
    stream.remote = Some(answer.clone());
    match call.change.take() {
        Some(Change::Fetched { asking, offer }) if asking == side => hand_over(call, side, *offer, &answer, bench)?,
        other @ (Some(_) | None) => call.change = other,
    }
    tell_both(call, bench);
    untold::tell(call, bench);
    Ok(())
}

/// The same description again: the peer keeps its session alive (RFC 4028 section 7.4), which is nobody else's business.
fn is_refresh(call: &mut Call, side: Side, offer: &Session) -> bool {
    let stream = call.sound.stream(side).as_ref();
    stream.is_some_and(|stream| stream.remote.as_ref() == Some(offer) && stream.agreed.is_some())
}

fn say_again(call: &mut Call, side: Side, bench: &mut Bench) {
    let body = call.sound.stream(side).as_ref().and_then(|stream| stream.local.said().cloned());
    reply(call, side, body.ok_or(SdpError::NoAudio), bench);
}

fn pass_on(call: &mut Call, side: Side, offer: Session, bench: &mut Bench) {
    let Some(other) = listener(call, side) else {
        let body = sound::reanswer_alone(call, side, offer, bench).map_err(|error| error.status());
        return match body {
            Ok(body) => reply(call, side, Ok(body), bench),
            Err(status) => refuse(call, side, status, bench),
        };
    };
    if call.change.is_some() {
        return refuse(call, side, 491, bench);
    }
    if untold::is_alone(call, side) {
        return answer_for_other(call, side, offer, bench);
    }
    let Some(stream) = call.sound.stream(side.other()) else { return refuse(call, side, 488, bench) };
    let Ok(narrowed) = stream.narrow(&offer) else { return refuse(call, side, 488, bench) };
    let before = Box::new(stream.local.clone());
    let body = stream.local.relay_offer(&narrowed);
    call.change = Some(Change::PassedOn { asking: side, offer: Box::new(offer), before, withdrawn: false });
    bench.sip(SipCommand::Reinvite { leg: other, offer: body });
}

/// The other side is away: it is told later.
fn answer_for_other(call: &mut Call, side: Side, offer: Session, bench: &mut Bench) {
    let answer = untold::answer(call, side, offer, bench);
    reply(call, side, answer, bench);
}

/// The peer wants an offer: the other side makes it, or we do where there is none.
fn fetch(call: &mut Call, side: Side, bench: &mut Bench) {
    if call.change.is_some() {
        return refuse(call, side, 491, bench);
    }
    if let Some(other) = listener(call, side).filter(|_| call.sound.is_relayed()) {
        call.change = Some(Change::Fetching { asking: side, withdrawn: false });
        return bench.sip(SipCommand::Reinvite { leg: other, offer: Bytes::new() });
    }
    if let Some(stream) = call.sound.stream(side) {
        stream.owed = true;
    }
    say_again(call, side, bench);
}

/// The other side has made its offer; the one that asked gets it.
fn fetched(call: &mut Call, asking: Side, withdrawn: bool, body: &[u8], bench: &mut Bench) {
    let offer = sound::read_offer(call, asking.other(), body).ok();
    let (Some(offer), false) = (offer, withdrawn) else {
        // It must be answered all the same: with what holds.
        let said = call.sound.stream(asking.other()).as_ref().and_then(|stream| stream.local.said().cloned());
        if let Some(leg) = call.leg(asking.other()) {
            bench.sip(SipCommand::Acknowledge { leg, answer: said.unwrap_or_default() });
        }
        if !withdrawn {
            refuse(call, asking, 488, bench);
        }
        return;
    };
    let Some(stream) = call.sound.stream(asking) else { return };
    stream.owed = true;
    let narrowed = stream.narrow(&offer).unwrap_or_else(|_| offer.clone());
    let body = stream.local.relay_offer(&narrowed);
    call.change = Some(Change::Fetched { asking, offer: Box::new(offer) });
    reply(call, asking, Ok(body), bench);
}

/// The answer of the side that asked, for the other side whose offer it was.
fn hand_over(
    call: &mut Call,
    asking: Side,
    offer: Session,
    answer: &Session,
    bench: &mut Bench,
) -> Result<(), Unusable> {
    let leg = call.leg(asking.other()).ok_or(Unusable)?;
    let stream = call.sound.stream(asking.other()).as_mut().ok_or(Unusable)?;
    let agreed = stream.local.relay_answer(&offer, answer).map_err(|_| Unusable)?;
    stream.agreed = Some(agreed.negotiated);
    stream.remote = Some(offer);
    bench.sip(SipCommand::Acknowledge { leg, answer: agreed.body });
    Ok(())
}

/// Without streams of ours the far leg's offer went to the caller as it was; so goes the answer.
fn pass_answer(call: &Call, side: Side, answer: &[u8], bench: &mut Bench) -> Result<(), Unusable> {
    if let (Side::Caller, Some(far)) = (side, call.far()) {
        bench.sip(SipCommand::Acknowledge { leg: far.0, answer: Bytes::copy_from_slice(answer) });
    }
    Ok(())
}

/// The body for the side that asked.
fn take_answer(
    call: &mut Call,
    asking: Side,
    offer: Session,
    answer: &[u8],
    bench: &mut Bench,
) -> Result<Bytes, SdpError> {
    let answer = sound::read_answer(call, asking.other(), answer)?;
    let asked = call.sound.stream(asking.other()).as_mut().ok_or(SdpError::NoAudio)?;
    let agreed = asked.local.answered(&answer)?;
    let asker = call.sound.stream(asking).as_mut().ok_or(SdpError::NoAudio)?;
    let settled = asker.local.relay_answer(&offer, &answer)?;
    asker.agreed = Some(settled.negotiated);
    if let Some(asked) = call.sound.stream(asking.other()) {
        asked.agreed = Some(agreed);
        asked.remote = Some(answer);
    }
    settle(call, asking, offer, bench);
    Ok(settled.body)
}

/// What `asking` has offered counts now.
pub fn settle(call: &mut Call, asking: Side, offer: Session, bench: &mut Bench) {
    let is_hold = offer.audio.is_hold();
    if let Some(asker) = call.sound.stream(asking) {
        asker.wish = offer.audio.direction;
        asker.remote = Some(offer);
    }
    tell_both(call, bench);
    show_hold(call, bench);
    if is_hold {
        recording::resume(call, bench, bench.now);
    }
}

/// The answer to a change of our own.
fn told(call: &mut Call, side: Side, before: Box<crate::sdp::LocalMedia>, body: Option<&[u8]>, bench: &mut Bench) {
    let Some(stream) = call.sound.stream(side) else { return };
    let answer = body.and_then(|body| stream.terms.read_answer(body).ok());
    match answer.and_then(|answer| Some((stream.local.answered(&answer).ok()?, answer))) {
        Some((agreed, answer)) => {
            stream.agreed = Some(agreed);
            stream.remote = Some(answer);
            tell_both(call, bench);
        }
        None => stream.local.take_back(&before),
    }
}

fn restore(call: &mut Call, side: Side, before: Box<crate::sdp::LocalMedia>, bench: &mut Bench) {
    let Some(leg) = call.leg(side) else { return };
    let Some(stream) = call.sound.stream(side) else { return };
    let Some(offer) = stream.local.say_again(&before) else { return };
    call.change = Some(Change::Own { side, before });
    bench.sip(SipCommand::Reinvite { leg, offer });
}

fn put_back(call: &mut Call, side: Side, before: &crate::sdp::LocalMedia) {
    if let Some(stream) = call.sound.stream(side) {
        stream.local.take_back(before);
    }
}

fn tell_both(call: &mut Call, bench: &mut Bench) {
    sound::tell_remote(call, Side::Caller, bench);
    sound::tell_remote(call, Side::Far, bench);
}

/// The leg that changes are passed on to: the other side, once both are connected.
fn listener(call: &Call, side: Side) -> Option<crate::base::LegId> {
    call.phase.is_connected().then(|| call.leg(side.other())).flatten()
}

fn reply(call: &Call, side: Side, body: Result<Bytes, SdpError>, bench: &mut Bench) {
    match (body, call.leg(side)) {
        (Ok(body), Some(leg)) => bench.sip(SipCommand::AnswerReinvite { leg, status: 200, body }),
        (Err(error), _) => refuse(call, side, error.status(), bench),
        (Ok(_), None) => {}
    }
}

fn refuse(call: &Call, side: Side, status: u16, bench: &mut Bench) {
    if let Some(leg) = call.leg(side) {
        bench.sip(SipCommand::AnswerReinvite { leg, status, body: Bytes::new() });
    }
}

/// Whoever has put the other on hold: the agent's telephone may have no other sign of it.
fn show_hold(call: &Call, bench: &mut Bench) {
    let Phase::Talking(grant, _) = &call.phase else { return };
    let is_held = [Side::Caller, Side::Far].into_iter().any(|side| call.sound.is_held_by(side));
    let phase = if is_held { CallPhase::Held } else { CallPhase::Talking };
    bench.desk(DeskCommand::CallPhase { agent: grant.agent.clone(), call: call.id, phase });
}
