//! Reason (RFC 3326): why a call ended, in the words of a protocol.

use std::borrow::Cow;

use super::lex;
use super::params::Params;

/// One Reason value.
#[derive(Clone, Copy)]
pub struct ReasonValue<'a> {
    /// `SIP`, `Q.850`, or another; compare without regard to case.
    pub protocol: &'a [u8],
    pub cause: Option<u16>,
    params: Params<'a>,
}

impl<'a> ReasonValue<'a> {
    /// Reads one value, without the comma; `None` when it does not begin with a protocol.
    pub fn read(value: &'a [u8]) -> Option<ReasonValue<'a>> {
        let (protocol, params) = value.split_at_checked(memchr::memchr(b';', value).unwrap_or(value.len()))?;
        let (protocol, params) = (protocol.trim_ascii(), Params::new(params));
        let cause = params.value("cause").and_then(lex::number).and_then(|cause| cause.try_into().ok());
        lex::is_token(protocol).then_some(ReasonValue { protocol, cause, params })
    }

    /// Without quotes; empty when there is none.
    pub fn text(&self) -> Cow<'a, [u8]> {
        self.params.text("text").unwrap_or_default()
    }

    pub fn is(&self, protocol: &str) -> bool {
        self.protocol.eq_ignore_ascii_case(protocol.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cause_and_text_are_read() {
        let reason = ReasonValue::read(br#" q.850 ; Cause = 16 ;text="Terminated; really""#).unwrap();
        assert!(reason.is("Q.850"));
        assert_eq!((reason.cause, &*reason.text()), (Some(16), &b"Terminated; really"[..]));
    }

    #[test]
    fn a_cause_that_is_no_number_is_none() {
        assert_eq!(ReasonValue::read(b"SIP;cause=x").unwrap().cause, None);
        assert!(ReasonValue::read(b";cause=200").is_none());
    }
}
