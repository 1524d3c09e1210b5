//! A stream: what it holds does not depend on how it was split, and what comes out of it is what went in.

use throughline::sip::framing::{Frame, Framer};

/// Longer streams are split in fewer ways.
const BY_BYTE_MAX: usize = 2_000;

pub fn run(data: &[u8]) {
    // The first byte decides how the rest is split.
    let Some((split, stream)) = data.split_first() else { return };
    let whole = frames(stream, |_| stream.len());
    let pace = usize::from(*split);
    assert_eq!(frames(stream, |nth| 1 + (pace * (nth + 1)) % 61), whole);
    if stream.len() <= BY_BYTE_MAX {
        assert_eq!(frames(stream, |_| 1), whole);
    }
    let mut rest = stream;
    for message in whole.iter().filter(|frame| frame.starts_with(b"m")) {
        let at = memchr::memmem::find(rest, &message[1..]).expect("a message is a part of the stream, in order");
        rest = &rest[at + message.len() - 1..];
    }
}

/// What comes out when the parts are as long as `length` says of each: a letter, and what goes with it.
fn frames(stream: &[u8], length: impl Fn(usize) -> usize) -> Vec<Vec<u8>> {
    let (mut framer, mut out, mut rest, mut nth) = (Framer::default(), Vec::new(), stream, 0);
    while !rest.is_empty() {
        let (part, behind) = rest.split_at(length(nth).clamp(1, rest.len()));
        (rest, nth) = (behind, nth + 1);
        framer.buffer().extend_from_slice(part);
        loop {
            match framer.poll() {
                Ok(Some(Frame::Message(bytes))) => out.push([b"m", &bytes[..]].concat()),
                Ok(Some(Frame::Ping)) => out.push(b"ping".to_vec()),
                Ok(None) => break,
                Err(broken) => {
                    let _ = broken.answer(([192, 0, 2, 9], 5060).into());
                    out.push(format!("broken {:?}", broken.fault).into_bytes());
                    assert!(matches!(framer.poll(), Ok(None)), "after a fault there is nothing");
                    return out;
                }
            }
        }
    }
    out.push(format!("amid {}", framer.is_amid()).into_bytes());
    out
}
