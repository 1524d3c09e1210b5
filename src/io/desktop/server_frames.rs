//! The JSON of what a desk is told.

use serde::{Deserialize, Serialize};

use super::pop_text::PopText;
use crate::desktop::{AgentState, BrowserPhone, Colleague, ServerMessage, SkillLevel, WatchedCall};

/// One message to a desk, with its number when it is to be acknowledged. `P` is a pop as it is read, or as it is written.
#[derive(Clone, Serialize, Deserialize)]
pub struct ServerFrame<P = PopFrame> {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    #[serde(flatten)]
    pub body: ServerBody<P>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerBody<P = PopFrame> {
    Welcome {
        agent: String,
        session: String,
        resumed: bool,
        skills: Vec<SkillFrame>,
        #[serde(flatten)]
        state: StateFrame,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        supervises: Vec<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        phone: Option<PhoneFrame>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        breaks: Vec<String>,
    },
    Phone(PhoneFrame),
    Pop(Box<P>),
    PopUpdated(Box<P>),
    PopWithdrawn {
        call: String,
        why: String,
    },
    CallState {
        call: String,
        phase: String,
    },
    StateChanged {
        #[serde(flatten)]
        state: StateFrame,
        why: String,
    },
    Consultation {
        call: String,
        to: String,
        state: String,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        why: String,
    },
    Supervision {
        call: String,
        state: String,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        why: String,
    },
    Calls {
        calls: Vec<WatchedFrame>,
    },
    Colleagues {
        colleagues: Vec<ColleagueFrame>,
    },
    Recording {
        call: String,
        state: String,
    },
    WrapUpDue {
        call: String,
    },
    WrapUpTaken {
        call: String,
    },
    Error {
        code: String,
        text: String,
        remedy: String,
    },
    Displaced {},
    Pong {},
}

/// A conversation of the queues that the agent supervises.
#[derive(Clone, Serialize, Deserialize)]
pub struct WatchedFrame {
    pub call: String,
    pub agent: String,
    pub queue: String,
    pub talked_ms: u64,
    /// The supervisor who is with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

#[derive(Clone, Serialize, Deserialize)]
pub struct SkillFrame {
    pub skill: String,
    pub level: u8,
}

/// How the agent's phone in the browser registers: over the websocket at `path` with `?token=`.
#[derive(Clone, Serialize, Deserialize)]
pub struct PhoneFrame {
    pub path: String,
    pub token: String,
    pub user: String,
    pub domain: String,
    pub uri: String,
    /// How long the token opens a websocket.
    pub expires_s: u64,
}

#[derive(Clone, Serialize, Deserialize)]
pub struct ColleagueFrame {
    pub agent: String,
    #[serde(flatten)]
    pub state: StateFrame,
}

#[derive(Clone, Serialize, Deserialize)]
pub struct StateFrame {
    pub state: String,
    /// Of a break.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Of a wrap-up: how long no call comes, from its beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within_s: Option<u64>,
}

#[derive(Clone, Serialize, Deserialize)]
pub struct PopFrame {
    pub call: String,
    pub fence: u64,
    pub level: String,
    pub why: Vec<String>,
    pub rivals: u8,
    pub fields: Vec<FieldFrame>,
    pub queue: String,
    pub waited_ms: u64,
    pub next_step: String,
}

/// Either `value`, or `locked` with the level it needs and the question that unlocks it.
#[derive(Clone, Serialize, Deserialize)]
pub struct FieldFrame {
    pub key: String,
    pub label: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub locked: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needs: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unlock: Option<String>,
}

/// Writes one text frame.
pub fn write(seq: Option<u64>, message: ServerMessage) -> String {
    let body = body(message);
    let is_pop = matches!(body, ServerBody::Pop(_) | ServerBody::PopUpdated(_));
    let mut text = Vec::with_capacity(if is_pop { POP_USUAL } else { OTHERS_USUAL });
    // Strings, numbers and lists of them: this cannot fail.
    let written = serde_json::to_writer(&mut text, &ServerFrame { seq, body });
    written.ok().and_then(|()| String::from_utf8(text).ok()).unwrap_or_default()
}

/// Octets of a pop with some ten fields, and of all else.
const POP_USUAL: usize = 2048;
const OTHERS_USUAL: usize = 128;

/// Where SIP over websocket is.
const SIP_PATH: &str = "/sip";

fn phone_frame(phone: BrowserPhone) -> PhoneFrame {
    let BrowserPhone { pass, lasts, user, realm } = phone;
    PhoneFrame {
        path: SIP_PATH.to_owned(),
        token: pass.as_str().to_owned(),
        uri: format!("sip:{user}@{realm}"),
        user,
        domain: realm,
        expires_s: lasts.as_secs(),
    }
}

fn body(message: ServerMessage) -> ServerBody<PopText> {
    match message {
        ServerMessage::Welcome { agent, session, resumed, skills, state, supervises, phone, breaks } => {
            ServerBody::Welcome {
                agent: agent.to_string(),
                session: session.to_string(),
                resumed,
                skills: skills.iter().map(skill).collect(),
                state: state_frame(state),
                supervises: supervises.iter().map(ToString::to_string).collect(),
                phone: phone.map(|phone| phone_frame(*phone)),
                breaks,
            }
        }
        ServerMessage::Phone(phone) => ServerBody::Phone(phone_frame(*phone)),
        ServerMessage::Pop(pop) => ServerBody::Pop(Box::new(PopText(pop))),
        ServerMessage::PopUpdated(pop) => ServerBody::PopUpdated(Box::new(PopText(pop))),
        ServerMessage::PopWithdrawn { call, why } => ServerBody::PopWithdrawn { call: call.to_string(), why },
        ServerMessage::CallState { call, phase } => {
            ServerBody::CallState { call: call.to_string(), phase: phase.as_str().to_owned() }
        }
        ServerMessage::StateChanged { state, why } => ServerBody::StateChanged { state: state_frame(state), why },
        ServerMessage::Consultation { call, to, state, why } => {
            ServerBody::Consultation { call: call.to_string(), to, state: state.as_str().to_owned(), why }
        }
        ServerMessage::Supervision { call, state, why } => {
            ServerBody::Supervision { call: call.to_string(), state: state.as_str().to_owned(), why }
        }
        ServerMessage::Calls(calls) => ServerBody::Calls { calls: calls.into_iter().map(watched).collect() },
        ServerMessage::Colleagues(all) => {
            ServerBody::Colleagues { colleagues: all.into_iter().map(colleague).collect() }
        }
        ServerMessage::Recording { call, state } => {
            ServerBody::Recording { call: call.to_string(), state: state.as_str().to_owned() }
        }
        ServerMessage::WrapUpDue { call } => ServerBody::WrapUpDue { call: call.to_string() },
        ServerMessage::WrapUpTaken { call } => ServerBody::WrapUpTaken { call: call.to_string() },
        ServerMessage::Error { code, text, remedy } => {
            ServerBody::Error { code: code.as_str().to_owned(), text, remedy }
        }
        ServerMessage::Displaced => ServerBody::Displaced {},
        ServerMessage::Pong => ServerBody::Pong {},
    }
}

fn watched(call: WatchedCall) -> WatchedFrame {
    WatchedFrame {
        call: call.call.to_string(),
        agent: call.agent.to_string(),
        queue: call.queue.to_string(),
        talked_ms: u64::try_from(call.talked.as_millis()).unwrap_or(u64::MAX),
        by: call.by.map(|by| by.to_string()),
    }
}

fn colleague(Colleague { agent, state }: Colleague) -> ColleagueFrame {
    ColleagueFrame { agent: agent.to_string(), state: state_frame(state) }
}

fn skill(skill: &SkillLevel) -> SkillFrame {
    SkillFrame { skill: skill.skill.to_string(), level: skill.level }
}

fn state_frame(state: AgentState) -> StateFrame {
    let name = state.as_str().to_owned();
    match state {
        AgentState::Break { reason } => StateFrame { state: name, reason: Some(reason), within_s: None },
        AgentState::WrapUp { longest } => StateFrame { state: name, reason: None, within_s: Some(longest.as_secs()) },
        AgentState::Offline | AgentState::Available | AgentState::Offered | AgentState::OnCall => {
            StateFrame { state: name, reason: None, within_s: None }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::base::{AgentId, CallId, Fence, Level, Pii, QueueId, SkillId, Wall};
    use crate::desktop::pass::{Pass, PassKeys};
    use crate::desktop::{CallPhase, ErrorCode, Field, Pop, SessionId};

    fn pop() -> Pop {
        let field = |key: &str, label: &str, value: &str, lowest, unlock: &str| Field {
            key: key.to_owned().into(),
            label: label.to_owned().into(),
            value: Pii::new(value.to_owned()),
            lowest,
            unlock: unlock.to_owned().into(),
        };
        Pop {
            call: CallId(7),
            fence: Fence(3),
            level: Level::Likely,
            why: vec!["the caller ID fits".into()],
            rivals: 1,
            fields: vec![
                field("reason", "Reason", "return", Level::Unmatched, ""),
                field("order", "Order", "A-1001", Level::Strong, "Which article did you order?"),
            ],
            queue: QueueId::new("returns"),
            waited: Duration::from_millis(1500),
            next_step: "offer the label".into(),
        }
    }

    #[test]
    fn a_pop_is_written_without_its_locked_values() {
        let text = write(Some(12), ServerMessage::Pop(Arc::new(pop().shown())));
        assert!(!text.contains("A-1001"));
        let call = CallId(7);
        let expected = format!(
            concat!(
                r#"{{"seq":12,"type":"pop","call":"{call}","fence":3,"level":"V1","why":["the caller ID fits"],"#,
                r#""rivals":1,"fields":[{{"key":"reason","label":"Reason","value":"return"}},"#,
                r#"{{"key":"order","label":"Order","locked":true,"needs":"V2","unlock":"Which article did you order?"}}],"#,
                r#""queue":"returns","waited_ms":1500,"next_step":"offer the label"}}"#
            ),
            call = call
        );
        assert_eq!(text, expected);
    }

    #[test]
    fn the_other_messages_have_their_form() {
        let call = CallId(7);
        let tea = AgentState::Break { reason: "tea".to_owned() };
        let skills = vec![SkillLevel { skill: SkillId::new("returns"), level: 8 }];
        let (agent, session) = (AgentId::new("anna"), SessionId(255));
        let samples = [
            (
                ServerMessage::Welcome {
                    agent,
                    session,
                    resumed: true,
                    skills,
                    state: AgentState::Available,
                    supervises: vec![QueueId::new("returns")],
                    phone: None,
                    breaks: vec!["lunch".to_owned()],
                },
                r#"{"type":"welcome","agent":"anna","session":"000000000000000000000000000000ff","resumed":true,"skills":[{"skill":"returns","level":8}],"state":"available","supervises":["returns"],"breaks":["lunch"]}"#,
            ),
            (
                ServerMessage::StateChanged { state: tea, why: "asked".to_owned() },
                r#"{"type":"state_changed","state":"break","reason":"tea","why":"asked"}"#,
            ),
            (
                ServerMessage::StateChanged {
                    state: AgentState::WrapUp { longest: Duration::from_secs(60) },
                    why: String::new(),
                },
                r#"{"type":"state_changed","state":"wrap_up","within_s":60,"why":""}"#,
            ),
            (
                ServerMessage::Colleagues(vec![Colleague {
                    agent: AgentId::new("ben"),
                    state: AgentState::Break { reason: "lunch".to_owned() },
                }]),
                r#"{"type":"colleagues","colleagues":[{"agent":"ben","state":"break","reason":"lunch"}]}"#,
            ),
            (
                ServerMessage::CallState { call, phase: CallPhase::Ringing },
                r#"{"type":"call_state","call":"call_0000000000007","phase":"ringing"}"#,
            ),
            (
                ServerMessage::Error { code: ErrorCode::Order, text: "a".to_owned(), remedy: "b".to_owned() },
                r#"{"type":"error","code":"order","text":"a","remedy":"b"}"#,
            ),
            (ServerMessage::Displaced, r#"{"type":"displaced"}"#),
            (ServerMessage::Pong, r#"{"type":"pong"}"#),
        ];
        for (message, expected) in samples {
            assert_eq!(write(None, message), expected);
        }
    }

    #[test]
    fn the_phone_in_the_browser_is_told_how_to_register() {
        let pass = Pass { agent: AgentId::new("anna"), session: SessionId(255), expires: Wall(1_900_000_000_000) };
        let pass = PassKeys::new(vec![(1, vec![7; 32])]).sign(&pass).expect("a key");
        let lasts = Duration::from_secs(300);
        let (user, realm, token) = ("anna".to_owned(), "voice.example.com".to_owned(), pass.as_str().to_owned());
        let phone = Box::new(BrowserPhone { pass, lasts, user, realm });
        let parts = format!(
            r#""path":"/sip","token":"{token}","user":"anna","domain":"voice.example.com","uri":"sip:anna@voice.example.com","expires_s":300"#
        );
        assert_eq!(write(None, ServerMessage::Phone(phone.clone())), format!(r#"{{"type":"phone",{parts}}}"#));
        let (agent, session) = (AgentId::new("anna"), SessionId(255));
        let (skills, state) = (Vec::new(), AgentState::Offline);
        let welcome = ServerMessage::Welcome {
            agent,
            session,
            resumed: false,
            skills,
            state,
            supervises: Vec::new(),
            phone: Some(phone),
            breaks: Vec::new(),
        };
        assert!(write(None, welcome).contains(&format!(r#""phone":{{{parts}}}"#)));
    }

    #[test]
    fn a_desk_written_in_rust_reads_them_back() {
        let text = write(Some(12), ServerMessage::Pop(Arc::new(pop().shown())));
        let frame: ServerFrame = serde_json::from_str(&text).expect("readable");
        let ServerBody::Pop(read) = frame.body else { panic!("a pop") };
        assert_eq!((frame.seq, read.fields.len(), read.waited_ms), (Some(12), 2, 1500));
    }
}
