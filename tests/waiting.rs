//! What callers enter before an agent has them, codes and the wish to be called back, with real peers on loopback: sipp as the carrier and as the agent's phone, baresip as a
//! caller's telephone. They need the Debian packages that `tests/run` installs.

mod support;

use std::f64::consts::TAU;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use serde_json::{Value, json};
use support::baresip::{self, Account};
use support::desk::Desk;
use support::folder::Folder;
use support::process::{PATIENCE, eventually};
use support::redis::RedisServer;
use support::server::{self, Phone, Server, Setup};
use support::sipp::{self, Carrier, Counted, Dialled, Sipp};
use support::{ports, sound};

const PROGRAM: &str = env!("CARGO_BIN_EXE_throughline");
const SHARED: &str = "+12015550199";
/// Withheld, so that nothing but the code says who calls.
const ANONYMOUS: &str = "anonymous";
const QUESTION_HZ: u32 = 700;

/// A server whose pool has one number, which somebody has, and an agent at their desk.
struct World {
    folder: Folder,
    server: Server,
    _phones: Sipp,
    _desks: support::process::Process,
    code: String,
}

impl World {
    fn new(name: &str, carrier: &str) -> World {
        let folder = Folder::new(name);
        sound::write_wav(&folder.path().join("question.wav"), QUESTION_HZ, 2);
        let phone = ports::udp();
        let setup = Setup {
            numbers: vec!["+12015550100".to_owned()],
            inside: vec![("pools", format!("shared = \"{SHARED}\""))],
            trunk: "pin = true".to_owned(),
            carrier: carrier.to_owned(),
            more: "[pin]\nquestion = \"question.wav\"\ndigits = 4\n".to_owned(),
            ..Setup::new(vec![("ann".to_owned(), Phone::Static(phone))], ports::udp())
        };
        let phones = sipp::phones("phones", &folder, "phone.xml", phone);
        let server = Server::start(PROGRAM.as_ref(), &folder, &setup);
        let desks = server.desks(&folder, 1, 50);
        assert_eq!(server.register("+12015550150")["pin"], Value::Null, "a number of its own needs no code");
        let shown = server.register("+12015550151");
        assert_eq!((&shown["number"], &shown["shared"]), (&SHARED.into(), &true.into()));
        let code = shown["pin"].as_str().expect("a code").to_owned();
        World { folder, server, _phones: phones, _desks: desks, code }
    }

    /// A carrier's caller, who enters the code in the form of the scenario.
    fn call(&self, scenario: &str, header: &str) {
        let called = Dialled { header: Some(header.to_owned()), ..Dialled::new(SHARED, ANONYMOUS) };
        let run = Carrier {
            scenario,
            from: ports::udp_at(server::CARRIER),
            to: self.server.sip,
            calls: &[called],
            count: 1,
            per_second: 1,
            hold: Duration::from_secs(6),
        };
        let mut carrier = sipp::carrier("carrier", &self.folder, &run);
        assert_eq!(carrier.finish(PATIENCE), Counted { good: 1, failed: 0 }, "{}", carrier.errors());
    }

    fn assert_recognised(&self) {
        let call = &self.server.ended_calls(1, PATIENCE)[0];
        assert_eq!((&call["level"], &call["outcome"]), (&"V2".into(), &"talked".into()), "{call}");
        assert!(call["evidence"].to_string().contains("pin"), "{call}");
    }
}

/// Keys that the server has heard.
fn keys(server: &Server) -> u64 {
    let metrics = server.ask("GET", "/metrics", &Value::Null).body;
    let line = metrics.lines().find(|line| line.starts_with("throughline_dtmf_digits_total"));
    line.and_then(|line| line.split(' ').nth(1)).and_then(|count| count.parse().ok()).unwrap_or(0)
}

/// The keys as mu-law: 100 ms each, with pauses; after half a second in which the question is asked.
fn tones(code: &str) -> Vec<u8> {
    const LOW: [f64; 4] = [697.0, 770.0, 852.0, 941.0];
    const HIGH: [f64; 3] = [1209.0, 1336.0, 1477.0];
    let mut samples = vec![0; 4000];
    for digit in code.chars() {
        let place = "123456789*0#".find(digit).expect("a key");
        let (low, high) = (LOW[place / 3], HIGH[place % 3]);
        let wave = |hz: f64, n: u32| (TAU * hz * f64::from(n) / 8000.0).sin() * 7000.0;
        samples.extend((0..800).map(|n| (wave(low, n) + wave(high, n)) as i32));
        samples.extend([0; 800]);
    }
    samples.extend([0; 8000]);
    samples.into_iter().map(sound::mu_law).collect()
}

#[test]
fn a_code_in_info_recognises_the_caller() {
    let world = World::new("code-info", server::CARRIER);
    let digits: Vec<String> = world.code.chars().map(String::from).collect();
    world.call("carrier_info.xml", &format!("X-Load: plain;{}", digits.join(";")));
    world.assert_recognised();
}

#[test]
fn a_code_in_tones_recognises_the_caller() {
    let world = World::new("code-tones", server::CARRIER);
    world.folder.write("code.ul", tones(&world.code));
    world.call("carrier_tones.xml", "X-Load: plain");
    world.assert_recognised();
}

/// By RFC 4733; the first key ends the question.
#[test]
fn a_telephone_enters_the_code() {
    let at = ports::udp_at("127.0.0.3");
    let world = World::new("code-telephone", "127.0.0.3");
    let account = Account { user: ANONYMOUS, password: "none", server: world.server.sip };
    let console = ports::udp();
    let mut caller = baresip::caller_with_console(&world.folder, at, &account, SHARED, console);
    caller.process().wait_for("Call established", PATIENCE);
    press(&world.server, console, &world.code);
    eventually("a conversation", PATIENCE, || {
        world.server.calls().iter().any(|call| call["phase"] == "talking").then_some(())
    });
    caller.process().stop();
    world.assert_recognised();
}

/// What baresip's console takes for the end of a key.
const LET_GO: u8 = 4;

/// Each key when the server has heard the one before.
fn press(server: &Server, console: SocketAddr, code: &str) {
    let socket = UdpSocket::bind(ports::udp()).expect("a socket");
    for (nth, digit) in (1..).zip(code.bytes()) {
        for stroke in [digit, LET_GO] {
            socket.send_to(&[stroke], console).expect("a console");
        }
        eventually("a key that is heard", PATIENCE, || (keys(server) >= nth).then_some(()));
    }
}

/// Who waits presses a key on their telephone (RFC 4733) and is promised a call. The server is killed at that moment, in the customer's own call; another one finds the
/// promise in Redis, an agent has the customer's context, and the carrier is asked for the customer.
#[test]
fn who_presses_the_key_is_called_back_by_the_server_that_comes_after() {
    let customer = "+12015550177";
    let (folder, redis) = (Folder::new("callback"), RedisServer::start());
    sound::write_wav(&folder.path().join("we-call.wav"), QUESTION_HZ, 1);
    let (phone, gateway) = (ports::udp(), ports::udp_at(server::CARRIER));
    let callback = "[callback]\ntrunk = \"carrier\"\nfrom = \"+12015550100\"\nallow = [\"US\"]\nhours = [\"daily 00:00-24:00\"]\n\
                    [callback.phone]\nquestion = \"we-call.wav\"\npromised = \"we-call.wav\"\n";
    let setup = Setup {
        redis: Some(redis.url()),
        trunk: format!("gateways = [{{ uri = \"sip:{gateway}\", keep_alive = false }}]"),
        more: callback.to_owned(),
        ..Setup::new(vec![("ann".to_owned(), Phone::Static(phone))], ports::udp())
    };
    let _phones = sipp::phones("phones", &folder, "phone.xml", phone);
    let customers = sipp::phones("customers", &folder, "phone.xml", gateway);
    let mut server = Server::start(PROGRAM.as_ref(), &folder, &setup);
    let mut desk = Desk::open(server.http, "ann", &server::token("ann"));
    desk.say(&json!({"type": "set_state", "state": "break", "reason": "lunch"}));
    desk.wait_for("a break", |message| message["state"] == "break");
    let intent = server.register(customer);
    let (number, id) = (intent["number"].as_str().expect("a number"), intent["id"].as_str().expect("an id"));

    let account = Account { user: customer, password: "none", server: server.sip };
    let console = ports::udp();
    let mut caller = baresip::caller_with_console(&folder, ports::udp_at(server::CARRIER), &account, number, console);
    caller.process().wait_for("Call established", PATIENCE);
    press(&server, console, "1");
    eventually("a promise", PATIENCE, || (server.intent(id)["callback"]["state"] == "waiting").then_some(()));
    server.process().kill();
    caller.process().kill();
    drop(desk);

    server.start_again(&folder);
    let _desks = server.desks(&folder, 1, 50);
    let talking = eventually("a customer who talks", PATIENCE, || {
        server.calls().into_iter().find(|call| call["phase"] == "talking")
    });
    assert_eq!((&talking["intent"], &talking["level"]), (&intent["id"], &"V2".into()), "{talking}");
    assert_eq!((&talking["queue"], &talking["callback_tries"]), (&"help".into(), &1.into()), "{talking}");
    assert_eq!(talking["caller"], customer, "{talking}");
    eventually("the customer's telephone, once", PATIENCE, || (customers.in_progress() == 1).then_some(()));
}
