//! The stream of a leg that may take the far side's place: of a transfer, of another device, of a page that was loaded anew.

use bytes::Bytes;

use crate::base::{Family, LegId};
use crate::media::command::{MediaCommand, Source};
use crate::sdp::{Codec, Direction, Negotiated, SdpError};

use super::opening::{close, new_stream};
use super::{NoSound, Stream, bridge};
use crate::calls::bench::Bench;
use crate::calls::call::{Call, Change, Side};
use crate::calls::terms::SoundTerms;

/// The offer for a leg that may take the far side's place; what the caller has settled is all that it may take.
pub fn offer_next(call: &mut Call, leg: LegId, terms: &SoundTerms, bench: &mut Bench) -> Result<Bytes, NoSound> {
    let settled = call.sound.caller.as_ref().and_then(|stream| stream.agreed.clone()).ok_or(SdpError::NoAudio)?;
    let terms = SoundTerms { plain: call.sound.plain, ..terms.clone() };
    let mut stream = new_stream((call.id, call.group), leg, (&terms, false), bench)?;
    let settled = match stream.narrow_settled(&settled) {
        Ok(settled) => settled,
        Err(error) => {
            close(&stream, bench);
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

fn taken_over(call: &Call, other: &mut Call, bench: &mut Bench) -> Result<Box<Stream>, NoSound> {
    let stream = other.sound.far.take().ok_or(SdpError::NoAudio)?;
    if let Some((_, of)) = bench.port_by_leg.get_mut(&stream.leg) {
        *of = call.id;
    }
    bench.media(MediaCommand::Source { leg: stream.leg, source: Source::Silence });
    Ok(stream)
}

/// The other call is of another group, so perhaps with another worker: the same session of ours goes on at another port, and its
/// stream there ends with that call. A browser has its keys from a handshake, and stays where it is.
fn begun_anew(call: &mut Call, other: &Call, bench: &mut Bench) -> Result<Box<Stream>, NoSound> {
    let before = other.sound.far.as_ref().filter(|far| far.local.webrtc().is_none()).ok_or(SdpError::NoAudio)?;
    let leg = call.next_leg().0;
    let mut fresh = new_stream((call.id, call.group), leg, (&before.terms, before.local.without_keys), bench)?;
    fresh.local = fresh.local.continuing(&before.local);
    Ok(fresh)
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
    let (webrtc, family) = (offer.audio.webrtc.is_some(), Some(Family::of(offer.audio.rtp.expose().ip())));
    let terms = SoundTerms { webrtc, plain: call.sound.plain, family, ..terms.clone() };
    let mut stream = new_stream((call.id, call.group), leg, (&terms, false), bench)?;
    let agreed = match stream.local.answer_alone(&offer, &spoken) {
        Ok(agreed) => agreed,
        Err(error) => {
            close(&stream, bench);
            return Err(error.into());
        }
    };
    stream.agreed = Some(agreed.negotiated);
    stream.remote = Some(offer);
    call.sound.next = Some(stream);
    let resume = take_far_place(call, bench)?;
    Ok((agreed.body, resume))
}

pub(super) fn take_far_place(call: &mut Call, bench: &mut Bench) -> Result<Option<Bytes>, NoSound> {
    if let Some(before) = std::mem::replace(&mut call.sound.far, call.sound.next.take()) {
        close(&before, bench);
    }
    (call.change, call.sound.stale) = (None, None);
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
        close(&stream, bench);
    }
}
