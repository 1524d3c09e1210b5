//! Offers of real browsers, what we answer, what goes on to a telephone, and what is refused.

use proptest::prelude::*;

use super::*;

const CHROMIUM: &str = include_str!("samples/chromium.sdp");
const FIREFOX: &str = include_str!("samples/firefox.sdp");
const SAFARI: &str = include_str!("samples/safari.sdp");
const ALL: [&str; 3] = [CHROMIUM, FIREFOX, SAFARI];
const OURS: Fingerprint = Fingerprint([0xab; 32]);

fn parse(text: &str) -> Session {
    Session::parse(text.as_bytes()).unwrap()
}

fn plain() -> LocalMedia {
    LocalMedia::new([198, 51, 100, 1].into(), 4000, 77)
}

fn browser_side() -> LocalMedia {
    LocalMedia::new([198, 51, 100, 1].into(), 5000, 77).with_webrtc(LocalWebRtc::new(OURS, [7; 32]))
}

fn text(body: &[u8]) -> String {
    String::from_utf8(body.to_vec()).unwrap()
}

fn g711() -> [Codec; 2] {
    [Codec::pcmu(), Codec::pcma()]
}

fn attribute<'a>(text: &'a str, name: &str) -> &'a str {
    text.lines().find_map(|line| line.strip_prefix(&format!("a={name}:"))).unwrap_or_default()
}

/// The browser's answer to an offer of ours: what we said, as its side would say it.
fn answer_to(offer: &str, setup: &str) -> String {
    let theirs = parse(CHROMIUM).audio.webrtc.unwrap();
    let lines = offer.lines().map(|line| match line.split_once(':').map_or(line, |(name, _)| name) {
        "a=setup" => format!("a=setup:{setup}"),
        "a=ice-ufrag" => format!("a=ice-ufrag:{}", theirs.ice.ufrag),
        "a=ice-pwd" => format!("a=ice-pwd:{}", theirs.ice.pwd),
        "a=fingerprint" => format!("a=fingerprint:{}", theirs.fingerprint.write()),
        _ => line.to_owned(),
    });
    lines.map(|line| line + "\r\n").collect()
}

#[test]
fn browsers_are_read() {
    for (offer, ufrag, mid) in [(CHROMIUM, "4ZcD", "0"), (FIREFOX, "9f3c71ad", "0"), (SAFARI, "mQ7b", "audio")] {
        let audio = parse(offer).audio;
        let webrtc = audio.webrtc.unwrap();
        assert_eq!((webrtc.ice.ufrag.as_str(), webrtc.mid.as_deref()), (ufrag, Some(mid)));
        assert_eq!((webrtc.setup, webrtc.is_bundled), (Setup::ActPass, true));
        assert_eq!((audio.direction, audio.rtcp_mux), (Direction::SendRecv, true));
        assert!(audio.codecs.iter().any(|codec| codec.same_encoding(&Codec::pcmu())));
    }
    let fingerprint = parse(FIREFOX).audio.webrtc.unwrap().fingerprint;
    assert_eq!((fingerprint.0[0], fingerprint.0[31]), (0x19, 0xce), "of the session");
}

#[test]
fn an_address_of_each_family_is_a_candidate() {
    let webrtc = LocalWebRtc::new(OURS, [7; 32]).also_at(Some("2001:db8::1".parse().unwrap()));
    let mut ours = LocalMedia::new([198, 51, 100, 1].into(), 5000, 77).with_webrtc(webrtc);
    let body = text(&ours.answer_alone(&parse(CHROMIUM), &g711()).unwrap().body);
    let candidates: Vec<&str> = body.lines().filter(|line| line.starts_with("a=candidate:")).collect();
    let expect = [
        "a=candidate:1 1 udp 2130706431 198.51.100.1 5000 typ host",
        "a=candidate:2 1 udp 2130706175 2001:db8::1 5000 typ host",
    ];
    assert_eq!(candidates, expect);
    assert!(body.contains("c=IN IP4 198.51.100.1"), "{body}");
}

#[test]
fn our_answer_is_passive_lite_and_has_one_address() {
    let agreed = browser_side().answer_alone(&parse(CHROMIUM), &g711()).unwrap();
    let body = text(&agreed.body);
    for line in [
        "a=ice-lite",
        "a=group:BUNDLE 0",
        "m=audio 5000 UDP/TLS/RTP/SAVPF 0 126",
        "a=rtpmap:126 telephone-event/8000",
        "a=mid:0",
        "a=rtcp-mux",
        "a=setup:passive",
        "a=candidate:1 1 udp 2130706431 198.51.100.1 5000 typ host",
        "a=end-of-candidates",
        "m=video 0 UDP/TLS/RTP/SAVPF 96 97",
        "a=mid:1",
    ] {
        assert!(body.lines().any(|said| said == line), "{line} in {body}");
    }
    assert_eq!(attribute(&body, "fingerprint"), OURS.write());
    assert!(!body.contains("4ZcD") && !body.contains("crypto"), "{body}");
    let session = agreed.negotiated.webrtc.unwrap();
    assert_eq!((session.begins, session.theirs.ufrag.as_str()), (false, "4ZcD"));
    assert_eq!(session.ours.ufrag, attribute(&body, "ice-ufrag"));
    assert!(session.ours.ufrag.len() >= 4 && session.ours.pwd.len() >= 22);
    assert!(attribute(&body, "ssrc").ends_with(&format!("cname:{}", browser_side().webrtc().unwrap().stream().cname)));
}

#[test]
fn each_browsers_stream_is_answered_under_its_own_name() {
    for (offer, mid) in ALL.into_iter().zip(["0", "0", "audio"]) {
        let body = text(&browser_side().answer_alone(&parse(offer), &g711()).unwrap().body);
        assert_eq!((attribute(&body, "mid"), attribute(&body, "group")), (mid, format!("BUNDLE {mid}").as_str()));
        assert!(Session::parse(body.as_bytes()).unwrap().audio.webrtc.is_some());
    }
    let unnamed = CHROMIUM.replace("a=mid:0\n", "").replace("a=group:BUNDLE 0 1\n", "");
    let body = text(&browser_side().answer_alone(&parse(&unnamed), &g711()).unwrap().body);
    assert!(!body.contains("a=mid:0") && !body.contains("BUNDLE"), "{body}");
}

#[test]
fn nothing_of_the_browser_reaches_a_telephone() {
    for offer in ALL {
        let body = text(&plain().relay_offer(&parse(offer)));
        assert!(body.contains("m=audio 4000 RTP/AVP "), "{body}");
        for of_browsers in
            ["ice", "fingerprint", "setup", "mid", "candidate", "rtcp", "extmap", "ssrc", "BUNDLE", "crypto"]
        {
            assert!(!body.contains(&format!("a={of_browsers}")), "{of_browsers} in {body}");
        }
    }
}

#[test]
fn our_offer_leaves_the_part_to_the_browser() {
    for (setup, begins) in [("active", false), ("passive", true)] {
        let mut side = browser_side();
        let offer = text(&side.offer_alone(&g711()));
        assert!(offer.contains("a=setup:actpass\r\n") && offer.contains("a=group:BUNDLE 0\r\n"), "{offer}");
        let settled = side.answered(&parse(&answer_to(&offer, setup))).unwrap();
        assert_eq!(settled.webrtc.unwrap().begins, begins);
    }
}

#[test]
fn a_telephones_offer_and_a_browsers_meet() {
    let phone = "v=0\r\no=- 1 1 IN IP4 192.0.2.30\r\ns=-\r\nc=IN IP4 192.0.2.30\r\nt=0 0\r\nm=audio 9000 RTP/AVP 0 101\r\n\
                 a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n";
    let answer = browser_side().relay_answer(&parse(CHROMIUM), &parse(phone)).unwrap();
    assert!(text(&answer.body).contains("m=audio 5000 UDP/TLS/RTP/SAVPF 0 126\r\n"));
    let offer = text(&browser_side().relay_offer(&parse(phone)));
    assert!(offer.contains("m=audio 5000 UDP/TLS/RTP/SAVPF 0 101\r\n"), "{offer}");
}

#[test]
fn a_leg_does_not_change_its_kind() {
    let phone = "v=0\r\no=- 1 1 IN IP4 192.0.2.30\r\ns=-\r\nc=IN IP4 192.0.2.30\r\nt=0 0\r\nm=audio 9000 RTP/AVP 0\r\n";
    assert_eq!(plain().answer_alone(&parse(CHROMIUM), &g711()).err(), Some(SdpError::NotEncrypted));
    assert_eq!(browser_side().answer_alone(&parse(phone), &g711()).err(), Some(SdpError::NotEncrypted));
}

#[test]
fn ice_begins_anew_with_new_names_and_the_handshake_stays() {
    let mut side = browser_side();
    let first = side.answer_alone(&parse(CHROMIUM), &g711()).unwrap();
    let again = side.answer_alone(&parse(CHROMIUM), &g711()).unwrap();
    assert_eq!(first.body, again.body);
    let restarted = CHROMIUM.replace("4ZcD", "Xy12").replace("2/1muCWoOi3uLifh0NuRHlUT", "AnotherPasswordOfIce+22");
    let restarted = side.answer_alone(&parse(&restarted), &g711()).unwrap();
    let (before, after) = (first.negotiated.webrtc.clone().unwrap(), restarted.negotiated.webrtc.clone().unwrap());
    assert_ne!((&before.ours.ufrag, &before.ours.pwd), (&after.ours.ufrag, &after.ours.pwd));
    assert_eq!((before.fingerprint, before.begins), (after.fingerprint, after.begins));
    assert!(text(&restarted.body).contains("o=- 77 2 "));
    let kept: Vec<String> = [&first, &restarted].map(|agreed| attribute(&text(&agreed.body), "ssrc").to_owned()).into();
    assert_eq!(kept[0], kept[1], "the stream goes on");
}

#[test]
fn what_is_no_stream_of_a_browser_is_refused_by_name() {
    let without = |line: &str| {
        let kept = CHROMIUM.lines().filter(|said| !said.starts_with(line));
        kept.map(|said| format!("{said}\r\n")).collect::<String>()
    };
    let sha1 = "a=fingerprint:sha-1 4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:AB\r\n";
    for (offer, expect) in [
        (without("a=fingerprint"), SdpError::NoFingerprint),
        (without("a=fingerprint").replace("a=setup", &format!("{sha1}a=setup")), SdpError::WeakFingerprint),
        (CHROMIUM.replace(":A6:A4:E5", ":A6:A4"), SdpError::WeakFingerprint),
        (without("a=rtcp-mux"), SdpError::NoRtcpMux),
        (without("a=ice-ufrag"), SdpError::NoIce),
        (without("a=ice-pwd"), SdpError::NoIce),
        (CHROMIUM.replace("2/1muCWoOi3uLifh0NuRHlUT", "short"), SdpError::NoIce),
        (CHROMIUM.replace("a=ice-ufrag:4ZcD", "a=ice-ufrag:4Z cD"), SdpError::NoIce),
        (CHROMIUM.replace("actpass", "holdconn"), SdpError::NoHandshake),
    ] {
        let error = Session::parse(offer.as_bytes()).unwrap_err();
        assert_eq!((&error, error.status()), (&expect, 488), "{offer}");
    }
    let both = CHROMIUM.replace("a=setup", &format!("{sha1}a=setup"));
    assert!(Session::parse(both.as_bytes()).is_ok(), "one of two in SHA-256 will do");
}

#[test]
fn two_hundred_candidates_are_taken_and_none_comes_back() {
    let candidate = "a=candidate:1467250027 1 udp 2122260223 192.0.2.50 53718 typ host generation 0 network-id 1\n";
    let offer = CHROMIUM.replacen("a=ice-ufrag", &format!("{}a=ice-ufrag", candidate.repeat(200)), 1);
    let body = text(&browser_side().answer_alone(&parse(&offer), &g711()).unwrap().body);
    assert_eq!(body.matches("a=candidate:").count(), 1);
    let endless = CHROMIUM.replacen("a=ice-ufrag", &format!("{}a=ice-ufrag", candidate.repeat(2000)), 1);
    assert!(matches!(Session::parse(endless.as_bytes()), Err(SdpError::TooMuch(_))));
}

#[test]
fn secrets_do_not_print_themselves() {
    let mut side = browser_side();
    let agreed = side.answer_alone(&parse(CHROMIUM), &g711()).unwrap();
    let printed = format!("{:?} {:?}", side.webrtc(), agreed.negotiated);
    let session = agreed.negotiated.webrtc.unwrap();
    assert!(!printed.contains(&session.ours.pwd) && !printed.contains(&session.theirs.pwd), "{printed}");
}

fn line() -> impl Strategy<Value = String> {
    let lines: Vec<String> = ALL.concat().lines().map(str::to_owned).collect();
    let made = "a=(mid|setup|group|ice-ufrag|ice-pwd|fingerprint|rtcp-mux|candidate):[ -~]{0,40}";
    prop_oneof![4 => proptest::sample::select(lines), 1 => made]
}

proptest! {
    #[test]
    fn any_lines_of_browsers_are_read_or_refused_and_what_is_read_can_be_answered(
        lines in proptest::collection::vec(line(), 0..12),
        places in proptest::collection::vec(0usize..60, 0..12),
    ) {
        let mut offer: Vec<String> = CHROMIUM.lines().map(str::to_owned).collect();
        for (line, place) in lines.into_iter().zip(places) {
            let place = place % offer.len();
            offer[place] = line;
        }
        if let Ok(session) = Session::parse((offer.join("\r\n") + "\r\n").as_bytes()) {
            let mut side = if session.audio.webrtc.is_some() { browser_side() } else { plain() };
            if let Ok(agreed) = side.answer_alone(&session, &g711()) {
                let answer = Session::parse(&agreed.body);
                prop_assert!(answer.is_ok(), "{answer:?}");
                prop_assert_eq!(answer.map(|answer| answer.audio.webrtc.is_some()), Ok(session.audio.webrtc.is_some()));
                prop_assert_eq!(side.answer_alone(&session, &g711()).map(|again| again.body), Ok(agreed.body));
            }
            let relayed = plain().relay_offer(&session);
            prop_assert!(Session::parse(&relayed).is_ok_and(|relayed| relayed.audio.webrtc.is_none()));
            prop_assert!(!text(&relayed).contains("a=ice-"));
        }
    }
}
