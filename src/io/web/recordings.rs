//! `/v1/calls/{id}/recording`: a call's file, whole or in part, and its end.

use std::io::SeekFrom;
use std::path::PathBuf;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::header::{ACCEPT_RANGES, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, RANGE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use futures_util::stream;
use tokio::fs::{self, File};
use tokio::io::{AsyncReadExt, AsyncSeekExt, Take};

use crate::base::CallId;
use crate::io::media::path_of;

use super::Web;
use super::keys::Listener;
use super::problem::{Kind, Problem, ProblemBody};

/// What is read of a file at once.
const PIECE: usize = 64 * 1024;

/// A call's recording: WAV, 8 kHz, 16 bit, the caller left and the agent right. `Range` with one range of bytes is understood. There
/// when the call has ended.
#[utoipa::path(
    get, path = "/v1/calls/{id}/recording", tag = "board",
    params(("id" = String, Path, description = "The id of the call")),
    responses(
        (status = 200, description = "The recording", body = Vec<u8>, content_type = "audio/wav"),
        (status = 206, description = "The part that was asked for", body = Vec<u8>, content_type = "audio/wav"),
        (status = "default", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ), security(("key" = [])),
)]
pub(super) async fn recording(
    State(web): State<Arc<Web>>,
    _: Listener,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut file = File::open(place(&web, &id)?).await.map_err(|_| none())?;
    let length = file.metadata().await.map_err(|_| none())?.len();
    let range = headers.get(RANGE).and_then(|value| part(value.to_str().ok()?, length));
    let (start, end) = range.unwrap_or((0, length));
    file.seek(SeekFrom::Start(start)).await.map_err(|_| none())?;
    let response = Response::builder()
        .header(CONTENT_TYPE, "audio/wav")
        .header(CACHE_CONTROL, "no-store")
        .header(ACCEPT_RANGES, "bytes")
        .header(CONTENT_LENGTH, end - start);
    let response = match range {
        Some(_) => response
            .status(StatusCode::PARTIAL_CONTENT)
            .header(CONTENT_RANGE, format!("bytes {start}-{}/{length}", end.saturating_sub(1))),
        None => response,
    };
    let pieces = stream::unfold(file.take(end - start), piece);
    response.body(Body::from_stream(pieces)).map_err(|_| none())
}

/// Deletes a call's recording, for good.
#[utoipa::path(
    delete, path = "/v1/calls/{id}/recording", tag = "board",
    params(("id" = String, Path, description = "The id of the call")),
    responses(
        (status = 204, description = "It is gone"),
        (status = "default", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ), security(("key" = [])),
)]
pub(super) async fn delete_recording(
    State(web): State<Arc<Web>>,
    Listener { key }: Listener,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    fs::remove_file(place(&web, &id)?).await.map_err(|_| none())?;
    tracing::info!(call = id, key, "a recording was deleted");
    Ok(StatusCode::NO_CONTENT)
}

/// The name is made of the id as it was read, never of what was sent.
fn place(web: &Web, id: &str) -> Result<PathBuf, Problem> {
    let call: CallId = id.parse().map_err(|_| Problem::new(Kind::NotFound, "this is not the id of a call"))?;
    let folder = web.recordings.as_ref().ok_or_else(none)?;
    Ok(path_of(folder, call))
}

fn none() -> Problem {
    Problem::new(Kind::NotFound, "there is no recording of this call, it is not complete yet, or it was deleted")
}

/// `bytes=A-`, `bytes=A-B` or `bytes=-N` (RFC 9110 section 14.1.2); anything else is as if it were not there.
fn part(range: &str, length: u64) -> Option<(u64, u64)> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    let (start, end) = match (first, last) {
        ("", last) => (length.saturating_sub(last.parse().ok()?), length),
        (first, "") => (first.parse().ok()?, length),
        (first, last) => (first.parse().ok()?, last.parse::<u64>().ok()?.saturating_add(1).min(length)),
    };
    (start < end).then_some((start, end))
}

/// `None` at the end; a file that fails in the middle ends the connection.
async fn piece(mut file: Take<File>) -> Option<(std::io::Result<Bytes>, Take<File>)> {
    let mut buffer = vec![0; PIECE];
    match file.read(&mut buffer).await {
        Ok(0) => None,
        Ok(read) => {
            buffer.truncate(read);
            Some((Ok(Bytes::from(buffer)), file))
        }
        Err(error) => Some((Err(error), file)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_or_passed_over() {
        for (range, expect) in [
            ("bytes=0-43", Some((0, 44))),
            ("bytes=44-", Some((44, 100))),
            ("bytes=-10", Some((90, 100))),
            ("bytes=90-1000", Some((90, 100))),
            ("bytes=100-", None),
            ("bytes=9-8", None),
            ("bytes=0-1,5-6", None),
            ("lines=0-1", None),
            ("bytes=x", None),
        ] {
            assert_eq!(part(range, 100), expect, "{range}");
        }
    }
}
