//! Conversions to the types of the `rsip` crate, for people whose own code speaks it. Our wire format never passes through it.

use ::rsip::{Error, Request as TheirRequest, Response as TheirResponse};

use super::message::{Headers, Request, Response};

/// Fails where `rsip` cannot follow: a method or URI it does not know, or a value that is not UTF-8.
impl TryFrom<&Request> for TheirRequest {
    type Error = Error;

    fn try_from(request: &Request) -> Result<TheirRequest, Error> {
        let line = [request.method().as_bytes(), b" ", request.uri().raw(), b" SIP/2.0"].concat();
        let mut theirs = TheirRequest::try_from(head(&line, request)?)?;
        theirs.body = request.body().to_vec();
        Ok(theirs)
    }
}

/// Fails where `rsip` cannot follow, as for requests.
impl TryFrom<&Response> for TheirResponse {
    type Error = Error;

    fn try_from(response: &Response) -> Result<TheirResponse, Error> {
        let line = [format!("SIP/2.0 {} ", response.status()).as_bytes(), response.reason_phrase()].concat();
        let mut theirs = TheirResponse::try_from(head(&line, response)?)?;
        theirs.body = response.body().to_vec();
        Ok(theirs)
    }
}

/// The start line and the header fields with their full names, without the body, which `rsip` reads as text.
fn head(line: &[u8], headers: &Headers) -> Result<String, Error> {
    let mut head = [line, b"\r\n"].concat();
    for (name, value) in headers.all() {
        head.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
    }
    head.extend(b"\r\n");
    String::from_utf8(head).map_err(|_| Error::Utf8Error("a header field".to_owned()))
}

#[cfg(test)]
mod tests {
    use ::rsip::prelude::{HeadersExt, ToTypedHeader};
    use bytes::Bytes;

    use super::*;

    #[test]
    fn a_request_that_rsip_could_not_read_itself_arrives() {
        let bytes = Bytes::from_static(
            b"INVITE sip:a@example.com SIP/2.0\r\nv: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1\r\nf: <sip:a@example.com>\r\n ;tag=1\r\n\
              t: <sip:b@example.com>\r\ni: 1\r\nCSeq: 1 INVITE\r\n\r\n\xff\x00",
        );
        let theirs = TheirRequest::try_from(&Request::parse(bytes).unwrap()).unwrap();
        assert_eq!(theirs.from_header().unwrap().typed().unwrap().tag().unwrap().to_string(), "1");
        assert_eq!(theirs.body, b"\xff\x00");
    }
}
