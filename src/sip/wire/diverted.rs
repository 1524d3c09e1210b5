//! Diversion, History-Info and Remote-Party-ID (RFC 5806, RFC 7044): whose number was dialled at first, and who calls.

use super::address::NameAddr;
use super::message::Headers;
use super::name::HeaderName;
use super::refer::uri_header;
use crate::base::limits::{SIP_DIVERSIONS_MAX, SIP_HISTORY_DEPTH_MAX};

/// A party besides From and To.
#[derive(Clone, Copy, Debug)]
pub struct Party<'a> {
    pub address: NameAddr<'a>,
    /// It does not want to be shown.
    pub is_private: bool,
}

impl Headers {
    /// The first who diverted the call: each puts itself on top (RFC 5806 section 4). None of too many.
    pub fn first_diversion(&self) -> Option<Party<'_>> {
        let address = self.few(HeaderName::DIVERSION)?.last()?;
        Some(Party { address, is_private: is_full(address) })
    }

    /// The target with the lowest index: the one that was dialled (RFC 7044 section 5). None of too many.
    pub fn first_target(&self) -> Option<Party<'_>> {
        let indexed = self.few(HeaderName::HISTORY_INFO)?.filter_map(|address| Some((index(address)?, address)));
        let (_, address) = indexed.min_by(|one, other| one.0.cmp(&other.0))?;
        let wish = uri_header(address.uri.headers, "Privacy");
        let is_own = wish.is_some_and(|wish| !wish.eq_ignore_ascii_case(b"none"));
        let of_all = self.header(HeaderName::PRIVACY).unwrap_or_default().split(|byte| matches!(byte, b';' | b','));
        let is_asked = |word: &[u8]| ["history", "header"].iter().any(|all| word.eq_ignore_ascii_case(all.as_bytes()));
        Some(Party { address, is_private: is_own || of_all.map(<[u8]>::trim_ascii).any(is_asked) })
    }

    /// Who calls, by a Remote-Party-ID that was not found wrong.
    pub fn remote_party(&self) -> Option<Party<'_>> {
        let says = |party: &NameAddr<'_>, name, word: &str| {
            party.params.text(name).is_some_and(|value| value.eq_ignore_ascii_case(word.as_bytes()))
        };
        let calls = |party: &NameAddr<'_>| {
            (says(party, "party", "calling") || !party.params.has("party")) && !says(party, "screen", "no")
        };
        let address = self.few(HeaderName::REMOTE_PARTY_ID)?.find(calls)?;
        Some(Party { address, is_private: is_full(address) })
    }

    /// The values that can be read, if there are not too many.
    fn few<'a>(&'a self, name: HeaderName<'static>) -> Option<impl Iterator<Item = NameAddr<'a>> + use<'a>> {
        let is_few = self.list(name).nth(SIP_DIVERSIONS_MAX).is_none();
        is_few.then(|| self.addresses(name))
    }
}

/// `privacy=name` is about the display name alone.
fn is_full(party: NameAddr<'_>) -> bool {
    let wish = party.params.text("privacy");
    wish.is_some_and(|wish| [&b"full"[..], b"uri"].iter().any(|word| wish.eq_ignore_ascii_case(word)))
}

/// `1.2.1` in its parts.
fn index(entry: NameAddr<'_>) -> Option<Vec<u16>> {
    let text = std::str::from_utf8(entry.params.value("index")?).ok()?;
    let parts: Option<Vec<u16>> =
        text.split('.').take(SIP_HISTORY_DEPTH_MAX + 1).map(|part| part.parse().ok()).collect();
    parts.filter(|parts| parts.len() <= SIP_HISTORY_DEPTH_MAX)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::sip::wire::Request;

    fn read(fields: &str, reader: fn(&Headers) -> Option<Party<'_>>) -> Option<(String, bool)> {
        let text = format!(
            "INVITE sip:1@x SIP/2.0\r\nVia: SIP/2.0/UDP x;branch=z9hG4bKa\r\nMax-Forwards: 70\r\nFrom: <sip:2@x>;tag=a\r\n\
             To: <sip:1@x>\r\nCall-ID: a\r\nCSeq: 1 INVITE\r\nContact: <sip:2@x>\r\n{fields}Content-Length: 0\r\n\r\n"
        );
        let request = Request::parse(Bytes::from(text)).unwrap();
        reader(&request).map(|party| (party.address.uri.user_text(), party.is_private))
    }

    fn found(user: &str, is_private: bool) -> Option<(String, bool)> {
        Some((user.to_owned(), is_private))
    }

    #[test]
    fn the_lowest_diversion_is_the_first() {
        let read = |fields: &str| read(fields, Headers::first_diversion);
        assert_eq!(
            read("Diversion: <sip:3@x>;reason=no-answer, <tel:2>;counter=1\r\nDiversion: <sip:1@x>\r\n"),
            found("1", false)
        );
        assert_eq!(read("Diversion: <sip:3@x>;privacy=\"full\"\r\nDiversion: <sip:1@x\r\n"), found("3", true));
        assert_eq!(read("Diversion: nonsense, <\r\n"), None);
        assert_eq!(read(&"Diversion: <sip:1@x>\r\n".repeat(SIP_DIVERSIONS_MAX + 1)), None);
    }

    #[test]
    fn the_lowest_index_is_the_first_target() {
        let read = |fields: &str| read(fields, Headers::first_target);
        assert_eq!(
            read(
                "History-Info: <sip:3@x>;index=1.10, <sip:4@x>;index=1.2,<sip:1@x?Reason=SIP%3Bcause%3D302>;index=1\r\n"
            ),
            found("1", false)
        );
        assert_eq!(read("History-Info: <sip:1@x?Privacy=history>;index=1\r\n"), found("1", true));
        assert_eq!(read("Privacy: id;history\r\nHistory-Info: <sip:1@x>;index=1\r\n"), found("1", true));
        assert_eq!(read("History-Info: <sip:1@x>, <sip:2@x>;index=, <sip:3@x>;index=1.-1\r\n"), None);
        let deep = format!("History-Info: <sip:1@x>;index=1{}\r\n", ".1".repeat(SIP_HISTORY_DEPTH_MAX));
        assert_eq!(read(&deep), None);
    }

    #[test]
    fn the_party_that_calls_is_read() {
        let read = |fields: &str| read(fields, Headers::remote_party);
        assert_eq!(
            read("Remote-Party-ID: <sip:1@x>;party=called, \"A\" <sip:2@x>;party=calling;privacy=full;screen=yes\r\n"),
            found("2", true)
        );
        assert_eq!(read("Remote-Party-ID: <sip:2@x>;privacy=name\r\n"), found("2", false));
        assert_eq!(read("Remote-Party-ID: <sip:2@x>;screen=no\r\n"), None);
    }
}
