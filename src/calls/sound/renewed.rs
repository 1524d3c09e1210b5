//! A stream whose port could not be had goes on at another. Whoever has been told of the one before is told of the new one when they
//! can be; until then the two do not hear each other, and the call goes on.

use bytes::Bytes;

use super::opening::ours;
use super::{NoSound, Stream, bridge};
use crate::base::{CallId, Family, LegId};
use crate::calls::bench::Bench;
use crate::calls::call::{Call, Side};
use crate::media::command::{MediaCommand, Source};
use crate::sdp::LocalMedia;

/// Ports that other programs hold are rare; a machine without sockets is not helped by more tries at once.
const AT_ONCE: u8 = 3;
/// With a pause before each; then two who talk are told that they cannot.
const IN_ALL: u8 = AT_ONCE + 5;

/// The media have no port for that side. True when it has another one at once.
pub fn renew(call: &mut Call, side: Side, bench: &mut Bench) -> bool {
    let Some(stream) = call.sound.stream(side) else { return false };
    stream.lost = true;
    stream.failures = stream.failures.saturating_add(1);
    stream.failures <= AT_ONCE && renew_lost(call, side, bench)
}

/// True when that side had lost its port, and is to have another one.
pub fn renew_lost(call: &mut Call, side: Side, bench: &mut Bench) -> bool {
    let of = (call.id, call.group);
    match call.sound.stream(side) {
        Some(stream) if stream.lost => open_again(stream, of, bench).is_ok(),
        Some(_) | None => false,
    }
}

/// That side has a stream, and at present no port for it.
pub fn is_lost(call: &Call, side: Side) -> bool {
    call.sound.of(side).is_some_and(|stream| stream.lost)
}

/// Port after port has failed for so long that it is no use.
pub fn is_hopeless(call: &Call, side: Side) -> bool {
    call.sound.of(side).is_some_and(|stream| stream.failures >= IN_ALL)
}

/// How often a port has failed beside those tried at once.
pub fn tries_after_pauses(call: &Call, side: Side) -> u32 {
    call.sound.of(side).map_or(0, |stream| u32::from(stream.failures.saturating_sub(AT_ONCE + 1)))
}

/// Who knows of a port that is not theirs any more.
pub fn moved(call: &Call) -> impl Iterator<Item = Side> {
    [Side::Caller, Side::Far].into_iter().filter(|side| call.sound.of(*side).is_some_and(|stream| stream.moved))
}

/// The two hear each other again, after one of their streams was begun anew.
pub fn rejoin(call: &mut Call, bench: &mut Bench) {
    if call.sound.far.as_ref().is_some_and(|far| far.agreed.is_some()) {
        bridge(call, bench);
    }
}

/// An agent who is there already hears ringing again while the customer is called.
pub fn ring_for_agent(call: &Call, bench: &mut Bench) {
    if let Some(leg) = call.sound.leg(Side::Far) {
        bench.media(MediaCommand::Source { leg, source: Source::Tone(bench.settings.media.ringback) });
    }
}

/// Gives up our streams: caller and far side are to hear each other past us. False where keys or a missing offer forbid it, or it is so already.
pub fn go_past(call: &mut Call, bench: &mut Bench) -> bool {
    let sound = &mut call.sound;
    if sound.past.is_some() || sound.has_keys() || call.incoming.offer.is_empty() {
        return false;
    }
    let Some(caller) = sound.caller.take() else { return false };
    sound.past = Some(Box::new(caller.local.clone()));
    super::close_far(call, bench);
    super::close(&caller, bench);
    true
}

/// What an answered caller, who hears the far side past us, is told of it.
pub fn pass(call: &mut Call, description: Bytes) -> Bytes {
    call.sound.past.as_mut().map_or(description.clone(), |local| local.pass(&description))
}

impl Stream {
    /// Its port as it is known to nobody, or to a peer who is to be told.
    fn settle_at(&mut self, port: u16) {
        self.moved |= self.local.said().is_some() && self.local.port != port;
        self.local.move_to(port);
        self.lost = false;
    }
}

fn open_again(stream: &mut Stream, (call, group): (CallId, CallId), bench: &mut Bench) -> Result<(), NoSound> {
    let leg = stream.leg;
    match shared_again(&stream.local, group, leg) {
        Some(command) => bench.media(command),
        None => {
            let port = bench.ports.take(bench.now.mono).ok_or(NoSound::NoPort)?;
            bench.media(MediaCommand::Open { group, leg, port, family: Family::of(stream.local.address) });
            stream.settle_at(port);
        }
    }
    stream.lost = false;
    bench.port_by_leg.insert(leg, (stream.local.port, call));
    if let Some(agreed) = &stream.agreed {
        bench.media(MediaCommand::Remote { leg, session: Box::new(agreed.clone()) });
    }
    Ok(())
}

/// All browsers have the same port, of which they know.
fn shared_again(local: &LocalMedia, group: CallId, leg: LegId) -> Option<MediaCommand> {
    local.webrtc().map(|webrtc| MediaCommand::OpenShared { group, leg, ours: Box::new(ours(webrtc)) })
}
