//! One engine among peers that answer at once, and every input that it got.

use std::collections::VecDeque;
use std::time::Duration;

use throughline::base::phone::Region;
use throughline::base::rng::Rng;
use throughline::base::{IntentId, Mono, Now, Pii, PoolId, Wall};
use throughline::config;
use throughline::desktop::{
    AgentState, AskedState, ClientMessage, ConnId, DesktopInput, DesktopOutput, ServerMessage, WrapUp,
};
use throughline::engine::{Engine, Input, Output};
use throughline::intents::draft::{CustomerDraft, Draft, DraftRules, ReasonDraft};
use throughline::intents::promise::Bounds;
use throughline::intents::{LeasePlan, Model, StoreReply, StoreRequest};
use throughline::media::{MediaCommand, MediaEvent};
use throughline::sip::api::FlowId;

use crate::peers::{self, Reaction};

pub const AGENTS: u64 = 200;
const NUMBERS: usize = 1_000;
/// Between two inputs, and between two calls.
const STEP: Duration = Duration::from_micros(50);
const BETWEEN: Duration = Duration::from_millis(4);
const BEGAN: Wall = Wall(1_800_000_000_000);

/// An input and its moment.
pub type Handed = (Input, Now);

/// What was played.
pub struct World {
    engine: Engine,
    store: Model,
    rng: Rng,
    now: Now,
    /// Calls stay when they are answered.
    holds: bool,
    /// What has not been handed over yet.
    arriving: VecDeque<Input>,
    handed: Vec<Handed>,
    /// Of them, the ones before the first call.
    before: usize,
    pops: usize,
    answered: usize,
    ended: usize,
}

/// With the configuration below; always with the same seed.
pub fn engine() -> Engine {
    let plan = config::read(&configuration()).unwrap_or_else(|faults| panic!("{faults:?}"));
    Engine::new(plan.settings, [7; 32], 1_800_000_000)
}

fn configuration() -> String {
    let mut text = format!(
        "[sip]\nbind = [\"{}\"]\nrealm = \"voice.example.com\"\n\
         [media]\nbind = \"127.0.0.1\"\nadvertised = \"127.0.0.1\"\nports = \"20000-29999\"\n\
         [http]\nbind = \"127.0.0.1:8080\"\n\
         [[api_keys]]\nid = \"bench\"\nsha256 = \"{zeros}\"\nscopes = [\"register\"]\n\
         [[token_keys]]\nid = 1\nsecret = \"{fives}\"\n\
         [store]\nembedded = \"never-opened.db\"\n\
         [intents]\nregion = \"US\"\n\
         [[pools]]\nname = \"pool\"\nnumbers = [\"+12015550100..+12015550199\", \"+12025550100..+12025550199\", \
         \"+12035550100..+12035550199\", \"+12045550100..+12045550199\", \"+12055550100..+12055550199\", \
         \"+12065550100..+12065550199\", \"+12075550100..+12075550199\", \"+12085550100..+12085550199\", \
         \"+12095550100..+12095550199\", \"+12105550100..+12105550199\"]\nquarantine_s = 0\n\
         [[trunks]]\nname = \"carrier\"\nnetworks = [\"{}\"]\ntrusted = true\nregion = \"US\"\n\
         fallback = {{ status = 503 }}\n\
         [routing]\nskills = [\"english\"]\ndefault_queue = \"help\"\n\
         [[queues]]\nname = \"help\"\nrequires = {{ english = 3 }}\nwrap_up_s = 1\n",
        peers::SERVER,
        peers::CARRIER.ip(),
        zeros = "00".repeat(32),
        fives = "5a".repeat(32),
    );
    for agent in 0..AGENTS {
        text += &format!(
            "[[agents]]\nname = \"agent{agent}\"\nskills = {{ english = 9 }}\ntoken_sha256 = \"{}\"\n\
             phone = {{ contact = \"sip:agent{agent}@{}\" }}\n",
            throughline::base::hex::to_hex(&peers::token(agent)),
            peers::PHONES,
        );
    }
    text
}

impl World {
    /// Plays so many calls from INVITE to wrap-up.
    pub fn played(calls: usize) -> World {
        let mut world = World::new(false);
        world.call(calls);
        assert_eq!((world.pops, world.answered, world.ended), (calls, calls, calls), "every call goes the whole way");
        world
    }

    /// Plays so many calls, one for each agent at most, that stay; then time passes until nothing is left of their beginning.
    pub fn held(calls: usize) -> World {
        let mut world = World::new(true);
        world.call(calls);
        assert_eq!((world.pops, world.answered, world.ended), (calls, calls, 0), "every call stays");
        world
    }

    /// The desks are logged in.
    fn new(holds: bool) -> World {
        let mut world = World {
            engine: engine(),
            store: Model::new(100_000),
            rng: Rng::from_number(1),
            now: Now::new(Mono(1_000_000_000), BEGAN),
            holds,
            arriving: VecDeque::new(),
            handed: Vec::new(),
            before: 0,
            pops: 0,
            answered: 0,
            ended: 0,
        };
        world.seed();
        (0..AGENTS).for_each(|agent| world.log_in(agent));
        world.before = world.handed.len();
        world
    }

    fn call(&mut self, calls: usize) {
        for nth in 0..calls {
            let (called, caller) = self.register(nth);
            self.receive(peers::CARRIER, peers::invite(nth, &called, &caller));
            self.wait(BETWEEN);
        }
    }

    /// When the last input was handed over.
    pub fn now(&self) -> Now {
        self.now
    }

    /// What came before the calls, and what belongs to them.
    pub fn inputs(&self) -> (Vec<Handed>, Vec<Handed>) {
        let (before, calls) = self.handed.split_at(self.before);
        (before.to_vec(), calls.to_vec())
    }

    fn seed(&mut self) {
        let numbers = peers::numbers(NUMBERS);
        self.store.apply(StoreRequest::Seed { pool: PoolId::new("pool"), numbers, now: self.now.wall });
    }

    fn log_in(&mut self, agent: u64) {
        let conn = ConnId(agent);
        let desk = |message| Input::Desktop(DesktopInput::Message { conn, message });
        let available = ClientMessage::SetState(AskedState::Available);
        self.arriving.push_back(Input::Desktop(DesktopInput::Opened { conn }));
        self.arriving.extend([desk(peers::hello(agent)), desk(available)]);
        self.play();
    }

    /// The number to dial and the caller's own.
    fn register(&mut self, nth: usize) -> (String, String) {
        let caller = format!("+1{}55501{:02}", 400 + nth / 100 % 400, nth % 100);
        let draft = Draft {
            customer: CustomerDraft {
                id: format!("c-{nth}"),
                name: Pii::new("Avery Example".to_owned()),
                email: Pii::new("avery@shop.example.com".to_owned()),
                phones: vec![Pii::new(caller.clone())],
                ..CustomerDraft::default()
            },
            reason: ReasonDraft { category: "delivery".to_owned(), sub_category: None },
            words: Pii::new("It has not come yet".to_owned()),
            ..Draft::default()
        };
        let rules =
            DraftRules { region: Region::parse("US"), default_ttl: Duration::from_secs(900), lives: Bounds::ALL };
        let id = IntentId(self.rng.u128());
        let intent = Box::new(draft.check(id, &rules, self.now.wall).unwrap_or_else(|faults| panic!("{faults:?}")));
        let lease =
            Some(LeasePlan { pool: PoolId::new("pool"), quarantine: Duration::ZERO, shared: None, pins: Vec::new() });
        let request = StoreRequest::Register { intent, lease, idempotency: None, now: self.now.wall };
        let StoreReply::Registered(intent) = self.store.apply(request) else { panic!("a registration") };
        (intent.number.expect("a number").number.as_str().to_owned(), caller)
    }

    fn receive(&mut self, from: std::net::SocketAddr, bytes: bytes::Bytes) {
        self.arriving.push_back(Input::Datagram { flow: FlowId(0), from, bytes });
        self.play();
    }

    /// Until nobody has anything to say.
    fn play(&mut self) {
        while let Some(input) = self.arriving.pop_front() {
            self.wait(STEP);
            if self.engine.poll_timeout().is_some_and(|(at, _)| at <= self.now.mono) {
                self.engine.handle_timeout(self.now);
            }
            self.handed.push((input.clone(), self.now));
            self.engine.handle(input, self.now);
            while let Some(output) = self.engine.poll_output() {
                self.react(output);
            }
        }
    }

    fn wait(&mut self, span: Duration) {
        let mono = self.now.mono + span;
        self.now = Now::new(mono, Wall(BEGAN.0 + mono.0 / 1_000_000));
    }

    fn react(&mut self, output: Output) {
        match output {
            Output::Store { ask, request, .. } => {
                let result = Ok(self.store.apply(*request));
                self.arriving.push_back(Input::Store { ask, result });
            }
            Output::Media(MediaCommand::Close { leg }) => {
                let stats = Default::default();
                self.arriving.push_back(Input::Media(MediaEvent::Closed { leg, stats }));
            }
            Output::Desktop(DesktopOutput::Send { conn, seq, message }) => self.at_desk(conn, seq, message),
            Output::Transmit(transmit) => self.on_the_wire(peers::react(transmit.to, &transmit.bytes, self.holds)),
            _ => {}
        }
    }

    fn on_the_wire(&mut self, reactions: Vec<Reaction>) {
        for reaction in reactions {
            match reaction {
                Reaction::Send { from, bytes } => {
                    self.arriving.push_back(Input::Datagram { flow: FlowId(0), from, bytes });
                }
                Reaction::Answered => self.answered += 1,
                Reaction::Ended => self.ended += 1,
            }
        }
    }

    /// Acknowledges what is numbered, draws pops, and writes wrap-ups.
    fn at_desk(&mut self, conn: ConnId, seq: Option<u64>, message: ServerMessage) {
        let mut say = |message| self.arriving.push_back(Input::Desktop(DesktopInput::Message { conn, message }));
        seq.into_iter().for_each(|seq| say(ClientMessage::Ack { seq }));
        match message {
            ServerMessage::Pop(pop) => {
                self.pops += 1;
                say(ClientMessage::PopDrawn { call: pop.call, fence: pop.fence });
            }
            ServerMessage::WrapUpDue { call } => say(ClientMessage::WrapUp(WrapUp {
                call,
                outcome: "solved".to_owned(),
                summary: Pii::new("It is on its way".to_owned()),
                article_failed: None,
            })),
            ServerMessage::StateChanged { state: AgentState::Break { .. }, .. } => panic!("no agent fails a call here"),
            _ => {}
        }
    }
}
