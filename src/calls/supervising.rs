//! A supervisor hears a conversation, speaks to its agent alone, joins it, or takes it over. Their phone is rung as anybody's; the caller's
//! and the agent's legs stay as they are.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use crate::base::{AgentId, Mono, Now, QueueId, Wall};
use crate::desktop::{CallPhase, DeskCommand, SuperviseState, SuperviseWish};
use crate::media::WavId;
use crate::routing::{self, OfferFailure, Why};
use crate::sip::api::{Carried, Dial, HeaderNames, Reason, Reliable, SipCommand, SipEvent, UserToUsers};

use super::bench::Bench;
use super::call::{Call, FarLeg, Grant, Phase, Side};
use super::ending;
use super::engaged;
use super::facts::Fact;
use super::inviting;
use super::pop;
use super::prompts::{self, Prompt, Purpose};
use super::recording::{self, Recording};
use super::returning;
use super::sound::{self, Reach};
use super::talking;

/// Who may hear what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SupervisionPlan {
    pub queues_by_agent: BTreeMap<AgentId, BTreeSet<QueueId>>,
    /// Caller and agent hear a short tone when somebody is with them.
    pub tell: bool,
}

/// What a supervisor does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Act {
    /// They hear both, and nobody hears them.
    Listen,
    /// The agent hears them, the caller does not.
    Whisper,
    /// All three hear each other.
    Barge,
    TakeOver,
}

/// One act, for the record of the call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Supervised {
    pub by: AgentId,
    pub act: Act,
    pub from: Wall,
    /// Absent while it lasts, and for a call that was taken over.
    pub until: Option<Wall>,
}

/// A supervisor with a call.
#[derive(Clone, Debug)]
pub struct Supervision {
    pub by: AgentId,
    leg: FarLeg,
    act: Act,
    /// When their phone was answered.
    since: Option<Mono>,
    /// They want the call itself; the router is asked, or will be when they are there.
    takes_over: bool,
}

impl SupervisionPlan {
    fn may(&self, agent: &AgentId, queue: Option<&QueueId>) -> bool {
        self.queues_by_agent.get(agent).zip(queue).is_some_and(|(queues, queue)| queues.contains(queue))
    }

    fn is_supervised(&self, queue: &QueueId) -> bool {
        self.queues_by_agent.values().any(|queues| queues.contains(queue))
    }
}

/// The call enters a queue that somebody supervises: what is spoken must be something that can be mixed.
pub fn prepare(call: &mut Call, queue: &QueueId, bench: &Bench) {
    if bench.supervision().is_supervised(queue) {
        call.sound.keep_plain();
    }
}

/// Whether this agent sees this call among those that they supervise.
pub fn sees(call: &Call, agent: &AgentId, bench: &Bench) -> bool {
    matches!(call.phase, Phase::Talking(..)) && bench.supervision().may(agent, call.record.queue.as_ref())
}

/// A desk asks. `is_busy`: the supervisor has a call of their own.
pub fn asked(call: &mut Call, by: &AgentId, wish: SuperviseWish, is_busy: bool, bench: &mut Bench, now: Now) {
    if !bench.supervision().may(by, call.record.queue.as_ref()) {
        return tell(call, by, SuperviseState::Over, "you do not supervise the queue of this call", bench);
    }
    match (&call.supervision, wish.act()) {
        (Some(present), _) if present.by != *by => {
            tell(call, by, SuperviseState::Over, "another supervisor is with this call", bench);
        }
        (Some(_), None) => end(call, "you have left the call", bench),
        (None, None) => tell(call, by, SuperviseState::Over, "", bench),
        (Some(_), Some(act)) => change(call, act, bench, now),
        (None, Some(act)) => match hindrance(call, by, is_busy) {
            Some(why) => tell(call, by, SuperviseState::Over, why, bench),
            None => ring(call, by, act, bench),
        },
    }
}

/// The leg of the supervisor's phone.
pub fn leg(call: &Call) -> Option<FarLeg> {
    call.supervision.as_ref().map(|supervision| supervision.leg)
}

/// What the supervisor's phone does.
pub fn heard(call: &mut Call, event: SipEvent, bench: &mut Bench, now: Now) {
    match event {
        SipEvent::Answered { answer, .. } => answered(call, &answer, bench, now),
        SipEvent::Failed { leg, .. } => {
            bench.call_by_leg.remove(&leg);
            end(call, "your phone was not answered", bench);
        }
        SipEvent::Ended { leg, .. } => {
            bench.call_by_leg.remove(&leg);
            end(call, "you have hung up", bench);
        }
        SipEvent::Reinvite { leg, offer } => {
            let (status, body) = sound::third_again(call, &offer).map_or((488, Bytes::new()), |body| (200, body));
            bench.sip(SipCommand::AnswerReinvite { leg, status, body });
        }
        SipEvent::Refer { leg, .. } => bench.sip(SipCommand::AnswerRefer { leg, status: 403 }),
        _ => {}
    }
}

/// The stream of their phone could not be opened, or is lost.
pub fn sound_failed(call: &mut Call, bench: &mut Bench) {
    end(call, "there is no sound from your phone", bench);
}

/// Somebody else has taken a side of the call: they are mixed anew.
pub fn follow(call: &Call, bench: &mut Bench) {
    if let Some(Supervision { since: Some(_), act, .. }) = call.supervision.as_deref() {
        sound::mix(call, act.reach(), bench);
    }
}

/// The call is theirs: its agent is freed for the wrap-up, and their leg takes the agent's place.
pub fn granted(call: &mut Call, grant: Grant, bench: &mut Bench, now: Now) {
    let Phase::Talking(before, far) = call.phase.clone() else { return };
    let Some(supervision) = call.supervision.clone().filter(|present| present.by == grant.agent) else { return };
    returning::abandon(call, bench);
    let Ok(offer) = sound::third_takes_over(call, bench) else {
        let Grant { agent, fence } = grant;
        return bench.routing(routing::Input::OfferFailed { call: call.id, agent, fence, why: OfferFailure::Declined });
    };
    call.supervision = None;
    bench.fact(Fact::Granted { call: call.id, agent: grant.agent.clone(), fence: grant.fence });
    let mut pop = Box::new(pop::draw(call, &grant, now));
    pop.why.push(format!("taken over from {}", before.agent).into());
    bench.desk(DeskCommand::Show { agent: grant.agent.clone(), pop });
    ending::hang_up_far(far, Some(Reason::sip(200, "taken over by a supervisor")), bench);
    bench.fact(Fact::LetGo { call: call.id, agent: before.agent.clone() });
    talking::release_agent(call, &before, bench);
    engaged::release(call, &grant.agent, bench);
    note(call, &grant.agent, Some(Act::TakeOver), bench);
    tell(call, &grant.agent, SuperviseState::Over, "the call is yours", bench);
    take(call, grant, supervision.leg, offer, bench);
    recording::talk(call, bench, now);
}

/// The router does not give them the call; they stay with it as they were.
pub fn not_free(call: &mut Call, why: Why, bench: &mut Bench) {
    let why = match why {
        Why::Offline => "you take no calls: go available or on a break first",
        Why::Busy
        | Why::Reserved
        | Why::WrapUp
        | Why::OnBreak
        | Why::Paused
        | Why::NoDesk
        | Why::NoPhone
        | Why::Lacks(_)
        | Why::OtherQueues
        | Why::LaterRing
        | Why::NotTheirTurn
        | Why::Failed(_) => "you are busy",
    };
    not_taken(call, why, bench);
}

/// They do not get the call. Who wanted it before their phone was answered listens.
fn not_taken(call: &mut Call, why: &str, bench: &mut Bench) {
    let Some(supervision) = &mut call.supervision else { return };
    supervision.takes_over = false;
    let (by, act) = (supervision.by.clone(), supervision.act);
    if call.record.supervised.last().is_none_or(|last| last.until.is_some()) {
        begin(call, &by, act, bench);
    }
    tell(call, &by, act.state(), why, bench);
}

/// They hear and are heard as this act has it.
fn begin(call: &mut Call, by: &AgentId, act: Act, bench: &mut Bench) {
    sound::mix(call, act.reach(), bench);
    beep(call, bench);
    note(call, by, Some(act), bench);
}

/// They are with the call no more: they or we have hung up, or the call is over or has left the agent.
pub fn end(call: &mut Call, why: &str, bench: &mut Bench) {
    let Some(supervision) = call.supervision.take() else { return };
    if bench.call_by_leg.contains_key(&supervision.leg.0) {
        ending::hang_up_far(supervision.leg, Some(Reason::sip(200, why)), bench);
    }
    sound::close_third(call, bench);
    engaged::release(call, &supervision.by, bench);
    if supervision.since.is_some() {
        note(call, &supervision.by, None, bench);
    }
    tell(call, &supervision.by, SuperviseState::Over, why, bench);
}

fn hindrance(call: &Call, by: &AgentId, is_busy: bool) -> Option<&'static str> {
    let Phase::Talking(grant, _) = &call.phase else { return Some("caller and agent do not talk") };
    match call {
        _ if grant.agent == *by => Some("it is your own call"),
        _ if is_busy => Some("you have a call of your own"),
        call if call.transfer.is_some() || call.change.is_some() => Some("the call is being changed: try again"),
        call if call.consultation.is_some() => Some("the agent asks somebody: try again"),
        call if call.recording == Recording::Announcing => Some("they hear a notice: try again"),
        call if !call.sound.is_plain() => Some("they speak in a codec that cannot be mixed"),
        _ => None,
    }
}

fn ring(call: &mut Call, by: &AgentId, act: Act, bench: &mut Bench) {
    let Some(phone) = bench.phone_of(by).cloned() else {
        return tell(call, by, SuperviseState::Over, "you have no phone", bench);
    };
    let leg = call.next_leg();
    let Ok(offer) = sound::offer_third(call, leg.0, &bench.sound_for(&phone.target, &phone.sound), true, bench) else {
        return tell(call, by, SuperviseState::Over, "your phone has no codec that can be mixed", bench);
    };
    let carried = Carried { user_to_users: UserToUsers::default(), headers: Vec::new() };
    let dial = Dial {
        copied: HeaderNames::default(),
        reliable: Reliable::Supported,
        ..inviting::dial(call, phone.place(), offer, carried, bench)
    };
    inviting::ring(call, leg, dial, bench);
    engaged::engage(call, by.clone(), bench);
    let (act, takes_over) = if act == Act::TakeOver { (Act::Listen, true) } else { (act, false) };
    call.supervision = Some(Box::new(Supervision { by: by.clone(), leg, act, since: None, takes_over }));
    tell(call, by, SuperviseState::Ringing, "", bench);
}

fn answered(call: &mut Call, answer: &[u8], bench: &mut Bench, now: Now) {
    if sound::connect_third(call, answer, bench).is_err() || !sound::is_third_plain(call) {
        return end(call, "your phone has no codec that can be mixed", bench);
    }
    let Some(supervision) = &mut call.supervision else { return };
    supervision.since = Some(now.mono);
    let (act, takes_over) = (supervision.act, supervision.takes_over);
    change(call, if takes_over { Act::TakeOver } else { act }, bench, now);
}

/// What they do from now on; before their phone is answered it is what they will do.
fn change(call: &mut Call, act: Act, bench: &mut Bench, _now: Now) {
    let Some(supervision) = &mut call.supervision else { return };
    supervision.takes_over = act == Act::TakeOver;
    if act != Act::TakeOver {
        supervision.act = act;
    }
    let (by, is_there) = (supervision.by.clone(), supervision.since.is_some());
    match act {
        _ if !is_there => tell(call, &by, SuperviseState::Ringing, "", bench),
        // The router's answer would be taken for the one to whom the call is being passed on.
        Act::TakeOver if call.transfer.is_some() => not_taken(call, "the call is being passed on: try again", bench),
        Act::TakeOver => {
            bench.routing(routing::Input::Grant { call: call.id, agent: by, from: Some(call.id) });
        }
        Act::Listen | Act::Whisper | Act::Barge => {
            begin(call, &by, act, bench);
            tell(call, &by, act.state(), "", bench);
        }
    }
}

fn take(call: &mut Call, grant: Grant, leg: FarLeg, offer: Option<Bytes>, bench: &mut Bench) {
    let agent = grant.agent.clone();
    bench.routing(routing::Input::OfferAccepted { call: call.id, agent: agent.clone(), fence: grant.fence });
    bench.desk(DeskCommand::CallPhase { agent: agent.clone(), call: call.id, phase: CallPhase::Talking });
    call.record.agent = Some(agent);
    call.phase = Phase::Talking(grant, leg);
    if let Some(offer) = offer {
        bench.sip(SipCommand::Reinvite { leg: call.caller.0, offer });
    }
}

/// Where the configuration wants it, both know that they are not alone any more.
fn beep(call: &mut Call, bench: &mut Bench) {
    if !bench.supervision().tell {
        return;
    }
    for side in [Side::Caller, Side::Far] {
        let prompt = Prompt { items: [WavId::BEEP].into(), purpose: Purpose::Beep, until_key: false };
        prompts::play(call, side, prompt, bench);
    }
}

/// What they did before is over; `act` is what they do from now on.
fn note(call: &mut Call, by: &AgentId, act: Option<Act>, bench: &mut Bench) {
    let now = bench.now.wall;
    if let Some(Supervised { until: until @ None, .. }) = call.record.supervised.last_mut() {
        *until = Some(now);
    }
    let acts = act.map(|act| Supervised { by: by.clone(), act, from: now, until: None });
    call.record.supervised.extend(acts);
    bench.fact(Fact::Supervised { call: call.id, by: by.clone(), act });
}

fn tell(call: &Call, by: &AgentId, state: SuperviseState, why: &str, bench: &mut Bench) {
    bench.desk(DeskCommand::Supervision { agent: by.clone(), call: call.id, state, why: why.to_owned() });
}

impl Act {
    /// The word for it in the API and the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Act::Listen => "listen",
            Act::Whisper => "whisper",
            Act::Barge => "barge",
            Act::TakeOver => "take-over",
        }
    }

    fn reach(self) -> Reach {
        match self {
            Act::Listen | Act::TakeOver => Reach::Nobody,
            Act::Whisper => Reach::Agent,
            Act::Barge => Reach::Both,
        }
    }

    fn state(self) -> SuperviseState {
        match self {
            Act::Listen | Act::TakeOver => SuperviseState::Listening,
            Act::Whisper => SuperviseState::Whispering,
            Act::Barge => SuperviseState::Barging,
        }
    }
}

impl SuperviseWish {
    /// `None`: to leave.
    fn act(self) -> Option<Act> {
        match self {
            SuperviseWish::Listen => Some(Act::Listen),
            SuperviseWish::Whisper => Some(Act::Whisper),
            SuperviseWish::Barge => Some(Act::Barge),
            SuperviseWish::TakeOver => Some(Act::TakeOver),
            SuperviseWish::Leave => None,
        }
    }
}
