//! What the desks send, in the journal. Tokens are there as hashes only.

use serde::{Deserialize, Serialize};

use crate::base::hex::to_hex;
use crate::base::{AgentId, CallId, Fence, Pii};
use crate::desktop::{
    ArticleFailed, AskedState, ClientMessage, ConnId, ConsultWish, DesktopInput, Hello, Resume, SessionId,
    SuperviseWish, TokenHash, WrapUp,
};

use super::line::{BadPart, bytes_of_hex};

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum DesktopRecord {
    Opened { conn: u64 },
    Message { conn: u64, message: MessageRecord },
    BadMessage { conn: u64, why: String },
    Alive { conn: u64 },
    Closed { conn: u64 },
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum MessageRecord {
    /// `resume`: the session and the last number that was seen.
    Hello {
        agent: String,
        token_hash: String,
        resume: Option<(String, u64)>,
    },
    Available,
    Break {
        reason: String,
    },
    Offline,
    Ack {
        seq: u64,
    },
    PopDrawn {
        call: String,
        fence: u64,
    },
    Decline {
        call: String,
    },
    NotReached {
        call: String,
    },
    /// `failed`: the article and why.
    WrapUp {
        call: String,
        outcome: String,
        summary: String,
        failed: Option<(String, String)>,
    },
    /// `to`: of the one who is asked.
    Consult {
        call: String,
        act: String,
        to: Option<String>,
    },
    Supervise {
        call: String,
        wish: String,
    },
    WatchCalls,
    Colleagues,
    Recording {
        call: String,
        paused: bool,
    },
    PhoneToken,
    Ping,
}

impl From<&DesktopInput> for DesktopRecord {
    fn from(input: &DesktopInput) -> DesktopRecord {
        match input {
            DesktopInput::Opened { conn } => DesktopRecord::Opened { conn: conn.0 },
            DesktopInput::Message { conn, message } => {
                DesktopRecord::Message { conn: conn.0, message: MessageRecord::from(message) }
            }
            DesktopInput::BadMessage { conn, why } => DesktopRecord::BadMessage { conn: conn.0, why: why.clone() },
            DesktopInput::Alive { conn } => DesktopRecord::Alive { conn: conn.0 },
            DesktopInput::Closed { conn } => DesktopRecord::Closed { conn: conn.0 },
        }
    }
}

impl DesktopRecord {
    pub fn read(self) -> Result<DesktopInput, BadPart> {
        Ok(match self {
            DesktopRecord::Opened { conn } => DesktopInput::Opened { conn: ConnId(conn) },
            DesktopRecord::Message { conn, message } => {
                DesktopInput::Message { conn: ConnId(conn), message: message.read()? }
            }
            DesktopRecord::BadMessage { conn, why } => DesktopInput::BadMessage { conn: ConnId(conn), why },
            DesktopRecord::Alive { conn } => DesktopInput::Alive { conn: ConnId(conn) },
            DesktopRecord::Closed { conn } => DesktopInput::Closed { conn: ConnId(conn) },
        })
    }
}

impl From<&ClientMessage> for MessageRecord {
    fn from(message: &ClientMessage) -> MessageRecord {
        match message {
            ClientMessage::Hello(hello) => MessageRecord::Hello {
                agent: hello.agent.as_str().to_owned(),
                token_hash: to_hex(&hello.token.0),
                resume: hello.resume.map(|resume| (resume.session.to_string(), resume.last_seen)),
            },
            ClientMessage::SetState(AskedState::Available) => MessageRecord::Available,
            ClientMessage::SetState(AskedState::Break { reason }) => MessageRecord::Break { reason: reason.clone() },
            ClientMessage::SetState(AskedState::Offline) => MessageRecord::Offline,
            ClientMessage::Ack { seq } => MessageRecord::Ack { seq: *seq },
            ClientMessage::PopDrawn { call, fence } => {
                MessageRecord::PopDrawn { call: call.to_string(), fence: fence.0 }
            }
            ClientMessage::Decline { call } => MessageRecord::Decline { call: call.to_string() },
            ClientMessage::NotReached { call } => MessageRecord::NotReached { call: call.to_string() },
            ClientMessage::WrapUp(wrap_up) => MessageRecord::from(wrap_up),
            ClientMessage::Consult { call, wish } => consult(*call, wish),
            ClientMessage::Supervise { call, wish } => {
                MessageRecord::Supervise { call: call.to_string(), wish: wish.as_str().to_owned() }
            }
            ClientMessage::WatchCalls => MessageRecord::WatchCalls,
            ClientMessage::Colleagues => MessageRecord::Colleagues,
            ClientMessage::Recording { call, paused } => {
                MessageRecord::Recording { call: call.to_string(), paused: *paused }
            }
            ClientMessage::PhoneToken => MessageRecord::PhoneToken,
            ClientMessage::Ping => MessageRecord::Ping,
        }
    }
}

impl From<&WrapUp> for MessageRecord {
    fn from(wrap_up: &WrapUp) -> MessageRecord {
        let failed = wrap_up.article_failed.as_ref();
        MessageRecord::WrapUp {
            call: wrap_up.call.to_string(),
            outcome: wrap_up.outcome.clone(),
            summary: wrap_up.summary.expose().clone(),
            failed: failed.map(|failed| (failed.article.clone(), failed.why.expose().clone())),
        }
    }
}

impl MessageRecord {
    fn read(self) -> Result<ClientMessage, BadPart> {
        Ok(match self {
            MessageRecord::Hello { agent, token_hash, resume } => ClientMessage::Hello(Hello {
                agent: AgentId::new(&agent),
                token: TokenHash(bytes_of_hex(&token_hash).ok_or(BadPart("token_hash"))?),
                resume: resume.map(read_resume).transpose()?,
            }),
            MessageRecord::Available => ClientMessage::SetState(AskedState::Available),
            MessageRecord::Break { reason } => ClientMessage::SetState(AskedState::Break { reason }),
            MessageRecord::Offline => ClientMessage::SetState(AskedState::Offline),
            MessageRecord::Ack { seq } => ClientMessage::Ack { seq },
            MessageRecord::PopDrawn { call, fence } => {
                ClientMessage::PopDrawn { call: read_call(&call)?, fence: Fence(fence) }
            }
            MessageRecord::Decline { call } => ClientMessage::Decline { call: read_call(&call)? },
            MessageRecord::NotReached { call } => ClientMessage::NotReached { call: read_call(&call)? },
            MessageRecord::WrapUp { call, outcome, summary, failed } => {
                let why = |(article, why)| ArticleFailed { article, why: Pii::new(why) };
                ClientMessage::WrapUp(WrapUp {
                    call: read_call(&call)?,
                    outcome,
                    summary: Pii::new(summary),
                    article_failed: failed.map(why),
                })
            }
            MessageRecord::Consult { call, act, to } => {
                ClientMessage::Consult { call: read_call(&call)?, wish: consult_wish(&act, to)? }
            }
            MessageRecord::Supervise { call, wish } => ClientMessage::Supervise {
                call: read_call(&call)?,
                wish: SuperviseWish::parse(&wish).ok_or(BadPart("wish"))?,
            },
            MessageRecord::WatchCalls => ClientMessage::WatchCalls,
            MessageRecord::Colleagues => ClientMessage::Colleagues,
            MessageRecord::Recording { call, paused } => ClientMessage::Recording { call: read_call(&call)?, paused },
            MessageRecord::PhoneToken => ClientMessage::PhoneToken,
            MessageRecord::Ping => ClientMessage::Ping,
        })
    }
}

fn consult(call: CallId, wish: &ConsultWish) -> MessageRecord {
    let (act, to) = match wish {
        ConsultWish::Ask { to } => ("ask", Some(to.clone())),
        ConsultWish::Swap => ("swap", None),
        ConsultWish::Join => ("join", None),
        ConsultWish::Complete => ("complete", None),
        ConsultWish::Cancel => ("cancel", None),
    };
    MessageRecord::Consult { call: call.to_string(), act: act.to_owned(), to }
}

fn consult_wish(act: &str, to: Option<String>) -> Result<ConsultWish, BadPart> {
    Ok(match (act, to) {
        ("ask", Some(to)) => ConsultWish::Ask { to },
        ("swap", None) => ConsultWish::Swap,
        ("join", None) => ConsultWish::Join,
        ("complete", None) => ConsultWish::Complete,
        ("cancel", None) => ConsultWish::Cancel,
        _ => return Err(BadPart("consult")),
    })
}

fn read_call(text: &str) -> Result<CallId, BadPart> {
    text.parse().map_err(|_| BadPart("call"))
}

fn read_resume((session, last_seen): (String, u64)) -> Result<Resume, BadPart> {
    let session = bytes_of_hex::<16>(&session).map(u128::from_be_bytes).ok_or(BadPart("session"))?;
    Ok(Resume { session: SessionId(session), last_seen })
}
