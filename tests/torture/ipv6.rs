//! IPv6 in SIP: after RFC 5118 section 4.

use super::Answer::Possible;
use super::Verdict::{Accept, Refuse};
use super::{Case, case};

pub fn cases() -> Vec<Case> {
    let mut cases = uris();
    cases.extend(vias());
    cases.extend(descriptions());
    cases.extend(colons());
    cases
}

/// Sections 4.1 to 4.4 differ in their Request-URI, and two in the order of two fields.
fn register(uri: &str, contact_first: bool) -> Vec<u8> {
    let (hops, contact) = ("Max-Forwards: 70\n", "Contact: \"Caller\" <sip:caller@[2001:db8::1]>\n");
    let [first, second] = if contact_first { [contact, hops] } else { [hops, contact] };
    format!(
        "REGISTER {uri} SIP/2.0\nTo: sip:user@example.com\nFrom: sip:user@example.com;tag=81x2\n\
Via: SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3-111\nCall-ID: SSG9559905523997077@hlau_4100\n{first}{second}\
CSeq: 98176 REGISTER\nContent-Length: 0\n\n"
    )
    .into_bytes()
}

fn uris() -> Vec<Case> {
    vec![
        case(
            "ipv6-good: an address in the Request-URI, Via and Contact",
            &register("sip:[2001:db8::10]", false),
            Accept(&[
                ("uri.host", "[2001:db8::10]"),
                ("uri.port", ""),
                ("via.host", "[2001:db8::9:1]"),
                ("contact", "sip:caller@[2001:db8::1]"),
                ("contact.display", "Caller"),
            ]),
        ),
        case("ipv6-bad: no brackets", &register("sip:2001:db8::10", false), Refuse(400, Possible)),
        case(
            "port-ambiguous: the port inside the brackets is part of the address",
            &register("sip:[2001:db8::10:5070]", true),
            Accept(&[("uri.host", "[2001:db8::10:5070]"), ("uri.port", "")]),
        ),
        case(
            "port-unambiguous: the port behind the brackets",
            &register("sip:[2001:db8::10]:5070", true),
            Accept(&[("uri.host", "[2001:db8::10]"), ("uri.port", "5070")]),
        ),
    ]
}

fn vias() -> Vec<Case> {
    vec![
        case(
            "via-received-param-with-delim: brackets in received, against the grammar",
            br#"
BYE sip:[2001:db8::10] SIP/2.0
To: sip:user@example.com;tag=bd76ya
From: sip:user@example.com;tag=81x2
Via: SIP/2.0/UDP [2001:db8::9:1];received=[2001:db8::9:255];branch=z9hG4bKas3-111
Call-ID: SSG9559905523997077@hlau_4100
Max-Forwards: 70
CSeq: 321 BYE
Content-Length: 0

"#,
            Accept(&[("via.received", "2001:db8::9:255"), ("via.branch", "z9hG4bKas3-111")]),
        ),
        case(
            "via-received-param-no-delim: none, as the grammar has it",
            br#"
OPTIONS sip:[2001:db8::10] SIP/2.0
To: sip:user@example.com
From: sip:user@example.com;tag=81x2
Via: SIP/2.0/UDP [2001:db8::9:1];received=2001:db8::9:255;branch=z9hG4bKas3
Call-ID: SSG95523997077@hlau_4100
Max-Forwards: 70
Contact: "Caller" <sip:caller@[2001:db8::9:1]>
CSeq: 921 OPTIONS
Content-Length: 0

"#,
            Accept(&[("via.received", "2001:db8::9:255"), ("contact", "sip:caller@[2001:db8::9:1]")]),
        ),
        case(
            "mult-ip-in-header: both families in one list",
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
    ]
}

/// The lengths that RFC 5118 prints do not fit the bodies that it prints; each stands here with both.
fn descriptions() -> Vec<Case> {
    vec![
        case("ipv6-in-sdp: the printed length ends behind the datagram", &ipv6_in_sdp(268), Refuse(400, Possible)),
        case(
            "ipv6-in-sdp with its true length",
            &ipv6_in_sdp(251),
            Accept(&[("body.len", "251"), ("to.uri", "sip:user@[2001:db8::10]"), ("uri.user", "user")]),
        ),
        case(
            "mult-ip-in-sdp: the printed length ends within the last line",
            &mult_ip_in_sdp(181),
            Accept(&[("body.len", "181"), ("contact", "sip:caller@[2001:db8::9:1]")]),
        ),
        case("mult-ip-in-sdp with its true length", &mult_ip_in_sdp(189), Accept(&[("body.len", "189")])),
        case(
            "ipv4-mapped-ipv6: IPv4 in the clothes of IPv6, and the printed length ends within the last line",
            &ipv4_mapped(236),
            Accept(&[
                ("via.host", "[::ffff:192.0.2.10]"),
                ("via.port", "19823"),
                ("vias", "2"),
                ("contact", "sip:ted@[::ffff:192.0.2.2]"),
                ("contact.display", "T. desk phone"),
                ("body.len", "236"),
            ]),
        ),
        case("ipv4-mapped-ipv6 with its true length", &ipv4_mapped(245), Accept(&[("body.len", "245")])),
    ]
}

fn ipv6_in_sdp(length: usize) -> Vec<u8> {
    format!(
        "INVITE sip:user@[2001:db8::10] SIP/2.0
To: sip:user@[2001:db8::10]
From: sip:user@example.com;tag=81x2
Via: SIP/2.0/UDP [2001:db8::20];branch=z9hG4bKas3-111
Call-ID: SSG9559905523997077@hlau_4100
Contact: \"Caller\" <sip:caller@[2001:db8::20]>
CSeq: 8612 INVITE
Max-Forwards: 70
Content-Type: application/sdp
Content-Length: {length}

v=0
o=assistant 971731711378798081 0 IN IP6 2001:db8::20
s=Live video feed for today's meeting
c=IN IP6 2001:db8::20
t=3338481189 3370017201
m=audio 6000 RTP/AVP 2
a=rtpmap:2 G726-32/8000
m=video 6024 RTP/AVP 107
a=rtpmap:107 H263-1998/90000
"
    )
    .into_bytes()
}

fn mult_ip_in_sdp(length: usize) -> Vec<u8> {
    format!(
        "INVITE sip:user@[2001:db8::10] SIP/2.0
To: sip:user@[2001:db8::10]
From: sip:user@example.com;tag=81x2
Via: SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3-111
Call-ID: SSG9559905523997077@hlau_4100
Contact: \"Caller\" <sip:caller@[2001:db8::9:1]>
Max-Forwards: 70
CSeq: 8912 INVITE
Content-Type: application/sdp
Content-Length: {length}

v=0
o=bob 280744730 28977631 IN IP4 host.example.com
s=
t=0 0
m=audio 22334 RTP/AVP 0
c=IN IP4 192.0.2.1
m=video 6024 RTP/AVP 107
c=IN IP6 2001:db8::1
a=rtpmap:107 H263-1998/90000
"
    )
    .into_bytes()
}

fn ipv4_mapped(length: usize) -> Vec<u8> {
    format!(
        "INVITE sip:user@example.com SIP/2.0
To: sip:user@example.com
From: sip:user@east.example.com;tag=81x2
Via: SIP/2.0/UDP [::ffff:192.0.2.10]:19823;branch=z9hG4bKbh19
Via: SIP/2.0/UDP [::ffff:192.0.2.2];branch=z9hG4bKas3-111
Call-ID: SSG9559905523997077@hlau_4100
Contact: \"T. desk phone\" <sip:ted@[::ffff:192.0.2.2]>
CSeq: 612 INVITE
Max-Forwards: 70
Content-Type: application/sdp
Content-Length: {length}

v=0
o=assistant 971731711378798081 0 IN IP6 ::ffff:192.0.2.2
s=Call me soon, please!
c=IN IP6 ::ffff:192.0.2.2
t=3338481189 3370017201
m=audio 6000 RTP/AVP 2
a=rtpmap:2 G726-32/8000
m=video 6024 RTP/AVP 107
a=rtpmap:107 H263-1998/90000
"
    )
    .into_bytes()
}

/// Section 4.10: the grammar of RFC 3261 had one colon too many before an IPv4 part.
fn colons() -> Vec<Case> {
    let options = |address: &str| {
        format!(
            "OPTIONS sip:user@{address} SIP/2.0\nTo: sip:user@{address}\nFrom: sip:user@example.com;tag=810x2\n\
Via: SIP/2.0/UDP lab1.east.example.com;branch=z9hG4bKas3-111\nCall-ID: G9559905523997077@hlau_4100\n\
CSeq: 689 OPTIONS\nMax-Forwards: 70\nContent-Length: 0\n\n"
        )
        .into_bytes()
    };
    vec![
        case(
            "ipv6-bug-abnf-3-colons: read as it was meant",
            &options("[2001:db8:::192.0.2.1]"),
            Accept(&[("uri.host", "[2001:db8::c000:201]"), ("uri", "sip:user@[2001:db8:::192.0.2.1]")]),
        ),
        case(
            "ipv6-correct-abnf-2-colons: as RFC 4291 has it",
            &options("[2001:db8::192.0.2.1]"),
            Accept(&[("uri.host", "[2001:db8::c000:201]"), ("to.uri", "sip:user@[2001:db8::192.0.2.1]")]),
        ),
    ]
}
