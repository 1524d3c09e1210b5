//! A refusal that says why: the caller hears it before the call is answered (early media, RFC 3960), or after it, and then the call ends.

use crate::base::{Now, limits};
use crate::sip::api::SipCommand;

use super::bench::{Bench, Deadline};
use super::call::{Call, Phase, Side, Step};
use super::matching;
use super::prompts::{self, Prompt, Purpose};
use super::settings::Mode;
use super::sound;

/// False when there is nothing to be heard, or nobody who could hear it: the refusal leaves at once.
pub fn begin(call: &mut Call, status: u16, announcement: Option<&str>, bench: &mut Bench, now: Now) -> bool {
    // What is no file is words.
    let Some(wav) = announcement.and_then(|name| bench.settings.media.announcements.get(name)).copied() else {
        return false;
    };
    if !call.is_answered() && !speak_early(call, bench) {
        return false;
    }
    let prompt = Prompt { items: [wav].into(), purpose: Purpose::Refusal, until_key: false };
    if !prompts::play(call, Side::Caller, prompt, bench) {
        return false;
    }
    call.phase = Phase::Matching(Step::Announcing { status });
    bench.set_deadline(call, Deadline::Announcement, now.mono + limits::ANNOUNCEMENT_MAX);
    true
}

fn speak_early(call: &mut Call, bench: &mut Bench) -> bool {
    if call.trunk.mode != Mode::Path || !call.sound.has_offer() {
        return false;
    }
    let Ok(body) = sound::speak_early(call, bench) else { return false };
    bench.sip(SipCommand::Progress { leg: call.caller.0, status: 183, body });
    true
}

/// All of it has been heard, or it is too long.
pub fn over(call: &mut Call, bench: &mut Bench, now: Now) {
    if let Phase::Matching(Step::Announcing { status }) = call.phase {
        matching::refuse_now(call, status, bench, now);
    }
}
