//! Customers' pages at a whole server: the states of a call in their order, a confirmation, the case afterwards, a restart, a replay.
//! sipp is the carrier and the phones; it needs the Debian packages that `tests/run` installs.

mod support;

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use support::folder::Folder;
use support::process::{PATIENCE, eventually};
use support::server::{self, Phone, Server, Setup};
use support::sipp::{self, Carrier, Counted, Dialled};
use support::{http, ports};

const PROGRAM: &str = env!("CARGO_BIN_EXE_throughline");
const CALLER: &str = "+12015550123";

/// A customer's page, reading its stream.
struct Page(BufReader<TcpStream>);

impl Page {
    fn open(at: SocketAddr, intent: &Value) -> Page {
        let (id, token) = (text(intent, "id"), text(intent, "token"));
        let mut stream = TcpStream::connect(at).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a limit");
        write!(stream, "GET /v1/intents/{id}/live?token={token} HTTP/1.1\r\nHost: {at}\r\n\r\n").expect("a request");
        Page(BufReader::new(stream))
    }

    fn next(&mut self) -> Value {
        loop {
            let mut line = String::new();
            assert!(self.0.read_line(&mut line).expect("in time") > 0, "the stream has ended");
            if let Some(data) = line.strip_prefix("data: ") {
                return serde_json::from_str(data).expect("JSON");
            }
        }
    }

    /// The states up to the one wanted, each with who is named in it.
    fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> (Vec<String>, Value) {
        let mut seen = Vec::new();
        loop {
            let told = self.next();
            seen.push(text(&told, "state"));
            if wanted(&told) {
                return (seen, told);
            }
        }
    }
}

fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_else(|| panic!("no {field} in {value}")).to_owned()
}

struct World {
    folder: Folder,
    server: Server,
    phones: sipp::Sipp,
}

fn world(name: &str, more: &str) -> World {
    let folder = Folder::new(name);
    let phones_at = ports::udp();
    let phones = sipp::phones("phones", &folder, "phone.xml", phones_at);
    let agents = vec![("anna".to_owned(), Phone::Static(phones_at))];
    let setup = Setup { more: more.to_owned(), ..Setup::new(agents, ports::udp()) };
    let server = Server::start(PROGRAM.as_ref(), &folder, &setup);
    World { folder, server, phones }
}

fn call<'a>(server: &Server, calls: &'a [Dialled], hold: Duration) -> Carrier<'a> {
    Carrier {
        scenario: "carrier.xml",
        from: ports::udp_at(server::CARRIER),
        to: server.sip,
        calls,
        count: 1,
        per_second: 1,
        hold,
    }
}

#[test]
fn a_page_hears_its_call_and_the_case_is_there_after_a_restart() {
    let World { folder, mut server, phones: _phones } = world("live", "");
    let _desks = server.desks(&folder, 1, 50);
    let intent = server.register(CALLER);
    let (id, token) = (text(&intent, "id"), text(&intent, "token"));
    let mut page = Page::open(server.http, &intent);
    assert_eq!(page.next(), json!({"state": "registered"}));
    let calls = [Dialled::new(&text(&intent, "number"), CALLER)];
    let mut carrier = sipp::carrier("carrier", &folder, &call(&server, &calls, Duration::from_millis(500)));
    let (states, last) = page.until(|told| told["state"] == "ended" && told["case"].is_string());
    assert_eq!(carrier.finish(PATIENCE), Counted { good: 1, failed: 0 }, "{}", carrier.errors());
    let states: Vec<&str> = states.iter().map(String::as_str).collect();
    // The desk may have written before the call has ended, or after it.
    let (way, end) = states.split_at(4);
    assert_eq!(way, ["recognised", "agent_reading", "ringing", "connected"], "{states:?}");
    assert!(end.iter().all(|state| *state == "ended" || *state == "connected") && end.len() <= 3, "{states:?}");
    assert_eq!((&last["agent"], &last["level"], &last["talked"]), (&json!("anna"), &json!("V2"), &json!(true)));

    let customer = format!("c-{CALLER}").replace('+', "%2B");
    let path = format!("/v1/customers/{customer}/cases");
    let cases = |at, key: &str| http::request(at, key, "GET", &path, &Value::Null).expect("an answer").json();
    let told = cases(server.http, &token);
    assert_eq!((&told["cases"][0]["id"], &told["cases"][0]["intent"]), (&last["case"], &json!(id)), "{told}");
    eventually("a store that has heard of the end", PATIENCE, || (server.intent(&id)["state"] == "used").then_some(()));
    server.process().kill();
    server.start_again(&folder);
    assert_eq!(cases(server.http, &token), told, "the history survives kill -9");
    let mut again = Page::open(server.http, &intent);
    assert_eq!(again.next(), json!({"state": "ended", "talked": true, "case": last["case"]}));
}

#[test]
fn a_doubtful_match_is_proven_by_its_page_and_the_journal_repeats_it() {
    let World { folder, mut server, phones } = world("confirm", "[log]\njournal = \"journal\"\n");
    let _desks = server.desks(&folder, 1, 50);
    let intent = server.register(CALLER);
    let (id, token) = (text(&intent, "id"), text(&intent, "token"));
    let mut page = Page::open(server.http, &intent);
    assert_eq!(page.next()["state"], "registered");
    let confirm = || {
        http::request(server.http, &token, "POST", &format!("/v1/intents/{id}/confirm"), &Value::Null)
            .expect("an answer")
    };
    let early = confirm();
    assert_eq!(
        (early.status, &early.json()["type"]),
        (409, &json!("urn:throughline:problem:no-call")),
        "{}",
        early.body
    );
    // A number that is leased to nobody: only the caller's own number speaks for the intent.
    let calls = [Dialled::new("+12015550149", CALLER)];
    let mut carrier = sipp::carrier("carrier", &folder, &call(&server, &calls, Duration::from_secs(3)));
    let (states, told) = page.until(|told| told["state"] == "connected");
    assert_eq!((states.first().map(String::as_str), &told["level"]), (Some("confirm"), &json!("V1")), "{states:?}");
    let confirmed = confirm();
    assert_eq!((confirmed.status, &confirmed.json()["level"]), (200, &json!("V3")), "{}", confirmed.body);
    assert_eq!(page.next()["level"], "V3");
    assert_eq!(carrier.finish(PATIENCE), Counted { good: 1, failed: 0 }, "{} {}", carrier.errors(), phones.errors());
    let call = &server.ended_calls(1, PATIENCE)[0];
    assert_eq!((&call["level"], &call["intent"]), (&json!("V3"), &json!(id)), "{call}");
    assert!(call["evidence"].as_array().is_some_and(|all| all.contains(&json!("page_confirmed"))), "{call}");
    eventually("the count", PATIENCE, || {
        let metrics = http::request(server.http, server::key(), "GET", "/metrics", &Value::Null).expect("metrics");
        metrics.body.contains("throughline_calls_confirmed_total 1").then_some(())
    });
    server.process().stop();
    let replay = Command::new(PROGRAM).arg("replay").arg(folder.path().join("journal")).output().expect("a replay");
    assert!(replay.status.success(), "{}", String::from_utf8_lossy(&replay.stderr));
}
