//! The demo as whoever tries it: three links, a contact from the shop's page, a call over real SIP, its states, its case, its board.

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;

use serde_json::{Value, json};

use support::folder::Folder;
use support::http;
use support::process::{PATIENCE, Process, eventually};

const PROGRAM: &str = env!("CARGO_BIN_EXE_throughline");

struct Demo {
    process: Process,
    shop: SocketAddr,
    server: SocketAddr,
    board_key: String,
    _folder: Folder,
}

impl Demo {
    fn start() -> Demo {
        let folder = Folder::new("demo");
        let mut command = Command::new(PROGRAM);
        command.args(["demo", "--pages", "--http-port", "0", "--sip-port", "0", "--shop-port", "0"]);
        let mut process = Process::start("demo", &folder, &mut command);
        process.wait_for("/board/#key=", PATIENCE);
        let printed = process.printed();
        let after = |mark: &str, end: char| {
            let rest = printed.split_once(mark).unwrap_or_else(|| panic!("no {mark:?} in {printed}")).1;
            rest.split(end).next().unwrap_or_default().trim().to_owned()
        };
        let shop = after("customer  http://", '/').parse().expect("the shop's address");
        let server = after("desk      http://", '/').parse().expect("the server's address");
        let board_key = after("/board/#key=", '\n');
        Demo { process, shop, server, board_key, _folder: folder }
    }

    /// What the shop's page asks its own backend.
    fn ask(&self, method: &str, path: &str, body: &Value) -> http::Response {
        http::request(self.shop, "", method, path, body).unwrap_or_else(|fault| panic!("{method} {path}: {fault}"))
    }
}

fn events(at: SocketAddr, path: &str, key: &str) -> BufReader<TcpStream> {
    let mut stream = TcpStream::connect(at).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a limit");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {at}\r\nAuthorization: Bearer {key}\r\n\r\n").expect("a request");
    BufReader::new(stream)
}

fn next(events: &mut BufReader<TcpStream>) -> Value {
    loop {
        let mut line = String::new();
        assert!(events.read_line(&mut line).expect("in time") > 0, "the stream has ended");
        if let Some(data) = line.strip_prefix("data: ") {
            return serde_json::from_str(data).expect("JSON");
        }
    }
}

#[test]
fn everything_that_the_links_lead_to_works() {
    let mut demo = Demo::start();
    let page = demo.ask("GET", "/", &Value::Null);
    assert!(page.status == 200 && page.body.contains("throughline-contact"), "{}", page.body);
    let config = demo.ask("GET", "/shop/config", &Value::Null).json();
    assert_eq!(config["throughline"], format!("http://{}", demo.server));

    let wish = json!({
        "subject": {"kind": "order", "id": "A-1001", "title": "Reading lamp"},
        "reason": {"category": "delivery", "sub_category": "late"}, "urgency": "high", "words": "Still not here",
    });
    let made = demo.ask("POST", "/help/intent", &wish);
    assert_eq!(made.status, 201, "{}", made.body);
    let intent = made.json();
    assert_eq!((&intent["customer"]["id"], &intent["channels"][0]["rule"]), (&json!("c-1001"), &json!("urgent")));
    let word = |field: &str| intent[field].as_str().unwrap_or_else(|| panic!("no {field}: {intent}")).to_owned();
    let mut live = events(demo.server, &format!("/v1/intents/{}/live", word("id")), &word("token"));
    assert_eq!(next(&mut live), json!({"state": "registered"}));
    let mut board = events(demo.server, "/v1/board/live", &demo.board_key);
    next(&mut board);

    let dialled = demo.ask("POST", "/help/dial", &json!({"number": word("number")}));
    assert_eq!(dialled.status, 202, "{}", dialled.body);
    let mut states = Vec::new();
    while states.last().is_none_or(|state| state != "connected") {
        let told = next(&mut live);
        states.push(told["state"].as_str().unwrap_or_default().to_owned());
    }
    assert_eq!(states, ["recognised", "agent_reading", "ringing", "connected"], "Anna takes it: Dana is not there");
    eventually("a board that shows the call", PATIENCE, || {
        let told = next(&mut board);
        (told["phases"]["talking"] == 1 && told["levels"]["V2"] == 1).then_some(())
    });

    let invoice = json!({"reason": {"category": "billing", "sub_category": "invoice"}});
    let channels = demo.ask("POST", "/help/intent", &invoice).json()["channels"].clone();
    let kinds: Vec<&str> = channels.as_array().into_iter().flatten().filter_map(|one| one["kind"].as_str()).collect();
    assert_eq!(kinds, ["form"], "{channels}");
    assert_eq!(demo.ask("GET", "/help/cases", &Value::Null).json(), json!({"cases": []}));
    let message = format!("/v1/intents/{}/message", word("id"));
    let sent = http::request(demo.server, &word("token"), "POST", &message, &json!({"text": "Please call back"}));
    assert_eq!(sent.map(|sent| sent.status).ok(), Some(201));
    let cases = demo.ask("GET", "/help/cases", &Value::Null).json();
    let case = cases["cases"][0]["id"].as_str().unwrap_or_else(|| panic!("a case: {cases}")).to_owned();
    let thanks = demo.ask("POST", &format!("/help/cases/{case}/feedback"), &json!({"helpful": true}));
    assert_eq!((thanks.status, &thanks.json()["feedback"]["helpful"]), (200, &json!(true)));

    assert!(demo.process.is_alive());
    demo.process.stop();
    let mut rest = Vec::new();
    let _ = live.read_to_end(&mut rest);
}

#[test]
fn the_shop_refuses_what_makes_no_sense() {
    let demo = Demo::start();
    for (method, path, body, status) in [
        ("POST", "/help/intent", json!([1]), 400),
        ("POST", "/help/intent", json!({"reason": {"category": ""}}), 422),
        ("POST", "/help/dial", json!({"number": "sip:anna@127.0.0.1"}), 422),
        ("POST", "/help/dial", json!({}), 400),
        ("POST", "/help/cases/..%2f..%2fv1/feedback", json!({"helpful": true}), 404),
        ("GET", "/web/desk/desk.js", Value::Null, 404),
        ("GET", "/nothing", Value::Null, 404),
    ] {
        let answer = demo.ask(method, path, &body);
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.body);
        assert!(answer.json()["detail"].is_string(), "{method} {path}: {}", answer.body);
    }
}
