//! Those whom we do not know, nonsense, and what trunks should not send.

use super::world::{World, address, check, setup};
use crate::base::limits::{STRANGER_REQUESTS_AT_ONCE, STRANGER_REQUESTS_PER_S};
use crate::sip::endpoint::PutOff;
use crate::sip::wire::HeaderName;

#[test]
fn a_stranger_gets_403_and_leaves_nothing() {
    for method in ["INVITE", "OPTIONS", "SUBSCRIBE", "NOSUCH", "CANCEL"] {
        let mut world = World::new(setup());
        world.step(&format!("{method} from=stranger body"));
        world.step("ACK from=stranger");
        assert_eq!(world.trace, [format!("0 403 {method}>other")]);
        assert!(world.endpoint.is_empty());
        let headers = world.last_sent();
        for name in ["Server", "User-Agent", "Reason", "Warning", "Allow", "Contact"] {
            assert_eq!(headers.headers().header(HeaderName::from(name)), None, "{name}");
        }
        world.step("wait 1000");
        assert!(world.trace[1].starts_with("1000 Refused Stranger"), "{:?}", world.trace);
    }
}

#[test]
fn the_phones_of_agents_cannot_call() {
    check("INVITE from=phone body\n wait 1000", "0 403 INVITE>phone, 1000 Refused Stranger 1");
}

#[test]
fn refusals_are_reported_once_a_second() {
    check(
        "OPTIONS from=stranger\n INVITE from=stranger c=2\n wait 1500\n OPTIONS from=stranger c=3\n wait 1000",
        "0 403 OPTIONS>other, 0 403 INVITE>other, 1000 Refused Stranger 2, 1500 403 OPTIONS>other, 2500 Refused Stranger 1",
    );
}

#[test]
fn a_stateless_answer_is_the_same_each_time() {
    let mut world = World::new(setup());
    world.step("OPTIONS from=stranger");
    world.step("OPTIONS from=stranger");
    assert_eq!(world.sent[0], world.sent[1]);
}

#[test]
fn nonsense_is_met_with_silence_and_trunks_are_told_what_is_wrong() {
    let mut world = World::new(setup());
    let broken = "INVITE sip:a@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.10;branch=z9hG4bK1\r\nFrom: <sip:b@example.com>;tag=1\r\n\
                  To: <sip:a@192.0.2.1>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\nContact: <sip:b\r\nContent-Length: 0\r\n\r\n";
    for text in
        ["", "\r\n\r\n", "hello", "GET / HTTP/1.1\r\n\r\n", "\u{0}\u{0}\u{0}\u{0}", broken, "SIP/2.0 200 OK\r\n\r\n"]
    {
        world.receive("other", text);
    }
    assert!(world.trace.is_empty(), "{:?}", world.trace);
    world.receive("trunk", broken);
    assert_eq!(world.sent.len(), 1);
    let answer = String::from_utf8_lossy(&world.sent[0].1);
    assert!(answer.starts_with("SIP/2.0 400 Malformed"), "{answer}");
    assert!(world.endpoint.is_empty());
}

#[test]
fn what_belongs_to_no_dialog_gets_481_and_stray_acks_nothing() {
    for from in ["trunk", "other"] {
        let mut world = World::new(setup());
        for tag in ["nobody", "1.0000000000000000", "0.0", ""] {
            let text = |method: &str| {
                format!(
                    "{method} sip:192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.10;rport;branch=z9hG4bK{method}{tag}\r\n\
                     From: <sip:b@example.com>;tag=1\r\nTo: <sip:a@192.0.2.1>;tag=x{tag}\r\nCall-ID: 1\r\nCSeq: 1 {method}\r\n\
                     Content-Length: 0\r\n\r\n"
                )
            };
            world.receive(from, &text("BYE"));
            world.receive(from, &text("ACK"));
        }
        assert_eq!(world.trace.len(), 4, "{:?}", world.trace);
        assert!(world.trace.iter().all(|line| line.starts_with("0 481 BYE")) && world.endpoint.is_empty());
    }
}

#[test]
fn the_faults_of_a_trunk_are_named() {
    for (request, status, header, value) in [
        ("INVITE hops=0", 483, "", ""),
        ("INVITE h=Require:100rel,precondition", 420, "Unsupported", "precondition"),
        ("INVITE uri=urn:service:sos", 416, "", ""),
        ("INVITE body h=Content-Encoding:gzip", 415, "Accept", "application/sdp"),
        ("INVITE body h=Accept:text/plain,_image/*;q=0.5", 406, "Accept", "application/sdp"),
        ("MESSAGE", 405, "Allow", "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK, REFER"),
        ("NOSUCH", 405, "Allow", "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK, REFER"),
        ("CANCEL", 481, "", ""),
        ("OPTIONS", 200, "Accept", "application/sdp"),
        ("OPTIONS hops=0", 483, "", ""),
    ] {
        let mut world = World::new(setup());
        world.step(request);
        let method = request.split(' ').next().unwrap_or_default();
        assert_eq!(world.trace, [format!("0 {status} {method}>trunk")], "{request}");
        if !header.is_empty() {
            let answer = world.last_sent();
            let given =
                answer.headers().header(HeaderName::from(header)).map(|v| String::from_utf8_lossy(v).into_owned());
            assert_eq!(given.as_deref(), Some(value), "{request}");
        }
        assert!(world.endpoint.is_empty(), "{request}");
    }
}

#[test]
fn too_many_routes_are_refused() {
    let routes = vec!["<sip:198.51.100.20;lr>"; 40].join(",");
    check(&format!("INVITE body h=Record-Route:{routes}"), "0 513 INVITE>trunk");
}

#[test]
fn an_answer_is_at_most_three_times_the_question() {
    for text in [
        "REGISTER sip:a SIP/2.0\r\nv:SIP/2.0/UDP h;branch=z9hG4bK1\r\nf:<sip:b>;tag=1\r\nt:<sip:b>\r\ni:1\r\nCSeq:1 REGISTER\r\n\r\n",
        "OPTIONS sip:a SIP/2.0\r\nv:SIP/2.0/UDP h;branch=z9hG4bK1\r\nf:<sip:b>;tag=1\r\nt:<sip:b>\r\ni:1\r\nCSeq:1 OPTIONS\r\n\r\n",
    ] {
        let mut world = World::new(setup());
        world.receive("other", text);
        assert!(world.sent.iter().all(|(_, answer)| answer.len() <= 3 * text.len()));
    }
}

#[test]
fn an_answer_goes_to_the_port_that_the_via_names_without_rport() {
    let mut world = World::new(setup());
    let text = "OPTIONS sip:a@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP pbx.example.com:5088;branch=z9hG4bK1\r\n\
                From: <sip:b@example.com>;tag=1\r\nTo: <sip:a@192.0.2.1>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";
    world.receive("trunk", text);
    assert_eq!(world.sent[0].0.to_string(), "198.51.100.10:5088");
    world.receive("trunk", &text.replace(";branch", ";rport;branch"));
    assert_eq!(world.sent[1].0, address("trunk"));
}

#[test]
fn beyond_the_limit_new_calls_are_put_off() {
    let mut world = World::new(setup());
    world.endpoint.core.invites_max = 10;
    for call in 0..=10 {
        world.step(&format!("INVITE call={call} b=z9hG4bK{call}"));
    }
    assert!(world.trace.last().is_some_and(|last| last == "0 503 INVITE>trunk"), "{:?}", world.trace.last());
    assert!(world.last_sent().headers().retry_after().is_some_and(|after| after >= 1));
    world.step("wait 1000");
    assert!(world.trace.last().is_some_and(|last| last == "1000 Refused Overload 1"), "{:?}", world.trace.last());
}

#[test]
fn over_the_mark_only_what_is_new_is_put_off() {
    let mut world = World::new(setup());
    world.step("INVITE call=old body");
    world.step("do Answer");
    world.step("INVITE call=begun b=z9hG4bKbegun body");
    world.endpoint.put_off(PutOff { calls: true, registrations: true });
    let from = world.trace.len();
    for step in [
        "INVITE call=begun b=z9hG4bKbegun body",
        "INVITE call=new b=z9hG4bKnew body",
        "INVITE call=new b=z9hG4bKnew body",
        "REGISTER from=phone b=z9hG4bKphone",
        "OPTIONS b=z9hG4bKoptions",
        "CANCEL call=begun b=z9hG4bKbegun",
        "BYE call=old to b=z9hG4bKbye c=2",
    ] {
        world.step(step);
    }
    let statuses: Vec<_> =
        world.trace[from..].iter().map(|line| line.split(' ').skip(1).take(2).collect::<Vec<_>>().join(" ")).collect();
    let expected = [
        "100 INVITE>trunk",
        "503 INVITE>trunk",
        "503 INVITE>trunk",
        "503 REGISTER>phone",
        "200 OPTIONS>trunk",
        "200 CANCEL>trunk",
        "487 INVITE>trunk",
        "Cancelled",
        "200 BYE>trunk",
        "Ended Bye",
    ];
    assert_eq!(statuses, expected, "{:?}", world.trace);
    assert!(world.sent.iter().any(|(_, answer)| answer.windows(13).any(|text| text == b"Retry-After: ")));
    world.endpoint.put_off(PutOff::default());
    world.step("INVITE call=new b=z9hG4bKnew body");
    assert!(
        world.trace.iter().rev().any(|line| line == "0 100 INVITE>trunk")
            && world.trace.last().is_some_and(|last| last == "0 Incoming")
    );
}

#[test]
fn one_strangers_flood_is_dropped_and_the_others_are_answered() {
    let mut world = World::new(setup());
    for call in 0..STRANGER_REQUESTS_AT_ONCE + 50 {
        world.step(&format!("OPTIONS from=stranger call={call} b=z9hG4bK{call}"));
    }
    assert_eq!(world.sent.len(), STRANGER_REQUESTS_AT_ONCE as usize);
    world.step("OPTIONS from=phone");
    world.step("OPTIONS from=trunk");
    assert_eq!(world.sent.len(), STRANGER_REQUESTS_AT_ONCE as usize + 2);
    world.step("wait 1000");
    let before = world.sent.len();
    for call in 0..STRANGER_REQUESTS_PER_S + 50 {
        world.step(&format!("OPTIONS from=stranger call=again{call} b=z9hG4bKagain{call}"));
    }
    assert_eq!(world.sent.len() - before, STRANGER_REQUESTS_PER_S as usize);
}
