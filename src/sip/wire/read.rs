//! The typed readers: each borrows from the message and reads its value when it is asked, unless the parser has read it already.
//!
//! Via, From, To, Call-ID and CSeq are never missing: the parser has read them once before it let the message through.

use super::address::{self, NameAddr};
use super::auth::Credentials;
use super::lex;
use super::message::{CSeq, Headers};
use super::name::HeaderName;
use super::reason::ReasonValue;
use super::user_to_user::UserToUser;
use super::via::Via;

impl Headers {
    /// The topmost Via: the hop that this message came from.
    pub fn via_top(&self) -> Via<'_> {
        match &self.kept {
            Some(kept) => kept.via.of(&self.raw),
            None => self.vias().next().unwrap_or_default(),
        }
    }

    /// From the topmost down; those that cannot be read are left out.
    pub fn vias(&self) -> impl Iterator<Item = Via<'_>> {
        self.list(HeaderName::VIA).filter_map(Via::read)
    }

    pub fn from(&self) -> NameAddr<'_> {
        match &self.kept {
            Some(kept) => kept.from.of(&self.raw),
            None => self.header(HeaderName::FROM).and_then(NameAddr::read).unwrap_or_default(),
        }
    }

    pub fn to(&self) -> NameAddr<'_> {
        match &self.kept {
            Some(kept) => kept.to.of(&self.raw),
            None => self.header(HeaderName::TO).and_then(NameAddr::read).unwrap_or_default(),
        }
    }

    /// The same as `from().tag`, with less work.
    pub fn from_tag(&self) -> &[u8] {
        match &self.kept {
            Some(kept) => kept.from.tag(&self.raw),
            None => self.header(HeaderName::FROM).map(address::tag).unwrap_or_default(),
        }
    }

    /// The same as `to().tag`, with less work.
    pub fn to_tag(&self) -> &[u8] {
        match &self.kept {
            Some(kept) => kept.to.tag(&self.raw),
            None => self.header(HeaderName::TO).map(address::tag).unwrap_or_default(),
        }
    }

    pub fn call_id(&self) -> &[u8] {
        self.header(HeaderName::CALL_ID).unwrap_or_default()
    }

    pub fn cseq(&self) -> &CSeq {
        &self.cseq
    }

    /// The first contact that is an address.
    pub fn contact(&self) -> Option<NameAddr<'_>> {
        match self.kept.as_ref().and_then(|kept| kept.contact.as_ref()) {
            Some(contact) => Some(contact.of(&self.raw)),
            None => self.contacts().next(),
        }
    }

    /// Without the star; values that cannot be read are left out (requests with such are refused by the parser).
    pub fn contacts(&self) -> impl Iterator<Item = NameAddr<'_>> {
        self.addresses(HeaderName::CONTACT)
    }

    /// `Contact: *`: every binding is meant (RFC 3261 section 10.2.2).
    pub fn has_contact_star(&self) -> bool {
        self.list(HeaderName::CONTACT).any(|value| value == b"*")
    }

    /// From the topmost down. A dialog keeps `raw` of each.
    pub fn routes(&self) -> impl Iterator<Item = NameAddr<'_>> {
        self.addresses(HeaderName::ROUTE)
    }

    /// From the topmost down.
    pub fn record_routes(&self) -> impl Iterator<Item = NameAddr<'_>> {
        self.addresses(HeaderName::RECORD_ROUTE)
    }

    /// P-Asserted-Identity (RFC 3325): at most a `sip` and a `tel` URI.
    pub fn asserted(&self) -> impl Iterator<Item = NameAddr<'_>> {
        self.addresses(HeaderName::P_ASSERTED_IDENTITY)
    }

    /// 0 to 255; `None` when it is missing.
    pub fn max_forwards(&self) -> Option<u8> {
        self.header(HeaderName::MAX_FORWARDS).and_then(lex::number)?.try_into().ok()
    }

    /// Seconds; what does not fit is the largest number there is.
    pub fn expires(&self) -> Option<u32> {
        self.header(HeaderName::EXPIRES).and_then(lex::clamped)
    }

    /// Seconds.
    pub fn min_expires(&self) -> Option<u32> {
        self.header(HeaderName::MIN_EXPIRES).and_then(lex::clamped)
    }

    /// Seconds; comments and parameters are passed over.
    pub fn retry_after(&self) -> Option<u32> {
        let value = self.header(HeaderName::RETRY_AFTER)?;
        let end = value.iter().position(|b| !b.is_ascii_digit()).unwrap_or(value.len());
        value.get(..end).and_then(lex::clamped)
    }

    /// As written, with its parameters.
    pub fn content_type(&self) -> Option<&[u8]> {
        self.header(HeaderName::CONTENT_TYPE)
    }

    /// `content_type_is("application/sdp")`; parameters, case and blanks do not matter.
    pub fn content_type_is(&self, wanted: &str) -> bool {
        let value = self.content_type().unwrap_or_default();
        if value.eq_ignore_ascii_case(wanted.as_bytes()) {
            return true;
        }
        let value = value.split(|b| *b == b';').next().unwrap_or_default();
        let mut own = value.split(|b| *b == b'/').map(<[u8]>::trim_ascii);
        let mut wanted = wanted.as_bytes().split(|b| *b == b'/');
        std::iter::zip(&mut own, &mut wanted).all(|(one, two)| one.eq_ignore_ascii_case(two))
            && (own.next(), wanted.next()) == (None, None)
    }

    /// All Reason values (RFC 3326).
    pub fn reasons(&self) -> impl Iterator<Item = ReasonValue<'_>> {
        self.list(HeaderName::REASON).filter_map(ReasonValue::read)
    }

    /// All User-to-User values (RFC 7433).
    pub fn user_to_users(&self) -> impl Iterator<Item = UserToUser<'_>> {
        self.list(HeaderName::USER_TO_USER).filter_map(UserToUser::read)
    }

    /// All Authorization values.
    pub fn authorizations(&self) -> impl Iterator<Item = Credentials<'_>> {
        self.headers(HeaderName::AUTHORIZATION).filter_map(Credentials::read)
    }

    /// All Proxy-Authorization values.
    pub fn proxy_authorizations(&self) -> impl Iterator<Item = Credentials<'_>> {
        self.headers(HeaderName::PROXY_AUTHORIZATION).filter_map(Credentials::read)
    }

    /// All WWW-Authenticate values.
    pub fn challenges(&self) -> impl Iterator<Item = Credentials<'_>> {
        self.headers(HeaderName::WWW_AUTHENTICATE).filter_map(Credentials::read)
    }

    /// All Proxy-Authenticate values.
    pub fn proxy_challenges(&self) -> impl Iterator<Item = Credentials<'_>> {
        self.headers(HeaderName::PROXY_AUTHENTICATE).filter_map(Credentials::read)
    }

    /// The values of any header whose elements are names with addresses; unreadable ones are left out.
    pub fn addresses<'a, 'n>(&'a self, name: HeaderName<'n>) -> impl Iterator<Item = NameAddr<'a>> + use<'a, 'n> {
        self.list(name).filter_map(NameAddr::read)
    }
}
