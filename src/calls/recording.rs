//! A call is recorded where its rule says so and the caller knows: both sides from when they talk, without the time that the agent
//! leaves out. The file is the media's; here is what may be in it.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::base::{AgentId, LegId, Mono, Now, Wall};
use crate::desktop::{DeskCommand, RecordingState};
use crate::media::{MediaCommand, Recorded, StopCause, Track, WavId};

use super::bench::{Bench, Deadline};
use super::call::{Call, Phase, Side};
use super::consulting;
use super::facts::{CallRecord, Fact};
use super::prompts::{self, Prompt, Purpose};

/// How a caller knows that the call is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// They have agreed on the site, which says so with the intent.
    OnPage,
    /// They hear this before they talk: while they wait, or else together with the agent who has answered.
    Spoken(WavId),
}

/// Which calls are recorded, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordingPlan {
    /// Access rules that ask for it, by name.
    pub rules: BTreeSet<String>,
    pub notice: Notice,
    /// A pause that nobody ends is over after this long.
    pub pause: Duration,
}

/// Why a call is not recorded although its rule says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoRecording {
    /// The customer has not agreed.
    NoConsent,
    /// A side speaks in a codec that we cannot read.
    Codec,
}

/// What became of a recording, for the log and the counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordingNews {
    Withheld(NoRecording),
    Begun,
    Paused,
    Resumed,
    /// The file is complete.
    Kept(Recorded),
}

/// What the record of a call says of its recording.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordingNote {
    pub withheld: Option<NoRecording>,
    pub began: Option<Wall>,
    /// What was left out, from the beginning of the recording; the last one may be open.
    pub paused: Vec<(Duration, Option<Duration>)>,
    pub kept: Option<Recorded>,
}

/// How the recording of a call in progress stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Recording {
    #[default]
    NotBegun,
    /// The caller has heard the notice while they waited.
    Told,
    /// Both sides hear the notice, and not each other yet.
    Announcing,
    On {
        since: Mono,
    },
    Paused {
        since: Mono,
    },
    /// It has ended, or is not to be.
    Over,
}

/// The call goes to agents: what they and the caller speak must be something that we can read.
pub fn prepare(call: &mut Call, bench: &Bench) {
    if wanted(call, bench).is_some_and(|plan| is_known_to_caller(call, plan)) {
        call.sound.keep_plain();
    }
}

/// The caller has been answered and waits: there is time for the notice. An agent who is rung meanwhile ends it, and it is said again then.
pub fn wait(call: &mut Call, bench: &mut Bench) {
    let spoken = wanted(call, bench).and_then(|plan| plan.notice.spoken());
    if let (Recording::NotBegun, Some(notice)) = (call.recording, spoken) {
        say_notice(call, Side::Caller, notice, bench);
    }
}

/// The notice has been heard to its end on this leg.
pub fn noticed(call: &mut Call, leg: LegId, bench: &mut Bench, now: Now) {
    match (&call.phase, call.recording) {
        _ if call.sound.leg(Side::Caller) != Some(leg) => {}
        (Phase::Talking(..), Recording::Announcing) => start(call, bench, now),
        (Phase::Waiting | Phase::Offered(_) | Phase::Ringing(..), Recording::NotBegun) => {
            call.recording = Recording::Told;
        }
        _ => {}
    }
}

/// The caller talks with an agent, with this one from now on.
pub fn talk(call: &mut Call, bench: &mut Bench, now: Now) {
    match call.recording {
        Recording::NotBegun | Recording::Told | Recording::Announcing => begin(call, bench, now),
        Recording::On { .. } | Recording::Paused { .. } => {
            tell_tracks(call, bench);
            show(call, bench);
        }
        Recording::Over => {}
    }
}

/// The same in another try to reach the customer: what there was before was a machine, or nobody.
pub fn talk_anew(call: &mut Call, bench: &mut Bench, now: Now) {
    if call.recording == Recording::Over {
        call.recording = Recording::NotBegun;
        call.record.recording = None;
    }
    talk(call, bench, now);
}

/// A stream has taken another's place.
pub fn follow(call: &mut Call, bench: &mut Bench) {
    if !matches!(call.phase, Phase::Talking(..)) {
        return;
    }
    tell_tracks(call, bench);
    // An agent to whom the call is passed on is spoken of by `talk`.
    if call.recording == Recording::Announcing && call.transfer.is_none() {
        announce(call, bench);
    }
}

/// The agent's desk asks for a pause, or for its end.
pub fn asked(call: &mut Call, agent: &AgentId, paused: bool, bench: &mut Bench, now: Now) {
    let is_theirs = matches!(&call.phase, Phase::Talking(grant, _) if grant.agent == *agent);
    match (call.recording, paused) {
        (Recording::On { since }, true) if is_theirs => pause(call, since, bench, now),
        (Recording::Paused { .. }, false) if is_theirs => resume(call, bench, now),
        // What is so already is said again: the desk has missed it.
        (Recording::On { .. } | Recording::Paused { .. }, _) if is_theirs => show(call, bench),
        _ => {}
    }
}

/// The card's number has been said long ago, or the call is on hold.
pub fn resume(call: &mut Call, bench: &mut Bench, now: Now) {
    let Recording::Paused { since } = call.recording else { return };
    call.recording = Recording::On { since };
    bench.cancel_deadline(call, Deadline::ResumeRecording);
    if let Some((_, until)) = note(call).paused.last_mut() {
        *until = Some(now.mono.since(since));
    }
    tell_tracks(call, bench);
    say(call, RecordingNews::Resumed, bench);
    show(call, bench);
}

/// Another customer calls than we thought: one who has not agreed is not recorded any more.
pub fn is_of_another(call: &mut Call, bench: &mut Bench) {
    let is_known = bench.settings.recording.as_ref().is_some_and(|plan| is_known_to_caller(call, plan));
    if is_known || !matches!(call.recording, Recording::On { .. } | Recording::Paused { .. }) {
        return;
    }
    end(call, bench);
    let why = NoRecording::NoConsent;
    note(call).withheld = Some(why);
    say(call, RecordingNews::Withheld(why), bench);
    show(call, bench);
}

/// The caller is alone: nobody is recorded until somebody is there.
pub fn rest(call: &mut Call, bench: &mut Bench) {
    if matches!(call.recording, Recording::On { .. }) {
        stop_tracks(call, bench);
    }
}

/// The call is over, or has left our agents.
pub fn end(call: &mut Call, bench: &mut Bench) {
    let was = std::mem::replace(&mut call.recording, Recording::Over);
    let (Recording::On { since } | Recording::Paused { since }) = was else { return };
    bench.cancel_deadline(call, Deadline::ResumeRecording);
    let lasted = bench.now.mono.since(since);
    if let Some((_, until @ None)) = note(call).paused.last_mut() {
        *until = Some(lasted);
    }
    if let Some(leg) = call.sound.leg(Side::Caller) {
        stop_tracks(call, bench);
        bench.media(MediaCommand::EndRecording { leg, call: call.id });
    }
}

/// The file is complete; before the end of the call when something has gone wrong with it.
pub fn kept(call: &mut Call, recorded: Recorded, bench: &mut Bench) {
    keep(&mut call.record, recorded);
    if matches!(call.recording, Recording::On { .. } | Recording::Paused { .. }) {
        end(call, bench);
        show(call, bench);
    }
}

pub fn keep(record: &mut CallRecord, recorded: Recorded) {
    record.recording.get_or_insert_default().kept.get_or_insert(recorded);
}

fn wanted<'b>(call: &Call, bench: &'b Bench) -> Option<&'b RecordingPlan> {
    let rule = &call.decision.as_ref()?.rule;
    bench.settings.recording.as_ref().filter(|plan| plan.rules.contains(&**rule))
}

fn is_known_to_caller(call: &Call, plan: &RecordingPlan) -> bool {
    match plan.notice {
        Notice::OnPage => call.recognised.intent.as_ref().is_some_and(|intent| intent.recording_consent),
        Notice::Spoken(_) => true,
    }
}

fn begin(call: &mut Call, bench: &mut Bench, now: Now) {
    let Some(is_known) = wanted(call, bench).map(|plan| is_known_to_caller(call, plan)) else { return };
    let withheld = match (is_known, call.sound.is_plain()) {
        (false, _) => Some(NoRecording::NoConsent),
        (true, false) => Some(NoRecording::Codec),
        (true, true) => None,
    };
    if let Some(why) = withheld {
        call.recording = Recording::Over;
        note(call).withheld = Some(why);
        return say(call, RecordingNews::Withheld(why), bench);
    }
    if call.recording == Recording::Told || !announce(call, bench) {
        start(call, bench, now);
    }
}

/// Both hear the notice, the agent so that they know to wait. False when none is to be heard.
fn announce(call: &mut Call, bench: &mut Bench) -> bool {
    let Some(notice) = wanted(call, bench).and_then(|plan| plan.notice.spoken()) else { return false };
    call.recording = Recording::Announcing;
    for side in [Side::Caller, Side::Far] {
        say_notice(call, side, notice, bench);
    }
    true
}

fn say_notice(call: &mut Call, side: Side, notice: WavId, bench: &mut Bench) {
    let prompt = Prompt { items: [notice].into(), purpose: Purpose::Notice, until_key: false };
    prompts::play(call, side, prompt, bench);
}

fn start(call: &mut Call, bench: &mut Bench, now: Now) {
    call.recording = Recording::On { since: now.mono };
    note(call).began = Some(now.wall);
    tell_tracks(call, bench);
    say(call, RecordingNews::Begun, bench);
    show(call, bench);
}

fn pause(call: &mut Call, since: Mono, bench: &mut Bench, now: Now) {
    let longest = bench.settings.recording.as_ref().map_or(Duration::ZERO, |plan| plan.pause);
    call.recording = Recording::Paused { since };
    stop_tracks(call, bench);
    bench.set_deadline(call, Deadline::ResumeRecording, now.mono + longest);
    note(call).paused.push((now.mono.since(since), None));
    say(call, RecordingNews::Paused, bench);
    show(call, bench);
}

fn tell_tracks(call: &Call, bench: &mut Bench) {
    if matches!(call.recording, Recording::On { .. }) && !is_alone(call) {
        tracks(call, Some, bench);
    }
}

/// A pause may end while nobody talks with the caller.
fn is_alone(call: &Call) -> bool {
    matches!(call.phase, Phase::Passing) || consulting::leaves_caller_out(call)
}

fn stop_tracks(call: &Call, bench: &mut Bench) {
    tracks(call, |_| None, bench);
}

fn tracks(call: &Call, track: fn(Track) -> Option<Track>, bench: &mut Bench) {
    for (side, of_side) in [(Side::Caller, Track::Caller), (Side::Far, Track::Far)] {
        if let Some(leg) = call.sound.leg(side) {
            bench.media(MediaCommand::Record { leg, call: call.id, track: track(of_side) });
        }
    }
}

fn note(call: &mut Call) -> &mut RecordingNote {
    call.record.recording.get_or_insert_default()
}

fn say(call: &Call, news: RecordingNews, bench: &mut Bench) {
    bench.fact(Fact::Recording { call: call.id, news });
}

fn show(call: &Call, bench: &mut Bench) {
    let Phase::Talking(grant, _) = &call.phase else { return };
    let state = match call.recording {
        Recording::On { .. } => RecordingState::On,
        Recording::Paused { .. } => RecordingState::Paused,
        Recording::NotBegun | Recording::Told | Recording::Announcing | Recording::Over => RecordingState::Off,
    };
    bench.desk(DeskCommand::Recording { agent: grant.agent.clone(), call: call.id, state });
}

impl Notice {
    fn spoken(self) -> Option<WavId> {
        match self {
            Notice::Spoken(wav) => Some(wav),
            Notice::OnPage => None,
        }
    }
}

impl NoRecording {
    pub const ALL: [NoRecording; 2] = [NoRecording::NoConsent, NoRecording::Codec];

    /// The word for it in the API, the log and the counters.
    pub fn as_str(self) -> &'static str {
        match self {
            NoRecording::NoConsent => "no-consent",
            NoRecording::Codec => "codec",
        }
    }
}

impl RecordingNews {
    /// The machine could not keep what was to be recorded.
    pub fn is_of_the_disk(self) -> bool {
        matches!(self, RecordingNews::Kept(Recorded { stopped: Some(StopCause::File), .. }))
    }

    /// The word for it in the log and the counters; a cause besides it says `cause`.
    pub fn as_str(self) -> &'static str {
        match self {
            RecordingNews::Withheld(_) => "withheld",
            RecordingNews::Begun => "begun",
            RecordingNews::Paused => "paused",
            RecordingNews::Resumed => "resumed",
            RecordingNews::Kept(Recorded { stopped: None, .. }) => "kept",
            RecordingNews::Kept(Recorded { stopped: Some(_), .. }) => "cut",
        }
    }

    pub fn cause(self) -> Option<&'static str> {
        match self {
            RecordingNews::Withheld(why) => Some(why.as_str()),
            RecordingNews::Kept(recorded) => recorded.stopped.map(|cause| cause.as_str()),
            RecordingNews::Begun | RecordingNews::Paused | RecordingNews::Resumed => None,
        }
    }
}
