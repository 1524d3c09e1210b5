//! Names of header fields: those that we know, with their compact forms, and all others.

use std::fmt;

use super::lex;

/// The name of a header field; compared without regard to case (RFC 3261 section 7.3.1).
#[derive(Clone, Copy)]
pub enum HeaderName<'a> {
    Known(Known),
    Other(&'a [u8]),
}

macro_rules! known {
    ($($constant:ident $variant:ident $name:literal $(compact $compact:literal)?,)*) => {
        /// A header field that has a number in our tables.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Known {
            $($variant,)*
        }

        impl Known {
            /// How many there are.
            pub(super) const COUNT: usize = [$(Known::$variant,)*].len();
            const ALL: &'static [(&'static str, Known)] = &[$(($name, Known::$variant),)*];

            /// The full name, as RFC 3261 writes it.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Known::$variant => $name,)*
                }
            }

            /// The full name as a line begins with it.
            fn begin(self) -> &'static str {
                match self {
                    $(Known::$variant => concat!($name, ": "),)*
                }
            }

            fn compact(letter: u8) -> Option<Known> {
                match letter.to_ascii_lowercase() {
                    $($($compact => Some(Known::$variant),)?)*
                    _ => None,
                }
            }
        }

        /// So that `HeaderName::VIA` can be written.
        impl HeaderName<'static> {
            $(pub const $constant: HeaderName<'static> = HeaderName::Known(Known::$variant);)*
        }
    };
}

known! {
    ACCEPT Accept "Accept",
    ACCEPT_ENCODING AcceptEncoding "Accept-Encoding",
    ACCEPT_LANGUAGE AcceptLanguage "Accept-Language",
    ALERT_INFO AlertInfo "Alert-Info",
    ALLOW Allow "Allow",
    ALLOW_EVENTS AllowEvents "Allow-Events" compact b'u',
    AUTHENTICATION_INFO AuthenticationInfo "Authentication-Info",
    AUTHORIZATION Authorization "Authorization",
    CALL_ID CallId "Call-ID" compact b'i',
    CALL_INFO CallInfo "Call-Info",
    CONTACT Contact "Contact" compact b'm',
    CONTENT_DISPOSITION ContentDisposition "Content-Disposition",
    CONTENT_ENCODING ContentEncoding "Content-Encoding" compact b'e',
    CONTENT_LANGUAGE ContentLanguage "Content-Language",
    CONTENT_LENGTH ContentLength "Content-Length" compact b'l',
    CONTENT_TYPE ContentType "Content-Type" compact b'c',
    CSEQ CSeq "CSeq",
    DATE Date "Date",
    DIVERSION Diversion "Diversion",
    ERROR_INFO ErrorInfo "Error-Info",
    EVENT Event "Event" compact b'o',
    EXPIRES Expires "Expires",
    FROM From "From" compact b'f',
    HISTORY_INFO HistoryInfo "History-Info",
    IDENTITY Identity "Identity" compact b'y',
    IN_REPLY_TO InReplyTo "In-Reply-To",
    MAX_FORWARDS MaxForwards "Max-Forwards",
    MIME_VERSION MimeVersion "MIME-Version",
    MIN_EXPIRES MinExpires "Min-Expires",
    MIN_SE MinSe "Min-SE",
    ORGANIZATION Organization "Organization",
    P_ASSERTED_IDENTITY PAssertedIdentity "P-Asserted-Identity",
    P_CHARGING_VECTOR PChargingVector "P-Charging-Vector",
    P_PREFERRED_IDENTITY PPreferredIdentity "P-Preferred-Identity",
    PATH Path "Path",
    PRIORITY Priority "Priority",
    PRIVACY Privacy "Privacy",
    PROXY_AUTHENTICATE ProxyAuthenticate "Proxy-Authenticate",
    PROXY_AUTHORIZATION ProxyAuthorization "Proxy-Authorization",
    PROXY_REQUIRE ProxyRequire "Proxy-Require",
    RACK RAck "RAck",
    REASON Reason "Reason",
    RECORD_ROUTE RecordRoute "Record-Route",
    REFER_TO ReferTo "Refer-To" compact b'r',
    REFERRED_BY ReferredBy "Referred-By" compact b'b',
    REMOTE_PARTY_ID RemotePartyId "Remote-Party-ID",
    REPLACES Replaces "Replaces",
    REPLY_TO ReplyTo "Reply-To",
    REQUIRE Require "Require",
    RETRY_AFTER RetryAfter "Retry-After",
    ROUTE Route "Route",
    RSEQ RSeq "RSeq",
    SERVER Server "Server",
    SESSION_EXPIRES SessionExpires "Session-Expires" compact b'x',
    SUBJECT Subject "Subject" compact b's',
    SUBSCRIPTION_STATE SubscriptionState "Subscription-State",
    SUPPORTED Supported "Supported" compact b'k',
    TIMESTAMP Timestamp "Timestamp",
    TO To "To" compact b't',
    UNSUPPORTED Unsupported "Unsupported",
    USER_AGENT UserAgent "User-Agent",
    USER_TO_USER UserToUser "User-to-User",
    VIA Via "Via" compact b'v',
    WARNING Warning "Warning",
    WWW_AUTHENTICATE WwwAuthenticate "WWW-Authenticate",
}

/// The known names, each in a place of its own, so that a look-up compares one.
static BY_LETTERS: [Option<(&str, Known)>; 256] = by_letters();

/// Does not compile where two names come to one place: other factors are needed then.
const fn by_letters() -> [Option<(&'static str, Known)>; 256] {
    let mut table = [None; 256];
    let mut at = 0;
    while at < Known::ALL.len() {
        let place = place(Known::ALL[at].0.as_bytes()) as usize;
        assert!(table[place].is_none());
        table[place] = Some(Known::ALL[at]);
        at += 1;
    }
    table
}

/// By its length and three letters, in any case. Of no more than 256 bytes, and not empty.
const fn place(name: &[u8]) -> u8 {
    let [first, middle, last] = [name[0] | 0x20, name[name.len() / 2] | 0x20, name[name.len() - 1] | 0x20];
    let sum = (name.len() as u8).wrapping_mul(2).wrapping_add(first.wrapping_mul(15));
    sum.wrapping_add(last.wrapping_mul(11)).wrapping_add(middle.wrapping_mul(7))
}

impl<'a> HeaderName<'a> {
    /// Reads a full or compact name, in any case.
    pub fn read(text: &'a [u8]) -> HeaderName<'a> {
        Known::read(text).map_or(HeaderName::Other(text), HeaderName::Known)
    }

    /// Whether it can stand in a message.
    pub fn is_token(&self) -> bool {
        lex::is_token(self.as_bytes())
    }

    fn is_written_as(&self, other: &HeaderName<'_>) -> bool {
        self.as_bytes().eq_ignore_ascii_case(other.as_bytes())
    }

    /// Begins a line with it.
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        match self {
            HeaderName::Known(known) => out.extend_from_slice(known.begin().as_bytes()),
            HeaderName::Other(text) => {
                out.extend_from_slice(text);
                out.extend_from_slice(b": ");
            }
        }
    }

    /// The full name; an unknown one as it was written.
    pub fn as_bytes(&self) -> &'a [u8] {
        match self {
            HeaderName::Known(known) => known.as_str().as_bytes(),
            HeaderName::Other(text) => text,
        }
    }
}

impl Known {
    pub(super) fn read(text: &[u8]) -> Option<Known> {
        if let [letter] = text {
            return Known::compact(*letter);
        }
        if text.is_empty() {
            return None;
        }
        let (name, known) = BY_LETTERS[usize::from(place(text))]?;
        let name = name.as_bytes();
        (name == text || name.eq_ignore_ascii_case(text)).then_some(known)
    }

    /// May stand at most once in a message (RFC 3261 section 7.3.1, table 2).
    pub(super) fn is_single(self) -> bool {
        matches!(
            self,
            Known::From
                | Known::To
                | Known::CallId
                | Known::CSeq
                | Known::MaxForwards
                | Known::ContentLength
                | Known::ContentType
                | Known::Expires
        )
    }
}

impl PartialEq for HeaderName<'_> {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (HeaderName::Known(one), HeaderName::Known(two)) => one == two,
            _ => self.is_written_as(other),
        }
    }
}

impl Eq for HeaderName<'_> {}

impl<'a> From<&'a str> for HeaderName<'a> {
    fn from(text: &'a str) -> HeaderName<'a> {
        HeaderName::read(text.as_bytes())
    }
}

impl fmt::Display for HeaderName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.as_bytes().escape_ascii())
    }
}

impl fmt::Debug for HeaderName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_name_is_found_in_any_case() {
        for (name, known) in Known::ALL {
            assert_eq!(Known::read(name.to_uppercase().as_bytes()), Some(*known), "{name}");
        }
    }

    #[test]
    fn compact_forms_are_the_same_names() {
        for (letter, name) in [("v", "Via"), ("F", "From"), ("t", "To"), ("m", "Contact"), ("i", "Call-ID")] {
            assert_eq!(HeaderName::from(letter), HeaderName::from(name));
        }
        assert_eq!(HeaderName::from("q"), HeaderName::Other(b"Q"));
    }
}
