//! The move of a desk's connection from the HTTP server to the thread that serves the desks.
//!
//! Desks are served where the engine runs: between a pop and its acknowledgement no other thread is woken.

use std::net::TcpStream as StdTcpStream;
use std::sync::Arc;

use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use crate::base::limits::DESK_MESSAGE_MAX;
use crate::io::door::EngineDoor;
use crate::io::web::leaving::Noted;

use super::lines::DeskLines;
use super::socket;

/// A desk is idle most of the time, and there are many: small buffers.
const READ_BUFFER_BYTES: usize = 1024;
const WRITE_BUFFER_BYTES: usize = 4096;

/// Has the connection served on the desks' thread until it ends. One that is gone already is nobody's.
pub(super) fn take(upgraded: Upgraded, lines: Arc<DeskLines>, door: Arc<dyn EngineDoor>) {
    let home = lines.home().clone();
    let parts = match upgraded.downcast::<Noted<TokioIo<TcpStream>>>() {
        Ok(parts) => parts,
        // Over TLS it stays with the runtime that it was made on, which wakes us.
        Err(upgraded) => return drop(home.spawn(serve_as_it_is(upgraded, lines, door))),
    };
    let Ok(stream) = parts.io.into_inner().into_inner().into_std() else { return };
    // Copied: the buffer that it is in is large, and would stay as long as the desk.
    home.spawn(serve(stream, parts.read_buf.to_vec(), lines, door));
}

async fn serve(stream: StdTcpStream, read: Vec<u8>, lines: Arc<DeskLines>, door: Arc<dyn EngineDoor>) {
    let Ok(stream) = TcpStream::from_std(stream) else { return };
    let socket = WebSocketStream::from_partially_read(stream, read, Role::Server, Some(config())).await;
    socket::serve(socket, &lines, door.as_ref()).await;
}

async fn serve_as_it_is(upgraded: Upgraded, lines: Arc<DeskLines>, door: Arc<dyn EngineDoor>) {
    let socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config())).await;
    socket::serve(socket, &lines, door.as_ref()).await;
}

fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .max_message_size(Some(DESK_MESSAGE_MAX))
        .max_frame_size(Some(DESK_MESSAGE_MAX))
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .max_write_buffer_size(16 * DESK_MESSAGE_MAX)
}
