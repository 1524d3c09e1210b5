//! A carrier and phones that answer at once: which messages they send.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use bytes::Bytes;
use throughline::base::{AgentId, E164};
use throughline::desktop::{ClientMessage, Hello, TokenHash};

pub const SERVER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, 0, 1)), 5060);
pub const CARRIER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2)), 5060);
pub const PHONES: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, 0, 3)), 5060);

/// What a message makes a peer do.
pub enum Reaction {
    Send {
        from: SocketAddr,
        bytes: Bytes,
    },
    /// The caller has been answered.
    Answered,
    /// The caller's BYE has been answered.
    Ended,
}

const SOUND: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.9\r\ns=-\r\nc=IN IP4 127.0.0.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0 101\r\n\
    a=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n";

pub fn token(agent: u64) -> [u8; 32] {
    let mut hash = [0x5a; 32];
    hash[..8].copy_from_slice(&agent.to_be_bytes());
    hash
}

pub fn hello(agent: u64) -> ClientMessage {
    let name = AgentId::new(&format!("agent{agent}"));
    ClientMessage::Hello(Hello { agent: name, token: TokenHash(token(agent)), resume: None })
}

/// The numbers of the pool.
pub fn numbers(count: usize) -> Vec<E164> {
    let text = |nth: usize| format!("+1{}55501{:02}", 201 + nth / 100, nth % 100);
    (0..count).map(|nth| E164::parse(&text(nth), None).expect("a number for fiction")).collect()
}

pub fn invite(nth: usize, called: &str, caller: &str) -> Bytes {
    let head = format!(
        "INVITE sip:{called}@{SERVER} SIP/2.0\r\nVia: SIP/2.0/UDP {CARRIER};branch=z9hG4bKi{nth};rport\r\n\
         Max-Forwards: 70\r\nFrom: <sip:{caller}@carrier.example.com>;tag=c{nth}\r\n\
         To: <sip:{called}@pbx.example.com>\r\nCall-ID: {nth}@carrier.example.com\r\nCSeq: 1 INVITE\r\n\
         Contact: <sip:{caller}@{CARRIER}>\r\nP-Asserted-Identity: <sip:{caller}@carrier.example.com>\r\n\
         Allow: INVITE, ACK, CANCEL, BYE, OPTIONS\r\nSupported: replaces\r\nUser-Agent: carrier\r\n"
    );
    with_sound(head)
}

/// What the one at `to` does about a message of the server's.
pub fn react(to: SocketAddr, bytes: &[u8], holds: bool) -> Vec<Reaction> {
    let text = std::str::from_utf8(bytes).expect("our messages are text");
    if to == PHONES { as_phone(text) } else { as_carrier(text, holds) }
}

fn as_phone(text: &str) -> Vec<Reaction> {
    let send = |bytes| Reaction::Send { from: PHONES, bytes };
    match text.split(' ').next() {
        Some("INVITE") => {
            let contact = format!("Contact: <sip:phone@{PHONES}>\r\n");
            let ringing = Bytes::from(answer(text, "180 Ringing", &contact) + "Content-Length: 0\r\n\r\n");
            vec![send(ringing), send(with_sound(answer(text, "200 OK", &contact)))]
        }
        Some("BYE") => vec![send(Bytes::from(answer(text, "200 OK", "") + "Content-Length: 0\r\n\r\n"))],
        _ => Vec::new(),
    }
}

/// Acknowledges the answer and, unless it `holds` the call, ends it.
fn as_carrier(text: &str, holds: bool) -> Vec<Reaction> {
    let is = |method: &str| header(text, "CSeq").ends_with(method);
    let send = |bytes| Reaction::Send { from: CARRIER, bytes };
    if !text.starts_with("SIP/2.0 200") {
        assert!(text.starts_with("SIP/2.0 1"), "a call is refused:\n{text}");
        return Vec::new();
    }
    if is("BYE") {
        return vec![Reaction::Ended];
    }
    let mut reactions = vec![send(inside(text, "ACK", 1)), Reaction::Answered];
    if !holds {
        reactions.push(send(inside(text, "BYE", 2)));
    }
    reactions
}

fn answer(request: &str, status: &str, contact: &str) -> String {
    let to = header(request, "To");
    let tag = if to.contains("tag=") { String::new() } else { format!(";tag=p{}", header(request, "Call-ID")) };
    let tag = tag.replace('@', "-");
    format!(
        "SIP/2.0 {status}\r\nVia: {}\r\nFrom: {}\r\nTo: {to}{tag}\r\nCall-ID: {}\r\nCSeq: {}\r\n{contact}",
        header(request, "Via"),
        header(request, "From"),
        header(request, "Call-ID"),
        header(request, "CSeq"),
    )
}

/// A request inside the dialog that `answer` made.
fn inside(answer: &str, method: &str, number: u32) -> Bytes {
    let call = header(answer, "Call-ID");
    let target = header(answer, "Contact").trim_start_matches('<').split('>').next().unwrap_or_default();
    Bytes::from(format!(
        "{method} {target} SIP/2.0\r\nVia: SIP/2.0/UDP {CARRIER};branch=z9hG4bK{method}{call};rport\r\n\
         Max-Forwards: 70\r\nFrom: {}\r\nTo: {}\r\nCall-ID: {call}\r\nCSeq: {number} {method}\r\nContent-Length: 0\r\n\r\n",
        header(answer, "From"),
        header(answer, "To"),
    ))
}

fn header<'a>(text: &'a str, name: &str) -> &'a str {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    line.unwrap_or_else(|| panic!("no {name} in:\n{text}"))
}

fn with_sound(head: String) -> Bytes {
    Bytes::from(format!("{head}Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{SOUND}", SOUND.len()))
}
