//! The lines of a journal as they stand in the file.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::base::hex::to_hex;
use crate::base::{AgentId, IntentId, Mono, Now, Wall};
use crate::calls::api::AskId;
use crate::calls::pages::PageInput;
use crate::calls::settings::WebRtcPlan;
use crate::engine::digest::OutputDigest;
use crate::engine::question::QuestionId;
use crate::engine::{Input, Notice};
use crate::sdp::Fingerprint;
use crate::sip::api::{Browser, FlowId, StreamEvent};
use crate::sip::resolve::QuestionNumber;

use super::desktop::DesktopRecord;
use super::media::MediaRecord;
use super::names::NamesRecord;
use super::question::QuestionRecord;
use super::source::SourceRecord;
use super::store::ResultRecord;
use super::{JournalError, JournalHeader};

/// The version that is written and read.
pub(super) const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HeaderRecord {
    pub journal: u32,
    pub seed: String,
    pub boot_s: u32,
    pub config: String,
    /// Absent in journals of before there were such.
    #[serde(default, skip_serializing_if = "SourceRecord::is_empty")]
    pub files: SourceRecord,
    /// Absent in journals of before browsers were received.
    #[serde(default)]
    pub webrtc_ports: Vec<u16>,
    #[serde(default)]
    pub fingerprint: Option<String>,
}

/// What every header has had and will have.
#[derive(Deserialize)]
pub(super) struct VersionRecord {
    pub journal: u32,
}

/// One input, or one proof: the digest of all outputs up to here.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum LineRecord {
    Input {
        m: u64,
        w: u64,
        #[serde(rename = "in")]
        input: InputRecord,
    },
    Proof {
        digest: String,
        outputs: u64,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum InputRecord {
    Timeout,
    Leave,
    Resolved { number: u64, result: NamesRecord },
    Datagram { flow: u64, from: String, bytes: String },
    Stream { flow: u64, event: StreamRecord },
    Store { ask: u64, result: ResultRecord },
    Media(MediaRecord),
    Desktop(DesktopRecord),
    PageOpened { intent: String },
    PageClosed { intent: String },
    Ask { id: u64, question: QuestionRecord },
    Notice(String),
    Configured(SourceRecord),
}

/// What became of a connection.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum StreamRecord {
    Opened {
        peer: String,
        names: Vec<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        browser: Option<BrowserRecord>,
    },
    Closed,
    Unreachable {
        peer: String,
    },
}

/// Whose token a websocket was opened with.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum BrowserRecord {
    Caller { intent: String },
    Agent { agent: String },
}

/// The line is not what a line of its kind must be; names the part, never its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadPart(pub &'static str);

impl From<&JournalHeader> for HeaderRecord {
    fn from(header: &JournalHeader) -> HeaderRecord {
        HeaderRecord {
            journal: VERSION,
            seed: to_hex(&header.seed),
            boot_s: header.boot,
            config: header.config.text.to_string(),
            files: SourceRecord::files_of(&header.config),
            webrtc_ports: header.webrtc.ports.clone(),
            fingerprint: Some(to_hex(&header.webrtc.fingerprint.0)),
        }
    }
}

impl HeaderRecord {
    pub fn read(self) -> Result<JournalHeader, JournalError> {
        let config = self.files.with_text(self.config).read()?;
        let bad = |part| JournalError::BadLine { line: 1, part };
        let seed = bytes_of_hex(&self.seed).ok_or(bad("seed"))?;
        let fingerprint = self.fingerprint.map_or(Some([0; 32]), |text| bytes_of_hex(&text));
        let fingerprint = Fingerprint(fingerprint.ok_or(bad("fingerprint"))?);
        let webrtc = WebRtcPlan { ports: self.webrtc_ports, fingerprint };
        Ok(JournalHeader { seed, boot: self.boot_s, config, webrtc })
    }
}

/// Exactly `N` bytes in hexadecimal.
pub(super) fn bytes_of_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    if text.len() != 2 * N || !text.is_ascii() {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

impl LineRecord {
    pub fn input(input: InputRecord, now: Now) -> LineRecord {
        LineRecord::Input { m: now.mono.0, w: now.wall.0, input }
    }

    pub fn proof(digest: &OutputDigest) -> LineRecord {
        LineRecord::Proof { digest: format!("{:016x}", digest.value()), outputs: digest.outputs() }
    }
}

pub(super) fn now(m: u64, w: u64) -> Now {
    Now::new(Mono(m), Wall(w))
}

impl From<&Input> for InputRecord {
    fn from(input: &Input) -> InputRecord {
        match input {
            Input::Datagram { flow, from, bytes } => {
                InputRecord::Datagram { flow: flow.0, from: from.to_string(), bytes: STANDARD_NO_PAD.encode(bytes) }
            }
            Input::Stream { flow, event } => InputRecord::Stream { flow: flow.0, event: StreamRecord::from(event) },
            Input::Store { ask, result } => InputRecord::Store { ask: ask.0, result: ResultRecord::from(result) },
            Input::Resolved { number, result } => {
                InputRecord::Resolved { number: number.0, result: NamesRecord::from(result) }
            }
            Input::Leave => InputRecord::Leave,
            Input::Media(event) => InputRecord::Media(MediaRecord::from(event)),
            Input::Desktop(input) => InputRecord::Desktop(DesktopRecord::from(input)),
            Input::Page(PageInput::Opened { intent }) => InputRecord::PageOpened { intent: intent.to_string() },
            Input::Page(PageInput::Closed { intent }) => InputRecord::PageClosed { intent: intent.to_string() },
            Input::Ask { id, question } => InputRecord::Ask { id: id.0, question: QuestionRecord::from(question) },
            Input::Notice(notice) => InputRecord::Notice(notice.as_str().to_owned()),
            Input::Configured(configured) => InputRecord::Configured(SourceRecord::of(&configured.source)),
        }
    }
}

impl From<&StreamEvent> for StreamRecord {
    fn from(event: &StreamEvent) -> StreamRecord {
        match event {
            StreamEvent::Opened { peer, names, browser } => StreamRecord::Opened {
                peer: peer.to_string(),
                names: names.clone(),
                browser: browser.as_ref().map(BrowserRecord::from),
            },
            StreamEvent::Closed => StreamRecord::Closed,
            StreamEvent::Unreachable { peer } => StreamRecord::Unreachable { peer: peer.to_string() },
        }
    }
}

impl StreamRecord {
    fn read(self) -> Result<StreamEvent, BadPart> {
        let address = |text: String| text.parse().map_err(|_| BadPart("peer"));
        Ok(match self {
            StreamRecord::Opened { peer, names, browser } => StreamEvent::Opened {
                peer: address(peer)?,
                names,
                browser: browser.map(BrowserRecord::read).transpose()?,
            },
            StreamRecord::Closed => StreamEvent::Closed,
            StreamRecord::Unreachable { peer } => StreamEvent::Unreachable { peer: address(peer)? },
        })
    }
}

impl From<&Browser> for BrowserRecord {
    fn from(browser: &Browser) -> BrowserRecord {
        match browser {
            Browser::Caller { intent } => BrowserRecord::Caller { intent: intent.to_string() },
            Browser::Agent { agent } => BrowserRecord::Agent { agent: agent.to_string() },
        }
    }
}

impl BrowserRecord {
    fn read(self) -> Result<Browser, BadPart> {
        Ok(match self {
            BrowserRecord::Caller { intent } => Browser::Caller { intent: intent_of(&intent)? },
            BrowserRecord::Agent { agent } => Browser::Agent { agent: AgentId::new(&agent) },
        })
    }
}

fn intent_of(text: &str) -> Result<IntentId, BadPart> {
    text.parse().map_err(|_| BadPart("intent"))
}

impl InputRecord {
    /// `None` for a timeout.
    pub fn read(self) -> Result<Option<Input>, BadPart> {
        Ok(Some(match self {
            InputRecord::Timeout => return Ok(None),
            InputRecord::Datagram { flow, from, bytes } => Input::Datagram {
                flow: FlowId(flow),
                from: from.parse().map_err(|_| BadPart("from"))?,
                bytes: Bytes::from(STANDARD_NO_PAD.decode(bytes).map_err(|_| BadPart("bytes"))?),
            },
            InputRecord::Stream { flow, event } => Input::Stream { flow: FlowId(flow), event: event.read()? },
            InputRecord::Store { ask, result } => Input::Store { ask: AskId(ask), result: result.read()? },
            InputRecord::Resolved { number, result } => {
                Input::Resolved { number: QuestionNumber(number), result: result.read()? }
            }
            InputRecord::Leave => Input::Leave,
            InputRecord::Media(event) => Input::Media(event.read()?),
            InputRecord::Desktop(input) => Input::Desktop(input.read()?),
            InputRecord::PageOpened { intent: id } => Input::Page(PageInput::Opened { intent: intent(&id)? }),
            InputRecord::PageClosed { intent: id } => Input::Page(PageInput::Closed { intent: intent(&id)? }),
            InputRecord::Ask { id, question } => Input::Ask { id: QuestionId(id), question: question.read()? },
            InputRecord::Notice(word) => Input::Notice(notice(&word)?),
            // An entry of its own: what it means, the configuration's reader says.
            InputRecord::Configured(_) => return Err(BadPart("configured")),
        }))
    }
}

fn intent(text: &str) -> Result<IntentId, BadPart> {
    text.parse().map_err(|_| BadPart("intent"))
}

fn notice(word: &str) -> Result<Notice, BadPart> {
    Notice::ALL.into_iter().find(|notice| notice.as_str() == word).ok_or(BadPart("notice"))
}
