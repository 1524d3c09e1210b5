//! The media have no port for a stream of a call: another program has it, the machine gives no more sockets, a worker is behind. The stream goes
//! on at another port, and whoever knows of the one before is told; while there is none, a caller waits on without sound. No call ends for want of
//! music: only two who should hear each other, and cannot for some seconds, are parted.

use std::time::Duration;

use crate::base::Now;
use crate::media::FailCause;

use super::announcing;
use super::bench::{Bench, Deadline};
use super::call::{Call, Phase, Side, Step};
use super::connecting;
use super::facts::{EndedBy, Fact};
use super::fallback;
use super::pin;
use super::promising;
use super::queueing;
use super::recalling;
use super::sound;
use super::talking;
use super::transfer;
use super::untold;

/// What other sides are told.
pub const NO_PORT: &str = "no port for the sound";
/// Between two tries, after those at once.
pub const AGAIN_AFTER: Duration = Duration::from_secs(2);
/// Each try that fails costs who waits a re-INVITE: the pause doubles with it, up to this.
const AGAIN_AFTER_MAX: Duration = Duration::from_secs(30);

/// The stream of that side has no port.
pub fn is(call: &mut Call, side: Side, cause: FailCause, bench: &mut Bench, now: Now) {
    let renewed = sound::renew(call, side, bench);
    bench.fact(Fact::NoPort { call: call.id, side, cause, renewed });
    match renewed {
        true => goes_on(call, side, bench, now),
        false => is_lost(call, side, bench, now),
    }
}

/// There may be a port now.
pub fn again(call: &mut Call, bench: &mut Bench, now: Now) {
    for side in [Side::Caller, Side::Far] {
        match sound::renew_lost(call, side, bench) {
            true => goes_on(call, side, bench, now),
            false if sound::is_lost(call, side) => is_lost(call, side, bench, now),
            false => {}
        }
    }
    // One may have been found for another reason meanwhile.
    untold::tell(call, bench);
}

/// What that side was to hear, or to be asked, at its new port.
fn goes_on(call: &mut Call, side: Side, bench: &mut Bench, now: Now) {
    call.prompts.are_lost(side, &call.sound);
    match (&call.phase, side) {
        (Phase::Talking(..) | Phase::Passed(_) | Phase::Diverting(_) | Phase::Diverted(_), _) => {
            sound::rejoin(call, bench);
        }
        (Phase::Matching(Step::Entering(_)), Side::Caller) => pin::ask_anew(call, bench),
        (Phase::Matching(Step::Inviting(_)), Side::Caller) => promising::ask_anew(call, bench),
        (Phase::Matching(Step::Promised(_)), Side::Caller) => promising::heard(call, bench, now),
        (Phase::Matching(Step::Announcing { .. }), Side::Caller) => announcing::over(call, bench, now),
        (Phase::Waiting | Phase::Offered(_), Side::Caller) => queueing::heard_anew(call, bench, now),
        (Phase::Ringing(..), Side::Caller) => connecting::heard_anew(call, bench),
        (Phase::Passing, Side::Caller) => transfer::heard_anew(call, bench),
        (Phase::Recalling(..), Side::Far) => sound::ring_for_agent(call, bench),
        (Phase::Recalling(..), Side::Caller) => sound::rejoin(call, bench),
        (
            Phase::Matching(Step::Finding(_) | Step::Claiming(..) | Step::Checking(..) | Step::Promising(..))
            | Phase::HandedOver(_)
            | Phase::Promised
            | Phase::Over,
            Side::Caller,
        ) => {}
        (
            Phase::Matching(_)
            | Phase::Waiting
            | Phase::Offered(_)
            | Phase::Ringing(..)
            | Phase::HandedOver(_)
            | Phase::Passing
            | Phase::Promised
            | Phase::Over,
            Side::Far,
        ) => {}
    }
    untold::tell(call, bench);
}

/// None is to be had at once. Who waits for somebody waits on; who would be asked or told something is not.
fn is_lost(call: &mut Call, side: Side, bench: &mut Bench, now: Now) {
    match (&call.phase, side) {
        (Phase::Talking(..) | Phase::Passed(_) | Phase::Diverted(_), _) if sound::is_hopeless(call, side) => {
            talking::cut(call, EndedBy::Us, (503, NO_PORT), bench, now);
        }
        (Phase::Talking(..) | Phase::Passed(_) | Phase::Diverted(_), _) => try_again(call, AGAIN_AFTER, bench, now),
        (Phase::Ringing(..), Side::Far) => connecting::no_port(call, bench, now),
        // An agent rings for a customer whom we are to call.
        (Phase::Ringing(..), Side::Caller) if call.recall.is_some() => connecting::no_port(call, bench, now),
        (Phase::Diverting(_), _) => fallback::past_us(call, bench, now),
        (Phase::Recalling(..), _) => recalling::sound_lost(call, NO_PORT, bench, now),
        (Phase::Matching(Step::Entering(_)), Side::Caller) => pin::cannot_ask(call, bench, now),
        (Phase::Matching(Step::Inviting(_)), Side::Caller) => promising::cannot_ask(call, bench),
        (Phase::Matching(Step::Promised(_)), Side::Caller) => promising::heard(call, bench, now),
        (Phase::Matching(Step::Announcing { .. }), Side::Caller) => announcing::over(call, bench, now),
        (
            Phase::Matching(Step::Finding(_) | Step::Claiming(..) | Step::Checking(..) | Step::Promising(..))
            | Phase::Waiting
            | Phase::Offered(_)
            | Phase::Ringing(..)
            | Phase::Passing,
            Side::Caller,
        ) => try_again(call, pause(call, side), bench, now),
        (Phase::HandedOver(_) | Phase::Promised | Phase::Over, _) => {}
        (Phase::Matching(_) | Phase::Waiting | Phase::Offered(_) | Phase::Passing, Side::Far) => {}
    }
}

/// Of who waits.
fn pause(call: &Call, side: Side) -> Duration {
    let doubled = sound::tries_after_pauses(call, side);
    AGAIN_AFTER.saturating_mul(2u32.saturating_pow(doubled)).min(AGAIN_AFTER_MAX)
}

fn try_again(call: &Call, after: Duration, bench: &mut Bench, now: Now) {
    bench.set_deadline(call, Deadline::Port, now.mono + after);
}
