//! The answer to a request for a page: the smaller form if the browser takes it, 304 if it has it, and what the page may do.

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::held::Page;

/// What a page may load and speak to (Content Security Policy level 3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guard(HeaderValue);

/// A browser asks each time and mostly hears 304: a page and its scripts are of one version.
const CACHE: HeaderValue = HeaderValue::from_static("no-cache");
const MICROPHONE: HeaderValue = HeaderValue::from_static("microphone=(self), camera=(), geolocation=()");
const PERMISSIONS: HeaderName = HeaderName::from_static("permissions-policy");
const OWN: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
    media-src 'self' blob: data:; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; \
    frame-ancestors 'none'";

impl Guard {
    /// Nothing but what comes from the page's own origin.
    pub fn own() -> Guard {
        Guard(HeaderValue::from_static(OWN))
    }

    /// Besides its own origin, the scripts and addresses of another one, such as `http://127.0.0.1:8080`.
    pub fn with(origin: &str) -> Guard {
        let socket = origin.replacen("http", "ws", 1);
        let text = OWN
            .replace("script-src 'self'", &format!("script-src 'self' {origin}"))
            .replace("style-src 'self'", &format!("style-src 'self' {origin}"))
            .replace("connect-src 'self'", &format!("connect-src 'self' {origin} {socket}"));
        HeaderValue::try_from(text).map_or(Guard::own(), Guard)
    }
}

/// Answers with the page as this browser wants it.
pub fn answer(page: &Page, asked: &HeaderMap, guard: &Guard) -> Response {
    let gzip = page.gzip.as_ref().filter(|_| takes_gzip(asked));
    let mut response =
        if has_it(asked, &page.etag) { StatusCode::NOT_MODIFIED.into_response() } else { whole(page, gzip) };
    let headers = response.headers_mut();
    // cannot fail: quotes and hexadecimal digits
    headers.extend(HeaderValue::try_from(&page.etag).ok().map(|etag| (header::ETAG, etag)));
    headers.insert(header::CACHE_CONTROL, CACHE);
    headers.append(header::VARY, HeaderValue::from_static("accept-encoding"));
    headers.insert(header::CONTENT_SECURITY_POLICY, guard.0.clone());
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(PERMISSIONS, MICROPHONE);
    response
}

fn whole(page: &Page, gzip: Option<&Bytes>) -> Response {
    let kind = [(header::CONTENT_TYPE, page.content_type)];
    match gzip {
        Some(packed) => (kind, [(header::CONTENT_ENCODING, "gzip")], packed.clone()).into_response(),
        None => (kind, page.body.clone()).into_response(),
    }
}

/// `gzip` or `*` in Accept-Encoding, not with `q=0` (RFC 9110 section 12.5.3).
fn takes_gzip(asked: &HeaderMap) -> bool {
    let listed = asked.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    listed.flat_map(|value| value.split(',')).any(|one| {
        let (name, quality) = one.split_once(';').unwrap_or((one, ""));
        let is_none = quality.trim().trim_start_matches("q=").trim().parse() == Ok(0.0);
        matches!(name.trim(), "gzip" | "*") && !is_none
    })
}

/// Compared weakly (RFC 9110 section 13.1.2).
fn has_it(asked: &HeaderMap, etag: &str) -> bool {
    let opaque = etag.trim_start_matches("W/");
    let listed = asked.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    listed
        .flat_map(|value| value.split(','))
        .any(|one| matches!(one.trim(), "*") || one.trim().trim_start_matches("W/") == opaque)
}

#[cfg(test)]
mod tests {
    use super::super::Pages;
    use super::*;

    const LONG: &[u8] = &[b'a'; 4000];

    fn pages() -> Pages {
        Pages::of(&[("desk/index.html", LONG), ("desk/a.png", b"\x89PNG")])
    }

    fn asked(pairs: &[(HeaderName, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap())).collect()
    }

    #[test]
    fn the_smaller_form_goes_to_who_takes_it() {
        let pages = pages();
        let page = pages.get("desk/index.html").unwrap();
        for (accept, packed) in [("gzip, br", true), ("br", false), ("gzip;q=0", false), ("*;q=0.5", true)] {
            let response = answer(page, &asked(&[(header::ACCEPT_ENCODING, accept)]), &Guard::own());
            assert_eq!(response.headers().get(header::CONTENT_ENCODING).is_some(), packed, "{accept}");
            assert_eq!(response.headers()[header::CONTENT_TYPE], "text/html; charset=utf-8");
            assert_eq!(response.headers()[header::VARY], "accept-encoding");
        }
        let small =
            answer(pages.get("desk/a.png").unwrap(), &asked(&[(header::ACCEPT_ENCODING, "gzip")]), &Guard::own());
        assert!(small.headers().get(header::CONTENT_ENCODING).is_none());
    }

    #[test]
    fn who_has_it_hears_so() {
        let pages = pages();
        let page = pages.get("desk/index.html").unwrap();
        let etag = answer(page, &HeaderMap::new(), &Guard::own()).headers()[header::ETAG].to_str().unwrap().to_owned();
        for (tag, status) in
            [(etag.as_str(), 304), ("\"other\"", 200), (etag.trim_start_matches("W/"), 304), ("*", 304)]
        {
            let response = answer(page, &asked(&[(header::IF_NONE_MATCH, tag)]), &Guard::own());
            assert_eq!(response.status(), status, "{tag}");
            assert_eq!(response.headers()[header::ETAG], etag);
        }
    }

    #[test]
    fn a_page_may_do_no_more_than_it_must() {
        let pages = pages();
        let page = pages.get("desk/index.html").unwrap();
        let response = answer(page, &HeaderMap::new(), &Guard::own());
        let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(response.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        let shop = Guard::with("http://127.0.0.1:8080");
        let text = shop.0.to_str().unwrap();
        assert!(text.contains("connect-src 'self' http://127.0.0.1:8080 ws://127.0.0.1:8080;"), "{text}");
        assert!(text.contains("script-src 'self' http://127.0.0.1:8080;"), "{text}");
    }
}
