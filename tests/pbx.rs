//! Throughline behind and in front of other SIP servers: Kamailio as a PBX with its IVR, Kamailio as a dispatcher before two of
//! ours, and softphones as agents' phones. They need the Debian packages that `tests/run` installs.

mod support;

use std::net::SocketAddr;
use std::time::Duration;

use support::baresip::{self, Account};
use support::folder::Folder;
use support::process::{PATIENCE, eventually};
use support::redis::RedisServer;
use support::server::{self, Phone, Server, Setup};
use support::sipp::{self, Carrier, Counted, Dialled};
use support::{kamailio, linphone, ports, sound};

const PROGRAM: &str = env!("CARGO_BIN_EXE_throughline");

fn run(to: SocketAddr, calls: &[Dialled], count: usize) -> Carrier<'_> {
    let hold = Duration::from_millis(500);
    Carrier { scenario: "carrier.xml", from: ports::udp(), to, calls, count, per_second: 5, hold }
}

/// Carrier, PBX, Throughline, PBX, phone: the recognised caller is heard at the extension that the PBX rings, and who is not
/// recognised comes back through the PBX to its IVR.
#[test]
fn kamailio_is_the_pbx_with_its_phones_and_its_ivr() {
    let folder = Folder::new("pbx");
    let (pbx_at, ivr_at, sip) = (ports::udp_at(server::CARRIER), ports::udp(), ports::udp());
    let ivr = sipp::phones("ivr", &folder, "phone.xml", ivr_at);
    let _pbx = kamailio::pbx(&folder, pbx_at, sip, ivr_at);
    let phone_at = ports::udp();
    let phone = baresip::agent(&folder, phone_at, &Account { user: "2001", password: "2001-secret", server: pbx_at });
    let agents = vec![("2001".to_owned(), Phone::Static(pbx_at))];
    let server = Server::start_at(PROGRAM.as_ref(), &folder, &Setup::new(agents, pbx_at), sip);
    let _desk = server.desks(&folder, 1, 50);
    let intent = server.register("+12015550123");
    let known = [Dialled::new(intent["number"].as_str().expect("a number"), "+12015550123")];
    let with_sound = Carrier { scenario: "carrier_sound.xml", hold: Duration::from_secs(3), ..run(pbx_at, &known, 1) };
    let mut carrier = sipp::carrier("known", &folder, &with_sound);
    let counted = carrier.finish(PATIENCE);
    assert_eq!(counted, Counted { good: 1, failed: 0 }, "{}", carrier.errors());
    let heard = eventually("a recording", PATIENCE, || phone.heard());
    let (share, seconds) = sound::tone_heard(&heard, 440);
    assert!(share > 0.9 && seconds > 1.5, "{share:.2} of the sound is the tone, for {seconds} s");
    assert_eq!(server.ended_calls(1, PATIENCE)[0]["outcome"], "talked");

    let unknown = [Dialled::new("+12015550140", "+441632960000")];
    let mut carrier = sipp::carrier("unknown", &folder, &run(pbx_at, &unknown, 3));
    let counted = carrier.finish(PATIENCE);
    assert_eq!(counted, Counted { good: 3, failed: 0 }, "{}", carrier.errors());
    for call in &server.ended_calls(4, PATIENCE)[..3] {
        assert_eq!((&call["outcome"], &call["fallback"]), (&"fell-back".into(), &"unmatched".into()), "{call}");
    }
    let answered =
        eventually("three calls at the IVR", PATIENCE, || Some(ivr.counted()).filter(|counted| counted.good >= 3));
    assert_eq!(answered, Counted { good: 3, failed: 0 }, "{}", ivr.errors());
}

/// Two servers with one Redis behind a dispatcher: an intent that one of them registered is recognised by either, both take
/// calls, and when one is killed the calls that follow reach the other.
#[test]
fn kamailio_spreads_calls_over_two_of_ours_and_one_may_die() {
    let folders = [Folder::new("first"), Folder::new("second")];
    let (front_at, phones_at) = (ports::udp_at(server::CARRIER), ports::udp());
    let _phones = sipp::phones("phones", &folders[0], "phone.xml", phones_at);
    let redis = RedisServer::start();
    let setup = || {
        let agents = (0..10).map(|nth| (format!("agent{nth}"), Phone::Static(phones_at))).collect();
        Setup { redis: Some(redis.url()), ..Setup::new(agents, phones_at) }
    };
    let mut servers = folders.each_ref().map(|folder| Server::start(PROGRAM.as_ref(), folder, &setup()));
    let addresses = servers.each_ref().map(|server| server.sip);
    let front = kamailio::dispatcher(&folders[0], front_at, &addresses);
    let _desks = [servers[0].desks(&folders[0], 10, 50), servers[1].desks(&folders[1], 10, 50)];
    let known = |server: &Server, caller: &str| {
        Dialled::new(server.register(caller)["number"].as_str().expect("a number"), caller)
    };
    let calls: Vec<Dialled> = (0..10).map(|nth| known(&servers[0], &format!("+120255501{nth:02}"))).collect();
    let mut carrier = sipp::carrier("both", &folders[0], &run(front_at, &calls, 10));
    let counted = carrier.finish(PATIENCE);
    assert_eq!(counted, Counted { good: 10, failed: 0 }, "{}\n{}", carrier.errors(), front.printed());
    let taken = servers.each_ref().map(|server| {
        let calls = server.calls();
        assert!(calls.iter().all(|call| call["level"] == "V2"), "{calls:?}");
        calls.len()
    });
    assert!(taken.iter().all(|count| *count > 0) && taken.iter().sum::<usize>() == 10, "{taken:?}");

    servers[0].process().kill();
    let calls: Vec<Dialled> = (10..16).map(|nth| known(&servers[1], &format!("+120255501{nth:02}"))).collect();
    let mut carrier = sipp::carrier("one", &folders[1], &run(front_at, &calls, 6));
    let counted = carrier.finish(PATIENCE);
    assert_eq!(counted, Counted { good: 6, failed: 0 }, "{}\n{}", carrier.errors(), front.printed());
    assert_eq!(servers[1].calls().len(), taken[1] + 6);
}

/// A second make of softphone: Linphone registers with a password, rings only after the pop, answers and hears the caller. It rings
/// reliably, and answers before its ringing is acknowledged by PRACK.
#[test]
fn linphone_is_an_agents_phone() {
    let folder = Folder::new("linphone");
    let agents = vec![("ann".to_owned(), Phone::Password("secret-of-ann".to_owned()))];
    let server = Server::start(PROGRAM.as_ref(), &folder, &Setup::new(agents, ports::udp()));
    let account = Account { user: "ann", password: "secret-of-ann", server: server.sip };
    let phone = linphone::agent(&folder, ports::udp(), &account);
    let _desk = server.desks(&folder, 1, 50);
    let intent = server.register("+12015550123");
    let calls = [Dialled::new(intent["number"].as_str().expect("a number"), "+12015550123")];
    let with_sound = Carrier {
        scenario: "carrier_sound.xml",
        from: ports::udp_at(server::CARRIER),
        hold: Duration::from_secs(4),
        ..run(server.sip, &calls, 1)
    };
    let mut carrier = sipp::carrier("carrier", &folder, &with_sound);
    let counted = carrier.finish(PATIENCE);
    assert_eq!(counted, Counted { good: 1, failed: 0 }, "{}\n{}", carrier.errors(), phone.printed());
    let heard = eventually("a recording", PATIENCE, || phone.heard());
    let (share, seconds) = sound::tone_heard(&heard, 440);
    assert!(share > 0.8 && seconds > 1.5, "{share:.2} of the sound is the tone, for {seconds} s");
    let call = &server.ended_calls(1, PATIENCE)[0];
    assert_eq!(call["outcome"], "talked", "{call}");
    assert!(call["far_sound"]["received"].as_u64() > Some(100), "{call}");
    let trace = phone.trace();
    assert!(trace.contains("Require: 100rel") && trace.contains("PRACK sip:"), "its ringing was not acknowledged");
}

/// Linphone calls a colleague: the session timer that it asks for is agreed to, and the session is refreshed in its time.
#[test]
fn linphone_calls_with_a_session_timer() {
    let folder = Folder::new("linphone-calls");
    let password = |agent: &str| (agent.to_owned(), Phone::Password(format!("secret-of-{agent}")));
    let mut setup = Setup::new(vec![password("ann"), password("bob")], ports::udp());
    setup.sip = "min_se_s = 2\n".to_owned();
    let server = Server::start(PROGRAM.as_ref(), &folder, &setup);
    let account = Account { user: "ann", password: "secret-of-ann", server: server.sip };
    let phone = linphone::agent_with_timer(4, &folder, ports::udp(), &account);
    let bob = Account { user: "bob", password: "secret-of-bob", server: server.sip };
    let _colleague = baresip::agent(&folder, ports::udp(), &bob);
    phone.command(&format!("call sip:bob@{}", server.sip));
    let refreshes = || phone.trace().lines().filter(|line| line.starts_with("UPDATE sip:")).count();
    eventually("a session that has outlived its first time", PATIENCE, || (refreshes() >= 2).then_some(()));
    phone.command("terminate");
    let call = &server.ended_calls(1, PATIENCE)[0];
    let fields = (&call["outcome"], &call["ended_by"], &call["trunk"]);
    assert_eq!(fields, (&"talked".into(), &"caller".into(), &"(phones)".into()), "{call}");
    assert!(phone.trace().contains("Session-Expires: 4;refresher=uac"), "the timer was not agreed to");
}
