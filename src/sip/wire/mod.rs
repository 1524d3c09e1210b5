//! The SIP wire format (RFC 3261 section 7) over `Bytes`: messages keep the bytes they came in, readers borrow from them.

mod address;
mod auth;
mod check;
mod compare;
mod error;
mod glance;
mod host;
mod lex;
mod message;
mod method;
mod name;
mod params;
mod parse;
mod read;
mod reason;
mod refer;
mod reply;
#[cfg(feature = "rsip")]
mod rsip;
mod salvage;
mod status;
mod uri;
mod user_to_user;
mod via;
mod write;

pub use address::NameAddr;
pub use auth::Credentials;
pub use error::ParseError;
pub use glance::Opening;
pub use host::Host;
pub use message::{CSeq, Headers, Message, Request, Response};
pub use method::Method;
pub use name::{HeaderName, Known};
pub use params::{Param, Params};
pub use parse::field_of_line;
pub use reason::ReasonValue;
pub use refer::{Replaces, uri_header};
pub use salvage::Salvaged;
pub use status::reason_phrase;
pub use uri::{Scheme, Uri};
pub use user_to_user::UserToUser;
pub use via::{MAGIC_COOKIE, Rport, Transport, Via};
pub use write::{LineBreak, Writer};
