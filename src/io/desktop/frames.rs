//! What we say to a desk, as frames of its websocket (RFC 6455 section 5.2). They are made here and written together: the websocket's own
//! buffer would stay as large as the largest pop for as long as the desk is there.

/// Of a frame that is whole and not masked, as a server's are.
const TEXT: u8 = 0x81;
const PING: u8 = 0x89;

/// Puts a text of at most 2^64 octets at the end of `out`.
pub fn text(out: &mut Vec<u8>, text: &str) {
    let length = text.len();
    out.reserve(length + LONGEST_HEAD);
    out.push(TEXT);
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(length @ ..126), _) => out.push(length),
        (_, Ok(length)) => {
            out.push(126);
            out.extend_from_slice(&length.to_be_bytes());
        }
        (_, Err(_)) => {
            out.push(127);
            out.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(text.as_bytes());
}

/// Puts a ping without a text there.
pub fn ping(out: &mut Vec<u8>) {
    out.extend_from_slice(&[PING, 0]);
}

const LONGEST_HEAD: usize = 10;

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;
    use tokio_tungstenite::WebSocketStream;
    use tokio_tungstenite::tungstenite::Message;
    use tokio_tungstenite::tungstenite::protocol::Role;

    use super::*;

    #[tokio::test]
    async fn texts_of_every_length_are_heard_and_pings_between_them() {
        let texts = [0, 1, 125, 126, 65_535, 65_536].map(|length| "x".repeat(length));
        let mut out = Vec::new();
        for words in &texts {
            text(&mut out, words);
            ping(&mut out);
        }
        let nobody = tokio::io::join(out.as_slice(), tokio::io::sink());
        let mut socket = WebSocketStream::from_raw_socket(nobody, Role::Client, None).await;
        for words in texts {
            assert_eq!(socket.next().await.unwrap().unwrap(), Message::text(words));
            assert_eq!(socket.next().await.unwrap().unwrap(), Message::Ping(Vec::new().into()));
        }
    }
}
