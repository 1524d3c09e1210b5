//! Agents' phones: the digest gate, bindings, and calls to them.

use super::world::{REALM, World, setup};
use crate::sip::auth::{Algorithm, Credentials};
use crate::sip::wire::{HeaderName, Message};

/// One REGISTER, with credentials when `authorization` is not empty.
pub fn register(world: &mut World, from: &str, cseq: u32, contact: &str, authorization: &str) -> u16 {
    let text = format!(
        "REGISTER sip:{REALM} SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.7:5060;rport;branch=z9hG4bK{from}{cseq}\r\nMax-Forwards: 70\r\n\
         From: <sip:desk7@{REALM}>;tag=reg\r\nTo: <sip:desk7@{REALM}>\r\nCall-ID: reg-{from}\r\nCSeq: {cseq} REGISTER\r\n\
         {contact}{authorization}Content-Length: 0\r\n\r\n"
    );
    let before = world.sent.len();
    world.receive(from, &text);
    let answers = &world.sent[before..];
    assert_eq!(answers.len(), 1, "one answer");
    match Message::parse(answers[0].1.clone()) {
        Ok(Message::Response(response)) => response.status(),
        other => panic!("{other:?}"),
    }
}

/// What answers the challenge that was sent last, with the algorithm's own.
fn authorization(world: &World, algorithm: Algorithm, nc: &str, password: &str) -> String {
    let challenge = world.sent.iter().rev().find_map(|(_, bytes)| {
        let message = Message::parse(bytes.clone()).ok()?;
        message.headers().challenges().find_map(|challenge| {
            let name = challenge.get("algorithm")?;
            (*name == *algorithm.name().as_bytes())
                .then(|| String::from_utf8_lossy(&challenge.get("nonce")?).into_owned().into())
        })?
    });
    written(algorithm, &challenge.expect("a challenge"), nc, password)
}

fn written(algorithm: Algorithm, nonce: &str, nc: &str, password: &str) -> String {
    let mut credentials = Credentials {
        username: "desk7".into(),
        realm: REALM.into(),
        nonce: nonce.into(),
        uri: format!("sip:{REALM}"),
        algorithm: algorithm.name().into(),
        cnonce: "c0ffee".into(),
        nc: nc.into(),
        qop: "auth".into(),
        response: String::new(),
    };
    let ha1 = algorithm.hash(&["desk7", REALM, password]);
    credentials.response = credentials.expected(algorithm, &ha1, "REGISTER");
    format!(
        "Authorization: Digest username=\"desk7\", realm=\"{REALM}\", nonce=\"{nonce}\", uri=\"sip:{REALM}\", response=\"{}\", \
         algorithm={}, cnonce=\"c0ffee\", qop=auth, nc={nc}\r\n",
        credentials.response,
        algorithm.name()
    )
}

/// A header field that answers the challenge of an INVITE, as an option of a script.
pub fn answer_invite(world: &World, password: &str) -> String {
    let Message::Response(response) = world.last_sent() else { panic!("no answer") };
    let nonce = response.challenges().next().and_then(|challenge| challenge.get("nonce").map(|n| n.into_owned()));
    let mut credentials = Credentials {
        username: "desk7".into(),
        realm: REALM.into(),
        nonce: String::from_utf8(nonce.expect("a nonce")).expect("text"),
        uri: "sip:+15550199@192.0.2.1".into(),
        cnonce: "c0ffee".into(),
        nc: "00000001".into(),
        qop: "auth".into(),
        ..Credentials::default()
    };
    let ha1 = Algorithm::Md5.hash(&["desk7", REALM, password]);
    let response = credentials.expected(Algorithm::Md5, &ha1, "INVITE");
    credentials.response = response;
    format!(
        "h=Authorization:Digest_username=\"desk7\",realm=\"{REALM}\",nonce=\"{}\",uri=\"{}\",response=\"{}\",\
         cnonce=\"c0ffee\",qop=auth,nc=00000001",
        credentials.nonce, credentials.uri, credentials.response
    )
}

const CONTACT: &str = "Contact: <sip:desk7@10.0.0.7:5060>;expires=300\r\n";

fn registered() -> World {
    let mut world = World::new(setup());
    log_in(&mut world);
    world
}

/// The phone registers.
pub fn log_in(world: &mut World) {
    assert_eq!(register(world, "phone", 1, CONTACT, ""), 401);
    let credentials = authorization(world, Algorithm::Sha256, "00000001", "secret");
    assert_eq!(register(world, "phone", 2, CONTACT, &credentials), 200);
}

#[test]
fn a_challenge_costs_nothing_and_both_algorithms_open() {
    for algorithm in [Algorithm::Sha256, Algorithm::Md5] {
        let mut world = World::new(setup());
        assert_eq!(register(&mut world, "phone", 1, CONTACT, ""), 401);
        assert!(world.endpoint.is_empty() && world.endpoint.counts().nonces == 0);
        let credentials = authorization(&world, algorithm, "00000001", "secret");
        assert_eq!(register(&mut world, "phone", 2, CONTACT, &credentials), 200);
        assert_eq!(world.trace.last().map(String::as_str), Some("0 Phone true"));
        let contact =
            world.last_sent().headers().header(HeaderName::CONTACT).map(|v| String::from_utf8_lossy(v).into_owned());
        assert_eq!(contact.as_deref(), Some("<sip:desk7@10.0.0.7:5060>;expires=300"));
    }
}

#[test]
fn a_repeated_register_gets_its_answer_again() {
    let mut world = World::new(setup());
    register(&mut world, "phone", 1, CONTACT, "");
    let credentials = authorization(&world, Algorithm::Md5, "00000001", "secret");
    assert_eq!(register(&mut world, "phone", 2, CONTACT, &credentials), 200);
    assert_eq!(register(&mut world, "phone", 2, CONTACT, &credentials), 200);
}

#[test]
fn a_wrong_password_a_used_count_and_an_old_nonce_are_challenged_again() {
    let mut world = registered();
    let last = |world: &World| String::from_utf8_lossy(&world.sent.last().expect("an answer").1).into_owned();
    let wrong = authorization(&world, Algorithm::Sha256, "00000002", "guess");
    assert_eq!(register(&mut world, "phone", 3, CONTACT, &wrong), 401);
    assert!(!last(&world).contains("stale"));
    let first = world.sent[0].1.clone();
    let nonce =
        String::from_utf8_lossy(&first).split("nonce=\"").nth(1).map(|rest| rest[..64].to_owned()).expect("a nonce");
    assert_eq!(
        register(&mut world, "phone", 4, CONTACT, &written(Algorithm::Sha256, &nonce, "00000001", "secret")),
        401
    );
    assert!(last(&world).contains("stale=true"));
    assert_eq!(
        register(&mut world, "phone", 5, CONTACT, &written(Algorithm::Sha256, &nonce, "0000000a", "secret")),
        200
    );
    world.step("wait 299000");
    assert_eq!(
        register(&mut world, "phone", 6, CONTACT, &written(Algorithm::Sha256, &nonce, "0000000b", "secret")),
        200
    );
    world.step("wait 2000");
    assert_eq!(
        register(&mut world, "phone", 7, CONTACT, &written(Algorithm::Sha256, &nonce, "0000000c", "secret")),
        401
    );
    assert!(last(&world).contains("stale=true"));
}

#[test]
fn contacts_end_by_wish_and_by_time() {
    let mut world = registered();
    world.step("wait 299000");
    assert!(!world.trace.iter().any(|line| line.ends_with("Phone false")));
    world.step("wait 1000");
    assert_eq!(world.trace.last().map(String::as_str), Some("300000 Phone false"));
    assert_eq!(world.endpoint.counts().phones, 0);

    let mut world = registered();
    let star = authorization(&world, Algorithm::Sha256, "00000002", "secret");
    assert_eq!(register(&mut world, "phone", 3, "Contact: *\r\nExpires: 0\r\n", &star), 200);
    assert_eq!(world.trace.last().map(String::as_str), Some("0 Phone false"));
}

#[test]
fn what_cannot_be_registered_is_refused() {
    for (contact, status) in [
        ("Contact: <sip:desk7@10.0.0.7>;expires=59\r\n", 423),
        ("Contact: <sip:desk7@10.0.0.7>\r\nExpires: 10\r\n", 423),
        ("Contact: *\r\nExpires: 60\r\n", 400),
        ("Contact: *\r\n", 400),
        ("Contact: <mailto:desk7@example.com>\r\n", 400),
        ("Require: gruu\r\n", 420),
        ("Require: path, outbound\r\n", 200),
        ("", 200),
    ] {
        let mut world = registered();
        let credentials = authorization(&world, Algorithm::Sha256, "00000002", "secret");
        assert_eq!(register(&mut world, "phone", 3, contact, &credentials), status, "{contact}");
        assert_eq!(world.endpoint.counts().phones, 1, "{contact}");
    }
}

/// Packets go to the address that the REGISTER came from; the Request-URI is the contact as it was registered.
#[test]
fn a_call_to_a_phone_goes_to_where_it_registered_from() {
    let mut world = registered();
    world.trace.clear();
    world.step("do DialPhone");
    let invite = world.request_sent("INVITE", 1);
    assert_eq!(invite.uri().raw(), b"sip:desk7@10.0.0.7:5060");
    for line in ["INVITE 180 from=phone", "INVITE 200 body from=phone", "do Hangup", "BYE 200 from=phone"] {
        world.step(line);
    }
    assert_eq!(
        world.trace,
        ["0 INVITE>phone", "0 Progress 180", "0 ACK>phone", "0 Answered sdp", "0 BYE>phone"].map(str::to_owned)
    );
}

#[test]
fn all_contacts_ring_and_the_first_to_answer_has_the_call() {
    let mut world = registered();
    let credentials = authorization(&world, Algorithm::Sha256, "00000003", "secret");
    assert_eq!(register(&mut world, "desk", 1, "Contact: <sip:desk7@10.0.0.8:5060>\r\n", &credentials), 200);
    world.trace.clear();
    for line in [
        "do DialPhone",
        "INVITE#1 180 tag=one from=phone",
        "INVITE#2 180 tag=two from=desk",
        "INVITE#2 200 tag=two body from=desk",
        "INVITE#1 487 tag=one from=phone",
        "CANCEL 200 from=phone",
        "callee BYE tag=two from=desk",
    ] {
        world.step(line);
    }
    let expect = "0 INVITE>phone, 0 INVITE>desk, 0 Progress 180, 0 Progress 180, 0 ACK>desk, 0 CANCEL>phone, 0 Answered sdp, \
                  0 ACK>phone, 0 200 BYE>desk, 0 Ended Bye";
    assert_eq!(world.trace.join(", "), expect);
    world.step("wait 200000");
    assert!(world.endpoint.is_empty(), "{:?}", world.endpoint.counts());
}

#[test]
fn the_call_fails_when_the_last_contact_refuses_or_one_declines() {
    for (script, expect) in [
        ("INVITE#1 486 from=phone\nINVITE#2 480 from=desk", "0 ACK>phone, 0 ACK>desk, 0 Failed 486"),
        (
            "INVITE#2 180 from=desk\nINVITE#1 603 from=phone\nINVITE#2 487 from=desk",
            "0 Progress 180, 0 ACK>phone, 0 CANCEL>desk, 0 Failed 603, 0 ACK>desk",
        ),
    ] {
        let mut world = registered();
        let credentials = authorization(&world, Algorithm::Sha256, "00000003", "secret");
        register(&mut world, "desk", 1, "Contact: <sip:desk7@10.0.0.8:5060>\r\n", &credentials);
        world.step("do DialPhone");
        world.trace.clear();
        script.lines().for_each(|line| world.step(line));
        assert_eq!(world.trace.join(", "), expect);
    }
}
