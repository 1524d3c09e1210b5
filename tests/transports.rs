//! TCP, TLS and IPv6 with real peers on loopback: sipp as carrier and phones, `openssl s_client`, and connections that misbehave.
//! They need the Debian packages that `tests/run` installs.

mod support;

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use support::baresip::{self, Account};
use support::certificates::Authority;
use support::folder::Folder;
use support::process::{PATIENCE, eventually};
use support::server::{self, Phone, Server, Setup};
use support::sipp::{self, Carrier, Counted, Dialled};
use support::{kamailio, ports, sound};

const PROGRAM: &str = env!("CARGO_BIN_EXE_throughline");

/// A port that is free for UDP and TCP, probably.
fn sip_port(host: &str) -> SocketAddr {
    ports::udp_at(host)
}

/// A queue needs somebody who could serve it.
fn nobody() -> Vec<(String, Phone)> {
    vec![("agent0".to_owned(), Phone::Static(ports::udp()))]
}

fn setup(agents: Vec<(String, Phone)>, binds: &[String]) -> Setup {
    Setup { binds: binds.to_vec(), ..Setup::new(agents, ports::udp()) }
}

/// Calls from the carrier over `mode` of sipp are answered by phones over `phones_mode`.
fn calls_are_answered(name: &str, mode: &str, phones_mode: &str, host: &str, carrier_host: &str) {
    let folder = Folder::new(name);
    let (udp, tcp, phones_at) = (sip_port(host), sip_port(host), sip_port(host));
    let transport = if phones_mode.starts_with('t') { ";transport=tcp" } else { "" };
    let _phones = sipp::phones_over(phones_mode, "phones", &folder, "phone.xml", phones_at);
    let agents = (0..2).map(|nth| {
        let uri = format!("sip:agent{nth}@{phones_at}{transport}");
        (format!("agent{nth}"), Phone::Uri(uri))
    });
    let mut setup = setup(agents.collect(), &[format!("tcp:{tcp}")]);
    setup.carrier = carrier_host.to_owned();
    setup.media = host.to_owned();
    let server = Server::start_at(PROGRAM.as_ref(), &folder, &setup, udp);
    let _desks = server.desks(&folder, 2, 50);
    let intents: Vec<_> = (0..4).map(|nth| (server.register(&format!("+1201555018{nth}")), nth)).collect();
    let dialled = |(intent, nth): &(serde_json::Value, u32)| {
        Dialled::new(intent["number"].as_str().expect("a number"), &format!("+1201555018{nth}"))
    };
    let calls: Vec<Dialled> = intents.iter().map(dialled).collect();
    let run = Carrier {
        scenario: "carrier.xml",
        from: sip_port(carrier_host),
        to: if mode.starts_with('t') { tcp } else { udp },
        calls: &calls,
        count: 4,
        per_second: 2,
        hold: Duration::from_millis(300),
    };
    let mut carrier = sipp::carrier_over(mode, "carrier", &folder, &run);
    let counted = carrier.finish(PATIENCE);
    assert_eq!(counted, Counted { good: 4, failed: 0 }, "{}", carrier.errors());
    for call in server.ended_calls(4, PATIENCE) {
        assert_eq!(call["level"], "V2", "{call}");
        assert!(call["fallback"].is_null(), "{call}");
    }
}

#[test]
fn calls_over_one_tcp_connection_reach_phones_over_tcp() {
    calls_are_answered("tcp-one", "t1", "t1", "127.0.0.1", server::CARRIER);
}

#[test]
fn calls_over_a_connection_each_reach_phones_over_udp() {
    calls_are_answered("tcp-each", "tn", "u1", "127.0.0.1", server::CARRIER);
}

#[test]
fn calls_over_ipv6_are_answered_over_udp_and_tcp() {
    calls_are_answered("ipv6-udp", "u1", "t1", "::1", "::1");
    calls_are_answered("ipv6-tcp", "t1", "u1", "::1", "::1");
}

/// baresip registers over a connection, is rung over the same one, and hears the caller, who comes over UDP.
fn a_real_phone_talks(name: &str, transport: Transport) {
    let folder = Folder::new(name);
    let listener = sip_port("127.0.0.1");
    let phone = Phone::Password("secret-of-ann".to_owned());
    let binds = [format!("{}:{listener}", transport.scheme())];
    let mut setup = setup(vec![("ann".to_owned(), phone)], &binds);
    if let Transport::Tls = transport {
        let authority = Authority::new();
        authority.issue(&folder, "sip", "sip.example.com");
        folder.write("ca.pem", authority.pem());
        setup.more = "[sip.tls]\ncertificate = \"sip.pem\"\nkey = \"sip.key\"\nserver_ca = \"ca.pem\"\n".to_owned();
    }
    let server = Server::start(PROGRAM.as_ref(), &folder, &setup);
    let account = Account { user: "ann", password: "secret-of-ann", server: listener };
    let uri = format!(";transport={}", transport.scheme());
    let phone = baresip::agent_over(&uri, &folder, sip_port("127.0.0.1"), &account);
    let _desks = server.desks(&folder, 1, 50);
    let intent = server.register("+12015550123");
    let calls = [Dialled::new(intent["number"].as_str().expect("a number"), "+12015550123")];
    let (from, hold) = (sip_port(server::CARRIER), Duration::from_secs(3));
    let run =
        Carrier { scenario: "carrier_sound.xml", from, to: server.sip, calls: &calls, count: 1, per_second: 1, hold };
    let mut carrier = sipp::carrier("carrier", &folder, &run);
    let counted = carrier.finish(PATIENCE);
    assert_eq!(counted, Counted { good: 1, failed: 0 }, "{}", carrier.errors());
    let heard = eventually("a recording", PATIENCE, || phone.heard());
    let (share, seconds) = sound::tone_heard(&heard, 440);
    assert!(share > 0.9 && seconds > 1.5, "{share:.2} of the sound is the tone, for {seconds} s");
}

#[derive(Clone, Copy)]
enum Transport {
    Tcp,
    Tls,
}

impl Transport {
    fn scheme(self) -> &'static str {
        match self {
            Transport::Tcp => "tcp",
            Transport::Tls => "tls",
        }
    }
}

#[test]
fn a_real_phone_registers_and_talks_over_tcp() {
    a_real_phone_talks("phone-tcp", Transport::Tcp);
}

#[test]
fn a_real_phone_registers_and_talks_over_tls() {
    a_real_phone_talks("phone-tls", Transport::Tls);
}

/// An OPTIONS as a peer sends it.
fn options(transport: &str, more: &str) -> String {
    format!(
        "OPTIONS sip:pbx.example.com SIP/2.0\r\nVia: SIP/2.0/{transport} 127.0.0.2:5999;rport;branch=z9hG4bK{}\r\n\
         Max-Forwards: 70\r\nFrom: <sip:probe@example.com>;tag=1\r\nTo: <sip:pbx.example.com>\r\nCall-ID: probe\r\n\
         CSeq: 1 OPTIONS\r\n{more}\r\n",
        more.len(),
    )
}

/// What arrives until the connection ends, or nothing more comes for this long.
fn all_of(stream: &mut TcpStream, silence: Duration) -> (String, bool) {
    let (mut text, mut buffer) = (Vec::new(), [0; 4096]);
    stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return (String::from_utf8_lossy(&text).into_owned(), true),
            Ok(count) => {
                text.extend_from_slice(&buffer[..count]);
                stream.set_read_timeout(Some(silence)).expect("a time-out");
            }
            Err(error) => {
                let closed = error.kind() == std::io::ErrorKind::ConnectionReset;
                return (String::from_utf8_lossy(&text).into_owned(), closed);
            }
        }
    }
}

fn connect(to: SocketAddr, from: &str) -> TcpStream {
    let from: IpAddr = from.parse().expect("an address");
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).expect("a socket");
    socket.bind(&SocketAddr::new(from, 0).into()).expect("an address of loopback");
    socket.connect(&to.into()).expect("a connection");
    socket.into()
}

#[test]
fn connections_that_misbehave_are_ended() {
    let folder = Folder::new("misbehave");
    let tcp = sip_port("127.0.0.1");
    let server = Server::start(PROGRAM.as_ref(), &folder, &setup(nobody(), &[format!("tcp:{tcp}")]));
    // Byte for byte, with pings between: each question has its answer.
    let mut trickle = connect(tcp, server::CARRIER);
    for byte in format!("\r\n\r\n{}\r\n\r\n", options("TCP", "l : 0\r\n")).bytes() {
        trickle.write_all(&[byte]).expect("a byte that leaves");
    }
    let (text, closed) = all_of(&mut trickle, Duration::from_secs(3));
    let answer = text.trim();
    assert!(answer.starts_with("SIP/2.0 200 ") && !closed, "{text:?}");
    assert_eq!(text.len(), answer.len() + 8, "the end of the answer's head, and two empty lines: {text:?}");
    // A stranger learns nothing, and keeps its connection.
    let mut stranger = connect(tcp, server::STRANGER);
    stranger.write_all(options("TCP", "Content-Length: 0\r\n").as_bytes()).expect("a question");
    let (text, closed) = all_of(&mut stranger, Duration::from_secs(2));
    assert!(text.starts_with("SIP/2.0 403 ") && !closed, "{text}");
    // Without a length nobody can tell where the next message begins; too much is refused before it comes.
    for (more, expect) in [
        ("Subject: none\r\n".to_owned(), "SIP/2.0 400 "),
        ("Content-Length: 1\r\nl: 2\r\n".to_owned(), "SIP/2.0 400 "),
        ("Content-Length: 99999999\r\n".to_owned(), "SIP/2.0 413 "),
        (format!("X-Long: {}\r\n", "x".repeat(40_000)), "SIP/2.0 513 "),
    ] {
        let mut stream = connect(tcp, server::CARRIER);
        // It may be closed while we are still writing.
        let _ = stream.write_all(options("TCP", &more).as_bytes());
        let (text, closed) = all_of(&mut stream, PATIENCE);
        assert!(text.starts_with(expect) && closed, "{expect}: {text:?} closed: {closed}");
    }
    slow_message_is_cut_off(tcp);
    drop((trickle, stranger));
    let ready = server.ask("GET", "/readyz", &serde_json::Value::Null);
    assert_eq!(ready.status, 200, "{}", ready.body);
}

/// What a stream holds before `next_one()`, and what comes back as `answers_of` says it.
struct Trap {
    name: &'static str,
    bytes: Vec<u8>,
    answers: &'static str,
}

/// A request of the carrier over TCP with these lines, an empty line and this body behind them.
fn asked(method: &str, lines: &str, body: &[u8]) -> Vec<u8> {
    let start = format!(
        "{method} sip:pbx.example.com SIP/2.0\r\nFrom: <sip:probe@example.com>;tag=1\r\nTo: <sip:pbx.example.com>\r\n\
         CSeq: 1 {method}\r\n{lines}\r\n"
    );
    [start.as_bytes(), body].concat()
}

fn named(call_id: &str) -> String {
    format!("Via: SIP/2.0/TCP 127.0.0.2;branch=z9hG4bK{call_id}\r\nMax-Forwards: 70\r\nCall-ID: {call_id}\r\n")
}

fn next_one() -> Vec<u8> {
    asked("OPTIONS", &(named("next") + "Content-Length: 0\r\n"), b"")
}

/// After RFC 4475 and RFC 5118, and what went wrong elsewhere.
fn traps() -> Vec<Trap> {
    let trap = |name, lines: &str, body: &[u8], answers| {
        let lines = named("trap") + &lines.replace("LENGTH", &body.len().to_string());
        Trap { name, bytes: asked("OPTIONS", &lines, body), answers }
    };
    let inner = asked("OPTIONS", &(named("inner") + "l: 0\r\n"), b"");
    let binary = [b"--b\r\n\0\x01\xff\xfe\r\n\r\n", &inner[..], b"\r\n--b--\r\n\r\n"].concat();
    let typed = "Content-Type: multipart/mixed;boundary=b\r\nContent-Length: LENGTH\r\n";
    let ipv6 = "Via: SIP/2.0/TCP [2001:db8::9:1];received=[2001:db8::9:255];branch=z9hG4bKas3\r\nCall-ID: trap\r\nl: 0\r\n\
                Contact: <sip:probe@[2001:db8::9:1]>\r\n";
    vec![
        trap("a request as the body", "Content-Length : LENGTH\r\n", &inner, "200 trap, 200 next"),
        trap("a length behind a fold", "l\t:\r\n LENGTH\r\n", &inner, "200 trap, 200 next"),
        trap(
            "a length in another field",
            "Subject: l: 1\r\n Content-Length: 2\r\nl: LENGTH\r\n",
            &inner,
            "200 trap, 200 next",
        ),
        trap("zero bytes, no UTF-8, empty lines and a request in the body", typed, &binary, "200 trap, 200 next"),
        trap("a length that is three bytes short", "Content-Length: 2\r\n", b"bytes", "200 trap, 400 next"),
        trap("a length that is too great", "Content-Length: 9999\r\n", b"bytes", ""),
        trap("a negative length", "Content-Length: -999\r\n", b"bytes", "400 trap, closed"),
        trap("no length", "Content-Type: text/plain\r\n", b"bytes", "400 trap, closed"),
        trap("a line that ends with LF alone", "X-A: b\nX-C: d\r\nl: 0\r\n", b"", "400 trap, closed"),
        Trap { name: "IPv6 in brackets", bytes: asked("OPTIONS", ipv6, b""), answers: "200 trap, 200 next" },
        Trap {
            name: "a method of no RFC",
            bytes: asked("!s-%`~", &(named("trap") + "l: 0\r\n"), b""),
            answers: "405 trap, 200 next",
        },
    ]
}

/// Status and Call-ID of each answer until the one to `next_one()`, the end of the connection, or a silence.
fn answers_of(stream: &mut TcpStream, patience: Duration) -> String {
    let (mut text, mut buffer, mut closed) = (Vec::new(), [0; 4096], false);
    stream.set_read_timeout(Some(patience)).expect("a time-out");
    let is_next = |text: &[u8]| {
        String::from_utf8_lossy(text).split_once("Call-ID: next\r\n").is_some_and(|(_, end)| end.ends_with("\r\n\r\n"))
    };
    while !closed && !is_next(&text) {
        match stream.read(&mut buffer) {
            Ok(0) => closed = true,
            Ok(count) => text.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => closed = true,
            Err(_) => break,
        }
    }
    let text = String::from_utf8_lossy(&text);
    let answers = text.split("SIP/2.0 ").skip(1).map(|answer| {
        let call_id = answer.lines().find_map(|line| line.strip_prefix("Call-ID: ")).unwrap_or("nobody");
        format!("{} {call_id}", answer.get(..3).unwrap_or_default())
    });
    answers.chain(closed.then(|| "closed".to_owned())).collect::<Vec<String>>().join(", ")
}

#[test]
fn traps_for_framers_catch_nothing() {
    let folder = Folder::new("traps");
    let tcp = sip_port("127.0.0.1");
    let server = Server::start(PROGRAM.as_ref(), &folder, &setup(nobody(), &[format!("tcp:{tcp}")]));
    for trap in traps() {
        for at in [trap.bytes.len(), trap.bytes.len() / 2, trap.bytes.len() - 2] {
            let mut stream = connect(tcp, server::CARRIER);
            let whole = [&trap.bytes[..], &next_one()].concat();
            let (one, two) = whole.split_at(at);
            stream.set_nodelay(true).expect("a stream");
            stream.write_all(one).expect("a part");
            std::thread::sleep(Duration::from_millis(30));
            // It may be closed already.
            let _ = stream.write_all(two);
            let patience = if trap.answers.is_empty() { Duration::from_secs(2) } else { PATIENCE };
            let got = answers_of(&mut stream, patience);
            assert_eq!(got, trap.answers, "{}, split at {at}", trap.name);
        }
    }
    let ready = server.ask("GET", "/readyz", &serde_json::Value::Null);
    assert_eq!(ready.status, 200, "{}", ready.body);
}

/// Each byte comes in good time, the message does not.
fn slow_message_is_cut_off(tcp: SocketAddr) {
    let mut stream = connect(tcp, server::CARRIER);
    let begun = Instant::now();
    let text = options("TCP", "Content-Length: 0\r\n");
    let mut bytes = text.bytes().cycle();
    // Never the end of the head: the bytes of the first line again and again.
    let head = text.find('\r').expect("a line");
    stream.write_all(&text.as_bytes()[..head]).expect("a line");
    while begun.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(200));
        let byte = bytes.next().filter(|byte| byte.is_ascii_alphanumeric()).unwrap_or(b'x');
        if stream.write_all(&[byte]).is_err() {
            return;
        }
    }
    panic!("a message that never ended was waited for");
}

#[test]
fn one_address_cannot_take_all_connections() {
    let folder = Folder::new("caps");
    let tcp = sip_port("127.0.0.1");
    let _server = Server::start(PROGRAM.as_ref(), &folder, &setup(nobody(), &[format!("tcp:{tcp}")]));
    let held: Vec<TcpStream> = (0..256).map(|_| connect(tcp, server::STRANGER)).collect();
    let mut one_more = connect(tcp, server::STRANGER);
    let (text, closed) = all_of(&mut one_more, PATIENCE);
    assert!(text.is_empty() && closed, "{text}");
    let mut carrier = connect(tcp, server::CARRIER);
    carrier.write_all(options("TCP", "Content-Length: 0\r\n").as_bytes()).expect("a question");
    let (text, _) = all_of(&mut carrier, Duration::from_secs(3));
    assert!(text.starts_with("SIP/2.0 200 "), "{text}");
    drop(held);
    eventually("room for the address again", PATIENCE, || {
        let mut again = connect(tcp, server::STRANGER);
        again.write_all(options("TCP", "Content-Length: 0\r\n").as_bytes()).ok()?;
        all_of(&mut again, Duration::from_secs(2)).0.starts_with("SIP/2.0 403 ").then_some(())
    });
}

/// What a peer gets that sends an OPTIONS through `openssl s_client`, up to the answer or the end.
fn ask_over_tls(to: SocketAddr, from: &str, arguments: &[&str]) -> String {
    let mut command = Command::new("openssl");
    command.args(["s_client", "-quiet", "-connect", &to.to_string(), "-bind", from, "-verify_quiet"]).args(arguments);
    let mut client =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("openssl");
    let mut question = client.stdin.take().expect("its input");
    let _ = question.write_all(options("TLS", "Content-Length: 0\r\n").as_bytes());
    let (said, troubles) =
        (heard(client.stdout.take().expect("its output")), heard(client.stderr.take().expect("its output")));
    let so_far = || said.lock().expect("no panic").clone();
    eventually("an answer, or the end", PATIENCE, || {
        let is_over = so_far().contains("\r\n\r\n") || matches!(client.try_wait(), Ok(Some(_)));
        is_over.then_some(())
    });
    drop(question);
    let _ = client.kill();
    let _ = client.wait();
    so_far() + &troubles.lock().expect("no panic")
}

#[test]
fn trunks_are_known_by_the_names_in_their_certificates() {
    let folder = Folder::new("tls");
    let (authority, other) = (Authority::new(), Authority::new());
    authority.issue(&folder, "server", "sip.example.com");
    authority.issue(&folder, "trunk", "sbc.example.com");
    authority.issue(&folder, "unknown", "nobody.example.com");
    other.issue(&folder, "false", "sbc.example.com");
    let ca = folder.write("ca.pem", authority.pem());
    let tls = sip_port("127.0.0.1");
    let mut setup = setup(nobody(), &[format!("tls:{tls}")]);
    setup.more = format!(
        "[sip.tls]\ncertificate = \"server.pem\"\nkey = \"server.key\"\nclient_ca = {ca:?}\nserver_ca = {ca:?}\n\
         [[trunks]]\nname = \"sbc\"\ntls_name = \"sbc.example.com\"\nfallback = {{ status = 503 }}\n"
    );
    let server = Server::start(PROGRAM.as_ref(), &folder, &setup);
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let ca = path("ca.pem");
    let with = |name: &str| {
        let (certificate, key) = (path(&format!("{name}.pem")), path(&format!("{name}.key")));
        ask_over_tls(
            tls,
            server::STRANGER,
            &["-CAfile", &ca, "-verify_return_error", "-cert", &certificate, "-key", &key],
        )
    };
    let known = with("trunk");
    assert!(known.contains("SIP/2.0 200 "), "{known}");
    let unknown = with("unknown");
    assert!(unknown.contains("SIP/2.0 403 "), "{unknown}");
    let forged = with("false");
    assert!(!forged.contains("SIP/2.0"), "{forged}");
    let nameless = ask_over_tls(tls, server::STRANGER, &["-CAfile", &ca, "-verify_return_error"]);
    assert!(nameless.contains("SIP/2.0 403 "), "{nameless}");
    new_certificates_are_taken_without_a_restart(&folder, tls, &authority);
    drop(server);
}

#[test]
fn check_names_the_files_of_tls_with_their_lines() {
    let folder = Folder::new("check-tls");
    let (authority, udp, tls) = (Authority::new(), sip_port("127.0.0.1"), sip_port("127.0.0.1"));
    authority.issue(&folder, "server", "sip.example.com");
    authority.issue(&folder, "other", "sip.example.com");
    let mut setup = setup(nobody(), &[format!("tls:{tls}")]);
    setup.more =
        "[sip.tls]\ncertificate = \"server.pem\"\nkey = \"other.key\"\nserver_ca = \"server.pem\"\n".to_owned();
    let text = setup.toml(udp, ports::tcp());
    let file = folder.write("throughline.toml", &text);
    let checked = Command::new(PROGRAM).arg("check").arg(&file).current_dir(folder.path()).output().expect("an end");
    let said = String::from_utf8_lossy(&checked.stderr).into_owned();
    let line = text.lines().position(|line| line.starts_with("key =")).expect("the key") + 1;
    assert_eq!(checked.status.code(), Some(2), "{said}");
    assert!(said.contains(&format!("line {line}, column 1: sip.tls.key: other.key: ")), "{said}");
    assert!(said.contains("write the key that the certificate was made with"), "{said}");
}

/// The carrier's proxy and the way to the phones speak TLS with us, each side showing its certificate.
#[test]
fn calls_go_through_kamailio_over_tls_both_ways() {
    let folder = Folder::new("tls-edge");
    let authority = Authority::new();
    authority.issue(&folder, "server", "sip.example.com");
    authority.issue(&folder, "edge", "sbc.example.com");
    folder.write("ca.pem", authority.pem());
    let (tls, edge, edge_tls, phones_at) =
        (sip_port("127.0.0.1"), sip_port("127.0.0.3"), sip_port("127.0.0.3"), ports::udp());
    let _phones = sipp::phones("phones", &folder, "phone.xml", phones_at);
    let phone = Phone::Uri(format!("sip:agent0@{edge_tls};transport=tls"));
    let mut setup = setup(vec![("agent0".to_owned(), phone)], &[format!("tls:{tls}")]);
    setup.more = "[sip.tls]\ncertificate = \"server.pem\"\nkey = \"server.key\"\nclient_ca = \"ca.pem\"\nserver_ca = \"ca.pem\"\n\
                  [[trunks]]\nname = \"sbc\"\ntls_name = \"sbc.example.com\"\nregion = \"US\"\nfallback = { status = 503 }\n"
        .to_owned();
    let server = Server::start(PROGRAM.as_ref(), &folder, &setup);
    let _edge = kamailio::tls_edge(&folder, edge, edge_tls, tls, phones_at);
    let _desks = server.desks(&folder, 1, 50);
    let calls: Vec<Dialled> = (0..3)
        .map(|nth| {
            let caller = format!("+1201555017{nth}");
            let intent = server.register(&caller);
            Dialled::new(intent["number"].as_str().expect("a number"), &caller)
        })
        .collect();
    let hold = Duration::from_millis(200);
    let from = ports::udp_at(server::CARRIER);
    let run = Carrier { scenario: "carrier.xml", from, to: edge, calls: &calls, count: 3, per_second: 1, hold };
    let mut carrier = sipp::carrier("carrier", &folder, &run);
    let counted = carrier.finish(PATIENCE);
    assert_eq!(counted, Counted { good: 3, failed: 0 }, "{}", carrier.errors());
    for call in server.ended_calls(3, PATIENCE) {
        assert_eq!((&call["level"], &call["trunk"]), (&"V2".into(), &"sbc".into()), "{call}");
    }
}

/// A connection that is open stays; the next one sees the new certificate; a bad file changes nothing.
fn new_certificates_are_taken_without_a_restart(folder: &Folder, tls: SocketAddr, authority: &Authority) {
    let ca = folder.path().join("ca.pem").to_string_lossy().into_owned();
    let name_seen = || {
        let mut command = Command::new("openssl");
        command.args(["s_client", "-connect", &tls.to_string(), "-CAfile", &ca]).stdin(Stdio::null());
        let shown = command.output().expect("openssl");
        let mut text = Command::new("openssl");
        text.args(["x509", "-noout", "-ext", "subjectAltName"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut reader = text.stderr(Stdio::null()).spawn().expect("openssl");
        let _ = reader.stdin.take().expect("its input").write_all(&shown.stdout);
        String::from_utf8_lossy(&reader.wait_with_output().expect("its output").stdout).into_owned()
    };
    assert!(name_seen().contains("sip.example.com"), "{}", name_seen());
    let mut open = Command::new("openssl")
        .args(["s_client", "-quiet", "-connect", &tls.to_string(), "-bind", server::CARRIER, "-CAfile", &ca])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("openssl");
    let answers = heard(open.stdout.take().expect("its output"));
    let answered = |count| {
        eventually("answers over TLS", PATIENCE, || {
            let found = answers.lock().expect("no panic").matches("SIP/2.0 200 ").count();
            (found == count).then_some(())
        });
    };
    let mut question = open.stdin.take().expect("its input");
    question.write_all(options("TLS", "Content-Length: 0\r\n").as_bytes()).expect("a question");
    answered(1);
    folder.write("server.pem", "nonsense");
    std::thread::sleep(Duration::from_secs(7));
    assert!(name_seen().contains("sip.example.com"), "{}", name_seen());
    authority.issue(folder, "server", "new.example.com");
    eventually("the new certificate", PATIENCE, || name_seen().contains("new.example.com").then_some(()));
    question
        .write_all(options("TLS", "Subject: again\r\nContent-Length: 0\r\n").as_bytes())
        .expect("a second question");
    answered(2);
    let _ = open.kill();
    let _ = open.wait();
}

/// What a program says, as it grows.
fn heard(mut output: impl Read + Send + 'static) -> Arc<Mutex<String>> {
    let all = Arc::new(Mutex::new(String::new()));
    let grows = Arc::clone(&all);
    std::thread::spawn(move || {
        let mut part = [0; 4096];
        while let Ok(count @ 1..) = output.read(&mut part) {
            grows.lock().expect("no panic").push_str(&String::from_utf8_lossy(&part[..count]));
        }
    });
    all
}
