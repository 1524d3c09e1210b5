//! The SQLite file of the history: a row for each case, and one for each notice on its way.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::base::limits::HISTORY_CLEANED_EVERY;
use crate::base::{CaseId, IntentId, Wall};

use super::case::{Case, Feedback};
use super::record::CaseRecord;
use super::{HistoryError, Kept, Opened, Write, notice};

pub(super) struct File {
    pub(super) connection: Connection,
    kept: Kept,
    /// Cases that were added since it was last cleaned.
    added: usize,
}

const VERSION: i64 = 1;
/// Another process may look at the same file.
const PATIENCE: Duration = Duration::from_secs(2);
const SETTINGS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;";
const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS cases (
        id TEXT PRIMARY KEY, customer TEXT NOT NULL, intent TEXT NOT NULL, opened INTEGER NOT NULL, record TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS cases_by_customer ON cases (customer, opened);
    CREATE INDEX IF NOT EXISTS cases_by_intent ON cases (intent, opened);
    CREATE INDEX IF NOT EXISTS cases_by_age ON cases (opened);
";
/// It holds what people said.
const OWNER_ONLY: u32 = 0o600;

impl File {
    pub(super) fn open(kept: Kept, now: Wall) -> Result<File, HistoryError> {
        let path = kept.file.clone();
        let failed = |source| HistoryError::File { path: path.clone(), source };
        keep_private(&path);
        let connection = Connection::open(&path).map_err(failed)?;
        connection.busy_timeout(PATIENCE).map_err(failed)?;
        connection.execute_batch(SETTINGS).map_err(failed)?;
        let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(failed)?;
        if version > VERSION {
            return Err(HistoryError::TooNew { path, version });
        }
        let tables = format!("BEGIN IMMEDIATE; {TABLES} {} PRAGMA user_version = {VERSION}; COMMIT;", notice::TABLE);
        connection.execute_batch(&tables).map_err(failed)?;
        let mut file = File { connection, kept, added: 0 };
        file.clean(now).map_err(failed)?;
        Ok(file)
    }

    pub(super) fn add(&mut self, case: &Case) -> rusqlite::Result<Opened> {
        let opened = self.insert(case)?;
        self.clean_sometimes(case.opened)?;
        Ok(opened)
    }

    /// All of them, or none.
    pub(super) fn write_all(&mut self, writes: &[Write]) -> rusqlite::Result<()> {
        self.connection.execute_batch("BEGIN IMMEDIATE")?;
        let written = writes.iter().try_for_each(|write| self.put(write));
        if let Err(fault) = written.and_then(|()| self.connection.execute_batch("COMMIT")) {
            // SQLite may have done so itself; a transaction that stays open would swallow what comes next.
            let _ = self.connection.execute_batch("ROLLBACK");
            return Err(fault);
        }
        let opened = writes.iter().rev().find_map(|write| match write {
            Write::Case(case) => Some(case.opened),
            Write::Notice(_) | Write::Told { .. } => None,
        });
        opened.map_or(Ok(()), |opened| self.clean_sometimes(opened))
    }

    pub(super) fn put(&mut self, write: &Write) -> rusqlite::Result<()> {
        match write {
            Write::Case(case) => self.insert(case).map(drop),
            Write::Notice(notice) => self.keep_notice(notice),
            Write::Told { target, id } => self.forget_notice(target, id),
        }
    }

    fn clean_sometimes(&mut self, now: Wall) -> rusqlite::Result<()> {
        if self.added >= HISTORY_CLEANED_EVERY { self.clean(now) } else { Ok(()) }
    }

    fn insert(&mut self, case: &Case) -> rusqlite::Result<Opened> {
        let added = self
            .connection
            .prepare_cached(
                "INSERT OR IGNORE INTO cases (id, customer, intent, opened, record) VALUES (?, ?, ?, ?, ?)",
            )?
            .execute(params![
                case.id.to_string(),
                case.customer.expose(),
                case.intent.to_string(),
                date(case.opened),
                written(case)?
            ])?;
        self.added += added;
        Ok(if added == 0 { Opened::Again } else { Opened::New })
    }

    pub(super) fn of_customer(&self, customer: &str, limit: usize) -> rusqlite::Result<Vec<Case>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let query = "SELECT record FROM cases WHERE customer = ? ORDER BY opened DESC, id DESC LIMIT ?";
        let mut statement = self.connection.prepare_cached(query)?;
        read_all(statement.query_map(params![customer, limit], text)?)
    }

    pub(super) fn of_intent(&self, intent: IntentId) -> rusqlite::Result<Vec<Case>> {
        let query = "SELECT record FROM cases WHERE intent = ? ORDER BY opened DESC, id DESC";
        let mut statement = self.connection.prepare_cached(query)?;
        read_all(statement.query_map([intent.to_string()], text)?)
    }

    pub(super) fn get(&self, case: CaseId) -> rusqlite::Result<Option<Case>> {
        let mut statement = self.connection.prepare_cached("SELECT record FROM cases WHERE id = ?")?;
        let record = statement.query_row([case.to_string()], text).optional()?;
        Ok(record.and_then(|record| read(&record)))
    }

    pub(super) fn feedback(&mut self, case: CaseId, feedback: Feedback) -> rusqlite::Result<Option<Case>> {
        let Some(mut case) = self.get(case)? else { return Ok(None) };
        case.feedback = Some(feedback);
        let mut statement = self.connection.prepare_cached("UPDATE cases SET record = ? WHERE id = ?")?;
        statement.execute(params![written(&case)?, case.id.to_string()])?;
        Ok(Some(case))
    }

    /// Forgets what is too old, and the oldest of what is too many.
    fn clean(&mut self, now: Wall) -> rusqlite::Result<()> {
        let age = u64::try_from(self.kept.age.as_millis()).unwrap_or(u64::MAX);
        let oldest = Wall(now.0.saturating_sub(age));
        self.connection.execute("DELETE FROM cases WHERE opened < ?", [date(oldest)])?;
        let most = i64::try_from(self.kept.most).unwrap_or(i64::MAX);
        let beyond = "DELETE FROM cases WHERE id IN (SELECT id FROM cases ORDER BY opened DESC LIMIT -1 OFFSET ?)";
        self.connection.execute(beyond, [most])?;
        self.added = 0;
        Ok(())
    }
}

fn keep_private(path: &Path) {
    if path.as_os_str() != ":memory:" {
        // SQLite says what is wrong with a path of no use, and gives `-wal` the same mode.
        let _ = OpenOptions::new().create(true).append(true).mode(OWNER_ONLY).open(path);
    }
}

fn text(row: &Row<'_>) -> rusqlite::Result<String> {
    row.get(0)
}

fn written(case: &Case) -> rusqlite::Result<String> {
    let record = serde_json::to_string(&CaseRecord::from(case));
    record.map_err(|fault| rusqlite::Error::ToSqlConversionFailure(fault.into()))
}

/// A row that cannot be read is left out.
fn read_all(rows: impl Iterator<Item = rusqlite::Result<String>>) -> rusqlite::Result<Vec<Case>> {
    let records = rows.collect::<rusqlite::Result<Vec<String>>>()?;
    Ok(records.iter().filter_map(|record| read(record)).collect())
}

fn read(record: &str) -> Option<Case> {
    let case = serde_json::from_str::<CaseRecord>(record).ok().and_then(|record| Case::try_from(record).ok());
    if case.is_none() {
        tracing::warn!("a row of the history cannot be read and is left out");
    }
    case
}

pub(super) fn date(wall: Wall) -> i64 {
    i64::try_from(wall.0).unwrap_or(i64::MAX)
}
