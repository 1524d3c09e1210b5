//! Which attributes of an audio stream travel from one leg to the other.

/// Written anew for each leg from what we know.
const OURS: [&str; 8] = ["rtpmap", "fmtp", "ptime", "maxptime", "sendrecv", "sendonly", "recvonly", "inactive"];

/// Belong to one transport, one key exchange or one bundle, which end at each leg.
const OF_ONE_LEG: [&str; 27] = [
    "acap",
    "acfg",
    "bundle-only",
    "candidate",
    "connection",
    "creq",
    "crypto",
    "csup",
    "direction",
    "end-of-candidates",
    "fingerprint",
    "key-mgmt",
    "mid",
    "msid",
    "oldmediaip",
    "oldmediaport",
    "pcfg",
    "remote-candidates",
    "rid",
    "setup",
    "simulcast",
    "source-filter",
    "tcap",
    "tls-id",
    "zrtp-hash",
    "nortpproxy",
    "X-nat",
];

/// Families of the same kind, by how their names begin.
const OF_ONE_LEG_BEGIN: [&str; 5] = ["ice-", "rtcp", "ssrc", "extmap", "msid-"];

/// Whether an unknown attribute of the stream describes the sound rather than the way it travels.
pub(super) fn travels(name: &str) -> bool {
    let is_listed = |list: &[&str]| list.iter().any(|listed| listed.eq_ignore_ascii_case(name));
    let begins = |start: &&str| name.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start));
    !is_listed(&OURS) && !is_listed(&OF_ONE_LEG) && !OF_ONE_LEG_BEGIN.iter().any(begins)
}

#[cfg(test)]
mod tests {
    use super::travels;

    #[test]
    fn keys_and_candidates_stay_on_their_leg() {
        for name in ["candidate", "ice-ufrag", "crypto", "rtcp-mux", "rtcp", "ssrc", "fingerprint", "ptime", "Setup"] {
            assert!(!travels(name), "{name}");
        }
        for name in ["silenceSupp", "label", "lang", "X-vendor", "é"] {
            assert!(travels(name), "{name}");
        }
    }
}
