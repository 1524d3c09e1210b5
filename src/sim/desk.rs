//! An agent's desktop: logs in, draws pops, writes wrap-ups, takes breaks, asks others, and loses its connection now and then.

mod wishes;

use crate::base::rng::Rng;
use crate::base::{AgentId, CallId, Fence, Mono, Pii};
use crate::desktop::{
    AgentState, AskedState, CallPhase, ClientMessage, CloseCode, ConnId, DesktopInput, DesktopOutput, Hello,
    RecordingState, Resume, ServerMessage, SessionId, TokenHash, WrapUp,
};

use super::dice;
use super::later::Later;
use super::manners::{Manners, More};
use super::scenario::Rates;

/// One agent at one desk.
pub struct Desk {
    agent: AgentId,
    token: TokenHash,
    rng: Rng,
    rates: Rates,
    conn: Option<ConnId>,
    /// Its connections are numbered from here on, in steps of `STEP`.
    next_conn: u64,
    session: Option<SessionId>,
    last_seen: u64,
    up: Later<DesktopInput>,
    down: Later<DesktopOutput>,
    last_up: Mono,
    last_down: Mono,
    acts: Later<Act>,
    going_home: bool,
    /// The call that is a callback, by its pop.
    calls_back: Option<CallId>,
    /// How many agents serve the queues.
    colleagues: u32,
    manners: Manners,
}

#[derive(Clone, Debug)]
enum Act {
    Connect,
    Cut,
    Watch,
    Say(ClientMessage),
}

const STEP: u64 = 1_000;
const LATENCY_MS: u64 = 15;

impl Desk {
    /// `nth` tells the connections of different desks apart; it is below `STEP`.
    pub fn new(agent: AgentId, token: TokenHash, nth: u64, rates: Rates, mut rng: Rng) -> Desk {
        let mut acts = Later::default();
        acts.add(Mono::ZERO + dice::between_ms(&mut rng, 1, 500), Act::Connect);
        Desk {
            agent,
            token,
            rng,
            rates,
            conn: None,
            next_conn: nth,
            session: None,
            last_seen: 0,
            up: Later::default(),
            down: Later::default(),
            last_up: Mono::ZERO,
            last_down: Mono::ZERO,
            acts,
            going_home: false,
            calls_back: None,
            colleagues: 1,
            manners: More::Nothing.manners(),
        }
    }

    /// One of so many agents; a supervisor looks at the others' calls.
    pub fn among(mut self, colleagues: u32, is_supervisor: bool) -> Desk {
        self.colleagues = colleagues;
        if is_supervisor {
            self.acts.add(Mono::ZERO + dice::between_ms(&mut self.rng, 10_000, 20_000), Act::Watch);
        }
        self
    }

    pub fn with_manners(self, manners: Manners) -> Desk {
        Desk { manners, ..self }
    }

    /// What the server sends, with the network's delay before it.
    pub fn send(&mut self, output: DesktopOutput, now: Mono) {
        if self.conn == Some(conn_of(&output)) {
            self.last_down = self.last_down.max(now + dice::between_ms(&mut self.rng, 1, LATENCY_MS));
            self.down.add(self.last_down, output);
        }
    }

    pub fn owns(&self, conn: ConnId) -> bool {
        conn.0 % STEP == self.next_conn % STEP
    }

    /// The day is over: no more reconnecting, log out.
    pub fn go_home(&mut self, now: Mono) {
        self.going_home = true;
        self.acts.clear();
        self.say(ClientMessage::SetState(AskedState::Offline), now);
        self.cut(now, true);
    }

    pub fn handle_timeout(&mut self, now: Mono) {
        while let Some(output) = self.down.take(now) {
            self.receive(output, now);
        }
        while let Some(act) = self.acts.take(now) {
            match act {
                Act::Connect => self.connect(now),
                Act::Cut => self.cut_now_and_then(now),
                Act::Watch => self.watch(now),
                Act::Say(message) => self.say(message, now),
            }
        }
    }

    /// What has arrived at the server.
    pub fn poll_output(&mut self, now: Mono) -> Option<DesktopInput> {
        self.up.take(now)
    }

    pub fn poll_timeout(&self) -> Option<Mono> {
        [self.up.next(), self.down.next(), self.acts.next()].into_iter().flatten().min()
    }

    fn connect(&mut self, now: Mono) {
        if self.conn.is_some() || self.going_home {
            return;
        }
        self.next_conn += STEP;
        let conn = ConnId(self.next_conn);
        self.conn = Some(conn);
        self.push(DesktopInput::Opened { conn }, now);
        let resume = self.session.map(|session| Resume { session, last_seen: self.last_seen });
        let hello = Hello { agent: self.agent.clone(), token: self.token, resume };
        self.say(ClientMessage::Hello(hello), now);
        let minute = now + dice::between_ms(&mut self.rng, 30_000, 90_000);
        self.acts.add(minute, Act::Cut);
    }

    fn cut_now_and_then(&mut self, now: Mono) {
        let minute = now + dice::between_ms(&mut self.rng, 30_000, 90_000);
        let is_cut = self.rng.chance(self.rates.desk_cut);
        if is_cut && self.conn.is_some() {
            let is_noticed = self.rng.chance(0.7);
            self.cut(now, is_noticed);
            let away_ms = if self.rng.chance(0.7) { 5_000 } else { 25_000 };
            let back = now + dice::between_ms(&mut self.rng, 200, away_ms);
            self.acts.add(back, Act::Connect);
        } else if self.conn.is_some() {
            self.acts.add(minute, Act::Cut);
        }
    }

    /// What is on its way is lost when the cut is not a regular close; the server may hear of it only by the silence.
    fn cut(&mut self, now: Mono, is_noticed: bool) {
        let Some(conn) = self.conn.take() else { return };
        self.down.clear();
        if is_noticed {
            self.push(DesktopInput::Closed { conn }, now);
        } else {
            self.up.clear();
        }
    }

    fn say(&mut self, message: ClientMessage, now: Mono) {
        if let Some(conn) = self.conn {
            self.push(DesktopInput::Message { conn, message }, now);
        }
    }

    fn push(&mut self, input: DesktopInput, now: Mono) {
        self.last_up = self.last_up.max(now + dice::between_ms(&mut self.rng, 1, LATENCY_MS));
        self.up.add(self.last_up, input);
    }

    fn receive(&mut self, output: DesktopOutput, now: Mono) {
        match output {
            DesktopOutput::Send { conn, seq, message } if self.conn == Some(conn) => {
                if let Some(seq) = seq {
                    self.last_seen = seq;
                    self.say(ClientMessage::Ack { seq }, now);
                }
                self.read(message, now);
            }
            DesktopOutput::Ping { conn } if self.conn == Some(conn) => self.push(DesktopInput::Alive { conn }, now),
            DesktopOutput::Close { conn, code, .. } if self.conn == Some(conn) => {
                self.conn = None;
                // Who is no agent any more looks from time to time whether they are again.
                let (least, most) = if code == CloseCode::Unauthorized { (5_000, 20_000) } else { (500, 3_000) };
                let back = now + dice::between_ms(&mut self.rng, least, most);
                self.acts.add(back, Act::Connect);
            }
            DesktopOutput::Send { .. } | DesktopOutput::Ping { .. } | DesktopOutput::Close { .. } => {}
        }
    }

    fn read(&mut self, message: ServerMessage, now: Mono) {
        match message {
            ServerMessage::Welcome { session, resumed, state, .. } => self.welcomed(session, resumed, &state, now),
            ServerMessage::Pop(pop) => {
                let is_callback = pop.fields.iter().any(|field| field.key == "callback");
                self.calls_back = is_callback.then_some(pop.call);
                self.see(pop.call, pop.fence, now);
            }
            ServerMessage::CallState { call, phase } => self.hear(call, phase, now),
            ServerMessage::WrapUpDue { call } => self.wrap_up(call, now),
            ServerMessage::StateChanged { state, .. } => self.state_changed(&state, now),
            ServerMessage::Recording { call, state: RecordingState::On } => {
                self.in_ms(500, 5_000, ClientMessage::Recording { call, paused: true }, now);
            }
            ServerMessage::Recording { call, state: RecordingState::Paused } if self.rng.chance(0.7) => {
                self.in_ms(500, 8_000, ClientMessage::Recording { call, paused: false }, now);
            }
            ServerMessage::Consultation { call, state, .. } => self.consultation(call, state, now),
            ServerMessage::Supervision { call, state, .. } => self.supervision(call, state, now),
            ServerMessage::Calls(calls) => self.watched(&calls, now),
            ServerMessage::Recording { state: RecordingState::Paused | RecordingState::Off, .. }
            | ServerMessage::Phone(_)
            | ServerMessage::Colleagues(_)
            | ServerMessage::PopUpdated(_)
            | ServerMessage::PopWithdrawn { .. }
            | ServerMessage::WrapUpTaken { .. }
            | ServerMessage::Error { .. }
            | ServerMessage::Displaced
            | ServerMessage::Pong => {}
        }
    }

    fn welcomed(&mut self, session: SessionId, resumed: bool, state: &AgentState, now: Mono) {
        self.session = Some(session);
        if !resumed {
            self.last_seen = 0;
        }
        if matches!(state, AgentState::Offline | AgentState::Break { .. }) {
            self.in_ms(100, 2_000, ClientMessage::SetState(AskedState::Available), now);
        }
    }

    fn see(&mut self, call: CallId, fence: Fence, now: Mono) {
        if self.rng.chance(0.04) {
            return self.in_ms(100, 2_500, ClientMessage::Decline { call }, now);
        }
        if self.rng.chance(self.rates.pop_never) {
            return;
        }
        let slowest = if self.rng.chance(self.rates.pop_late) { 3_000 } else { 150 };
        self.in_ms(5, slowest, ClientMessage::PopDrawn { call, fence }, now);
        if self.rng.chance(self.rates.pop_twice) {
            self.in_ms(5, 3_000, ClientMessage::PopDrawn { call, fence }, now);
        }
    }

    /// One in four whom we call back is a machine, or somebody else; and some agents press the button by mistake.
    fn hear(&mut self, call: CallId, phase: CallPhase, now: Mono) {
        self.maybe_ask(call, phase, now);
        let chance = match phase {
            CallPhase::Talking if self.calls_back == Some(call) => 0.25,
            CallPhase::Ringing | CallPhase::Talking => 0.02,
            CallPhase::Held | CallPhase::Ended => 0.0,
        };
        if self.rng.chance(chance) {
            self.in_ms(300, 4_000, ClientMessage::NotReached { call }, now);
        }
    }

    fn wrap_up(&mut self, call: CallId, now: Mono) {
        match self.rng.below(10) {
            0 => return,
            // Going available ends it too.
            1 => return self.in_ms(500, 7_000, ClientMessage::SetState(AskedState::Available), now),
            _ => {}
        }
        let wrap_up = WrapUp {
            call,
            outcome: "solved".to_owned(),
            summary: Pii::new("sent another one".to_owned()),
            article_failed: None,
        };
        self.in_ms(500, 7_000, ClientMessage::WrapUp(wrap_up), now);
    }

    /// Takes a break now and then, and comes back from it; a pause by the router is one too.
    fn state_changed(&mut self, state: &AgentState, now: Mono) {
        match state {
            AgentState::Available if self.rng.chance(0.03) => {
                let tea = AskedState::Break { reason: "tea".to_owned() };
                self.in_ms(0, 2_000, ClientMessage::SetState(tea), now);
            }
            AgentState::Break { .. } | AgentState::Offline => {
                self.in_ms(1_000, 15_000, ClientMessage::SetState(AskedState::Available), now);
            }
            AgentState::Available | AgentState::Offered | AgentState::OnCall | AgentState::WrapUp { .. } => {}
        }
    }

    fn in_ms(&mut self, least: u64, most: u64, message: ClientMessage, now: Mono) {
        let at = now + dice::between_ms(&mut self.rng, least, most);
        self.acts.add(at, Act::Say(message));
    }
}

/// The connection that an output is for.
pub(super) fn conn_of(output: &DesktopOutput) -> ConnId {
    match output {
        DesktopOutput::Send { conn, .. } | DesktopOutput::Ping { conn } | DesktopOutput::Close { conn, .. } => *conn,
    }
}
