//! What `sip-configs/` says against the real program: every key that the dial plans read is in its answer, in the form that they read,
//! and every piece of configuration is accepted.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use serde_json::Value;

use support::folder::Folder;
use support::ports;
use support::server::{Phone, Server, Setup};

const PROGRAM: &str = env!("CARGO_BIN_EXE_throughline");

fn file(name: &str) -> String {
    let path = format!("{}/sip-configs/{name}", env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(&path).unwrap_or_else(|fault| panic!("{path}: {fault}"))
}

/// What stands between `before` and `after`, each time.
fn between<'t>(text: &'t str, before: &str, after: char) -> BTreeSet<&'t str> {
    text.split(before).skip(1).filter_map(|rest| rest.split(after).next()).collect()
}

fn server(folder: &Folder) -> Server {
    let agents = vec![("ann".to_owned(), Phone::Static(ports::udp()))];
    Server::start(PROGRAM.as_ref(), folder, &Setup::new(agents, ports::udp()))
}

fn look_up(server: &Server, intent: &Value, form: &str) -> String {
    let number = intent["number"].as_str().expect("a number").trim_start_matches('+');
    let path = format!("/v1/match?format={form}&trunk=pbx&dialled=%2B{number}&caller=%2B12015550123");
    let response = server.ask("GET", &path, &Value::Null);
    assert_eq!(response.status, 200, "{}", response.body);
    response.body
}

#[test]
fn asterisk_finds_every_key_that_its_dial_plan_reads() {
    let plan = file("asterisk/extensions.conf");
    let read = between(&plan, "HASH(match,", ')');
    assert!(read.len() > 8 && read.contains("ANSWER"), "{read:?}");
    let folder = Folder::new("asterisk");
    let server = server(&folder);
    let answer = look_up(&server, &server.register("+12015550123"), "form");
    let keys: BTreeSet<&str> = answer.split('&').filter_map(|pair| Some(pair.split_once('=')?.0)).collect();
    assert!(read.is_subset(&keys), "{:?} are not in the answer", read.difference(&keys));
    assert!(answer.contains("ANSWER=human&") && answer.contains("QUEUE=help&"), "{answer}");
}

#[test]
fn freeswitch_finds_every_key_that_its_dial_plan_reads() {
    let plan = file("freeswitch/dialplan.xml");
    let read = between(&plan, "(?m)^", '=');
    assert!(read.len() > 6 && read.contains("ANSWER"), "{read:?}");
    let folder = Folder::new("freeswitch");
    let server = server(&folder);
    let answer = look_up(&server, &server.register("+12015550123"), "text");
    let keys: BTreeSet<&str> = answer.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
    assert!(read.is_subset(&keys), "{:?} are not in the answer", read.difference(&keys));
    for line in ["LEVEL=V2", "ANSWER=human", "QUEUE=help", "STATUS="] {
        assert!(answer.lines().any(|l| l == line), "{line} is not in\n{answer}");
    }
    let uui = answer.lines().find_map(|line| line.strip_prefix("UUI=")).expect("a context");
    let hex = uui.strip_suffix(";encoding=hex").expect("an encoding");
    assert!(!hex.is_empty() && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)), "{uui}");
}

const GUIDES: [&str; 6] = ["asterisk", "audiocodes", "cube", "freeswitch", "kamailio", "registering-carrier"];

/// The least that is whole, with a trunk and an agent whom no guide names.
fn base() -> String {
    let names = [
        ("\"pbx\"", "\"other\""),
        ("ann", "bea"),
        ("token_sha256 = \"5fec", "token_sha256 = \"6fec"),
        ("192.0.2.20", "198.51.100.1"),
        ("192.0.2.21", "198.51.100.2"),
        ("192.0.2.10", "192.0.2.20"),
    ];
    let text = include_str!("support/smallest.toml").to_owned();
    names.into_iter().fold(text, |text, (from, to)| text.replace(from, to))
}

#[test]
fn every_piece_of_configuration_in_the_guides_is_accepted() {
    let folder = Folder::new("guides");
    for guide in GUIDES {
        let text = file(&format!("{guide}/README.md"));
        let pieces: Vec<&str> = text.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
        assert!(!pieces.is_empty(), "{guide} shows nothing");
        for piece in pieces {
            let path = folder.write("throughline.toml", format!("{}{piece}", base()));
            let checked = Command::new(PROGRAM).arg("check").arg(&path).output().expect("an end");
            assert!(checked.status.success(), "{guide}: {}\n{piece}", String::from_utf8_lossy(&checked.stderr));
        }
    }
}

/// What is no fault is said, and the configuration holds; what is one does not, in the file of a shadow either.
#[test]
fn warnings_alone_are_no_failure() {
    let folder = Folder::new("warnings");
    let gold = "[[access.tiers]]\nname = \"gold\"\n";
    let check = |access: &str| {
        let path = folder.write("throughline.toml", format!("{}{access}", base()));
        let checked = Command::new(PROGRAM).arg("check").arg(&path).output().expect("an end");
        (checked.status.code(), String::from_utf8_lossy(&checked.stderr).into_owned())
    };
    assert_eq!(check(""), (Some(0), String::new()));
    let (code, said) = check(gold);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.lines().count() == 1 && said.contains("warning: ") && said.contains("no rule asks for the tier"),
        "{said}"
    );
    folder.write("next.toml", format!("[access]\n{gold}"));
    let (code, said) = check("[access]\nshadow = \"next.toml\"\n");
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("\"next.toml\", line 3: ") && said.contains("no rule asks for the tier"), "{said}");
    folder.write("next.toml", "[access]\nruels = 1\n");
    let (code, said) = check("[access]\nshadow = \"next.toml\"\n");
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("\"next.toml\", line 2: access.ruels") && !said.contains("warning: "), "{said}");
}
