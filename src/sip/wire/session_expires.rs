//! Session-Expires and Min-SE (RFC 4028 sections 4 and 5): how long a session lives without a refresh, and who refreshes it.

use std::fmt;

use super::lex;
use super::params::Params;

/// `1800;refresher=uac`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionExpires {
    pub seconds: u32,
    pub refresher: Option<Refresher>,
}

/// Of the transaction in which it is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refresher {
    /// Who sent the request.
    Uac,
    /// Who answers it.
    Uas,
}

impl SessionExpires {
    /// `None` when it does not begin with a number.
    pub fn read(value: &[u8]) -> Option<SessionExpires> {
        let (seconds, params) = split(value);
        let refresher = Params::new(params).value("refresher").and_then(|word| {
            let is = |role: &Refresher| role.as_str().as_bytes().eq_ignore_ascii_case(word);
            [Refresher::Uac, Refresher::Uas].into_iter().find(is)
        });
        Some(SessionExpires { seconds: lex::clamped(seconds)?, refresher })
    }
}

/// The seconds of a Min-SE value.
pub fn read_min_se(value: &[u8]) -> Option<u32> {
    lex::clamped(split(value).0)
}

fn split(value: &[u8]) -> (&[u8], &[u8]) {
    let (seconds, params) = value.split_at(memchr::memchr(b';', value).unwrap_or(value.len()));
    (seconds.trim_ascii(), params)
}

impl Refresher {
    fn as_str(self) -> &'static str {
        match self {
            Refresher::Uac => "uac",
            Refresher::Uas => "uas",
        }
    }
}

impl fmt::Display for SessionExpires {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.refresher {
            Some(refresher) => write!(f, "{};refresher={}", self.seconds, refresher.as_str()),
            None => write!(f, "{}", self.seconds),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_and_who_refreshes() {
        let read = |text: &str| SessionExpires::read(text.as_bytes()).map(|read| (read.seconds, read.refresher));
        assert_eq!(read("1800"), Some((1800, None)));
        assert_eq!(read(" 90 ; Refresher = UAS;x=y"), Some((90, Some(Refresher::Uas))));
        assert_eq!(read("4000;refresher=somebody"), Some((4000, None)));
        assert_eq!(read("99999999999"), Some((u32::MAX, None)));
        assert_eq!((read("soon"), read(""), read(";refresher=uac")), (None, None, None));
        assert_eq!(read_min_se(b"120 ;x"), Some(120));
    }

    #[test]
    fn what_is_written_reads_back() {
        let said = SessionExpires { seconds: 600, refresher: Some(Refresher::Uac) };
        assert_eq!(SessionExpires::read(said.to_string().as_bytes()), Some(said));
    }
}
