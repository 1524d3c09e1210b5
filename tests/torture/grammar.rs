//! Valid and hard to read: after RFC 4475 section 3.1.1.

use super::Verdict::Accept;
use super::{Case, case, exact, sdp};

pub fn cases() -> Vec<Case> {
    let mut cases = short();
    cases.push(long_values());
    cases
}

fn short() -> Vec<Case> {
    vec![
        case(
            "wsinv: blanks and folds wherever the grammar lets them be",
            &[
                br#"
INVITE sip:called@chair-dnrc.example.com;unknownparam SIP/2.0
TO :
 sip:called@chair-dnrc.example.com ;   tag    = 1918181833n
from   : "A Caller Id \\\""       <sip:acaller@example.com>
  ;
  tag = 98asjd8
MaX-fOrWaRdS: 0068
Call-ID: wsinv.ndaksdj@192.0.2.1
Content-Length   : 150
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
m:"Quoted string \"\"" <sip:acaller@example.com> ; newparam =
      newvalue ;
  secondparam ; q = 0.33

"#
                .as_slice(),
                &sdp("192.0.2.3", "192.0.2.4", "0 0"),
            ]
            .concat(),
            Accept(&[
                ("method", "INVITE"),
                ("uri.user", "called"),
                ("to.uri", "sip:called@chair-dnrc.example.com"),
                ("to.tag", "1918181833n"),
                ("from.display", r#"A Caller Id \""#),
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
                ("body.len", "150"),
            ]),
        ),
        case(
            "intmeth: every character that a method, a URI and a quoted string may hold",
            b"!interesting-Method0123456789_*+`.%indeed'~ sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com SIP/2.0\n\
Via: SIP/2.0/TCP host1.example.com;branch=z9hG4bK-.!%66*_+`'~\n\
To: \"BEL:\\\x07 NUL:\\\x00 DEL:\\\x7F\" <sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*@example.com>\n\
From: token1~` token2'+_ token3*%!.- <sip:mundane@example.com>;fromParam''~+*_!.-%=\"\xd1\x80\xd0\xb0\xd0\xb1\xd0\xbe\xd1\x82\xd0\xb0\xd1\x8e\xd1\x89\xd0\xb8\xd0\xb9\";tag=_token~1'+`*%!-.\n\
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
            &[
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
Content-Length: 150

"#
                .as_slice(),
                &sdp("192.0.2.1", "192.0.2.1", "0 0"),
            ]
            .concat(),
            Accept(&[
                ("uri.user", "sips%3Auser%40example.com"),
                ("uri.user.decoded", "sips:user@example.com"),
                ("uri.host", "example.net"),
                ("to.user", "user"),
                ("contact", "sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31"),
                ("contact.user", "caller"),
                ("header:content-type", "application/sdp"),
                ("body.len", "150"),
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
To: sip:j.user@example.com
From: sip:j.user@example.com;tag=43251j3j324
Max-Forwards: 8
I: dblreq.0ha0isndaksdj99sdfafnl3lk233412
Contact: sip:j.user@host.example.com
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
Content-Type: application/sdp
Content-Length: 150

v=0
o=examples 29739 7272939 IN IP4 192.0.2.15
s=-
c=IN IP4 192.0.2.15
t=0 0
m=audio 49217 RTP/AVP 0 12
m =video 3227 RTP/AVP 31
a=rtpmap:31 LPC
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
        mpart01(),
        case(
            "unreason: a phrase that is not ASCII",
            &[
                b"SIP/2.0 200 = 2**3 * 5**2 \xd0\xbd\xd0\xbe \xd1\x81\xd1\x82\xd0\xbe \
\xd0\xb4\xd0\xb5\xd0\xb2\xd1\x8f\xd0\xbd\xd0\xbe\xd1\x81\xd1\x82\xd0\xbe \xd0\xb4\xd0\xb5\xd0\xb2\xd1\x8f\xd1\x82\xd1\x8c - \
\xd0\xbf\xd1\x80\xd0\xbe\xd1\x81\xd1\x82\xd0\xbe\xd0\xb5\n\
Via: SIP/2.0/UDP 192.0.2.198;branch=z9hG4bK1324923\n\
Call-ID: unreason.1234ksdfak3j2erwedfsASdf\n\
CSeq: 35 INVITE\n\
From: sip:user@example.com;tag=11141343\n\
To: sip:user@example.edu;tag=2229\n\
Content-Length: 154\n\
Content-Type: application/sdp\n\
Contact: <sip:user@host198.example.com>\n\
\n"
                    .as_slice(),
                &sdp("192.0.2.198", "192.0.2.198", "0 0"),
            ]
            .concat(),
            Accept(&[
                ("kind", "response"),
                ("status", "200"),
                (
                    "phrase",
                    r"= 2**3 * 5**2 \xd0\xbd\xd0\xbe \xd1\x81\xd1\x82\xd0\xbe \xd0\xb4\xd0\xb5\xd0\xb2\xd1\x8f\xd0\xbd\xd0\xbe\xd1\x81\xd1\x82\xd0\xbe \xd0\xb4\xd0\xb5\xd0\xb2\xd1\x8f\xd1\x82\xd1\x8c - \xd0\xbf\xd1\x80\xd0\xbe\xd1\x81\xd1\x82\xd0\xbe\xd0\xb5",
                ),
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

/// mpart01: the S/MIME part as RFC 4475 section 3.1.1.11 gives it in hexadecimal.
fn mpart01() -> Case {
    const SIGNED: &str = "3082015206092a864886f70d010702a08201433082013f0201013109300706052b0e03021a300b06092a864886f70d0107013182012030\
        82011c020101307c3070310b3009060355040613025553311330110603550408130a43616c69666f726e69613111300f06035504071308\
        53616e204a6f7365310e300c060355040a1305736970697431293027060355040b13205369706974205465737420436572746966696361\
        746520417574686f7269747902080195007102330113300706052b0e03021a300d06092a864886f70d01010105000481808ef466f948f0\
        522dd2e5978e9d95aae9f2fe15a06659716292e8da2aa8d8350a68ceffae3cbd2bff1675ddd5648e593dd64728f26220f7e941749e330d\
        9a15edabdb93d10c42102e7b7289d29cc0c9ae2efbc7c0cff9172f3b027e4fc027e1546de4b6aa3abb3e66cccb5dd6c64b8383149cb8e6\
        ff182d944fe57b65bc99d005";
    let signed: Vec<u8> =
        (0..SIGNED.len()).step_by(2).filter_map(|at| u8::from_str_radix(&SIGNED[at..at + 2], 16).ok()).collect();
    let head = "MESSAGE sip:kumiko@example.org SIP/2.0\r
Via: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK-d87543-4dade06d0bdb11ee-1--d87543-;rport\r
Max-Forwards: 70\r
Route: <sip:127.0.0.1:5080>\r
Identity: r5mwreLuyDRYBi/0TiPwEsY3rEVsk/G2WxhgTV1PF7hHuLIK0YWVKZhKv9Mj8UeXqkMVbnVq37CD+813gvYjcBUaZngQmXc9WNZSDNGCzA+fWl9MEUHWIZo1CeJebdY/XlgKeTa0Olvq0rt70Q5jiSfbqMJmQFteeivUhkMWYUA=\r
Contact: <sip:fluffy@127.0.0.1:5070>\r
To: <sip:kumiko@example.org>\r
From: <sip:fluffy@example.com>;tag=2fb0dcc9\r
Call-ID: 3d9485ad0c49859b@Zmx1ZmZ5LW1hYy0xNi5sb2NhbA..\r
CSeq: 1 MESSAGE\r
Content-Transfer-Encoding: binary\r
Content-Type: multipart/mixed;boundary=7a9cbec02ceef655\r
Date: Sat, 15 Oct 2005 04:44:56 GMT\r
User-Agent: SIPimp.org/0.2.5 (curses)\r
Content-Length: 553\r
\r
--7a9cbec02ceef655\r
Content-Type: text/plain\r
Content-Transfer-Encoding: binary\r
\r
Hello\r
--7a9cbec02ceef655\r
Content-Type: application/octet-stream\r
Content-Transfer-Encoding: binary\r
\r
";
    let message = [head.as_bytes(), &signed, b"\r\n--7a9cbec02ceef655--\r\n"].concat();
    exact(
        "mpart01: binary bytes in the body stay as they are",
        &message,
        Accept(&[
            ("method", "MESSAGE"),
            ("route", "<sip:127.0.0.1:5080>"),
            ("via.rport", "Asked"),
            ("body.len", "553"),
            ("header:content-transfer-encoding", "binary"),
        ]),
    )
}

/// longreq: long names, long values, many Vias.
fn long_values() -> Case {
    let names = [
        "Via:", "v:", "V:", "Via:", "ViA:", "VIa:", "VIA:", "via:", "viA:", "vIa:", "vIA:", "V :", "v :", "V  :",
        "v  :", "Via :", "Via  :",
    ];
    let name = |nth: usize| names.get(nth).unwrap_or(&"Via:");
    let space = |nth: usize| if nth == 11 || nth == 12 { " " } else { "" };
    let vias: String =
        (0..33).map(|nth| format!("{}{} SIP/2.0/TCP sip{}.example.com\n", name(nth), space(nth), 33 - nth)).collect();
    let message = format!(
        "INVITE sip:user@example.com SIP/2.0\n\
To: \"I have a user name of {extreme} proportion\"<sip:user@example.com:6000;unknownparam1=very{long20}value;longparam{name25}=shortvalue;very{long25}ParameterNameWithNoValue>\n\
F: sip:{amazing}@example.net;tag=12{tag50}424;unknownheaderparam{name20}=unknowheaderparam{value15};unknownValueless{paramname10}\n\
Call-ID: longreq.one{really20}longcallid\n\
CSeq: 3882340 INVITE\n\
Unknown-{Long20}-Name: unknown-{long20}-value; unknown-{long20}-parameter-name = unknown-{long20}-parameter-value\n\
{vias}Via: SIP/2.0/TCP host.example.com;received=192.0.2.5;branch=very{long50}branchvalue\n\
Max-Forwards: 70\n\
Contact: <sip:{amazing}@host5.example.net>\n\
Content-Type: application/sdp\n\
l: 150\n\n",
        extreme = "extreme".repeat(10),
        long20 = "long".repeat(20),
        long25 = "long".repeat(25),
        long50 = "long".repeat(50),
        Long20 = "Long".repeat(20),
        name20 = "name".repeat(20),
        name25 = "name".repeat(25),
        value15 = "value".repeat(15),
        tag50 = "982".repeat(50),
        paramname10 = "paramname".repeat(10),
        really20 = "really".repeat(20),
        amazing = "amazinglylongcallername".repeat(5),
    );
    case(
        "longreq: long names, long values, many Vias",
        &[message.as_bytes(), &sdp("192.0.2.1", "192.0.2.1", "0 0")].concat(),
        Accept(&[
            ("vias", "34"),
            ("cseq", "3882340 INVITE"),
            ("body.len", "150"),
            ("via.host", "sip33.example.com"),
            ("max-forwards", "70"),
        ]),
    )
}
