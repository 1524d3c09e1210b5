//! The model as rows, for a store that writes what has changed and reads all of it again.

use std::collections::BTreeSet;

use super::Model;
use crate::base::{AgentId, E164, IntentId, PoolId, Wall};
use crate::intents::intent::{Intent, IntentState};
use crate::intents::pin::Guesses;

/// The key of a row that is not any more what it was.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    Intent(IntentId),
    Number(PoolId, E164),
    Key([u8; 32]),
    LastAgent(String),
    Guesses(E164),
}

/// One row as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    /// `keep`: until when the record is seen.
    Intent {
        intent: Box<Intent>,
        keep: Wall,
    },
    Number {
        pool: PoolId,
        number: E164,
        free_from: Wall,
    },
    Key {
        key: [u8; 32],
        row: KeyRow,
        until: Wall,
    },
    LastAgent {
        customer: String,
        agent: AgentId,
        until: Wall,
    },
    Guesses {
        number: E164,
        guesses: Guesses,
        until: Wall,
    },
}

/// What is known of an idempotency key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyRow {
    pub body: [u8; 32],
    pub intent: IntentId,
}

impl Model {
    /// What has changed since this was asked last; what could not be written must be given back with `still_changed`.
    pub fn take_changes(&mut self) -> BTreeSet<Change> {
        std::mem::take(&mut self.changes)
    }

    /// Writing failed: these rows are to be written with the next ones.
    pub fn still_changed(&mut self, changes: BTreeSet<Change>) {
        self.changes.extend(changes);
    }

    /// The row as it is to be written; `None` when it is to be deleted.
    pub fn row(&self, change: &Change) -> Option<Row> {
        match change {
            Change::Intent(id) => {
                let (keep, intent) = self.intents.entry(id)?;
                Some(Row::Intent { intent: Box::new(intent.clone()), keep })
            }
            Change::Number(pool, number) => {
                let free_from = self.numbers.free_from(pool, number)?;
                Some(Row::Number { pool: pool.clone(), number: number.clone(), free_from })
            }
            Change::Key(key) => {
                let (until, row) = self.keys.entry(key)?;
                Some(Row::Key { key: *key, row: *row, until })
            }
            Change::Guesses(number) => {
                let (until, guesses) = self.pins.guesses.entry(number)?;
                Some(Row::Guesses { number: number.clone(), guesses: *guesses, until })
            }
            Change::LastAgent(customer) => {
                let (until, agent) = self.last_agent_by_customer.entry(customer)?;
                Some(Row::LastAgent { customer: customer.clone(), agent: agent.clone(), until })
            }
        }
    }

    /// Puts back a row that was written; their order does not matter.
    pub fn restore(&mut self, row: Row) {
        match row {
            Row::Intent { intent, keep } => self.restore_intent(*intent, keep),
            Row::Number { pool, number, free_from } => self.numbers.restore(&pool, &number, free_from),
            Row::Key { key, row, until } => {
                self.keys.insert(key, until, row);
            }
            Row::Guesses { number, guesses, until } => {
                self.pins.guesses.insert(number, until, guesses);
            }
            Row::LastAgent { customer, agent, until } => {
                self.last_agent_by_customer.insert(customer, until, agent);
            }
        }
    }

    fn restore_intent(&mut self, intent: Intent, keep: Wall) {
        self.promises.keep(&intent);
        if matches!(intent.state, IntentState::Open | IntentState::Claimed { .. }) {
            self.index_callers(&intent);
            self.restore_holder(&intent);
            self.restore_pin(&intent);
        }
        self.intents.insert(intent.id, keep, intent);
    }

    /// Of all that had the number and did not give it back, the youngest has it.
    fn restore_holder(&mut self, intent: &Intent) {
        let Some(number) = intent.exclusive_number() else { return };
        let holder = self.numbers.holder(number).and_then(|id| self.intents.entry(&id));
        if holder.is_none_or(|(_, older)| older.created <= intent.created) {
            self.numbers.restore_holder(number, intent.id);
        }
    }
}
