//! The sound of a call: one stream on each side, and what each of them plays. Offers and answers are made here.

use bytes::Bytes;

use crate::base::{CallId, LegId};
use crate::media::command::{MediaCommand, OurSide, Source, ToneKind};
use crate::sdp::{Codec, Direction, LocalMedia, LocalWebRtc, Negotiated, SdpError, Session};

use super::bench::Bench;
use super::call::{Call, Change, Side};
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
    /// The INVITE had no offer: the first one is ours, in a reliable provisional answer or in the 200.
    late: bool,
    /// The caller has our answer in a 200, not only in early media.
    answered: bool,
    /// How often the caller's stream has been given another port.
    reopened: u8,
    /// What the caller is to be told anew: another fork has answered than the one that spoke early.
    pub(super) stale: Option<Session>,
}

/// One side's stream.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    pub leg: LegId,
    pub local: LocalMedia,
    pub agreed: Option<Negotiated>,
    /// What the peer said last.
    pub remote: Option<Session>,
    /// An offer of ours is there whose answer comes in the ACK or PRACK.
    pub owed: bool,
    pub terms: SoundTerms,
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

    /// An INVITE without an offer.
    pub fn late() -> Sound {
        Sound { late: true, ..Sound::default() }
    }

    /// The caller has said what sound it wants, or leaves that to us.
    pub fn is_described(&self) -> bool {
        self.offer.is_some() || self.late
    }

    /// The caller's sound is encrypted, or may be.
    pub fn has_keys(&self) -> bool {
        self.offer.as_ref().is_some_and(|offer| !offer.audio.crypto.is_empty()) || self.is_of_browser()
    }

    /// The caller is a browser.
    fn is_of_browser(&self) -> bool {
        self.offer.as_ref().is_some_and(|offer| offer.audio.webrtc.is_some())
    }

    /// An offer of ours still waits for its answer.
    pub fn owes(&self) -> bool {
        [&self.caller, &self.far].into_iter().flatten().any(|stream| stream.owed)
    }

    /// The far leg has a stream of ours; without one its description goes to the caller as it is.
    pub fn is_relayed(&self) -> bool {
        self.far.is_some()
    }

    /// The peer on that side hears keys in the sound.
    pub fn takes_keys(&mut self, side: Side) -> bool {
        let agreed = self.stream(side).as_ref().and_then(|stream| stream.agreed.as_ref());
        agreed.is_some_and(|agreed| agreed.telephone_event().is_some())
    }

    /// The media's leg on that side.
    pub fn leg(&self, side: Side) -> Option<LegId> {
        let stream = match side {
            Side::Caller => self.caller.as_ref(),
            Side::Far => self.far.as_ref(),
        };
        stream.map(|stream| stream.leg)
    }

    /// Whose stream a leg of the media is.
    pub fn side_of(&self, leg: LegId) -> Option<Side> {
        [Side::Caller, Side::Far].into_iter().find(|side| self.leg(*side) == Some(leg))
    }

    /// The leg is that of the side that is to come.
    pub fn is_next(&self, leg: LegId) -> bool {
        self.next.as_ref().is_some_and(|stream| stream.leg == leg)
    }

    pub(super) fn stream(&mut self, side: Side) -> &mut Option<Stream> {
        match side {
            Side::Caller => &mut self.caller,
            Side::Far => &mut self.far,
        }
    }
}

impl Stream {
    /// What this side may be offered of what the other has described.
    pub fn narrow(&self, offer: &Session) -> Result<Session, SdpError> {
        let mut narrowed = self.terms.codecs.narrow(offer)?;
        let is_between = self.between(offer.audio.webrtc.is_some());
        narrowed.audio.codecs.retain(is_between);
        if narrowed.audio.codecs.iter().any(Codec::is_sound) { Ok(narrowed) } else { Err(SdpError::NoCommonCodec) }
    }

    /// The same of what the other has settled.
    pub fn narrow_settled(&self, settled: &Negotiated) -> Result<Negotiated, SdpError> {
        let mut narrowed = self.terms.codecs.narrow_settled(settled.clone())?;
        let is_between = self.between(settled.webrtc.is_some());
        narrowed.formats.retain(|format| is_between(&format.codec));
        if narrowed.codec().is_some() { Ok(narrowed) } else { Err(SdpError::NoCommonCodec) }
    }

    /// Nothing is converted here: a browser and a telephone get what both have.
    fn between(&self, other_is_browser: bool) -> fn(&Codec) -> bool {
        match (other_is_browser, self.local.webrtc().is_some()) {
            (false, false) => |_| true,
            (true, false) => Codec::is_of_telephones,
            (false, true) | (true, true) => Codec::is_of_browsers,
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
        (Some(settled), _) => {
            let narrowed = far.narrow_settled(&settled)?;
            Ok(far.local.offer_from_negotiated(&narrowed))
        }
        (None, Some(offer)) => {
            let narrowed = far.narrow(offer)?;
            Ok(far.local.relay_offer(&narrowed))
        }
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
    let mut stream = new_stream((call.id, call.group), leg, (terms, false), bench)?;
    let settled = match stream.narrow_settled(&settled) {
        Ok(settled) => settled,
        Err(error) => {
            close(stream, bench);
            return Err(error.into());
        }
    };
    let offer = stream.local.offer_from_negotiated(&settled);
    call.sound.next = Some(stream);
    Ok(offer)
}

/// The far side of another call may take this one's far side's place; the offer is for it, and until it has answered it hears nobody.
pub fn adopt_next(call: &mut Call, other: &mut Call, bench: &mut Bench) -> Result<Bytes, NoSound> {
    let settled = call.sound.caller.as_ref().and_then(|stream| stream.agreed.clone()).ok_or(SdpError::NoAudio)?;
    let far = other.sound.far.as_ref().ok_or(SdpError::NoAudio)?;
    let settled = far.narrow_settled(&settled)?;
    let mut stream = match other.group == call.group {
        true => taken_over(call, other, bench)?,
        false => begun_anew(call, other, bench)?,
    };
    let offer = stream.local.offer_from_negotiated(&settled);
    call.sound.next = Some(stream);
    Ok(offer)
}

fn taken_over(call: &Call, other: &mut Call, bench: &mut Bench) -> Result<Stream, NoSound> {
    let stream = other.sound.far.take().ok_or(SdpError::NoAudio)?;
    if let Some((_, of)) = bench.port_by_leg.get_mut(&stream.leg) {
        *of = call.id;
    }
    bench.media(MediaCommand::Source { leg: stream.leg, source: Source::Silence });
    Ok(stream)
}

/// The other call is of another group, so perhaps with another worker: the same session of ours goes on at another port, and its
/// stream there ends with that call. A browser has its keys from a handshake, and stays where it is.
fn begun_anew(call: &mut Call, other: &Call, bench: &mut Bench) -> Result<Stream, NoSound> {
    let before = other.sound.far.as_ref().filter(|far| far.local.webrtc().is_none()).ok_or(SdpError::NoAudio)?;
    let leg = call.next_leg().0;
    let fresh = new_stream((call.id, call.group), leg, (&before.terms, before.local.without_keys), bench)?;
    Ok(Stream { local: fresh.local.continuing(&before.local), ..fresh })
}

/// That leg has answered and takes the far side's place. The offer is for a caller who was on hold.
pub fn connect_next(call: &mut Call, answer: &[u8], bench: &mut Bench) -> Result<Option<Bytes>, NoSound> {
    let next = call.sound.next.as_mut().ok_or(NoSound::NoPort)?;
    let answer = next.terms.read_answer(answer)?;
    next.agreed = Some(next.local.answered(&answer)?);
    next.remote = Some(answer);
    take_far_place(call, bench)
}

/// A leg that has been offered to us takes the far side's place: its answer, in what the caller speaks, and the offer for a caller who must
/// hear of it.
pub fn answer_next(
    call: &mut Call,
    leg: LegId,
    terms: &SoundTerms,
    offer: &[u8],
    bench: &mut Bench,
) -> Result<(Bytes, Option<Bytes>), NoSound> {
    let offer = terms.read_offer(offer)?;
    let settled = call.sound.caller.as_ref().and_then(|stream| stream.agreed.clone()).ok_or(SdpError::NoAudio)?;
    let spoken = settled.codec().into_iter().chain(&settled.formats).map(|format| format.codec.clone());
    let spoken: Vec<Codec> = spoken.collect();
    let terms = SoundTerms { webrtc: offer.audio.webrtc.is_some(), ..terms.clone() };
    let mut stream = new_stream((call.id, call.group), leg, (&terms, false), bench)?;
    let agreed = match stream.local.answer_alone(&offer, &spoken) {
        Ok(agreed) => agreed,
        Err(error) => {
            close(stream, bench);
            return Err(error.into());
        }
    };
    stream.agreed = Some(agreed.negotiated);
    stream.remote = Some(offer);
    call.sound.next = Some(stream);
    let resume = take_far_place(call, bench)?;
    Ok((agreed.body, resume))
}

fn take_far_place(call: &mut Call, bench: &mut Bench) -> Result<Option<Bytes>, NoSound> {
    if let Some(before) = std::mem::replace(&mut call.sound.far, call.sound.next.take()) {
        close(before, bench);
    }
    call.change = None;
    bridge(call, bench);
    let far = call.sound.far.as_ref().and_then(|far| far.agreed.clone()).ok_or(NoSound::NoPort)?;
    let caller = call.sound.caller.as_mut().ok_or(NoSound::NoPort)?;
    let Some(agreed) = caller.agreed.as_ref().and_then(|agreed| to_be_told(agreed, &far)) else {
        return Ok(None);
    };
    let before = Box::new(caller.local.clone());
    let offer = caller.local.offer_from_negotiated(&agreed);
    call.change = Some(Change::Own { side: Side::Caller, before });
    Ok(Some(offer))
}

/// What the caller is to be offered when another has taken the far side's place: all that it has while it was on hold, less when it
/// speaks in a way that the new one does not know. `None` when nothing changes for it.
fn to_be_told(agreed: &Negotiated, far: &Negotiated) -> Option<Negotiated> {
    let is_known = |codec: &Codec| far.formats.iter().any(|format| format.codec.same_encoding(codec));
    let speaks = agreed.codec().is_some_and(|format| is_known(&format.codec));
    if speaks && agreed.direction == Direction::SendRecv {
        return None;
    }
    let mut told = agreed.clone();
    if !speaks {
        told.formats.retain(|format| is_known(&format.codec));
    }
    told.codec().is_some().then_some(told)
}

/// That leg does not answer.
pub fn close_next(call: &mut Call, bench: &mut Bench) {
    if let Some(stream) = call.sound.next.take() {
        close(stream, bench);
    }
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

/// The same of an answer.
pub fn read_answer(call: &mut Call, side: Side, answer: &[u8]) -> Result<Session, SdpError> {
    let stream = call.sound.stream(side).as_ref();
    stream.map_or_else(|| Session::parse(answer), |stream| stream.terms.read_answer(answer))
}

/// A change that one side asks for while the two do not talk yet. The caller has us alone, or what a ringing far leg has said; a
/// far leg that rings has the caller's description.
pub fn reanswer_alone(call: &mut Call, side: Side, offer: Session, bench: &mut Bench) -> Result<Bytes, NoSound> {
    let other = call.sound.stream(side.other()).as_ref().and_then(|stream| stream.remote.clone());
    let other = if side == Side::Far { other.or_else(|| call.sound.offer.clone()) } else { other };
    if side == Side::Caller {
        call.sound.offer = Some(offer.clone());
    }
    let Some(other) = other else { return answer_alone(call, bench) };
    let stream = call.sound.stream(side).as_mut().ok_or(NoSound::NoPort)?;
    let agreed = stream.local.relay_answer(&offer, &other)?;
    stream.agreed = Some(agreed.negotiated);
    stream.remote = Some(offer);
    tell_remote(call, side, bench);
    Ok(agreed.body)
}

/// The far leg is gone; the caller's stream stays.
pub fn close_far(call: &mut Call, bench: &mut Bench) {
    call.change = None;
    let Some(stream) = call.sound.far.take() else { return };
    call.sound.stale = None;
    if call.sound.answered {
        play(call, Source::Silence, bench);
    }
    close(stream, bench);
}

pub fn close_all(call: &mut Call, bench: &mut Bench) {
    call.change = None;
    for stream in [call.sound.next.take(), call.sound.far.take(), call.sound.caller.take()].into_iter().flatten() {
        close(stream, bench);
    }
}

fn open_caller(call: &mut Call, bench: &mut Bench) -> Result<(), NoSound> {
    let webrtc = call.sound.is_of_browser();
    let terms = SoundTerms { webrtc, ..call.trunk.terms.sound.over(call.incoming.is_tls)? };
    open(call, Side::Caller, call.caller.0, &terms, bench)
}

/// Opens the stream of a side unless it is open.
fn open(call: &mut Call, side: Side, leg: LegId, terms: &SoundTerms, bench: &mut Bench) -> Result<(), NoSound> {
    let of = (call.id, call.group);
    // The far leg goes over the caller's trunk when it is the fallback.
    let is_of_trunk = side == Side::Caller || call.record.fallback.is_some();
    let without_keys = is_of_trunk && call.trunk.keys_in_info;
    let place = call.sound.stream(side);
    if place.is_some() {
        return Ok(());
    }
    *place = Some(new_stream(of, leg, (terms, without_keys), bench)?);
    Ok(())
}

fn new_stream(
    (call, group): (CallId, CallId),
    leg: LegId,
    (terms, without_keys): (&SoundTerms, bool),
    bench: &mut Bench,
) -> Result<Stream, NoSound> {
    let mut local = if terms.webrtc { shared(group, leg, bench)? } else { alone(group, leg, terms, bench)? };
    local.without_keys = without_keys;
    bench.port_by_leg.insert(leg, (local.port, call));
    Ok(Stream { leg, local, agreed: None, remote: None, owed: false, terms: terms.clone() })
}

/// A port of its own.
fn alone(group: CallId, leg: LegId, terms: &SoundTerms, bench: &mut Bench) -> Result<LocalMedia, NoSound> {
    let port = bench.ports.take(bench.now.mono).ok_or(NoSound::NoPort)?;
    let local = LocalMedia::new(bench.settings.media.advertised, port, bench.rng.u64());
    bench.media(MediaCommand::Open { group, leg, port });
    Ok(local.with_srtp(terms.srtp, |octets| bench.rng.fill(octets)))
}

/// The port that browsers share: it is not lent, and not given back.
fn shared(group: CallId, leg: LegId, bench: &mut Bench) -> Result<LocalMedia, NoSound> {
    let port = bench.settings.media.webrtc.port_of(group).ok_or(NoSound::NoPort)?;
    let mut seed = [0; 32];
    bench.rng.fill(&mut seed);
    let webrtc = LocalWebRtc::new(bench.settings.media.webrtc.fingerprint, seed);
    let (ice, stream) = (webrtc.ice().clone(), webrtc.stream());
    let ours = OurSide { ice, ssrc: stream.ssrc, cname: stream.cname.clone() };
    bench.media(MediaCommand::OpenShared { group, leg, ours: Box::new(ours) });
    let local = LocalMedia::new(bench.settings.media.advertised, port, bench.rng.u64());
    Ok(local.with_webrtc(webrtc))
}

/// The caller's stream again, on another port; `false` when the caller has been told of the one that failed, or when port after
/// port fails.
pub fn reopen_caller(call: &mut Call, bench: &mut Bench) -> bool {
    let sound = &mut call.sound;
    let is_told = sound.answered || sound.caller.as_ref().is_some_and(|stream| stream.agreed.is_some() || stream.owed);
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

/// Our own description for the caller: the answer to its offer, or an offer where it has made none.
fn answer_alone(call: &mut Call, bench: &mut Bench) -> Result<Bytes, NoSound> {
    let stream = call.sound.caller.as_mut().ok_or(NoSound::NoPort)?;
    let Some(offer) = &call.sound.offer else {
        stream.owed = stream.agreed.is_none();
        return Ok(stream.local.said().cloned().unwrap_or_else(|| stream.local.offer_alone(&own_codecs())));
    };
    let agreed = stream.local.answer_alone(offer, &own_codecs())?;
    stream.agreed = Some(agreed.negotiated);
    stream.remote = Some(offer.clone());
    tell_remote(call, Side::Caller, bench);
    Ok(agreed.body)
}

/// Takes the far leg's answer, answers the caller where that is still owed, and lets both sides hear each other.
fn join(call: &mut Call, answer: &[u8], bench: &mut Bench) -> Result<Option<Bytes>, NoSound> {
    let far = call.sound.far.as_mut().ok_or(NoSound::NoPort)?;
    let answer = far.terms.read_answer(answer)?;
    far.agreed = Some(far.local.answered(&answer)?);
    far.remote = Some(answer.clone());
    let body = if call.sound.answered { None } else { describe_to_caller(call, answer)? };
    bridge(call, bench);
    Ok(body)
}

/// What the caller is told of the far leg. It is told once: what another fork says after that is for a change (RFC 3261 section
/// 13.2.1: all answers to one INVITE say the same).
fn describe_to_caller(call: &mut Call, answer: Session) -> Result<Option<Bytes>, NoSound> {
    let sound = &mut call.sound;
    let Some(caller) = sound.caller.as_mut() else { return Ok(None) };
    let settled = sound.far.as_ref().and_then(|far| far.agreed.as_ref());
    let told = caller.agreed.is_some() || caller.owed;
    let mut local = caller.local.clone();
    let (body, agreed) = match (&sound.offer, settled) {
        (Some(offer), _) => {
            let agreed = local.relay_answer(offer, &answer)?;
            (agreed.body, Some(agreed.negotiated))
        }
        (None, Some(settled)) => (local.offer_from_negotiated(settled), None),
        (None, None) => return Ok(None),
    };
    let said = caller.local.said().filter(|_| told).cloned();
    if let Some(said) = said {
        sound.stale = (said != body || call.change.is_some()).then_some(answer);
        return Ok(Some(said));
    }
    caller.local = local;
    caller.owed = agreed.is_none();
    caller.agreed = agreed;
    caller.remote = sound.offer.clone();
    Ok(Some(body))
}

fn bridge(call: &mut Call, bench: &mut Bench) {
    tell_remote(call, Side::Caller, bench);
    tell_remote(call, Side::Far, bench);
    let (Some(caller), Some(far)) = (&call.sound.caller, &call.sound.far) else { return };
    bench.media(MediaCommand::Source { leg: far.leg, source: Source::Leg(caller.leg) });
    bench.media(MediaCommand::Source { leg: caller.leg, source: Source::Leg(far.leg) });
}

pub(super) fn tell_remote(call: &mut Call, side: Side, bench: &mut Bench) {
    let Some(stream) = call.sound.stream(side) else { return };
    let Some(agreed) = &stream.agreed else { return };
    bench.media(MediaCommand::Remote { leg: stream.leg, session: Box::new(agreed.clone()) });
}

fn play(call: &Call, source: Source, bench: &mut Bench) {
    if let Some(stream) = &call.sound.caller {
        bench.media(MediaCommand::Source { leg: stream.leg, source });
    }
}
