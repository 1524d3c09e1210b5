//! What goes into the desks and what comes out: from the websockets, from the calls, and back to both.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::base::{AgentId, CallId, Fence, QueueId};

use super::message::{
    AgentState, AskedState, CallPhase, ClientMessage, ConsultState, ConsultWish, RecordingState, ServerMessage,
    SkillLevel, SuperviseState, SuperviseWish, TokenHash, WatchedCall, WrapUp,
};
use super::pass::PassKeys;
use super::pop::Pop;

/// One websocket, numbered by the shell and never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(pub u64);

/// From a websocket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DesktopInput {
    Opened {
        conn: ConnId,
    },
    Message {
        conn: ConnId,
        message: ClientMessage,
    },
    /// Something that is no message; `why` says what to mend.
    BadMessage {
        conn: ConnId,
        why: String,
    },
    /// The connection answered a ping.
    Alive {
        conn: ConnId,
    },
    Closed {
        conn: ConnId,
    },
}

/// From the calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeskCommand {
    /// Shows an offer; its answer is `PopAcknowledged`, `PopUndeliverable`, or nothing.
    Show { agent: AgentId, pop: Box<Pop> },
    /// More is known of the call on the desk than when its pop was shown.
    Update { agent: AgentId, pop: Box<Pop> },
    /// The call leaves the desk: the offer is over without this agent, or the time for the wrap-up is.
    Withdraw { agent: AgentId, call: CallId, why: String },
    /// Where the agent's call stands. Until `Ended` it binds the agent, who is not logged out meanwhile. An ended call stays on
    /// the desk until its wrap-up is written, it is withdrawn, or the next offer is shown; it outlives the desk while the agent's
    /// state is the wrap-up.
    CallPhase { agent: AgentId, call: CallId, phase: CallPhase },
    /// What the agent is now. The calls send this after every change, asked or forced; the desk shows nothing else.
    State { agent: AgentId, state: AgentState, why: String },
    /// How the asking of somebody stands, and why it is not as the agent wished.
    Consultation { agent: AgentId, call: CallId, to: String, state: ConsultState, why: String },
    /// How a supervisor is with a call, and why it is not as they wished.
    Supervision { agent: AgentId, call: CallId, state: SuperviseState, why: String },
    /// What a supervisor has asked to see.
    Calls { agent: AgentId, calls: Vec<WatchedCall> },
    /// Whether the agent's call is being recorded; the desk shows it.
    Recording { agent: AgentId, call: CallId, state: RecordingState },
    /// The agent should write what came of the call; a desk that is new gets its pop again.
    WrapUpDue { agent: AgentId, call: CallId },
}

/// What comes out: to a websocket, or to the calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    Transmit(DesktopOutput),
    Event(DeskEvent),
}

/// To a websocket. A connection that is gone by then is no fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DesktopOutput {
    Send {
        conn: ConnId,
        seq: Option<u64>,
        message: ServerMessage,
    },
    /// A ping of the websocket itself; its pong comes back as `Alive`.
    Ping {
        conn: ConnId,
    },
    /// The last for this connection; no `Closed` is needed after it, and one that comes is ignored.
    Close {
        conn: ConnId,
        code: CloseCode,
        reason: &'static str,
    },
}

/// To the calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeskEvent {
    /// The agent has a desk now and had none.
    LoggedIn {
        agent: AgentId,
    },
    /// The agent has no desk any more: nobody reconnected within the grace, and no call binds the agent.
    LoggedOut {
        agent: AgentId,
    },
    /// The connection is gone, the session waits for its return: no new offers meanwhile.
    ConnectionLost {
        agent: AgentId,
    },
    /// The connection is back within the grace.
    ConnectionBack {
        agent: AgentId,
    },
    StateAsked {
        agent: AgentId,
        state: AskedState,
    },
    /// Once for each fence.
    PopAcknowledged {
        agent: AgentId,
        call: CallId,
        fence: Fence,
    },
    /// The pop cannot be drawn now; when the session lives, it is sent as soon as the connection is back.
    PopUndeliverable {
        agent: AgentId,
        call: CallId,
        fence: Fence,
        cause: Undeliverable,
    },
    Declined {
        agent: AgentId,
        call: CallId,
    },
    NotReached {
        agent: AgentId,
        call: CallId,
    },
    /// Once for each call; it may come before the call has ended, and then no `WrapUpDue` is needed.
    WrapUpWritten {
        agent: AgentId,
        wrap_up: WrapUp,
        /// The next call is on the desk already.
        is_late: bool,
    },
    /// The agent wants the recording of their call to pause, or to go on.
    RecordingAsked {
        agent: AgentId,
        call: CallId,
        paused: bool,
    },
    /// The agent of the call wants to ask somebody, or to go on with that.
    ConsultAsked {
        agent: AgentId,
        call: CallId,
        wish: ConsultWish,
    },
    /// A supervisor wants to be with a call, or to leave it.
    SuperviseAsked {
        agent: AgentId,
        call: CallId,
        wish: SuperviseWish,
    },
    /// A supervisor wants to see the calls of their queues.
    CallsAsked {
        agent: AgentId,
    },
    /// Somebody could not log in; for the counters.
    LoginRefused,
}

/// Why a pop does not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Undeliverable {
    /// The agent is not logged in.
    NoSession,
    /// Logged in, the connection is away.
    Disconnected,
    /// Too much is unacknowledged; the session has been closed.
    Unresponsive,
}

/// The close codes of the websocket (RFC 6455 section 7.4; 4000 and above are ours).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CloseCode {
    GoingAway,
    TooBig,
    TooMany,
    Displaced,
    Unauthorized,
    Silent,
    Unacknowledged,
    TooFast,
}

/// An agent who may log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub agent: AgentId,
    pub token: TokenHash,
    pub skills: Vec<SkillLevel>,
    /// The queues whose calls this agent may hear.
    pub supervises: Vec<QueueId>,
}

/// The agents whose phone may be in the browser, and what lets it in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BrowserPhones {
    /// The domain of their addresses.
    pub realm: String,
    /// The user part of each agent's address.
    pub user_by_agent: BTreeMap<AgentId, String>,
    pub keys: PassKeys,
}

/// All that the desks are configured with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setup {
    pub accounts: Vec<Account>,
    pub phones: BrowserPhones,
    /// What a break may be for; empty for anything.
    pub breaks: Vec<String>,
    /// A connection that has been quiet this long is pinged.
    pub ping_after: Duration,
    /// A connection that has been quiet this long is closed; more than `ping_after`.
    pub silent_max: Duration,
    /// How long a new connection may take to say hello.
    pub hello_within: Duration,
    /// How long a session waits for its agent to reconnect.
    pub grace: Duration,
}

impl Setup {
    /// The usual times: ping after 20 s, closed after 45 s, hello within 10 s, offline after 10 s.
    pub fn new(accounts: Vec<Account>) -> Setup {
        Setup {
            accounts,
            phones: BrowserPhones::default(),
            breaks: Vec::new(),
            ping_after: Duration::from_secs(20),
            silent_max: Duration::from_secs(45),
            hello_within: Duration::from_secs(10),
            grace: Duration::from_secs(10),
        }
    }
}

impl CloseCode {
    pub fn number(self) -> u16 {
        match self {
            CloseCode::GoingAway => 1001,
            CloseCode::TooBig => 1009,
            CloseCode::TooMany => 1013,
            CloseCode::Displaced => 4001,
            CloseCode::Unauthorized => 4003,
            CloseCode::Silent => 4008,
            CloseCode::Unacknowledged => 4009,
            CloseCode::TooFast => 4029,
        }
    }
}

impl Undeliverable {
    /// The name in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Undeliverable::NoSession => "no_session",
            Undeliverable::Disconnected => "disconnected",
            Undeliverable::Unresponsive => "unresponsive",
        }
    }
}
