//! Valid and hard to read: after RFC 4475 section 3.1.1.

use super::Verdict::Accept;
use super::{Case, case};

pub fn cases() -> Vec<Case> {
    let mut cases = short();
    cases.push(long_values());
    cases
}

fn short() -> Vec<Case> {
    vec![
        case(
            "wsinv: blanks and folds wherever the grammar lets them be",
            br#"
INVITE sip:anna@desk.example.com;unknownparam SIP/2.0
TO :
 sip:anna@desk.example.com ;   tag    = 1918181833n
from   : "B Ben \\\""       <sip:ben@example.com>
  ;
  tag = 98asjd8
MaX-fOrWaRdS: 0068
Call-ID: wsinv.ndaksdj@192.0.2.1
Content-Length   : 11
cseq: 0009
  INVITE
Via  : SIP  /   2.0
 /UDP
    192.0.2.2;branch=390skdjuw
s :
NewFangledHeader:   newfangled value
 continued newfangled value
UnknownHeaderWithUnusualValue: ;;,,;;,;
Content-Type: application/sdp
Route:
 <sip:services.example.com;lr;unknownwith=value;unknown-no-value>
v:  SIP  / 2.0  / TCP     spindle.example.com   ;
  branch  =   z9hG4bK9ikj8  ,
 SIP  /    2.0   / UDP  192.168.255.111   ; branch=
 z9hG4bK30239
m:"Quoted string \"\"" <sip:ben@example.com> ; newparam =
      newvalue ;
  secondparam ; q = 0.33

v=0
s=-
x
"#,
            Accept(&[
                ("method", "INVITE"),
                ("uri.user", "anna"),
                ("to.uri", "sip:anna@desk.example.com"),
                ("to.tag", "1918181833n"),
                ("from.display", r#"B Ben \""#),
                ("from.tag", "98asjd8"),
                ("max-forwards", "68"),
                ("cseq", "9 INVITE"),
                ("via.host", "192.0.2.2"),
                ("via.branch", "390skdjuw"),
                ("vias", "3"),
                ("routes", "1"),
                ("contact.display", r#"Quoted string """#),
                ("contact.newparam", "newvalue"),
                ("contact.q", "0.33"),
                ("header:newfangledheader", "newfangled value   continued newfangled value"),
                ("header:UnknownHeaderWithUnusualValue", ";;,,;;,;"),
                ("header:Subject", ""),
                ("header:route", "<sip:services.example.com;lr;unknownwith=value;unknown-no-value>"),
                ("body", r"v=0\r\ns=-\r\nx"),
            ]),
        ),
        case(
            "intmeth: every character that a method, a URI and a quoted string may hold",
            b"!interesting-Method0123456789_*+`.%indeed'~ sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com SIP/2.0\n\
Via: SIP/2.0/TCP host1.example.com;branch=z9hG4bK-.!%66*_+`'~\n\
To: \"BEL:\\\x07 NUL:\\\x00 DEL:\\\x7F\" <sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*@example.com>\n\
From: token1~` token2'+_ token3*%!.- <sip:mundane@example.com>;fromParam''~+*_!.-%=\"\xd1\x80\xd0\xb0\xd0\xb1\xd0\xbe\xd1\x82\";tag=_token~1'+`*%!-.\n\
Call-ID: intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{\n\
CSeq: 139122385 !interesting-Method0123456789_*+`.%indeed'~\n\
Max-Forwards: 255\n\
extensionHeader-!.%*+_`'~:\xef\xbb\xbf\xe5\xa4\xa7\xe5\x81\x9c\xe9\x9b\xbb\n\
Content-Length: 0\n\
\n",
            Accept(&[
                ("method", "!interesting-Method0123456789_*+`.%indeed\\'~"),
                ("uri.user", "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*"),
                ("uri.host", "example.com"),
                ("to.display", "BEL:\x07 NUL:\x00 DEL:\x7f"),
                ("from.display", "token1~` token2'+_ token3*%!.-"),
                ("from.tag", "_token~1'+`*%!-."),
                ("via.branch", "z9hG4bK-.!%66*_+`'~"),
                ("call-id", r#"intmeth.word%ZK-!.*_+'@word`~)(><:\/"][?}{"#),
                ("max-forwards", "255"),
                ("header:extensionheader-!.%*+_`'~", r"\xef\xbb\xbf\xe5\xa4\xa7\xe5\x81\x9c\xe9\x9b\xbb"),
            ]),
        ),
        case(
            "esc01: an escaped URI in a user part",
            br#"
INVITE sip:sips%3Auser%40example.com@example.net SIP/2.0
To: sip:%75se%72@example.com
From: <sip:I%20have%20spaces@example.net>;tag=938
Max-Forwards: 87
i: esc01.239409asdfakjkn23onasd0-3234
CSeq: 234234 INVITE
Via: SIP/2.0/UDP host5.example.net;branch=z9hG4bKkdjuw
C: application/sdp
Contact:
  <sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31>
Content-Length: 3

v=0"#,
            Accept(&[
                ("uri.user", "sips%3Auser%40example.com"),
                ("uri.user.decoded", "sips:user@example.com"),
                ("uri.host", "example.net"),
                ("to.user", "user"),
                ("contact", "sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31"),
                ("contact.user", "caller"),
                ("header:content-type", "application/sdp"),
                ("body", "v=0"),
            ]),
        ),
        case(
            "escnull: escaped zero bytes",
            br#"
REGISTER sip:example.com SIP/2.0
To: sip:null-%00-null@example.com
From: sip:null-%00-null@example.com;tag=839923423
Max-Forwards: 70
Call-ID: escnull.39203ndfvkjdasfkq3w4otrq0adsfdfnavd
CSeq: 14398234 REGISTER
Via: SIP/2.0/UDP host5.example.com;branch=z9hG4bKkdjuw
Contact: <sip:%00@host5.example.com>
Contact: <sip:%00%00@host5.example.com>
L:0

"#,
            Accept(&[
                ("to.user", "null-\0-null"),
                ("from.tag", "839923423"),
                ("contacts", "2"),
                ("contact", "sip:%00@host5.example.com"),
                ("body.len", "0"),
            ]),
        ),
        case(
            "esc02: percent signs that escape nothing",
            br#"
RE%47IST%45R sip:registrar.example.com SIP/2.0
To: "%Z%45" <sip:resource@example.com>
From: "%Z%45" <sip:resource@example.com>;tag=f232jadfj23
Call-ID: esc02.asdfnqwo34rq23i34jrjasdcnl23nrlknsdf
Via: SIP/2.0/TCP host.example.com;branch=z9hG4bK209%fzsnel234
CSeq: 29344 RE%47IST%45R
Max-Forwards: 70
Contact: <sip:alias1@host1.example.com>
C%6Fntact: <sip:alias2@host2.example.com>
Contact: <sip:alias3@host3.example.com>
l: 0

"#,
            Accept(&[
                ("method", "RE%47IST%45R"),
                ("from.display", "%Z%45"),
                ("via.branch", "z9hG4bK209%fzsnel234"),
                ("contacts", "2"),
                ("header:C%6Fntact", "<sip:alias2@host2.example.com>"),
            ]),
        ),
        case(
            "lwsdisp: no blank between the name and the bracket",
            br#"
OPTIONS sip:user@example.com SIP/2.0
To: sip:user@example.com
From: caller<sip:caller@example.com>;tag=323
Max-Forwards: 70
Call-ID: lwsdisp.1234abcd@funky.example.com
CSeq: 60 OPTIONS
Via: SIP/2.0/UDP funky.example.com;branch=z9hG4bKkdjuw
l: 0

"#,
            Accept(&[("from.display", "caller"), ("from.uri", "sip:caller@example.com"), ("from.tag", "323")]),
        ),
        case(
            "dblreq: a second request behind the body is not read",
            br#"
REGISTER sip:example.com SIP/2.0
To: sip:ben@example.com
From: sip:ben@example.com;tag=43251j3j324
Max-Forwards: 8
I: dblreq.0ha0isndaksdj99sdfafnl3lk233412
Contact: sip:ben@host.example.com
CSeq: 8 REGISTER
Via: SIP/2.0/UDP 192.0.2.125;branch=z9hG4bKkdjuw23492
Content-Length: 0


INVITE sip:joe@example.com SIP/2.0
t: sip:joe@example.com
From: sip:caller@example.net;tag=141334
Max-Forwards: 8
Call-ID: dblreq.0ha0isnda977644900765@192.0.2.15
CSeq: 8 INVITE
Via: SIP/2.0/UDP 192.0.2.15;branch=z9hG4bKkdjuw380234
Content-Length: 0

"#,
            Accept(&[("method", "REGISTER"), ("body.len", "0"), ("fields", "8"), ("cseq", "8 REGISTER")]),
        ),
        case(
            "semiuri: semicolons in the user part are no parameters",
            br#"
OPTIONS sip:user;par=u%40example.net@example.com SIP/2.0
To: sip:j_user@example.com
From: sip:caller@example.org;tag=33242
Max-Forwards: 3
Call-ID: semiuri.0ha0isndaksdj
CSeq: 8 OPTIONS
Accept: application/sdp, application/pkcs7-mime,
        multipart/mixed, multipart/signed,
        message/sip, message/sipfrag
Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKkdjuw
l: 0

"#,
            Accept(&[("uri.user", "user;par=u%40example.net"), ("uri.user.decoded", "user;par=u@example.net"), ("max-forwards", "3")]),
        ),
        case(
            "transports: any name may stand for a transport",
            br#"
OPTIONS sip:user@example.com SIP/2.0
To: sip:user@example.com
From: <sip:caller@example.com>;tag=323
Max-Forwards: 70
Call-ID:  transports.kijh4akdnaqjkwendsasfdj
Accept: application/sdp
CSeq: 60 OPTIONS
Via: SIP/2.0/UDP t1.example.com;branch=z9hG4bKkdjuw
Via: SIP/2.0/SCTP t2.example.com;branch=z9hG4bKklasjdhf
Via: SIP/2.0/TLS t3.example.com;branch=z9hG4bK2980unddj
Via: SIP/2.0/UNKNOWN t4.example.com;branch=z9hG4bKasd0f3en
Via: SIP/2.0/TCP t5.example.com;branch=z9hG4bK0a9idfnee
l: 0

"#,
            Accept(&[("vias", "5"), ("via.transport", "UDP"), ("call-id", "transports.kijh4akdnaqjkwendsasfdj")]),
        ),
        case(
            "mpart01: binary bytes in the body stay as they are",
            b"MESSAGE sip:kumiko@example.org SIP/2.0\n\
Via: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK-d87543-4dade06d0bdb11ee-1--d87543-;rport\n\
Max-Forwards: 70\n\
Route: <sip:127.0.0.1:5080>\n\
From: <sip:fluffy@example.com>;tag=2fb0dcc9\n\
To: <sip:kumiko@example.org>\n\
Call-ID: 3d9485ad0c49859b@Zmx1ZmZ5LmV4YW1wbGUuY29t\n\
CSeq: 1 MESSAGE\n\
Content-Type: multipart/mixed;boundary=7a9cbec02ceef655\n\
Content-Length: 59\n\
\n\
--7a9cbec02ceef655\n\n\x30\x82\x01\x52\x06\x09\x2a\x86\x48\x00\xff\xfe\xc0\n--7a9cbec02ceef655--\n",
            Accept(&[
                ("method", "MESSAGE"),
                ("route", "<sip:127.0.0.1:5080>"),
                ("via.rport", "Asked"),
                (
                    "body",
                    r"--7a9cbec02ceef655\r\n\r\n0\x82\x01R\x06\t*\x86H\x00\xff\xfe\xc0\r\n--7a9cbec02ceef655--\r\n",
                ),
            ]),
        ),
        case(
            "unreason: a phrase that is not ASCII",
            b"SIP/2.0 200 = 2**3 * 5**2 \xd0\xbd\xd0\xbe \xd1\x81\xd1\x82\xd0\xbe\n\
Via: SIP/2.0/UDP 192.0.2.198;branch=z9hG4bK1324923\n\
Call-ID: unreason.1234ksdfak3j2erwedfsASdf\n\
CSeq: 35 INVITE\n\
From: sip:user@example.com;tag=11141343\n\
To: sip:user@example.edu;tag=2229\n\
Content-Length: 0\n\
Contact: <sip:user@host198.example.com>\n\
\n",
            Accept(&[
                ("kind", "response"),
                ("status", "200"),
                ("phrase", r"= 2**3 * 5**2 \xd0\xbd\xd0\xbe \xd1\x81\xd1\x82\xd0\xbe"),
                ("contact", "sip:user@host198.example.com"),
            ]),
        ),
        case(
            "noreason: no phrase",
            b"SIP/2.0 100 \n\
Via: SIP/2.0/UDP 192.0.2.105;branch=z9hG4bK2398ndaoe\n\
Call-ID: noreason.asndj203insdf99223ndf\n\
CSeq: 35 INVITE\n\
From: <sip:user@example.com>;tag=39ansfi3\n\
To: <sip:user@example.edu>;tag=902jndnke3\n\
Content-Length: 0\n\
Contact: <sip:user@host105.example.com>\n\
\n",
            Accept(&[("status", "100"), ("phrase", ""), ("cseq", "35 INVITE")]),
        ),
    ]
}

/// longreq: long names, long values, many Vias.
fn long_values() -> Case {
    let long = |word: &str, times: usize| word.repeat(times);
    let vias: String =
        (1..=33).map(|n| format!("v: SIP/2.0/TCP sip{n}.example.com ;branch=z9hG4bK{n}{}\n", long("x", 30))).collect();
    let message = format!(
        "INVITE sip:user@example.com SIP/2.0\n\
To: \"I have a user name of {extreme} proportion\"<sip:user@example.com:6000;{unknown}1=very{long_value}value;longparamname=shortvalue;very{long_name}ParameterNameWithNoValue>\n\
F: sip:{amazing}callername@example.net;tag=12{tag}424;unknownheaderparam{name}=unknownheaderparam{value}\n\
Call-ID: longreq.one{really}longcallid\n\
CSeq: 3882340 INVITE\n\
Unknown-{long_name}-Name: unknown-{long_name}-value; unknown-{long_name}-parameter-name = unknown-{long_name}-parameter-value\n\
{vias}Max-Forwards: 70\n\
Contact: <sip:{amazing}callername@host5.example.net>\n\
Content-Type: application/sdp\n\
l: 3\n\nv=0",
        extreme = long("extreme", 10),
        unknown = long("unknownparam", 4),
        long_value = long("long", 40),
        long_name = long("long", 60),
        amazing = long("amazinglylong", 5),
        tag = long("982", 60),
        name = long("longname", 20),
        value = long("longvalue", 20),
        really = long("really", 30),
    );
    case(
        "longreq: long names, long values, many Vias",
        message.as_bytes(),
        Accept(&[
            ("vias", "33"),
            ("cseq", "3882340 INVITE"),
            ("body", "v=0"),
            ("via.host", "sip1.example.com"),
            ("max-forwards", "70"),
        ]),
    )
}
