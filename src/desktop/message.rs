//! What a desk and the server say to each other, as values; `io::desktop` gives them their JSON.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::base::{AgentId, CallId, Fence, Pii, QueueId, SkillId};

use super::pass::PassText;
use super::pop::ShownPop;

/// One login of an agent, which may outlive several connections; 128 random bits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u128);

/// The SHA-256 of a desk's token. The token itself does not come past the shell, so that no journal holds it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TokenHash(pub [u8; 32]);

/// From the desk to the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientMessage {
    Hello(Hello),
    SetState(AskedState),
    /// Everything up to `seq` has arrived.
    Ack {
        seq: u64,
    },
    /// The pop of this offer is drawn on the screen; the phone may ring.
    PopDrawn {
        call: CallId,
        fence: Fence,
    },
    /// The agent does not take the offer.
    Decline {
        call: CallId,
    },
    /// The customer who is called back is not there: a machine has answered, or somebody else. The call ends, and is tried again.
    NotReached {
        call: CallId,
    },
    WrapUp(WrapUp),
    /// The agent asks somebody while the caller waits, or goes on with that.
    Consult {
        call: CallId,
        wish: ConsultWish,
    },
    /// A supervisor wants to be with a call of their queues, or to leave it.
    Supervise {
        call: CallId,
        wish: SuperviseWish,
    },
    /// A supervisor wants to see the calls of their queues.
    WatchCalls,
    /// Who else is at a desk, and what they are: for whoever wants to ask somebody, or to pass a call on.
    Colleagues,
    /// The recording of the agent's call pauses, or goes on.
    Recording {
        call: CallId,
        paused: bool,
    },
    /// Another pass for the agent's phone in the browser: the one of the welcome opens a websocket for a few minutes only.
    PhoneToken,
    Ping,
}

/// The first message of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    pub agent: AgentId,
    pub token: TokenHash,
    pub resume: Option<Resume>,
}

/// A connection was lost: this session goes on after `last_seen`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resume {
    pub session: SessionId,
    pub last_seen: u64,
}

/// What an agent may ask to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AskedState {
    Available,
    Break { reason: String },
    Offline,
}

/// What an agent is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AgentState {
    Offline,
    Available,
    Offered,
    OnCall,
    WrapUp {
        /// From its beginning; after it calls may come.
        longest: Duration,
    },
    Break {
        reason: String,
    },
}

/// Where a call stands, as its agent sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CallPhase {
    /// The agent's phone rings.
    Ringing,
    Talking,
    Held,
    Ended,
}

/// What an agent wants who asks somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConsultWish {
    /// An agent by name, or a number.
    Ask {
        to: String,
    },
    /// To speak with the one who waits.
    Swap,
    /// All three are to hear each other.
    Join,
    /// The caller is theirs.
    Complete,
    Cancel,
}

/// How the asking of somebody stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConsultState {
    Ringing,
    /// The caller waits.
    Consulting,
    /// Whoever is asked waits.
    WithCaller,
    Joined,
    Over,
}

/// What a supervisor may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SuperviseWish {
    Listen,
    Whisper,
    Barge,
    TakeOver,
    Leave,
}

/// How a supervisor is with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SuperviseState {
    /// Their phone rings.
    Ringing,
    Listening,
    Whispering,
    Barging,
    Over,
}

/// A conversation, as a supervisor sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchedCall {
    pub call: CallId,
    pub agent: AgentId,
    pub queue: QueueId,
    pub talked: Duration,
    /// The supervisor who is with it.
    pub by: Option<AgentId>,
}

/// Somebody else at a desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Colleague {
    pub agent: AgentId,
    pub state: AgentState,
}

/// Whether a call is being recorded, as its agent sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecordingState {
    On,
    Paused,
    /// Not any more.
    Off,
}

/// What an agent writes after a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrapUp {
    pub call: CallId,
    /// One word of the company's own list, such as `solved`.
    pub outcome: String,
    pub summary: Pii<String>,
    pub article_failed: Option<ArticleFailed>,
}

/// Which article did not help, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArticleFailed {
    pub article: String,
    pub why: Pii<String>,
}

/// How an agent's phone in the browser registers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrowserPhone {
    pub pass: PassText,
    /// How long the pass opens a websocket.
    pub lasts: Duration,
    /// The address of record: its user part and its domain.
    pub user: String,
    pub realm: String,
}

/// A skill and how well, 1 to 10.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkillLevel {
    pub skill: SkillId,
    pub level: u8,
}

/// From the server to the desk. Those that say what happened are numbered and sent again until acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerMessage {
    /// The login is good. `resumed`: the session goes on, what was not acknowledged follows.
    Welcome {
        agent: AgentId,
        session: SessionId,
        resumed: bool,
        skills: Vec<SkillLevel>,
        state: AgentState,
        /// The queues whose calls this agent may hear.
        supervises: Vec<QueueId>,
        /// There when this agent may speak in the browser.
        phone: Option<Box<BrowserPhone>>,
        /// What a break may be for; empty for anything.
        breaks: Vec<String>,
    },
    /// The answer to `PhoneToken`.
    Phone(Box<BrowserPhone>),
    Pop(Arc<ShownPop>),
    /// More is known of the call whose pop is on the desk: this takes its place.
    PopUpdated(Arc<ShownPop>),
    PopWithdrawn {
        call: CallId,
        why: String,
    },
    CallState {
        call: CallId,
        phase: CallPhase,
    },
    StateChanged {
        state: AgentState,
        why: String,
    },
    /// How the asking of somebody stands; `why` is there when it is not as the agent wished.
    Consultation {
        call: CallId,
        to: String,
        state: ConsultState,
        why: String,
    },
    /// How this supervisor is with a call; `why` is there when it is not as they wished.
    Supervision {
        call: CallId,
        state: SuperviseState,
        why: String,
    },
    /// The answer to `WatchCalls`.
    Calls(Vec<WatchedCall>),
    /// The answer to `Colleagues`.
    Colleagues(Vec<Colleague>),
    /// Whether the call is being recorded.
    Recording {
        call: CallId,
        state: RecordingState,
    },
    WrapUpDue {
        call: CallId,
    },
    /// The wrap-up of this call has arrived; the desk may forget it.
    WrapUpTaken {
        call: CallId,
    },
    Error {
        code: ErrorCode,
        text: String,
        remedy: String,
    },
    /// The same agent has logged in elsewhere; the connection closes, do not reconnect.
    Displaced,
    Pong,
}

/// What was wrong with a desk's message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ErrorCode {
    /// Agent or token do not fit.
    Unauthorized,
    /// Something came before the hello, or a second hello.
    Order,
    /// Not a message of this protocol.
    Unreadable,
    /// The call is not this agent's, or not any more.
    NoSuchCall,
    /// The agent supervises nobody.
    NoSupervisor,
    /// The agent's phone is elsewhere than in the browser.
    NoBrowserPhone,
    /// A break for something that is not on the list.
    NoSuchBreak,
}

impl ServerMessage {
    /// Numbered messages wait for their acknowledgement and are sent again after a reconnect.
    pub fn is_numbered(&self) -> bool {
        match self {
            ServerMessage::Pop(_)
            | ServerMessage::PopUpdated(_)
            | ServerMessage::PopWithdrawn { .. }
            | ServerMessage::CallState { .. }
            | ServerMessage::StateChanged { .. }
            | ServerMessage::Consultation { .. }
            | ServerMessage::Supervision { .. }
            | ServerMessage::Recording { .. }
            | ServerMessage::WrapUpDue { .. }
            | ServerMessage::WrapUpTaken { .. } => true,
            ServerMessage::Welcome { .. }
            | ServerMessage::Phone(_)
            | ServerMessage::Calls(_)
            | ServerMessage::Colleagues(_)
            | ServerMessage::Error { .. }
            | ServerMessage::Displaced
            | ServerMessage::Pong => false,
        }
    }
}

impl ErrorCode {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            ErrorCode::Unauthorized => "unauthorized",
            ErrorCode::Order => "order",
            ErrorCode::Unreadable => "unreadable",
            ErrorCode::NoSuchCall => "no_such_call",
            ErrorCode::NoSupervisor => "no_supervisor",
            ErrorCode::NoBrowserPhone => "no_browser_phone",
            ErrorCode::NoSuchBreak => "no_such_break",
        }
    }
}

impl CallPhase {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            CallPhase::Ringing => "ringing",
            CallPhase::Talking => "talking",
            CallPhase::Held => "held",
            CallPhase::Ended => "ended",
        }
    }
}

impl SuperviseWish {
    pub const ALL: [SuperviseWish; 5] = [
        SuperviseWish::Listen,
        SuperviseWish::Whisper,
        SuperviseWish::Barge,
        SuperviseWish::TakeOver,
        SuperviseWish::Leave,
    ];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            SuperviseWish::Listen => "listen",
            SuperviseWish::Whisper => "whisper",
            SuperviseWish::Barge => "barge",
            SuperviseWish::TakeOver => "take_over",
            SuperviseWish::Leave => "leave",
        }
    }

    pub fn parse(text: &str) -> Option<SuperviseWish> {
        SuperviseWish::ALL.into_iter().find(|wish| wish.as_str() == text)
    }
}

impl ConsultState {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            ConsultState::Ringing => "ringing",
            ConsultState::Consulting => "consulting",
            ConsultState::WithCaller => "with_caller",
            ConsultState::Joined => "joined",
            ConsultState::Over => "over",
        }
    }
}

impl SuperviseState {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            SuperviseState::Ringing => "ringing",
            SuperviseState::Listening => "listening",
            SuperviseState::Whispering => "whispering",
            SuperviseState::Barging => "barging",
            SuperviseState::Over => "over",
        }
    }
}

impl RecordingState {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            RecordingState::On => "on",
            RecordingState::Paused => "paused",
            RecordingState::Off => "off",
        }
    }
}

impl AgentState {
    /// The name on the wire and in metrics.
    pub fn as_str(&self) -> &'static str {
        match self {
            AgentState::Offline => "offline",
            AgentState::Available => "available",
            AgentState::Offered => "offered",
            AgentState::OnCall => "on_call",
            AgentState::WrapUp { .. } => "wrap_up",
            AgentState::Break { .. } => "break",
        }
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<session>")
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<token hash>")
    }
}
