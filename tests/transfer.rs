//! Calls that an agent or their phone (3xx) passes on, with sipp as the carrier, as the phone, and as whom the call goes to.
//! They need the Debian packages that `tests/run` installs.

mod support;

use std::time::Duration;

use serde_json::Value;

use support::folder::Folder;
use support::ports;
use support::process::PATIENCE;
use support::server::{self, Phone, Server, Setup};
use support::sipp::{self, Carrier, Counted, Dialled};

const PROGRAM: &str = env!("CARGO_BIN_EXE_throughline");

/// One call whose agent's phone plays `phone`, passed on to somebody who plays `target`: the record of the call.
fn passed_on(name: &str, phone: &str, target: &str) -> Value {
    records(name, phone, target, 1).remove(0)
}

/// The records of all calls that come of it.
fn records(name: &str, phone: &str, target: &str, count: usize) -> Vec<Value> {
    let folder = Folder::new(name);
    let (phone_at, target_at) = (ports::udp(), ports::udp());
    let phone = sipp::phones("phone", &folder, phone, phone_at);
    let target = sipp::phones("target", &folder, target, target_at);
    let rule = |what: &str| format!("{{ {what}, to = \"sip:{{dialled}}@{target_at}\" }}");
    let rules = [rule("user = \"+44*\""), rule("user = \"9000\", host = \"ivr.example.com\"")];
    let more = format!("[dial]\nallow = [{}]\n", rules.join(", "));
    let agents = vec![("agent0".to_owned(), Phone::Static(phone_at))];
    let server = Server::start(PROGRAM.as_ref(), &folder, &Setup { more, ..Setup::new(agents, ports::udp()) });
    let _desks = server.desks(&folder, 1, 50);
    let intent = server.register("+12015550123");
    let calls = [Dialled::new(intent["number"].as_str().expect("a number"), "+12015550123")];
    let (from, hold) = (ports::udp_at(server::CARRIER), Duration::from_secs(3));
    let run = Carrier { scenario: "carrier.xml", from, to: server.sip, calls: &calls, count: 1, per_second: 1, hold };
    let mut carrier = sipp::carrier("carrier", &folder, &run);
    let counted = carrier.finish(PATIENCE);
    assert_eq!(counted, Counted { good: 1, failed: 0 }, "{}", carrier.errors());
    let calls = server.ended_calls(count, PATIENCE);
    for peer in [&phone, &target] {
        assert_eq!(peer.counted().failed, 0, "{}", peer.errors());
    }
    calls
}

#[test]
fn an_agent_passes_the_call_on_and_goes() {
    let call = passed_on("refer", "phone_refer.xml", "phone.xml");
    assert_eq!((&call["outcome"], &call["ended_by"]), (&"talked".into(), &"caller".into()), "{call}");
    let passed = &call["passed_on"][0];
    assert_eq!((&passed["by"], &passed["status"]), (&"agent0".into(), &200.into()), "{call}");
}

#[test]
fn a_phone_that_is_elsewhere_rings_there() {
    let call = passed_on("moved", "phone_moved.xml", "phone.xml");
    assert_eq!((&call["outcome"], &call["ended_by"]), (&"talked".into(), &"caller".into()), "{call}");
    assert_eq!((&call["agent"], &call["passed_on"]), (&"agent0".into(), &Value::Null), "{call}");
}

#[test]
fn a_target_that_is_busy_leaves_the_call_with_the_agent() {
    let call = passed_on("refer-busy", "phone_refer_busy.xml", "phone_busy.xml");
    assert_eq!((&call["outcome"], &call["ended_by"]), (&"talked".into(), &"caller".into()), "{call}");
    assert_eq!(call["passed_on"][0]["status"], 486, "{call}");
}

#[test]
fn an_agent_asks_somebody_and_joins_the_caller_with_them() {
    let calls = records("attended", "phone_attended.xml", "phone_joined.xml", 2);
    let of = |trunk: &str| calls.iter().find(|call| call["trunk"] == trunk).unwrap_or_else(|| panic!("{calls:?}"));
    let (call, own) = (of("carrier"), of("(phones)"));
    assert_eq!((&call["outcome"], &call["ended_by"]), (&"talked".into(), &"caller".into()), "{call}");
    let passed = &call["passed_on"][0];
    assert_eq!((&passed["by"], &passed["status"]), (&"agent0".into(), &200.into()), "{call}");
    assert_eq!((&own["outcome"], &own["ended_by"]), (&"talked".into(), &"agent".into()), "{own}");
}
