//! What the checkers read of phones' messages: calls that are opened, and keys.

use bytes::Bytes;

use crate::sip::wire::{Message, Method};

/// What a message of a phone says.
pub(super) enum Said {
    /// Somebody calls, in the dialog of this Call-ID.
    Opens(Vec<u8>),
    Key {
        dialog: Vec<u8>,
        cseq: u32,
        digit: char,
    },
}

/// `None` for all others.
pub(super) fn read(bytes: &Bytes) -> Option<Said> {
    if !bytes.starts_with(b"INVITE ") && !bytes.starts_with(b"INFO ") {
        return None;
    }
    let Ok(Message::Request(request)) = Message::parse(bytes.clone()) else { return None };
    let dialog = request.call_id().to_vec();
    match request.method() {
        Method::Invite => request.to().tag.is_empty().then_some(Said::Opens(dialog)),
        _ => {
            let digit = std::str::from_utf8(request.body()).ok()?.strip_prefix("Signal=")?.chars().next()?;
            Some(Said::Key { dialog, cseq: request.cseq().number, digit })
        }
    }
}
