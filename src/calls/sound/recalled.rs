//! The sound of a callback: the agent is there first, then the customer is called in what the agent speaks.

use bytes::Bytes;

use super::{NoSound, bridge, tell_remote};
use crate::calls::bench::Bench;
use crate::calls::call::{Call, Change, Side};
use crate::media::command::{MediaCommand, Source};
use crate::sdp::Codec;

/// The agent has answered and hears ringing; the offer is for the customer.
pub fn agent_waits(call: &mut Call, answer: &[u8], bench: &mut Bench) -> Result<Bytes, NoSound> {
    let far = call.sound.far.as_mut().ok_or(NoSound::NoPort)?;
    let answer = far.terms.read_answer(answer)?;
    let agreed = far.local.answered(&answer)?;
    let caller = call.sound.caller.as_mut().ok_or(NoSound::NoPort)?;
    let offered = caller.narrow_settled(&agreed)?;
    let offer = caller.local.offer_from_negotiated(&offered);
    let leg = far.leg;
    (far.agreed, far.remote) = (Some(agreed), Some(answer));
    tell_remote(call, Side::Far, bench);
    bench.media(MediaCommand::Source { leg, source: Source::Tone(bench.settings.media.ringback) });
    Ok(offer)
}

/// What the customer's network says before anybody answers: the agent hears it, a wrong number or a machine.
pub fn customer_early(call: &mut Call, answer: &[u8], bench: &mut Bench) {
    // What cannot be used is not heard.
    let _ = join(call, answer, bench);
}

/// The customer has answered. The offer is for an agent who must hear that the customer speaks otherwise.
pub fn customer_answers(call: &mut Call, answer: &[u8], bench: &mut Bench) -> Result<Option<Bytes>, NoSound> {
    join(call, answer, bench)?;
    call.sound.answered = true;
    let customer = call.sound.caller.as_ref().and_then(|stream| stream.agreed.clone()).ok_or(NoSound::NoPort)?;
    let far = call.sound.far.as_mut().ok_or(NoSound::NoPort)?;
    let agreed = far.agreed.clone().ok_or(NoSound::NoPort)?;
    let is_known = |codec: &Codec| customer.formats.iter().any(|format| format.codec.same_encoding(codec));
    if agreed.codec().is_none_or(|format| is_known(&format.codec)) {
        return Ok(None);
    }
    let mut told = agreed;
    told.formats.retain(|format| is_known(&format.codec));
    let before = Box::new(far.local.clone());
    let offer = far.local.offer_from_negotiated(&told);
    call.change = Some(Change::Own { side: Side::Far, before });
    Ok(Some(offer))
}

fn join(call: &mut Call, answer: &[u8], bench: &mut Bench) -> Result<(), NoSound> {
    let caller = call.sound.caller.as_mut().ok_or(NoSound::NoPort)?;
    let answer = caller.terms.read_answer(answer)?;
    caller.agreed = Some(caller.local.answered(&answer)?);
    caller.remote = Some(answer);
    bridge(call, bench);
    Ok(())
}
