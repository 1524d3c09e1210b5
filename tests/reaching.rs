//! Reaching the other side with real peers: a carrier that wants a registration and asks for the password (Kamailio), gateways
//! that are silent or full (sipp), names from a name server. They need the Debian packages that `tests/run` installs.

mod support;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde_json::Value;

use support::certificates::Authority;
use support::dns::{self, Data};
use support::folder::Folder;
use support::process::{PATIENCE, eventually};
use support::server::{self, Phone, Server, Setup};
use support::sipp::{self, Carrier, Counted, Dialled};
use support::tls_peer::TlsPeer;
use support::{kamailio, ports};

const PROGRAM: &str = env!("CARGO_BIN_EXE_throughline");
const UNKNOWN: &str = "+441632960000";

fn agents(count: usize, at: SocketAddr) -> Vec<(String, Phone)> {
    (0..count).map(|nth| (format!("agent{nth}"), Phone::Static(at))).collect()
}

fn run(from: SocketAddr, to: SocketAddr, calls: &[Dialled], count: usize) -> Carrier<'_> {
    Carrier { scenario: "carrier.xml", from, to, calls, count, per_second: 2, hold: Duration::from_millis(300) }
}

fn trunk(server: &Server) -> Value {
    server.ask("GET", "/v1/trunks", &Value::Null).json()["trunks"][0].clone()
}

/// We register with a password; the carrier's call finds our Contact, goes on to the carrier as the fallback, and the carrier
/// asks for the password again.
#[test]
fn a_carrier_that_wants_a_registration_has_one_and_gets_the_password_with_every_call() {
    let folder = Folder::new("registering");
    let (carrier_at, ivr_at, sip) = (ports::udp_at(server::CARRIER), ports::udp(), ports::udp());
    let ivr = sipp::phones("ivr", &folder, "phone.xml", ivr_at);
    let _carrier = kamailio::carrier(&folder, carrier_at, sip, ivr_at);
    let mut setup = Setup::new(agents(1, ports::udp()), carrier_at);
    setup.trunk = format!(
        "register = {{ server = \"sip:carrier.example.com\", via = \"{carrier_at}\", user = \"line-7\", password = \"line-7-secret\" }}\n"
    );
    let mut server = Server::start_at(PROGRAM.as_ref(), &folder, &setup, sip);
    let registration = eventually("a registration", PATIENCE, || {
        Some(trunk(&server)["registration"].clone()).filter(|registration| registration["registered"] == true)
    });
    assert!(registration["left_ms"].as_u64() <= Some(120_000), "{registration}");
    assert!(registration.get("last_failure").is_none(), "{registration}");
    let calls = [Dialled::new("+12015550142", UNKNOWN)];
    let mut caller = sipp::carrier("caller", &folder, &run(ports::udp(), carrier_at, &calls, 3));
    let counted = caller.finish(PATIENCE);
    assert_eq!(counted, Counted { good: 3, failed: 0 }, "{}", caller.errors());
    assert_eq!(ivr.counted().failed, 0, "{}", ivr.errors());
    for call in server.ended_calls(3, PATIENCE) {
        assert_eq!((&call["outcome"], &call["trunk"]), (&"fell-back".into(), &"carrier".into()), "{call}");
    }
    // When we end, the carrier knows us no more.
    server.process().stop();
    let mut caller = sipp::carrier(
        "late",
        &folder,
        &Carrier { scenario: "carrier_refused.xml", ..run(ports::udp(), carrier_at, &calls, 1) },
    );
    let counted = caller.finish(PATIENCE);
    assert_eq!(counted, Counted { good: 1, failed: 0 }, "{}", caller.errors());
    assert!(!server.process().printed().contains("line-7-secret"));
}

/// The first gateway says nothing, the second is full, the third takes the calls.
#[test]
fn a_call_goes_on_until_a_gateway_takes_it() {
    let folder = Folder::new("gateways");
    let silent = dns::dead();
    let (full_at, good_at) = (ports::udp(), ports::udp());
    let _full = sipp::phones("full", &folder, "phone_full.xml", full_at);
    let good = sipp::phones("good", &folder, "phone.xml", good_at);
    let gateways = [silent.local_addr().expect("an address"), full_at, good_at];
    let gateways = gateways.iter().enumerate().map(|(nth, at)| {
        let asked = nth == 0;
        format!("{{ uri = \"sip:{at}\", priority = {nth}, keep_alive = {asked}, keep_alive_s = 1 }}")
    });
    let mut setup = Setup::new(agents(1, ports::udp()), good_at);
    setup.fallback = Some("{ trunk = \"carrier\", user = \"{dialled}\" }".to_owned());
    setup.trunk = format!("gateways = [{}]\n", gateways.collect::<Vec<_>>().join(", "));
    setup.deadlines.push_str("target_ms = 500\n");
    let server = Server::start(PROGRAM.as_ref(), &folder, &setup);
    let calls = [Dialled::new("+12015550142", UNKNOWN)];
    let mut carrier = sipp::carrier("carrier", &folder, &run(ports::udp_at(server::CARRIER), server.sip, &calls, 4));
    let counted = carrier.finish(PATIENCE);
    assert_eq!(counted, Counted { good: 4, failed: 0 }, "{}", carrier.errors());
    assert_eq!(good.counted().failed, 0, "{}", good.errors());
    let states = |trunk: &Value| -> Vec<String> {
        let gateways = trunk["gateways"].as_array().cloned().unwrap_or_default();
        gateways.iter().map(|gateway| gateway["state"].as_str().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(states(&trunk(&server)).len(), 3);
    // Two OPTIONS without an answer, each for 32 s, are waited for by the unit tests, not here.
    assert_eq!(states(&trunk(&server))[1..], ["unknown", "unknown"]);
}

/// NAPTR, SRV and A; behind the first target nobody answers.
#[test]
fn a_name_is_looked_up_and_every_target_is_tried() {
    let folder = Folder::new("names");
    let silent = dns::dead();
    let good_at = ports::udp();
    let good = sipp::phones("good", &folder, "phone.xml", good_at);
    let silent_port = silent.local_addr().expect("an address").port();
    let names = dns::serve(vec![
        ("ivr.example.com", Data::Naptr(10, "SIPS+D2T", "_sips._tcp.ivr.example.com")),
        ("ivr.example.com", Data::Naptr(20, "SIP+D2U", "_sip._udp.ivr.example.com")),
        ("_sip._udp.ivr.example.com", Data::Srv(2, 10, good_at.port(), "two.example.com")),
        ("_sip._udp.ivr.example.com", Data::Srv(1, 10, silent_port, "one.example.com")),
        ("one.example.com", Data::A(Ipv4Addr::LOCALHOST)),
        ("two.example.com", Data::A(Ipv4Addr::LOCALHOST)),
    ]);
    let mut setup = Setup::new(agents(1, ports::udp()), good_at);
    setup.fallback = Some("{ sip = \"sip:{dialled}@ivr.example.com\" }".to_owned());
    setup.sip = format!("name_servers = [\"{}\"]\n", names.at);
    setup.deadlines.push_str("target_ms = 500\n");
    let server = Server::start(PROGRAM.as_ref(), &folder, &setup);
    let calls = [Dialled::new("+12015550142", UNKNOWN)];
    let mut carrier = sipp::carrier("carrier", &folder, &run(ports::udp_at(server::CARRIER), server.sip, &calls, 3));
    let counted = carrier.finish(PATIENCE);
    assert_eq!(counted, Counted { good: 3, failed: 0 }, "{}", carrier.errors());
    assert_eq!(good.counted().failed, 0, "{}", good.errors());
}

/// A name server says where a domain is, not who is there: the certificate must name what stood in the URI (RFC 5922 section 7.1).
#[test]
fn over_tls_whoever_is_not_the_domain_of_the_uri_is_passed_over() {
    let folder = Folder::new("domains");
    let authority = Authority::new();
    authority.issue(&folder, "server", "sip.example.com");
    let ca = folder.write("ca.pem", authority.pem());
    let (one, two) = (ports::udp_at("127.0.0.4"), ports::udp_at("127.0.0.5"));
    // The first has a good certificate for its own host, to which the record leads.
    let other = TlsPeer::start(one, authority.server("one.example.com"));
    let meant = TlsPeer::start(two, authority.server("gw.example.com"));
    let names = dns::serve(vec![
        ("_sips._tcp.gw.example.com", Data::Srv(1, 10, one.port(), "one.example.com")),
        ("_sips._tcp.gw.example.com", Data::Srv(2, 10, two.port(), "two.example.com")),
        ("one.example.com", Data::A(Ipv4Addr::new(127, 0, 0, 4))),
        ("two.example.com", Data::A(Ipv4Addr::new(127, 0, 0, 5))),
    ]);
    let mut setup = Setup::new(agents(1, ports::udp()), ports::udp());
    setup.binds = vec![format!("tls:{}", ports::udp())];
    setup.fallback = Some("{ sip = \"sip:{dialled}@gw.example.com;transport=tls\" }".to_owned());
    setup.sip = format!("name_servers = [\"{}\"]\n", names.at);
    setup.more = format!("[sip.tls]\ncertificate = \"server.pem\"\nkey = \"server.key\"\nserver_ca = {ca:?}\n");
    let mut server = Server::start(PROGRAM.as_ref(), &folder, &setup);
    let unknown = [Dialled::new("+12015550142", UNKNOWN)];
    let refused =
        Carrier { scenario: "carrier_refused.xml", ..run(ports::udp_at(server::CARRIER), server.sip, &unknown, 1) };
    let mut carrier = sipp::carrier("carrier", &folder, &refused);
    let counted = carrier.finish(PATIENCE);
    assert_eq!(counted, Counted { good: 1, failed: 0 }, "{}", carrier.errors());
    assert_eq!(server.ended_calls(1, PATIENCE)[0]["status"], 486);
    assert_eq!((other.names(), meant.names()), (vec!["gw.example.com".to_owned()], vec!["gw.example.com".to_owned()]));
    assert_eq!(other.asked(), Vec::<String>::new());
    assert!(
        meant.asked()[0].starts_with("INVITE sip:+12015550142@gw.example.com;transport=tls "),
        "{:?}",
        meant.asked()
    );
    server.process().wait_for("cause=\"the certificate names somebody else\" domain=\"gw.example.com\"", PATIENCE);
}

/// The name server is dead: the call that needs it is refused after a while, and those that do not need it go on.
#[test]
fn a_dead_name_server_costs_only_the_calls_that_need_it() {
    let folder = Folder::new("dead-names");
    let names = dns::dead();
    let phones_at = ports::udp();
    let _phones = sipp::phones("phones", &folder, "phone.xml", phones_at);
    let mut setup = Setup::new(agents(2, phones_at), phones_at);
    setup.fallback = Some("{ sip = \"sip:{dialled}@ivr.example.com\" }".to_owned());
    setup.sip = format!("name_servers = [\"{}\"]\n", names.local_addr().expect("an address"));
    let server = Server::start(PROGRAM.as_ref(), &folder, &setup);
    let _desks = server.desks(&folder, 2, 50);
    let unknown = [Dialled::new("+12015550142", UNKNOWN)];
    let needy =
        Carrier { scenario: "carrier_refused.xml", ..run(ports::udp_at(server::CARRIER), server.sip, &unknown, 1) };
    let mut needy = sipp::carrier("needy", &folder, &needy);
    let intent = server.register("+12015550123");
    let known = [Dialled::new(intent["number"].as_str().expect("a number"), "+12015550123")];
    let mut carrier = sipp::carrier("known", &folder, &run(ports::udp_at(server::CARRIER), server.sip, &known, 1));
    let counted = carrier.finish(PATIENCE);
    assert_eq!(counted, Counted { good: 1, failed: 0 }, "{}", carrier.errors());
    let counted = needy.finish(PATIENCE);
    assert_eq!(counted, Counted { good: 1, failed: 0 }, "{}", needy.errors());
    let calls = server.ended_calls(2, PATIENCE);
    let failed = calls.iter().find(|call| call["outcome"] == "failed").unwrap_or_else(|| panic!("{calls:?}"));
    assert_eq!(failed["status"], 503, "{failed}");
}
