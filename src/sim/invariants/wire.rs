//! Everything that leaves is a SIP message, and an INVITE gets one final answer.

use std::collections::HashMap;

use bytes::Bytes;

use crate::sip::wire::{Message, Method, Response};

#[derive(Default)]
pub(super) struct Wire {
    final_by_invite: HashMap<Invite, Final>,
}

/// Forbidden, without a transaction.
const STATELESS: u16 = 403;

/// Call-ID, CSeq and branch.
type Invite = (Vec<u8>, u32, Vec<u8>);
/// Status and To tag.
type Final = (u16, Vec<u8>);

impl Wire {
    pub fn transmit(&mut self, bytes: &Bytes) -> Option<String> {
        match Message::parse(bytes.clone()) {
            Err(error) => Some(format!("a datagram left that is no SIP message: {error}")),
            Ok(Message::Request(_)) => None,
            Ok(Message::Response(response)) => self.response(&response),
        }
    }

    fn response(&mut self, response: &Response) -> Option<String> {
        let cseq = response.cseq();
        if cseq.method != Method::Invite || response.status() < 200 {
            return None;
        }
        let key = (response.call_id().to_vec(), cseq.number, response.via_top().branch.to_vec());
        let said = (response.status(), response.to().tag.to_vec());
        let first = self.final_by_invite.entry(key).or_insert_with(|| said.clone());
        // A trunk that was none for a while: who turns strangers away remembers nothing of it.
        if first.0 == STATELESS {
            *first = said;
            return None;
        }
        (*first != said).then(|| format!("an INVITE was answered with {} and then with {}", first.0, said.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, tag: &str) -> Bytes {
        Bytes::from(format!(
            "SIP/2.0 {status} X\r\nVia: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bK1\r\nFrom: <sip:x@192.0.2.10>;tag=1\r\n\
             To: <sip:a@192.0.2.1>;tag={tag}\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n"
        ))
    }

    #[test]
    fn a_second_final_answer_is_found() {
        let mut wire = Wire::default();
        assert_eq!(wire.transmit(&answer(180, "a")), None);
        assert_eq!(wire.transmit(&answer(200, "a")), None);
        assert_eq!(wire.transmit(&answer(200, "a")), None, "sent again");
        assert!(wire.transmit(&answer(487, "a")).is_some(), "another status");
        assert!(wire.transmit(&answer(200, "b")).is_some(), "another tag");
        assert!(wire.transmit(&Bytes::from_static(b"hello")).is_some(), "nonsense");
    }
}
