//! What of a trunk's INVITE is believed, and where the number stands that was dialled.

use crate::sip::claims::{Claims, DialledFrom};

use super::fault::Faults;
use super::tree::Section;

const PLACES: [(&str, DialledFrom); 5] = [
    ("request-uri", DialledFrom::RequestUri),
    ("to", DialledFrom::To),
    ("diversion", DialledFrom::Diversion),
    ("history-info", DialledFrom::HistoryInfo),
    ("p-called-party-id", DialledFrom::CalledParty),
];

/// Whether the trunk is trusted, and what follows.
pub(super) fn read(section: &mut Section<'_>, faults: &mut Faults<'_>) -> (bool, Claims) {
    let trusted = section.flag("trusted", false, faults);
    let place = section.text("dialled_from", faults).and_then(|text| text.word(&PLACES, faults));
    let given = section.item("remote_party_id");
    let remote_party_id = section.flag("remote_party_id", false, faults);
    if let Some(item) = given.filter(|_| remote_party_id && !trusted) {
        faults.add(
            &item.place,
            "asks a trunk for identities that are not believed",
            "write trusted = true, if the trunk verifies them, or leave it out",
        );
    }
    (trusted, Claims { dialled_from: place.unwrap_or_default(), remote_party_id })
}
