//! The stream of a third one in the call: a supervisor, who hears both sides and is heard by none of them, one or both; or somebody whom
//! the agent asks.

use bytes::Bytes;

use crate::base::LegId;
use crate::media::command::{MediaCommand, Source};
use crate::media::g711::Law;
use crate::sdp::SdpError;

use super::next::take_far_place;
use super::opening::{close, new_stream};
use super::{NoSound, is_plain_sound, waiting_source};
use crate::calls::bench::Bench;
use crate::calls::call::{Call, Side};
use crate::calls::terms::SoundTerms;

/// Who hears a supervisor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    Nobody,
    Agent,
    Both,
}

/// Who hears whom when an agent asks somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Between {
    /// The caller waits.
    AgentAndThird,
    /// The third one waits.
    AgentAndCaller,
    All,
}

/// The offer for a third phone: what the caller speaks, and with `plain` only what can be mixed.
pub fn offer_third(
    call: &mut Call,
    leg: LegId,
    terms: &SoundTerms,
    plain: bool,
    bench: &mut Bench,
) -> Result<Bytes, NoSound> {
    let settled = call.sound.caller.as_ref().and_then(|stream| stream.agreed.clone()).ok_or(SdpError::NoAudio)?;
    let terms = SoundTerms { plain: plain || call.sound.plain, ..terms.clone() };
    let mut stream = new_stream((call.id, call.group), leg, (&terms, false), bench)?;
    match stream.narrow_settled(&settled) {
        Ok(settled) if !plain || settled.formats.iter().any(|format| is_plain_sound(&format.codec)) => {
            let offer = stream.local.offer_from_negotiated(&settled);
            call.sound.third = Some(stream);
            Ok(offer)
        }
        Ok(_) => {
            close(&stream, bench);
            Err(SdpError::NoCommonCodec.into())
        }
        Err(error) => {
            close(&stream, bench);
            Err(error.into())
        }
    }
}

/// That phone has answered.
pub fn connect_third(call: &mut Call, answer: &[u8], bench: &mut Bench) -> Result<(), NoSound> {
    let third = call.sound.third.as_mut().ok_or(NoSound::NoPort)?;
    let answer = third.terms.read_answer(answer)?;
    let agreed = third.local.answered(&answer)?;
    bench.media(MediaCommand::Remote { leg: third.leg, session: Box::new(agreed.clone()) });
    third.agreed = Some(agreed);
    third.remote = Some(answer);
    Ok(())
}

/// All three speak what can be mixed.
pub fn is_third_plain(call: &Call) -> bool {
    let agreed = call.sound.third.as_ref().and_then(|third| third.agreed.as_ref()?.codec());
    agreed.is_some_and(|format| Law::of(&format.codec).is_some()) && call.sound.is_plain()
}

/// Our answer once more, to a third phone that says what it has said before; `None` when it wants something else.
pub fn third_again(call: &Call, offer: &[u8]) -> Option<Bytes> {
    let third = call.sound.third.as_ref()?;
    let offer = third.terms.read_offer(offer).ok()?;
    third.local.said().filter(|_| third.remote.as_ref() == Some(&offer)).cloned()
}

/// From now on the supervisor hears both, and is heard so far.
pub fn mix(call: &Call, reach: Reach, bench: &mut Bench) {
    let sound = &call.sound;
    let (Some(caller), Some(far), Some(third)) = (&sound.caller, &sound.far, &sound.third) else { return };
    let (caller, far, third) = (caller.leg, far.leg, third.leg);
    let (to_far, to_caller) = match reach {
        Reach::Nobody => (Source::Leg(caller), Source::Leg(far)),
        Reach::Agent => (Source::Mix(caller, third), Source::Leg(far)),
        Reach::Both => (Source::Mix(caller, third), Source::Mix(far, third)),
    };
    for (leg, source) in [(third, Source::Mix(caller, far)), (far, to_far), (caller, to_caller)] {
        bench.media(MediaCommand::Source { leg, source });
    }
}

/// From now on these hear each other; whoever is left out hears what waiting callers hear.
pub fn between(call: &Call, between: Between, bench: &mut Bench) {
    let sound = &call.sound;
    let (Some(caller), Some(far), Some(third)) = (&sound.caller, &sound.far, &sound.third) else { return };
    let (caller, far, third) = (caller.leg, far.leg, third.leg);
    let waiting = waiting_source(call, bench);
    let sources = match between {
        Between::AgentAndThird => [Source::Leg(far), Source::Leg(third), waiting],
        Between::AgentAndCaller => [waiting, Source::Leg(caller), Source::Leg(far)],
        Between::All => return mix(call, Reach::Both, bench),
    };
    for (leg, source) in [third, far, caller].into_iter().zip(sources) {
        bench.media(MediaCommand::Source { leg, source });
    }
}

/// The third one is gone: the two are alone again.
pub fn close_third(call: &mut Call, bench: &mut Bench) {
    let Some(third) = call.sound.third.take() else { return };
    if third.agreed.is_some()
        && let (Some(caller), Some(far)) = (call.sound.leg(Side::Caller), call.sound.leg(Side::Far))
    {
        bench.media(MediaCommand::Source { leg: far, source: Source::Leg(caller) });
        bench.media(MediaCommand::Source { leg: caller, source: Source::Leg(far) });
    }
    close(&third, bench);
}

/// The third one takes the agent's place; the offer is for a caller who must hear of it.
pub fn third_takes_over(call: &mut Call, bench: &mut Bench) -> Result<Option<Bytes>, NoSound> {
    let third = call.sound.third.take().ok_or(NoSound::NoPort)?;
    call.sound.next = Some(third);
    take_far_place(call, bench)
}
