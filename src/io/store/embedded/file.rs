//! The SQLite file of the embedded store: five tables, one row for each thing that the model knows.

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, Transaction, params};

use super::super::OpenError;
use super::warn_of_unreadable;
use crate::base::{AgentId, E164, PoolId, Wall};
use crate::intents::Model;
use crate::intents::model::{Change, KeyRow, Row};
use crate::intents::pin::{Guesses, Try};
use crate::io::records::{IntentRecord, number};

/// An open file, locked for this process.
pub struct File {
    connection: Connection,
}

const VERSION: i64 = 1;

/// How long a process that is just ending may still have the file.
const PREDECESSOR: Duration = Duration::from_secs(2);

/// `FULL`: a commit is on the disk when it is answered; an order that WAL alone would give up when the power fails.
const SETTINGS: &str = "
    PRAGMA locking_mode = EXCLUSIVE;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
";

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS intents (
        id TEXT PRIMARY KEY, keep INTEGER NOT NULL, record TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS numbers (
        pool TEXT NOT NULL, number TEXT NOT NULL, free_from INTEGER NOT NULL, PRIMARY KEY (pool, number)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS keys (
        key BLOB PRIMARY KEY, body BLOB NOT NULL, intent TEXT NOT NULL, until INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS last_agents (
        customer TEXT PRIMARY KEY, agent TEXT NOT NULL, until INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS guesses (
        number TEXT PRIMARY KEY, since INTEGER NOT NULL, wrong INTEGER NOT NULL, call TEXT NOT NULL, nth INTEGER NOT NULL,
        barred INTEGER NOT NULL, until INTEGER NOT NULL
    ) WITHOUT ROWID;
";

/// It holds names and numbers of people. SQLite says what is wrong with a path of no use, and gives `-wal` the same mode.
const OWNER_ONLY: u32 = 0o600;

fn keep_private(path: &Path) {
    if path.as_os_str() != ":memory:" {
        let _ = OpenOptions::new().create(true).append(true).mode(OWNER_ONLY).open(path);
    }
}

impl File {
    /// Opens or creates the file and puts its rows into `model`.
    pub fn open(path: PathBuf, model: &mut Model) -> Result<File, OpenError> {
        let failed = |source| OpenError::File { path: path.clone(), source };
        keep_private(&path);
        let connection = Connection::open(&path).map_err(failed)?;
        connection.busy_timeout(PREDECESSOR).map_err(failed)?;
        connection.execute_batch(SETTINGS).map_err(failed)?;
        let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(failed)?;
        if version > VERSION {
            return Err(OpenError::TooNew { path, version });
        }
        create(&connection).and_then(|()| load(&connection, model)).map_err(failed)?;
        Ok(File { connection })
    }

    /// Writes the rows that changed, in one transaction.
    pub fn write(&mut self, model: &Model, changes: &BTreeSet<Change>) -> Result<(), rusqlite::Error> {
        if changes.is_empty() {
            return Ok(());
        }
        let transaction = self.connection.transaction()?;
        for change in changes {
            match model.row(change) {
                Some(row) => put(&transaction, &row)?,
                None => delete(&transaction, change)?,
            }
        }
        transaction.commit()
    }
}

/// Takes the write lock, which keeps a second process out from here on.
fn create(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(&format!("BEGIN IMMEDIATE; {TABLES} PRAGMA user_version = {VERSION}; COMMIT;"))
}

fn put(transaction: &Transaction<'_>, row: &Row) -> rusqlite::Result<()> {
    match row {
        Row::Intent { intent, keep } => {
            let record = serde_json::to_string(&IntentRecord::from(&**intent))
                .map_err(|failure| rusqlite::Error::ToSqlConversionFailure(failure.into()))?;
            transaction
                .prepare_cached("INSERT OR REPLACE INTO intents (id, keep, record) VALUES (?, ?, ?)")?
                .execute(params![intent.id.to_string(), date(*keep), record])
        }
        Row::Number { pool, number, free_from } => transaction
            .prepare_cached("INSERT OR REPLACE INTO numbers (pool, number, free_from) VALUES (?, ?, ?)")?
            .execute(params![pool.as_str(), number.as_str(), date(*free_from)]),
        Row::Key { key, row, until } => transaction
            .prepare_cached("INSERT OR REPLACE INTO keys (key, body, intent, until) VALUES (?, ?, ?, ?)")?
            .execute(params![key, row.body, row.intent.to_string(), date(*until)]),
        Row::LastAgent { customer, agent, until } => transaction
            .prepare_cached("INSERT OR REPLACE INTO last_agents (customer, agent, until) VALUES (?, ?, ?)")?
            .execute(params![customer, agent.as_str(), date(*until)]),
        Row::Guesses { number, guesses, until } => put_guesses(transaction, number, guesses, *until),
    }?;
    Ok(())
}

fn put_guesses(
    transaction: &Transaction<'_>,
    number: &E164,
    guesses: &Guesses,
    until: Wall,
) -> rusqlite::Result<usize> {
    let (barred, last) = (date(guesses.barred_until), guesses.last);
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO guesses (number, since, wrong, call, nth, barred, until) VALUES (?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            number.as_str(),
            date(guesses.since),
            guesses.wrong,
            last.call.to_string(),
            last.nth,
            barred,
            date(until)
        ])
}

fn delete(transaction: &Transaction<'_>, change: &Change) -> rusqlite::Result<()> {
    match change {
        Change::Intent(id) => transaction.prepare_cached("DELETE FROM intents WHERE id = ?")?.execute([id.to_string()]),
        Change::Number(pool, number) => transaction
            .prepare_cached("DELETE FROM numbers WHERE pool = ? AND number = ?")?
            .execute([pool.as_str(), number.as_str()]),
        Change::Key(key) => transaction.prepare_cached("DELETE FROM keys WHERE key = ?")?.execute([key]),
        Change::Guesses(number) => {
            transaction.prepare_cached("DELETE FROM guesses WHERE number = ?")?.execute([number.as_str()])
        }
        Change::LastAgent(customer) => {
            transaction.prepare_cached("DELETE FROM last_agents WHERE customer = ?")?.execute([customer])
        }
    }?;
    Ok(())
}

fn load(connection: &Connection, model: &mut Model) -> rusqlite::Result<()> {
    read_table(connection, model, "intents", "SELECT keep, record FROM intents", intent_row)?;
    read_table(connection, model, "numbers", "SELECT pool, number, free_from FROM numbers", number_row)?;
    read_table(connection, model, "keys", "SELECT key, body, intent, until FROM keys", key_row)?;
    read_table(connection, model, "last_agents", "SELECT customer, agent, until FROM last_agents", last_agent_row)?;
    let guesses = "SELECT number, since, wrong, call, nth, barred, until FROM guesses";
    read_table(connection, model, "guesses", guesses, guesses_row)
}

/// A row that cannot be read is left out: an intent less is better than no server.
fn read_table(
    connection: &Connection,
    model: &mut Model,
    table: &'static str,
    query: &str,
    read: fn(&rusqlite::Row<'_>) -> rusqlite::Result<Option<Row>>,
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(query)?;
    let mut rows = statement.query([])?;
    let mut unreadable = 0;
    while let Some(row) = rows.next()? {
        match read(row) {
            Ok(Some(row)) => model.restore(row),
            Ok(None) | Err(_) => unreadable += 1,
        }
    }
    warn_of_unreadable(table, unreadable);
    Ok(())
}

fn intent_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Option<Row>> {
    let (keep, text): (i64, String) = (row.get(0)?, row.get(1)?);
    let record = serde_json::from_str::<IntentRecord>(&text).ok();
    let intent = record.and_then(|record| record.try_into().ok());
    Ok(intent.map(|intent| Row::Intent { intent: Box::new(intent), keep: wall(keep) }))
}

fn number_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Option<Row>> {
    let (pool, text, free_from): (String, String, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
    let read = number(&text, "number").ok();
    Ok(read.map(|number| Row::Number { pool: PoolId::new(&pool), number, free_from: wall(free_from) }))
}

fn key_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Option<Row>> {
    let intent: String = row.get(2)?;
    let (key, body, until) = (row.get(0)?, row.get(1)?, wall(row.get(3)?));
    Ok(intent.parse().ok().map(|intent| Row::Key { key, row: KeyRow { body, intent }, until }))
}

fn last_agent_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Option<Row>> {
    let agent: String = row.get(1)?;
    Ok(Some(Row::LastAgent { customer: row.get(0)?, agent: AgentId::new(&agent), until: wall(row.get(2)?) }))
}

fn guesses_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Option<Row>> {
    let (text, call): (String, String) = (row.get(0)?, row.get(3)?);
    let (Ok(number), Ok(call)) = (number(&text, "number"), call.parse()) else { return Ok(None) };
    let guesses = Guesses {
        since: wall(row.get(1)?),
        wrong: row.get(2)?,
        last: Try { call, nth: row.get(4)? },
        barred_until: wall(row.get(5)?),
    };
    Ok(Some(Row::Guesses { number, guesses, until: wall(row.get(6)?) }))
}

/// SQLite's integers have a sign; a date that is too far for them is far enough.
fn date(wall: Wall) -> i64 {
    i64::try_from(wall.0).unwrap_or(i64::MAX)
}

fn wall(date: i64) -> Wall {
    Wall(u64::try_from(date).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn nobody_else_may_read_the_file() {
        let path = std::env::temp_dir().join(format!("throughline-private-{}.db", std::process::id()));
        let opened = File::open(path.clone(), &mut Model::new(10));
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        drop(opened.unwrap());
        let _ = std::fs::remove_file(&path);
        assert_eq!(mode & 0o777, OWNER_ONLY);
    }
}
