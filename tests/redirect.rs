//! A redirected trunk with real peers on loopback: sipp as the carrier that follows the 302, Kamailio as the PBX whose extension
//! it names, baresip as the phone that registers there. They need the Debian packages that `tests/run` installs.

mod support;

use std::time::Duration;

use support::baresip::{self, Account};
use support::folder::Folder;
use support::process::{PATIENCE, eventually};
use support::server::{self, Phone, Server, Setup};
use support::sipp::{self, Carrier, Counted, Dialled};
use support::{kamailio, ports};

const PROGRAM: &str = env!("CARGO_BIN_EXE_throughline");

#[test]
fn the_carrier_follows_the_302_to_the_extension_with_the_intent() {
    let folder = Folder::new("redirect");
    let pbx_at = ports::udp();
    let _pbx = kamailio::pbx(&folder, pbx_at, ports::udp(), ports::udp());
    let _phone =
        baresip::agent(&folder, ports::udp(), &Account { user: "2001", password: "2001-secret", server: pbx_at });
    // An agent's name is the user part of the extension.
    let agents = vec![("2001".to_owned(), Phone::Static(pbx_at))];
    let trunk = "mode = \"redirect\"\nredirect_hold_s = 2".to_owned();
    let server = Server::start(PROGRAM.as_ref(), &folder, &Setup { trunk, ..Setup::new(agents, ports::udp()) });
    let _desks = server.desks(&folder, 1, 50);
    let intent = server.register("+12015550123");
    let calls = [Dialled::new(intent["number"].as_str().expect("a number"), "+12015550123")];
    let (from, hold) = (ports::udp_at(server::CARRIER), Duration::from_millis(300));
    let run =
        Carrier { scenario: "carrier_follow.xml", from, to: server.sip, calls: &calls, count: 1, per_second: 1, hold };
    let mut carrier = sipp::carrier("carrier", &folder, &run);
    let counted = carrier.finish(PATIENCE);
    assert_eq!(counted, Counted { good: 1, failed: 0 }, "{}", carrier.errors());
    let call = &server.ended_calls(1, PATIENCE)[0];
    assert_eq!((&call["level"], &call["outcome"]), (&"V2".into(), &"handed-over".into()), "{call}");
    assert_eq!((&call["agent"], &call["status"]), (&"2001".into(), &302.into()), "{call}");
    eventually("an agent who is free again", PATIENCE, || (server.agents_in("available") == 1).then_some(()));
}

#[test]
fn a_stranger_is_redirected_to_the_fallback() {
    let folder = Folder::new("redirect-stranger");
    let agents = vec![("2001".to_owned(), Phone::Static(ports::udp()))];
    let trunk = "mode = \"redirect\"".to_owned();
    let server = Server::start(PROGRAM.as_ref(), &folder, &Setup { trunk, ..Setup::new(agents, ports::udp()) });
    let calls = [Dialled::new("+12015550100", "+441632960000")];
    let (from, hold) = (ports::udp_at(server::CARRIER), Duration::ZERO);
    let run = Carrier {
        scenario: "carrier_redirect.xml",
        from,
        to: server.sip,
        calls: &calls,
        count: 3,
        per_second: 10,
        hold,
    };
    let mut carrier = sipp::carrier("carrier", &folder, &run);
    let counted = carrier.finish(PATIENCE);
    assert_eq!(counted, Counted { good: 3, failed: 0 }, "{}", carrier.errors());
    for call in server.ended_calls(3, PATIENCE) {
        assert_eq!((&call["outcome"], &call["fallback"]), (&"redirected".into(), &"unmatched".into()), "{call}");
    }
}
