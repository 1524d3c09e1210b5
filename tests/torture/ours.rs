//! What went wrong elsewhere, and what trunks and phones really send.

use super::Answer::{Impossible, Possible};
use super::Verdict::{Accept, Drop, Refuse};
use super::{Case, case, exact};

pub fn cases() -> Vec<Case> {
    let mut cases = odd_values();
    cases.extend(start_lines());
    cases.extend(blanks_and_bytes());
    cases.extend(bodies());
    cases.extend(sizes());
    cases.extend(no_sip_at_all());
    cases
}

/// An INVITE with one or more fields of interest at its end.
fn with(fields: &str) -> Vec<u8> {
    [HEAD, fields.as_bytes(), b"Content-Length: 0\n\n"].concat()
}

const HEAD: &[u8] = b"INVITE sip:+15550100@192.0.2.1 SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK77;rport\n\
From: <sip:+15550123@carrier.example.com>;tag=f1\nTo: <sip:+15550100@192.0.2.1>\nCall-ID: 1@192.0.2.9\nCSeq: 1 INVITE\n\
Max-Forwards: 70\n";

/// The same without one of its lines, then with another in its place.
fn instead(line: &str, other: &str) -> Vec<u8> {
    let message = with("");
    let text = String::from_utf8_lossy(&message).into_owned();
    assert!(text.contains(line), "no such line: {line}");
    text.replacen(line, other, 1).into_bytes()
}

fn start_lines() -> Vec<Case> {
    let refused = [
        ("no URI", "INVITE SIP/2.0"),
        ("a sip URI without a host", "INVITE sip:user@ SIP/2.0"),
        ("a port that is none", "INVITE sip:user@example.com:65536 SIP/2.0"),
        ("another case is another method", "invite sip:+15550100@192.0.2.1 SIP/2.0"),
    ];
    let line = "INVITE sip:+15550100@192.0.2.1 SIP/2.0";
    refused.into_iter().map(|(name, other)| case(name, &instead(line, other), Refuse(400, Possible))).collect()
}

fn odd_values() -> Vec<Case> {
    vec![
        case(
            "a plain INVITE",
            &with(""),
            Accept(&[("fields", "7"), ("via.rport", "Asked"), ("uri.user", "+15550100")]),
        ),
        case(
            "escapes are kept, never resolved and made again",
            &instead("INVITE sip:+15550100@192.0.2.1", "INVITE sip:a%23b+c%2Bd@192.0.2.1;x=%23"),
            Accept(&[("uri", "sip:a%23b+c%2Bd@192.0.2.1;x=%23"), ("uri.user.decoded", "a#b+c+d")]),
        ),
        case(
            "a tel Request-URI",
            &instead("INVITE sip:+15550100@192.0.2.1", "INVITE tel:+1-555-0100;phone-context=example.com"),
            Accept(&[("uri.scheme", "Tel"), ("uri.user", "+1-555-0100"), ("uri.host", "")]),
        ),
        case(
            "user parameters do not belong to the number",
            &instead("To: <sip:+15550100@", "To: <sip:+15550100;npdi;rn=+15550199@"),
            Accept(&[("to.user", "+15550100")]),
        ),
        case(
            "parameter names in capitals, blanks around the signs",
            &instead("sip:+15550123@carrier.example.com>;tag=f1", "sip:+15550123@carrier.example.com>  ; TAG  =  f1"),
            Accept(&[("from.tag", "f1")]),
        ),
        case(
            "a tag of the URI is not a tag of the header",
            &instead("To: <sip:+15550100@192.0.2.1>", "To: <sip:+15550100@192.0.2.1;tag=x>"),
            Accept(&[("to.tag", "")]),
        ),
        case(
            "P-Asserted-Identity with both kinds of URI",
            &with("P-Asserted-Identity: \"Anna, E.\" <sip:+15550123@example.com;user=phone>, <tel:+15550123>\n"),
            Accept(&[("asserted", "sip:+15550123@example.com;user=phone|tel:+15550123")]),
        ),
        case(
            "User-to-User in hex",
            &with("user-to-user: 746f6b656e;Encoding=hex;purpose=isdn-uui\n"),
            Accept(&[("uui", "token")]),
        ),
        case("User-to-User in quotes", &with("User-to-User: \"a;b,c\\\"d\"\n"), Accept(&[("uui", "a;b,c\"d")])),
        case(
            "two reasons in one line",
            &with("Reason: SIP ;cause=486 ;text=\"Busy, really; yes\", Q.850;cause=17\n"),
            Accept(&[("reason", "SIP 486 Busy, really; yes|Q.850 17 ")]),
        ),
        case(
            "digest in unusual dress",
            &with(
                "Authorization: digest USERNAME = \"a\\\"nna\" , Realm=\"desk, example\",nonce=\"n=1\",qop=auth,nc=00000001\n",
            ),
            Accept(&[("digest.username", "a\"nna"), ("digest.realm", "desk, example"), ("digest.nonce", "n=1")]),
        ),
        case(
            "a star among contacts is none of them",
            &with("Contact: *\nExpires: 0\n"),
            Accept(&[("contacts", "0"), ("expires", "0")]),
        ),
        case(
            "contacts in two lines, one a list, with commas in names and URIs",
            &with(
                "Contact: \"a,b\" <sip:a,b@192.0.2.9>;q=0.5,<sip:c@192.0.2.9>\nm: sip:d@192.0.2.9;expires=99999999999\n",
            ),
            Accept(&[("contacts", "3"), ("contact", "sip:a,b@192.0.2.9"), ("contact.q", "0.5")]),
        ),
        case(
            "instance ids hold brackets in quotes",
            &with("Contact: <sip:a@192.0.2.9>;+sip.instance=\"<urn:uuid:0-1>\";expires=60\n"),
            Accept(&[("contact.+sip.instance", "<urn:uuid:0-1>"), ("contact.expires", "60")]),
        ),
        case(
            "Expires beyond 32 bits is the largest number",
            &with("Expires: 99999999999999999999999\n"),
            Accept(&[("expires", "4294967295")]),
        ),
        case("Max-Forwards beyond 255", &instead("Max-Forwards: 70", "Max-Forwards: 256"), Refuse(400, Possible)),
        case("Max-Forwards is no number", &instead("Max-Forwards: 70", "Max-Forwards: x"), Refuse(400, Possible)),
        case("CSeq without a method", &instead("CSeq: 1 INVITE", "CSeq: 1"), Refuse(400, Possible)),
        case("CSeq with two methods", &instead("CSeq: 1 INVITE", "CSeq: 1 INVITE BYE"), Refuse(400, Possible)),
        case("a Call-ID of two words", &instead("Call-ID: 1@192.0.2.9", "Call-ID: 1 2"), Refuse(400, Possible)),
        case("an empty Call-ID", &instead("Call-ID: 1@192.0.2.9", "Call-ID: "), Refuse(400, Possible)),
        case("no Via", &instead("Via: SIP/2.0/UDP", "X-Via: SIP/2.0/UDP"), Refuse(400, Impossible)),
        case("no CSeq", &instead("CSeq: 1 INVITE", "X: y"), Refuse(400, Impossible)),
        case("a Via of another version", &instead("Via: SIP/2.0/UDP", "Via: SIP/3.0/UDP"), Refuse(400, Possible)),
        case("rport is no port", &instead(";rport", ";rport=70000"), Refuse(400, Possible)),
        case("two From, one in the compact form", &with("f: <sip:other@example.com>;tag=2\n"), Refuse(400, Possible)),
        case(
            "version in small letters",
            &instead("192.0.2.1 SIP/2.0", "192.0.2.1 sip/2.0"),
            Accept(&[("method", "INVITE")]),
        ),
    ]
}

fn blanks_and_bytes() -> Vec<Case> {
    vec![
        case(
            "a byte that is not UTF-8 harms its own field only",
            &[HEAD, b"Subject: caf\xe9 \xff\nX-Next: here\nContent-Length: 0\n\n"].concat(),
            Accept(&[("header:subject", r"caf\xe9 \xff"), ("header:x-next", "here"), ("call-id", "1@192.0.2.9")]),
        ),
        case(
            "Latin-1 in a display name",
            b"INVITE sip:a@192.0.2.1 SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK7\nFrom: Ren\xe9 <sip:r@example.com>;tag=f\n\
To: <sip:a@192.0.2.1>\nCall-ID: 1\nCSeq: 1 INVITE\n\n",
            Accept(&[("from.tag", "f"), ("from.uri", "sip:r@example.com")]),
        ),
        case("empty lines before the message", &[b"\n\n", HEAD, b"\n"].concat(), Accept(&[("fields", "6")])),
        case("a colon in a name of a field", &with("X-Time: 12:30:00\n"), Accept(&[("header:X-Time", "12:30:00")])),
        case("blanks before the colon", &with("X-Time \t : 12\n"), Accept(&[("header:X-Time", "12")])),
        case("a field without a colon", &with("nothing here\n"), Refuse(400, Possible)),
        case("a field without a name", &with(": value\n"), Refuse(400, Possible)),
        case("a blank in a name", &with("X Y: value\n"), Refuse(400, Possible)),
        case("a fold before any field", &instead("Via: ", " Via: "), Refuse(400, Impossible)),
        case("a fold of blanks only", &with("X-A: b\n \t \nX-C: d\n"), Accept(&[("header:X-A", "b"), ("header:x-c", "d")])),
        exact(
            "lines that end with LF only",
            b"OPTIONS sip:a@192.0.2.1 SIP/2.0\nVia: SIP/2.0/UDP h.example.com\nFrom: sip:a@example.com;tag=1\nTo: sip:b@example.com\nCall-ID: 1\nCSeq: 1 OPTIONS\n\n",
            Drop,
        ),
        exact(
            "a stray LF would smuggle a field into the answer",
            b"OPTIONS sip:a@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP h.example.com\r\nFrom: sip:a@example.com;tag=1\nX: y\r\nTo: sip:b@example.com\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n\r\n",
            Refuse(400, Possible),
        ),
        exact(
            "so would a stray CR",
            b"OPTIONS sip:a@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP h.example.com\r\nFrom: sip:a@example.com;tag=1\rX: y\r\nTo: sip:b@example.com\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n\r\n",
            Refuse(400, Impossible),
        ),
        exact(
            "cut off before the empty line",
            b"OPTIONS sip:a@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP h.example.com\r\nFrom: sip:a@example.com;tag=1\r\nTo: sip:b@example.com\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n",
            Refuse(400, Possible),
        ),
    ]
}

fn bodies() -> Vec<Case> {
    let body = |length: &str| [HEAD, length.as_bytes(), b"\nv=0\ns=-\n"].concat();
    vec![
        case("without Content-Length the body is the rest", &body(""), Accept(&[("body", r"v=0\r\ns=-\r\n")])),
        case("Content-Length with a blank before the colon", &body("Content-Length : 3\n"), Accept(&[("body", "v=0")])),
        case("Content-Length in the compact form", &body("l:5\n"), Accept(&[("body", r"v=0\r\n")])),
        case("Content-Length of 0", &body("Content-Length: 0\n"), Accept(&[("body", "")])),
        case("Content-Length of one too many", &body("Content-Length: 11\n"), Refuse(400, Possible)),
        case("Content-Length is no number", &body("Content-Length: 1x\n"), Refuse(400, Possible)),
        case("Content-Length with a sign", &body("Content-Length: +3\n"), Refuse(400, Possible)),
        case("Content-Length beyond 64 bits", &body("Content-Length: 18446744073709551617\n"), Refuse(400, Possible)),
        case("two lengths that agree", &body("Content-Length: 3\nl: 3\n"), Refuse(400, Possible)),
        case("an empty Content-Length", &body("Content-Length:\n"), Refuse(400, Possible)),
    ]
}

fn sizes() -> Vec<Case> {
    vec![
        case("256 fields", &with(&"A:b\n".repeat(256 - 7)), Accept(&[("fields", "256")])),
        case("257 fields", &with(&"A:b\n".repeat(257 - 7)), Refuse(513, Possible)),
        case("256 lines that go on", &with(&format!("A:b\n{}", " c\n".repeat(256))), Accept(&[("fields", "8")])),
        case("257 lines that go on", &with(&format!("A:b\n{}", " c\n".repeat(257))), Refuse(513, Possible)),
        case("5000 empty lines that go on", &with(&format!("A:b\n{}", " \n".repeat(5000))), Refuse(513, Possible)),
        case("1000 commas", &with(&format!("A: {}\n", ",".repeat(1000))), Accept(&[("fields", "8")])),
        case("1025 commas", &with(&format!("A: {}\n", ",".repeat(1025))), Refuse(513, Possible)),
        case("60000 semicolons", &with(&format!("A: {}\n", ";".repeat(60_000))), Refuse(513, Possible)),
        case("5000 fields", &with(&"A: 12345678\n".repeat(5000 - 7)), Refuse(513, Possible)),
        case(
            "a Request-URI of 5000 bytes",
            &instead("sip:+15550100@", &format!("sip:{}@", "9".repeat(5000))),
            Refuse(414, Possible),
        ),
        case(
            "a To of 5000 bytes",
            &instead("To: <sip:+15550100@", &format!("To: <sip:{}@", "9".repeat(5000))),
            Refuse(400, Possible),
        ),
        exact("longer than a datagram", &[b'A'; 65_536], Refuse(513, Impossible)),
    ]
}

fn no_sip_at_all() -> Vec<Case> {
    vec![
        exact("nothing", b"", Drop),
        exact("a keep-alive", b"\r\n\r\n", Drop),
        exact("zero bytes", &[0; 4], Drop),
        exact("a STUN binding request", b"\x00\x01\x00\x00\x21\x12\xa4\x42abcdefghijkl", Drop),
        exact("HTTP", b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n", Drop),
        exact("a line without an end", b"INVITE sip:a@192.0.2.1 SIP/2.0", Drop),
        exact("an answer without anything", b"SIP/2.0 200 OK\r\n\r\n", Drop),
        exact("an answer with two digits", b"SIP/2.0 20 OK\r\n\r\n", Drop),
        exact("an answer of class 7", b"SIP/2.0 700 No\r\n\r\n", Drop),
    ]
}
