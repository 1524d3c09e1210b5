//! Messages that break parsers, after RFC 4475, RFC 5118 and what went wrong elsewhere; each with what a server must do. Those of the
//! two RFCs are theirs byte for byte, but that names of persons and telephone numbers are others of the same length.

mod endpoint;
mod grammar;
mod invalid;
mod ipv6;
mod ours;
mod properties;
mod semantics;

use std::net::SocketAddr;

use bytes::Bytes;
use throughline::sip::wire::{HeaderName, Headers, Message, NameAddr, ParseError, Via, Writer, reason_phrase};

/// What a server does with a message.
#[derive(Clone, Copy)]
pub enum Verdict {
    /// Read it; these are the fields, by the keys of `look`.
    Accept(&'static [(&'static str, &'static str)]),
    /// Read it; whoever acts on it refuses it with this status, because of these fields.
    Above(u16, &'static [(&'static str, &'static str)]),
    /// Refuse it with this status and, where the flag says so, be able to answer it.
    Refuse(u16, Answer),
    /// Drop it without a word.
    Drop,
}

/// Whether a refused message can be answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    Possible,
    Impossible,
}

/// One message. Line ends are written as LF and become CRLF.
pub struct Case {
    pub name: &'static str,
    pub message: Vec<u8>,
    pub verdict: Verdict,
}

/// `message` begins behind the first line end, for the eye.
pub fn case(name: &'static str, message: &[u8], verdict: Verdict) -> Case {
    let message = message.strip_prefix(b"\n").unwrap_or(message);
    let mut wire = Vec::new();
    for byte in message {
        match byte {
            b'\n' => wire.extend_from_slice(b"\r\n"),
            other => wire.push(*other),
        }
    }
    Case { name, message: wire, verdict }
}

/// The session description of most messages of RFC 4475, with the addresses of `o=` and `c=` and the times.
pub fn sdp(origin: &str, connection: &str, times: &str) -> Vec<u8> {
    format!(
        "v=0\no=examples 29739 7272939 IN IP4 {origin}\ns=-\nc=IN IP4 {connection}\nt={times}\n\
         m=audio 49217 RTP/AVP 0 12\nm=video 3227 RTP/AVP 31\na=rtpmap:31 LPC\n"
    )
    .into_bytes()
}

/// A message whose line ends are its own.
pub fn exact(name: &'static str, message: &[u8], verdict: Verdict) -> Case {
    Case { name, message: message.to_vec(), verdict }
}

fn cases() -> Vec<Case> {
    [grammar::cases(), invalid::cases(), semantics::cases(), ipv6::cases(), ours::cases()]
        .into_iter()
        .flatten()
        .collect()
}

#[test]
fn every_message_gets_what_it_deserves() {
    let faults: Vec<String> =
        cases().iter().filter_map(|case| judge(case).err().map(|e| format!("{}: {e}", case.name))).collect();
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn names_are_told_apart() {
    let mut names: Vec<&str> = cases().iter().map(|case| case.name).collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all);
    assert!(all >= 90, "{all}");
}

/// A message cut off or with one byte changed, at every third place, is read or refused, never a panic.
#[test]
fn wounded_messages_do_no_harm() {
    let wounds = [0, b'\n', b'"', b';', b'<', 0xff, b',', b' '];
    for (nth, case) in cases().iter().filter(|case| case.message.len() < 2000).enumerate() {
        for at in (nth % 3..case.message.len()).step_by(3) {
            let mut wounded = case.message.clone();
            wounded[at] = wounds[at % wounds.len()];
            if at % 4 == 0 {
                wounded.truncate(at);
            }
            exercise(Bytes::from(wounded));
        }
    }
}

fn exercise(bytes: Bytes) {
    let source: SocketAddr = ([192, 0, 2, 9], 5060).into();
    match Message::parse(bytes.clone()) {
        Ok(message) => {
            let headers = message.headers();
            KEYS.iter().for_each(|key| drop(look(&message, key)));
            Writer::reply(headers, 200, "OK", source, "t").finish();
        }
        Err(_) => drop(Message::salvage(&bytes).map(|s| Writer::reply(&s, 400, "Bad Request", source, "t").finish())),
    }
}

fn judge(case: &Case) -> Result<(), String> {
    let bytes = Bytes::from(case.message.clone());
    match (Message::parse(bytes.clone()), case.verdict) {
        (Ok(message), Verdict::Accept(fields) | Verdict::Above(_, fields)) => compare(&message, fields),
        (Err(error), Verdict::Refuse(status, answer)) => refused(&bytes, error, status, answer),
        (Err(error), Verdict::Drop) if error.status().is_none() || Message::salvage(&bytes).is_none() => Ok(()),
        (Ok(_), Verdict::Refuse(..) | Verdict::Drop) => Err("was accepted".to_owned()),
        (Err(error), _) => Err(format!("was refused: {error}")),
    }
}

fn compare(message: &Message, fields: &[(&str, &str)]) -> Result<(), String> {
    let wrong = |(key, wanted): &(&str, &str)| {
        let got = look(message, key);
        (got != *wanted).then(|| format!("{key} is {got:?}, not {wanted:?}"))
    };
    match fields.iter().find_map(wrong) {
        Some(fault) => Err(fault),
        None => Ok(()),
    }
}

/// The status is right, and the answer, where there can be one, is a SIP message itself.
fn refused(bytes: &Bytes, error: ParseError, status: u16, answer: Answer) -> Result<(), String> {
    if error.status() != Some(status) {
        return Err(format!("{:?}, not {status}: {error}", error.status()));
    }
    let salvaged = Message::salvage(bytes);
    let possible = if salvaged.is_some() { Answer::Possible } else { Answer::Impossible };
    if possible != answer {
        return Err(format!("an answer is {possible:?}"));
    }
    let Some(salvaged) = salvaged else { return Ok(()) };
    let reply = Writer::reply(&salvaged, status, reason_phrase(status), ([192, 0, 2, 9], 5060).into(), "t").finish();
    let text = String::from_utf8_lossy(&reply).into_owned();
    let whole =
        ["\r\nVia: ", "\r\nFrom: ", "\r\nTo: ", "\r\nCall-ID: ", "\r\nCSeq: "].iter().all(|name| text.contains(name));
    if whole { Ok(()) } else { Err(format!("answered with {text}")) }
}

const KEYS: &[&str] = &[
    "kind",
    "method",
    "uri",
    "uri.user",
    "uri.user.decoded",
    "uri.host",
    "uri.port",
    "uri.scheme",
    "status",
    "phrase",
    "from.display",
    "from.uri",
    "from.tag",
    "to.uri",
    "to.user",
    "to.display",
    "to.tag",
    "call-id",
    "cseq",
    "max-forwards",
    "via.transport",
    "via.host",
    "via.port",
    "via.branch",
    "via.received",
    "via.rport",
    "vias",
    "contact",
    "contact.display",
    "contacts",
    "contact.expires",
    "routes",
    "route",
    "body",
    "body.len",
    "expires",
    "fields",
    "uui",
    "reason",
    "asserted",
    "digest.nonce",
    "digest.username",
    "digest.realm",
    "header:Subject",
    "require",
];

/// A field of a message by its key; empty for what is not there.
pub fn look(message: &Message, key: &str) -> String {
    let headers = message.headers();
    if let Some(name) = key.strip_prefix("header:") {
        return join(headers.headers(HeaderName::from(name)));
    }
    match key.split_once('.') {
        _ if key == "method" || key.starts_with("uri") => look_uri(message, key),
        Some(("via", part)) => look_via(&headers.via_top(), part),
        Some(("from", part)) => look_address(Some(headers.from()), part),
        Some(("to", part)) => look_address(Some(headers.to()), part),
        Some(("contact", part)) => look_address(headers.contact(), part),
        Some(("digest", part)) => {
            headers.authorizations().next().and_then(|c| c.get(part)).map(|v| text(&v)).unwrap_or_default()
        }
        _ => look_whole(message, headers, key),
    }
}

fn look_uri(message: &Message, key: &str) -> String {
    let Message::Request(request) = message else { return String::new() };
    let uri = request.uri();
    match key {
        "method" => request.method().to_string(),
        "uri" => text(uri.raw()),
        "uri.user" => text(uri.user.unwrap_or_default()),
        "uri.user.decoded" => text(&uri.user_decoded()),
        "uri.host" => shown(uri.host),
        "uri.port" => shown(uri.port),
        "uri.scheme" => format!("{:?}", uri.scheme),
        other => panic!("no such key: {other}"),
    }
}

fn look_via(via: &Via<'_>, part: &str) -> String {
    match part {
        "transport" => text(via.transport.as_bytes()),
        "host" => via.host.to_string(),
        "port" => shown(via.port),
        "branch" => text(via.branch),
        "received" => shown(via.received),
        "rport" => format!("{:?}", via.rport),
        other => panic!("no such key: via.{other}"),
    }
}

fn look_address(address: Option<NameAddr<'_>>, part: &str) -> String {
    let Some(address) = address else { return String::new() };
    match part {
        "display" => address.display_text(),
        "uri" => text(address.uri.raw()),
        "user" => address.uri.user_text(),
        "tag" => text(address.tag),
        param => address.params.text(param).map(|v| text(&v)).unwrap_or_default(),
    }
}

fn look_whole(message: &Message, headers: &Headers, key: &str) -> String {
    match (key, message) {
        ("kind", Message::Request(_)) => "request".to_owned(),
        ("kind", Message::Response(_)) => "response".to_owned(),
        ("status", Message::Response(response)) => response.status().to_string(),
        ("phrase", Message::Response(response)) => text(response.reason_phrase()),
        ("call-id", _) => text(headers.call_id()),
        ("cseq", _) => format!("{} {}", headers.cseq().number, headers.cseq().method),
        ("max-forwards", _) => shown(headers.max_forwards()),
        ("vias", _) => headers.vias().count().to_string(),
        ("contact", _) => headers.contact().map(|c| text(c.uri.raw())).unwrap_or_default(),
        ("contacts", _) => headers.contacts().count().to_string(),
        ("routes", _) => headers.routes().count().to_string(),
        ("route", _) => join(headers.routes().map(|r| r.raw)),
        ("body", _) => text(headers.body()),
        ("body.len", _) => headers.body().len().to_string(),
        ("expires", _) => shown(headers.expires()),
        ("fields", _) => headers.all().count().to_string(),
        ("require", _) => join(headers.list(HeaderName::REQUIRE)),
        ("asserted", _) => join(headers.asserted().map(|a| a.uri.raw())),
        ("uui", _) => headers.user_to_users().next().and_then(|u| u.decoded()).map(|d| text(&d)).unwrap_or_default(),
        ("reason", _) => headers
            .reasons()
            .map(|r| format!("{} {} {}", text(r.protocol), shown(r.cause), text(&r.text())))
            .collect::<Vec<_>>()
            .join("|"),
        _ => String::new(),
    }
}

fn text(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string().replace("\\\"", "\"").replace("\\\\", "\\").replace("\\'", "'")
}

fn shown<T: ToString>(value: Option<T>) -> String {
    value.map(|v| v.to_string()).unwrap_or_default()
}

fn join<'a>(values: impl Iterator<Item = &'a [u8]>) -> String {
    values.map(text).collect::<Vec<_>>().join("|")
}
