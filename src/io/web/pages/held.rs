//! The files as they are held: made ready once, when the first is asked for.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::LazyLock;

use axum::body::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

use crate::base::hex::to_hex;

/// One file.
pub struct Page {
    pub(super) content_type: &'static str,
    pub(super) body: Bytes,
    /// There when it is smaller by a tenth at least.
    pub(super) gzip: Option<Bytes>,
    /// Weak (RFC 9110 section 8.8.1): it names the content, in either form.
    pub(super) etag: String,
}

/// Files by their names, such as `desk/index.html`.
pub struct Pages {
    page_by_name: BTreeMap<&'static str, Page>,
}

/// From `build.rs`.
static FILES: &[(&str, &[u8])] = &include!(concat!(env!("OUT_DIR"), "/web_files.rs"));
static BUILT_IN: LazyLock<Pages> = LazyLock::new(|| Pages::of(FILES));

impl Pages {
    /// What the program carries.
    pub fn built_in() -> &'static Pages {
        &BUILT_IN
    }

    pub fn of(files: &[(&'static str, &'static [u8])]) -> Pages {
        Pages { page_by_name: files.iter().map(|(name, body)| (*name, Page::of(name, body))).collect() }
    }

    /// The bytes of all files of a folder, as they go to a browser that takes them compressed.
    #[cfg(test)]
    pub fn transferred(&self, folder: &str) -> usize {
        let inside = self.page_by_name.iter().filter(|(name, _)| name.split('/').next() == Some(folder));
        inside.map(|(_, page)| page.gzip.as_ref().unwrap_or(&page.body).len()).sum()
    }

    pub fn get(&self, name: &str) -> Option<&Page> {
        self.page_by_name.get(name)
    }
}

impl Page {
    fn of(name: &str, body: &'static [u8]) -> Page {
        let hash = to_hex(&Sha256::digest(body)[..12]);
        Page {
            content_type: content_type(name),
            body: Bytes::from_static(body),
            gzip: smaller(body),
            etag: format!("W/\"{hash}\""),
        }
    }
}

fn smaller(body: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 2), Compression::best());
    // Into memory: neither fails.
    encoder.write_all(body).ok()?;
    let packed = encoder.finish().ok()?;
    (packed.len() * 10 < body.len() * 9).then(|| Bytes::from(packed))
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("wav") => "audio/wav",
        Some("woff2") => "font/woff2",
        Some("webmanifest") => "application/manifest+json",
        _ => "application/octet-stream",
    }
}
