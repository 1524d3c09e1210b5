//! Calls whose first phone speaks SRTP with keys in the description (SDES), and the second one plain RTP.

use std::net::SocketAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use throughline::media::srtp::Shield;
use throughline::sdp::{KEY_OCTETS, MasterKey, Session, SrtpKeys, SrtpUse, Suite};

const SUITE: Suite = Suite::AesCm80;
/// Of the phones, and of ours where nobody chooses them.
const PHONE: [u8; KEY_OCTETS] = [7; KEY_OCTETS];
const RELAY: [u8; KEY_OCTETS] = [9; KEY_OCTETS];

/// The first phones' ends, in the order of the calls; none in plain calls.
pub struct Phones {
    shields: Vec<Shield>,
    call_by_port: Vec<usize>,
}

/// As our relay has them.
pub fn keys() -> SrtpKeys {
    SrtpKeys { suite: SUITE, ours: MasterKey::new(SUITE, &RELAY), theirs: MasterKey::new(SUITE, &PHONE) }
}

/// As the phone has them, when the relay's key is `theirs`.
fn of_phone(theirs: MasterKey) -> SrtpKeys {
    SrtpKeys { suite: SUITE, ours: MasterKey::new(SUITE, &PHONE), theirs }
}

/// As the phone of one of our calls has them.
pub fn of_our_phone() -> SrtpKeys {
    of_phone(keys().ours)
}

/// What a plain description says when it is sealed.
pub fn description(plain: &str) -> String {
    let key = STANDARD.encode(PHONE);
    plain.replace("RTP/AVP", "RTP/SAVP") + &format!("a=crypto:1 {} inline:{key}\r\n", SUITE.name())
}

/// From the relay's answer to it.
pub fn answered(answer: &str) -> SrtpKeys {
    let session = Session::parse_for(answer.as_bytes(), SrtpUse::Require).expect("a description with keys");
    let crypto = session.audio.crypto.iter().find(|crypto| crypto.suite == SUITE);
    of_phone(crypto.unwrap_or_else(|| panic!("no key of {}: {answer}", SUITE.name())).key.clone())
}

impl Phones {
    pub fn new(calls: &[[SocketAddr; 2]], keys: &[SrtpKeys]) -> Phones {
        let mut call_by_port = vec![usize::MAX; 1 << 16];
        calls.iter().enumerate().for_each(|(nth, to)| call_by_port[usize::from(to[0].port())] = nth);
        Phones { shields: keys.iter().map(Shield::new).collect(), call_by_port }
    }

    /// What the phone of a call sends for this packet.
    pub fn seal<'a>(&'a mut self, call: usize, packet: &'a [u8]) -> &'a [u8] {
        match self.shields.get_mut(call) {
            Some(shield) => shield.seal_rtp(packet).expect("a packet of sound"),
            None => packet,
        }
    }

    /// What the phone that a relay's port belongs to makes of this packet; `None` when it is not genuine.
    pub fn open<'a>(&mut self, from: u16, packet: &'a mut [u8]) -> Option<&'a [u8]> {
        if self.shields.is_empty() {
            return Some(packet);
        }
        let length = self.shields.get_mut(self.call_by_port[usize::from(from)])?.open_rtp(packet).ok()?;
        packet.get(..length)
    }
}
