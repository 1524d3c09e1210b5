//! What an INVITE claims, of the number that was dialled and of who calls, and who hears of it.

use super::carrying::invited;
use super::world::{World, setup};
use crate::base::{Pii, TrunkId};
use crate::sip::api::{EndpointSetup, Target, TrunkPeer};
use crate::sip::claims::{Asserted, Claims, DialledFrom, Hearer};
use crate::sip::wire::HeaderName;

fn claiming(dialled_from: DialledFrom, remote_party_id: bool, trusted: bool) -> EndpointSetup {
    let mut setup = setup();
    setup.trunks[0].claims = Claims { dialled_from, remote_party_id };
    setup.trunks[0].trusted = trusted;
    setup
}

#[test]
fn the_dialled_number_is_where_the_trunk_says_or_else_in_the_request_uri() {
    use DialledFrom::{CalledParty, Diversion, HistoryInfo, RequestUri, To};
    let fields = "Diversion: <sip:+15550102@x>\r\nDiversion: <tel:+15550101>\r\nP-Called-Party-ID: <sip:+15550103@x>\r\n\
                  History-Info: <sip:1@x>;index=1.1, <sip:+15550104@x>;index=1\r\n";
    for (from, fields, expect) in [
        (RequestUri, fields, "1"),
        (To, fields, "5"),
        (Diversion, fields, "+15550101"),
        (HistoryInfo, fields, "+15550104"),
        (CalledParty, fields, "+15550103"),
        (Diversion, "", "1"),
        (HistoryInfo, "History-Info: <sip:2@x>;index=x, <\r\n", "1"),
        (CalledParty, "P-Called-Party-ID: \"nobody\"\r\n", "1"),
        (Diversion, "Diversion: <sip:x.example.com>\r\n", "1"),
    ] {
        let call = invited(claiming(from, false, true), fields).expect("a call");
        assert_eq!(call.dialled.expose(), expect, "{from:?} {fields}");
    }
}

#[test]
fn who_diverted_is_told_unless_it_is_private() {
    let told = |fields: &str| {
        let call = invited(setup(), fields).expect("a call");
        call.diverted_from.as_ref().map(|user| user.expose().clone())
    };
    assert_eq!(told("Diversion: <sip:3@x>, <sip:2@x>;reason=unconditional\r\n").as_deref(), Some("2"));
    assert_eq!(told("History-Info: <sip:2@x>;index=1, <sip:1@x>;index=1.1\r\n").as_deref(), Some("2"));
    assert_eq!(told("History-Info: <sip:1@x>;index=1, <sip:1@y>;index=1.1\r\n"), None, "it has not been diverted");
    assert_eq!(told("Diversion: <sip:2@x>;privacy=full\r\n"), None);
    assert_eq!(told(""), None);
}

#[test]
fn an_identity_counts_from_a_trusted_trunk_and_remote_party_id_where_it_is_asked_for() {
    const ASSERTED: &str = "P-Asserted-Identity: \"A\" <sip:7@x>\r\n";
    const REMOTE: &str = "Remote-Party-ID: <sip:8@x>;party=calling;screen=yes;privacy=full\r\n";
    let both = format!("{REMOTE}{ASSERTED}");
    for (fields, remote_party_id, trusted, expect) in [
        (ASSERTED, false, true, Some(("7", "\"A\" <sip:7@x>", false))),
        (ASSERTED, true, false, None),
        (REMOTE, true, true, Some(("8", "<sip:8@x>", true))),
        (REMOTE, false, true, None),
        (REMOTE, true, false, None),
        (both.as_str(), true, true, Some(("7", "\"A\" <sip:7@x>", true))),
        ("P-Preferred-Identity: <sip:9@x>\r\n", true, true, None),
    ] {
        let call = invited(claiming(DialledFrom::RequestUri, remote_party_id, trusted), fields).expect("a call");
        let found = call.asserted_user.as_ref().zip(call.asserted.as_ref());
        let found = found.map(|(user, whole)| (user.expose().as_str(), whole.expose().as_str(), call.is_withheld));
        assert_eq!(found, expect, "{fields} {remote_party_id} {trusted}");
    }
    let long = format!("P-Asserted-Identity: \"{}\" <sip:7@x>\r\n", "a".repeat(512));
    let call = invited(setup(), &long).expect("a call");
    assert_eq!((call.asserted_user.is_some(), call.asserted.is_some()), (true, false));
}

/// What the INVITE to `target` says of the caller.
fn heard(trusted: bool, target: Target, hearer: Hearer, is_withheld: bool) -> Vec<String> {
    let mut setup = setup();
    setup.trunks[0].trusted = trusted;
    setup.trunks[0].gateways = vec![super::hunting::gateway("sip:203.0.113.8:40001", 10, 1)];
    setup.trunks.push(TrunkPeer::at(TrunkId::new("other"), Vec::new()));
    let mut world = World::new(setup);
    let asserted = Asserted { identity: Pii::new("<sip:7@x>".to_owned()), is_withheld, hearer };
    world.dial_for(target, asserted);
    let sent = world.last_sent();
    let fields = [HeaderName::P_ASSERTED_IDENTITY, HeaderName::PRIVACY];
    let values = fields.into_iter().flat_map(|name| sent.headers().headers(name));
    values.map(|value| String::from_utf8_lossy(value).into_owned()).collect()
}

#[test]
fn only_phones_and_trusted_trunks_hear_who_calls() {
    let to = |uri: &str| Target::Uri { uri: uri.into(), via: None };
    let gateways = || Target::Trunk { trunk: TrunkId::new("carrier"), user: "1".into() };
    let (ours, elsewhere) = ("sip:1@198.51.100.10", "sip:1@203.0.113.99");
    let (trunk, phone) = (Hearer::TrustedTrunk, Hearer::Phone);
    assert_eq!(heard(true, to(ours), trunk, false), ["<sip:7@x>"]);
    assert_eq!(heard(true, to(ours), trunk, true), ["<sip:7@x>", "id"]);
    assert_eq!(heard(true, gateways(), trunk, false), ["<sip:7@x>"]);
    assert_eq!(heard(true, to(elsewhere), phone, false), ["<sip:7@x>"]);
    for (trusted, target) in [(false, to(ours)), (false, gateways()), (true, to(elsewhere))] {
        assert!(heard(trusted, target.clone(), trunk, true).is_empty(), "{trusted} {target:?}");
    }
}
