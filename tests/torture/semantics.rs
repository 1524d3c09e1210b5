//! Well-formed, and still to be thought about: after RFC 4475 sections 3.2 to 3.4.

use super::Verdict::{Above, Accept};
use super::{Case, case, sdp};

pub fn cases() -> Vec<Case> {
    let mut cases = schemes_and_extensions();
    cases.extend(contacts());
    cases.extend(old_and_odd());
    cases
}

fn schemes_and_extensions() -> Vec<Case> {
    vec![
        case(
            "unkscm: a Request-URI of an unknown scheme",
            br#"
OPTIONS nobodyKnowsThisScheme:totallyopaquecontent SIP/2.0
To: sip:user@example.com
From: sip:caller@example.net;tag=384
Max-Forwards: 3
Call-ID: unkscm.nasdfasser0q239nwsdfasdkl34
CSeq: 3923423 OPTIONS
Via: SIP/2.0/TCP host9.example.com;branch=z9hG4bKkdjuw39234
Content-Length: 0

"#,
            Above(416, &[("uri.scheme", "Other"), ("uri.user", "totallyopaquecontent")]),
        ),
        case(
            "novelsc: a known scheme that is not for SIP",
            br#"
OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0
To: sip:user@example.com
From: sip:caller@example.net;tag=384
Max-Forwards: 3
Call-ID: novelsc.asdfasser0q239nwsdfasdkl34
CSeq: 3923423 OPTIONS
Via: SIP/2.0/TCP host9.example.com;branch=z9hG4bKkdjuw39234
Content-Length: 0

"#,
            Above(416, &[("uri.scheme", "Other"), ("uri", "soap.beep://192.0.2.103:3002")]),
        ),
        case(
            "unksm2: unknown schemes in header fields",
            br#"
REGISTER sip:example.com SIP/2.0
To: isbn:2983792873
From: <http://www.example.com>;tag=3234233
Call-ID: unksm2.daksdj@hyphenated-host.example.com
CSeq: 234902 REGISTER
Max-Forwards: 70
Via: SIP/2.0/UDP 192.0.2.21:5060;branch=z9hG4bKkdjuw
Contact: <name:Some_Other>
l: 0

"#,
            Above(
                400,
                &[
                    ("to.uri", "isbn:2983792873"),
                    ("from.uri", "http://www.example.com"),
                    ("contact", "name:Some_Other"),
                ],
            ),
        ),
        case(
            "bext01: extensions that nobody knows",
            br#"
OPTIONS sip:user@example.com SIP/2.0
To: sip:j_user@example.com
From: sip:caller@example.net;tag=242etr
Max-Forwards: 6
Call-ID: bext01.0ha0isndaksdj
Require: nothingSupportsThis, nothingSupportsThisEither
Proxy-Require: noProxiesSupportThis, norDoAnyProxiesSupportThis
CSeq: 8 OPTIONS
Via: SIP/2.0/TLS fold-and-staple.example.com;branch=z9hG4bKkdjuw
Content-Length: 0

"#,
            Above(420, &[("require", "nothingSupportsThis|nothingSupportsThisEither"), ("via.transport", "TLS")]),
        ),
        case(
            "invut: a body of an unknown kind",
            br#"
INVITE sip:user@example.com SIP/2.0
Contact: <sip:caller@host5.example.net>
To: sip:j.user@example.com
From: sip:caller@example.net;tag=8392034
Max-Forwards: 70
Call-ID: invut.0ha0isndaksdjadsfij34n23d
CSeq: 235448 INVITE
Via: SIP/2.0/UDP somehost.example.com;branch=z9hG4bKkdjuw
Content-Type: application/unknownformat
Content-Length: 40

<audio>
 <pcmu port="443"/>
</audio>
"#,
            Above(415, &[("header:c", "application/unknownformat"), ("body.len", "40")]),
        ),
        case(
            "regaut01: credentials of an unknown scheme",
            br#"
REGISTER sip:example.com SIP/2.0
To: sip:j.user@example.com
From: sip:j.user@example.com;tag=87321hj23128
Max-Forwards: 8
Call-ID: regaut01.0ha0isndaksdj
CSeq: 9338 REGISTER
Via: SIP/2.0/TCP 192.0.2.253;branch=z9hG4bKkdjuw
Authorization: NoOneKnowsThisScheme opaque-data=here
Content-Length:0

"#,
            Above(401, &[("digest.opaque-data", "here"), ("digest.nonce", "")]),
        ),
        case(
            "zeromf: no hop is left, which matters to proxies only",
            br#"
OPTIONS sip:user@example.com SIP/2.0
To: sip:user@example.com
From: sip:caller@example.net;tag=3ghsd41
Call-ID: zeromf.jfasdlfnm2o2l43r5u0asdfas
CSeq: 39234321 OPTIONS
Via: SIP/2.0/UDP host1.example.com;branch=z9hG4bKkdjuw2349i
Max-Forwards: 0
Content-Length: 0

"#,
            Accept(&[("max-forwards", "0")]),
        ),
        case(
            "sdp01: an answer in a form that we do not speak is asked for",
            &[
                br#"
INVITE sip:user@example.com SIP/2.0
To: sip:j_user@example.com
Contact: <sip:caller@host15.example.net>
From: sip:caller@example.net;tag=234
Max-Forwards: 5
Call-ID: sdp01.ndaksdj9342dasdd
Accept: text/nobodyKnowsThis
CSeq: 8 INVITE
Via: SIP/2.0/UDP 192.0.2.15;branch=z9hG4bKkdjuw
Content-Length: 150
Content-Type: application/sdp

"#
                .as_slice(),
                &sdp("192.0.2.5", "192.0.2.5", "0 0"),
            ]
            .concat(),
            Above(406, &[("header:accept", "text/nobodyKnowsThis"), ("body.len", "150")]),
        ),
    ]
}

fn contacts() -> Vec<Case> {
    vec![
        case(
            "cparam01: an unknown parameter of Contact",
            br#"
REGISTER sip:example.com SIP/2.0
Via: SIP/2.0/UDP saturn.example.com:5060;branch=z9hG4bKkdjuw
Max-Forwards: 70
From: sip:person@example.com;tag=DkfVgjkrtMwaerKKpe
To: sip:person@example.com
Call-ID: cparam01.70710@saturn.example.com
CSeq: 2 REGISTER
Contact: sip:+19725550122@gw1.example.net;unknownparam
l: 0

"#,
            Accept(&[("contact", "sip:+19725550122@gw1.example.net"), ("via.port", "5060")]),
        ),
        case(
            "cparam02: an unknown parameter of the URI in Contact",
            br#"
REGISTER sip:example.com SIP/2.0
Via: SIP/2.0/UDP saturn.example.com:5060;branch=z9hG4bKkdjuw
Max-Forwards: 70
From: sip:person@example.com;tag=838293
To: sip:person@example.com
Call-ID: cparam02.70710@saturn.example.com
CSeq: 3 REGISTER
Contact: <sip:+19725550122@gw1.example.net;unknownparam>
l: 0

"#,
            Accept(&[("contact", "sip:+19725550122@gw1.example.net;unknownparam"), ("contact.unknownparam", "")]),
        ),
        case(
            "regescrt: header fields in the URI of Contact, in brackets",
            br#"
REGISTER sip:example.com SIP/2.0
To: sip:user@example.com
From: sip:user@example.com;tag=8
Max-Forwards: 70
Call-ID: regescrt.k345asrl3fdbv@192.0.2.1
CSeq: 14398234 REGISTER
Via: SIP/2.0/UDP host5.example.com;branch=z9hG4bKkdjuw
M: <sip:user@example.com?Route=%3Csip:sip.example.com%3E>
L:0

"#,
            Accept(&[("contact", "sip:user@example.com?Route=%3Csip:sip.example.com%3E")]),
        ),
    ]
}

fn old_and_odd() -> Vec<Case> {
    vec![
        case(
            "badbranch: the cookie and nothing after it",
            br#"
OPTIONS sip:user@example.com SIP/2.0
To: sip:user@example.com
From: sip:caller@example.org;tag=33242
Max-Forwards: 3
Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK
Accept: application/sdp
Call-ID: badbranch.sadonfo23i420jv0as0derf3j3n
CSeq: 8 OPTIONS
l: 0

"#,
            Accept(&[("via.branch", "z9hG4bK")]),
        ),
        case(
            "bcast: an answer whose Via was never ours; transactions pass it over",
            &[
                br#"
SIP/2.0 200 OK
Via: SIP/2.0/UDP 192.0.2.198;branch=z9hG4bK1324923
Via: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK1saber23
Call-ID: bcast.0384840201234ksdfak3j2erwedfsASdf
CSeq: 35 INVITE
From: sip:user@example.com;tag=11141343
To: sip:user@example.edu;tag=2229
Content-Length: 154
Content-Type: application/sdp
Contact: <sip:user@host28.example.com>

"#
                .as_slice(),
                &sdp("192.0.2.198", "192.0.2.198", "0 0"),
            ]
            .concat(),
            Accept(&[("vias", "2"), ("via.host", "192.0.2.198"), ("status", "200")]),
        ),
        case(
            "inv2543: a caller from before RFC 3261",
            br#"
INVITE sip:UserB@example.com SIP/2.0
Via: SIP/2.0/UDP iftgw.example.com
From: <sip:+12015550111@ift.client.example.net;user=phone>
Record-Route: <sip:UserB@example.com;maddr=ss1.example.com>
To: sip:+12015550122@ss1.example.net;user=phone
Call-ID: inv2543.1717@ift.client.example.com
CSeq: 56 INVITE
Content-Type: application/sdp

v=0
o=examples 29739 7272939 IN IP4 192.0.2.5
s=-
c=IN IP4 192.0.2.5
t=0 0
m=audio 49217 RTP/AVP 0
"#,
            Accept(&[
                ("via.branch", ""),
                ("from.tag", ""),
                ("from.user", "+12015550111"),
                ("to.uri", "sip:+12015550122@ss1.example.net"),
                ("contact", ""),
                ("max-forwards", ""),
                ("body.len", "105"),
            ]),
        ),
    ]
}
