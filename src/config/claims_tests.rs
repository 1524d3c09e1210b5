//! What the configuration says of a trunk's claims.

use super::tests::{check, plan, small};
use crate::sip::claims::{Claims, DialledFrom};

const TRUNK: &str = "networks = [\"192.0.2.20\"]";

fn claims(more: &str) -> Claims {
    plan(&small().replacen(TRUNK, &format!("{TRUNK}\n{more}"), 1)).settings.endpoint.trunks[0].claims
}

#[test]
fn a_trunk_says_where_the_dialled_number_stands() {
    assert_eq!(claims(""), Claims::default());
    for (word, place) in [
        ("request-uri", DialledFrom::RequestUri),
        ("to", DialledFrom::To),
        ("diversion", DialledFrom::Diversion),
        ("history-info", DialledFrom::HistoryInfo),
        ("p-called-party-id", DialledFrom::CalledParty),
    ] {
        assert_eq!(claims(&format!("dialled_from = \"{word}\"")).dialled_from, place);
    }
    let odd = format!("{TRUNK}\ndialled_from = \"divertion\"");
    check(TRUNK, &odd, "dialled_from", "trunks[0].dialled_from", "did you mean \"diversion\"?");
}

#[test]
fn remote_party_id_is_for_trusted_trunks() {
    assert!(claims("trusted = true\nremote_party_id = true").remote_party_id);
    assert!(!claims("remote_party_id = false").remote_party_id);
    let odd = format!("{TRUNK}\nremote_party_id = true");
    check(TRUNK, &odd, "remote_party_id", "trunks[0].remote_party_id", "write trusted = true");
}
