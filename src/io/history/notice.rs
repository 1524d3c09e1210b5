//! Notices on their way to somebody who is told of calls: kept until they are taken, so that a process that dies loses none.

use rusqlite::{Row, params};

use crate::base::Wall;
use crate::base::limits::NOTICE_KEPT_MAX;

use super::file::{File, date};

/// What a target of `[access.notify]` has yet to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// By the name in the configuration.
    pub target: String,
    /// The same for each try, whichever process makes it.
    pub id: String,
    pub body: String,
    pub at: Wall,
}

pub(super) const TABLE: &str = "
    CREATE TABLE IF NOT EXISTS notices (
        target TEXT NOT NULL, id TEXT NOT NULL, at INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (target, id)
    ) WITHOUT ROWID;
";

impl File {
    pub(super) fn keep_notice(&mut self, notice: &Notice) -> rusqlite::Result<()> {
        let Notice { target, id, body, at } = notice;
        let insert = "INSERT OR IGNORE INTO notices (target, id, at, body) VALUES (?, ?, ?, ?)";
        self.connection.prepare_cached(insert)?.execute(params![target, id, date(*at), body]).map(drop)
    }

    pub(super) fn forget_notice(&mut self, target: &str, id: &str) -> rusqlite::Result<()> {
        let delete = "DELETE FROM notices WHERE target = ? AND id = ?";
        self.connection.prepare_cached(delete)?.execute([target, id]).map(drop)
    }

    /// The oldest first; those that nobody has taken for too long are forgotten.
    pub(super) fn notices(&mut self, now: Wall) -> rusqlite::Result<Vec<Notice>> {
        let age = u64::try_from(NOTICE_KEPT_MAX.as_millis()).unwrap_or(u64::MAX);
        let oldest = Wall(now.0.saturating_sub(age));
        self.connection.execute("DELETE FROM notices WHERE at < ?", [date(oldest)])?;
        let mut statement = self.connection.prepare("SELECT target, id, at, body FROM notices ORDER BY at, id")?;
        statement.query_map([], notice)?.collect()
    }
}

fn notice(row: &Row<'_>) -> rusqlite::Result<Notice> {
    let at: i64 = row.get(2)?;
    Ok(Notice { target: row.get(0)?, id: row.get(1)?, at: Wall(at.unsigned_abs()), body: row.get(3)? })
}
