//! Everything that leaves is a SIP message, and an INVITE gets one final answer.

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;

use crate::base::Mono;
use crate::sip::wire::{Message, Method, Response};

#[derive(Default)]
pub(super) struct Wire {
    /// With the time of the first.
    final_by_invite: HashMap<Invite, (Final, Mono)>,
}

/// So long an INVITE is known that was answered (64 T1, timer L of RFC 6026 section 7.1): what the network keeps back for longer is another one.
const KNOWN: Duration = Duration::from_secs(32);

/// Forbidden, without a transaction.
const STATELESS: u16 = 403;

/// Call-ID, CSeq and branch.
type Invite = (Vec<u8>, u32, Vec<u8>);
/// Status and To tag.
type Final = (u16, Vec<u8>);

impl Wire {
    pub fn transmit(&mut self, bytes: &Bytes, now: Mono) -> Option<String> {
        match Message::parse(bytes.clone()) {
            Err(error) => Some(format!("a datagram left that is no SIP message: {error}")),
            Ok(Message::Request(_)) => None,
            Ok(Message::Response(response)) => self.response(&response, now),
        }
    }

    fn response(&mut self, response: &Response, now: Mono) -> Option<String> {
        let cseq = response.cseq();
        if cseq.method != Method::Invite || response.status() < 200 {
            return None;
        }
        let key = (response.call_id().to_vec(), cseq.number, response.via_top().branch.to_vec());
        let said = (response.status(), response.to().tag.to_vec());
        let (first, since) = self.final_by_invite.entry(key).or_insert_with(|| (said.clone(), now));
        if *first != said && now.since(*since) >= KNOWN {
            (*first, *since) = (said, now);
            return None;
        }
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
        let mut says = |s: u64, bytes: Bytes| wire.transmit(&bytes, Mono(s * 1_000_000_000)).is_some();
        assert!(!says(0, answer(180, "a")));
        assert!(!says(1, answer(200, "a")));
        assert!(!says(2, answer(200, "a")), "sent again");
        assert!(says(3, answer(487, "a")), "another status");
        assert!(says(4, answer(200, "b")), "another tag");
        assert!(says(5, Bytes::from_static(b"hello")), "nonsense");
        assert!(!says(33, answer(200, "b")), "the INVITE is known no more");
    }
}
