//! An answer with 300, 301 or 302: where the peer says that it is (RFC 3261 sections 8.1.3.4 and 21.3).

use std::cmp::Reverse;

use crate::base::Pii;
use crate::base::limits::SIP_CONTACTS_MAX;
use crate::sip::wire::{NameAddr, Response, Scheme};

/// The best first, without header fields; nothing of a 305 or 380, which mean something else.
pub fn contacts(response: &Response) -> Vec<Pii<String>> {
    if !(300..=302).contains(&response.status()) {
        return Vec::new();
    }
    let can_ring = |contact: &NameAddr<'_>| match contact.uri.scheme {
        Scheme::Sip | Scheme::Sips | Scheme::Tel => true,
        Scheme::Other => false,
    };
    let mut contacts: Vec<NameAddr<'_>> = response.contacts().filter(can_ring).take(SIP_CONTACTS_MAX).collect();
    contacts.sort_by_key(|contact| Reverse(preference(contact)));
    contacts.iter().map(plain).collect()
}

/// `q` in thousandths (RFC 3261 section 25.1); without one, or with nonsense, as good as can be.
fn preference(contact: &NameAddr<'_>) -> u16 {
    let Some((whole, part)) = contact.params.value("q").map(|q| q.split_at(q.len().min(1))) else { return 1000 };
    let digits = part.strip_prefix(b".").unwrap_or(part).iter().chain(b"000").take(3);
    let is_number = digits.clone().all(u8::is_ascii_digit);
    match whole {
        b"0" if is_number => digits.fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0')),
        _ => 1000,
    }
}

fn plain(contact: &NameAddr<'_>) -> Pii<String> {
    let raw = contact.uri.raw();
    let plain = raw.get(..memchr::memchr(b'?', raw).unwrap_or(raw.len())).unwrap_or(raw);
    Pii::new(String::from_utf8_lossy(plain).into_owned())
}
