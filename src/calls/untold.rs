//! One side changes the session (hold, resume, another network) while the other's browser is away: it is answered for it and holds
//! at once, and the other side hears of it when it is back.

use bytes::Bytes;

use crate::sdp::{SdpError, Session};

use super::bench::Bench;
use super::call::{Call, Change, Side};
use super::changing;
use super::sound::Stream;
use crate::sip::api::SipCommand;

/// Whoever would have to agree to a change of `side` is away.
pub fn is_alone(call: &Call, side: Side) -> bool {
    call.returning.is_away(side.other())
}

/// Answers `side` in the name of the other, with what that one has agreed to before; the body is for `side`.
pub fn answer(call: &mut Call, side: Side, offer: Session, bench: &mut Bench) -> Result<Bytes, SdpError> {
    let other = call.sound.stream(side.other()).as_ref();
    let answer = other.and_then(|stream| as_before(stream)).ok_or(SdpError::NoAudio)?;
    let asker = call.sound.stream(side).as_mut().ok_or(SdpError::NoAudio)?;
    let settled = asker.local.relay_answer(&offer, &answer)?;
    asker.agreed = Some(settled.negotiated);
    call.sound.stale = Some((side.other(), offer.clone()));
    changing::settle(call, side, offer, bench);
    Ok(settled.body)
}

/// What a side would say to any offer: its codecs, and the direction that it wants itself.
fn as_before(stream: &Stream) -> Option<Session> {
    let mut answer = stream.remote.clone()?;
    answer.audio.direction = stream.wish;
    Some(answer)
}

/// Tells one side anew what the other has said, where that is due, nothing else is under way, and it is there to hear it.
pub fn tell(call: &mut Call, bench: &mut Bench) {
    let Some((side, _)) = &call.sound.stale else { return };
    let side = *side;
    let owed = call.sound.stream(side).as_ref().is_none_or(|stream| stream.owed);
    if call.change.is_some() || owed || call.returning.is_away(side) {
        return;
    }
    let (Some((_, remote)), Some(leg)) = (call.sound.stale.take(), call.leg(side)) else { return };
    let Some(stream) = call.sound.stream(side) else { return };
    let before = Box::new(stream.local.clone());
    let narrowed = stream.narrow(&remote).unwrap_or(remote);
    let offer = stream.local.relay_offer(&narrowed);
    if before.said() != Some(&offer) {
        call.change = Some(Change::Own { side, before });
        bench.sip(SipCommand::Reinvite { leg, offer });
    }
}
