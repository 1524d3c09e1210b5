//! Descriptions of real peers as text, what is read from them, and what we answer.

use std::net::{IpAddr, Ipv4Addr};

use proptest::prelude::*;

use super::*;
use crate::base::limits;

const SIPP: &str = "v=0\r\no=user1 53655765 2353687637 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\n\
m=audio 6000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n";

const BARESIP: &str = "v=0\r\no=- 3853022390 1208411364 IN IP4 192.0.2.11\r\ns=-\r\nc=IN IP4 192.0.2.11\r\nt=0 0\r\n\
a=tool:baresip 1.0.0\r\nm=audio 18612 RTP/AVP 96 0 8 101\r\nb=AS:125\r\na=rtpmap:96 opus/48000/2\r\n\
a=fmtp:96 stereo=1;sprop-stereo=1\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n\
a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=rtcp:18613\r\na=sendrecv\r\na=label:1\r\n\
a=rtcp-rsize\r\na=ssrc:1289346514 cname:sip:desk@example.com\r\na=ptime:20\r\n";

const ASTERISK: &str = "v=0\r\no=- 1411823563 1411823563 IN IP4 192.0.2.12\r\ns=Asterisk\r\nc=IN IP4 192.0.2.12\r\nt=0 0\r\n\
m=audio 16402 RTP/AVP 8 0 9 3 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:9 G722/8000\r\n\
a=rtpmap:3 GSM/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=maxptime:150\r\na=sendrecv\r\n";

/// Static payload types without rtpmap, Annex B in fmtp, no session-level connection, video behind.
const CISCO: &str = "v=0\r\no=CiscoSystemsSIP-GW-UserAgent 5084 1935 IN IP4 192.0.2.13\r\ns=SIP Call\r\nt=0 0\r\n\
m=audio 17024 RTP/AVP 18 0 100 101\r\nc=IN IP4 192.0.2.14\r\na=fmtp:18 annexb=no\r\na=rtpmap:100 X-NSE/8000\r\n\
a=fmtp:100 192-194\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=silenceSupp:off - - - -\r\na=direction:passive\r\n\
m=video 17026 RTP/AVP 97\r\nc=IN IP4 192.0.2.14\r\na=rtpmap:97 H264/90000\r\n";

const TWO_LINES_AND_IPV6: &str = "v=0\no=- 1 1 IN IP6 2001:db8::1\ns=-\nc=IN IP6 2001:db8::1\nt=0 0\na=sendonly\n\
m=audio 7000 RTP/SAVP 0\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:MTIz\n\
m=audio 7002 RTP/AVP 0 13\na=rtcp:7010 IN IP6 2001:db8::2\na=rtcp-mux\n";

fn parse(text: &str) -> Session {
    Session::parse(text.as_bytes()).unwrap()
}

fn local() -> LocalMedia {
    LocalMedia::new(IpAddr::V4(Ipv4Addr::new(198, 51, 100, 1)), 4000, 77)
}

fn text(body: &bytes::Bytes) -> &str {
    std::str::from_utf8(body).unwrap()
}

fn names(codecs: &[Codec]) -> Vec<String> {
    codecs.iter().map(|codec| format!("{} {}/{}", codec.payload_type, codec.name, codec.clock)).collect()
}

fn g711() -> [Codec; 2] {
    [Codec::pcmu(), Codec::pcma()]
}

#[test]
fn peers_are_read() {
    let sipp = parse(SIPP);
    assert_eq!(sipp.version, 2_353_687_637);
    assert_eq!(sipp.audio.rtp.expose().to_string(), "192.0.2.10:6000");
    assert_eq!(sipp.audio.rtcp.expose().to_string(), "192.0.2.10:6001");
    assert_eq!(sipp.audio.direction, Direction::SendRecv);

    let baresip = parse(BARESIP).audio;
    assert_eq!(names(&baresip.codecs), ["96 opus/48000", "0 PCMU/8000", "8 PCMA/8000", "101 telephone-event/8000"]);
    assert_eq!((baresip.codecs[0].channels, baresip.ptime_ms), (2, Some(20)));
    assert_eq!(baresip.codecs[0].fmtp.as_deref(), Some("stereo=1;sprop-stereo=1"));

    let asterisk = parse(ASTERISK).audio;
    assert_eq!(asterisk.codecs[4].fmtp.as_deref(), Some("0-16"));
    assert_eq!(asterisk.maxptime_ms, Some(150));

    let cisco = parse(CISCO).audio;
    assert_eq!(names(&cisco.codecs), ["18 G729/8000", "0 PCMU/8000", "100 X-NSE/8000", "101 telephone-event/8000"]);
    assert_eq!(cisco.rtp.expose().to_string(), "192.0.2.14:17024");

    let ipv6 = parse(TWO_LINES_AND_IPV6).audio;
    assert_eq!(ipv6.rtp.expose().to_string(), "[2001:db8::1]:7002");
    assert_eq!(ipv6.rtcp.expose().to_string(), "[2001:db8::2]:7010");
    assert!(ipv6.rtcp_mux && ipv6.is_hold() && ipv6.direction == Direction::SendOnly);
}

#[test]
fn a_hold_in_the_old_style_is_a_hold() {
    let held = SIPP.replace("c=IN IP4 192.0.2.10", "c=IN IP4 0.0.0.0");
    assert_eq!(parse(&held).audio.direction, Direction::SendOnly);
    let inactive = held + "a=recvonly\r\n";
    assert_eq!(parse(&inactive).audio.direction, Direction::Inactive);
}

#[test]
fn what_cannot_be_used_is_refused_with_its_status() {
    let many = |line: &str, times: usize| format!("{SIPP}{}", line.repeat(times));
    let cases = [
        (String::new(), 400),
        ("hello".to_owned(), 400),
        ("v=0\r\nm=audio nonsense\r\n".to_owned(), 400),
        ("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\n".to_owned(), 488),
        (SIPP.replace("RTP/AVP", "RTP/SAVP"), 488),
        (SIPP.replace("audio 6000", "audio 0"), 488),
        (SIPP.replace("c=IN IP4 192.0.2.10\r\n", ""), 488),
        (SIPP.replace("c=IN IP4 192.0.2.10", "c=IN IP4 media.example.com"), 488),
        (SIPP.replace("c=IN IP4 192.0.2.10", "c=IN IP4 224.0.0.1"), 488),
        (SIPP.replace("RTP/AVP 0", "RTP/AVP 13 200 x"), 488),
        (many("m=audio 9 RTP/AVP 0\r\n", 64), 488),
        (many("a=x\r\n", 600), 488),
        (many(&format!("a={}\r\n", "x".repeat(1000)), 40), 488),
    ];
    for (body, status) in cases {
        let error = Session::parse(body.as_bytes()).expect_err(&body);
        assert_eq!(error.status(), status, "{error}: {body}");
    }
}

#[test]
fn two_hundred_candidates_are_survived_and_not_passed_on() {
    let candidate = "a=candidate:1 1 udp 2130706431 192.0.2.1 6000 typ host\r\n";
    let offer = parse(&format!("{SIPP}{}", candidate.repeat(200)));
    assert!(!text(&local().relay_offer(&offer)).contains("candidate"));
    let unknown = parse(&format!("{SIPP}{}", "a=x-unknown:1\r\n".repeat(200)));
    let kept = text(&local().relay_offer(&unknown)).matches("x-unknown").count();
    assert_eq!(kept, limits::SDP_KEPT_ATTRIBUTES_MAX);
}

#[test]
fn a_byte_that_is_no_text_does_not_matter() {
    let mut body = SIPP.replace("s=-", "s=Caf?").into_bytes();
    let at = body.iter().position(|byte| *byte == b'?').unwrap();
    body[at] = 0xe9;
    assert!(Session::parse(&body).is_ok());
}

#[test]
fn we_answer_alone_with_one_codec_and_keys() {
    let agreed = local().answer_alone(&parse(BARESIP), &g711()).unwrap();
    assert_eq!(
        text(&agreed.body),
        "v=0\r\no=- 77 1 IN IP4 198.51.100.1\r\ns=-\r\nc=IN IP4 198.51.100.1\r\nt=0 0\r\n\
         m=audio 4000 RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n\
         a=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n"
    );
    let negotiated = agreed.negotiated;
    assert_eq!(negotiated.codec().map(|format| &*format.codec.name), Some("PCMU"));
    assert_eq!(negotiated.telephone_event().map(|format| (format.to_peer, format.from_peer)), Some((101, 101)));
    assert_eq!((negotiated.ptime_ms, negotiated.direction), (20, Direction::SendRecv));
    assert_eq!(negotiated.rtp.expose().to_string(), "192.0.2.11:18612");
}

#[test]
fn our_answer_follows_the_offers_order_and_refuses_other_streams() {
    let agreed = local().answer_alone(&parse(ASTERISK), &g711()).unwrap();
    assert!(text(&agreed.body).contains("m=audio 4000 RTP/AVP 8 101\r\n"));
    let cisco = local().answer_alone(&parse(CISCO), &g711()).unwrap();
    assert!(text(&cisco.body).ends_with("a=sendrecv\r\nm=video 0 RTP/AVP 97\r\n"));
    let secure_first = local().answer_alone(&parse(TWO_LINES_AND_IPV6), &g711()).unwrap();
    let body = text(&secure_first.body);
    assert!(body.contains("m=audio 0 RTP/SAVP 0\r\nm=audio 4000 RTP/AVP 0\r\n") && body.ends_with("a=recvonly\r\n"));
    assert_eq!(secure_first.negotiated.direction, Direction::RecvOnly);
    let g729_only = parse(&CISCO.replace("18 0 100", "18 100"));
    assert_eq!(local().answer_alone(&g729_only, &g711()), Err(SdpError::NoCommonCodec));
}

#[test]
fn an_offer_goes_on_with_what_is_sound_and_our_address() {
    let body = local().relay_offer(&parse(CISCO));
    assert_eq!(
        text(&body),
        "v=0\r\no=- 77 1 IN IP4 198.51.100.1\r\ns=-\r\nc=IN IP4 198.51.100.1\r\nt=0 0\r\n\
         m=audio 4000 RTP/AVP 18 0 100 101\r\na=rtpmap:18 G729/8000\r\na=fmtp:18 annexb=no\r\na=rtpmap:0 PCMU/8000\r\n\
         a=rtpmap:100 X-NSE/8000\r\na=fmtp:100 192-194\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n\
         a=silenceSupp:off - - - -\r\na=sendrecv\r\n"
    );
    let baresip = local().relay_offer(&parse(BARESIP));
    assert!(text(&baresip).contains("a=rtpmap:96 opus/48000/2\r\n") && text(&baresip).contains("a=label:1\r\n"));
    assert!(!text(&baresip).contains("ssrc") && !text(&baresip).contains("rtcp"));
}

/// The agent's phone answers with another number for the keys: each side is sent what it asked for.
#[test]
fn an_answer_goes_back_under_the_offers_numbers() {
    let offer = parse(ASTERISK);
    let mut agent_side = local();
    agent_side.relay_offer(&offer);
    let answer = parse(
        "v=0\r\no=- 5 1 IN IP4 192.0.2.30\r\ns=-\r\nc=IN IP4 192.0.2.30\r\nt=0 0\r\nm=audio 9000 RTP/AVP 0 97\r\n\
         a=rtpmap:97 telephone-event/8000\r\na=fmtp:97 0-11\r\n",
    );
    let mut caller_side = local();
    let to_caller = caller_side.relay_answer(&offer, &answer).unwrap();
    assert!(text(&to_caller.body).contains("m=audio 4000 RTP/AVP 0 101\r\n"));
    assert!(text(&to_caller.body).contains("a=fmtp:101 0-11\r\n"));
    let numbers = |negotiated: &Negotiated| {
        negotiated.formats.iter().map(|format| (format.to_peer, format.from_peer)).collect::<Vec<_>>()
    };
    assert_eq!(numbers(&to_caller.negotiated), [(0, 0), (101, 101)]);
    let with_agent = agent_side.answered(&answer).unwrap();
    assert_eq!(numbers(&with_agent), [(0, 0), (97, 101)]);
    assert_eq!(with_agent.rtp.expose().to_string(), "192.0.2.30:9000");
}

#[test]
fn the_agent_is_offered_only_what_the_caller_has() {
    let caller = local().answer_alone(&parse(ASTERISK), &g711()).unwrap().negotiated;
    let body = local().offer_from_negotiated(&caller);
    assert!(text(&body).contains("m=audio 4000 RTP/AVP 8 101\r\n") && text(&body).contains("a=sendrecv"));
}

#[test]
fn a_late_offer_is_ours() {
    let mut side = local();
    let body = side.offer_alone(&g711());
    assert!(text(&body).contains("m=audio 4000 RTP/AVP 0 8 101\r\n") && text(&body).contains("a=fmtp:101 0-15\r\n"));
    let settled = side.answered(&parse(SIPP)).unwrap();
    assert_eq!(settled.formats.len(), 1);
    assert_eq!(side.answered(&parse(&SIPP.replace("0 PCMU/8000", "0 X/8000"))), Err(SdpError::NoCommonCodec));
}

#[test]
fn the_version_rises_with_each_change_and_only_then() {
    let mut side = local();
    let talk = parse(CISCO);
    let first = side.answer_alone(&talk, &g711()).unwrap().body;
    assert_eq!(side.answer_alone(&talk, &g711()).unwrap().body, first);
    let hold = parse(&CISCO.replace("t=0 0\r\n", "t=0 0\r\na=sendonly\r\n"));
    let held = side.answer_alone(&hold, &g711()).unwrap();
    assert!(text(&held.body).contains("o=- 77 2 ") && text(&held.body).contains("a=recvonly"));
    assert_eq!(held.negotiated.direction, Direction::RecvOnly);
    let resumed = side.answer_alone(&talk, &g711()).unwrap().body;
    assert!(text(&resumed).contains("o=- 77 3 "));
    let offer = side.relay_offer(&parse(SIPP));
    assert!(text(&offer).ends_with("m=video 0 RTP/AVP 97\r\n"), "a refused stream keeps its place");
}

#[test]
fn a_session_that_goes_on_at_another_port_is_the_same_session() {
    let mut before = local();
    let said = before.offer_alone(&g711());
    let mut after = LocalMedia::new(before.address, 40_002, 99).continuing(&before);
    let anew = after.offer_alone(&g711());
    assert!(text(&said).contains("o=- 77 1 ") && text(&anew).contains("o=- 77 2 "), "{anew:?}");
    assert!(text(&anew).contains("m=audio 40002 RTP/AVP 0 8 101\r\n"));
}

#[test]
fn an_answer_gives_no_more_than_the_offer_asked() {
    let hold = parse(&format!("{SIPP}a=sendonly\r\n"));
    let answer = local().relay_answer(&hold, &parse(SIPP)).unwrap();
    assert!(text(&answer.body).contains("a=recvonly"));
    let mut side = local();
    side.relay_offer(&hold);
    assert_eq!(side.answered(&parse(SIPP)).unwrap().direction, Direction::SendOnly);
}

#[test]
fn no_address_is_printed() {
    let session = parse(SIPP);
    let agreed = local().answer_alone(&session, &g711()).unwrap();
    assert!(!format!("{session:?} {:?}", agreed.negotiated).contains("192.0.2"));
}

fn line() -> impl Strategy<Value = String> {
    let from_peers = [SIPP, BARESIP, ASTERISK, CISCO, TWO_LINES_AND_IPV6].concat();
    let lines: Vec<String> = from_peers.lines().map(str::to_owned).collect();
    prop_oneof![proptest::sample::select(lines), "[a-z]=[ -~]{0,30}", "m=audio [0-9]{1,6} RTP/AVP( [0-9]{1,3}){1,9}"]
}

proptest! {
    #[test]
    fn any_lines_are_read_or_refused_and_what_is_read_can_be_answered(lines in proptest::collection::vec(line(), 0..40)) {
        let body = format!("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\n{}\r\n", lines.join("\r\n"));
        if let Ok(session) = Session::parse(body.as_bytes()) {
            let mut side = local();
            let relayed = side.relay_offer(&session);
            let again = Session::parse(&relayed);
            prop_assert!(again.is_ok(), "{again:?}");
            prop_assert_eq!(again.map(|s| s.audio.codecs), Ok(session.audio.codecs.clone()));
            prop_assert!(side.answered(&session).is_ok());
            if let Ok(agreed) = side.answer_alone(&session, &g711()) {
                prop_assert!(Session::parse(&agreed.body).is_ok());
            }
        }
    }

    #[test]
    fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Session::parse(&bytes);
    }

    #[test]
    fn damage_never_panics(at in 0usize..SIPP.len(), byte: u8) {
        let mut body = SIPP.as_bytes().to_vec();
        body[at] = byte;
        let _ = Session::parse(&body);
    }
}
