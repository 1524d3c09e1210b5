//! Over the mark: new calls and registrations are put off with the least work, and a stranger's flood is not even answered. What
//! belongs to a call or a transaction always passes.

use std::net::IpAddr;

use super::Endpoint;
use super::core::{Core, Way};
use super::names::{SessionId, Tag};
use super::stranger::AMPLIFICATION_MAX;
use crate::base::Mono;
use crate::base::limits::{SIP_TRANSACTIONS_MAX, STRANGER_PLACES, STRANGER_REQUESTS_AT_ONCE, STRANGER_REQUESTS_PER_S};
use crate::sip::api::Refusal;
use crate::sip::transaction::{ServerKey, key::KeyParts};
use crate::sip::wire::{HeaderName, Opening, reason_phrase};

/// What is put off at present.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PutOff {
    pub calls: bool,
    pub registrations: bool,
}

/// How much each address that is no trunk's may still open, in a table that does not grow: addresses that fall on one place
/// share it.
pub struct Allowances(Vec<Allowance>);

#[derive(Clone, Copy)]
struct Allowance {
    left: f32,
    since: Mono,
}

impl Allowances {
    pub fn new() -> Allowances {
        Allowances(vec![Allowance { left: STRANGER_REQUESTS_AT_ONCE as f32, since: Mono::ZERO }; STRANGER_PLACES])
    }

    /// `place`: any number that follows from the address.
    fn take(&mut self, place: u64, now: Mono) -> bool {
        let length = self.0.len().max(1) as u64;
        let Some(allowance) = self.0.get_mut((place % length) as usize) else { return true };
        let earned = now.since(allowance.since).as_secs_f32() * STRANGER_REQUESTS_PER_S as f32;
        allowance.left = (allowance.left + earned).min(STRANGER_REQUESTS_AT_ONCE as f32);
        allowance.since = now;
        if allowance.left < 1.0 {
            return false;
        }
        allowance.left -= 1.0;
        true
    }
}

impl Endpoint {
    pub fn put_off(&mut self, what: PutOff) {
        self.put_off = what;
    }

    /// True when the datagram is dealt with, from its bytes alone.
    pub(super) fn turn_away_unread(&mut self, way: Way, datagram: &[u8], now: Mono) -> bool {
        let over = self.over();
        let stranger = self.core.trunk_of(way).is_none() && self.core.streams.browser_of(way.0).is_none();
        if over == PutOff::default() && !stranger {
            return false;
        }
        let Some(opening) = Opening::read(datagram) else { return false };
        if stranger && !self.allowances.take(place_of(&self.core, way.1.ip()), now) {
            self.refused(Refusal::Overload, now);
            return true;
        }
        let is_over = opening.is_invite() && over.calls || opening.is_register() && over.registrations;
        if !is_over || self.core.transactions.server_of(&key_of(&opening)).is_some() {
            return false;
        }
        self.refused(Refusal::Overload, now);
        self.answer_unread(way, &opening, datagram.len());
        true
    }

    /// What the shell has asked for, and what follows from the limits.
    fn over(&self) -> PutOff {
        let is_full = self.core.transactions.len() >= SIP_TRANSACTIONS_MAX;
        let has_no_place = self.core.transactions.invite_servers() >= self.core.invites_max;
        PutOff {
            calls: self.put_off.calls || is_full || has_no_place,
            registrations: self.put_off.registrations || is_full,
        }
    }

    /// 503, the same each time (RFC 3261 sections 8.2.7, 21.5.4).
    fn answer_unread(&mut self, way: Way, opening: &Opening<'_>, asked: usize) {
        let nonce = self.core.digest(&[opening.via.branch, opening.call_id, opening.from_tag]);
        let tag = Tag { session: SessionId(0), nonce }.to_string();
        let after = 1 + self.core.retry_after().as_secs();
        let mut writer = opening.reply(503, reason_phrase(503), way.1, &tag);
        writer.push(HeaderName::RETRY_AFTER, after);
        let answer = writer.finish();
        if answer.len() <= AMPLIFICATION_MAX * asked {
            self.core.send((way.0, opening.via.reply_address(way.1)), answer);
        }
    }
}

fn place_of(core: &Core, address: IpAddr) -> u64 {
    match address {
        IpAddr::V4(address) => core.digest(&[&address.octets()]),
        // Whoever has one address of IPv6 has a /64 of them.
        IpAddr::V6(address) => core.digest(&[address.octets().get(..8).unwrap_or_default()]),
    }
}

fn key_of(opening: &Opening<'_>) -> ServerKey {
    ServerKey::new(&KeyParts {
        branch: opening.via.branch,
        sent_by: opening.via.sent_by,
        method: opening.method,
        call_id: opening.call_id,
        from_tag: opening.from_tag,
        cseq: opening.cseq,
    })
}
