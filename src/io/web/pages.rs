//! The pages: every file of `web/`, carried by the program, with its type, its ETag and a smaller form.

mod answer;
mod held;

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{self, MethodRouter};

pub use answer::{Guard, answer};
pub use held::{Page, Pages};

use super::Web;
use super::problem;

/// The folders that `/web/` shows; the demo's shop is for its own origin only.
const SHOWN: [&str; 4] = ["lib/", "widget/", "desk/", "board/"];
const WIDGET: &str = "widget/widget.js";

/// The addresses of the pages.
pub(super) fn table() -> Vec<(&'static str, MethodRouter<Arc<Web>>)> {
    vec![
        ("/desk", routing::get(to_folder)),
        ("/desk/", routing::get(page)),
        ("/desk/{*file}", routing::get(page)),
        ("/board", routing::get(to_folder)),
        ("/board/", routing::get(page)),
        ("/board/{*file}", routing::get(page)),
    ]
}

/// What pages of other sites may load.
pub(super) fn open_table() -> Vec<(&'static str, MethodRouter<Arc<Web>>)> {
    vec![("/widget.js", routing::get(page)), ("/web/{*file}", routing::get(page))]
}

/// Relative addresses of a page need the slash at the end of its own.
async fn to_folder(uri: Uri) -> Response {
    (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, format!("{}/", uri.path()))]).into_response()
}

async fn page(State(_): State<Arc<Web>>, uri: Uri, headers: HeaderMap) -> Response {
    match name_of(uri.path()).and_then(|name| Pages::built_in().get(&name)) {
        Some(page) => answer(page, &headers, &Guard::own()),
        None => problem::not_found().await.into_response(),
    }
}

/// The name under `web/` of what stands at this address.
fn name_of(path: &str) -> Option<String> {
    if path == "/widget.js" {
        return Some(WIDGET.to_owned());
    }
    let inner = match path.strip_prefix("/web/") {
        Some(inner) => inner,
        None => path.strip_prefix('/')?,
    };
    let shown = SHOWN.iter().any(|folder| inner.starts_with(folder));
    shown.then(|| if inner.ends_with('/') { format!("{inner}index.html") } else { inner.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lead_to_files_and_not_to_the_shop() {
        for (path, name) in [
            ("/desk/", Some("desk/index.html")),
            ("/desk/desk.js", Some("desk/desk.js")),
            ("/board/", Some("board/index.html")),
            ("/widget.js", Some("widget/widget.js")),
            ("/web/lib/sip.js", Some("lib/sip.js")),
            ("/web/desk/", Some("desk/index.html")),
            ("/web/shop/index.html", None),
            ("/web/../Cargo.toml", None),
            ("/v1/calls", None),
        ] {
            assert_eq!(name_of(path).as_deref(), name, "{path}");
        }
    }
}
