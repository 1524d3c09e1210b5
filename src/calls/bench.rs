//! What all calls share while they work: the settings, the deadlines, the ports, and the place where effects are laid.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::access::QueueLoad;
use crate::base::id_map::IdMap;
use crate::base::rng::Rng;
use crate::base::stage::Stage;
use crate::base::timers::Timers;
use crate::base::{AgentId, CallId, Family, IntentId, LegId, Mono, Now, Wall};
use crate::desktop::DeskCommand;
use crate::intents::intent::Intent;
use crate::intents::requests::StoreRequest;
use crate::media::command::MediaCommand;
use crate::media::ports::Ports;
use crate::routing;
use crate::sip::api::{Rings, SipCommand, Target};
use crate::sip::resolve::host_address;

use super::api::{AskId, CallOutput};
use super::call::Call;
use super::caps::Loads;
use super::explained::DecisionSeen;
use super::facts::Fact;
use super::pages::{Pages, Standing};
use super::places::Places;
use super::recalling::plan::CallbackPlan;
use super::settings::{CallSettings, PhonePlan};
use super::settling::Settling;
use super::shadowing::Differences;
use super::supervising::SupervisionPlan;
use super::terms::SoundTerms;

/// Each deadline that a call can have, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Deadline {
    /// The match has not come back: a miss (design, promise 1).
    Match,
    /// Nobody was free at once: the caller is answered and given sound.
    AnswerWaiting,
    /// The pop has not been acknowledged: the phone rings all the same (promise 2).
    Pop,
    /// A claim outlives the process that made it for a short time only, and is prolonged while the call lasts.
    RenewClaim,
    /// What a refused caller hears is too long.
    Announcement,
    /// No key has come that the caller was asked for, or no answer to what they have entered.
    Key,
    /// A waiting caller is told something.
    Message,
    /// There was no port for a stream; there may be one now.
    Port,
    /// The queue's ceiling: what the decision says follows.
    Ceiling,
    /// The longest that a call which we do not see any more keeps its agent.
    HandedOver,
    /// A pause of the recording that nobody has ended.
    ResumeRecording,
    /// The longest a call may be.
    CallLength,
    /// A callback is looked at: is it time for it?
    Recall,
}

/// What a call of a customer does to their callback, done when the call has been seen to.
#[derive(Clone, Debug)]
pub enum Chore {
    /// The call has the intent.
    Taken(IntentId),
    /// The call is over.
    Freed { intent: IntentId, talked: bool },
    /// The caller is to be called back, now that they have hung up; by the rule that has decided on their call, and as it was promised.
    Promised { intent: Box<Intent>, decision: Option<Box<DecisionSeen>>, plan: Option<Arc<CallbackPlan>> },
    /// The customer calls while we are calling them.
    CallsIn { intent: IntentId, call: CallId },
}

impl Deadline {
    pub const ALL: [Deadline; 13] = [
        Deadline::Match,
        Deadline::AnswerWaiting,
        Deadline::Pop,
        Deadline::RenewClaim,
        Deadline::Announcement,
        Deadline::Key,
        Deadline::Message,
        Deadline::Port,
        Deadline::Ceiling,
        Deadline::HandedOver,
        Deadline::ResumeRecording,
        Deadline::CallLength,
        Deadline::Recall,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Deadline::Match => "match deadline",
            Deadline::AnswerWaiting => "answer a waiting caller",
            Deadline::Pop => "pop budget",
            Deadline::RenewClaim => "renew the claim",
            Deadline::Announcement => "longest announcement",
            Deadline::Key => "next key",
            Deadline::Message => "message for a waiting caller",
            Deadline::Port => "another port for the sound",
            Deadline::Ceiling => "queue ceiling",
            Deadline::HandedOver => "a call that was handed over",
            Deadline::ResumeRecording => "resume the recording",
            Deadline::CallLength => "longest call",
            Deadline::Recall => "look at a callback",
        }
    }
}

/// The working place of the calls.
pub struct Bench {
    /// What the call in hand began with.
    pub settings: Arc<CallSettings>,
    /// What calls begin with now.
    newest: Arc<CallSettings>,
    pub ports: Ports,
    pub rng: Rng,
    pub timers: Timers<(CallId, Deadline)>,
    /// Media legs whose port is lent, until the media says that they are closed.
    pub port_by_leg: IdMap<LegId, (u16, CallId)>,
    pub call_by_leg: IdMap<LegId, CallId>,
    /// Calls that were handed over and still keep their agent.
    pub call_by_agent: HashMap<AgentId, CallId>,
    /// Of customers' browsers.
    pub call_by_intent: HashMap<IntentId, CallId>,
    pub call_by_ask: IdMap<AskId, CallId>,
    /// What rings at the agents whose phones are registered at present.
    ringing_by_agent: HashMap<AgentId, Rings>,
    /// The callback of each intent that has one, and since when its customer waits.
    pub recalls: BTreeMap<IntentId, (CallId, Wall)>,
    pub chores: VecDeque<Chore>,
    pub places: Places,
    /// When the store is to be asked which callbacks are open, and the question.
    pub look_for_promises: Option<Mono>,
    pub promises_asked: Option<AskId>,
    /// The process is about to end: nobody is called.
    pub is_draining: bool,
    pub settling: Settling,
    pub pages: Pages,
    pub loads: Loads,
    /// Of the queues that the policy asks for, as the router last said.
    pub queue_loads: Vec<QueueLoad>,
    /// Where the shadow policy would have decided otherwise.
    pub differences: Differences,
    /// The moment of the input that is being handled.
    pub now: Now,
    outputs: VecDeque<CallOutput>,
    asked: u64,
}

impl Bench {
    pub fn new(settings: Arc<CallSettings>, rng: Rng) -> Bench {
        let ports = Ports::new(settings.media.first_port..=settings.media.last_port);
        let ports = ports.without(&settings.media.webrtc.ports);
        let look_for_promises = settings.callback.as_ref().map(|_| Mono::ZERO);
        Bench {
            newest: Arc::clone(&settings),
            settings,
            ports,
            rng,
            timers: Timers::default(),
            port_by_leg: IdMap::default(),
            call_by_leg: IdMap::default(),
            call_by_agent: HashMap::new(),
            call_by_intent: HashMap::new(),
            call_by_ask: IdMap::default(),
            ringing_by_agent: HashMap::new(),
            recalls: BTreeMap::new(),
            chores: VecDeque::new(),
            places: Places::default(),
            look_for_promises,
            promises_asked: None,
            is_draining: false,
            settling: Settling::default(),
            pages: Pages::default(),
            loads: Loads::default(),
            queue_loads: Vec::new(),
            differences: Differences::default(),
            now: Now::default(),
            outputs: VecDeque::new(),
            asked: 0,
        }
    }

    /// Another setup: calls that begin from now on have it.
    pub fn reconfigure(&mut self, settings: Arc<CallSettings>) {
        self.newest = settings;
        self.clear_up();
    }

    /// Lays out what a call has begun with, for what it does now.
    pub fn lay_out(&mut self, settings: &Arc<CallSettings>) {
        self.settings = Arc::clone(settings);
    }

    /// The call in hand is put away.
    pub fn clear_up(&mut self) {
        self.settings = Arc::clone(&self.newest);
    }

    /// Who may hear what, as it is now: whoever may no more, may not of a call that began before either.
    pub fn supervision(&self) -> &SupervisionPlan {
        &self.newest.supervision
    }

    /// The agent's phone as it is now, whatever the call began with; as it was then when the agent is gone.
    pub fn phone_of(&self, agent: &AgentId) -> Option<&PhonePlan> {
        self.newest.phones.get(agent).or_else(|| self.settings.phones.get(agent))
    }

    pub fn poll_output(&mut self) -> Option<CallOutput> {
        self.outputs.pop_front()
    }

    pub fn sip(&mut self, command: SipCommand) {
        self.outputs.push_back(CallOutput::Sip(command));
    }

    pub fn media(&mut self, command: MediaCommand) {
        self.outputs.push_back(CallOutput::Media(command));
    }

    pub fn routing(&mut self, input: routing::Input) {
        self.outputs.push_back(CallOutput::Routing(input));
    }

    pub fn desk(&mut self, command: DeskCommand) {
        self.outputs.push_back(CallOutput::Desk(command));
    }

    pub fn fact(&mut self, fact: Fact) {
        self.outputs.push_back(CallOutput::Fact(fact));
    }

    /// What the agent's phone has become.
    pub fn phone_changed(&mut self, agent: &AgentId, rings: Option<Rings>) {
        match rings {
            Some(rings) => drop(self.ringing_by_agent.insert(agent.clone(), rings)),
            None => drop(self.ringing_by_agent.remove(agent)),
        }
        self.fact(Fact::PhoneReachable { agent: agent.clone(), reachable: rings.is_some() });
    }

    /// The agent's phone has a contact.
    pub fn is_registered(&self, agent: &AgentId) -> bool {
        self.ringing_by_agent.contains_key(agent)
    }

    /// Tells the pages of an intent how its call stands.
    pub fn page(&mut self, intent: IntentId, standing: Option<Standing>) {
        self.outputs.push_back(CallOutput::Page { intent, standing: standing.map(Box::new) });
    }

    /// Asks the store for a call; the call is found again by the answer's number.
    pub fn ask(&mut self, call: CallId, request: StoreRequest, patience: Duration) -> AskId {
        let ask = self.ask_quietly(request, patience);
        self.call_by_ask.insert(ask, call);
        ask
    }

    /// Asks the store on nobody's behalf.
    pub fn ask_quietly(&mut self, request: StoreRequest, patience: Duration) -> AskId {
        self.asked += 1;
        let ask = AskId(self.asked);
        self.outputs.push_back(CallOutput::Ask { ask, request: Box::new(request), patience });
        ask
    }

    /// The media says that a leg is closed: its port may be lent again. Answers whose leg it was.
    pub fn port_closed(&mut self, leg: LegId) -> Option<CallId> {
        let (port, call) = self.port_by_leg.remove(&leg)?;
        self.ports.give_back(port, self.now.mono);
        Some(call)
    }

    /// How whoever rings at this target wants its sound.
    pub fn sound_for(&self, target: &Target, sound: &SoundTerms) -> SoundTerms {
        let (in_browser, family) = match target {
            Target::Registered(agent) => {
                let rings = self.ringing_by_agent.get(agent);
                (rings.is_some_and(|rings| rings.browser), rings.map(|rings| rings.family))
            }
            Target::Uri { uri, via } => (false, via.map(|via| via.ip()).or_else(|| host_address(uri)).map(Family::of)),
            Target::Trunk { .. } => (false, None),
        };
        SoundTerms { webrtc: in_browser || sound.webrtc, family: family.or(sound.family), ..sound.clone() }
    }

    /// How long it may ring there.
    pub fn ring_time(&self, target: &Target) -> Duration {
        match target {
            Target::Registered(_) => self.settings.deadlines.ring,
            Target::Uri { .. } | Target::Trunk { .. } => self.settings.deadlines.fallback_ring,
        }
    }

    pub fn set_deadline(&mut self, call: &Call, deadline: Deadline, at: Mono) {
        self.timers.set((call.id, deadline), at);
    }

    pub fn cancel_deadline(&mut self, call: &Call, deadline: Deadline) {
        self.timers.cancel(&(call.id, deadline));
    }

    /// A stage is over; the shell measures it, the record keeps what is known here.
    pub fn stage(&mut self, call: &mut Call, stage: Stage, now: Now) {
        // How long a callback waits is not how quick we are.
        if call.recall.is_some() {
            return;
        }
        let since = call.incoming.received;
        call.record.stages.push((stage, now.mono.since(since)));
        self.fact(Fact::Stage { call: call.id, stage, since });
    }
}
