//! The JSON of what a desk says.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::base::limits::{DESK_SUMMARY_MAX, DESK_WORD_MAX};
use crate::base::{AgentId, CallId, Fence, Pii};
use crate::desktop::{
    ArticleFailed, AskedState, ClientMessage, ConsultWish, Hello, Resume, SessionId, SuperviseWish, TokenHash, WrapUp,
};

/// One message of a desk. It has no `Debug`, since it may hold a token.
#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ClientFrame {
    Hello {
        agent: String,
        token: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        resume: Option<ResumeFrame>,
    },
    SetState {
        state: StateName,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        reason: String,
    },
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
    WrapUp {
        call: String,
        outcome: String,
        #[serde(default)]
        summary: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        article_failed: Option<ArticleFrame>,
    },
    Consult {
        call: String,
        act: String,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        to: String,
    },
    Supervise {
        call: String,
        act: String,
    },
    WatchCalls {},
    Colleagues {},
    Recording {
        call: String,
        paused: bool,
    },
    PhoneToken {},
    Ping {},
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResumeFrame {
    pub session: String,
    pub last_seen: u64,
}

/// What an agent may ask to be.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StateName {
    Available,
    Break,
    Offline,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArticleFrame {
    pub article: String,
    pub why: String,
}

/// Reads one text frame; the error says what to mend and repeats nothing personal.
pub fn read(text: &str) -> Result<ClientMessage, String> {
    let frame: ClientFrame = serde_json::from_str(text).map_err(|fault| json_fault(&fault))?;
    message(frame)
}

/// The category and the place only: the library's own text may quote a value.
fn json_fault(fault: &serde_json::Error) -> String {
    let what = match fault.classify() {
        serde_json::error::Category::Data => "a type, field or value is not one of this protocol",
        serde_json::error::Category::Eof => "the JSON ends too early",
        serde_json::error::Category::Syntax | serde_json::error::Category::Io => "this is not JSON",
    };
    format!("{what}, near character {}", fault.column())
}

fn message(frame: ClientFrame) -> Result<ClientMessage, String> {
    Ok(match frame {
        ClientFrame::Hello { agent, token, resume } => ClientMessage::Hello(hello(&agent, &token, resume)?),
        ClientFrame::SetState { state, reason } => ClientMessage::SetState(asked(state, reason)?),
        ClientFrame::Ack { seq } => ClientMessage::Ack { seq },
        ClientFrame::PopDrawn { call, fence } => ClientMessage::PopDrawn { call: call_id(&call)?, fence: Fence(fence) },
        ClientFrame::Decline { call } => ClientMessage::Decline { call: call_id(&call)? },
        ClientFrame::NotReached { call } => ClientMessage::NotReached { call: call_id(&call)? },
        ClientFrame::WrapUp { call, outcome, summary, article_failed } => {
            ClientMessage::WrapUp(wrap_up(&call, outcome, summary, article_failed)?)
        }
        ClientFrame::Consult { call, act, to } => {
            ClientMessage::Consult { call: call_id(&call)?, wish: consult_wish(&act, to)? }
        }
        ClientFrame::Supervise { call, act } => {
            let wish = SuperviseWish::parse(&act).ok_or("act: listen, whisper, barge, take_over or leave")?;
            ClientMessage::Supervise { call: call_id(&call)?, wish }
        }
        ClientFrame::WatchCalls {} => ClientMessage::WatchCalls,
        ClientFrame::Colleagues {} => ClientMessage::Colleagues,
        ClientFrame::Recording { call, paused } => ClientMessage::Recording { call: call_id(&call)?, paused },
        ClientFrame::PhoneToken {} => ClientMessage::PhoneToken,
        ClientFrame::Ping {} => ClientMessage::Ping,
    })
}

fn hello(agent: &str, token: &str, resume: Option<ResumeFrame>) -> Result<Hello, String> {
    within("agent", agent, DESK_WORD_MAX)?;
    let resume = resume.map(|resume| {
        let session = u128::from_str_radix(&resume.session, 16).map_err(|_| "session: not the id of a welcome")?;
        Ok::<_, String>(Resume { session: SessionId(session), last_seen: resume.last_seen })
    });
    Ok(Hello { agent: AgentId::new(agent), token: token_hash(token), resume: resume.transpose()? })
}

/// The form in which a token is configured and compared.
pub fn token_hash(token: &str) -> TokenHash {
    TokenHash(Sha256::digest(token.as_bytes()).into())
}

fn asked(state: StateName, reason: String) -> Result<AskedState, String> {
    within("reason", &reason, DESK_WORD_MAX)?;
    Ok(match state {
        StateName::Available => AskedState::Available,
        StateName::Break => AskedState::Break { reason },
        StateName::Offline => AskedState::Offline,
    })
}

fn wrap_up(
    call: &str,
    outcome: String,
    summary: String,
    article_failed: Option<ArticleFrame>,
) -> Result<WrapUp, String> {
    within("outcome", &outcome, DESK_WORD_MAX)?;
    within("summary", &summary, DESK_SUMMARY_MAX)?;
    let article_failed = article_failed.map(|failed| {
        within("article_failed.article", &failed.article, DESK_WORD_MAX)?;
        within("article_failed.why", &failed.why, DESK_SUMMARY_MAX)?;
        Ok::<_, String>(ArticleFailed { article: failed.article, why: Pii::new(failed.why) })
    });
    let (call, article_failed) = (call_id(call)?, article_failed.transpose()?);
    Ok(WrapUp { call, outcome, summary: Pii::new(summary), article_failed })
}

fn consult_wish(act: &str, to: String) -> Result<ConsultWish, String> {
    within("to", &to, DESK_WORD_MAX)?;
    Ok(match act {
        "ask" if to.is_empty() => return Err("to: an agent's name or a number".to_owned()),
        "ask" => ConsultWish::Ask { to },
        "swap" => ConsultWish::Swap,
        "join" => ConsultWish::Join,
        "complete" => ConsultWish::Complete,
        "cancel" => ConsultWish::Cancel,
        _ => return Err("act: ask, swap, join, complete or cancel".to_owned()),
    })
}

fn call_id(text: &str) -> Result<CallId, String> {
    text.parse().map_err(|fault| format!("call: {fault}"))
}

fn within(name: &str, text: &str, most: usize) -> Result<(), String> {
    if text.len() > most {
        return Err(format!("{name}: longer than {most} bytes"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_message_reads() {
        let call = CallId(7);
        let samples = [
            (r#"{"type":"set_state","state":"available"}"#.to_owned(), ClientMessage::SetState(AskedState::Available)),
            (
                r#"{"type":"set_state","state":"break","reason":"tea"}"#.to_owned(),
                ClientMessage::SetState(AskedState::Break { reason: "tea".to_owned() }),
            ),
            (r#"{"type":"ack","seq":12}"#.to_owned(), ClientMessage::Ack { seq: 12 }),
            (
                format!(r#"{{"type":"pop_drawn","call":"{call}","fence":3}}"#),
                ClientMessage::PopDrawn { call, fence: Fence(3) },
            ),
            (format!(r#"{{"type":"decline","call":"{call}"}}"#), ClientMessage::Decline { call }),
            (
                format!(r#"{{"type":"recording","call":"{call}","paused":true}}"#),
                ClientMessage::Recording { call, paused: true },
            ),
            (
                format!(r#"{{"type":"supervise","call":"{call}","act":"take_over"}}"#),
                ClientMessage::Supervise { call, wish: SuperviseWish::TakeOver },
            ),
            (
                format!(r#"{{"type":"consult","call":"{call}","act":"ask","to":"ben"}}"#),
                ClientMessage::Consult { call, wish: ConsultWish::Ask { to: "ben".to_owned() } },
            ),
            (r#"{"type":"watch_calls"}"#.to_owned(), ClientMessage::WatchCalls),
            (r#"{"type":"colleagues"}"#.to_owned(), ClientMessage::Colleagues),
            (format!(r#"{{"type":"not_reached","call":"{call}"}}"#), ClientMessage::NotReached { call }),
            (r#"{"type":"ping"}"#.to_owned(), ClientMessage::Ping),
            (r#"{"type":"phone_token"}"#.to_owned(), ClientMessage::PhoneToken),
        ];
        for (text, expected) in samples {
            assert_eq!(read(&text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn a_hello_carries_the_hash_of_the_token() {
        let text = r#"{"type":"hello","agent":"anna","token":"abc","resume":{"session":"00ff","last_seen":4}}"#;
        let Ok(ClientMessage::Hello(hello)) = read(text) else { panic!("a hello") };
        assert_eq!(hello.token.0[..4], [0xba, 0x78, 0x16, 0xbf], "SHA-256 of abc, FIPS 180-2 appendix B.1");
        assert_eq!(hello.resume, Some(Resume { session: SessionId(255), last_seen: 4 }));
    }

    #[test]
    fn a_wrap_up_carries_what_failed() {
        let text = format!(
            r#"{{"type":"wrap_up","call":"{}","outcome":"solved","summary":"new one sent",
                "article_failed":{{"article":"kb-1","why":"wrong model"}}}}"#,
            CallId(7)
        );
        let Ok(ClientMessage::WrapUp(wrap_up)) = read(&text) else { panic!("a wrap-up") };
        assert_eq!((wrap_up.outcome.as_str(), wrap_up.summary.expose().as_str()), ("solved", "new one sent"));
        assert_eq!(wrap_up.article_failed.map(|failed| failed.article).as_deref(), Some("kb-1"));
    }

    #[test]
    fn nonsense_is_refused_and_not_repeated() {
        let long = format!(r#"{{"type":"set_state","state":"break","reason":"{}"}}"#, "x".repeat(DESK_WORD_MAX + 1));
        let samples = [
            "",
            "[]",
            "{",
            r#"{"type":"secret-value"}"#,
            r#"{"type":"ack"}"#,
            r#"{"type":"ack","seq":"secret-value"}"#,
            r#"{"type":"ack","seq":1,"more":1}"#,
            r#"{"type":"decline","call":"secret-value"}"#,
            r#"{"type":"hello","agent":"a","token":"t","resume":{"session":"secret-value","last_seen":0}}"#,
            &long,
        ];
        for text in samples {
            let why = read(text).expect_err(text);
            assert!(!why.contains("secret-value"), "{why}");
        }
    }
}
