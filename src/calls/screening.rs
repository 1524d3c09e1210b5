//! A call comes in: is there room, can we read it, and who might it be? Ends in the one question to the store.

use std::sync::Arc;

use crate::base::{CallId, IntentId, Now, Pii, Wall};
use crate::intents::requests::{ClaimPlan, StoreRequest};
use crate::sdp::SdpError;
use crate::sip::api::{IncomingCall, Reason};

use super::bench::{Bench, Deadline};
use super::browsing;
use super::call::{Call, CallerLeg, Phase, Recognised, Step};
use super::ending;
use super::facts::{CallRecord, EndedBy, Fact, FallbackCause, Outcome};
use super::fallback;
use super::header_rules;
use super::moved::Moved;
use super::promising::Willing;
use super::prompts::Prompts;
use super::returning::Returning;
use super::settings::{Mode, TrunkPlan};
use super::sound::Sound;
use crate::base::limits;

/// Makes a call that has done nothing yet.
pub fn fresh(
    id: CallId,
    leg: CallerLeg,
    incoming: Box<IncomingCall>,
    trunk: Arc<TrunkPlan>,
    bench: &mut Bench,
    now: Now,
) -> Call {
    let call = Call {
        id,
        group: id,
        rules: Arc::clone(&bench.settings),
        caller: leg,
        recognised: recognise(&incoming, &trunk),
        record: record(id, &incoming, &trunk, now.wall),
        trunk,
        incoming: anonymised(incoming),
        decision: None,
        queued: None,
        phase: Phase::Over,
        sound: Sound::default(),
        prompts: Prompts::default(),
        connected: None,
        legs_dialled: 0,
        outgoing: None,
        engaged: Vec::new(),
        change: None,
        recording: Default::default(),
        consultation: None,
        supervision: None,
        transfer: None,
        moved: Moved::default(),
        returning: Returning::default(),
        recall: None,
        willing: Willing::default(),
    };
    bench.call_by_leg.insert(leg.0, id);
    bench.fact(Fact::CallAdmitted { call: id, trunk: call.trunk.trunk.clone() });
    bench.set_deadline(&call, Deadline::CallLength, now.mono + limits::CALL_LENGTH_MAX);
    call
}

/// A trunk's call has asked the store, or gone to the fallback, when this returns.
pub fn admit(mut call: Call, bench: &mut Bench, now: Now) -> Call {
    header_rules::prepare_answer(&call, bench);
    let terms = call.trunk.terms.sound.over(call.incoming.is_tls);
    if call.incoming.offer.is_empty() && terms.is_ok() {
        call.sound = Sound::late();
        find(&mut call, bench, now);
        return call;
    }
    match terms.and_then(|terms| terms.read_offer(&call.incoming.offer)) {
        Ok(offer) => {
            call.sound = Sound::new(offer);
            find(&mut call, bench, now);
        }
        // No sound of it comes to us.
        Err(_) if call.trunk.mode != Mode::Path => find(&mut call, bench, now),
        Err(SdpError::NoCommonCodec) => refuse(&mut call, "none of these codecs is taken here", bench, now),
        Err(SdpError::NotEncrypted) => refuse(&mut call, "no keys in common for the sound", bench, now),
        Err(SdpError::NoIce) => refuse(&mut call, "a browser's sound without ICE credentials", bench, now),
        Err(SdpError::NoFingerprint) => refuse(&mut call, "no certificate fingerprint for the sound", bench, now),
        Err(SdpError::WeakFingerprint) => refuse(&mut call, "no certificate fingerprint in SHA-256", bench, now),
        Err(SdpError::NoRtcpMux) => refuse(&mut call, "a browser's sound without rtcp-mux", bench, now),
        Err(SdpError::NoHandshake) => refuse(&mut call, "nobody begins the DTLS handshake", bench, now),
        Err(SdpError::Malformed(_) | SdpError::TooMuch(_) | SdpError::NoAudio | SdpError::NoAddress) => {
            fallback::divert(&mut call, FallbackCause::Media, bench, now);
        }
    }
    call
}

/// A trunk whose sound may not be taken is told so (RFC 3261 section 21.4.26).
fn refuse(call: &mut Call, why: &str, bench: &mut Bench, now: Now) {
    ending::refuse_caller(call, 488, Some(Reason::sip(488, why)), None, bench);
    ending::finish(call, Outcome::Refused, EndedBy::Us, bench, now);
}

/// One round trip for all three keys and the claim (design, section 4).
fn find(call: &mut Call, bench: &mut Bench, now: Now) {
    let deadline = call.incoming.received + bench.settings.deadlines.matching;
    call.recognised.token = token_of(call, bench, now.wall);
    if let Some(token) = call.recognised.token {
        bench.pages.brought(token, call.id);
    }
    let request = StoreRequest::Find {
        dialled: call.recognised.dialled.clone(),
        caller: call.recognised.caller.clone(),
        token: call.recognised.token,
        claim: Some(ClaimPlan { call: call.id, until: now.wall + bench.settings.deadlines.claim }),
        now: now.wall,
    };
    let ask = bench.ask(call.id, request, deadline.since(now.mono));
    bench.set_deadline(call, Deadline::Match, deadline);
    call.phase = Phase::Matching(Step::Finding(ask));
}

fn recognise(incoming: &IncomingCall, trunk: &TrunkPlan) -> Recognised {
    if browsing::intent_of(incoming).is_some() {
        // The page says what it likes of itself; its token alone counts.
        return Recognised::default();
    }
    let number = |text: &str| trunk.terms.numbers_in.read(text, trunk.region).ok();
    let asserted = incoming.asserted_user.as_ref().and_then(|user| number(user.expose()));
    Recognised {
        dialled: number(incoming.dialled.expose()).or_else(|| number(incoming.to_user.expose())),
        // Who withholds a number does not give one as evidence; what a trusted trunk asserts of them is its own word.
        caller: asserted.or_else(|| number(incoming.from_user.expose()).filter(|_| !incoming.is_withheld)),
        ..Recognised::default()
    }
}

/// The intent whose signed token opened the browser's websocket, or came in User-to-User; a token that does not verify is as good as
/// none.
fn token_of(call: &Call, bench: &Bench, now: Wall) -> Option<IntentId> {
    if let Some(intent) = browsing::intent_of(&call.incoming) {
        return Some(intent);
    }
    let carried = call.incoming.user_to_user.as_ref()?;
    let keys = &bench.settings.token_keys;
    let as_text =
        || std::str::from_utf8(carried.expose()).ok().and_then(|text| keys.verify_text(text.trim(), now).ok());
    keys.verify(carried.expose(), now).ok().or_else(as_text).map(|claims| claims.intent)
}

/// Empty for a number that was withheld: desk and API do not show it.
fn shown_caller(incoming: &IncomingCall) -> Pii<String> {
    match &incoming.asserted_user {
        _ if incoming.is_withheld => Pii::default(),
        Some(user) => user.clone(),
        None => incoming.from_user.clone(),
    }
}

/// Nobody whom we dial is told more than the caller wants (RFC 3323 section 4.1).
fn anonymised(mut incoming: Box<IncomingCall>) -> Box<IncomingCall> {
    if incoming.is_withheld {
        incoming.from_user = Pii::new("anonymous".to_owned());
        incoming.from_display = Pii::new("Anonymous".to_owned());
    }
    incoming
}

fn record(call: CallId, incoming: &IncomingCall, trunk: &TrunkPlan, began: Wall) -> CallRecord {
    CallRecord {
        source: incoming.source.clone(),
        dialled: incoming.dialled.clone(),
        diverted_from: incoming.diverted_from.clone(),
        caller: shown_caller(incoming),
        ..CallRecord::begun(call, trunk.trunk.clone(), began)
    }
}
