//! What is said to Redis and what it says, in octets (RESP2); only what scripts and the first words of a connection need.

use redis::Value;

/// An answer that is whole.
#[derive(Debug, PartialEq)]
pub enum Reply {
    Value(Value),
    /// It would not, or could not.
    Refused,
}

/// What came is no answer of Redis.
#[derive(Debug, PartialEq)]
pub struct Broken;

/// Scripts answer with lists in a list.
const DEPTH_MAX: usize = 4;
/// More parts than any answer has.
const PARTS_MAX: usize = 1 << 16;

/// Puts a command at the end of `out`.
pub fn command(out: &mut Vec<u8>, words: &[&str]) {
    head(out, b'*', words.len());
    for word in words {
        head(out, b'$', word.len());
        out.extend_from_slice(word.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
}

fn head(out: &mut Vec<u8>, kind: u8, count: usize) {
    out.push(kind);
    out.extend_from_slice(count.to_string().as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// Takes the first answer from `bytes`; `None`, and nothing is taken, as long as it is not all there.
pub fn reply(bytes: &mut &[u8]) -> Result<Option<Reply>, Broken> {
    let mut rest = *bytes;
    let reply = if rest.first() == Some(&b'-') {
        line(&mut rest).map(|_| Reply::Refused)
    } else {
        value(&mut rest, DEPTH_MAX)?.map(Reply::Value)
    };
    if reply.is_some() {
        *bytes = rest;
    }
    Ok(reply)
}

fn value(rest: &mut &[u8], depth: usize) -> Result<Option<Value>, Broken> {
    let Some(line) = line(rest) else { return Ok(None) };
    let (kind, text) = line.split_first().ok_or(Broken)?;
    match kind {
        b'+' => Ok(Some(Value::SimpleString(std::str::from_utf8(text).map_err(|_| Broken)?.to_owned()))),
        b':' => Ok(Some(Value::Int(number(text)?))),
        b'$' => bulk(number(text)?, rest),
        b'*' => list(number(text)?, rest, depth.checked_sub(1).ok_or(Broken)?),
        _ => Err(Broken),
    }
}

fn bulk(length: i64, rest: &mut &[u8]) -> Result<Option<Value>, Broken> {
    let Ok(length) = usize::try_from(length) else { return Ok(Some(Value::Nil)) };
    let Some((bytes, after)) = rest.split_at_checked(length) else { return Ok(None) };
    match after.get(..2) {
        Some(b"\r\n") => *rest = after.get(2..).unwrap_or_default(),
        Some(_) => return Err(Broken),
        None => return Ok(None),
    }
    Ok(Some(Value::BulkString(bytes.to_vec())))
}

fn list(count: i64, rest: &mut &[u8], depth: usize) -> Result<Option<Value>, Broken> {
    let Ok(count) = usize::try_from(count) else { return Ok(Some(Value::Nil)) };
    if count > PARTS_MAX {
        return Err(Broken);
    }
    // Each part takes four octets at least.
    let mut parts = Vec::with_capacity(count.min(rest.len() / 4));
    for _ in 0..count {
        let Some(part) = value(rest, depth)? else { return Ok(None) };
        parts.push(part);
    }
    Ok(Some(Value::Array(parts)))
}

/// Up to the next end of a line, which is taken too.
fn line<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let end = rest.windows(2).position(|two| two == b"\r\n")?;
    let line = rest.get(..end)?;
    *rest = rest.get(end + 2..)?;
    Some(line)
}

fn number(text: &[u8]) -> Result<i64, Broken> {
    std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()).ok_or(Broken)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::BulkString(text.into())
    }

    #[test]
    fn a_command_is_a_list_of_texts() {
        let mut out = b"before".to_vec();
        command(&mut out, &["EVALSHA", "", "grüße\r\n"]);
        assert_eq!(out, "before*3\r\n$7\r\nEVALSHA\r\n$0\r\n\r\n$9\r\ngrüße\r\n\r\n".as_bytes());
    }

    #[test]
    fn answers_are_taken_one_after_the_other_as_soon_as_they_are_whole() {
        let all = b"*3\r\n$5\r\nfound\r\n*2\r\n$2\r\n\r\n\r\n$-1\r\n:-7\r\n-NOSCRIPT none\r\n+PONG\r\n*0\r\n*-1\r\n";
        let mut rest = &all[..];
        let found = Value::Array(vec![text("found"), Value::Array(vec![text("\r\n"), Value::Nil]), Value::Int(-7)]);
        assert_eq!(reply(&mut rest), Ok(Some(Reply::Value(found))));
        let first = all.len() - rest.len();
        assert_eq!(reply(&mut rest), Ok(Some(Reply::Refused)));
        assert_eq!(reply(&mut rest), Ok(Some(Reply::Value(Value::SimpleString("PONG".into())))));
        assert_eq!(reply(&mut rest), Ok(Some(Reply::Value(Value::Array(vec![])))));
        assert_eq!(reply(&mut rest), Ok(Some(Reply::Value(Value::Nil))));
        assert_eq!(reply(&mut rest), Ok(None));
        for length in 0..first {
            let mut cut = &all[..length];
            assert_eq!((reply(&mut cut), cut.len()), (Ok(None), length), "of {length} octets");
        }
    }

    #[test]
    fn what_is_no_answer_is_said() {
        let deep = b"*1\r\n".repeat(DEPTH_MAX + 1);
        for wrong in [&b"\r\n"[..], b"HTTP/1.1 400\r\n", b"$1\r\nab\r\n", b"*x\r\n", b":\r\n", b"*99999999\r\n", &deep]
        {
            assert_eq!(reply(&mut &wrong[..]), Err(Broken), "{}", wrong.escape_ascii());
        }
    }
}
