//! The four transaction machines of RFC 3261 section 17, with the Accepted state of RFC 6026, and the table that holds them.

pub mod client;
pub mod effects;
pub mod invite_client;
pub mod invite_server;
pub mod key;
pub mod server;
pub mod table;
pub mod timer;

#[cfg(test)]
mod tests;

pub use client::Client;
pub use effects::{Effects, Send, Tell};
pub use invite_client::InviteClient;
pub use invite_server::InviteServer;
pub use key::{Branch, ServerKey, TxId};
pub use server::Server;
pub use table::{ClientTransaction, ServerTransaction, Transactions};
pub use timer::{Timer, Times};
