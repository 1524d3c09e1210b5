//! Digest as a client (RFC 7616, RFC 8760): which challenge is answered, and what the answer says.

use super::auth::{Algorithm, Credentials};
use super::wire;
use crate::base::hex::to_hex;
use crate::base::limits::SIP_CHALLENGE_MAX;
use crate::base::rng::Rng;

/// What we answer a trunk's challenges with. It does not print its password.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    pub user: String,
    pub password: String,
}

/// A challenge that we can answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Challenge {
    pub realm: String,
    pub nonce: String,
    opaque: Option<String>,
    /// As the peer wrote it; empty when it wrote none, which is MD5.
    algorithm: String,
    /// The peer offers `auth`; without it the answer has the form of RFC 2069.
    has_qop: bool,
    /// The credentials were right but for their nonce.
    pub stale: bool,
}

/// The nonce that was answered last, and how often.
#[derive(Clone, Debug, Default)]
pub struct NonceUse {
    nonce: String,
    count: u32,
}

impl Challenge {
    /// For each realm the first challenge that we can answer (RFC 8760 section 2.4).
    pub fn answerable<'a>(given: impl Iterator<Item = wire::Credentials<'a>>) -> Vec<Challenge> {
        let mut found: Vec<Challenge> = Vec::new();
        for challenge in given.filter_map(|given| Challenge::read(&given)) {
            if found.len() < REALMS_MAX && !found.iter().any(|other| other.realm == challenge.realm) {
                found.push(challenge);
            }
        }
        found
    }

    /// `None` for another scheme, an algorithm that we do not know, `auth-int` alone, and what no sane server writes.
    fn read(given: &wire::Credentials<'_>) -> Option<Challenge> {
        let text = |name| match given.get(name) {
            Some(value) if value.len() <= SIP_CHALLENGE_MAX => String::from_utf8(value.into_owned()).ok().map(Some),
            Some(_) => None,
            None => Some(None),
        };
        let (qop, algorithm) = (text("qop")?, text("algorithm")?.unwrap_or_default());
        let offers_auth = |qop: &String| qop.split(',').any(|one| one.trim().eq_ignore_ascii_case("auth"));
        let can_answer = given.is_digest() && Algorithm::read(&algorithm).is_some();
        if !can_answer || qop.as_ref().is_some_and(|qop| !offers_auth(qop)) {
            return None;
        }
        Some(Challenge {
            realm: text("realm")??,
            nonce: text("nonce")??,
            opaque: text("opaque")?,
            algorithm,
            has_qop: qop.is_some(),
            stale: text("stale")?.is_some_and(|stale| stale.eq_ignore_ascii_case("true")),
        })
    }

    /// The value of `Authorization` or `Proxy-Authorization` for a request of `method` to `uri`.
    pub fn answer(&self, login: &Login, (method, uri): (&str, &str), used: &mut NonceUse, rng: &mut Rng) -> String {
        // `read` has seen that the algorithm is known.
        let algorithm = Algorithm::read(&self.algorithm).unwrap_or(Algorithm::Md5);
        let mut credentials = Credentials {
            username: login.user.clone(),
            realm: self.realm.clone(),
            nonce: self.nonce.clone(),
            uri: uri.to_owned(),
            algorithm: self.algorithm.clone(),
            ..Credentials::default()
        };
        if self.has_qop {
            let mut chance = [0; 8];
            rng.fill(&mut chance);
            (credentials.qop, credentials.cnonce) = ("auth".to_owned(), to_hex(&chance));
            credentials.nc = format!("{:08x}", used.next(&self.nonce));
        }
        let ha1 = algorithm.hash(&[&login.user, &self.realm, &login.password]);
        credentials.response = credentials.expected(algorithm, &ha1, method);
        self.written(&credentials)
    }

    fn written(&self, credentials: &Credentials) -> String {
        let Credentials { username, realm, nonce, uri, response, algorithm, cnonce, nc, qop } = credentials;
        let mut value = format!(
            "Digest username={}, realm={}, nonce={}, uri={}, response=\"{response}\"",
            quoted(username),
            quoted(realm),
            quoted(nonce),
            quoted(uri)
        );
        if !algorithm.is_empty() {
            value.push_str(&format!(", algorithm={algorithm}"));
        }
        if !qop.is_empty() {
            value.push_str(&format!(", cnonce=\"{cnonce}\", qop={qop}, nc={nc}"));
        }
        if let Some(opaque) = &self.opaque {
            value.push_str(&format!(", opaque={}", quoted(opaque)));
        }
        value
    }
}

/// Realms that one answer may name; a request passes few proxies that ask for a password.
const REALMS_MAX: usize = 4;

impl NonceUse {
    /// The count of this use; a nonce that is not the last one begins anew.
    fn next(&mut self, nonce: &str) -> u32 {
        if self.nonce != nonce {
            *self = NonceUse { nonce: nonce.to_owned(), count: 0 };
        }
        self.count = self.count.saturating_add(1);
        self.count
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("<login>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str) -> Option<Challenge> {
        Challenge::read(&wire::Credentials::read(value.as_bytes())?)
    }

    fn answer(challenge: &str, used: &mut NonceUse) -> String {
        let login = Login { user: "+12015550100".into(), password: "it is \"secret\"".into() };
        let challenge = read(challenge).expect("a challenge");
        challenge.answer(&login, ("INVITE", "sip:1@example.com"), used, &mut Rng::from_number(1))
    }

    /// What a server computes from the answer alone is what the answer says.
    fn is_right(answer: &str, algorithm: Algorithm, realm: &str) -> bool {
        let given = wire::Credentials::read(answer.as_bytes()).expect("credentials");
        let text = |name| given.get(name).map(|v| String::from_utf8_lossy(&v).into_owned()).unwrap_or_default();
        let credentials = Credentials {
            nonce: text("nonce"),
            uri: text("uri"),
            cnonce: text("cnonce"),
            nc: text("nc"),
            qop: text("qop"),
            ..Credentials::default()
        };
        let ha1 = algorithm.hash(&["+12015550100", realm, "it is \"secret\""]);
        text("response") == credentials.expected(algorithm, &ha1, "INVITE")
    }

    #[test]
    fn every_usual_challenge_is_answered() {
        for (challenge, algorithm, says) in [
            (r#"Digest realm="a", nonce="n""#, Algorithm::Md5, "uri="),
            (r#"Digest realm="a", nonce="n", algorithm=MD5, qop="auth""#, Algorithm::Md5, "qop=auth, nc=00000001"),
            (
                r#"Digest realm="a",nonce="n",algorithm=SHA-256,qop="auth,auth-int""#,
                Algorithm::Sha256,
                "algorithm=SHA-256",
            ),
            (r#"Digest realm="a", nonce="n", qop=auth, opaque="x\"y""#, Algorithm::Md5, r#"opaque="x\"y""#),
            (
                r#"digest Realm="a", NONCE="n", Algorithm=sha-256, QOP="auth-int , AUTH""#,
                Algorithm::Sha256,
                "qop=auth,",
            ),
        ] {
            let answer = answer(challenge, &mut NonceUse::default());
            assert!(is_right(&answer, algorithm, "a") && answer.contains(says), "{challenge}: {answer}");
        }
        assert!(!answer(r#"Digest realm="a", nonce="n""#, &mut NonceUse::default()).contains("qop"));
    }

    #[test]
    fn the_count_is_hexadecimal_and_belongs_to_its_nonce() {
        let mut used = NonceUse::default();
        let one = r#"Digest realm="a", nonce="one", qop="auth""#;
        let counts: Vec<String> = (0..12).map(|_| answer(one, &mut used)).collect();
        assert!(counts[9].contains("nc=0000000a") && counts[11].contains("nc=0000000c"), "{counts:?}");
        assert!(answer(r#"Digest realm="a", nonce="two", qop="auth""#, &mut used).contains("nc=00000001"));
    }

    #[test]
    fn what_cannot_be_answered_is_left() {
        let long = format!("Digest realm=\"a\", nonce=\"{}\"", "n".repeat(SIP_CHALLENGE_MAX + 1));
        for challenge in [
            "Basic realm=\"a\"",
            "Digest realm=\"a\"",
            "Digest nonce=\"n\"",
            r#"Digest realm="a", nonce="n", algorithm=SHA-512-256"#,
            r#"Digest realm="a", nonce="n", algorithm=MD5-sess"#,
            r#"Digest realm="a", nonce="n", qop="auth-int""#,
            r#"Digest realm="a", nonce="n", nonce="m""#,
            &long,
        ] {
            assert_eq!(read(challenge), None, "{challenge}");
        }
    }

    #[test]
    fn the_first_of_each_realm_is_taken() {
        let given = [
            r#"Digest realm="a", nonce="1", algorithm=SHA-512-256"#,
            r#"Digest realm="a", nonce="2", algorithm=SHA-256"#,
            r#"Digest realm="a", nonce="3""#,
            r#"Digest realm="b", nonce="4", stale=TRUE"#,
        ];
        let found = Challenge::answerable(given.iter().filter_map(|one| wire::Credentials::read(one.as_bytes())));
        let found: Vec<_> = found.iter().map(|one| (one.nonce.as_str(), one.stale)).collect();
        assert_eq!(found, [("2", false), ("4", true)]);
    }

    #[test]
    fn a_password_is_never_printed() {
        let login = Login { user: "carrier-user".into(), password: "secret".into() };
        assert_eq!(format!("{login:?}"), "<login>");
    }
}
