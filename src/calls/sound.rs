//! The sound of a call: one stream on each side, and what each of them plays. Offers and answers are made here.

use bytes::Bytes;

use crate::base::{CallId, LegId};
use crate::media::command::{MediaCommand, Source, ToneKind};
use crate::sdp::{Codec, Direction, LocalMedia, Negotiated, SdpError, Session};

use super::bench::Bench;
use super::call::{Call, Reinvite, Side};
use super::settings::WaitingSound;
use super::terms::SoundTerms;

/// The streams of one call.
#[derive(Clone, Debug, Default)]
pub struct Sound {
    /// What the caller offered last.
    offer: Option<Session>,
    caller: Option<Stream>,
    far: Option<Stream>,
    /// Of the leg to which the call is being passed on.
    next: Option<Stream>,
    /// The caller has our answer in a 200, not only in early media.
    answered: bool,
    /// How often the caller's stream has been given another port.
    reopened: u8,
}

/// One side's stream.
#[derive(Clone, Debug)]
struct Stream {
    leg: LegId,
    local: LocalMedia,
    agreed: Option<Negotiated>,
    terms: SoundTerms,
}

/// Why there is no sound to be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoSound {
    /// Every port of the range is in use.
    NoPort,
    Description(SdpError),
}

/// Ports that other programs hold are rare; a machine without sockets is not helped by more tries.
const REOPENED_MAX: u8 = 3;

impl Sound {
    pub fn new(offer: Session) -> Sound {
        Sound { offer: Some(offer), ..Sound::default() }
    }

    pub fn is_answered(&self) -> bool {
        self.answered
    }

    /// The caller has said what sound it wants. A call without an offer is not relayed yet.
    pub fn is_described(&self) -> bool {
        self.offer.is_some()
    }

    /// The caller's sound is encrypted, or may be.
    pub fn has_keys(&self) -> bool {
        self.offer.as_ref().is_some_and(|offer| !offer.audio.crypto.is_empty())
    }

    /// The far leg has a stream of ours; without one its description goes to the caller as it is.
    pub fn is_relayed(&self) -> bool {
        self.far.is_some()
    }

    fn stream(&mut self, side: Side) -> &mut Option<Stream> {
        match side {
            Side::Caller => &mut self.caller,
            Side::Far => &mut self.far,
        }
    }
}

impl From<SdpError> for NoSound {
    fn from(error: SdpError) -> NoSound {
        NoSound::Description(error)
    }
}

impl NoSound {
    /// The SIP status for it.
    pub fn status(&self) -> u16 {
        match self {
            NoSound::NoPort => 503,
            NoSound::Description(error) => error.status(),
        }
    }
}

/// What we can make and hear ourselves.
fn own_codecs() -> [Codec; 2] {
    [Codec::pcmu(), Codec::pcma()]
}

/// The offer for a leg that is about to be dialled; opens its stream, and the caller's.
pub fn offer_far(call: &mut Call, leg: LegId, terms: &SoundTerms, bench: &mut Bench) -> Result<Bytes, NoSound> {
    open_caller(call, bench)?;
    open(call, Side::Far, leg, terms, bench)?;
    let offer = describe_far(call);
    if offer.is_err() {
        close_far(call, bench);
    }
    offer
}

fn describe_far(call: &mut Call) -> Result<Bytes, NoSound> {
    let sound = &mut call.sound;
    let settled = if sound.answered { sound.caller.as_ref().and_then(|stream| stream.agreed.clone()) } else { None };
    let far = sound.far.as_mut().ok_or(NoSound::NoPort)?;
    match (settled, &sound.offer) {
        (Some(settled), _) => Ok(far.local.offer_from_negotiated(&far.terms.codecs.narrow_settled(settled)?)),
        (None, Some(offer)) => Ok(far.local.relay_offer(&far.terms.codecs.narrow(offer)?)),
        (None, None) => Ok(far.local.offer_alone(&own_codecs())),
    }
}

/// The far leg sends sound before it answers; the body is for the caller's 183.
pub fn early(call: &mut Call, answer: &[u8], bench: &mut Bench) -> Result<Bytes, NoSound> {
    let body = join(call, answer, bench)?;
    Ok(body.unwrap_or_default())
}

/// The far leg has answered: both sides hear each other. The body is for the caller's 200, `None` when that has left before.
pub fn connect(call: &mut Call, answer: &[u8], bench: &mut Bench) -> Result<Option<Bytes>, NoSound> {
    let body = join(call, answer, bench)?;
    call.sound.answered = true;
    Ok(body)
}

/// Answers the caller ourselves and plays the waiting sound; the body is for the 200.
pub fn answer_waiting(call: &mut Call, bench: &mut Bench) -> Result<Bytes, NoSound> {
    open_caller(call, bench)?;
    let body = answer_alone(call, bench)?;
    call.sound.answered = true;
    play_waiting(call, bench);
    Ok(body)
}

/// The offer for a leg that may take the far side's place; what the caller has settled is all that it may take.
pub fn offer_next(call: &mut Call, leg: LegId, terms: &SoundTerms, bench: &mut Bench) -> Result<Bytes, NoSound> {
    let settled = call.sound.caller.as_ref().and_then(|stream| stream.agreed.clone()).ok_or(SdpError::NoAudio)?;
    let settled = terms.codecs.narrow_settled(settled)?;
    let mut stream = new_stream(call.id, leg, terms, bench)?;
    let offer = stream.local.offer_from_negotiated(&settled);
    call.sound.next = Some(stream);
    Ok(offer)
}

/// That leg has answered and takes the far side's place. The offer is for a caller who was on hold.
pub fn connect_next(call: &mut Call, answer: &[u8], bench: &mut Bench) -> Result<Option<Bytes>, NoSound> {
    let next = call.sound.next.as_mut().ok_or(NoSound::NoPort)?;
    let answer = next.terms.read_answer(answer)?;
    next.agreed = Some(next.local.answered(&answer)?);
    if let Some(before) = std::mem::replace(&mut call.sound.far, call.sound.next.take()) {
        close(before, bench);
    }
    call.reinviting = None;
    bridge(call, bench);
    let caller = call.sound.caller.as_mut().ok_or(NoSound::NoPort)?;
    let on_hold = caller.agreed.as_ref().filter(|agreed| agreed.direction != Direction::SendRecv);
    Ok(on_hold.map(|agreed| caller.local.offer_from_negotiated(agreed)))
}

/// That leg does not answer.
pub fn close_next(call: &mut Call, bench: &mut Bench) {
    if let Some(stream) = call.sound.next.take() {
        close(stream, bench);
    }
}

/// One side's answer to an offer that was ours alone.
pub fn settle(call: &mut Call, side: Side, answer: &[u8], bench: &mut Bench) -> Result<(), NoSound> {
    let answer = Session::parse(answer)?;
    if let Some(stream) = call.sound.stream(side) {
        stream.agreed = Some(stream.local.answered(&answer)?);
    }
    tell_remote(call, side, bench);
    Ok(())
}

/// The waiting sound again, after an offer that failed.
pub fn play_waiting(call: &Call, bench: &mut Bench) {
    let source = match bench.settings.media.waiting {
        WaitingSound::Tone => Source::Tone(ToneKind::Waiting),
        WaitingSound::Wav(id) => Source::Wav(id),
    };
    play(call, source, bench);
}

/// What an answered caller hears while the agent's phone rings.
pub fn play_ringback(call: &Call, bench: &mut Bench) {
    let ringback = bench.settings.media.ringback;
    play(call, Source::Tone(ringback), bench);
}

/// What one side offers in the middle of a call, as far as it may be used.
pub fn read_offer(call: &mut Call, side: Side, offer: &[u8]) -> Result<Session, SdpError> {
    let stream = call.sound.stream(side).as_ref();
    stream.map_or_else(|| Session::parse(offer), |stream| stream.terms.read_offer(offer))
}

/// The re-INVITE of one side as an offer to the other.
pub fn reoffer(call: &mut Call, from: Side, offer: Session) -> Option<Bytes> {
    let other = call.sound.stream(from.other()).as_mut()?;
    let narrowed = other.terms.codecs.narrow(&offer).ok()?;
    let before = other.local.clone();
    let body = other.local.relay_offer(&narrowed);
    call.reinviting = Some(Reinvite { asking: from, offer, before });
    Some(body)
}

/// The other side has answered that offer; the body is for the side that asked.
pub fn reanswer(call: &mut Call, answer: &[u8], bench: &mut Bench) -> Result<Option<(Side, Bytes)>, NoSound> {
    let Some(Reinvite { asking, offer, .. }) = call.reinviting.take() else { return Ok(None) };
    let Some(asked) = call.sound.stream(asking.other()) else { return Ok(None) };
    let answer = asked.terms.read_answer(answer)?;
    asked.agreed = Some(asked.local.answered(&answer)?);
    let Some(asker) = call.sound.stream(asking) else { return Ok(None) };
    let agreed = asker.local.relay_answer(&offer, &answer)?;
    asker.agreed = Some(agreed.negotiated);
    if asking == Side::Caller {
        call.sound.offer = Some(offer);
    }
    tell_remote(call, Side::Caller, bench);
    tell_remote(call, Side::Far, bench);
    Ok(Some((asking, agreed.body)))
}

/// The other side has refused that offer: what we said before holds again. Answers who had asked.
pub fn take_back_offer(call: &mut Call) -> Option<Side> {
    let Reinvite { asking, before, .. } = call.reinviting.take()?;
    if let Some(stream) = call.sound.stream(asking.other()) {
        stream.local = before;
    }
    Some(asking)
}

/// The caller's re-INVITE while nobody else is on the line.
pub fn reanswer_alone(call: &mut Call, offer: Session, bench: &mut Bench) -> Result<Bytes, NoSound> {
    call.sound.offer = Some(offer);
    answer_alone(call, bench)
}

/// Our last description on one side, for a peer that asks us to offer.
pub fn said(call: &mut Call, side: Side) -> Option<Bytes> {
    call.sound.stream(side).as_ref()?.local.said().cloned()
}

/// The far leg is gone; the caller's stream stays.
pub fn close_far(call: &mut Call, bench: &mut Bench) {
    call.reinviting = None;
    let Some(stream) = call.sound.far.take() else { return };
    if call.sound.answered {
        play(call, Source::Silence, bench);
    }
    close(stream, bench);
}

pub fn close_all(call: &mut Call, bench: &mut Bench) {
    call.reinviting = None;
    for stream in [call.sound.next.take(), call.sound.far.take(), call.sound.caller.take()].into_iter().flatten() {
        close(stream, bench);
    }
}

fn open_caller(call: &mut Call, bench: &mut Bench) -> Result<(), NoSound> {
    let trunk = call.trunk.clone();
    open(call, Side::Caller, call.caller.0, &trunk.terms.sound, bench)
}

/// Opens the stream of a side unless it is open.
fn open(call: &mut Call, side: Side, leg: LegId, terms: &SoundTerms, bench: &mut Bench) -> Result<(), NoSound> {
    let group = call.id;
    let place = call.sound.stream(side);
    if place.is_some() {
        return Ok(());
    }
    *place = Some(new_stream(group, leg, terms, bench)?);
    Ok(())
}

fn new_stream(group: CallId, leg: LegId, terms: &SoundTerms, bench: &mut Bench) -> Result<Stream, NoSound> {
    let port = bench.ports.take(bench.now.mono).ok_or(NoSound::NoPort)?;
    let local = LocalMedia::new(bench.settings.media.advertised, port, bench.rng.u64());
    let local = local.with_srtp(terms.srtp, |octets| bench.rng.fill(octets));
    bench.port_by_leg.insert(leg, (port, group));
    bench.media(MediaCommand::Open { group, leg, port });
    Ok(Stream { leg, local, agreed: None, terms: terms.clone() })
}

/// The caller's stream again, on another port; `false` when the caller has been told of the one that failed, or when port after
/// port fails.
pub fn reopen_caller(call: &mut Call, bench: &mut Bench) -> bool {
    let sound = &mut call.sound;
    let is_told = sound.answered || sound.caller.as_ref().is_some_and(|stream| stream.agreed.is_some());
    if is_told || sound.reopened >= REOPENED_MAX {
        return false;
    }
    sound.reopened += 1;
    sound.caller = None;
    open_caller(call, bench).is_ok()
}

/// Its port is free when the media says that it is closed.
fn close(stream: Stream, bench: &mut Bench) {
    bench.media(MediaCommand::Close { leg: stream.leg });
}

fn answer_alone(call: &mut Call, bench: &mut Bench) -> Result<Bytes, NoSound> {
    let offer = call.sound.offer.clone().ok_or(SdpError::NoAudio)?;
    let stream = call.sound.caller.as_mut().ok_or(NoSound::NoPort)?;
    let agreed = stream.local.answer_alone(&offer, &own_codecs())?;
    stream.agreed = Some(agreed.negotiated);
    tell_remote(call, Side::Caller, bench);
    Ok(agreed.body)
}

/// Takes the far leg's answer, answers the caller where that is still owed, and lets both sides hear each other.
fn join(call: &mut Call, answer: &[u8], bench: &mut Bench) -> Result<Option<Bytes>, NoSound> {
    let sound = &mut call.sound;
    let far = sound.far.as_mut().ok_or(NoSound::NoPort)?;
    let answer = far.terms.read_answer(answer)?;
    far.agreed = Some(far.local.answered(&answer)?);
    let body = match (&sound.offer, sound.caller.as_mut()) {
        (Some(offer), Some(caller)) if !sound.answered => {
            let agreed = caller.local.relay_answer(offer, &answer)?;
            caller.agreed = Some(agreed.negotiated);
            Some(agreed.body)
        }
        (Some(_) | None, Some(_) | None) => None,
    };
    bridge(call, bench);
    Ok(body)
}

fn bridge(call: &mut Call, bench: &mut Bench) {
    tell_remote(call, Side::Caller, bench);
    tell_remote(call, Side::Far, bench);
    let (Some(caller), Some(far)) = (&call.sound.caller, &call.sound.far) else { return };
    bench.media(MediaCommand::Source { leg: far.leg, source: Source::Leg(caller.leg) });
    bench.media(MediaCommand::Source { leg: caller.leg, source: Source::Leg(far.leg) });
}

fn tell_remote(call: &mut Call, side: Side, bench: &mut Bench) {
    let Some(stream) = call.sound.stream(side) else { return };
    let Some(agreed) = &stream.agreed else { return };
    bench.media(MediaCommand::Remote { leg: stream.leg, session: Box::new(agreed.clone()) });
}

fn play(call: &Call, source: Source, bench: &mut Bench) {
    if let Some(stream) = &call.sound.caller {
        bench.media(MediaCommand::Source { leg: stream.leg, source });
    }
}
