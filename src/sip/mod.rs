//! SIP (RFC 3261) without I/O: wire format, transactions, dialogs, registrar, and the endpoint that owns them.

pub mod api;
pub mod auth;
pub mod claims;
pub mod dialog;
pub mod endpoint;
pub mod flow;
pub mod framing;
pub mod login;
pub mod registrar;
pub mod resolve;
pub mod transaction;
pub mod wire;
