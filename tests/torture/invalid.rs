//! Messages that are to be refused: after RFC 4475 section 3.1.2.

use super::Answer::{Impossible, Possible};
use super::Verdict::{Accept, Drop, Refuse};
use super::{Case, case, sdp};

pub fn cases() -> Vec<Case> {
    let mut cases = numbers_and_lengths();
    cases.extend(start_lines());
    cases.extend(values());
    cases
}

fn numbers_and_lengths() -> Vec<Case> {
    vec![
        case(
            "clerr: the body is shorter than Content-Length",
            &[
                br#"
INVITE sip:user@example.com SIP/2.0
Max-Forwards: 80
To: sip:j.user@example.com
From: sip:caller@example.net;tag=93942939o2
Contact: <sip:caller@hungry.example.net>
Call-ID: clerr.0ha0isndaksdjweiafasdk3
CSeq: 8 INVITE
Via: SIP/2.0/UDP host5.example.com;branch=z9hG4bK-39234-23523
Content-Type: application/sdp
Content-Length: 9999

"#
                .as_slice(),
                &sdp("192.0.2.155", "192.0.2.155", "0 0"),
            ]
            .concat(),
            Refuse(400, Possible),
        ),
        case(
            "ncl: a negative Content-Length",
            &[
                br#"
INVITE sip:user@example.com SIP/2.0
Max-Forwards: 254
To: sip:j.user@example.com
From: sip:caller@example.net;tag=32394234
Call-ID: ncl.0ha0isndaksdj2193423r542w35
CSeq: 0 INVITE
Via: SIP/2.0/UDP 192.0.2.53;branch=z9hG4bKkdjuw
Contact: <sip:caller@example53.example.net>
Content-Type: application/sdp
Content-Length: -999

"#
                .as_slice(),
                &sdp("192.0.2.53", "192.0.2.53", "0 0"),
            ]
            .concat(),
            Refuse(400, Possible),
        ),
        case(
            "scalar02: numbers beyond their range",
            br#"
REGISTER sip:example.com SIP/2.0
Via: SIP/2.0/TCP host129.example.com;branch=z9hG4bK342sdfoi3
To: <sip:user@example.com>
From: <sip:user@example.com>;tag=239232jh3
CSeq: 36893488147419103232 REGISTER
Call-ID: scalar02.23o0pd9vanlq3wnrlnewofjas9ui32
Max-Forwards: 300
Expires: 10000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000
Contact: <sip:user@host129.example.com>
  ;expires=280297596632815
Content-Length: 0

"#,
            Refuse(400, Possible),
        ),
        case(
            "scalarlg: the same in an answer",
            br#"
SIP/2.0 503 Service Unavailable
Via: SIP/2.0/TCP host129.example.com;branch=z9hG4bKzzxdiwo34sw;received=192.0.2.129
To: <sip:user@example.com>
From: <sip:other@example.net>;tag=2easdjfejw
CSeq: 9292394834772304023312 OPTIONS
Call-ID: scalarlg.noase0of0234hn2qofoaf0232aewf2394r
Retry-After: 949302838503028349304023988
Warning: 1812 overture "In Progress"
Content-Length: 0

"#,
            Drop,
        ),
        case(
            "bigcode: a status of ten digits",
            br#"
SIP/2.0 4294967301 better not break the receiver
Via: SIP/2.0/UDP 192.0.2.105;branch=z9hG4bK2398ndaoe
Call-ID: bigcode.asdof3uj203asdnf3429uasdhfas3ehjasdfas9i
CSeq: 353494 INVITE
From: <sip:user@example.com>;tag=39ansfi3
To: <sip:user@example.edu>;tag=902jndnke3
Content-Length: 0
Contact: <sip:user@host105.example.com>

"#,
            Drop,
        ),
    ]
}

fn start_lines() -> Vec<Case> {
    let body = |address: &str, t: &str| sdp(address, address, t);
    vec![
        case(
            "ltgtruri: brackets around the Request-URI",
            &[
                br#"
INVITE <sip:user@example.com> SIP/2.0
To: sip:user@example.com
From: sip:caller@example.net;tag=39291
Max-Forwards: 23
Call-ID: ltgtruri.1@192.0.2.5
CSeq: 1 INVITE
Via: SIP/2.0/UDP 192.0.2.5
Contact: <sip:caller@host5.example.net>
Content-Type: application/sdp
Content-Length: 159

"#
                .as_slice(),
                &body("192.0.2.5", "3149328700 0"),
            ]
            .concat(),
            Refuse(400, Possible),
        ),
        case(
            "lwsruri: a blank in the Request-URI",
            &[
                br#"
INVITE sip:user@example.com; lr SIP/2.0
To: sip:user@example.com;tag=3xfe-9921883-z9f
From: sip:caller@example.net;tag=231413434
Max-Forwards: 5
Call-ID: lwsruri.asdfasdoeoi2323-asdfwrn23-asd834rk423
CSeq: 2130706432 INVITE
Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKkdjuw2395
Contact: <sip:caller@host1.example.net>
Content-Type: application/sdp
Content-Length: 159

"#
                .as_slice(),
                &body("192.0.2.1", "3149328700 0"),
            ]
            .concat(),
            Refuse(400, Possible),
        ),
        case(
            "lwsstart: two blanks",
            &[
                br#"
INVITE  sip:user@example.com  SIP/2.0
Max-Forwards: 8
To: sip:user@example.com
From: sip:caller@example.net;tag=8814
Call-ID: lwsstart.dfknq234oi243099adsdfnawe3@example.com
CSeq: 1893884 INVITE
Via: SIP/2.0/UDP host1.example.com;branch=z9hG4bKkdjuw3923
Contact: <sip:caller@host1.example.net>
Content-Type: application/sdp
Content-Length: 150

"#
                .as_slice(),
                &body("192.0.2.1", "0 0"),
            ]
            .concat(),
            Refuse(400, Possible),
        ),
        case(
            "trws: blanks behind the version",
            b"OPTIONS sip:remote-target@example.com SIP/2.0  \n\
Via: SIP/2.0/TCP host1.examle.com;branch=z9hG4bK299342093\n\
To: <sip:remote-target@example.com>\n\
From: <sip:local-resource@example.com>;tag=329429089\n\
Call-ID: trws.oicu34958239neffasdhr2345r\n\
Accept: application/sdp\n\
CSeq: 238923 OPTIONS\n\
Max-Forwards: 70\n\
Content-Length: 0\n\n",
            Refuse(400, Possible),
        ),
        case(
            "escruri: header fields in the Request-URI",
            &[
                br#"
INVITE sip:user@example.com?Route=%3Csip:example.com%3E SIP/2.0
To: sip:user@example.com
From: sip:caller@example.net;tag=341518
Max-Forwards: 7
Contact: <sip:caller@host39923.example.net>
Call-ID: escruri.23940-asdfhj-aje3br-234q098w-fawerh2q-h4n5
CSeq: 149209342 INVITE
Via: SIP/2.0/UDP host-of-the-hour.example.com;branch=z9hG4bKkdjuw
Content-Type: application/sdp
Content-Length: 150

"#
                .as_slice(),
                &body("192.0.2.1", "0 0"),
            ]
            .concat(),
            Refuse(400, Possible),
        ),
        case(
            "baddate: a date in another zone is ignored, since nothing here reads it",
            &[
                br#"
INVITE sip:user@example.com SIP/2.0
To: sip:user@example.com
From: sip:caller@example.net;tag=2234923
Max-Forwards: 70
Call-ID: baddate.239423mnsadf3j23lj42--sedfnm234
CSeq: 1392934 INVITE
Via: SIP/2.0/UDP host.example.com;branch=z9hG4bKkdjuw
Date: Fri, 01 Jan 2010 16:00:00 EST
Contact: <sip:caller@host5.example.net>
Content-Type: application/sdp
Content-Length: 150

"#
                .as_slice(),
                &body("192.0.2.5", "0 0"),
            ]
            .concat(),
            Accept(&[("header:date", "Fri, 01 Jan 2010 16:00:00 EST")]),
        ),
        case(
            "badvers: another version",
            br#"
OPTIONS sip:t.person@example.org SIP/7.0
Via:     SIP/7.0/UDP c.example.com;branch=z9hG4bKkdjuw
Max-Forwards:     70
From:    A. Beta <sip:a.g.beta@example.com>;tag=qweoiqpe
To:      T. Second <sip:t.person@example.org>
Call-ID: badvers.31417@c.example.com
CSeq:    1 OPTIONS
l: 0

"#,
            Refuse(505, Possible),
        ),
        case(
            "mismatch01: CSeq names another method",
            br#"
OPTIONS sip:user@example.com SIP/2.0
To: sip:j.user@example.com
From: sip:caller@example.net;tag=34525
Max-Forwards: 6
Call-ID: mismatch01.dj0234sxdfl3
CSeq: 8 INVITE
Via: SIP/2.0/UDP host.example.com;branch=z9hG4bKkdjuw
l: 0

"#,
            Refuse(400, Possible),
        ),
        case(
            "mismatch02: and the method is unknown",
            br#"
NEWMETHOD sip:user@example.com SIP/2.0
To: sip:j.user@example.com
From: sip:caller@example.net;tag=34525
Max-Forwards: 6
Call-ID: mismatch02.dj0234sxdfl3
CSeq: 8 INVITE
Contact: <sip:caller@host.example.net>
Via: SIP/2.0/UDP host.example.net;branch=z9hG4bKkdjuw
Content-Type: application/sdp
l: 138

v=0
o=examples 29739 7272939 IN IP4 192.0.2.1
c=IN IP4 192.0.2.1
m=audio 49217 RTP/AVP 0 12
m=video 3227 RTP/AVP 31
a=rtpmap:31 LPC
"#,
            Refuse(400, Possible),
        ),
    ]
}

fn values() -> Vec<Case> {
    vec![
        case(
            "badinv01: separators with nothing between them",
            &[
                br#"
INVITE sip:user@example.com SIP/2.0
To: sip:j.user@example.com
From: sip:caller@example.net;tag=134161461246
Max-Forwards: 7
Call-ID: badinv01.0ha0isndaksdjasdf3234nas
CSeq: 8 INVITE
Via: SIP/2.0/UDP 192.0.2.15;;,;,,
Contact: "Joe" <sip:joe@example.org>;;;;
Content-Length: 152
Content-Type: application/sdp

"#
                .as_slice(),
                &sdp("192.0.2.15", "192.0.2.15", "0 0"),
            ]
            .concat(),
            Refuse(400, Possible),
        ),
        case(
            "quotbal: a quote that does not end",
            &[
                br#"
INVITE sip:user@example.com SIP/2.0
To: "Mr. J. User <sip:j.user@example.com>
From: sip:caller@example.net;tag=93334
Max-Forwards: 10
Call-ID: quotbal.aksdj
Contact: <sip:caller@host59.example.net>
CSeq: 8 INVITE
Via: SIP/2.0/UDP 192.0.2.59:5050;branch=z9hG4bKkdjuw39234
Content-Type: application/sdp
Content-Length: 152

"#
                .as_slice(),
                &sdp("192.0.2.15", "192.0.2.15", "0 0"),
            ]
            .concat(),
            Refuse(400, Possible),
        ),
        case(
            "regbadct: a URI with header fields, not in brackets",
            br#"
REGISTER sip:example.com SIP/2.0
To: sip:user@example.com
From: sip:user@example.com;tag=998332
Max-Forwards: 70
Call-ID: regbadct.k345asrl3fdbv@10.0.0.1
CSeq: 1 REGISTER
Via: SIP/2.0/UDP 135.180.130.133:5060;branch=z9hG4bKkdjuw
Contact: sip:user@example.com?Route=%3Csip:sip.example.com%3E
l: 0

"#,
            Refuse(400, Possible),
        ),
        case(
            "badaspec: blanks inside the brackets",
            br#"
OPTIONS sip:user@example.org SIP/2.0
Via: SIP/2.0/UDP host4.example.com:5060;branch=z9hG4bKkdju43234
Max-Forwards: 70
From: "Beta, Alexandra" <sip:a.g.beta@example.com>;tag=433423
To: "Second, Person" < sip:t.person@example.org >
Call-ID: badaspec.sdf0234n2nds0a099u23h3hnnw009cdkne3
Accept: application/sdp
CSeq: 3923239 OPTIONS
l: 0

"#,
            Refuse(400, Possible),
        ),
        case(
            "baddn: a comma in a name without quotes",
            br#"
OPTIONS sip:t.person@example.org SIP/2.0
Via:     SIP/2.0/UDP c.example.com:5060;branch=z9hG4bKkdjuw
Max-Forwards:      70
From:    Beta, Alexandra <sip:a.g.beta@example.com>;tag=43
To:      Second, Person <sip:t.person@example.org>
Call-ID: baddn.31415@c.example.com
Accept: application/sdp
CSeq:    3923239 OPTIONS
l: 0

"#,
            Refuse(400, Possible),
        ),
        case(
            "insuf: From, To and Call-ID are missing (section 3.3.1)",
            &[
                br#"
INVITE sip:user@example.com SIP/2.0
CSeq: 193942 INVITE
Via: SIP/2.0/UDP 192.0.2.95;branch=z9hG4bKkdj.insuf
Content-Type: application/sdp
l: 152

"#
                .as_slice(),
                &sdp("192.0.2.95", "192.0.2.95", "0 0"),
            ]
            .concat(),
            Refuse(400, Impossible),
        ),
        case(
            "multi01: fields twice that may stand once (section 3.3.8)",
            &[
                br#"
INVITE sip:user@company.com SIP/2.0
Contact: <sip:caller@host25.example.net>
Via: SIP/2.0/UDP 192.0.2.25;branch=z9hG4bKkdjuw
Max-Forwards: 70
CSeq: 5 INVITE
Call-ID: multi01.98asdh@192.0.2.1
CSeq: 59 INVITE
Call-ID: multi01.98asdh@192.0.2.2
From: sip:caller@example.com;tag=3413415
To: sip:user@example.com
To: sip:other@example.net
From: sip:caller@example.net;tag=2923420123
Content-Type: application/sdp
l: 154
Contact: <sip:caller@host36.example.net>
Max-Forwards: 5

"#
                .as_slice(),
                &sdp("192.0.2.25", "192.0.2.25", "0 0"),
                b"\n",
            ]
            .concat(),
            Refuse(400, Possible),
        ),
        case(
            "mcl01: two lengths (section 3.3.9)",
            br#"
OPTIONS sip:user@example.com SIP/2.0
Via: SIP/2.0/UDP host5.example.net;branch=z9hG4bK293423
To: sip:user@example.com
From: sip:other@example.net;tag=3923942
Call-ID: mcl01.fhn2323orihawfdoa3o4r52o3irsdf
CSeq: 15932 OPTIONS
Content-Length: 13
Max-Forwards: 60
Content-Length: 5
Content-Type: text/plain

There's no way to know how many octets are supposed to be here.
"#,
            Refuse(400, Possible),
        ),
    ]
}
