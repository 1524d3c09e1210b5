//! Scripts in virtual time: what goes in, what must come out.

use std::time::Duration;

use crate::base::rng::Rng;
use crate::base::{AgentId, CallId, Fence, Level, Mono, Now, Pii, QueueId, Wall};

use super::pass::PassKeys;
use super::{
    Account, AgentState, AskedState, BrowserPhones, CallPhase, ClientMessage, CloseCode, ConnId, DeskCommand,
    DeskEvent, Desks, DesktopInput, DesktopOutput, Field, Hello, Output, Pop, Resume, ServerMessage, SessionId, Setup,
    TokenHash, Undeliverable, WrapUp,
};
use crate::base::limits::{DESK_UNACKNOWLEDGED_MAX, DESKS_MAX};

struct World {
    desks: Desks,
    now: Now,
}

const ANNA: &str = "anna";
const CALL: CallId = CallId(7);

fn anna() -> AgentId {
    AgentId::new(ANNA)
}

fn token(agent: &str) -> TokenHash {
    TokenHash([agent.len() as u8; 32])
}

fn pop(call: CallId, fence: u64) -> Box<Pop> {
    let field = |key: &str, lowest| Field {
        key: key.to_owned().into(),
        label: key.to_owned().into(),
        value: Pii::new(format!("value of {key}")),
        lowest,
        unlock: format!("ask for {key}").into(),
    };
    Box::new(Pop {
        call,
        fence: Fence(fence),
        level: Level::Likely,
        why: vec!["dialled the number that was shown".into()],
        rivals: 0,
        fields: vec![field("reason", Level::Unmatched), field("order", Level::Strong)],
        queue: QueueId::new("help"),
        waited: Duration::ZERO,
        next_step: Default::default(),
    })
}

fn show(call: CallId, fence: u64) -> DeskCommand {
    DeskCommand::Show { agent: anna(), pop: pop(call, fence) }
}

fn phase(call: CallId, phase: CallPhase) -> DeskCommand {
    DeskCommand::CallPhase { agent: anna(), call, phase }
}

fn wrap_up(call: CallId) -> ClientMessage {
    let summary = Pii::new("sent a new one".to_owned());
    ClientMessage::WrapUp(WrapUp { call, outcome: "solved".to_owned(), summary, article_failed: None })
}

impl World {
    fn new() -> World {
        let account = |agent: &str| Account {
            agent: AgentId::new(agent),
            token: token(agent),
            skills: vec![],
            supervises: Vec::new(),
        };
        let setup = Setup::new(vec![account(ANNA), account("ben")]);
        World { desks: Desks::new(setup, Rng::from_number(1)), now: Now::new(Mono(1), Wall(1)) }
    }

    fn take(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.desks.poll_output()).map(|output| describe(&output)).collect()
    }

    fn input(&mut self, input: DesktopInput) -> Vec<String> {
        self.desks.handle(input, self.now);
        self.take()
    }

    fn say(&mut self, conn: u64, message: ClientMessage) -> Vec<String> {
        self.input(DesktopInput::Message { conn: ConnId(conn), message })
    }

    fn open(&mut self, conn: u64) -> Vec<String> {
        self.input(DesktopInput::Opened { conn: ConnId(conn) })
    }

    fn close(&mut self, conn: u64) -> Vec<String> {
        self.input(DesktopInput::Closed { conn: ConnId(conn) })
    }

    fn login(&mut self, conn: u64, resume: Option<Resume>) -> Vec<String> {
        self.open(conn);
        self.say(conn, ClientMessage::Hello(Hello { agent: anna(), token: token(ANNA), resume }))
    }

    fn tell(&mut self, command: DeskCommand) -> Vec<String> {
        self.desks.command(command);
        self.take()
    }

    fn session(&self) -> SessionId {
        self.desks.sessions[&anna()].id
    }

    /// Lets the time pass, stopping at each deadline, as the shell does.
    fn pass(&mut self, span: Duration) -> Vec<String> {
        let end = self.now.mono + span;
        let mut seen = Vec::new();
        while let Some((at, _)) = self.desks.poll_timeout().filter(|(at, _)| *at <= end) {
            self.now.mono = at;
            self.desks.handle_timeout(self.now);
            seen.extend(self.take());
        }
        self.now.mono = end;
        seen
    }
}

fn describe(output: &Output) -> String {
    match output {
        Output::Transmit(DesktopOutput::Send { conn, seq, message }) => {
            let seq = seq.map(|seq| format!("#{seq} ")).unwrap_or_default();
            format!("{}: {seq}{}", conn.0, describe_message(message))
        }
        Output::Transmit(DesktopOutput::Ping { conn }) => format!("{}: ping", conn.0),
        Output::Transmit(DesktopOutput::Close { conn, code, .. }) => format!("{}: close {}", conn.0, code.number()),
        Output::Event(event) => describe_event(event),
    }
}

fn describe_message(message: &ServerMessage) -> String {
    match message {
        ServerMessage::Welcome { resumed, state, phone, .. } => {
            let phone = if phone.is_some() { " with a phone" } else { "" };
            format!("welcome resumed={resumed} {}{phone}", state.as_str())
        }
        ServerMessage::Phone(phone) => format!("phone {}@{}", phone.user, phone.realm),
        ServerMessage::Pop(pop) => format!("pop {}/{}", pop.call.0, pop.fence.0),
        ServerMessage::PopUpdated(pop) => format!("pop updated {} {}", pop.call.0, pop.level),
        ServerMessage::PopWithdrawn { call, .. } => format!("withdrawn {}", call.0),
        ServerMessage::CallState { call, phase } => format!("call {} {}", call.0, phase.as_str()),
        ServerMessage::StateChanged { state, .. } => format!("state {}", state.as_str()),
        ServerMessage::Consultation { call, to, state, .. } => {
            format!("consultation {} {to} {}", call.0, state.as_str())
        }
        ServerMessage::Supervision { call, state, .. } => format!("supervision {} {}", call.0, state.as_str()),
        ServerMessage::Calls(calls) => format!("{} calls", calls.len()),
        ServerMessage::Colleagues(all) => {
            let all: Vec<_> = all.iter().map(|one| format!("{} {}", one.agent, one.state.as_str())).collect();
            format!("colleagues {}", all.join(", "))
        }
        ServerMessage::Recording { call, state } => format!("recording {} {}", call.0, state.as_str()),
        ServerMessage::WrapUpDue { call } => format!("wrap-up due {}", call.0),
        ServerMessage::WrapUpTaken { call } => format!("wrap-up taken {}", call.0),
        ServerMessage::Error { code, .. } => format!("error {}", code.as_str()),
        ServerMessage::Displaced => "displaced".to_owned(),
        ServerMessage::Pong => "pong".to_owned(),
    }
}

fn describe_event(event: &DeskEvent) -> String {
    match event {
        DeskEvent::LoggedIn { agent } => format!("{agent} logged in"),
        DeskEvent::LoggedOut { agent } => format!("{agent} logged out"),
        DeskEvent::ConnectionLost { agent } => format!("{agent} lost"),
        DeskEvent::ConnectionBack { agent } => format!("{agent} back"),
        DeskEvent::StateAsked { agent, state } => format!("{agent} asks {state:?}"),
        DeskEvent::PopAcknowledged { agent, call, fence } => format!("{agent} drew {}/{}", call.0, fence.0),
        DeskEvent::PopUndeliverable { agent, call, cause, .. } => {
            format!("{agent} no pop {} {}", call.0, cause.as_str())
        }
        DeskEvent::Declined { agent, call } => format!("{agent} declined {}", call.0),
        DeskEvent::ConsultAsked { agent, call, wish } => format!("{agent} consults {} {wish:?}", call.0),
        DeskEvent::SuperviseAsked { agent, call, wish } => format!("{agent} wants {} {}", wish.as_str(), call.0),
        DeskEvent::CallsAsked { agent } => format!("{agent} watches"),
        DeskEvent::RecordingAsked { agent, call, paused } => format!("{agent} pauses {}: {paused}", call.0),
        DeskEvent::NotReached { agent, call } => format!("{agent} did not reach {}", call.0),
        DeskEvent::WrapUpWritten { agent, wrap_up, is_late } => {
            let late = if *is_late { " late" } else { "" };
            format!("{agent} wrote {} {}{late}", wrap_up.call.0, wrap_up.outcome)
        }
        DeskEvent::LoginRefused => "login refused".to_owned(),
    }
}

fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn a_pop_that_is_drawn_anew_takes_the_place_of_the_old_one() {
    let mut world = World::new();
    world.login(1, None);
    assert_eq!(world.tell(show(CALL, 1)), ["1: #1 pop 7/1"]);
    let proven = |fence| {
        let mut pop = pop(CALL, fence);
        pop.level = Level::Proven;
        DeskCommand::Update { agent: anna(), pop }
    };
    assert!(world.tell(proven(2)).is_empty(), "of another offer");
    assert_eq!(world.tell(proven(1)), ["1: #2 pop updated 7 V3"]);
    assert_eq!(world.desks.sessions[&anna()].call.as_ref().unwrap().pop.level, Level::Proven);
}

#[test]
fn a_call_from_offer_to_wrap_up() {
    let mut world = World::new();
    assert_eq!(world.login(1, None), ["1: welcome resumed=false offline", "anna logged in"]);
    let asked = world.say(1, ClientMessage::SetState(AskedState::Available));
    assert_eq!(asked, ["anna asks Available"]);
    let state = DeskCommand::State { agent: anna(), state: AgentState::Available, why: "asked".to_owned() };
    assert_eq!(world.tell(state), ["1: #1 state available"]);
    assert_eq!(world.tell(show(CALL, 3)), ["1: #2 pop 7/3"]);
    let drawn = ClientMessage::PopDrawn { call: CALL, fence: Fence(3) };
    assert_eq!(world.say(1, drawn.clone()), ["anna drew 7/3"]);
    assert!(world.say(1, drawn).is_empty(), "counted once");
    assert_eq!(world.tell(phase(CALL, CallPhase::Ringing)), ["1: #3 call 7 ringing"]);
    assert_eq!(world.tell(phase(CALL, CallPhase::Talking)), ["1: #4 call 7 talking"]);
    assert_eq!(world.say(1, ClientMessage::Decline { call: CALL }), ["1: error no_such_call"]);
    assert_eq!(world.tell(phase(CALL, CallPhase::Ended)), ["1: #5 call 7 ended"]);
    assert_eq!(world.tell(DeskCommand::WrapUpDue { agent: anna(), call: CALL }), ["1: #6 wrap-up due 7"]);
    assert_eq!(world.say(1, wrap_up(CALL)), ["anna wrote 7 solved", "1: #7 wrap-up taken 7"]);
    assert_eq!(world.say(1, wrap_up(CALL)), ["1: #8 wrap-up taken 7"], "said again, written once");
    assert_eq!(world.say(1, wrap_up(CallId(99))), ["1: error no_such_call"]);
}

#[test]
fn a_wrap_up_may_come_when_the_next_call_is_on_the_desk() {
    let mut world = World::new();
    world.login(1, None);
    let next = CallId(8);
    let ends = |world: &mut World, call: CallId| {
        world.tell(phase(call, CallPhase::Ended));
        world.tell(DeskCommand::WrapUpDue { agent: anna(), call });
    };
    world.tell(show(CALL, 1));
    world.tell(phase(CALL, CallPhase::Talking));
    ends(&mut world, CALL);
    world.tell(show(next, 2));
    assert_eq!(world.say(1, wrap_up(next)), ["1: error no_such_call"], "that one is only offered");
    assert_eq!(world.say(1, wrap_up(CALL)), ["anna wrote 7 solved late", "1: #6 wrap-up taken 7"]);
    assert_eq!(world.say(1, wrap_up(CALL)), ["1: #7 wrap-up taken 7"], "said again, written once");
    world.tell(phase(next, CallPhase::Talking));
    assert_eq!(world.say(1, wrap_up(next)), ["anna wrote 8 solved", "1: #9 wrap-up taken 8"]);
    assert_eq!(world.say(1, wrap_up(CALL)), ["1: #10 wrap-up taken 7"]);
    world.tell(phase(next, CallPhase::Ended));
    world.tell(show(CallId(9), 3));
    assert_eq!(world.say(1, wrap_up(CALL)), ["1: #13 wrap-up taken 7"], "the last that was late");
    world.tell(phase(CallId(9), CallPhase::Talking));
    ends(&mut world, CallId(9));
    world.tell(show(CallId(10), 4));
    assert_eq!(world.say(1, wrap_up(CALL)), ["1: error no_such_call"], "one is remembered");
}

#[test]
fn whoever_wants_to_ask_somebody_sees_who_is_there() {
    let mut world = World::new();
    world.login(1, None);
    let asks = |world: &mut World| world.say(1, ClientMessage::Colleagues);
    assert_eq!(asks(&mut world), ["1: colleagues "], "oneself is none");
    let ben = AgentId::new("ben");
    world.open(2);
    world.say(2, ClientMessage::Hello(Hello { agent: ben.clone(), token: token("ben"), resume: None }));
    assert_eq!(asks(&mut world), ["1: colleagues "], "ben is offline");
    world.tell(DeskCommand::State { agent: ben, state: AgentState::Available, why: String::new() });
    assert_eq!(asks(&mut world), ["1: colleagues ben available"]);
    world.close(2);
    assert_eq!(asks(&mut world), ["1: colleagues "], "the desk is away");
}

#[test]
fn a_break_is_for_what_is_on_the_list() {
    let mut world = World::new();
    world.desks.setup.breaks = vec!["lunch".to_owned()];
    world.login(1, None);
    let asks = |reason: &str| ClientMessage::SetState(AskedState::Break { reason: reason.to_owned() });
    assert_eq!(world.say(1, asks("a nap")), ["1: error no_such_break"]);
    assert_eq!(world.say(1, asks("lunch")).len(), 1);
}

#[test]
fn a_wrap_up_may_come_before_the_end() {
    let mut world = World::new();
    world.login(1, None);
    world.tell(show(CALL, 1));
    assert_eq!(world.say(1, wrap_up(CALL)), ["1: error no_such_call"], "an offer has no wrap-up");
    world.tell(phase(CALL, CallPhase::Talking));
    assert_eq!(world.say(1, wrap_up(CALL)), ["anna wrote 7 solved", "1: #3 wrap-up taken 7"]);
    assert_eq!(world.tell(phase(CALL, CallPhase::Ended)), ["1: #4 call 7 ended"]);
    assert!(world.tell(DeskCommand::WrapUpDue { agent: anna(), call: CALL }).is_empty(), "it is written already");
}

#[test]
fn a_locked_value_is_in_no_message() {
    let mut world = World::new();
    world.login(1, None);
    world.desks.command(show(CALL, 1));
    let Some(Output::Transmit(DesktopOutput::Send { message: ServerMessage::Pop(pop), .. })) =
        world.desks.poll_output()
    else {
        panic!("a pop was expected");
    };
    let open: Vec<_> = pop.fields.iter().filter(|f| matches!(f.value, super::ShownValue::Open(_))).collect();
    assert_eq!(open.len(), 1);
    assert_eq!(open[0].key, "reason");
}

#[test]
fn what_was_not_acknowledged_is_sent_again_in_order() {
    let mut world = World::new();
    world.login(1, None);
    world.tell(show(CALL, 1));
    world.tell(phase(CALL, CallPhase::Ringing));
    world.say(1, ClientMessage::Ack { seq: 1 });
    assert_eq!(world.close(1), ["anna lost"]);
    assert!(world.tell(phase(CALL, CallPhase::Talking)).is_empty(), "kept for later");
    let resume = Some(Resume { session: world.session(), last_seen: 1 });
    let expected = ["anna back", "2: welcome resumed=true offline", "2: #2 call 7 ringing", "2: #3 call 7 talking"];
    assert_eq!(world.login(2, resume), expected);
    assert_eq!(world.close(2), ["anna lost"]);
    let resume = Some(Resume { session: world.session(), last_seen: 3 });
    assert_eq!(world.login(3, resume), ["anna back", "3: welcome resumed=true offline"]);
}

#[test]
fn a_newer_login_displaces_the_older_and_sees_the_call() {
    let mut world = World::new();
    world.login(1, None);
    world.tell(show(CALL, 1));
    world.tell(phase(CALL, CallPhase::Talking));
    let expected =
        ["1: displaced", "1: close 4001", "2: welcome resumed=false offline", "2: #1 pop 7/1", "2: #2 call 7 talking"];
    assert_eq!(world.login(2, None), expected);
    assert!(world.close(1).is_empty(), "the old connection's end means nothing");
    assert!(world.say(1, ClientMessage::SetState(AskedState::Offline)).is_empty());
    assert_eq!(world.desks.connections(), 1);
}

#[test]
fn an_unknown_session_is_not_resumed() {
    let mut world = World::new();
    world.login(1, None);
    world.tell(show(CALL, 1));
    world.close(1);
    let resume = Some(Resume { session: SessionId(5), last_seen: 9 });
    assert_eq!(world.login(2, resume), ["anna back", "2: welcome resumed=false offline", "2: #1 pop 7/1"]);
}

#[test]
fn nobody_comes_back_and_the_agent_is_logged_out() {
    let mut world = World::new();
    world.login(1, None);
    world.close(1);
    assert!(world.pass(s(9)).is_empty());
    assert_eq!(world.pass(s(2)), ["anna logged out"]);
    assert_eq!(world.desks.poll_timeout(), None, "nothing is left behind");
    assert_eq!(world.tell(show(CALL, 1)), ["anna no pop 7 no_session"]);
}

#[test]
fn a_call_keeps_its_agent_without_a_desk() {
    let mut world = World::new();
    world.login(1, None);
    world.tell(show(CALL, 1));
    world.tell(phase(CALL, CallPhase::Talking));
    world.close(1);
    assert!(world.pass(s(60)).is_empty());
    assert_eq!(world.tell(phase(CALL, CallPhase::Ended)), ["anna logged out"]);
}

#[test]
fn a_wrap_up_outlives_its_desk_and_comes_back_with_its_pop() {
    let mut world = World::new();
    let away = |world: &mut World| {
        world.login(1, None);
        world.tell(show(CALL, 1));
        world.tell(phase(CALL, CallPhase::Talking));
        world.close(1);
        world.pass(s(60));
        assert_eq!(world.tell(phase(CALL, CallPhase::Ended)), ["anna logged out"]);
        world.tell(DeskCommand::WrapUpDue { agent: anna(), call: CALL });
        let state =
            DeskCommand::State { agent: anna(), state: AgentState::WrapUp { longest: s(60) }, why: String::new() };
        assert!(world.tell(state).is_empty());
    };
    away(&mut world);
    world.login(2, None);
    let due = DeskCommand::WrapUpDue { agent: anna(), call: CALL };
    assert_eq!(world.tell(due.clone()), ["2: #1 pop 7/1", "2: #2 call 7 ended", "2: #3 wrap-up due 7"]);
    assert_eq!(world.say(2, wrap_up(CALL)), ["anna wrote 7 solved", "2: #4 wrap-up taken 7"]);
    assert!(world.tell(due.clone()).is_empty(), "it is written");
    world.close(2);
    world.pass(s(60));

    away(&mut world);
    world.tell(DeskCommand::State { agent: anna(), state: AgentState::Offline, why: String::new() });
    world.login(2, None);
    assert!(world.tell(due).is_empty(), "its time is over");
    assert!(world.desks.left_by_agent.is_empty());
}

#[test]
fn a_desk_that_is_gone_in_the_wrap_up_leaves_it_too() {
    let mut world = World::new();
    world.login(1, None);
    world.tell(show(CALL, 1));
    world.tell(phase(CALL, CallPhase::Talking));
    world.tell(phase(CALL, CallPhase::Ended));
    let due = DeskCommand::WrapUpDue { agent: anna(), call: CALL };
    world.tell(due.clone());
    world.close(1);
    assert_eq!(world.pass(s(11)), ["anna logged out"]);
    world.login(2, None);
    assert_eq!(world.tell(due.clone()).len(), 3);
    world.close(2);
    world.pass(s(11));
    world.login(3, None);
    let other = DeskCommand::WrapUpDue { agent: anna(), call: CallId(99) };
    assert!(world.tell(other).is_empty(), "of another call there is nothing to show");
    assert!(world.tell(due).is_empty(), "and the old one is nobody's now");
}

#[test]
fn an_agent_who_returns_during_the_call_stays() {
    let mut world = World::new();
    world.login(1, None);
    world.tell(show(CALL, 1));
    world.tell(phase(CALL, CallPhase::Talking));
    world.close(1);
    world.pass(s(60));
    world.login(2, None);
    assert_eq!(world.tell(phase(CALL, CallPhase::Ended)), ["2: #3 call 7 ended"]);
}

#[test]
fn an_offer_to_a_lost_connection_says_so_and_follows() {
    let mut world = World::new();
    world.login(1, None);
    world.close(1);
    assert_eq!(world.tell(show(CALL, 1)), ["anna no pop 7 disconnected"]);
    let resume = Some(Resume { session: world.session(), last_seen: 0 });
    assert_eq!(world.login(2, resume), ["anna back", "2: welcome resumed=true offline", "2: #1 pop 7/1"]);
}

#[test]
fn an_offer_can_be_declined_until_it_is_withdrawn() {
    let mut world = World::new();
    world.login(1, None);
    world.tell(show(CALL, 1));
    assert_eq!(world.say(1, ClientMessage::Decline { call: CALL }), ["anna declined 7"]);
    let withdraw = DeskCommand::Withdraw { agent: anna(), call: CALL, why: "declined".to_owned() };
    assert_eq!(world.tell(withdraw.clone()), ["1: #2 withdrawn 7"]);
    assert!(world.tell(withdraw).is_empty());
    assert_eq!(world.say(1, ClientMessage::Decline { call: CALL }), ["1: error no_such_call"]);
    let late = ClientMessage::PopDrawn { call: CALL, fence: Fence(1) };
    assert!(world.say(1, late).is_empty());
}

#[test]
fn an_older_fence_acknowledges_nothing() {
    let mut world = World::new();
    world.login(1, None);
    world.tell(show(CALL, 1));
    world.tell(show(CALL, 2));
    assert!(world.say(1, ClientMessage::PopDrawn { call: CALL, fence: Fence(1) }).is_empty());
    assert_eq!(world.say(1, ClientMessage::PopDrawn { call: CALL, fence: Fence(2) }), ["anna drew 7/2"]);
}

#[test]
fn a_quiet_desk_is_pinged_then_closed() {
    let mut world = World::new();
    world.login(1, None);
    assert_eq!(world.pass(s(21)), ["1: ping"]);
    world.input(DesktopInput::Alive { conn: ConnId(1) });
    assert_eq!(world.pass(s(43)), ["1: ping"], "its answer counts from when it came");
    assert_eq!(world.pass(s(3)), ["1: close 4008", "anna lost"]);
    assert_eq!(world.pass(s(10)), ["anna logged out"]);
}

#[test]
fn a_desk_must_say_hello_first_and_soon() {
    let mut world = World::new();
    world.open(1);
    assert_eq!(world.say(1, ClientMessage::Ack { seq: 1 }), ["1: error order"]);
    assert_eq!(world.say(1, ClientMessage::Ping), ["1: pong"]);
    assert_eq!(world.pass(s(11)), ["1: close 4008"]);
    assert_eq!(world.desks.connections(), 0);
}

#[test]
fn wrong_tokens_are_bounded() {
    let mut world = World::new();
    world.open(1);
    for (agent, hash) in [(ANNA, token("ben")), ("nobody", TokenHash([0; 32])), (ANNA, TokenHash([0; 32]))] {
        let hello = Hello { agent: AgentId::new(agent), token: hash, resume: None };
        let said = world.say(1, ClientMessage::Hello(hello));
        assert_eq!(said[..2], ["login refused", "1: error unauthorized"], "{agent}");
    }
    assert_eq!(world.desks.connections(), 0);
    assert_eq!(world.desks.logged_in().count(), 0);
}

#[test]
fn a_phone_in_the_browser_gets_a_pass_with_the_welcome_and_when_it_asks() {
    let mut world = World::new();
    let keys = PassKeys::new(vec![(1, vec![7; 32])]);
    let user_by_agent = [(anna(), "anna".to_owned())].into();
    let phones = BrowserPhones { realm: "voice.example.com".to_owned(), user_by_agent, keys: keys.clone() };
    let accounts = ["ben", ANNA].map(|agent| Account {
        agent: AgentId::new(agent),
        token: token(agent),
        skills: vec![],
        supervises: vec![],
    });
    world.desks = Desks::new(Setup { phones, ..Setup::new(accounts.into()) }, Rng::from_number(1));
    assert_eq!(world.login(1, None)[0], "1: welcome resumed=false offline with a phone");
    assert_eq!(world.say(1, ClientMessage::PhoneToken), ["1: phone anna@voice.example.com"]);
    let now = world.now;
    world.desks.handle(DesktopInput::Message { conn: ConnId(1), message: ClientMessage::PhoneToken }, now);
    let Some(Output::Transmit(DesktopOutput::Send { message: ServerMessage::Phone(phone), seq: None, .. })) =
        world.desks.poll_output()
    else {
        panic!("no phone");
    };
    assert_eq!(keys.verify(phone.pass.as_str(), now.wall).map(|pass| pass.agent), Ok(anna()));
    assert!(keys.verify(phone.pass.as_str(), now.wall + s(301)).is_err());
    world.open(2);
    assert_eq!(world.say(2, ClientMessage::PhoneToken), ["2: error order"]);
    let hello = Hello { agent: AgentId::new("ben"), token: token("ben"), resume: None };
    assert_eq!(world.say(2, ClientMessage::Hello(hello))[0], "2: welcome resumed=false offline");
    assert_eq!(world.say(2, ClientMessage::PhoneToken), ["2: error no_browser_phone"]);
}

#[test]
fn a_second_hello_and_nonsense_are_told() {
    let mut world = World::new();
    world.login(1, None);
    let hello = Hello { agent: anna(), token: token(ANNA), resume: None };
    assert_eq!(world.say(1, ClientMessage::Hello(hello)), ["1: error order"]);
    let bad = DesktopInput::BadMessage { conn: ConnId(1), why: "no type".to_owned() };
    assert_eq!(world.input(bad), ["1: error unreadable"]);
}

#[test]
fn a_desk_that_acknowledges_nothing_is_closed() {
    let mut world = World::new();
    world.login(1, None);
    for _ in 0..DESK_UNACKNOWLEDGED_MAX {
        world.tell(DeskCommand::State { agent: anna(), state: AgentState::Available, why: String::new() });
    }
    let expected = ["1: close 4009", "anna lost", "anna logged out", "anna no pop 7 unresponsive"];
    assert_eq!(world.tell(show(CALL, 1)), expected[..]);
    assert_eq!(CloseCode::Unacknowledged.number(), 4009);
    assert_eq!(Undeliverable::Unresponsive.as_str(), "unresponsive");
    assert!(world.desks.poll_timeout().is_none());
}

#[test]
fn too_many_desks_are_turned_away() {
    let mut world = World::new();
    for conn in 0..DESKS_MAX as u64 {
        world.open(conn);
    }
    assert_eq!(world.open(u64::MAX), [format!("{}: close 1013", u64::MAX)]);
}
