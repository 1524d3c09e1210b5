//! The configuration of a running server is read again, by SIGHUP and over HTTP, while real peers call. They need the Debian packages that
//! `tests/run` installs.

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;

use support::baresip::{self, Account};
use support::folder::Folder;
use support::http::Response;
use support::ports;
use support::process::{PATIENCE, eventually};
use support::server::{self, Phone, Server, Setup};
use support::sipp::{self, Carrier, Counted, Dialled};

const PROGRAM: &str = env!("CARGO_BIN_EXE_throughline");
const CUSTOMER: &str = "+12015550123";

fn reload(server: &Server, query: &str) -> Response {
    server.ask("POST", &format!("/v1/reload{query}"), &Value::Null)
}

fn changes(response: &Response) -> Vec<String> {
    assert_eq!(response.status, 200, "{}", response.body);
    let changes = response.json()["changes"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    changes.iter().map(|change| format!("{} {}", text(&change["key"]), text(&change["how"]))).collect()
}

/// Each fault: its key, what is wrong with its line, and the remedy.
fn faults(response: &Response, status: u16) -> Vec<(String, String)> {
    assert_eq!(response.status, status, "{}", response.body);
    let faults = response.json()["faults"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    assert!(faults.iter().all(|fault| !text(&fault["remedy"]).is_empty()), "{}", response.body);
    faults.iter().map(|fault| (text(&fault["field"]), text(&fault["what"]))).collect()
}

fn hang_up(server: &mut Server) {
    let pid = server.process().pid().to_string();
    let sent = std::process::Command::new("kill").args(["-HUP", &pid]).status().expect("kill");
    assert!(sent.success());
}

fn setup(phones: SocketAddr) -> Setup {
    let agents = ["ann", "bea"].map(|name| (name.to_owned(), Phone::Static(phones)));
    let more = "[access.default]\nanswer = \"refuse\"\nstatus = 480\n\
                [[access.rules]]\nname = \"known\"\nwhen = { min_level = \"V1\" }\nanswer = \"human\"\n";
    Setup { more: more.to_owned(), ..Setup::new(agents.into(), ports::udp()) }
}

fn call(server: &Server, calls: &[Dialled], name: &str, folder: &Folder, hold: Duration) -> sipp::Sipp {
    let from = ports::udp_at(server::CARRIER);
    let run = Carrier { scenario: "carrier.xml", from, to: server.sip, calls, count: 1, per_second: 1, hold };
    sipp::carrier(name, folder, &run)
}

fn wait_for_phase(server: &Server, phase: &str) -> Value {
    eventually("a call in that phase", PATIENCE, || server.calls().into_iter().find(|call| call["phase"] == phase))
}

/// Somebody who is told of calls, and remembers the id of each notice.
struct Told {
    at: SocketAddr,
    refuses: Arc<AtomicBool>,
    ids: Arc<Mutex<Vec<String>>>,
}

impl Told {
    fn listen() -> Told {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let told =
            Told { at: listener.local_addr().expect("its address"), refuses: Arc::default(), ids: Arc::default() };
        let (refuses, ids) = (Arc::clone(&told.refuses), Arc::clone(&told.ids));
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let Some(id) = read_notice(&stream) else { continue };
                ids.lock().expect("the ids").push(id);
                let status = if refuses.load(Ordering::Relaxed) { "503 Later" } else { "204 Taken" };
                let _ = write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
            }
        });
        told
    }

    fn url(&self) -> String {
        format!("http://{}/calls", self.at)
    }

    fn wait_for(&self, count: usize) -> Vec<String> {
        eventually("so many notices", PATIENCE, || {
            Some(self.ids.lock().expect("the ids").clone()).filter(|ids| ids.len() >= count)
        })
    }
}

/// The id of a notice that has come whole.
fn read_notice(stream: &TcpStream) -> Option<String> {
    let (mut reader, mut id, mut length) = (BufReader::new(stream), None, 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        match line.trim().split_once(": ") {
            Some(("webhook-id", value)) => id = Some(value.to_owned()),
            Some(("content-length", value)) => length = value.parse().ok()?,
            Some(_) => {}
            None if line.trim().is_empty() => break,
            None => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    id
}

/// Killed while a notice waits for its next try, the server sends it when it is back, under the same id; a reload names somebody else.
#[test]
fn notices_outlive_the_process_and_a_reload_names_another_target() {
    let folder = Folder::new("reload-notify");
    let (first, second) = (Told::listen(), Told::listen());
    first.refuses.store(true, Ordering::Relaxed);
    let more = format!(
        "[access.default]\nanswer = \"refuse\"\nstatus = 480\nnotify = \"team\"\n\
         [access.notify.team]\nurl = \"{}\"\nretry_s = 3600\nsecret = \"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"\n",
        first.url()
    );
    let agents = vec![("ann".to_owned(), Phone::Static(ports::udp()))];
    let mut server = Server::start(PROGRAM.as_ref(), &folder, &Setup { more, ..Setup::new(agents, ports::udp()) });
    let calls = [Dialled::new("+12015550100", CUSTOMER)];
    let refused = |server: &Server, name: &str| {
        let counted = call(server, &calls, name, &folder, Duration::ZERO).finish(PATIENCE);
        assert_eq!(counted, Counted { good: 0, failed: 1 });
    };
    refused(&server, "before");
    first.wait_for(1);
    eventually("a notice in the file", PATIENCE, || {
        let file = rusqlite::Connection::open(folder.path().join("throughline-history.db")).ok()?;
        let kept: i64 = file.query_row("SELECT COUNT(*) FROM notices", [], |row| row.get(0)).ok()?;
        (kept == 1).then_some(())
    });
    server.process().kill();
    first.refuses.store(false, Ordering::Relaxed);
    server.start_again(&folder);
    let ids = first.wait_for(2);
    assert_eq!(ids[0], ids[1]);
    server.rewrite(&first.url(), &second.url());
    assert_eq!(changes(&reload(&server, "")), ["access.notify changed"]);
    refused(&server, "after");
    assert_ne!(second.wait_for(1)[0], ids[0]);
    assert_eq!(first.ids.lock().expect("the ids").len(), 2);
}

/// What is wrong is refused as a whole, with all faults; what holds goes on; and the file as it was is no change.
#[test]
fn a_configuration_with_faults_changes_nothing() {
    let folder = Folder::new("reload-refused");
    let phones_at = ports::udp();
    let _phones = sipp::phones("phones", &folder, "phone.xml", phones_at);
    let mut server = Server::start(PROGRAM.as_ref(), &folder, &setup(phones_at));
    let _desks = server.desks(&folder, 2, 50);
    let good = server.rewrite("min_level = \"V1\"", "min_level = \"V9\", colour = \"red\"");
    let found = faults(&reload(&server, ""), 422);
    let keys: Vec<&str> = found.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(keys, ["access.rules[0].when.min_level", "access.rules[0].when.colour"], "{found:?}");
    assert!(found.iter().all(|(_, what)| what.contains("throughline.toml, line ")), "{found:?}");
    hang_up(&mut server);
    server.process().wait_for("the configuration stays as it was", PATIENCE);
    server.restore(&good);
    server.rewrite("[http]\n", "[http]\norigins = [\"https://shop.example.com\"]\nbind = \"127.0.0.1:1\"\n#");
    let found = faults(&reload(&server, ""), 409);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].0 == "http.bind" && found[0].1.contains("running process"), "{found:?}");
    server.restore(&good);
    assert_eq!(changes(&reload(&server, "")), Vec::<String>::new());
    let intent = server.register(CUSTOMER);
    let calls = [Dialled::new(intent["number"].as_str().expect("a number"), CUSTOMER)];
    let mut carrier = call(&server, &calls, "carrier", &folder, Duration::from_millis(200));
    assert_eq!(carrier.finish(PATIENCE), Counted { good: 1, failed: 0 }, "{}", carrier.errors());
}

/// Each kind of nonsense is named with its file, line and remedy, and the policy that was there stays.
#[test]
fn a_policy_that_makes_no_sense_is_refused_and_the_old_one_stays() {
    let folder = Folder::new("reload-nonsense");
    let agents = vec![("ann".to_owned(), Phone::Static(ports::udp()))];
    let more = "[access.default]\nanswer = \"refuse\"\nstatus = 480\n\
                [[access.rules]]\nname = \"known\"\nwhen = { min_level = \"V1\" }\nanswer = \"human\"\n";
    let server =
        Server::start(PROGRAM.as_ref(), &folder, &Setup { more: more.to_owned(), ..Setup::new(agents, ports::udp()) });
    let policy = || server.ask("GET", "/readyz", &Value::Null).json()["policy"].clone();
    let before = policy();
    assert!(before.is_string(), "{before}");
    folder.write(
        "holidays.ics",
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20261399\nEND:VEVENT\nEND:VCALENDAR\n",
    );
    folder.write("domains.csv", "nonsense\n".repeat(10_000));
    let requires = "requires = { english = 3 }\n";
    let default = "[access.default]\n";
    let rule = "[[access.rules]]\nname = \"strong\"\nwhen = { min_level = \"V2\" }\nanswer = \"refuse\"\n";
    let known = "[[access.rules]]\nname = \"known\"\nwhen = { min_level = \"V1\" }\nanswer = \"human\"\n";
    for (from, to, key, file, what, count) in [
        (known, format!("{known}{rule}"), "access.rules[1].name", "throughline.toml", "is never reached", 1),
        (
            requires,
            format!("{requires}ceiling_s = 9\nthen_queue = \"help\"\n"),
            "queues[0].then_queue",
            "throughline.toml",
            "leads back to itself",
            1,
        ),
        (requires, requires.replace('3', "10"), "queues[0].name", "throughline.toml", "no agent can serve", 1),
        (
            requires,
            requires.replace("english", "inglish"),
            "queues[0].requires.inglish",
            "throughline.toml",
            "skill",
            1,
        ),
        (
            default,
            format!("[access.holidays.us]\nical = \"holidays.ics\"\n{default}"),
            "access.holidays.us.ical",
            "holidays.ics, line 3",
            "is no day",
            1,
        ),
        (
            default,
            format!("[access]\ndomains_csv = \"domains.csv\"\n{default}"),
            "access.domains_csv",
            "domains.csv, line 1",
            "two values",
            10_000,
        ),
    ] {
        let good = server.rewrite(from, &to);
        let found = faults(&reload(&server, ""), 422);
        let (first, said) = &found[0];
        assert_eq!((found.len(), first.as_str()), (count, key), "{found:?}");
        assert!(said.contains(file) && said.contains(what), "{what}: {said}");
        assert_eq!(policy(), before);
        server.restore(&good);
    }
    assert_eq!(changes(&reload(&server, "")), Vec::<String>::new());
}

/// The shadow is counted and listed for itself, whichever it is, and the log says as much as the file asks for now.
#[test]
fn another_shadow_policy_and_another_log_filter_are_taken() {
    let folder = Folder::new("reload-shadow");
    let agents = vec![("ann".to_owned(), Phone::Static(ports::udp()))];
    let more = "[access]\nshadow = \"next.toml\"\n[access.default]\nanswer = \"refuse\"\nstatus = 480\n\
                [log]\nfilter = \"info\"\n";
    let next = "[access.default]\nanswer = \"self-service\"\n";
    folder.write("next.toml", next);
    let setup = Setup { more: more.to_owned(), ..Setup::new(agents, ports::udp()) };
    let mut server = Server::start(PROGRAM.as_ref(), &folder, &setup);
    let calls = [Dialled::new("+12015550100", CUSTOMER)];
    let refused = |server: &Server, name: &str| {
        let counted = call(server, &calls, name, &folder, Duration::ZERO).finish(PATIENCE);
        assert_eq!(counted, Counted { good: 0, failed: 1 });
    };
    let shadow = |server: &Server, answer: &str| {
        eventually("a decision that is counted", PATIENCE, || {
            let told = server.ask("GET", "/v1/access/shadow", &Value::Null).json();
            let counts = told["counts"].as_array().cloned().unwrap_or_default();
            assert!(counts.iter().all(|one| one["live"] == "refused" && one["shadow"] == answer), "{told}");
            (counts.len() == 1 && counts[0]["count"] == 1).then_some(told)
        })
    };
    refused(&server, "before");
    let first = shadow(&server, "self-service");
    assert!(!server.process().printed().contains("DEBUG"));
    folder.write("next.toml", next.replace("self-service", "human"));
    server.rewrite("filter = \"info\"", "filter = \"info,throughline=debug\"");
    assert_eq!(changes(&reload(&server, "")), ["log.filter changed", "next.toml changed"]);
    refused(&server, "after");
    let second = shadow(&server, "human");
    server.process().wait_for("shadow policy call=", PATIENCE);
    let listed = second["differences"].as_array().cloned().unwrap_or_default();
    let versions: Vec<&Value> = listed.iter().map(|one| &one["shadow_policy"]).collect();
    assert_eq!(versions, [&second["shadow"], &first["shadow"]], "{second}");
    assert_ne!(first["shadow"], second["shadow"]);
    assert_eq!(first["policy"], second["policy"]);
}

/// The call before the reload keeps its agent and its rules; the call after it meets the new ones.
#[test]
fn calls_in_progress_keep_what_they_began_with() {
    let folder = Folder::new("reload-taken");
    let phones_at = ports::udp();
    let phones = sipp::phones("phones", &folder, "phone.xml", phones_at);
    let mut server = Server::start(PROGRAM.as_ref(), &folder, &setup(phones_at));
    let _desks = server.desks(&folder, 2, 50);
    let first = server.register(CUSTOMER);
    let account = Account { user: CUSTOMER, password: "none", server: server.sip };
    let number = first["number"].as_str().expect("a number");
    let mut before = baresip::caller(&folder, ports::udp_at(server::CARRIER), &account, number);
    let talking = wait_for_phase(&server, "talking");
    let agent = talking["agent"].as_str().expect("an agent").to_owned();
    let text = server
        .rewrite("min_level = \"V1\" }\nanswer = \"human\"", "min_level = \"V1\" }\nanswer = \"refuse\"\nstatus = 486");
    let entry = text.find(&format!("[[agents]]\nname = \"{agent}\"")).expect("the agent");
    let entry = text[entry..].split("phone = ").next().unwrap_or_default();
    let line = text[text.find(entry).unwrap_or_default() + entry.len()..].lines().next().unwrap_or_default();
    server.rewrite(&format!("{entry}{line}\n"), "");
    let asked = reload(&server, "?check=true");
    assert_eq!(asked.json()["applied"], false, "{}", asked.body);
    let expected = vec!["access.rules changed".to_owned(), format!("agents.{agent} removed")];
    let with_names = vec!["access.rules.known changed".to_owned(), format!("agents.{agent} removed")];
    let found = changes(&asked);
    assert!(found == expected || found == with_names, "{found:?}");
    hang_up(&mut server);
    server.process().wait_for("the configuration was read again", PATIENCE);
    let second = server.register(CUSTOMER);
    let calls = [Dialled::new(second["number"].as_str().expect("a number"), CUSTOMER)];
    let mut after = call(&server, &calls, "after", &folder, Duration::from_millis(200));
    assert_eq!(after.finish(PATIENCE), Counted { good: 0, failed: 1 }, "the new rule refuses");
    assert_eq!(wait_for_phase(&server, "talking")["id"], talking["id"], "the first call goes on");
    before.process().stop();
    let ended = eventually("the end of the first call", PATIENCE, || {
        server.calls().into_iter().find(|call| call["id"] == talking["id"] && call["phase"] == "ended")
    });
    assert_eq!((&ended["outcome"], &ended["ended_by"]), (&"talked".into(), &"caller".into()), "{ended}");
    assert_eq!(phones.counted().failed, 0, "{}", phones.errors());
    eventually("the agent who was taken out is gone", PATIENCE, || {
        let agents = server.ask("GET", "/v1/agents", &Value::Null).json();
        let names = agents["agents"].as_array().cloned().unwrap_or_default();
        (!names.iter().any(|row| row["agent"] == agent.as_str())).then_some(())
    });
}
