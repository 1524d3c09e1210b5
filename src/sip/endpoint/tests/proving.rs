//! Trunks that prove themselves with a password, from anywhere.

use super::world::{REALM, World, address, check_world, setup};
use crate::base::TrunkId;
use crate::sip::api::{EndpointSetup, TrunkAccount, TrunkPeer};
use crate::sip::auth::{Algorithm, Credentials};
use crate::sip::wire::Message;

fn proving() -> EndpointSetup {
    let mut setup = setup();
    let secret = ["pbx", REALM, "secret"];
    setup.trunks.push(TrunkPeer {
        account: Some(TrunkAccount {
            user: "pbx".into(),
            ha1_md5: Algorithm::Md5.hash(&secret),
            ha1_sha256: Algorithm::Sha256.hash(&secret),
        }),
        ..TrunkPeer::at(TrunkId::new("office"), Vec::new())
    });
    setup
}

/// A header field that answers the last challenge, as an option of a script.
fn answer(world: &World, name: &str, password: &str) -> String {
    let Message::Response(response) = world.last_sent() else { panic!("no answer") };
    assert_eq!(response.status(), 401);
    let nonce = response.challenges().next().and_then(|challenge| challenge.get("nonce").map(|n| n.into_owned()));
    let mut credentials = Credentials {
        username: "pbx".into(),
        realm: REALM.into(),
        nonce: String::from_utf8(nonce.expect("a nonce")).expect("text"),
        uri: "sip:+15550199@192.0.2.1".into(),
        cnonce: "c0ffee".into(),
        nc: "00000001".into(),
        qop: "auth".into(),
        ..Credentials::default()
    };
    credentials.response =
        credentials.expected(Algorithm::Md5, &Algorithm::Md5.hash(&["pbx", REALM, password]), "INVITE");
    format!(
        "h={name}:Digest_username=\"pbx\",realm=\"{REALM}\",nonce=\"{}\",uri=\"{}\",response=\"{}\",cnonce=\"c0ffee\",qop=auth,\
         nc=00000001",
        credentials.nonce, credentials.uri, credentials.response
    )
}

#[test]
fn a_call_from_anywhere_belongs_to_the_trunk_whose_password_it_has() {
    for name in ["Authorization", "Proxy-Authorization"] {
        let mut world = World::new(proving());
        world.step("INVITE from=phone b=z9hG4bK1");
        assert!(world.endpoint.is_empty() && world.endpoint.counts().nonces == 0, "a stranger costs no memory");
        let credentials = answer(&world, name, "secret");
        check_world(
            &mut world,
            &format!(
                "ACK from=phone b=z9hG4bK1\n INVITE from=phone c=2 body {credentials}\n do Answer\n ACK from=phone c=2 to\n \
                      BYE from=phone c=3 to"
            ),
            "0 401 INVITE>phone, 0 100 INVITE>phone, 0 Incoming, 0 200 INVITE>phone, 0 Acknowledged, 0 200 BYE>phone,
             0 Ended Bye",
        );
    }
}

#[test]
fn a_wrong_password_is_asked_again_and_counted() {
    let mut world = World::new(proving());
    world.step("INVITE from=phone");
    let credentials = answer(&world, "Authorization", "guess");
    world.step(&format!("INVITE from=phone c=2 {credentials}"));
    world.step("wait 1000");
    assert_eq!(world.trace, ["0 401 INVITE>phone", "0 401 INVITE>phone", "1000 Refused Unauthorized 2"]);
    assert!(world.endpoint.is_empty() && world.endpoint.counts().nonces == 0);
}

/// The same answer from somebody who listened.
#[test]
fn what_was_used_once_opens_nothing_again() {
    let mut world = World::new(proving());
    world.step("INVITE from=phone");
    let credentials = answer(&world, "Authorization", "secret");
    world.step(&format!("INVITE from=phone c=2 {credentials}"));
    world.step(&format!("INVITE from=desk call=other c=2 {credentials}"));
    let Message::Response(last) = world.last_sent() else { panic!("no answer") };
    assert_eq!(last.status(), 401);
    let stale = last.challenges().next().and_then(|challenge| challenge.get("stale").map(|stale| stale.into_owned()));
    assert_eq!(stale.as_deref(), Some(&b"true"[..]));
}

#[test]
fn who_is_known_by_address_is_not_asked_and_others_get_no_hint() {
    let mut world = World::new(proving());
    world.step("INVITE body");
    world.step("OPTIONS from=phone call=o");
    assert_eq!(world.trace, ["0 100 INVITE>trunk", "0 Incoming", "0 403 OPTIONS>phone"]);
    let mut world = World::new(setup());
    world.step("INVITE from=phone");
    assert_eq!(world.trace, ["0 403 INVITE>phone"]);
    assert_ne!(address("phone"), address("trunk"));
}
