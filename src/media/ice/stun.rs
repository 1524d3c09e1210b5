//! STUN (RFC 8489) as ICE uses it: binding requests with MESSAGE-INTEGRITY and FINGERPRINT, and the answers to them.

use std::net::{IpAddr, SocketAddr};

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use subtle::ConstantTimeEq;

use super::crc32::crc32;

/// A binding request whose form and fingerprint are right; whether it is genuine is asked with `is_signed_with`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request<'d> {
    datagram: &'d [u8],
    pub transaction: [u8; 12],
    /// `OURS:THEIRS`, as the peer has it.
    pub username: &'d str,
    pub use_candidate: bool,
    /// The peer takes the part that is ours: to be controlled.
    pub is_controlled: bool,
    /// Attributes that must be understood and are not (RFC 8489 section 14).
    pub unknown: Vec<u16>,
    /// Where MESSAGE-INTEGRITY begins.
    signed_to: usize,
}

/// What a request is answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The peer learns the address that it is seen at.
    Seen(SocketAddr),
    /// 487: both would be controlled (RFC 8445 section 7.3.1.1).
    RoleConflict,
    /// 420.
    Unknown(Vec<u16>),
}

const HEADER: usize = 20;
const COOKIE: u32 = 0x2112_a442;
const BINDING_REQUEST: u16 = 0x0001;
const BINDING_SUCCESS: u16 = 0x0101;
const BINDING_ERROR: u16 = 0x0111;
const USERNAME: u16 = 0x0006;
const MESSAGE_INTEGRITY: u16 = 0x0008;
const ERROR_CODE: u16 = 0x0009;
const UNKNOWN_ATTRIBUTES: u16 = 0x000a;
const XOR_MAPPED_ADDRESS: u16 = 0x0020;
const PRIORITY: u16 = 0x0024;
const USE_CANDIDATE: u16 = 0x0025;
const FINGERPRINT: u16 = 0x8028;
const ICE_CONTROLLED: u16 = 0x8029;
/// Below it an attribute must be understood.
const OPTIONAL: u16 = 0x8000;
const FINGERPRINT_XOR: u32 = 0x5354_554e;
const INTEGRITY_LENGTH: usize = 20;
/// An attribute's type and length.
const HEAD: usize = 4;
const UNKNOWN_MAX: usize = 8;

impl<'d> Request<'d> {
    /// `None` for what is no binding request, has no name or signature, or a fingerprint that is wrong.
    pub fn read(datagram: &'d [u8]) -> Option<Request<'d>> {
        let head: &[u8; HEADER] = datagram.first_chunk()?;
        let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
        let is_binding = u16::from_be_bytes([head[0], head[1]]) == BINDING_REQUEST;
        if !is_binding || head[4..8] != COOKIE.to_be_bytes() || length % 4 != 0 || datagram.len() != HEADER + length {
            return None;
        }
        let mut request = Request {
            datagram,
            transaction: *datagram.get(8..)?.first_chunk()?,
            username: "",
            use_candidate: false,
            is_controlled: false,
            unknown: Vec::new(),
            signed_to: 0,
        };
        request.read_attributes()?;
        (request.signed_to > 0 && !request.username.is_empty()).then_some(request)
    }

    /// What follows the signature counts for nothing (RFC 8489 section 14.5), but the fingerprint, which is the last.
    fn read_attributes(&mut self) -> Option<()> {
        let mut at = HEADER;
        while at < self.datagram.len() {
            let (kind, value, next) = attribute(self.datagram, at)?;
            match kind {
                FINGERPRINT => {
                    let expected = crc32(self.datagram.get(..at)?) ^ FINGERPRINT_XOR;
                    return (next == self.datagram.len() && value == expected.to_be_bytes()).then_some(());
                }
                _ if self.signed_to > 0 => {}
                MESSAGE_INTEGRITY if value.len() == INTEGRITY_LENGTH => self.signed_to = at,
                USERNAME => self.username = std::str::from_utf8(value).ok()?,
                USE_CANDIDATE => self.use_candidate = true,
                ICE_CONTROLLED => self.is_controlled = true,
                PRIORITY => {}
                other if other < OPTIONAL && self.unknown.len() < UNKNOWN_MAX => self.unknown.push(other),
                _ => {}
            }
            at = next;
        }
        None
    }

    /// Our part of the name.
    pub fn names(&self) -> Option<(&'d str, &'d str)> {
        self.username.split_once(':')
    }

    pub fn is_signed_with(&self, password: &str) -> bool {
        let Some(said) = self.datagram.get(self.signed_to + HEAD..).and_then(|rest| rest.get(..INTEGRITY_LENGTH))
        else {
            return false;
        };
        let Some(signed) = self.datagram.get(..self.signed_to) else { return false };
        sign(password, signed).ct_eq(said).into()
    }

    /// The whole answer, signed with the same password.
    pub fn answer(&self, answer: &Answer, password: &str) -> Vec<u8> {
        let kind = if let Answer::Seen(_) = answer { BINDING_SUCCESS } else { BINDING_ERROR };
        let mut message = begin(kind, &self.transaction);
        match answer {
            Answer::Seen(address) => push(&mut message, XOR_MAPPED_ADDRESS, &masked(*address, &self.transaction)),
            Answer::RoleConflict => push(&mut message, ERROR_CODE, &error_code(487, "Role Conflict")),
            Answer::Unknown(kinds) => {
                push(&mut message, ERROR_CODE, &error_code(420, "Unknown Attribute"));
                let kinds: Vec<u8> = kinds.iter().flat_map(|kind| kind.to_be_bytes()).collect();
                push(&mut message, UNKNOWN_ATTRIBUTES, &kinds);
            }
        }
        end(&mut message, password);
        message
    }
}

/// The kind and value of the attribute at a place, and where the next one begins.
fn attribute(datagram: &[u8], at: usize) -> Option<(u16, &[u8], usize)> {
    let head: &[u8; HEAD] = datagram.get(at..)?.first_chunk()?;
    let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
    let value = datagram.get(at + HEAD..)?.get(..length)?;
    Some((u16::from_be_bytes([head[0], head[1]]), value, at + HEAD + length.next_multiple_of(4)))
}

fn begin(kind: u16, transaction: &[u8; 12]) -> Vec<u8> {
    let mut message = Vec::with_capacity(96);
    message.extend(kind.to_be_bytes());
    message.extend([0, 0]);
    message.extend(COOKIE.to_be_bytes());
    message.extend(transaction);
    message
}

fn push(message: &mut Vec<u8>, kind: u16, value: &[u8]) {
    message.extend(kind.to_be_bytes());
    message.extend((value.len() as u16).to_be_bytes());
    message.extend(value);
    message.resize(message.len().next_multiple_of(4), 0);
}

fn end(message: &mut Vec<u8>, password: &str) {
    let signature = sign(password, message);
    push(message, MESSAGE_INTEGRITY, &signature);
    let whole = message.len() + HEAD + 4;
    set_length(message, whole);
    let fingerprint = crc32(message) ^ FINGERPRINT_XOR;
    push(message, FINGERPRINT, &fingerprint.to_be_bytes());
}

/// RFC 8489 section 14.5: over all that stands before, with the length as if the message ended with the signature.
fn sign(password: &str, before: &[u8]) -> [u8; INTEGRITY_LENGTH] {
    let length = (before.len() + HEAD + INTEGRITY_LENGTH - HEADER) as u16;
    let mut mac = Hmac::<Sha1>::new_from_slice(password.as_bytes()).unwrap_or_else(|_| Hmac::new(&Default::default()));
    mac.update(before.get(..2).unwrap_or_default());
    mac.update(&length.to_be_bytes());
    mac.update(before.get(4..).unwrap_or_default());
    mac.finalize().into_bytes().into()
}

fn set_length(message: &mut [u8], whole: usize) {
    let length = (whole - HEADER) as u16;
    if let Some(place) = message.get_mut(2..4) {
        place.copy_from_slice(&length.to_be_bytes());
    }
}

/// RFC 8489 section 14.2.
fn masked(address: SocketAddr, transaction: &[u8; 12]) -> Vec<u8> {
    let port = address.port() ^ (COOKIE >> 16) as u16;
    let mask = COOKIE.to_be_bytes().into_iter().chain(*transaction);
    let (family, octets) = match address.ip() {
        IpAddr::V4(ip) => (1, ip.octets().to_vec()),
        IpAddr::V6(ip) => (2, ip.octets().to_vec()),
    };
    let masked = octets.iter().zip(mask).map(|(octet, mask)| octet ^ mask);
    [0, family].into_iter().chain(port.to_be_bytes()).chain(masked).collect()
}

fn error_code(code: u16, phrase: &str) -> Vec<u8> {
    [0, 0, (code / 100) as u8, (code % 100) as u8].into_iter().chain(phrase.bytes()).collect()
}

/// What a browser sends and gets, for tests.
#[cfg(test)]
pub mod browser {
    use super::*;

    /// Attributes besides name, priority and signature.
    pub struct Check<'a> {
        pub transaction: [u8; 12],
        pub username: &'a str,
        pub password: &'a str,
        pub more: &'a [(u16, &'a [u8])],
    }

    pub const NOMINATES: (u16, &[u8]) = (USE_CANDIDATE, &[]);
    pub const CONTROLLED: (u16, &[u8]) = (ICE_CONTROLLED, &[0; 8]);

    impl Check<'_> {
        pub fn write(&self) -> Vec<u8> {
            let mut message = begin(BINDING_REQUEST, &self.transaction);
            push(&mut message, USERNAME, self.username.as_bytes());
            push(&mut message, PRIORITY, &[0x6e, 0, 1, 0xff]);
            self.more.iter().for_each(|(kind, value)| push(&mut message, *kind, value));
            end(&mut message, self.password);
            message
        }
    }

    /// The kind of an answer (success, or an error's code) and whether it is signed with this password.
    pub fn read_answer(datagram: &[u8], password: &str) -> Option<(u16, bool, [u8; 12])> {
        let kind = u16::from_be_bytes([*datagram.first()?, *datagram.get(1)?]);
        let (mut at, mut code, mut is_signed) = (HEADER, 200, false);
        while at < datagram.len() {
            let (attribute, value, next) = super::attribute(datagram, at)?;
            match attribute {
                ERROR_CODE => code = u16::from(value[2]) * 100 + u16::from(value[3]),
                MESSAGE_INTEGRITY => is_signed = sign(password, &datagram[..at]) == value,
                _ => {}
            }
            at = next;
        }
        (kind == BINDING_SUCCESS || kind == BINDING_ERROR).then_some((code, is_signed, *datagram[8..].first_chunk()?))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::browser::{CONTROLLED, Check, NOMINATES, read_answer};
    use super::*;

    /// RFC 5769 section 2.1: a request with the password "VOkJxbRl1RmTxUk/WvJxBt".
    const SAMPLE: [u8; 108] = [
        0x00, 0x01, 0x00, 0x58, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87,
        0xdf, 0xae, 0x80, 0x22, 0x00, 0x10, 0x53, 0x54, 0x55, 0x4e, 0x20, 0x74, 0x65, 0x73, 0x74, 0x20, 0x63, 0x6c,
        0x69, 0x65, 0x6e, 0x74, 0x00, 0x24, 0x00, 0x04, 0x6e, 0x00, 0x01, 0xff, 0x80, 0x29, 0x00, 0x08, 0x93, 0x2f,
        0xf9, 0xb1, 0x51, 0x26, 0x3b, 0x36, 0x00, 0x06, 0x00, 0x09, 0x65, 0x76, 0x74, 0x6a, 0x3a, 0x68, 0x36, 0x76,
        0x59, 0x20, 0x20, 0x20, 0x00, 0x08, 0x00, 0x14, 0x9a, 0xea, 0xa7, 0x0c, 0xbf, 0xd8, 0xcb, 0x56, 0x78, 0x1e,
        0xf2, 0xb5, 0xb2, 0xd3, 0xf2, 0x49, 0xc1, 0xb5, 0x71, 0xa2, 0x80, 0x28, 0x00, 0x04, 0xe5, 0x7a, 0x3b, 0xcf,
    ];
    const SAMPLE_PASSWORD: &str = "VOkJxbRl1RmTxUk/WvJxBt";

    fn check(more: &[(u16, &[u8])]) -> Vec<u8> {
        Check { transaction: [3; 12], username: "ours:theirs", password: "our-password", more }.write()
    }

    #[test]
    fn the_sample_of_the_rfc_is_read() {
        let request = Request::read(&SAMPLE).unwrap();
        assert_eq!((request.username, request.is_controlled, request.use_candidate), ("evtj:h6vY", true, false));
        assert!(request.is_signed_with(SAMPLE_PASSWORD) && !request.is_signed_with("another"));
        assert_eq!(request.names(), Some(("evtj", "h6vY")));
    }

    #[test]
    fn a_request_says_what_it_asks() {
        let datagram = check(&[NOMINATES, (0x0033, &[1, 2, 3])]);
        let request = Request::read(&datagram).unwrap();
        assert!(request.use_candidate && !request.is_controlled && request.is_signed_with("our-password"));
        assert_eq!(request.unknown, [0x33]);
        assert!(Request::read(&check(&[CONTROLLED])).unwrap().is_controlled);
    }

    #[test]
    fn answers_are_signed_and_say_the_address() {
        let datagram = check(&[]);
        let request = Request::read(&datagram).unwrap();
        let seen = Answer::Seen("192.0.2.1:32853".parse::<SocketAddr>().unwrap());
        for (answer, code) in [(seen.clone(), 200), (Answer::RoleConflict, 487), (Answer::Unknown(vec![0x33]), 420)] {
            let bytes = request.answer(&answer, "our-password");
            assert_eq!(read_answer(&bytes, "our-password"), Some((code, true, [3; 12])), "{answer:?}");
        }
        // RFC 5769 section 2.2 has this address under the cookie.
        let bytes = request.answer(&seen, "our-password");
        assert_eq!(bytes[20..32], [0x00, 0x20, 0x00, 0x08, 0x00, 0x01, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43]);
    }

    #[test]
    fn every_damage_is_seen() {
        let good = check(&[NOMINATES]);
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1;
            let passes = Request::read(&bad).is_some_and(|request| request.is_signed_with("our-password"));
            assert!(!passes, "octet {at}");
        }
        assert!(Request::read(&good[..good.len() - 8]).is_none(), "no fingerprint");
    }

    proptest! {
        #[test]
        fn reading_never_panics(datagram in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Request::read(&datagram);
        }

        #[test]
        fn damage_never_panics(at in 0usize..SAMPLE.len(), octet: u8) {
            let mut bytes = SAMPLE;
            bytes[at] = octet;
            if let Some(request) = Request::read(&bytes) {
                let _ = request.is_signed_with(SAMPLE_PASSWORD);
            }
        }
    }
}
