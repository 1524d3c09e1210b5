//! Calls through the server with real peers on loopback: sipp as the carrier, the IVR and phones, baresip as a phone that
//! registers, a real Redis, desks over the websocket. They need the Debian packages that `tests/run` installs.

mod support;

use std::net::{SocketAddr, UdpSocket};
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use support::baresip::{self, Account};
use support::desk::Desk;
use support::folder::Folder;
use support::process::{PATIENCE, eventually};
use support::redis::RedisServer;
use support::server::{self, Phone, Server, Setup};
use support::sipp::{self, Carrier, Counted, Dialled};
use support::{ports, sound};

const PROGRAM: &str = env!("CARGO_BIN_EXE_throughline");

fn static_agents(count: usize, phones: SocketAddr) -> Vec<(String, Phone)> {
    (0..count).map(|nth| (format!("agent{nth}"), Phone::Static(phones))).collect()
}

fn answered(to: SocketAddr, calls: &[Dialled], count: usize, per_second: usize) -> Carrier<'_> {
    let hold = Duration::from_millis(300);
    Carrier { scenario: "carrier.xml", from: ports::udp_at(server::CARRIER), to, calls, count, per_second, hold }
}

fn dialled(intent: &Value, caller: &str) -> Dialled {
    Dialled::new(intent["number"].as_str().expect("a number"), caller)
}

#[test]
fn a_registered_call_reaches_an_agents_phone_after_its_pop() {
    let folder = Folder::new("matched");
    let phones_at = ports::udp();
    let _phones = sipp::phones("phones", &folder, "phone.xml", phones_at);
    let server = Server::start(PROGRAM.as_ref(), &folder, &Setup::new(static_agents(2, phones_at), ports::udp()));
    let _desks = server.desks(&folder, 2, 50);
    let intent = server.register("+12015550123");
    let calls = [dialled(&intent, "+12015550123")];
    let mut carrier = sipp::carrier("carrier", &folder, &answered(server.sip, &calls, 1, 1));
    let counted = carrier.finish(PATIENCE);
    assert_eq!(counted, Counted { good: 1, failed: 0 }, "{}", carrier.errors());
    let call = &server.ended_calls(1, PATIENCE)[0];
    assert_eq!((&call["level"], &call["intent"]), (&"V2".into(), &intent["id"]), "{call}");
    let stages: Vec<&str> =
        call["stages"].as_array().into_iter().flatten().filter_map(|s| s["stage"].as_str()).collect();
    let place =
        |stage: &str| stages.iter().position(|s| s.contains(stage)).unwrap_or_else(|| panic!("{stage}: {stages:?}"));
    assert!(place("acknowledged") < place("ringing"), "{stages:?}");
    let id = intent["id"].as_str().expect("an id");
    eventually("a store that has heard of the end", PATIENCE, || (server.intent(id)["state"] == "used").then_some(()));
    let told = explained(&server, call["id"].as_str().unwrap_or_default());
    for line in [
        "Who: V2; ",
        "dialled the number that was leased to this intent",
        "  decided",
        "Offered, after ",
        "End: outcome talked",
    ] {
        assert!(told.contains(line), "{line}\nis not in\n{told}");
    }
}

/// What `throughline explain` prints.
fn explained(server: &Server, call: &str) -> String {
    let url = format!("http://{}", server.http);
    let mut command = Command::new(PROGRAM);
    let output = command.args(["explain", call, "--url", &url]).env("THROUGHLINE_API_KEY", server::key()).output();
    let output = output.expect("the program runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_caller_whom_nobody_knows_goes_to_the_ivr() {
    let folder = Folder::new("unknown");
    let ivr_at = ports::udp();
    let ivr = sipp::phones("ivr", &folder, "phone.xml", ivr_at);
    let server = Server::start(PROGRAM.as_ref(), &folder, &Setup::new(static_agents(1, ports::udp()), ivr_at));
    let calls = [Dialled::new("+12015550100", "+441632960000")];
    let mut carrier = sipp::carrier("carrier", &folder, &answered(server.sip, &calls, 5, 10));
    let counted = carrier.finish(PATIENCE);
    assert_eq!(counted, Counted { good: 5, failed: 0 }, "{}", carrier.errors());
    for call in server.ended_calls(5, PATIENCE) {
        assert_eq!(call["level"], "V0", "{call}");
        assert!(call["fallback"].is_string(), "{call}");
    }
    assert_eq!(ivr.counted().failed, 0, "{}", ivr.errors());
}

/// The scenarios refuse a message without the header fields of the rules, or with others.
#[test]
fn header_rules_let_through_what_they_name_and_nothing_else() {
    let folder = Folder::new("headers");
    let (phones_at, ivr_at) = (ports::udp(), ports::udp());
    let phones = sipp::phones("phones", &folder, "phone_headers.xml", phones_at);
    let ivr = sipp::phones("ivr", &folder, "phone_headers.xml", ivr_at);
    let trunk = "headers = [{ copy = \"X-Account\" }, { add = \"X-Tenant\", value = \"help\" }, { remove = \"User-to-User\" }, \
                 { copy = \"X-Ticket\", on = \"answer\" }, { add = \"X-Node\", value = \"a\", on = \"answer\" }]"
        .to_owned();
    let setup = Setup { trunk, ..Setup::new(static_agents(1, phones_at), ivr_at) };
    let server = Server::start(PROGRAM.as_ref(), &folder, &setup);
    let _desks = server.desks(&folder, 1, 50);
    let intent = server.register("+12015550123");
    let to_agent = dialled(&intent, "+12015550123");
    for (name, call, level) in
        [("agent", to_agent, "V2"), ("unknown", Dialled::new("+12015550100", "+441632960000"), "V0")]
    {
        let calls = [call];
        let run = Carrier { scenario: "carrier_headers.xml", ..answered(server.sip, &calls, 1, 1) };
        let mut carrier = sipp::carrier(name, &folder, &run);
        let counted = carrier.finish(PATIENCE);
        let errors = format!("{name}: {} {} {}", carrier.errors(), phones.errors(), ivr.errors());
        assert_eq!(counted, Counted { good: 1, failed: 0 }, "{errors}");
        eventually("the call's record", PATIENCE, || {
            server.calls().iter().any(|call| call["level"] == level).then_some(())
        });
    }
    assert_eq!((phones.counted().failed, ivr.counted().failed), (0, 0), "{} {}", phones.errors(), ivr.errors());
}

#[test]
fn an_agents_registered_phone_and_the_caller_hear_each_other() {
    let folder = Folder::new("sound");
    let agents = vec![("ann".to_owned(), Phone::Password("secret-of-ann".to_owned()))];
    let server = Server::start(PROGRAM.as_ref(), &folder, &Setup::new(agents, ports::udp()));
    let account = Account { user: "ann", password: "secret-of-ann", server: server.sip };
    let phone = baresip::agent(&folder, ports::udp(), &account);
    let _desks = server.desks(&folder, 1, 50);
    let intent = server.register("+12015550123");
    let calls = [dialled(&intent, "+12015550123")];
    let run =
        Carrier { scenario: "carrier_sound.xml", hold: Duration::from_secs(3), ..answered(server.sip, &calls, 1, 1) };
    let mut carrier = sipp::carrier("carrier", &folder, &run);
    let counted = carrier.finish(PATIENCE);
    assert_eq!(counted, Counted { good: 1, failed: 0 }, "{}", carrier.errors());
    let heard = eventually("a recording", PATIENCE, || phone.heard());
    let (share, seconds) = sound::tone_heard(&heard, 440);
    assert!(share > 0.9 && seconds > 2.0, "{share:.2} of the sound is the tone, for {seconds} s");
    let call = &server.ended_calls(1, PATIENCE)[0];
    for side in ["caller_sound", "far_sound"] {
        assert!(call[side]["received"].as_u64() > Some(100) && call[side]["sent"].as_u64() > Some(100), "{call}");
    }
}

/// What the caller said is on the left of the file, although it went to the phone encrypted.
#[test]
fn a_call_is_recorded_whose_rule_and_customer_say_so() {
    let folder = Folder::new("recorded");
    let agents = vec![("ann".to_owned(), Phone::Encrypted("secret-of-ann".to_owned()))];
    let recordings = folder.path().join("recordings");
    let more = format!(
        "[[access.rules]]\nname = \"known\"\nwhen = {{ min_level = \"V1\" }}\nanswer = \"human\"\nrecord = true\n\
         [recording]\nfolder = {recordings:?}\nnotice = \"on-page\"\n"
    );
    let setup = Setup { more, ..Setup::new(agents, ports::udp()) };
    let server = Server::start(PROGRAM.as_ref(), &folder, &setup);
    let account = Account { user: "ann", password: "secret-of-ann", server: server.sip };
    let _phone = baresip::secure_agent(&folder, ports::udp(), &account);
    let _desks = server.desks(&folder, 1, 50);
    let mut agreed = server::intent("+12015550123");
    agreed["recording_consent"] = true.into();
    let with_consent = server.ask("POST", "/v1/intents", &agreed).json();
    for (name, intent, caller) in
        [("agreed", with_consent, "+12015550123"), ("silent", server.register("+12015550124"), "+12015550124")]
    {
        let calls = [dialled(&intent, caller)];
        let run = Carrier {
            scenario: "carrier_sound.xml",
            hold: Duration::from_secs(3),
            ..answered(server.sip, &calls, 1, 1)
        };
        let mut carrier = sipp::carrier(name, &folder, &run);
        let counted = carrier.finish(PATIENCE);
        assert_eq!(counted, Counted { good: 1, failed: 0 }, "{name}: {}", carrier.errors());
        eventually("an agent for the next call", PATIENCE, || (server.agents_in("available") == 1).then_some(()));
    }
    let ended = server.ended_calls(2, PATIENCE);
    assert_eq!(ended[0]["recording"]["withheld"], "no-consent", "{}", ended[0]);
    let call = &eventually("a complete recording", PATIENCE, || {
        server.calls().into_iter().find(|call| call["recording"]["file"].is_string())
    });
    let file = recordings.join(format!("{}.wav", call["id"].as_str().expect("an id")));
    let samples: Vec<i16> =
        hound::WavReader::open(file).expect("a file").into_samples().collect::<Result<_, _>>().expect("samples");
    let left: Vec<i16> = samples.iter().step_by(2).copied().collect();
    let (share, seconds) = sound::tone_heard(&left, 440);
    assert!(share > 0.9 && seconds > 2.0, "{share:.2} of the sound is the tone, for {seconds} s");
    let at = call["recording"]["file"].as_str().expect("a place");
    assert_eq!(server.ask("GET", at, &Value::Null).status, 200);
    assert_eq!(server.ask("DELETE", at, &Value::Null).status, 204);
    assert_eq!(server.ask("GET", at, &Value::Null).status, 404);
}

/// The caller says 440 Hz, each phone 660 Hz; the supervisor's phone has recorded both, and in the end has the call.
#[test]
fn a_supervisor_listens_whispers_and_takes_the_call_over() {
    let folder = Folder::new("supervised");
    let password = |name: &str| (name.to_owned(), Phone::Password(format!("secret-of-{name}")));
    let setup = Setup {
        supervisors: vec!["sue".to_owned()],
        ..Setup::new(vec![password("ann"), password("sue")], ports::udp())
    };
    let server = Server::start(PROGRAM.as_ref(), &folder, &setup);
    let phone = |user, password| baresip::agent(&folder, ports::udp(), &Account { user, password, server: server.sip });
    let (anns, sues) = (phone("ann", "secret-of-ann"), phone("sue", "secret-of-sue"));
    let _desks = server.desks(&folder, 1, 50);
    let mut desk = Desk::open(server.http, "sue", &server::token("sue"));
    desk.say(&json!({"type": "set_state", "state": "break", "reason": "supervision"}));
    let intent = server.register("+12015550123");
    let calls = [dialled(&intent, "+12015550123")];
    let run =
        Carrier { scenario: "carrier_sound.xml", hold: Duration::from_secs(10), ..answered(server.sip, &calls, 1, 1) };
    let mut carrier = sipp::carrier("carrier", &folder, &run);
    eventually("a conversation", PATIENCE, || (server.agents_in("on-call") == 1).then_some(()));
    let seen = desk.calls();
    let call = seen["calls"][0]["call"].clone();
    assert_eq!((&seen["calls"][0]["agent"], &seen["calls"][0]["queue"]), (&"ann".into(), &"help".into()), "{seen}");
    for (act, state) in [("listen", "listening"), ("whisper", "whispering")] {
        desk.say(&json!({"type": "supervise", "call": call, "act": act}));
        desk.wait_for(state, |message| message["state"] == state);
        // What is to be heard takes its time to be said.
        let before = talked_ms(&mut desk);
        eventually("two more seconds", PATIENCE, || (talked_ms(&mut desk) >= before + 2_000).then_some(()));
    }
    desk.say(&json!({"type": "supervise", "call": call, "act": "take_over"}));
    desk.wait_for("the pop", |message| message["type"] == "pop" && message["call"] == call);
    desk.wait_for("the conversation", |message| message["phase"] == "talking");
    let counted = carrier.finish(PATIENCE);
    assert_eq!(counted, Counted { good: 1, failed: 0 }, "{}", carrier.errors());
    let call = &server.ended_calls(1, PATIENCE)[0];
    let acts: Vec<&str> = call["supervised"].as_array().unwrap().iter().filter_map(|act| act["act"].as_str()).collect();
    assert_eq!((acts, &call["agent"]), (vec!["listen", "whisper", "take-over"], &"sue".into()), "{call}");
    let heard = eventually("what the supervisor heard", PATIENCE, || sues.heard());
    let both: Vec<&[i16]> = heard.chunks_exact(800).filter(|stretch| has_both(stretch)).collect();
    assert!(both.len() >= 15, "caller and agent together for {} tenths of a second", both.len());
    let alone = heard.chunks_exact(800).filter(|stretch| sound::share_of_tone(stretch, 440) > 0.9).count();
    assert!(alone >= 10, "the caller alone, after the take-over, for {alone} tenths of a second");
    let heard = eventually("what the agent heard", PATIENCE, || anns.heard());
    let whispered = heard.chunks_exact(800).filter(|stretch| has_both(stretch)).count();
    assert!(whispered >= 8, "caller and supervisor together for {whispered} tenths of a second");
}

/// The caller says 440 Hz, each phone 660 Hz: Ben's phone has recorded Ann while she asked, and the caller when he had the call.
#[test]
fn an_agent_asks_another_first_and_gives_them_the_call() {
    let folder = Folder::new("consulted");
    let password = |name: &str| (name.to_owned(), Phone::Password(format!("secret-of-{name}")));
    let setup = Setup::new(vec![password("ann"), password("ben")], ports::udp());
    let server = Server::start(PROGRAM.as_ref(), &folder, &setup);
    let phone = |user, password| baresip::agent(&folder, ports::udp(), &Account { user, password, server: server.sip });
    let (_anns, bens) = (phone("ann", "secret-of-ann"), phone("ben", "secret-of-ben"));
    let mut desk = Desk::open(server.http, "ann", &server::token("ann"));
    desk.say(&json!({"type": "set_state", "state": "available"}));
    desk.wait_for("available", |message| message["state"] == "available");
    // Ann has been idle longer: the call is hers.
    let _bens_desk = server.later_desk(&folder, 1, 50);
    let intent = server.register("+12015550123");
    let calls = [dialled(&intent, "+12015550123")];
    let run =
        Carrier { scenario: "carrier_sound.xml", hold: Duration::from_secs(10), ..answered(server.sip, &calls, 1, 1) };
    let mut carrier = sipp::carrier("carrier", &folder, &run);
    let pop = desk.wait_for("the pop", |message| message["type"] == "pop");
    desk.say(&json!({"type": "pop_drawn", "call": pop["call"], "fence": pop["fence"]}));
    desk.wait_for("the conversation", |message| message["phase"] == "talking");
    desk.say(&json!({"type": "consult", "call": pop["call"], "act": "ask", "to": "ben"}));
    desk.wait_for("ben", |message| message["state"] == "consulting");
    let before = server.calls()[0]["lasted_ms"].as_u64().expect("a call in progress");
    eventually("two more seconds", PATIENCE, || {
        (server.calls()[0]["lasted_ms"].as_u64() >= Some(before + 2_000)).then_some(())
    });
    desk.say(&json!({"type": "consult", "call": pop["call"], "act": "complete"}));
    desk.wait_for("the wrap-up", |message| message["type"] == "wrap_up_due");
    let counted = carrier.finish(PATIENCE);
    assert_eq!(counted, Counted { good: 1, failed: 0 }, "{}", carrier.errors());
    let call = &server.ended_calls(1, PATIENCE)[0];
    assert_eq!((&call["agent"], &call["passed_on"][0]["to_agent"]), (&"ben".into(), &"ben".into()), "{call}");
    let heard = eventually("what ben heard", PATIENCE, || bens.heard());
    let tenths = |hertz| heard.chunks_exact(800).filter(|part| sound::share_of_tone(part, hertz) > 0.9).count();
    assert!(tenths(660) >= 12 && tenths(440) >= 8, "ann for {} tenths, the caller for {}", tenths(660), tenths(440));
}

/// How long the only call that the supervisor sees has lasted.
fn talked_ms(desk: &mut Desk) -> u64 {
    desk.calls()["calls"][0]["talked_ms"].as_u64().expect("a call that is seen")
}

fn has_both(stretch: &[i16]) -> bool {
    [440, 660].iter().all(|hertz| sound::share_of_tone(stretch, *hertz) > 0.2)
}

#[test]
fn a_phone_that_takes_encrypted_sound_alone_hears_a_caller_who_has_none() {
    let folder = Folder::new("srtp");
    let agents = vec![("ann".to_owned(), Phone::Encrypted("secret-of-ann".to_owned()))];
    let server = Server::start(PROGRAM.as_ref(), &folder, &Setup::new(agents, ports::udp()));
    let account = Account { user: "ann", password: "secret-of-ann", server: server.sip };
    let mut phone = baresip::secure_agent(&folder, ports::udp(), &account);
    let _desks = server.desks(&folder, 1, 50);
    let intent = server.register("+12015550123");
    let calls = [dialled(&intent, "+12015550123")];
    let run =
        Carrier { scenario: "carrier_sound.xml", hold: Duration::from_secs(3), ..answered(server.sip, &calls, 1, 1) };
    let mut carrier = sipp::carrier("carrier", &folder, &run);
    let counted = carrier.finish(PATIENCE);
    assert_eq!(counted, Counted { good: 1, failed: 0 }, "{}", carrier.errors());
    let heard = eventually("a recording", PATIENCE, || phone.heard());
    let (share, seconds) = sound::tone_heard(&heard, 440);
    assert!(share > 0.9 && seconds > 2.0, "{share:.2} of the sound is the tone, for {seconds} s");
    let said = phone.process().printed();
    assert!(said.contains("AES_CM_128_HMAC_SHA1_80"), "{said}");
    let call = &server.ended_calls(1, PATIENCE)[0];
    for side in ["caller_sound", "far_sound"] {
        let sound = &call[side];
        assert!(sound["received"].as_u64() > Some(100) && sound["sent"].as_u64() > Some(100), "{call}");
        assert_eq!(sound["malformed"].as_u64().unwrap_or(0), 0, "every packet was genuine: {call}");
    }
}

#[test]
fn a_desk_that_is_cut_in_mid_call_costs_nobody_the_call() {
    let folder = Folder::new("cut");
    let phones_at = ports::udp();
    let _phones = sipp::phones("phones", &folder, "phone.xml", phones_at);
    let server = Server::start(PROGRAM.as_ref(), &folder, &Setup::new(static_agents(1, phones_at), ports::udp()));
    let mut desk = server.desks(&folder, 1, 50);
    let first = [dialled(&server.register("+12015550123"), "+12015550123")];
    let run = Carrier { hold: Duration::from_secs(3), ..answered(server.sip, &first, 1, 1) };
    let mut carrier = sipp::carrier("first", &folder, &run);
    eventually("a conversation", PATIENCE, || (server.agents_in("on-call") == 1).then_some(()));
    desk.kill();
    let counted = carrier.finish(PATIENCE);
    assert_eq!(counted, Counted { good: 1, failed: 0 }, "{}", carrier.errors());
    let call = &server.ended_calls(1, PATIENCE)[0];
    assert_eq!((&call["outcome"], &call["ended_by"]), (&"talked".into(), &"caller".into()), "{call}");
    let _desk = server.desks(&folder, 1, 50);
    let second = [dialled(&server.register("+12015550124"), "+12015550124")];
    let mut carrier = sipp::carrier("second", &folder, &answered(server.sip, &second, 1, 1));
    let counted = carrier.finish(PATIENCE);
    assert_eq!(counted, Counted { good: 1, failed: 0 }, "{}", carrier.errors());
    assert_eq!(server.ended_calls(2, PATIENCE)[0]["outcome"], "talked");
}

#[test]
fn a_phone_with_a_wrong_password_is_not_registered() {
    let folder = Folder::new("password");
    let agents = vec![("ann".to_owned(), Phone::Password("secret-of-ann".to_owned()))];
    let server = Server::start(PROGRAM.as_ref(), &folder, &Setup::new(agents, ports::udp()));
    let account = Account { user: "ann", password: "a guess", server: server.sip };
    let mut phone = baresip::stranger(&folder, ports::udp(), &account);
    phone.process().wait_for("401", PATIENCE);
    assert!(!phone.process().printed().contains("200 OK"), "{}", phone.process().printed());
}

#[test]
fn a_stranger_is_told_nothing() {
    let folder = Folder::new("stranger");
    let server = Server::start(PROGRAM.as_ref(), &folder, &Setup::new(static_agents(1, ports::udp()), ports::udp()));
    let intent = server.register("+12015550123");
    let number = intent["number"].as_str().expect("a number");
    let socket = UdpSocket::bind(ports::udp_at(server::STRANGER)).expect("a socket");
    socket.set_read_timeout(Some(Duration::from_millis(500))).expect("a timeout");
    let here = socket.local_addr().expect("an address");
    for method in ["INVITE", "OPTIONS", "REGISTER", "BYE"] {
        let request = format!(
            "{method} sip:{number}@{to} SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bK{method}\r\nMax-Forwards: 70\r\n\
             From: <sip:+12015550123@{here}>;tag=1\r\nTo: <sip:{number}@{to}>\r\nCall-ID: {method}\r\n\
             CSeq: 1 {method}\r\nContact: <sip:{here}>\r\nContent-Length: 0\r\n\r\n",
            to = server.sip
        );
        socket.send_to(request.as_bytes(), server.sip).expect("a datagram that leaves");
        let mut answer = [0; 4096];
        let answer = socket.recv(&mut answer).map(|length| String::from_utf8_lossy(&answer[..length]).into_owned());
        let answer = answer.unwrap_or_default();
        assert!(!answer.starts_with("SIP/2.0 1") && !answer.starts_with("SIP/2.0 2"), "{method}: {answer}");
        assert!(!answer.to_ascii_lowercase().contains("throughline"), "{method}: {answer}");
    }
    assert!(server.calls().is_empty());
}

#[test]
fn a_call_is_held_and_one_is_cancelled_while_it_rings() {
    for (scenario, phones) in [("carrier_hold.xml", "phone_hold.xml"), ("carrier_cancel.xml", "phone_silent.xml")] {
        let folder = Folder::new("acts");
        let phones_at = ports::udp();
        let _phones = sipp::phones("phones", &folder, phones, phones_at);
        let server = Server::start(PROGRAM.as_ref(), &folder, &Setup::new(static_agents(1, phones_at), ports::udp()));
        let _desks = server.desks(&folder, 1, 50);
        let intent = server.register("+12015550123");
        let calls = [dialled(&intent, "+12015550123")];
        let run = Carrier { scenario, ..answered(server.sip, &calls, 1, 1) };
        let mut carrier = sipp::carrier("carrier", &folder, &run);
        let counted = carrier.finish(PATIENCE);
        assert_eq!(counted, Counted { good: 1, failed: 0 }, "{scenario}: {}", carrier.errors());
        server.ended_calls(1, PATIENCE);
    }
}

/// Nobody's call is lost when the store goes: what cannot be matched goes to the IVR.
#[test]
fn redis_stops_in_the_middle_and_no_call_is_lost() {
    let folder = Folder::new("redis");
    let (phones_at, ivr_at) = (ports::udp(), ports::udp());
    let _phones = sipp::phones("phones", &folder, "phone.xml", phones_at);
    let _ivr = sipp::phones("ivr", &folder, "phone.xml", ivr_at);
    let mut redis = RedisServer::start();
    let setup = Setup { redis: Some(redis.url()), ..Setup::new(static_agents(20, phones_at), ivr_at) };
    let server = Server::start(PROGRAM.as_ref(), &folder, &setup);
    let _desks = server.desks(&folder, 20, 50);
    let callers: Vec<String> = (0..40).map(|nth| format!("+120255501{nth:02}")).collect();
    let calls: Vec<Dialled> = callers.iter().map(|caller| dialled(&server.register(caller), caller)).collect();
    let mut carrier = sipp::carrier("carrier", &folder, &answered(server.sip, &calls, 40, 10));
    server.ended_calls(3, PATIENCE);
    redis.kill();
    let counted = carrier.finish(PATIENCE);
    assert_eq!(counted, Counted { good: 40, failed: 0 }, "{}", carrier.errors());
    let calls = server.ended_calls(40, PATIENCE);
    let causes: Vec<&str> = calls.iter().filter_map(|call| call["fallback"].as_str()).collect();
    assert!((1..40).contains(&causes.len()), "{causes:?}");
    assert!(causes.iter().all(|cause| ["store-failure", "match-deadline"].contains(cause)), "{causes:?}");
    redis.restart();
    eventually("a registration after the store is back", PATIENCE, || {
        let response = server.ask("POST", "/v1/intents", &server::intent("+12025550199"));
        (response.status == 201).then_some(())
    });
}

/// A store that is slow costs a call the match deadline and no more.
#[test]
fn redis_stands_still_and_the_calls_go_on_without_it() {
    let folder = Folder::new("slow");
    let ivr_at = ports::udp();
    let _ivr = sipp::phones("ivr", &folder, "phone.xml", ivr_at);
    let redis = RedisServer::start();
    let setup = Setup { redis: Some(redis.url()), ..Setup::new(static_agents(1, ports::udp()), ivr_at) };
    let server = Server::start(PROGRAM.as_ref(), &folder, &setup);
    let calls = [dialled(&server.register("+12025550100"), "+12025550100")];
    redis.freeze();
    let mut carrier = sipp::carrier("carrier", &folder, &answered(server.sip, &calls, 10, 10));
    let counted = carrier.finish(PATIENCE);
    assert_eq!(counted, Counted { good: 10, failed: 0 }, "{}", carrier.errors());
    for call in server.ended_calls(10, PATIENCE) {
        // The connection may be given up before the call's own deadline.
        let causes = ["match-deadline", "store-failure"].map(Value::from);
        assert!(call["level"] == "V0" && causes.contains(&call["fallback"]), "{call}");
    }
    redis.thaw();
    eventually("a registration after the store answers again", PATIENCE, || {
        let response = server.ask("POST", "/v1/intents", &server::intent("+12025550199"));
        (response.status == 201).then_some(())
    });
}

#[test]
fn what_was_acknowledged_is_there_after_a_kill() {
    let folder = Folder::new("kill");
    let mut server =
        Server::start(PROGRAM.as_ref(), &folder, &Setup::new(static_agents(1, ports::udp()), ports::udp()));
    let before: Vec<Value> = (0..20).map(|nth| server.register(&format!("+120255501{nth:02}"))).collect();
    server.process().kill();
    server.start_again(&folder);
    for intent in before {
        let after = server.intent(intent["id"].as_str().expect("an id"));
        for field in ["id", "state", "number", "expires_at", "customer", "reason"] {
            assert_eq!(after[field], intent[field], "{field}");
        }
    }
    let next = server.register("+12025550150");
    assert_eq!(next["shared"], false, "{next}");
}
