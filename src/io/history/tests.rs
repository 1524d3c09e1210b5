//! Cases live on in their file, are found by customer and by intent, and are forgotten when there are too many or too old.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::*;
use crate::base::{AgentId, CallId, Pii};
use crate::desktop::ArticleFailed;
use crate::intents::{Reason, Subject, SubjectKind};

const DAY: u64 = 24 * 3600 * 1000;
const NOW: Wall = Wall(1_800_000_000_000);

fn kept(file: &Path, most: usize) -> Kept {
    Kept { file: file.to_owned(), age: Duration::from_millis(30 * DAY), most }
}

fn case(number: u64, customer: &str, opened: Wall) -> Case {
    Case {
        id: CaseId::of_call(CallId(number)),
        intent: IntentId(u128::from(number)),
        customer: Pii::new(customer.to_owned()),
        subject: Some(Subject { kind: SubjectKind::Order, id: "A-1".to_owned(), title: "A lamp".to_owned() }),
        reason: Reason { category: "delivery".to_owned(), sub_category: Some("late".to_owned()) },
        origin: Origin::Call {
            call: CallId(number),
            agent: AgentId::new("anna"),
            outcome: "solved".to_owned(),
            summary: Pii::new("a new one is on its way".to_owned()),
            article_failed: Some(ArticleFailed { article: "kb-17".to_owned(), why: Pii::new("other lamp".to_owned()) }),
        },
        opened,
        feedback: None,
    }
}

/// A path of this test alone; the file is gone afterwards.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Place {
        Place(std::env::temp_dir().join(format!("throughline-history-{name}-{}.db", std::process::id())))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        for ending in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{ending}", self.0.display()));
        }
    }
}

#[tokio::test]
async fn cases_survive_a_restart_as_they_were() {
    let place = Place::new("restart");
    let (mine, others) = (case(1, "c-1", NOW), case(2, "c-2", NOW));
    let history = History::open(kept(&place.0, 100), NOW).unwrap();
    for one in [&mine, &others] {
        assert_eq!(history.add(one.clone()).await, Ok(Opened::New));
    }
    assert_eq!(history.add(Case { customer: Pii::default(), ..mine.clone() }).await, Ok(Opened::Again));
    let feedback = Feedback { helpful: true, comment: Pii::new("thanks".to_owned()), at: NOW };
    let told = history.feedback(mine.id, feedback.clone()).await.unwrap();
    let mine = Case { feedback: Some(feedback.clone()), ..mine };
    assert_eq!(told, Some(mine.clone()));
    assert_eq!(history.feedback(CaseId(77), feedback).await, Ok(None));
    drop(history);
    assert_eq!(std::fs::metadata(&place.0).unwrap().permissions().mode() & 0o777, 0o600);
    let history = History::open(kept(&place.0, 100), NOW).unwrap();
    assert_eq!(history.of_customer("c-1", 10).await, Ok(vec![mine.clone()]));
    assert_eq!(history.of_intent(IntentId(2)).await, Ok(vec![others]));
    assert_eq!(history.get(mine.id).await, Ok(Some(mine)));
    assert_eq!(history.of_customer("c-3", 10).await, Ok(vec![]));
}

/// The disk is full for a while, say.
#[test]
fn what_cannot_be_written_is_written_later_in_its_order() {
    let place = Place::new("later");
    let (waiting, requests) = mpsc::channel(8);
    let mut worker = Worker::new(File::open(kept(&place.0, 100), NOW).unwrap(), requests);
    let takes = |worker: &Worker, takes: bool| {
        worker.file.connection.pragma_update(None, "query_only", !takes).unwrap();
    };
    let write = |number| Request::Write(Write::Case(Box::new(case(number, "c-1", NOW))));
    takes(&worker, false);
    worker.serve(write(1));
    worker.serve(write(2));
    assert_eq!((worker.left.len(), worker.file.of_customer("c-1", 9).unwrap().len()), (2, 0));
    takes(&worker, true);
    worker.serve(write(3));
    assert_eq!((worker.left.len(), worker.file.of_customer("c-1", 9).unwrap().len()), (0, 3));
    takes(&worker, false);
    worker.serve(write(4));
    takes(&worker, true);
    drop(waiting);
    worker.run();
    assert_eq!(File::open(kept(&place.0, 100), NOW).unwrap().of_customer("c-1", 9).unwrap().len(), 4);
}

#[tokio::test]
async fn a_notice_is_kept_until_it_has_come_to_its_end() {
    let place = Place::new("notices");
    let notice =
        |id: &str, at: Wall| Notice { target: "team".to_owned(), id: id.to_owned(), body: "{}".to_owned(), at };
    let history = History::open(kept(&place.0, 100), NOW).unwrap();
    for (id, at) in [("taken", NOW), ("waiting", NOW), ("older", Wall(NOW.0 - 1)), ("forgotten", Wall(NOW.0 - 4 * DAY))]
    {
        history.keep(notice(id, at));
    }
    history.written().await;
    history.told("team", "taken");
    history.keep(notice("taken at once", NOW));
    history.told("team", "taken at once");
    history.told("another team", "waiting");
    history.written().await;
    drop(history);
    let history = History::open(kept(&place.0, 100), NOW).unwrap();
    assert_eq!(history.notices(NOW).await, Ok(vec![notice("older", Wall(NOW.0 - 1)), notice("waiting", NOW)]));
}

#[tokio::test]
async fn the_newest_come_first_and_no_more_than_asked_for() {
    let history = History::open(kept(Path::new(":memory:"), 100), NOW).unwrap();
    for number in 1..=5 {
        history.add(case(number, "c-1", Wall(NOW.0 + number))).await.unwrap();
    }
    let found = history.of_customer("c-1", 2).await.unwrap();
    assert_eq!(found.iter().map(|case| case.intent.0).collect::<Vec<_>>(), [5, 4]);
}

#[tokio::test]
async fn cases_of_calls_are_written_together_and_before_who_asks() {
    let history = History::open(kept(Path::new(":memory:"), 100), NOW).unwrap();
    for number in [1, 2, 2, 3] {
        let case = Write::Case(Box::new(case(number, "c-1", Wall(NOW.0 + number))));
        history.waiting.send(Request::Write(case)).await.unwrap();
    }
    let found = history.of_customer("c-1", 10).await.unwrap();
    assert_eq!(found.iter().map(|case| case.intent.0).collect::<Vec<_>>(), [3, 2, 1]);
}

#[tokio::test]
async fn what_is_too_old_or_too_many_is_forgotten() {
    let place = Place::new("bounds");
    let history = History::open(kept(&place.0, 3), NOW).unwrap();
    for number in 1..=5 {
        history.add(case(number, "c-1", Wall(NOW.0 + number * DAY))).await.unwrap();
    }
    drop(history);
    let later = Wall(NOW.0 + 34 * DAY);
    // The thread of the one before may still have the file for a moment; it waits for that.
    let history = History::open(kept(&place.0, 3), later).unwrap();
    let left = history.of_customer("c-1", 10).await.unwrap();
    assert_eq!(left.iter().map(|case| case.intent.0).collect::<Vec<_>>(), [5, 4], "3 is more than 30 days old");
}

#[test]
fn a_file_of_a_later_version_or_none_at_all_is_said() {
    let place = Place::new("later");
    let connection = rusqlite::Connection::open(&place.0).unwrap();
    connection.execute_batch("PRAGMA user_version = 9").unwrap();
    drop(connection);
    let later = History::open(kept(&place.0, 3), NOW).err().unwrap();
    assert!(matches!(later, HistoryError::TooNew { version: 9, .. }), "{later}");
    let nowhere = History::open(kept(Path::new("/nowhere/at/all.db"), 3), NOW).err().unwrap();
    assert!(nowhere.to_string().contains("/nowhere/at/all.db"), "{nowhere}");
}
