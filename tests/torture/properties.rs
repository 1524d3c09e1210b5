//! What holds for every input: no panic, bounded work, and what is written is read again.

use bytes::Bytes;
use proptest::prelude::*;
use throughline::sip::wire::{HeaderName, Message, Method, ParseError, Request, Writer};

/// Pieces that SIP messages are made of.
const PIECES: [&[u8]; 21] = [
    b"INVITE sip:a@192.0.2.1 SIP/2.0\r\n",
    b"SIP/2.0 200 OK\r\n",
    b"Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1\r\n",
    b"From: \"a\" <sip:a@example.com>;tag=1\r\n",
    b"To: <sip:b@example.com>\r\n",
    b"i:1\r\n",
    b"CSeq: 1 INVITE\r\n",
    b"Contact: ",
    b"l: ",
    b"7",
    b"\"",
    b"<",
    b">",
    b";",
    b"=",
    b",",
    b"\\",
    b"%",
    b" ",
    b"\r\n",
    b"\xff\x00",
];

/// In any order and number.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop::sample::select(&PIECES[..]), 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn nothing_panics(bytes in pieces()) {
        super::exercise(Bytes::from(bytes));
    }

    #[test]
    fn noise_does_not_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        super::exercise(Bytes::from(bytes));
    }

    /// Any values without line breaks come back as they were, and any value at all adds no field.
    #[test]
    fn what_is_written_is_read(
        values in prop::collection::vec("[ -~\u{80}-\u{2fff}]{0,60}", 0..8),
        wild in prop::collection::vec(any::<u8>(), 0..60),
        body in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let mut writer = Writer::request(&Method::Invite, b"sip:a@example.com");
        writer
            .push(HeaderName::VIA, "SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1")
            .push(HeaderName::FROM, "<sip:a@example.com>;tag=1")
            .push(HeaderName::TO, "<sip:b@example.com>")
            .push(HeaderName::CALL_ID, "1")
            .push(HeaderName::CSEQ, "1 INVITE");
        for value in &values {
            prop_assert!(writer.push_header(HeaderName::from("X-Value"), value.as_bytes()).is_ok());
        }
        writer.push_bytes(HeaderName::from("X-Wild"), &wild);
        let request = Request::parse(writer.finish_with("text/plain", &body)).expect("we read what we write");
        let read: Vec<&[u8]> = request.headers(HeaderName::from("x-value")).collect();
        let trimmed: Vec<&[u8]> = values.iter().map(|value| value.as_bytes().trim_ascii()).collect();
        prop_assert_eq!(read, trimmed);
        prop_assert_eq!(request.body(), &body[..]);
        let ends = if body.is_empty() { 1 } else { 2 };
        prop_assert_eq!(request.all().count(), 5 + values.len() + 1 + ends);
    }
}

/// The parser stops at the first field too many: it never comes to the fault that stands behind it.
#[test]
fn sixty_kilobytes_of_fields_are_refused_at_the_limit() {
    let mut message = b"INVITE sip:a@192.0.2.1 SIP/2.0\r\n".to_vec();
    message.extend(b"A: 12345678\r\n".repeat(257));
    message.extend(b"no field at all\r\n");
    message.extend(b"A: 12345678\r\n".repeat(4300));
    assert_eq!(Message::parse(Bytes::from(message)).err(), Some(ParseError::TooManyHeaders));
}
