//! What our endpoint does with each message of the two RFCs, from a trunk and from a stranger, over UDP and over TCP.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use throughline::base::rng::Rng;
use throughline::base::{Mono, Now, TrunkId, Wall};
use throughline::sip::api::{EndpointSetup, FlowId, LocalFlow, SessionTimes, StreamEvent, Transport, TrunkPeer};
use throughline::sip::auth::Algorithm;
use throughline::sip::endpoint::{Endpoint, EndpointOutput};
use throughline::sip::framing::{Frame, Framer};
use throughline::sip::wire::{Message, Method};

use super::{Case, cases};

/// Section of RFC 4475, name of the message, and the statuses that a trunk is answered with at once; none is silence.
const RFC_4475: [(&str, &str, &[u16]); 49] = [
    ("3.1.1.1", "wsinv", &[481]),
    ("3.1.1.2", "intmeth", &[405]),
    ("3.1.1.3", "esc01", &[100]),
    ("3.1.1.4", "escnull", &[401]),
    ("3.1.1.5", "esc02", &[405]),
    ("3.1.1.6", "lwsdisp", &[200]),
    ("3.1.1.7", "longreq", &[100]),
    ("3.1.1.8", "dblreq", &[401]),
    ("3.1.1.9", "semiuri", &[200]),
    ("3.1.1.10", "transports", &[200]),
    ("3.1.1.11", "mpart01", &[405]),
    ("3.1.1.12", "unreason", &[]),
    ("3.1.1.13", "noreason", &[]),
    ("3.1.2.1", "badinv01", &[400]),
    ("3.1.2.2", "clerr", &[400]),
    ("3.1.2.3", "ncl", &[400]),
    ("3.1.2.4", "scalar02", &[400]),
    ("3.1.2.5", "scalarlg", &[]),
    ("3.1.2.6", "quotbal", &[400]),
    ("3.1.2.7", "ltgtruri", &[400]),
    ("3.1.2.8", "lwsruri", &[400]),
    ("3.1.2.9", "lwsstart", &[400]),
    ("3.1.2.10", "trws", &[400]),
    ("3.1.2.11", "escruri", &[400]),
    ("3.1.2.12", "baddate", &[100]),
    ("3.1.2.13", "regbadct", &[400]),
    ("3.1.2.14", "badaspec", &[400]),
    ("3.1.2.15", "baddn", &[400]),
    ("3.1.2.16", "badvers", &[505]),
    ("3.1.2.17", "mismatch01", &[400]),
    ("3.1.2.18", "mismatch02", &[400]),
    ("3.1.2.19", "bigcode", &[]),
    ("3.2.1", "badbranch", &[200]),
    ("3.3.1", "insuf", &[]),
    ("3.3.2", "unkscm", &[416]),
    ("3.3.3", "novelsc", &[416]),
    ("3.3.4", "unksm2", &[401]),
    ("3.3.5", "bext01", &[420]),
    ("3.3.6", "invut", &[415]),
    ("3.3.7", "regaut01", &[401]),
    ("3.3.8", "multi01", &[400]),
    ("3.3.9", "mcl01", &[400]),
    ("3.3.10", "bcast", &[]),
    ("3.3.11", "zeromf", &[483]),
    ("3.3.12", "cparam01", &[401]),
    ("3.3.13", "cparam02", &[401]),
    ("3.3.14", "regescrt", &[401]),
    ("3.3.15", "sdp01", &[406]),
    ("3.4.1", "inv2543", &[100]),
];

/// The same of RFC 5118.
const RFC_5118: [(&str, &str, &[u16]); 12] = [
    ("4.1", "ipv6-good", &[401]),
    ("4.2", "ipv6-bad", &[400]),
    ("4.3", "port-ambiguous", &[401]),
    ("4.4", "port-unambiguous", &[401]),
    ("4.5", "via-received-param-with-delim", &[481]),
    ("4.5", "via-received-param-no-delim", &[200]),
    ("4.6", "ipv6-in-sdp", &[400]),
    ("4.7", "mult-ip-in-header", &[481]),
    ("4.8", "mult-ip-in-sdp", &[100]),
    ("4.9", "ipv4-mapped-ipv6", &[100]),
    ("4.10", "ipv6-bug-abnf-3-colons", &[200]),
    ("4.10", "ipv6-correct-abnf-2-colons", &[200]),
];

/// Over TCP each of them is followed by `NEXT`. Most come out whole (`same`), and the next behind them; here is what becomes of the
/// others: `part` is something else that is cut out, `amid` waits for more, and the rest are faults of the stream, which ends there.
const STREAMS: [(&str, &str); 8] = [
    // The second request's length is three bytes short, and so on to the next.
    ("dblreq", "part part part"),
    ("clerr", "amid"),
    ("ncl", "Length"),
    ("mcl01", "Length"),
    ("inv2543", "Length"),
    ("ipv6-in-sdp", "part part"),
    ("mult-ip-in-sdp", "part part"),
    ("ipv4-mapped-ipv6", "part part"),
];
const NEXT: &[u8] = b"OPTIONS sip:next@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/TCP 192.0.2.9;branch=z9hG4bKnext\r\nFrom: <sip:a@example.com>;tag=1\r\n\
To: <sip:next@192.0.2.1>\r\nCall-ID: next\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";

const LISTENER: FlowId = FlowId(1);
const TRUNK: ([u8; 4], u16) = ([198, 51, 100, 10], 5060);
const STRANGER: ([u8; 4], u16) = ([203, 0, 113, 99], 5060);

pub fn setup() -> EndpointSetup {
    let networks = vec![(SocketAddr::from(TRUNK).ip(), 32)];
    EndpointSetup {
        flows: [(FlowId(0), Transport::Udp), (LISTENER, Transport::Tcp)]
            .map(|(flow, transport)| LocalFlow { flow, transport, advertised: ([192, 0, 2, 1], 5060).into() })
            .into(),
        realm: "calls.example.com".into(),
        digests: vec![Algorithm::Sha256, Algorithm::Md5],
        trunks: vec![TrunkPeer { trusted: true, ..TrunkPeer::at(TrunkId::new("carrier"), networks) }],
        phones: Vec::new(),
        fixed_phones: Vec::new(),
        session_times: SessionTimes::default(),
        tcp_above: 1300,
        registration_min: Duration::from_secs(60),
        registration_max: Duration::from_secs(7200),
        return_within: Duration::from_secs(15),
        target_timeout: Duration::from_secs(2),
        t1: Duration::from_millis(500),
        t2: Duration::from_secs(4),
        t4: Duration::from_secs(5),
    }
}

/// What a fresh endpoint sends at once when this arrives, and the endpoint.
pub fn sent(message: &[u8], from: SocketAddr) -> (Vec<Bytes>, Endpoint) {
    sent_over(FlowId(0), message, from)
}

fn sent_over(flow: FlowId, message: &[u8], from: SocketAddr) -> (Vec<Bytes>, Endpoint) {
    let mut endpoint = Endpoint::new(setup(), Rng::from_number(1));
    let now = Now::new(Mono::ZERO, Wall(1_800_000_000_000));
    if flow.is_stream() {
        endpoint.handle_stream(flow, StreamEvent::Opened { peer: from, names: Vec::new(), browser: None }, now);
    }
    endpoint.handle_datagram(flow, from, Bytes::copy_from_slice(message), now);
    (transmitted(&mut endpoint), endpoint)
}

fn transmitted(endpoint: &mut Endpoint) -> Vec<Bytes> {
    let mut sent = Vec::new();
    while let Some(output) = endpoint.poll_output() {
        if let EndpointOutput::Transmit(transmit) = output {
            sent.push(transmit.bytes);
        }
    }
    sent
}

/// The status of an answer, read by hand: one to a broken message may repeat its faults.
fn status_of(answer: &Bytes) -> u16 {
    let line = answer.strip_prefix(b"SIP/2.0 ").and_then(|rest| rest.get(..3)).unwrap_or_default();
    std::str::from_utf8(line).ok().and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

fn case_of(cases: &[Case], name: &str) -> Result<Vec<u8>, String> {
    let found = cases.iter().find(|case| case.name.split_once(':').is_some_and(|(first, _)| first == name));
    found.map(|case| case.message.clone()).ok_or_else(|| format!("{name} is missing"))
}

#[test]
fn each_message_of_the_rfcs_is_here_and_gets_its_answer() {
    let cases = cases();
    let wrong = |(section, name, wanted): &(&str, &str, &[u16])| {
        let statuses = case_of(&cases, name)
            .map(|message| sent(&message, TRUNK.into()).0.iter().map(status_of).collect::<Vec<u16>>());
        (statuses.as_deref() != Ok(*wanted)).then(|| format!("{section} {name}: {statuses:?}, not {wanted:?}"))
    };
    let faults: Vec<String> = RFC_4475.iter().chain(&RFC_5118).filter_map(wrong).collect();
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

/// 401 to REGISTER, 403 or 481 to others, silence to what is broken; nothing is kept, and no answer is longer than three questions.
#[test]
fn a_stranger_gets_little_and_leaves_nothing() {
    for case in cases() {
        let (sent, endpoint) = sent(&case.message, STRANGER.into());
        let name = case.name;
        let counts = endpoint.counts();
        assert_eq!((counts.sessions, counts.transactions, counts.nonces, counts.phones), (0, 0, 0, 0), "{name}");
        let bytes: usize = sent.iter().map(Bytes::len).sum();
        assert!(bytes <= 3 * case.message.len(), "{name}: {bytes} bytes");
        let message = Message::parse(Bytes::from(case.message));
        let is_register = matches!(&message, Ok(Message::Request(request)) if *request.method() == Method::Register);
        let good: &[u16] = if is_register { &[401, 420] } else { &[403, 481] };
        let fault = sent.iter().map(status_of).find(|status| !good.contains(status));
        assert_eq!(fault, None, "{name}");
        assert!(message.is_ok() || sent.is_empty(), "{name}: a broken message of a stranger was answered");
    }
}

/// The addresses of a trunk may be forged too. Nobody acknowledges or answers anything, and all that our timers send counts.
#[test]
fn no_answer_over_udp_is_more_than_three_times_its_question() {
    for case in cases() {
        for (from, is_stranger) in [(TRUNK, false), (STRANGER, true)] {
            let (mut sent, mut endpoint) = sent(&case.message, from.into());
            let at_once = sent.len();
            while let Some((at, _)) = endpoint.poll_timeout().filter(|(at, _)| *at < QUIET) {
                endpoint.handle_timeout(Now::new(at, Wall(1_800_000_000_000)));
                sent.extend(transmitted(&mut endpoint));
            }
            let name = case.name;
            let longest = sent.iter().map(Bytes::len).max().unwrap_or(0);
            assert!(longest <= 3 * case.message.len(), "{name}: {longest} bytes for {}", case.message.len());
            assert!(!is_stranger || sent.len() == at_once, "{name}: a stranger is answered once");
            assert!(sent.len() <= ANSWERS_MAX, "{name}: {} answers", sent.len());
        }
    }
}

/// Longer than any timer of a call that nobody has answered.
const QUIET: Mono = Mono(200_000_000_000);
/// 100 and a refusal, which is sent until timer H (RFC 3261 section 17.2.1): after 0.5, 1.5, 3.5 s and then every 4 s until 32 s.
const ANSWERS_MAX: usize = 12;

/// What the framer makes of this message and the next one behind it, when they come in parts that end at these places.
fn stream_of(message: &[u8], cuts: &[usize]) -> String {
    let stream = [message, NEXT].concat();
    let (mut framer, mut out, mut at) = (Framer::default(), Vec::new(), 0);
    for cut in cuts.iter().copied().chain([stream.len()]) {
        framer.buffer().extend_from_slice(&stream[at..cut]);
        at = cut;
        loop {
            match framer.poll() {
                Ok(Some(Frame::Message(bytes))) if bytes == message => out.push("same".to_owned()),
                Ok(Some(Frame::Message(bytes))) if bytes == NEXT => out.push("next".to_owned()),
                Ok(Some(Frame::Message(_))) => out.push("part".to_owned()),
                Ok(Some(Frame::Ping)) => out.push("ping".to_owned()),
                Ok(None) => break,
                Err(broken) => {
                    out.push(format!("{:?}", broken.fault));
                    return out.join(" ");
                }
            }
        }
    }
    if framer.is_amid() {
        out.push("amid".to_owned());
    }
    out.join(" ")
}

#[test]
fn over_tcp_each_is_cut_out_wherever_the_stream_is_split() {
    let cases = cases();
    let mut faults = Vec::new();
    for (section, name, wanted) in RFC_4475.iter().chain(&RFC_5118) {
        let message = case_of(&cases, name).expect("the other test says what is missing");
        let expect = STREAMS.iter().find(|(odd, _)| odd == name).map_or("same next", |(_, expect)| expect);
        let end = message.len() + NEXT.len();
        let by_byte: Vec<usize> = (1..end).collect();
        let got = stream_of(&message, &by_byte);
        let odd = (1..end).find(|cut| stream_of(&message, &[*cut]) != got);
        if got != expect || odd.is_some() {
            faults.push(format!("{section} {name}: {got}, not {expect}; split at {odd:?} it differs"));
        }
        let statuses: Vec<u16> =
            sent_over(FlowId::stream(1, LISTENER), &message, TRUNK.into()).0.iter().map(status_of).collect();
        if expect == "same next" && statuses != *wanted {
            faults.push(format!("{section} {name}: over TCP {statuses:?}, not {wanted:?}"));
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}
