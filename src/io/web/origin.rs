//! Whose pages may speak to us: our own, and those of the sites that the configuration names (RFC 6454).

use std::sync::Arc;

use axum::http::{HeaderMap, header};

use super::problem::{Kind, Problem};

/// The allow-list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins(Arc<[String]>);

impl Origins {
    /// As browsers write them: `https://shop.example.com`.
    pub fn new(origins: Vec<String>) -> Origins {
        Origins(origins.into())
    }

    /// Whether pages of `origin` may speak to us, besides our own.
    pub fn has(&self, origin: &str) -> bool {
        self.0.iter().any(|known| known == origin)
    }

    /// Refuses pages of other sites. What is no browser says no origin, and may do as before.
    pub fn check(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
        let origin = origin.to_str().unwrap_or_default();
        if is_own(origin, headers) || self.has(origin) {
            return Ok(());
        }
        let remedy = "pages of this site may not connect: the server's administrator can add it to [http] origins";
        Err(Problem::new(Kind::Forbidden, remedy))
    }
}

/// The page was loaded from the address that it now speaks to.
fn is_own(origin: &str, headers: &HeaderMap) -> bool {
    let asked = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let from = origin.split_once("://").map(|(_, host)| host);
    asked.zip(from).is_some_and(|(asked, from)| asked.eq_ignore_ascii_case(from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_pages_and_those_that_are_named_pass() {
        let origins = Origins::new(vec!["https://shop.example.com".to_owned()]);
        for (origin, passes) in [
            (None, true),
            (Some("https://shop.example.com"), true),
            (Some("http://shop.example.com"), false),
            (Some("https://voice.example.com:8443"), true),
            (Some("https://voice.example.com"), false),
            (Some("https://shop.example.com.evil.example"), false),
            (Some("null"), false),
            (Some("\u{7f}"), false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, "voice.example.com:8443".parse().unwrap());
            if let Some(Ok(value)) = origin.map(|origin| origin.parse()) {
                headers.insert(header::ORIGIN, value);
            } else if origin.is_some() {
                continue;
            }
            assert_eq!(origins.check(&headers).is_ok(), passes, "{origin:?}");
        }
    }
}
