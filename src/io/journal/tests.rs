//! Every input comes back from the file as it went in.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use bytes::Bytes;

use super::*;
use crate::base::{AgentId, CallId, E164, Fence, IntentId, LegId, Mono, Pii, PoolId, TierId, Wall};
use crate::calls::api::AskId;
use crate::calls::pages::PageInput;
use crate::calls::settings::WebRtcPlan;
use crate::desktop::*;
use crate::engine::question::{Question, QuestionId};
use crate::engine::{ConfigSource, Output, SourceFile};
use crate::intents::requests::{Candidate, FoundBy, StoreError, StoreReply};
use crate::intents::*;
use crate::media::{FailCause, LegStats, LostCause, MediaEvent};
use crate::sdp::Fingerprint;
use crate::sip::api::{Browser, FlowId, StreamEvent, Transmit};
use crate::sip::resolve::{Failed, Found, QuestionNumber, Record};

fn intent() -> Intent {
    Intent {
        id: IntentId(7),
        customer: Customer {
            id: "c-1".into(),
            name: Pii::new("Ann Example".into()),
            email: Pii::new("ann@example.com".into()),
            phones: vec![E164::parse("+12015550123", None).unwrap()],
            tier: Some(TierId::new("gold")),
            past: Past { open_cases: Some(2), last_contact: Some(Wall(7)) },
        },
        subject: None,
        reason: Reason { category: "delivery".into(), sub_category: None },
        articles: vec![],
        words: Pii::new("Where is it?".into()),
        language: "en".into(),
        urgency: Urgency::Normal,
        value: None,
        attributes: BTreeMap::new(),
        created: Wall(1),
        expires: Wall(900_001),
        number: Some(LeasedNumber {
            number: E164::parse("+12015550199", None).unwrap(),
            shared: false,
            pool: PoolId::new("main"),
            quarantine: Duration::from_secs(600),
            pin: None,
        }),
        state: IntentState::Open,
        preferred_agent: None,
        callback: None,
        recording_consent: false,
        version: 1,
    }
}

fn store() -> Vec<Input> {
    let boxed = || Box::new(intent());
    let found_by = FoundBy { leased_number: true, caller_id: false, token: true, pin: true };
    let candidate = Candidate { intent: intent(), found_by, last_agent: Some(AgentId::new("bo")) };
    let replies = [
        StoreReply::Seeded { numbers: 3 },
        StoreReply::Registered(boxed()),
        StoreReply::Replayed(boxed()),
        StoreReply::KeyReused,
        StoreReply::Full,
        StoreReply::Got(boxed()),
        StoreReply::Amended(boxed()),
        StoreReply::Withdrawn,
        StoreReply::Found { candidates: vec![candidate] },
        StoreReply::Claimed(boxed()),
        StoreReply::Taken { by: CallId::new(5, 6) },
        StoreReply::Finished,
        StoreReply::Gone,
        StoreReply::Pong,
    ];
    let errors = [StoreError::Unavailable, StoreError::Timeout, StoreError::Overloaded, StoreError::Corrupt];
    let results = replies.into_iter().map(Ok).chain(errors.into_iter().map(Err));
    results.enumerate().map(|(nth, result)| Input::Store { ask: AskId(nth as u64), result }).collect()
}

fn media() -> Vec<Input> {
    let leg = LegId(u64::MAX);
    let causes = [FailCause::PortInUse, FailCause::Socket, FailCause::Overload, FailCause::Duplicate];
    let stats =
        LegStats { received: 1, sent_octets: 4, peer_lost_256ths: 200, peer_jitter_us: 11, ..LegStats::default() };
    let failed = causes.into_iter().map(|cause| MediaEvent::Failed { leg, cause });
    let others = [
        MediaEvent::Latched { leg },
        MediaEvent::Lost { leg, cause: LostCause::Consent },
        MediaEvent::Dtmf { leg, digit: '#', duration_ms: 90 },
        MediaEvent::Silent { leg, lasted: Duration::from_nanos(1_000_000_001) },
        MediaEvent::Closed { leg, stats },
    ];
    failed.chain(others).map(Input::Media).collect()
}

fn desktop() -> Vec<Input> {
    let conn = ConnId(3);
    let call = CallId::new(5, 6);
    let resume = Resume { session: SessionId(u128::MAX - 5), last_seen: 9 };
    let failed = ArticleFailed { article: "a-1".into(), why: Pii::new("too long".into()) };
    let wrap_up = WrapUp {
        call,
        outcome: "solved".into(),
        summary: Pii::new("sent another\none".into()),
        article_failed: Some(failed),
    };
    let messages = [
        ClientMessage::Hello(Hello { agent: AgentId::new("ann"), token: TokenHash([7; 32]), resume: Some(resume) }),
        ClientMessage::Hello(Hello { agent: AgentId::new("ann"), token: TokenHash([8; 32]), resume: None }),
        ClientMessage::SetState(AskedState::Available),
        ClientMessage::SetState(AskedState::Break { reason: "tea".into() }),
        ClientMessage::SetState(AskedState::Offline),
        ClientMessage::Ack { seq: 4 },
        ClientMessage::PopDrawn { call, fence: Fence(2) },
        ClientMessage::Decline { call },
        ClientMessage::NotReached { call },
        ClientMessage::WrapUp(wrap_up),
        ClientMessage::Ping,
        ClientMessage::PhoneToken,
    ];
    let others = [
        DesktopInput::Opened { conn },
        DesktopInput::BadMessage { conn, why: "no type".into() },
        DesktopInput::Alive { conn },
        DesktopInput::Closed { conn },
    ];
    let messages = messages.into_iter().map(|message| DesktopInput::Message { conn, message });
    messages.chain(others).map(Input::Desktop).collect()
}

fn names() -> Vec<Input> {
    let records = vec![
        Record::Naptr {
            order: 1,
            preference: 2,
            flags: "s".into(),
            service: "SIP+D2U".into(),
            replacement: "_sip._udp.example.com".into(),
        },
        Record::Srv { priority: 1, weight: 2, port: 5060, target: "a.example.com".into() },
        Record::Address("2001:db8::1".parse().unwrap()),
    ];
    let found = Found { records, life: Duration::from_millis(3_600_001) };
    [Ok(found), Err(Failed)].map(|result| Input::Resolved { number: QuestionNumber(8), result }).to_vec()
}

fn questions() -> Vec<Input> {
    let questions = [
        Question::Calls { limit: 5 },
        Question::Call { call: CallId::new(1, 2) },
        Question::Agents,
        Question::Queues,
        Question::Trunks,
        Question::Phases,
        Question::Confirm { intent: IntentId(7) },
        Question::InCall { intent: IntentId(7) },
        Question::CallBack { intent: Box::new(intent()) },
        Question::TakeBack { intent: IntentId(5) },
        Question::Health,
    ];
    questions.into_iter().map(|question| Input::Ask { id: QuestionId(1), question }).collect()
}

fn streams() -> Vec<Input> {
    let peer = "[2001:db8::1]:5061".parse().unwrap();
    let names = vec!["sbc.example.com".to_owned()];
    let opened = |browser| StreamEvent::Opened { peer, names: Vec::new(), browser };
    let events = [
        StreamEvent::Opened { peer, names, browser: None },
        opened(Some(Browser::Caller { intent: IntentId(7) })),
        opened(Some(Browser::Agent { agent: AgentId::new("ann") })),
        StreamEvent::Closed,
        StreamEvent::Unreachable { peer },
    ];
    let flow = FlowId::stream(u64::MAX >> 16, FlowId(1));
    events.into_iter().map(|event| Input::Stream { flow, event }).collect()
}

fn all() -> Vec<Input> {
    let from = "192.0.2.1:5060".parse().unwrap();
    let datagram = Input::Datagram { flow: FlowId(1), from, bytes: Bytes::from_static(b"\xff\0SIP\r\n") };
    [vec![datagram, Input::Leave], pages(), names(), streams(), store(), media(), desktop(), questions()]
        .into_iter()
        .flatten()
        .collect()
}

fn pages() -> Vec<Input> {
    let intent = IntentId(7);
    vec![Input::Page(PageInput::Opened { intent }), Input::Page(PageInput::Closed { intent })]
}

/// As text in which personal values stand.
fn plain(input: &Input) -> String {
    serde_json::to_string(&InputRecord::from(input)).unwrap()
}

fn header() -> JournalHeader {
    let webrtc = WebRtcPlan { ports: vec![29_999, 29_998], fingerprint: Fingerprint([0xcd; 32]) };
    let small = SourceFile::new(b"example.com,gold\n".as_slice().into());
    let files = [("domains.csv".to_owned(), small)].into();
    let config = ConfigSource { text: "a = \"b\"\n".into(), folder: String::new(), files };
    JournalHeader { seed: [0xab; 32], boot: 77, config, webrtc }
}

struct TemporaryFile(std::path::PathBuf);

impl TemporaryFile {
    fn new(name: &str) -> TemporaryFile {
        TemporaryFile(std::env::temp_dir().join(format!("throughline-{name}-{}.journal", std::process::id())))
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn what_is_written_is_read_back() {
    let file = TemporaryFile::new("all");
    let mut journal = Journal::create(&file.0, &header()).unwrap();
    let mut expected = Vec::new();
    for (input, nth) in all().iter().zip(1..) {
        let now = Now::new(Mono(nth), Wall(nth * 2));
        journal.input(input, now);
        expected.push((format!("{input:?}"), plain(input), now));
    }
    journal.timeout(Now::new(Mono(1), Wall(2)));
    let output = Output::Transmit(Transmit {
        flow: FlowId(0),
        to: "192.0.2.9:5060".parse().unwrap(),
        domain: None,
        bytes: Bytes::from_static(b"x"),
    });
    journal.outputs(&output);
    journal.flush();
    journal.flush();
    let (read, mut entries) = read_journal(&file.0).unwrap();
    assert!(read == header());
    for (debug, plain_text, now) in expected {
        let Some(Ok(Entry::Input(input, at))) = entries.next() else { panic!("an input was expected") };
        assert_eq!((format!("{input:?}"), plain(&input), at), (debug, plain_text, now));
    }
    assert!(matches!(entries.next(), Some(Ok(Entry::Timeout(_)))));
    let mut digest = OutputDigest::default();
    digest.add(&output);
    let proof = entries.next().unwrap().unwrap();
    assert!(matches!(proof, Entry::Proof { digest: value, outputs: 1 } if value == digest.value()), "{proof:?}");
    assert!(entries.next().is_none(), "nothing new to prove at the second flush");
}

#[test]
fn only_its_owner_may_read_it() {
    let file = TemporaryFile::new("mode");
    std::fs::write(&file.0, "was here before, readable by all").unwrap();
    Journal::create(&file.0, &header()).unwrap().flush();
    assert_eq!(std::fs::metadata(&file.0).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn it_stops_at_its_limit_and_can_be_read_up_to_there() {
    let file = TemporaryFile::new("limit");
    let mut journal = Journal::create(&file.0, &header()).unwrap();
    journal.most = 1_000;
    for nth in 0..1_000 {
        journal.timeout(Now::new(Mono(nth), Wall(nth)));
    }
    journal.flush();
    let (_, entries) = read_journal(&file.0).unwrap();
    let count = entries.inspect(|entry| assert!(entry.is_ok())).count();
    assert!((10..100).contains(&count), "{count}");
    assert!(std::fs::metadata(&file.0).unwrap().len() < 1_100);
}

#[test]
fn a_line_that_was_cut_ends_it_and_nonsense_is_told() {
    let file = TemporaryFile::new("cut");
    let mut journal = Journal::create(&file.0, &header()).unwrap();
    journal.timeout(Now::default());
    journal.flush();
    let whole = std::fs::read_to_string(&file.0).unwrap();
    std::fs::write(&file.0, format!("{whole}{{\"m\":1,\"w\":")).unwrap();
    assert_eq!(read_journal(&file.0).unwrap().1.count(), 1);
    std::fs::write(&file.0, format!("{whole}{{\"x\":1}}\n{whole}")).unwrap();
    let second = read_journal(&file.0).unwrap().1.nth(1);
    assert!(matches!(second, Some(Err(JournalError::BadLine { line: 3, part: "whole" }))));
    std::fs::write(&file.0, "hello").unwrap();
    assert!(matches!(read_journal(&file.0), Err(JournalError::NoHeader)));
}

#[test]
fn a_file_too_large_for_the_journal_must_be_what_it_was() {
    let (file, large) = (TemporaryFile::new("large"), TemporaryFile::new("large-list"));
    let bytes = vec![b'x'; crate::base::limits::JOURNAL_FILE_MAX + 1];
    std::fs::write(&large.0, &bytes).unwrap();
    let name = large.0.display().to_string();
    let files = [(name.clone(), SourceFile::new(bytes.into()))].into();
    let header = JournalHeader { config: ConfigSource { files, ..header().config }, ..header() };
    Journal::create(&file.0, &header).unwrap().flush();
    assert!(std::fs::metadata(&file.0).unwrap().len() < 2_000);
    assert!(read_journal(&file.0).unwrap().0 == header);
    std::fs::write(&large.0, "otherwise").unwrap();
    let error = read_journal(&file.0).err().map(|error| error.to_string()).unwrap_or_default();
    assert!(error.contains(&name) && error.contains("not what it was"), "{error}");
}
