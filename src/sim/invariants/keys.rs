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
    /// Another request inside the dialog: an INFO with a lower number comes too late (RFC 3261 section 12.2.2).
    Goes {
        dialog: Vec<u8>,
        cseq: u32,
    },
}

/// `None` for all others.
pub(super) fn read(bytes: &Bytes) -> Option<Said> {
    let Ok(Message::Request(request)) = Message::parse(bytes.clone()) else { return None };
    let (dialog, cseq) = (request.call_id().to_vec(), request.cseq().number);
    match request.method() {
        Method::Ack | Method::Cancel => None,
        Method::Invite if request.to().tag.is_empty() => Some(Said::Opens(dialog)),
        Method::Info => {
            let digit = std::str::from_utf8(request.body()).ok()?.strip_prefix("Signal=")?.chars().next()?;
            Some(Said::Key { dialog, cseq, digit })
        }
        _ => (!request.to().tag.is_empty()).then_some(Said::Goes { dialog, cseq }),
    }
}
