//! Second opinions: what our parser and writer make of a request, and what `sipx-sip` and (where it is able to) `rsip` do.

use bytes::Bytes;
use proptest::prelude::*;
use proptest::sample::select;
use rsip::prelude::{HeadersExt, ToTypedHeader};
use sipx_sip::headers::{CSeq, CallId, ContactValue, From, To, Via};
use sipx_sip::{Limits, Message as SipxMessage, parse_datagram};
use throughline::sip::wire::{HeaderName, Message, Method, Request, Writer};

/// What all readers are asked for.
#[derive(Debug, PartialEq)]
struct Seen {
    method: Vec<u8>,
    uri: Vec<u8>,
    branch: Vec<u8>,
    vias: usize,
    from: Vec<u8>,
    from_tag: Vec<u8>,
    to: Vec<u8>,
    to_tag: Vec<u8>,
    contacts: Vec<Vec<u8>>,
    call_id: Vec<u8>,
    number: u32,
    body: Vec<u8>,
}

fn ours(bytes: &Bytes) -> Option<Seen> {
    let request = Request::parse(bytes.clone()).ok()?;
    Some(Seen {
        method: request.method().as_bytes().to_vec(),
        uri: request.uri().raw().to_vec(),
        branch: request.via_top().branch.to_vec(),
        vias: request.vias().count(),
        from: request.from().uri.raw().to_vec(),
        from_tag: request.from().tag.to_vec(),
        to: request.to().uri.raw().to_vec(),
        to_tag: request.to().tag.to_vec(),
        contacts: request.contacts().map(|c| c.uri.raw().to_vec()).collect(),
        call_id: request.call_id().to_vec(),
        number: request.cseq().number,
        body: request.body().to_vec(),
    })
}

fn sipx(bytes: &Bytes) -> Option<Seen> {
    let SipxMessage::Request(request) = parse_datagram(bytes.clone(), &Limits::datagram()).ok()? else { return None };
    let headers = &request.headers;
    let (from, to) = (headers.typed::<From>()?.ok()?, headers.typed::<To>()?.ok()?);
    let contacts: Result<Vec<ContactValue>, _> = headers.typed_all::<ContactValue>().collect();
    let address = |contact: ContactValue| match contact {
        ContactValue::Address(address) => Some(address.uri.to_bytes().to_vec()),
        ContactValue::Wildcard => None,
    };
    Some(Seen {
        method: request.method.as_bytes().to_vec(),
        uri: request.uri.to_bytes().to_vec(),
        branch: headers.typed::<Via>()?.ok()?.branch().unwrap_or_default().to_vec(),
        vias: headers.typed_all::<Via>().count(),
        from: from.uri.to_bytes().to_vec(),
        from_tag: from.tag().unwrap_or_default().to_vec(),
        to: to.uri.to_bytes().to_vec(),
        to_tag: to.tag().unwrap_or_default().to_vec(),
        contacts: contacts.ok()?.into_iter().filter_map(address).collect(),
        call_id: headers.typed::<CallId>()?.ok()?.0,
        number: headers.typed::<CSeq>()?.ok()?.sequence,
        body: request.body().to_vec(),
    })
}

const METHODS: [&str; 6] = ["INVITE", "OPTIONS", "BYE", "REGISTER", "X-New", "MESSAGE"];
const URIS: [&str; 7] = [
    "sip:+15550100@192.0.2.1",
    "sip:a%23b@example.com;transport=tcp;lr",
    "sips:[2001:db8::1]:5061",
    "sip:user;par=u%40example.net@example.com:5070",
    "tel:+1-555-0100",
    "sip:example.com",
    "sip:anna:secret@desk.example.com;user=phone",
];
const ADDRESSES: [&str; 6] = [
    "<sip:+15550123@example.com;user=phone>",
    "\"Anna, \\\"E\\\" <x>\" <sip:anna@example.com>",
    "Ben Example <sip:ben@[2001:db8::9]:5062;lr>",
    "caller<sip:c@example.com>",
    "sip:bare@example.com",
    "<tel:+15550199>",
];
const TAGS: [&str; 4] = ["", ";tag=abc1", " ; Tag = xyz", ";x=\"a;b\";tag=q.1"];
const VIAS: [&str; 5] = [
    "SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK77;rport",
    "SIP / 2.0 / TCP spindle.example.com ; branch = z9hG4bKa",
    "SIP/2.0/UDP [2001:db8::9:1];received=192.0.2.1;branch=z9hG4bKb, SIP/2.0/TLS h.example.com;branch=z9hG4bKc",
    "SIP/2.0/WSS x.example.com;Branch=z9hG4bKd",
    "SIP/2.0/UDP 192.0.2.7",
];
/// Full and compact names, with and without blanks, folded and not.
const COLONS: [&str; 4] = [": ", ":", " : ", ":\r\n "];

prop_compose! {
    fn request()(
        method in select(&METHODS[..]), uri in select(&URIS[..]), vias in prop::collection::vec(select(&VIAS[..]), 1..4),
        from in select(&ADDRESSES[..]), to in select(&ADDRESSES[..]), tags in (select(&TAGS[..]), select(&TAGS[..])),
        contacts in prop::collection::vec(select(&ADDRESSES[..]), 0..3), colon in select(&COLONS[..]), compact in any::<bool>(),
        number in 0u32..0x7fff_ffff, call in "[a-zA-Z0-9.-]{1,12}(@[a-z0-9.]{1,9})?", body in prop::collection::vec(any::<u8>(), 0..40),
        length in any::<bool>(),
    ) -> Bytes {
        let name = |full: &'static str, short: &'static str| if compact { short } else { full };
        let mut text = format!("{method} {uri} SIP/2.0\r\n");
        let mut field = |name: &str, value: &str| text.push_str(&format!("{name}{colon}{value}\r\n"));
        vias.iter().for_each(|via| field(name("Via", "v"), via));
        field(name("From", "f"), &format!("{from}{}", tags.0));
        field(name("To", "t"), &format!("{to}{}", tags.1));
        contacts.iter().for_each(|contact| field(name("Contact", "m"), contact));
        field(name("Call-ID", "i"), &call);
        field("CSEQ", &format!("{number} {method}"));
        if length {
            field(name("Content-Length", "l"), &body.len().to_string());
        }
        Bytes::from([text.as_bytes(), b"\r\n", &body].concat())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn sipx_reads_what_we_read(bytes in request()) {
        let seen = ours(&bytes);
        prop_assert!(seen.is_some());
        prop_assert_eq!(seen, sipx(&bytes));
    }

    #[test]
    fn sipx_reads_what_we_write(bytes in request()) {
        let request = Request::parse(bytes.clone()).expect("well-formed");
        let mut writer = Writer::request(request.method(), request.uri().raw());
        for (name, value) in request.all().filter(|(name, _)| *name != HeaderName::CONTENT_LENGTH) {
            writer.push_bytes(name, value);
        }
        let written = writer.finish_with("application/octet-stream", request.body());
        prop_assert_eq!(ours(&written), ours(&bytes));
        prop_assert_eq!(sipx(&written), ours(&bytes));
        let reply = Writer::reply(&request, 200, "OK", ([192, 0, 2, 7], 5060).into(), "t1").finish();
        prop_assert!(matches!(parse_datagram(reply.clone(), &Limits::datagram()), Ok(SipxMessage::Response(_))));
        prop_assert!(matches!(Message::parse(reply), Ok(Message::Response(_))));
    }

    /// Within what `rsip` can read: full names, IPv4 and names, known methods, text.
    #[test]
    fn rsip_reads_what_we_write(method in select(&["INVITE", "BYE", "OPTIONS"][..]), number in 1u32..99_999, tag in "[a-z0-9]{1,8}") {
        let method = Method::known(method.as_bytes()).expect("known");
        let mut writer = Writer::request(&method, b"sip:+15550100@example.com");
        writer
            .push(HeaderName::VIA, "SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK77")
            .push(HeaderName::FROM, format_args!("<sip:+15550123@example.com>;tag={tag}"))
            .push(HeaderName::TO, "<sip:+15550100@example.com>")
            .push(HeaderName::CALL_ID, "c1@example.com")
            .push(HeaderName::CSEQ, format_args!("{number} {method}"))
            .push(HeaderName::MAX_FORWARDS, 70);
        let theirs = rsip::Request::try_from(writer.finish_with("text/plain", b"hello")).expect("rsip reads it");
        prop_assert_eq!(theirs.method.to_string(), method.to_string());
        let from = theirs.from_header().and_then(|f| f.typed()).expect("From");
        prop_assert_eq!(from.tag().map(|t| t.to_string()), Some(tag));
        prop_assert_eq!(theirs.cseq_header().and_then(|c| c.typed()).expect("CSeq").seq, number);
        prop_assert_eq!(&theirs.body[..], b"hello");
        let back = Bytes::from(theirs.to_string());
        prop_assert_eq!(ours(&back).map(|seen| (seen.number, seen.body)), Some((number, b"hello".to_vec())));
    }
}

const CONNECTIONS: [&str; 3] = ["c=IN IP4 192.0.2.9", "c=IN IP6 2001:db8::9", "c=IN IP4 0.0.0.0"];
const DIRECTIONS: [&str; 5] = ["", "a=sendrecv\r\n", "a=sendonly\r\n", "a=recvonly\r\n", "a=inactive\r\n"];
const FORMATS: [&str; 4] = ["0", "8", "0 8 101", "9 0 13"];

prop_compose! {
    /// A description, its direction on the session or on the stream, with refused streams around the audio one.
    fn description()(
        connection in select(&CONNECTIONS[..]), direction in select(&DIRECTIONS[..]), on_session in any::<bool>(),
        before in any::<bool>(), after in any::<bool>(), port in 1u16.., formats in select(&FORMATS[..]),
        ptime in prop::option::of(1u32..200), version in any::<u64>(),
    ) -> String {
        let (session, stream) = if on_session { (direction, "") } else { ("", direction) };
        let video = |there: bool| if there { "m=video 0 RTP/AVP 31\r\n" } else { "" };
        let ptime = ptime.map(|ms| format!("a=ptime:{ms}\r\n")).unwrap_or_default();
        format!(
            "v=0\r\no=- 1 {version} IN IP4 192.0.2.9\r\ns=-\r\n{connection}\r\nt=0 0\r\n{session}{}\
             m=audio {port} RTP/AVP {formats}\r\na=rtpmap:101 telephone-event/8000\r\n{ptime}{stream}{}",
            video(before), video(after)
        )
    }
}

/// What `sdp-types` says to the same questions.
fn look_up(raw: &sdp_types::Session) -> (u64, String, u16, Vec<u8>, Option<u32>, Option<String>) {
    let audio = raw.medias.iter().find(|media| media.media == "audio").expect("audio");
    let of_stream = |name: &str| audio.attributes.iter().find(|one| one.attribute == name)?.value.clone();
    let numbers = audio.fmt.split(' ').filter_map(|format| format.parse().ok()).collect();
    let names = ["sendrecv", "sendonly", "recvonly", "inactive"];
    let direction = names.into_iter().find(|name| audio.has_attribute(name));
    let direction = direction.or(names.into_iter().find(|name| raw.has_attribute(name))).map(str::to_owned);
    let connection = audio.connections.first().or(raw.connection.as_ref()).expect("a connection");
    let ptime = of_stream("ptime").and_then(|ms| ms.parse().ok());
    (raw.origin.sess_version, connection.connection_address.clone(), audio.port, numbers, ptime, direction)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn sdp_types_reads_what_we_read_of_a_description(text in description()) {
        let raw = sdp_types::Session::parse(text.as_bytes()).expect("well-formed");
        let (version, address, port, numbers, ptime, direction) = look_up(&raw);
        let ours = throughline::sdp::Session::parse(text.as_bytes()).expect("well-formed");
        let rtp = ours.audio.rtp.expose();
        let codecs: Vec<u8> = ours.audio.codecs.iter().map(|codec| codec.payload_type).collect();
        prop_assert_eq!((ours.version, rtp.ip().to_string(), rtp.port(), codecs), (version, address, port, numbers));
        prop_assert_eq!(ours.audio.ptime_ms, ptime);
        // A peer at 0.0.0.0 does not listen, whatever it says (RFC 3264 section 8.4).
        if !rtp.ip().is_unspecified() {
            prop_assert_eq!(ours.audio.direction.as_str(), direction.as_deref().unwrap_or("sendrecv"));
        }
    }

    /// RFC 7616 section 3.4.1 written out by hand, beside what the gate expects.
    #[test]
    fn digest_is_what_the_rfc_says(
        user in "[ -~&&[^\":]]{1,9}", password in "[ -~]{0,9}", nonce in "[a-f0-9]{1,40}", cnonce in "[!-~&&[^\"]]{0,9}",
        count in any::<u32>(), uri in "sip:[a-z0-9.@]{1,20}", qop in any::<bool>(), sha in any::<bool>(),
    ) {
        use md5::Md5;
        use sha2::{Digest, Sha256};
        use throughline::sip::auth::{Algorithm, Credentials};
        let hash = |text: String| -> String {
            let bytes = if sha { Sha256::digest(&text).to_vec() } else { Md5::digest(&text).to_vec() };
            bytes.iter().map(|byte| format!("{byte:02x}")).collect()
        };
        let algorithm = if sha { Algorithm::Sha256 } else { Algorithm::Md5 };
        let nc = format!("{count:08x}");
        let ha1 = hash(format!("{user}:calls.example.com:{password}"));
        let ha2 = hash(format!("REGISTER:{uri}"));
        let middle = if qop { format!("{nonce}:{nc}:{cnonce}:auth") } else { nonce.clone() };
        let credentials = Credentials {
            username: user.clone(),
            realm: "calls.example.com".to_owned(),
            nonce,
            uri,
            response: String::new(),
            algorithm: algorithm.name().to_owned(),
            cnonce,
            nc,
            qop: if qop { "auth".to_owned() } else { String::new() },
        };
        prop_assert_eq!(&algorithm.hash(&[&user, "calls.example.com", &password]), &ha1);
        prop_assert_eq!(credentials.expected(algorithm, &ha1, "REGISTER"), hash(format!("{ha1}:{middle}:{ha2}")));
    }
}
