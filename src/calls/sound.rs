//! The sound of a call: one stream on each side, and what each of them plays. Offers and answers are made here.

mod next;
mod opening;
mod recalled;
mod renewed;
mod third;

use bytes::Bytes;

use crate::base::{Family, LegId};
use crate::media::command::{MediaCommand, Source, ToneKind};
use crate::media::g711::Law;
use crate::sdp::{Codec, Direction, LocalMedia, Negotiated, SdpError, Session};

use super::bench::Bench;
use super::call::{Call, Side};
use super::consulting;
use super::recording;
use super::settings::WaitingSound;
use super::supervising;
use super::terms::SoundTerms;
pub use next::{adopt_next, answer_next, close_next, connect_next, offer_next};
use opening::{close, open, open_caller};
pub use recalled::{agent_waits, customer_answers, customer_early};
pub use renewed::{
    go_past, is_hopeless, is_lost, moved, pass, rejoin, renew, renew_lost, ring_for_agent, tries_after_pauses,
};
pub use third::{
    Between, Reach, between, close_third, connect_third, is_third_plain, mix, offer_third, third_again,
    third_takes_over,
};

/// The streams of one call.
#[derive(Clone, Debug, Default)]
pub struct Sound {
    /// What the caller offered last.
    offer: Option<Session>,
    // Boxed: a stream is large, and of most calls there are two.
    caller: Option<Box<Stream>>,
    far: Option<Box<Stream>>,
    /// Of the leg to which the call is being passed on.
    next: Option<Box<Stream>>,
    /// Of a supervisor, or of somebody whom the agent asks.
    third: Option<Box<Stream>>,
    /// The INVITE had no offer: the first one is ours, in a reliable provisional answer or in the 200.
    late: bool,
    /// The caller has our answer in a 200, not only in early media.
    answered: bool,
    /// Both sides are to speak in what we can read.
    plain: bool,
    /// Caller and fallback hear each other past us: what we had said to the caller before.
    past: Option<Box<LocalMedia>>,
    /// Whom to tell anew what the other side has said: another fork has answered than the one that spoke early, or they were away.
    /// Boxed: few calls ever have it.
    pub(super) stale: Option<Box<(Side, Session)>>,
}

/// One side's stream.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    pub leg: LegId,
    pub local: LocalMedia,
    pub agreed: Option<Negotiated>,
    /// What the peer said last.
    pub remote: Option<Session>,
    /// Whether it wants to speak and to hear: so it said when it last asked for a change.
    pub wish: Direction,
    /// An offer of ours is there whose answer comes in the ACK or PRACK.
    pub owed: bool,
    pub terms: SoundTerms,
    /// The media have no port for it at present.
    pub lost: bool,
    /// The peer knows of another port than the one that it has.
    pub moved: bool,
    /// How often the media had no port for it.
    failures: u8,
}

/// Why there is no sound to be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoSound {
    /// Every port of the range is in use.
    NoPort,
    Description(SdpError),
}

impl Sound {
    pub fn new(offer: Session) -> Sound {
        Sound { offer: Some(offer), ..Sound::default() }
    }

    pub fn is_answered(&self) -> bool {
        self.answered
    }

    /// Nobody hears us: the two hear each other without streams of ours.
    pub fn is_past_us(&self) -> bool {
        self.past.is_some()
    }

    /// From now on what is offered is G.711, where both sides have it: it can be recorded and mixed.
    pub fn keep_plain(&mut self) {
        self.plain = true;
    }

    /// What both sides speak can be read.
    pub fn is_plain(&self) -> bool {
        let speaks_plain = |stream: &Option<Box<Stream>>| {
            let agreed = stream.as_ref().and_then(|stream| stream.agreed.as_ref()?.codec());
            agreed.is_some_and(|format| Law::of(&format.codec).is_some())
        };
        speaks_plain(&self.caller) && speaks_plain(&self.far)
    }

    /// An INVITE without an offer.
    pub fn late() -> Sound {
        Sound { late: true, ..Sound::default() }
    }

    /// The caller has said what sound it wants.
    pub fn has_offer(&self) -> bool {
        self.offer.is_some()
    }

    /// The caller has said what sound it wants, or leaves that to us.
    pub fn is_described(&self) -> bool {
        self.offer.is_some() || self.late
    }

    /// The caller's sound is encrypted, or may be.
    pub fn has_keys(&self) -> bool {
        self.offer.as_ref().is_some_and(|offer| !offer.audio.crypto.is_empty()) || self.is_of_browser()
    }

    /// Of the address that the caller has described.
    fn family_of_caller(&self) -> Option<Family> {
        self.offer.as_ref().map(|offer| Family::of(offer.audio.rtp.expose().ip()))
    }

    /// The caller is a browser.
    fn is_of_browser(&self) -> bool {
        self.offer.as_ref().is_some_and(|offer| offer.audio.webrtc.is_some())
    }

    /// What we have offered the far leg is for a browser.
    pub fn rings_browser(&self) -> bool {
        self.far.as_ref().is_some_and(|far| far.local.webrtc().is_some())
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

    /// That side has asked not to hear the other for a while.
    pub fn is_held_by(&self, side: Side) -> bool {
        self.of(side).is_some_and(|stream| !stream.wish.listens())
    }

    /// The media's leg on that side.
    pub fn leg(&self, side: Side) -> Option<LegId> {
        self.of(side).map(|stream| stream.leg)
    }

    /// Whose stream a leg of the media is.
    pub fn side_of(&self, leg: LegId) -> Option<Side> {
        [Side::Caller, Side::Far].into_iter().find(|side| self.leg(*side) == Some(leg))
    }

    /// The leg is that of the side that is to come.
    pub fn is_next(&self, leg: LegId) -> bool {
        self.next.as_ref().is_some_and(|stream| stream.leg == leg)
    }

    /// The leg is that of a third one.
    pub fn is_third(&self, leg: LegId) -> bool {
        self.third.as_ref().is_some_and(|stream| stream.leg == leg)
    }

    pub(super) fn of(&self, side: Side) -> Option<&Stream> {
        match side {
            Side::Caller => self.caller.as_deref(),
            Side::Far => self.far.as_deref(),
        }
    }

    pub(super) fn stream(&mut self, side: Side) -> &mut Option<Box<Stream>> {
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
        if self.terms.plain && narrowed.audio.codecs.iter().any(is_plain_sound) {
            narrowed.audio.codecs.retain(Codec::is_of_telephones);
        }
        if narrowed.audio.codecs.iter().any(Codec::is_sound) { Ok(narrowed) } else { Err(SdpError::NoCommonCodec) }
    }

    /// The same of what the other has settled.
    pub fn narrow_settled(&self, settled: &Negotiated) -> Result<Negotiated, SdpError> {
        let mut narrowed = self.terms.codecs.narrow_settled(settled.clone())?;
        let is_between = self.between(settled.webrtc.is_some());
        narrowed.formats.retain(|format| is_between(&format.codec));
        if self.terms.plain && narrowed.formats.iter().any(|format| is_plain_sound(&format.codec)) {
            narrowed.formats.retain(|format| format.codec.is_of_telephones());
        }
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

fn is_plain_sound(codec: &Codec) -> bool {
    codec.is_sound() && codec.is_of_telephones()
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
    let body = answer_silent(call, bench)?;
    play_waiting(call, bench);
    Ok(body)
}

/// Opens the stream of a caller who is about to be answered; `false` when it is open, or there is none to be had.
pub fn open_ahead(call: &mut Call, bench: &mut Bench) -> bool {
    call.sound.caller.is_none() && open_caller(call, bench).is_ok()
}

/// Answers the caller ourselves and plays nothing yet; the body is for the 200.
pub fn answer_silent(call: &mut Call, bench: &mut Bench) -> Result<Bytes, NoSound> {
    open_caller(call, bench)?;
    let body = answer_alone(call, bench)?;
    call.sound.answered = true;
    Ok(body)
}

/// Our answer for the caller's 183; the call is not answered by it.
pub fn speak_early(call: &mut Call, bench: &mut Bench) -> Result<Bytes, NoSound> {
    open_caller(call, bench)?;
    answer_alone(call, bench)
}

/// The caller hears nothing more.
pub fn hush(call: &Call, bench: &mut Bench) {
    play(call, Source::Silence, bench);
}

/// The waiting sound again, after an offer that failed.
pub fn play_waiting(call: &Call, bench: &mut Bench) {
    play(call, waiting_source(call, bench), bench);
}

fn waiting_source(call: &Call, bench: &Bench) -> Source {
    let media = &bench.settings.media;
    let of_queue = call.queued.as_ref().and_then(|queued| media.queues.get(&queued.queue)?.music);
    match of_queue.unwrap_or(media.waiting) {
        WaitingSound::Tone => Source::Tone(ToneKind::Waiting),
        WaitingSound::Wav(id) => Source::Wav(id),
    }
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
    close(&stream, bench);
}

pub fn close_all(call: &mut Call, bench: &mut Bench) {
    call.change = None;
    for stream in [call.sound.third.take(), call.sound.next.take(), call.sound.far.take(), call.sound.caller.take()]
        .into_iter()
        .flatten()
    {
        close(&stream, bench);
    }
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
    if is_lost(call, Side::Caller) && !renew_lost(call, Side::Caller, bench) {
        return Err(NoSound::NoPort);
    }
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
        sound.stale = (said != body || call.change.is_some()).then(|| Box::new((Side::Caller, answer)));
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
    supervising::follow(call, bench);
    consulting::follow(call, bench);
    recording::follow(call, bench);
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
