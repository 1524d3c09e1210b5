//! IPv6 in SIP: after RFC 5118 section 4.

use super::Answer::Possible;
use super::Verdict::{Accept, Refuse};
use super::{Case, case};

/// A REGISTER with this Request-URI, topmost Via and Contact.
fn register(uri: &str, via: &str, contact: &str) -> Vec<u8> {
    format!(
        "REGISTER {uri} SIP/2.0\nTo: sip:user@example.com\nFrom: sip:user@example.com;tag=81x2\nVia: {via}\n\
Call-ID: SSG9559905523997077@hlau_4100\nMax-Forwards: 70\nContact: \"Caller\" <{contact}>\nCSeq: 98176 REGISTER\nContent-Length: 0\n\n"
    )
    .into_bytes()
}

pub fn cases() -> Vec<Case> {
    const VIA: &str = "SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3-111";
    const CONTACT: &str = "sip:caller@[2001:db8::1]";
    vec![
        case(
            "ipv6-good (4.1)",
            &register("sip:[2001:db8::10]", VIA, CONTACT),
            Accept(&[
                ("uri.host", "[2001:db8::10]"),
                ("uri.port", ""),
                ("via.host", "[2001:db8::9:1]"),
                ("contact", CONTACT),
                ("contact.display", "Caller"),
            ]),
        ),
        case("ipv6-bad (4.2): no brackets", &register("sip:2001:db8::10", VIA, CONTACT), Refuse(400, Possible)),
        case(
            "port-ambiguous (4.3): the port inside the brackets is part of the address",
            &register("sip:[2001:db8::10:5070]", VIA, CONTACT),
            Accept(&[("uri.host", "[2001:db8::10:5070]"), ("uri.port", "")]),
        ),
        case(
            "port-unambiguous (4.4)",
            &register("sip:[2001:db8::10]:5070", VIA, CONTACT),
            Accept(&[("uri.host", "[2001:db8::10]"), ("uri.port", "5070")]),
        ),
        case(
            "via-received-param-with-delim (4.5)",
            &register(
                "sip:example.com",
                "SIP/2.0/UDP [2001:db8::9:1];received=[2001:db8::9:255];branch=z9hG4bKas3-111",
                CONTACT,
            ),
            Accept(&[("via.received", "2001:db8::9:255")]),
        ),
        case(
            "via-received-param-no-delim (4.5)",
            &register(
                "sip:example.com",
                "SIP/2.0/UDP [2001:db8::9:1];received=2001:db8::9:255;branch=z9hG4bKas3",
                CONTACT,
            ),
            Accept(&[("via.received", "2001:db8::9:255")]),
        ),
        case(
            "ipv6-in-sdp (4.6)",
            br#"
INVITE sip:user@[2001:db8::10] SIP/2.0
To: sip:user@[2001:db8::10]
From: sip:user@example.com;tag=81x2
Via: SIP/2.0/UDP [2001:db8::20];branch=z9hG4bKas3-111
Call-ID: SSG9559905523997077@hlau_4100
Contact: "Caller" <sip:caller@[2001:db8::20]>
CSeq: 8612 INVITE
Max-Forwards: 70
Content-Type: application/sdp
Content-Length: 25

c=IN IP6 2001:db8::20
x
"#,
            Accept(&[("body.len", "25"), ("to.uri", "sip:user@[2001:db8::10]"), ("uri.user", "user")]),
        ),
        case(
            "mult-ip-in-header (4.7)",
            br#"
BYE sip:user@host.example.net SIP/2.0
Via: SIP/2.0/UDP [2001:db8::9:1]:6050;branch=z9hG4bKas3-111
Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKjhja8781hjuaij65144
Via: SIP/2.0/TCP [2001:db8::9:255];branch=z9hG4bK451jj;received=192.0.2.200
Call-ID: 997077@lau_4100
Max-Forwards: 70
CSeq: 89187 BYE
To: sip:user@example.net;tag=9817--94
From: sip:user@example.com;tag=81x2
Content-Length: 0

"#,
            Accept(&[("vias", "3"), ("via.port", "6050"), ("to.tag", "9817--94")]),
        ),
        case(
            "ipv4-mapped-ipv6 (4.9)",
            &register(
                "sip:user@example.com",
                "SIP/2.0/UDP [::ffff:192.0.2.10]:19823;branch=z9hG4bKbh19",
                "sip:t3@[::ffff:192.0.2.2]",
            ),
            Accept(&[
                ("via.host", "[::ffff:192.0.2.10]"),
                ("via.port", "19823"),
                ("contact", "sip:t3@[::ffff:192.0.2.2]"),
            ]),
        ),
        case(
            "ipv6-bug-abnf-3-colons (4.10): read as it was meant",
            &register("sip:user@[2001:db8:::192.0.2.1]", VIA, CONTACT),
            Accept(&[("uri.host", "[2001:db8::c000:201]"), ("uri", "sip:user@[2001:db8:::192.0.2.1]")]),
        ),
    ]
}
