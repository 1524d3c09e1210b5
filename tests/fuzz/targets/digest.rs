//! The digest gate: nothing that a stranger can write opens it, and a right answer opens it once.

use std::time::Duration;

use bytes::Bytes;
use throughline::base::Mono;
use throughline::base::rng::Rng;
use throughline::sip::auth::{Algorithm, Credentials, Gate, NONCE_LIFE, Secrets, Verdict};
use throughline::sip::wire;

const REALM: &str = "calls.example.com";
const METHOD: &str = "REGISTER";

pub fn run(data: &[u8]) {
    let mut gate = Gate::new(Rng::from_number(1));
    let (md5, sha256) =
        [Algorithm::Md5, Algorithm::Sha256].map(|algorithm| algorithm.hash(&["desk7", REALM, "secret"])).into();
    let secrets = Secrets { md5: &md5, sha256: &sha256 };
    if let Some(given) = wire::Credentials::read(data) {
        let given = credentials_of(&given);
        assert_eq!(gate.check(&given, METHOD, Some(secrets), Mono::ZERO), Verdict::Wrong);
        assert_eq!(gate.check(&given, METHOD, None, Mono::ZERO), Verdict::Wrong);
        assert!(gate.is_empty(), "nothing is kept of a wrong answer");
        right_answer(&mut gate, &given, secrets);
    }
}

/// Reads a header value as the endpoint does.
fn credentials_of(given: &wire::Credentials<'_>) -> Credentials {
    let field = |name: &str| given.get(name).map(|v| String::from_utf8_lossy(&v).into_owned()).unwrap_or_default();
    Credentials {
        username: field("username"),
        realm: field("realm"),
        nonce: field("nonce"),
        uri: field("uri"),
        response: field("response"),
        algorithm: field("algorithm"),
        cnonce: field("cnonce"),
        nc: field("nc"),
        qop: field("qop"),
    }
}

/// A phone that knows the password, whose other fields are as strange as `given`.
fn right_answer(gate: &mut Gate, given: &Credentials, secrets: Secrets<'_>) {
    for algorithm in [Algorithm::Md5, Algorithm::Sha256] {
        let challenge = gate.challenges(REALM, &[algorithm], false, Mono::ZERO).pop().unwrap_or_default();
        let challenge = Bytes::from(challenge);
        let read = wire::Credentials::read(&challenge).expect("we read our challenges");
        let nonce = read.get("nonce").map(|v| String::from_utf8_lossy(&v).into_owned()).unwrap_or_default();
        let mut answer = Credentials { nonce, algorithm: algorithm.name().to_owned(), ..given.clone() };
        let ha1 = if algorithm == Algorithm::Md5 { secrets.md5 } else { secrets.sha256 };
        answer.response = answer.expected(algorithm, ha1, METHOD);
        let first = gate.check(&answer, METHOD, Some(secrets), Mono::ZERO);
        let second = gate.check(&answer, METHOD, Some(secrets), Mono::ZERO);
        assert!(second != Verdict::Granted, "the same answer opens once");
        assert!(first != Verdict::Stale, "a fresh nonce is not stale");
        let late = Mono::ZERO + NONCE_LIFE + Duration::from_secs(1);
        assert!(gate.check(&answer, METHOD, Some(secrets), late) != Verdict::Granted, "too late");
        answer.response.push('0');
        assert_eq!(gate.check(&answer, METHOD, Some(secrets), Mono::ZERO), Verdict::Wrong);
    }
}
