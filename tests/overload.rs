//! Floods, and the end of the process, while a call goes on: it must not notice. sipp is the carrier and the phone.

mod support;

use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use serde_json::Value;

use support::folder::Folder;
use support::process::{PATIENCE, eventually};
use support::server::{self, Phone, Server, Setup};
use support::sipp::{self, Carrier, Counted, Dialled, Sipp};
use support::{http, ports};

const PROGRAM: &str = env!("CARGO_BIN_EXE_throughline");
const CALLER: &str = "+12015550123";

/// A server with one call in progress, whose caller hangs up after `hold`.
struct Scene {
    server: Server,
    carrier: Sipp,
    phones: Sipp,
    _desks: support::process::Process,
    _folder: Folder,
}

impl Scene {
    fn with_a_call(name: &str, drain_s: u32, hold: Duration) -> Scene {
        let folder = Folder::new(name);
        let phones_at = ports::udp();
        let phones = sipp::phones("phones", &folder, "phone.xml", phones_at);
        let agents = vec![("anna".to_owned(), Phone::Static(phones_at))];
        let setup = Setup { drain_s, ..Setup::new(agents, ports::udp()) };
        let server = Server::start(PROGRAM.as_ref(), &folder, &setup);
        let desks = server.desks(&folder, 1, 50);
        let intent = server.register(CALLER);
        let calls = [Dialled::new(intent["number"].as_str().expect("a number"), CALLER)];
        let from = ports::udp_at(server::CARRIER);
        let run =
            Carrier { scenario: "carrier.xml", from, to: server.sip, calls: &calls, count: 1, per_second: 1, hold };
        let carrier = sipp::carrier("carrier", &folder, &run);
        eventually("a conversation", PATIENCE, || (server.agents_in("on-call") == 1).then_some(()));
        Scene { server, carrier, phones, _desks: desks, _folder: folder }
    }

    fn assert_the_call_ends_well(&mut self) {
        let counted = self.carrier.finish(Duration::from_secs(90));
        assert_eq!(counted, Counted { good: 1, failed: 0 }, "{}", self.carrier.errors());
    }

    /// How many requests were put off or dropped.
    fn put_off(&self) -> u64 {
        let metrics = self.server.ask("GET", "/metrics", &Value::Null).body;
        let line = metrics.lines().find(|line| line.contains("sip_refused") && line.contains("cause=\"overload\""));
        line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).unwrap_or(0)
    }

    /// Resident memory, in KiB.
    fn memory(&mut self) -> u64 {
        let status = format!("/proc/{}/status", self.server.process().pid());
        let status = std::fs::read_to_string(status).expect("the server's status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|line| line.split_whitespace().next()?.parse().ok()).expect("its memory")
    }
}

fn request(method: &str, from: SocketAddr, to: SocketAddr, nth: usize) -> String {
    format!(
        "{method} sip:+12015550199@{to} SIP/2.0\r\nVia: SIP/2.0/UDP {from};rport;branch=z9hG4bKflood{nth}\r\n\
         Max-Forwards: 70\r\nFrom: <sip:+12015550123@{from}>;tag={nth}\r\nTo: <sip:+12015550199@{to}>\r\n\
         Call-ID: flood{nth}\r\nCSeq: 1 {method}\r\nContact: <sip:{from}>\r\nContent-Length: 0\r\n\r\n"
    )
}

/// Sends `count` requests that differ, 64 at once.
fn flood(host: &str, to: SocketAddr, numbers: std::ops::Range<usize>) {
    let socket = UdpSocket::bind((host, 0)).expect("a socket");
    let here = socket.local_addr().expect("an address");
    for nth in numbers {
        let method = ["INVITE", "INVITE", "OPTIONS", "REGISTER", "SUBSCRIBE"][nth % 5];
        // What the system cannot take is lost, as on a network.
        let _ = socket.send_to(request(method, here, to, nth).as_bytes(), to);
        if nth % 64 == 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

#[test]
fn strangers_flood_takes_no_memory_and_no_call_suffers() {
    let mut scene = Scene::with_a_call("strangers", 0, Duration::from_secs(8));
    flood(server::STRANGER, scene.server.sip, 0..10_000);
    eventually("a flood that is dropped", PATIENCE, || (scene.put_off() > 0).then_some(()));
    let before = scene.memory();
    flood(server::STRANGER, scene.server.sip, 10_000..40_000);
    let after = scene.memory();
    assert!(after < before + 8 * 1024, "{before} KiB before the second flood, {after} after it");
    scene.assert_the_call_ends_well();
    assert_eq!(scene.server.calls().len(), 1);
}

#[test]
fn a_trunk_that_sends_too_much_is_put_off_and_its_calls_go_on() {
    let mut scene = Scene::with_a_call("trunk", 0, Duration::from_secs(8));
    let rounds = (0..20).take_while(|round| {
        flood(server::CARRIER, scene.server.sip, round * 10_000..(round + 1) * 10_000);
        scene.put_off() == 0
    });
    assert!(rounds.count() < 20, "nothing was put off");
    scene.assert_the_call_ends_well();
    eventually("calls that are taken again", PATIENCE, || {
        let put_off = scene.put_off();
        let socket = UdpSocket::bind((server::CARRIER, 0)).expect("a socket");
        let nth = 1_000_000 + put_off as usize;
        ask(&socket, scene.server.sip, nth).filter(|answer| !answer.starts_with("SIP/2.0 503"))
    });
}

/// The first answer to a new INVITE.
fn ask(socket: &UdpSocket, to: SocketAddr, nth: usize) -> Option<String> {
    socket.set_read_timeout(Some(Duration::from_secs(5))).expect("a timeout");
    let here = socket.local_addr().expect("an address");
    socket.send_to(request("INVITE", here, to, nth).as_bytes(), to).expect("a datagram that leaves");
    let mut answer = [0; 4096];
    let length = socket.recv(&mut answer).ok()?;
    Some(String::from_utf8_lossy(&answer[..length]).into_owned())
}

#[test]
fn after_sigterm_the_call_goes_on_and_new_ones_are_put_off() {
    // What it began with would cut the call off at once; what a reload has brought holds.
    let mut scene = Scene::with_a_call("drain", 0, Duration::from_secs(12));
    scene.server.rewrite("drain_s = 0", "drain_s = 120");
    let reloaded = scene.server.ask("POST", "/v1/reload", &Value::Null);
    assert!(reloaded.status == 200 && reloaded.body.contains("sip.drain_s"), "{}", reloaded.body);
    scene.server.process().ask_to_end();
    eventually("a server that says so", PATIENCE, || {
        let ready = http::request(scene.server.http, server::key(), "GET", "/readyz", &Value::Null).ok()?;
        (ready.status == 503 && ready.body.contains("draining")).then_some(())
    });
    let socket = UdpSocket::bind((server::CARRIER, 0)).expect("a socket");
    let answer = ask(&socket, scene.server.sip, 1).expect("an answer");
    assert!(answer.starts_with("SIP/2.0 503") && answer.contains("Retry-After: "), "{answer}");
    assert!(scene.server.process().is_alive());
    scene.assert_the_call_ends_well();
    let ended = scene.server.process().finish(PATIENCE);
    assert!(ended.success(), "{ended}");
}

/// Both sides hear the end of the call.
#[test]
fn a_second_sigterm_ends_at_once() {
    let mut scene = Scene::with_a_call("at once", 600, Duration::from_secs(30));
    scene.server.process().ask_to_end();
    scene.server.process().wait_for("put off", PATIENCE);
    let ended = scene.server.process().stop();
    assert!(ended.success(), "{ended}");
    eventually("a phone that was told", PATIENCE, || (scene.phones.counted().good == 1).then_some(()));
}
