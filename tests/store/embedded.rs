//! The embedded store and the end of its process.

use std::process::Command;
use std::time::Duration;

use throughline::intents::{StoreError, StoreReply, StoreRequest};
use throughline::io::store::{OpenError, Store};

use super::build::*;
use super::worlds::{PATIENCE, runtime};
use crate::support::folder::Folder;
use crate::support::process::Process;

/// Where the child that is to be killed has its file.
const CHILDS_FILE: &str = "THROUGHLINE_TEST_STORE";

fn open(folder: &Folder) -> Result<Store, OpenError> {
    Store::embedded(folder.path().join("intents.db"), 100_000, PATIENCE)
}

/// Does nothing unless the test below has started it as a process of its own.
#[test]
fn a_child_that_registers_until_it_is_killed() {
    let Ok(file) = std::env::var(CHILDS_FILE) else { return };
    let store = Store::embedded(file.into(), 100_000, PATIENCE).expect("the file opens");
    runtime().block_on(async {
        store.ask(seed(90, at(0))).await.expect("seeded");
        for nth in 1.. {
            store.ask(register(nth, at(0))).await.expect("registered");
            store.ask(claim(nth, nth, at(600), at(0))).await.expect("claimed");
            println!("acknowledged {nth}.");
        }
    });
}

#[test]
fn what_was_acknowledged_survives_a_kill() {
    let folder = Folder::new("kill");
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args(["--exact", "store::embedded::a_child_that_registers_until_it_is_killed", "--nocapture"]);
    command.env(CHILDS_FILE, folder.path().join("intents.db"));
    let mut child = Process::start("child", &folder, &mut command);
    child.wait_for("acknowledged 100.", Duration::from_secs(60));
    child.kill();
    let printed = child.printed();
    // The test's own name is before the first.
    let acknowledged =
        printed.lines().filter_map(|line| line.rsplit_once("acknowledged ")?.1.strip_suffix('.')?.parse().ok());
    let acknowledged: Vec<u64> = acknowledged.collect();
    assert!(acknowledged.len() >= 100);

    let store = open(&folder).expect("the file opens after the kill");
    runtime().block_on(async {
        for nth in acknowledged {
            let number = if nth <= 90 { format!("n{}", nth - 1) } else { "shared".into() };
            let reply = store.ask(get(nth, at(1))).await.expect("an answer");
            assert_eq!(show(&reply), format!("got {nth} {number} claimed {nth}"));
        }
        assert_eq!(show(&store.ask(dialled(89, at(1))).await.expect("an answer")), "found 90:n@90");
        assert_eq!(show(&store.ask(called_from(7, at(1))).await.expect("an answer")), "found 7:c@7");
    });
}

#[test]
fn many_at_once_share_the_commits_and_all_are_answered() {
    let folder = Folder::new("many");
    let store = open(&folder).expect("the file opens");
    runtime().block_on(async {
        store.ask(seed(50, at(0))).await.expect("seeded");
        let asked = (1..=2000).map(|nth| {
            let store = store.clone();
            tokio::spawn(async move { store.ask(register(nth, at(0))).await })
        });
        let mut numbers = std::collections::BTreeSet::new();
        for answer in asked.collect::<Vec<_>>() {
            let Ok(Ok(StoreReply::Registered(intent))) = answer.await else { panic!("not registered") };
            numbers.extend(intent.exclusive_number().cloned());
        }
        assert_eq!(numbers.len(), 50, "no number twice");
    });
}

#[test]
fn a_file_belongs_to_one_process_and_to_no_newer_version() {
    let folder = Folder::new("file");
    let path = folder.path().join("intents.db");
    let first = open(&folder).expect("the file opens");
    assert!(matches!(open(&folder), Err(OpenError::File { .. })), "a second one is kept out");
    drop(first);
    drop(open(&folder).expect("the file opens when the first has ended"));
    let later = rusqlite::Connection::open(&path).expect("the file");
    later.busy_timeout(PATIENCE).expect("patience");
    later.execute_batch("PRAGMA user_version = 99").expect("a later version");
    drop(later);
    assert!(matches!(open(&folder), Err(OpenError::TooNew { version: 99, .. })));
    let nowhere = Store::embedded(folder.path().join("no/such/folder/intents.db"), 9, PATIENCE);
    assert!(matches!(nowhere, Err(OpenError::File { .. })));
}

#[test]
fn a_row_that_cannot_be_read_costs_only_itself() {
    let folder = Folder::new("rows");
    let store = open(&folder).expect("the file opens");
    runtime().block_on(async {
        store.ask(register(1, at(0))).await.expect("registered");
        store.ask(register(2, at(0))).await.expect("registered");
    });
    drop(store);
    let file = rusqlite::Connection::open(folder.path().join("intents.db")).expect("the file");
    file.busy_timeout(PATIENCE).expect("patience");
    file.execute("UPDATE intents SET record = '{\"v\":1}' WHERE id = ?", [throughline::base::IntentId(1).to_string()])
        .expect("one row is spoilt");
    drop(file);
    let store = open(&folder).expect("the file opens");
    runtime().block_on(async {
        assert_eq!(show(&store.ask(get(1, at(1))).await.expect("an answer")), "gone");
        assert_eq!(show(&store.ask(get(2, at(1))).await.expect("an answer")), "got 2 shared open");
    });
}

#[test]
fn who_asks_hears_of_a_write_that_failed() {
    let folder = Folder::new("full");
    let store = open(&folder).expect("the file opens");
    let runtime = runtime();
    runtime.block_on(store.ask(register(1, at(0)))).expect("registered");
    drop(store);
    // Every further intent is refused, as by a full disk.
    let file = rusqlite::Connection::open(folder.path().join("intents.db")).expect("the file");
    file.busy_timeout(PATIENCE).expect("patience");
    file.execute_batch(
        "CREATE TRIGGER full BEFORE INSERT ON intents WHEN (SELECT count(*) FROM intents) > 0
         BEGIN SELECT RAISE(ABORT, 'full'); END",
    )
    .expect("a trigger");
    drop(file);
    let store = open(&folder).expect("the file opens");
    assert_eq!(runtime.block_on(store.ask(register(2, at(0)))), Err(StoreError::Unavailable));
    assert_eq!(
        runtime.block_on(store.ask(StoreRequest::Ping { now: START })).map(|reply| show(&reply)),
        Ok("pong".into())
    );
}
