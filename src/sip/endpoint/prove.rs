//! Trunks whose address says nothing: their INVITE is asked for a password (RFC 3261 section 22.1), at no cost of memory.

use super::Endpoint;
use super::core::Way;
use super::register::Accounts;
use crate::base::Mono;
use crate::sip::auth::Verdict;
use crate::sip::wire::{Method, Request};

impl Endpoint {
    /// The trunk that an INVITE from nobody's address proves to be; `None` when it has been turned away or asked.
    pub(super) fn prove_trunk(&mut self, way: Way, request: &Request, now: Mono) -> Option<usize> {
        if self.trunk_by_user.is_empty() || *request.method() != Method::Invite {
            self.turn_away_stranger(way, request, now);
            return None;
        }
        let (verdict, trunk) = self.judge(request, Accounts::Trunks, now);
        if verdict != Verdict::Granted {
            self.challenge(way, request, verdict, now);
        }
        trunk.filter(|_| verdict == Verdict::Granted)
    }
}
