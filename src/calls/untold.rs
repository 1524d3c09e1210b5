//! One side changes the session (hold, resume, another network) while the other's browser is away: it is answered for it and holds
//! at once, and the other side hears of it when it is back.

use bytes::Bytes;

use crate::sdp::{SdpError, Session};

use super::bench::Bench;
use super::call::{Call, Change, Phase, Side};
use super::changing;
use super::sound::{self, Stream};
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
    call.sound.stale = Some(Box::new((side.other(), offer.clone())));
    changing::settle(call, side, offer, bench);
    Ok(settled.body)
}

/// What a side would say to any offer: its codecs, and the direction that it wants itself.
fn as_before(stream: &Stream) -> Option<Session> {
    let mut answer = stream.remote.clone()?;
    answer.audio.direction = stream.wish;
    Some(answer)
}

/// Tells one side anew what the other has said, or at which port it hears us, where that is due, nothing else is under way, and it is there to hear it.
pub fn tell(call: &mut Call, bench: &mut Bench) {
    let due = due(call).filter(|_| call.change.is_none());
    let Some((side, leg)) = due.and_then(|side| Some((side, call.leg(side)?))) else { return };
    let remote = call.sound.stale.take_if(|stale| stale.0 == side).map(|stale| stale.1);
    let Some(stream) = call.sound.stream(side) else { return };
    let before = Box::new(stream.local.clone());
    stream.moved = false;
    let offer = match remote {
        Some(remote) => {
            let narrowed = stream.narrow(&remote).unwrap_or(remote);
            Some(stream.local.relay_offer(&narrowed))
        }
        None => stream.local.say_again(&before),
    };
    if let Some(offer) = offer.filter(|offer| before.said() != Some(offer)) {
        call.change = Some(Change::Own { side, before });
        bench.sip(SipCommand::Reinvite { leg, offer });
    }
}

/// Who is to be told something, and can be.
fn due(call: &Call) -> Option<Side> {
    let stale = call.sound.stale.as_ref().map(|stale| stale.0);
    let moved = sound::moved(call).filter(|side| is_connected(call, *side));
    stale.into_iter().chain(moved).find(|side| is_there(call, *side))
}

fn is_there(call: &Call, side: Side) -> bool {
    let is_free = |stream: &Stream| !stream.owed && !stream.lost;
    call.sound.of(side).is_some_and(is_free) && !call.returning.is_away(side)
}

/// A leg that rings has its INVITE still.
fn is_connected(call: &Call, side: Side) -> bool {
    match side {
        Side::Caller => call.is_answered(),
        Side::Far => call.phase.is_connected() || matches!(call.phase, Phase::Recalling(..)),
    }
}
