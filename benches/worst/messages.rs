//! The messages that cost most, by kind and length, and an endpoint to feed them to.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use throughline::base::rng::Rng;
use throughline::base::{AgentId, Mono, Now, TrunkId, Wall};
use throughline::sdp::Session;
use throughline::sip::api::{
    EndpointSetup, FlowId, LocalFlow, PhoneAccount, SessionTimes, SipEvent, Transport, TrunkPeer,
};
use throughline::sip::auth::Algorithm;
use throughline::sip::endpoint::{Endpoint, EndpointOutput};
use throughline::sip::framing::Framer;

/// One way to be slow.
pub struct Kind {
    pub name: &'static str,
    /// A message of about so many bytes.
    pub make: fn(usize) -> Vec<u8>,
}

pub const KINDS: [Kind; 19] = [
    Kind { name: "thousands of header fields", make: |bytes| with("INVITE", "", "A: b\r\n", "", bytes) },
    Kind {
        name: "thousands of Vias",
        make: |bytes| with("INVITE", "", "Via: SIP/2.0/UDP a;branch=z9hG4bK1\r\n", "", bytes),
    },
    Kind {
        name: "a list of Vias",
        make: |bytes| with("INVITE", "Via: SIP/2.0/UDP a", ",SIP/2.0/UDP a;branch=z9hG4bK1", "\r\n", bytes),
    },
    Kind { name: "a list of Routes", make: |bytes| with("INVITE", "Route: <sip:a>", ",<sip:a;lr>", "\r\n", bytes) },
    Kind {
        name: "a list of Record-Routes",
        make: |bytes| with("INVITE", "Record-Route: <sip:a>", ",<sip:a;lr>", "\r\n", bytes),
    },
    Kind {
        name: "a list of Contacts",
        make: |bytes| with("INVITE", "Contact: <sip:a@b>", ",<sip:a@b>", "\r\n", bytes),
    },
    Kind { name: "commas", make: |bytes| with("INVITE", "Contact: <sip:a@b>", ",", "\r\n", bytes) },
    Kind { name: "folds", make: |bytes| with("INVITE", "Subject: a", "\r\n b", "\r\n", bytes) },
    Kind { name: "empty folds", make: |bytes| with("INVITE", "Contact:", "\r\n ", "<sip:a@b>\r\n", bytes) },
    Kind { name: "escapes in quotes", make: |bytes| with("INVITE", "Contact: \"", "\\\"", "\" <sip:a@b>\r\n", bytes) },
    Kind { name: "parameters", make: |bytes| with("INVITE", "Contact: <sip:a@b>", ";c=d", "\r\n", bytes) },
    Kind { name: "required extensions", make: |bytes| with("INVITE", "Require: a", ",b", "\r\n", bytes) },
    Kind {
        name: "digest parameters",
        make: |bytes| with("REGISTER", "Authorization: Digest a=b", ",nc=\"00000001\"", "\r\n", bytes),
    },
    Kind { name: "good digests, each wrong", make: digests },
    Kind { name: "lines of a description", make: |bytes| description(bytes, "a=rtpmap:0 PCMU/8000\r\n") },
    Kind { name: "candidates", make: |bytes| description(bytes, CANDIDATE) },
    // Nearly as many parts as may be, and long.
    Kind {
        name: "long Vias",
        make: |bytes| with("INVITE", "Via: SIP/2.0/UDP a", &long(",SIP/2.0/UDP "), "\r\n", bytes),
    },
    Kind { name: "long Contacts", make: |bytes| with("INVITE", "Contact: <sip:a@b>", &long(",sip:a@"), "\r\n", bytes) },
    Kind { name: "long parameters", make: |bytes| with("INVITE", "Contact: <sip:a@b>", &long(";"), "\r\n", bytes) },
];

/// One part of a list, that begins so.
fn long(begin: &str) -> String {
    format!("{begin}{}", "x".repeat(60 - begin.len()))
}

/// `repeated` until the message is `bytes` long.
fn with(method: &str, before: &str, repeated: &str, behind: &str, bytes: usize) -> Vec<u8> {
    let times = bytes.saturating_sub(400) / repeated.len();
    format!(
        "{method} sip:+15550100@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.10;branch=z9hG4bK1\r\n\
         From: <sip:+15550123@example.com>;tag=1\r\nTo: <sip:+15550100@example.com>\r\nCall-ID: 1\r\nCSeq: 1 {method}\r\n\
         {before}{}{behind}Content-Length: 0\r\n\r\n",
        repeated.repeat(times)
    )
    .into_bytes()
}

const CANDIDATE: &str = "a=candidate:1467250027 1 udp 2122260223 192.0.2.77 46243 typ host generation 0\r\n";

/// As many as the limits on fields and parts allow, with a nonce of ours, so that each is reckoned.
fn digests(bytes: usize) -> Vec<u8> {
    let mut endpoint = endpoint();
    let question = with("REGISTER", "", "x", "", 0);
    endpoint.handle_datagram(FlowId(0), STRANGER.into(), question.into(), Now::new(Mono::ZERO, NOW));
    let mut answers = std::iter::from_fn(|| endpoint.poll_output()).filter_map(|output| match output {
        EndpointOutput::Transmit(transmit) => Some(String::from_utf8_lossy(&transmit.bytes).into_owned()),
        EndpointOutput::Event(_) | EndpointOutput::Resolve(..) => None,
    });
    let answer = answers.next().unwrap_or_default();
    let nonce = answer.split("nonce=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
    let digest = format!(
        "Authorization: Digest username=\"desk7\",realm=\"{REALM}\",nonce=\"{nonce}\",uri=\"sip:{}\",response=\"{}\"\r\n",
        "x".repeat(100),
        "0".repeat(32)
    );
    with("REGISTER", "", &digest, "", bytes.min(digest.len() * 200))
}

/// A way to be slow over a connection.
pub struct StreamKind {
    pub name: &'static str,
    /// So many bytes of it.
    pub make: fn(usize) -> Vec<u8>,
    /// How much comes at a time.
    pub piece: usize,
}

pub const STREAMS: [StreamKind; 4] = [
    StreamKind { name: "a message byte by byte", make: |bytes| description(bytes, "a=ptime:20\r\n"), piece: 1 },
    StreamKind { name: "a head of one line, byte by byte", make: |bytes| vec![b'a'; bytes.min(30_000)], piece: 1 },
    StreamKind { name: "the smallest messages", make: |bytes| SMALLEST.repeat(bytes / SMALLEST.len()), piece: 1460 },
    StreamKind { name: "pings", make: |bytes| b"\r\n\r\n".repeat(bytes / 4), piece: 1460 },
];

const SMALLEST: &[u8] = b"A a SIP/2.0\r\nl:0\r\n\r\n";

/// How many frames it holds.
pub fn frames(stream: &[u8], piece: usize) -> usize {
    let (mut framer, mut count) = (Framer::default(), 0);
    for piece in stream.chunks(piece) {
        framer.buffer().extend_from_slice(piece);
        while let Ok(Some(_)) = framer.poll() {
            count += 1;
        }
    }
    count
}

fn description(bytes: usize, line: &str) -> Vec<u8> {
    let body = format!(
        "v=0\r\no=- 1 1 IN IP4 198.51.100.10\r\ns=-\r\nc=IN IP4 198.51.100.10\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n{}",
        line.repeat(bytes.saturating_sub(600) / line.len())
    );
    let message = with("INVITE", "Contact: <sip:a@198.51.100.10>\r\nContent-Type: application/sdp\r\n", "x", "", 0);
    let text = String::from_utf8_lossy(&message).into_owned();
    text.replace("Content-Length: 0\r\n\r\n", &format!("Content-Length: {}\r\n\r\n{body}", body.len())).into_bytes()
}

const TRUNK: ([u8; 4], u16) = ([198, 51, 100, 10], 5060);
const STRANGER: ([u8; 4], u16) = ([203, 0, 113, 99], 5060);

const REALM: &str = "calls.example.com";
const NOW: Wall = Wall(1_800_000_000_000);

/// With one trunk and one phone.
pub fn endpoint() -> Endpoint {
    let networks = vec![(SocketAddr::from(TRUNK).ip(), 32)];
    let setup = EndpointSetup {
        flows: vec![LocalFlow {
            flow: FlowId(0),
            transport: Transport::Udp,
            advertised: ([192, 0, 2, 1], 5060).into(),
        }],
        realm: REALM.into(),
        digests: vec![Algorithm::Sha256, Algorithm::Md5],
        trunks: vec![TrunkPeer { trusted: true, ..TrunkPeer::at(TrunkId::new("carrier"), networks) }],
        phones: vec![PhoneAccount {
            agent: AgentId::new("ann"),
            user: "desk7".into(),
            ha1_md5: Algorithm::Md5.hash(&["desk7", REALM, "secret"]),
            ha1_sha256: Algorithm::Sha256.hash(&["desk7", REALM, "secret"]),
        }],
        fixed_phones: Vec::new(),
        registration_min: Duration::from_secs(60),
        registration_max: Duration::from_secs(7200),
        session_times: SessionTimes::default(),
        tcp_above: 1300,
        return_within: Duration::from_secs(15),
        target_timeout: Duration::from_secs(2),
        t1: Duration::from_millis(500),
        t2: Duration::from_secs(4),
        t4: Duration::from_secs(5),
    };
    Endpoint::new(setup, Rng::from_number(1))
}

/// Hands the message in, from the trunk or a stranger, and reads the description of a call that comes of it, as the calls do;
/// how many bytes were sent.
pub fn feed(endpoint: &mut Endpoint, message: Bytes, known: bool) -> usize {
    let from = if known { TRUNK } else { STRANGER };
    endpoint.handle_datagram(FlowId(0), from.into(), message, Now::new(Mono::ZERO, NOW));
    let mut sent = 0;
    while let Some(output) = endpoint.poll_output() {
        match output {
            EndpointOutput::Transmit(transmit) => sent += transmit.bytes.len(),
            EndpointOutput::Event(SipEvent::Incoming { call, .. }) => drop(Session::parse(&call.offer)),
            _ => {}
        }
    }
    sent
}
