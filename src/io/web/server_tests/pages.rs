//! The pages as a browser gets them: type, ETag, compression, policy, and for whom.

use reqwest::header::{ACCEPT_ENCODING, ACCESS_CONTROL_ALLOW_ORIGIN, IF_NONE_MATCH, ORIGIN};

use super::*;

impl Server {
    async fn page(&self, path: &str, pairs: &[(reqwest::header::HeaderName, &str)]) -> Response {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let request = client.get(format!("http://{}{path}", self.address));
        pairs.iter().fold(request, |request, (name, value)| request.header(name, *value)).send().await.unwrap()
    }
}

#[tokio::test]
async fn a_page_comes_with_its_type_and_its_policy_and_only_once() {
    let server = Server::start().await;
    for (path, kind) in [
        ("/desk/", "text/html"),
        ("/board/", "text/html"),
        ("/widget.js", "text/javascript"),
        ("/web/lib/base.css", "text/css"),
    ] {
        let plain = server.page(path, &[]).await;
        assert_eq!(plain.status(), 200, "{path}");
        assert!(plain.headers()["content-type"].to_str().unwrap().starts_with(kind), "{path}");
        assert_eq!(plain.headers()["x-content-type-options"], "nosniff");
        assert_eq!(plain.headers()["referrer-policy"], "no-referrer");
        let policy = plain.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        let etag = plain.headers()["etag"].to_str().unwrap().to_owned();
        let body = plain.bytes().await.unwrap();
        let packed = server.page(path, &[(ACCEPT_ENCODING, "gzip")]).await;
        assert_eq!(packed.headers()["content-encoding"], "gzip", "{path}");
        assert!(packed.bytes().await.unwrap().len() < body.len(), "{path}");
        let known = server.page(path, &[(IF_NONE_MATCH, &etag)]).await;
        assert_eq!((known.status().as_u16(), known.headers()["etag"].to_str().unwrap()), (304, etag.as_str()));
        assert!(known.bytes().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_page_under_another_address_is_not_there() {
    let server = Server::start().await;
    for (path, place) in [("/desk", "/desk/"), ("/board", "/board/")] {
        let moved = server.page(path, &[]).await;
        assert_eq!((moved.status().as_u16(), moved.headers()["location"].to_str().unwrap()), (308, place));
    }
    for path in
        ["/desk/nothing.js", "/web/shop/index.html", "/web/../Cargo.toml", "/web/%2e%2e/Cargo.toml", "/web/README.md"]
    {
        problem(server.page(path, &[]).await, 404, "not-found").await;
    }
}

#[tokio::test]
async fn the_widget_is_for_the_sites_that_are_named() {
    let server = Server::start().await;
    let told = server.page("/widget.js", &[(ORIGIN, SHOP)]).await;
    assert_eq!((told.status().as_u16(), &told.headers()[ACCESS_CONTROL_ALLOW_ORIGIN]), (200, &SHOP.parse().unwrap()));
    assert_eq!(told.headers()["cross-origin-resource-policy"], "cross-origin");
    problem(server.page("/web/lib/dom.js", &[(ORIGIN, "https://evil.example")]).await, 403, "forbidden").await;
}

/// The figure of what a page may weigh when it comes over the line.
#[tokio::test]
async fn each_page_is_under_150_kilobytes_with_all_that_it_loads() {
    let server = Server::start().await;
    for folder in ["desk", "board", "shop", "widget"] {
        let of = |folder: &str| super::super::pages::Pages::built_in().transferred(folder);
        let all = of(folder) + of("lib");
        assert!((1_000..150_000).contains(&all), "{folder}: {all} bytes");
    }
    assert_eq!(server.page("/desk/", &[]).await.status(), 200);
}
