//! Digest as a server (RFC 7616, RFC 8760): challenges that cost no state, and their check.

use std::collections::BTreeMap;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::base::Mono;
use crate::base::hex::to_hex;
use crate::base::limits::NONCES_IN_USE_MAX;
use crate::base::rng::Rng;

/// How long a nonce may be used; after it the client is told `stale=true` and asks no person.
pub const NONCE_LIFE: Duration = Duration::from_secs(300);

/// The algorithms that are understood; which of them are offered is configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    Sha256,
    Md5,
}

/// The fields of an `Authorization` header field, as written but without quotes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Credentials {
    pub username: String,
    pub realm: String,
    pub nonce: String,
    pub uri: String,
    pub response: String,
    /// Empty means MD5 (RFC 7616 section 3.3).
    pub algorithm: String,
    pub cnonce: String,
    /// Eight hexadecimal digits.
    pub nc: String,
    /// Empty: the client speaks RFC 2069; its nonce serves once.
    pub qop: String,
}

/// H(user:realm:password) for each algorithm, as lower-case hexadecimal.
#[derive(Clone, Copy)]
pub struct Secrets<'a> {
    pub md5: &'a str,
    pub sha256: &'a str,
}

/// What the credentials are worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Granted,
    /// The password is right, but the nonce is too old or this count of it was used: challenge with `stale=true`.
    Stale,
    Wrong,
}

/// Makes and checks nonces; remembers only those that were used with a right password.
pub struct Gate {
    key: [u8; 32],
    chance: Rng,
    window_by_nonce: BTreeMap<Nonce, Window>,
    /// Nonces up to here have been forgotten and count as stale.
    floor: Option<Mono>,
}

/// When it was made, then chance; ordered by age.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Nonce {
    made: Mono,
    chance: u64,
}

/// Which counts of a nonce were seen: the highest, and the 64 below it.
#[derive(Clone, Copy, Debug, Default)]
struct Window {
    highest: u32,
    seen: u64,
}

impl Gate {
    pub fn new(mut rng: Rng) -> Gate {
        let mut key = [0; 32];
        rng.fill(&mut key);
        Gate { key, chance: rng, window_by_nonce: BTreeMap::new(), floor: None }
    }

    /// The values of as many `WWW-Authenticate` header fields as there are `algorithms`, in their order.
    pub fn challenges(&mut self, realm: &str, algorithms: &[Algorithm], stale: bool, now: Mono) -> Vec<String> {
        let nonce = Nonce { made: now, chance: self.chance.u64() };
        let nonce = self.written(nonce);
        let stale = if stale { ", stale=true" } else { "" };
        let challenge = |algorithm: &Algorithm| {
            let name = algorithm.name();
            format!("Digest realm=\"{realm}\", nonce=\"{nonce}\", algorithm={name}, qop=\"auth\"{stale}")
        };
        algorithms.iter().map(challenge).collect()
    }

    /// Judges `credentials` for a request of `method`; `None` for a user that nobody is takes as long as a wrong password.
    pub fn check(
        &mut self,
        credentials: &Credentials,
        method: &str,
        secrets: Option<Secrets<'_>>,
        now: Mono,
    ) -> Verdict {
        let Some(algorithm) = Algorithm::read(&credentials.algorithm) else { return Verdict::Wrong };
        let Some(nonce) = self.read(&credentials.nonce) else { return Verdict::Wrong };
        let Some(count) = credentials.count() else { return Verdict::Wrong };
        let ha1 = secrets.map_or("", |secrets| algorithm.secret(secrets));
        let expected = credentials.expected(algorithm, ha1, method);
        let given = credentials.response.to_ascii_lowercase();
        let right = bool::from(expected.as_bytes().ct_eq(given.as_bytes()));
        if !right || ha1.is_empty() {
            return Verdict::Wrong;
        }
        if Some(nonce.made) <= self.floor || now.since(nonce.made) > NONCE_LIFE || !self.take(nonce, count, now) {
            return Verdict::Stale;
        }
        Verdict::Granted
    }

    /// Nonces that are remembered.
    pub fn len(&self) -> usize {
        self.window_by_nonce.len()
    }

    pub fn is_empty(&self) -> bool {
        self.window_by_nonce.is_empty()
    }

    /// False when this count of the nonce was used before, or is too far below the highest one to know.
    fn take(&mut self, nonce: Nonce, count: u32, now: Mono) -> bool {
        self.forget_old(now);
        let taken = self.window_by_nonce.entry(nonce).or_default().take(count);
        if self.window_by_nonce.len() > NONCES_IN_USE_MAX {
            self.forget_oldest();
        }
        taken
    }

    fn forget_old(&mut self, now: Mono) {
        while self.window_by_nonce.first_key_value().is_some_and(|(nonce, _)| now.since(nonce.made) > NONCE_LIFE) {
            self.window_by_nonce.pop_first();
        }
    }

    fn forget_oldest(&mut self) {
        if let Some((nonce, _)) = self.window_by_nonce.pop_first() {
            self.floor = self.floor.max(Some(nonce.made));
        }
    }

    fn written(&self, nonce: Nonce) -> String {
        format!("{:016x}{:016x}{}", nonce.made.0, nonce.chance, to_hex(&self.seal(nonce)))
    }

    fn read(&self, text: &str) -> Option<Nonce> {
        let made = u64::from_str_radix(text.get(..16)?, 16).ok()?;
        let chance = u64::from_str_radix(text.get(16..32)?, 16).ok()?;
        let nonce = Nonce { made: Mono(made), chance };
        let genuine = self.written(nonce).as_bytes().ct_eq(text.as_bytes());
        bool::from(genuine).then_some(nonce)
    }

    /// The first 16 bytes of an HMAC over the nonce, so that only ours are taken.
    fn seal(&self, nonce: Nonce) -> [u8; 16] {
        let mut sealed = [0; 16];
        if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.key) {
            mac.update(&nonce.made.0.to_be_bytes());
            mac.update(&nonce.chance.to_be_bytes());
            sealed.copy_from_slice(&mac.finalize().into_bytes()[..16]);
        }
        sealed
    }
}

impl Window {
    fn take(&mut self, count: u32) -> bool {
        if count > self.highest {
            let shift = count - self.highest;
            self.seen = self.seen.checked_shl(shift).unwrap_or(0) | 1;
            self.highest = count;
            return true;
        }
        let Some(bit) = 1u64.checked_shl(self.highest - count) else { return false };
        let fresh = self.seen & bit == 0;
        self.seen |= bit;
        fresh
    }
}

impl Algorithm {
    /// As RFC 8760 spells it: `SHA-256`, `MD5`.
    pub fn name(self) -> &'static str {
        match self {
            Algorithm::Sha256 => "SHA-256",
            Algorithm::Md5 => "MD5",
        }
    }

    /// Any case; empty is MD5. `None` for one that we do not know.
    pub fn read(text: &str) -> Option<Algorithm> {
        if text.is_empty() || text.eq_ignore_ascii_case("MD5") {
            return Some(Algorithm::Md5);
        }
        text.eq_ignore_ascii_case("SHA-256").then_some(Algorithm::Sha256)
    }

    fn secret(self, secrets: Secrets<'_>) -> &str {
        match self {
            Algorithm::Sha256 => secrets.sha256,
            Algorithm::Md5 => secrets.md5,
        }
    }

    /// H(parts joined by colons), as lower-case hexadecimal.
    pub fn hash(self, parts: &[&str]) -> String {
        let text = parts.join(":");
        match self {
            Algorithm::Sha256 => to_hex(&Sha256::digest(text.as_bytes())),
            Algorithm::Md5 => to_hex(&Md5::digest(text.as_bytes())),
        }
    }
}

impl Credentials {
    /// What `response` must be (RFC 7616 section 3.4.1), by the same steps that a client takes.
    pub fn expected(&self, algorithm: Algorithm, ha1: &str, method: &str) -> String {
        let ha2 = algorithm.hash(&[method, &self.uri]);
        if self.qop.is_empty() {
            return algorithm.hash(&[ha1, &self.nonce, &ha2]);
        }
        algorithm.hash(&[ha1, &self.nonce, &self.nc, &self.cnonce, "auth", &ha2])
    }

    /// The nonce count, 1 without `qop`; `None` when it is not hexadecimal, zero, or asks for a protection other than `auth`.
    fn count(&self) -> Option<u32> {
        if self.qop.is_empty() {
            return Some(1);
        }
        if !self.qop.split(',').any(|one| one.trim().eq_ignore_ascii_case("auth")) || self.cnonce.is_empty() {
            return None;
        }
        u32::from_str_radix(&self.nc, 16).ok().filter(|count| *count > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REALM: &str = "calls.example.com";
    const BOTH: [Algorithm; 2] = [Algorithm::Sha256, Algorithm::Md5];

    fn gate() -> Gate {
        Gate::new(Rng::from_number(3))
    }

    fn at(seconds: u64) -> Mono {
        Mono::ZERO + Duration::from_secs(seconds)
    }

    fn nonce_of(challenge: &str) -> String {
        challenge.split("nonce=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or("").to_owned()
    }

    fn answer(algorithm: Algorithm, nonce: &str, nc: &str, password: &str) -> Credentials {
        let mut credentials = Credentials {
            username: "desk7".into(),
            realm: REALM.into(),
            nonce: nonce.into(),
            uri: "sip:calls.example.com".into(),
            algorithm: algorithm.name().into(),
            cnonce: "0a4f113b".into(),
            nc: nc.into(),
            qop: "auth".into(),
            response: String::new(),
        };
        let ha1 = algorithm.hash(&["desk7", REALM, password]);
        credentials.response = credentials.expected(algorithm, &ha1, "REGISTER");
        credentials
    }

    fn judge(gate: &mut Gate, credentials: &Credentials, now: Mono) -> Verdict {
        let (md5, sha256) =
            (Algorithm::Md5.hash(&["desk7", REALM, "secret"]), Algorithm::Sha256.hash(&["desk7", REALM, "secret"]));
        gate.check(credentials, "REGISTER", Some(Secrets { md5: &md5, sha256: &sha256 }), now)
    }

    /// The worked examples of RFC 7616 section 3.9.1.
    #[test]
    fn the_examples_of_the_rfc_come_out() {
        for (algorithm, response) in [
            (Algorithm::Md5, "8ca523f5e9506fed4657c9700eebdbec"),
            (Algorithm::Sha256, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        ] {
            let credentials = Credentials {
                nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v".into(),
                uri: "/dir/index.html".into(),
                cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ".into(),
                nc: "00000001".into(),
                qop: "auth".into(),
                ..Credentials::default()
            };
            let ha1 = algorithm.hash(&["Mufasa", "http-auth@example.org", "Circle of Life"]);
            assert_eq!(credentials.expected(algorithm, &ha1, "GET"), response);
        }
    }

    #[test]
    fn both_algorithms_are_offered_the_stronger_first_and_both_open() {
        let mut gate = gate();
        let challenges = gate.challenges(REALM, &BOTH, false, at(1));
        assert!(challenges[0].contains("algorithm=SHA-256") && challenges[1].contains("algorithm=MD5"));
        assert!(!challenges[0].contains("stale"));
        let nonce = nonce_of(&challenges[0]);
        assert_eq!(judge(&mut gate, &answer(Algorithm::Sha256, &nonce, "00000001", "secret"), at(2)), Verdict::Granted);
        assert_eq!(judge(&mut gate, &answer(Algorithm::Md5, &nonce, "00000002", "secret"), at(2)), Verdict::Granted);
    }

    #[test]
    fn what_is_wrong_is_wrong_and_leaves_nothing() {
        let mut gate = gate();
        let nonce = nonce_of(&gate.challenges(REALM, &BOTH, false, at(1))[0]);
        let good = answer(Algorithm::Sha256, &nonce, "00000001", "secret");
        let forged = nonce.replace(&nonce[40..44], "ffff");
        for bad in [
            answer(Algorithm::Sha256, &nonce, "00000001", "guess"),
            answer(Algorithm::Sha256, &forged, "00000001", "secret"),
            answer(Algorithm::Sha256, &nonce, "0000000g", "secret"),
            answer(Algorithm::Sha256, &nonce, "00000000", "secret"),
            Credentials { qop: "auth-int".into(), ..good.clone() },
            Credentials { algorithm: "SHA-512".into(), ..good.clone() },
            Credentials { nonce: "\u{e9}\u{e9}".into(), ..good.clone() },
        ] {
            assert_eq!(judge(&mut gate, &bad, at(2)), Verdict::Wrong, "{bad:?}");
        }
        assert_eq!(gate.check(&good, "REGISTER", None, at(2)), Verdict::Wrong);
        assert!(gate.is_empty());
    }

    #[test]
    fn a_count_is_hexadecimal_and_serves_once() {
        let mut gate = gate();
        let nonce = nonce_of(&gate.challenges(REALM, &BOTH, false, at(1))[0]);
        for (nc, verdict) in [
            ("00000009", Verdict::Granted),
            ("00000009", Verdict::Stale),
            ("00000010", Verdict::Granted),
            ("0000000a", Verdict::Granted),
            ("0000000a", Verdict::Stale),
            ("00001000", Verdict::Granted),
            ("0000000b", Verdict::Stale),
            ("ffffffff", Verdict::Granted),
        ] {
            assert_eq!(judge(&mut gate, &answer(Algorithm::Sha256, &nonce, nc, "secret"), at(2)), verdict, "{nc}");
        }
    }

    #[test]
    fn an_old_nonce_is_stale_and_forgotten() {
        let mut gate = gate();
        let old = nonce_of(&gate.challenges(REALM, &BOTH, false, at(1))[0]);
        assert_eq!(judge(&mut gate, &answer(Algorithm::Md5, &old, "00000001", "secret"), at(2)), Verdict::Granted);
        assert_eq!(judge(&mut gate, &answer(Algorithm::Md5, &old, "00000002", "secret"), at(400)), Verdict::Stale);
        let fresh = nonce_of(&gate.challenges(REALM, &BOTH, true, at(400))[0]);
        assert_eq!(judge(&mut gate, &answer(Algorithm::Md5, &fresh, "00000001", "secret"), at(401)), Verdict::Granted);
        assert_eq!(gate.len(), 1);
    }

    #[test]
    fn a_client_without_qop_gets_one_use_of_a_nonce() {
        let mut gate = gate();
        let nonce = nonce_of(&gate.challenges(REALM, &BOTH, false, at(1))[0]);
        let mut old = Credentials { qop: String::new(), ..answer(Algorithm::Md5, &nonce, "", "secret") };
        old.response = old.expected(Algorithm::Md5, &Algorithm::Md5.hash(&["desk7", REALM, "secret"]), "REGISTER");
        assert_eq!(judge(&mut gate, &old, at(2)), Verdict::Granted);
        assert_eq!(judge(&mut gate, &old, at(2)), Verdict::Stale);
    }
}
