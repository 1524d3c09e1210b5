//! Keys pressed on one side reach the other in the form that it understands: events in the sound (RFC 4733), or INFO.

use crate::media::command::MediaCommand;
use crate::sip::api::SipCommand;

use super::bench::Bench;
use super::call::{Call, Side};
use super::facts::Fact;
use super::pin;
use super::promising;

/// A key and how long it was down, in milliseconds.
type Key = (char, u32);

/// A key in the sound: the media has passed it on already where the other side takes events.
pub fn heard(call: &mut Call, side: Side, key: Key, bench: &mut Bench) {
    bench.fact(Fact::Dtmf { call: call.id });
    if is_for_us(call, side, key, bench) {
        return;
    }
    if call.phase.is_connected() && !call.sound.takes_keys(side.other()) {
        tell(call, side.other(), key, bench);
    }
}

/// A key in an INFO.
pub fn told(call: &mut Call, side: Side, key: Key, bench: &mut Bench) {
    bench.fact(Fact::Dtmf { call: call.id });
    if is_for_us(call, side, key, bench) || !call.phase.is_connected() {
        return;
    }
    match call.sound.leg(side.other()) {
        Some(leg) if call.sound.takes_keys(side.other()) => {
            bench.media(MediaCommand::Key { leg, digit: key.0, duration_ms: key.1 });
        }
        Some(_) | None => tell(call, side.other(), key, bench),
    }
}

/// Keys by which a caller answers us; in no phase do two want them.
fn is_for_us(call: &mut Call, side: Side, key: Key, bench: &mut Bench) -> bool {
    pin::pressed(call, side, key.0, bench) || promising::pressed(call, side, key.0, bench)
}

/// The caller is asked for a key, or is not any more: keys may come as tones where events were not agreed.
pub fn listen(call: &mut Call, is_on: bool, bench: &mut Bench) {
    let tones = is_on && !call.sound.takes_keys(Side::Caller);
    if let Some(leg) = call.sound.leg(Side::Caller).filter(|_| tones != call.prompts.listens) {
        call.prompts.listens = tones;
        bench.media(MediaCommand::Listen { leg, tones });
    }
}

fn tell(call: &Call, side: Side, (digit, duration_ms): Key, bench: &mut Bench) {
    if let Some(leg) = call.leg(side) {
        bench.sip(SipCommand::Key { leg, digit, duration_ms });
    }
}
