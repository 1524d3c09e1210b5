//! Trunks whose address says nothing: their INVITE is asked for a password (RFC 3261 section 22.1), at no cost of memory.

use super::Endpoint;
use super::core::Way;
use super::register::read;
use crate::base::Mono;
use crate::sip::auth::{Secrets, Verdict};
use crate::sip::wire::{self, Method, Request};

impl Endpoint {
    /// The trunk that an INVITE from nobody's address proves to be; `None` when it has been turned away or asked.
    pub(super) fn prove_trunk(&mut self, way: Way, request: &Request, now: Mono) -> Option<usize> {
        if self.trunk_by_user.is_empty() || *request.method() != Method::Invite {
            self.turn_away_stranger(way, request, now);
            return None;
        }
        let (verdict, trunk) = self.judge_trunk(request, now);
        if verdict != Verdict::Granted {
            self.challenge(way, request, verdict, now);
        }
        trunk.filter(|_| verdict == Verdict::Granted)
    }

    /// The first credentials that are good, or else the best that can be said of them; and whose they are.
    fn judge_trunk(&mut self, request: &Request, now: Mono) -> (Verdict, Option<usize>) {
        let mut best = Verdict::Wrong;
        let given = request.authorizations().chain(request.proxy_authorizations());
        for credentials in given.filter(wire::Credentials::is_digest).map(|given| read(&given)) {
            let trunk = self.trunk_by_user.get(&credentials.username).copied();
            let account = trunk.and_then(|trunk| self.core.setup.trunks.get(trunk)?.account.as_ref());
            let account = account.filter(|_| credentials.realm == self.core.setup.realm);
            let secrets = account.map(|account| Secrets { md5: &account.ha1_md5, sha256: &account.ha1_sha256 });
            match self.gate.check(&credentials, "INVITE", secrets, now) {
                Verdict::Granted => return (Verdict::Granted, trunk),
                Verdict::Stale => best = Verdict::Stale,
                Verdict::Wrong => {}
            }
        }
        (best, None)
    }
}
