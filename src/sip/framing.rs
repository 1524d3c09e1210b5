//! Cuts a stream of bytes into SIP messages (RFC 3261 sections 7.5 and 18.3) and keep-alives (RFC 5626 section 3.5.1).
//!
//! The result does not depend on how the stream was split, and each byte is looked at a bounded number of times.

use std::net::SocketAddr;

use bytes::{Buf, Bytes, BytesMut};
use memchr::memchr;

use super::wire::{HeaderName, Known, Message, Method, Writer, field_of_line};
use crate::base::limits::{SIP_HEAD_MAX, SIP_MESSAGE_MAX};

/// One thing that a stream held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// A whole message, head and body, for `Message::parse`.
    Message(Bytes),
    /// Two empty lines between messages: one is to be sent back.
    Ping,
}

/// What makes the rest of a stream worthless: nobody can tell where the next message begins. The connection is to be closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    pub fault: Fault,
    /// What was read of the message.
    head: Bytes,
}

/// Why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No message begins with this byte.
    NotSip,
    /// A line that does not end in CR LF.
    LineEnd,
    /// No Content-Length, one that is no number, or several that differ.
    Length,
    /// The head is longer than `SIP_HEAD_MAX`.
    HeadTooLong,
    /// Head and body are longer than `SIP_MESSAGE_MAX` together.
    BodyTooLong,
}

/// The bytes of one stream that have not become frames yet.
#[derive(Debug, Default)]
pub struct Framer {
    buffer: BytesMut,
    state: State,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// Between messages; so much of CR LF CR LF has been seen.
    Between {
        seen: usize,
    },
    /// In a head: where its present line begins, and how far it has been searched for the line's end.
    Head {
        line: usize,
        searched: usize,
    },
    /// The length of the whole message.
    Body {
        whole: usize,
    },
    Broken,
}

/// The answer to a ping.
pub const PONG: &[u8] = b"\r\n";
const PING: &[u8] = b"\r\n\r\n";

impl Default for State {
    fn default() -> State {
        State::Between { seen: 0 }
    }
}

impl Framer {
    /// Where the next bytes of the stream go, at the end.
    pub fn buffer(&mut self) -> &mut BytesMut {
        &mut self.buffer
    }

    /// A message has begun and is not whole.
    pub fn is_amid(&self) -> bool {
        match self.state {
            State::Between { .. } => false,
            State::Head { .. } | State::Body { .. } | State::Broken => true,
        }
    }

    /// The next frame, `None` when more bytes are needed. Call it until then; after a fault there is nothing any more.
    pub fn poll(&mut self) -> Result<Option<Frame>, Broken> {
        loop {
            let step = match self.state {
                State::Between { seen } => self.between(seen),
                State::Head { line, searched } => self.head(line, searched),
                State::Body { whole } => self.body(whole),
                State::Broken => Step::Wait,
            };
            match step {
                Step::Go(state) => self.state = state,
                Step::Frame(frame, state) => {
                    self.state = state;
                    return Ok(Some(frame));
                }
                Step::Wait => return Ok(None),
                Step::Broken(fault) => {
                    self.state = State::Broken;
                    return Err(Broken { fault, head: self.buffer.split().freeze() });
                }
            }
        }
    }

    fn between(&mut self, mut seen: usize) -> Step {
        while let Some(byte) = self.buffer.first().copied() {
            if !matches!(byte, b'\r' | b'\n') {
                let begins = byte.is_ascii_graphic();
                return if begins {
                    Step::Go(State::Head { line: 0, searched: 0 })
                } else {
                    Step::Broken(Fault::NotSip)
                };
            }
            self.buffer.advance(1);
            seen = if PING.get(seen) == Some(&byte) { seen + 1 } else { usize::from(byte == b'\r') };
            if seen == PING.len() {
                return Step::Frame(Frame::Ping, State::Between { seen: 0 });
            }
        }
        // An idle connection holds no memory.
        self.buffer = BytesMut::new();
        self.state = State::Between { seen };
        Step::Wait
    }

    fn head(&mut self, line: usize, searched: usize) -> Step {
        let end = memchr(b'\n', self.buffer.get(searched..).unwrap_or_default()).map(|at| searched + at);
        let length = end.map_or(self.buffer.len(), |end| end + 1);
        if length > SIP_HEAD_MAX {
            return Step::Broken(Fault::HeadTooLong);
        }
        let Some(end) = end else {
            self.state = State::Head { line, searched: length };
            return Step::Wait;
        };
        if end == line || self.buffer.get(end - 1) != Some(&b'\r') {
            return Step::Broken(Fault::LineEnd);
        }
        if end - 1 > line {
            return Step::Go(State::Head { line: end + 1, searched: end + 1 });
        }
        match body_length(self.buffer.get(..line).unwrap_or_default()) {
            None => Step::Broken(Fault::Length),
            Some(body) if body > SIP_MESSAGE_MAX - length => Step::Broken(Fault::BodyTooLong),
            Some(body) => Step::Go(State::Body { whole: length + body }),
        }
    }

    fn body(&mut self, whole: usize) -> Step {
        if self.buffer.len() < whole {
            return Step::Wait;
        }
        let message = self.buffer.split_to(whole).freeze();
        Step::Frame(Frame::Message(message), State::default())
    }
}

/// What a look at the buffer came to.
enum Step {
    Go(State),
    Frame(Frame, State),
    Wait,
    Broken(Fault),
}

impl Broken {
    /// The answer that is still to be given to `source` before the connection is closed, where enough of a request was read.
    pub fn answer(&self, source: SocketAddr) -> Option<Bytes> {
        let (status, phrase) = match self.fault {
            Fault::NotSip => return None,
            Fault::LineEnd => (400, "Bad Line End"),
            Fault::Length => (400, "Bad Content-Length"),
            Fault::HeadTooLong => (513, "Message Too Large"),
            Fault::BodyTooLong => (413, "Request Entity Too Large"),
        };
        let request = Message::salvage(&self.head).filter(|request| *request.method() != Method::Ack)?;
        Some(Writer::reply(&request, status, phrase, source, TAG).finish())
    }
}

/// There is no dialog that it could belong to.
const TAG: &str = "0";

/// What Content-Length says in the lines of a head, each ended by CR LF; `None` when it says nothing, nonsense, or two things.
fn body_length(head: &[u8]) -> Option<usize> {
    let mut lines = head.split_inclusive(|byte| *byte == b'\n').skip(1).peekable();
    let mut length = None;
    while let Some(line) = lines.next() {
        let Some((name, value)) = field_of_line(line.strip_suffix(b"\r\n").unwrap_or(line)) else { continue };
        let is_length = matches!(name, HeaderName::Known(Known::ContentLength));
        let mut digits = if is_length { value.to_vec() } else { Vec::new() };
        while let Some(fold) = lines.next_if(|line| matches!(line.first(), Some(b' ' | b'\t'))) {
            if is_length {
                digits.extend_from_slice(b" ");
                digits.extend_from_slice(fold.trim_ascii());
            }
        }
        if is_length {
            let given = number(digits.trim_ascii())?;
            if length.is_some_and(|other| other != given) {
                return None;
            }
            length = Some(given);
        }
    }
    length
}

/// Decimal digits and nothing else; more than fits is more than any limit.
fn number(digits: &[u8]) -> Option<usize> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let add = |sum: usize, digit: &u8| sum.saturating_mul(10).saturating_add(usize::from(*digit - b'0'));
    Some(digits.iter().fold(0, add))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The frames of `stream`, given in the parts that `cuts` make of it, as text.
    fn frames(stream: &[u8], cuts: &[usize]) -> Vec<String> {
        let (mut framer, mut out) = (Framer::default(), Vec::new());
        let mut at = 0;
        for cut in cuts.iter().copied().chain([stream.len()]) {
            framer.buffer().extend_from_slice(stream.get(at..cut).unwrap_or_default());
            at = at.max(cut);
            loop {
                match framer.poll() {
                    Ok(Some(Frame::Message(bytes))) => out.push(String::from_utf8_lossy(&bytes).into_owned()),
                    Ok(Some(Frame::Ping)) => out.push("ping".to_owned()),
                    Ok(None) => break,
                    Err(broken) => out.push(format!("{:?}", broken.fault)),
                }
            }
        }
        out
    }

    fn every_byte(stream: &[u8]) -> Vec<usize> {
        (1..stream.len()).collect()
    }

    fn message(length: &str, body: &str) -> String {
        format!("OPTIONS sip:a@b SIP/2.0\r\n{length}\r\nX: y\r\n\r\n{body}")
    }

    #[test]
    fn content_length_is_read_in_every_spelling() {
        let inner = message("Content-Length: 0", "");
        for spelling in
            ["Content-Length: ", "content-length : ", "l:", "L\t:\t", "Content-Length:\r\n ", "l :\r\n\t", "l: 00"]
        {
            let outer = message(&format!("{spelling}{}", inner.len()), &inner);
            let stream = format!("{outer}{inner}");
            assert_eq!(frames(stream.as_bytes(), &[]), [&outer[..], &inner], "{spelling:?}");
        }
        let twice = message("l: 1\r\nContent-Length: 1", "x");
        assert_eq!(frames(twice.as_bytes(), &[]), [twice]);
    }

    #[test]
    fn what_says_no_length_breaks_the_stream() {
        for length in [
            "X: 1",
            "l: ",
            "l: -1",
            "l: +1",
            "l: 1 2",
            "l: 1\r\n 2",
            "l: 1, 1",
            "l: 1\r\nl: 2",
            "l: 0x1",
            "Subject: l: 1",
        ] {
            assert_eq!(frames(message(length, "x").as_bytes(), &[]), ["Length"], "{length:?}");
        }
    }

    #[test]
    fn limits_and_line_ends() {
        let over = format!("l: {}", SIP_MESSAGE_MAX);
        assert_eq!(frames(message(&over, "").as_bytes(), &[]), ["BodyTooLong"]);
        assert_eq!(frames(message("l: 99999999999999999999999", "").as_bytes(), &[]), ["BodyTooLong"]);
        let long = message(&format!("Y: {}", "z".repeat(SIP_HEAD_MAX)), "");
        assert_eq!(frames(long.as_bytes(), &[]), ["HeadTooLong"]);
        assert_eq!(frames(long.as_bytes(), &every_byte(long.as_bytes())), ["HeadTooLong"]);
        assert_eq!(frames(b"OPTIONS sip:a SIP/2.0\nl: 0\n\n", &[]), ["LineEnd"]);
        assert_eq!(frames(b"\x16\x03\x01\x02", &[]), ["NotSip"]);
    }

    #[test]
    fn a_ping_is_two_empty_lines_between_messages() {
        let message = message("l: 0", "");
        let stream = format!("\r\n{message}\r\n\r\n{message}\r\n\r\n\r\n\r\n\r\n");
        let expect = [&message[..], "ping", &message, "ping", "ping"];
        assert_eq!(frames(stream.as_bytes(), &[]), expect);
        assert_eq!(frames(stream.as_bytes(), &every_byte(stream.as_bytes())), expect);
    }

    #[test]
    fn a_broken_request_is_answered_where_it_can_be() {
        let head = "INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/TCP 192.0.2.9;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\n\
                    To: <sip:c@d>\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\n";
        let source = "192.0.2.9:40000".parse().expect("an address");
        for (rest, expect) in [
            ("l: 70000\r\n\r\n", "SIP/2.0 413 "),
            ("l: x\r\n\r\n", "SIP/2.0 400 "),
            (&*format!("X: {}", "y".repeat(SIP_HEAD_MAX)), "SIP/2.0 513 "),
        ] {
            let mut framer = Framer::default();
            framer.buffer().extend_from_slice(format!("{head}{rest}").as_bytes());
            let answer = framer.poll().expect_err("broken").answer(source).expect("an answer");
            assert!(answer.starts_with(expect.as_bytes()), "{expect}");
        }
        let mut framer = Framer::default();
        framer.buffer().extend_from_slice(b"SIP/2.0 200 OK\r\n\r\n");
        assert_eq!(framer.poll().expect_err("broken").answer(source), None);
    }

    /// Pieces of which streams are made, good and bad.
    fn piece() -> impl Strategy<Value = String> {
        let body = "[ -~\r\n]{0,40}";
        let good = body.prop_map(|body| message(&format!("l : {}", body.len()), &body));
        prop_oneof![
            6 => good,
            2 => Just("\r\n\r\n".to_owned()),
            1 => Just("\r\n".to_owned()),
            1 => "[ -~\r\n]{0,20}",
        ]
    }

    proptest! {
        #[test]
        fn how_a_stream_is_split_does_not_matter(
            pieces in proptest::collection::vec(piece(), 0..8),
            cuts in proptest::collection::vec(0usize..400, 0..20),
        ) {
            let stream = pieces.concat();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(stream.len())).collect();
            cuts.sort_unstable();
            let whole = frames(stream.as_bytes(), &[]);
            prop_assert_eq!(&whole, &frames(stream.as_bytes(), &cuts));
            prop_assert_eq!(&whole, &frames(stream.as_bytes(), &every_byte(stream.as_bytes())));
        }

        #[test]
        fn what_the_framer_cuts_off_the_parser_takes_whole(body in "[ -~\r\n]{0,60}", blank in "[ \t]{0,2}") {
            let head = "OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/TCP 192.0.2.9;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\n\
                        To: <sip:c@d>\r\nCall-ID: x\r\nCSeq: 1 OPTIONS\r\n";
            let text = format!("{head}Content-Length{blank}:{blank}{}\r\n\r\n{body}OPTIONS", body.len());
            let mut framer = Framer::default();
            framer.buffer().extend_from_slice(text.as_bytes());
            let Ok(Some(Frame::Message(bytes))) = framer.poll() else { panic!("a message") };
            let parsed = Message::parse(bytes).expect("a request");
            prop_assert_eq!(parsed.headers().body(), body.as_bytes());
        }
    }
}
