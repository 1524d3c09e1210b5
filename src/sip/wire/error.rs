//! Why bytes are no SIP message that we take, and the status that says so.

use std::fmt;

use super::name::Known;

/// The peer's fault. Answer with `status` where `Message::salvage` still finds whom to answer; answers are only dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParseError {
    /// Nothing but line breaks: a keep-alive (RFC 5626 section 3.5.1). Drop it.
    Empty,
    /// Nothing that looks like SIP. Drop it.
    NotSip,
    /// Longer than `SIP_MESSAGE_MAX`.
    TooLong,
    /// More header fields than `SIP_HEADERS_MAX`, or lines that go on with one than `SIP_FOLDS_MAX`.
    TooManyHeaders,
    /// More elements of lists and parameters than `SIP_PARTS_MAX`.
    TooManyParts,
    /// Neither a request line nor a status line.
    StartLine,
    /// Another version than SIP/2.0.
    Version,
    /// No URI, or one with header fields in it.
    RequestUri,
    /// Longer than `SIP_URI_MAX`.
    UriTooLong,
    /// A line that is no header field, a stray CR or LF, or no empty line after the last.
    HeaderLine,
    Missing(Known),
    /// Given twice where once is allowed.
    Repeated(Known),
    Malformed(Known),
    /// CSeq names another method than the request line.
    CSeqMethod,
    /// Content-Length says more than arrived.
    BodyCutOff,
}

impl ParseError {
    /// The SIP status that this deserves; `None`: no answer at all.
    pub fn status(self) -> Option<u16> {
        match self {
            ParseError::Empty | ParseError::NotSip => None,
            ParseError::TooLong | ParseError::TooManyHeaders | ParseError::TooManyParts => Some(513),
            ParseError::Version => Some(505),
            ParseError::UriTooLong => Some(414),
            ParseError::StartLine
            | ParseError::RequestUri
            | ParseError::HeaderLine
            | ParseError::Missing(_)
            | ParseError::Repeated(_)
            | ParseError::Malformed(_)
            | ParseError::CSeqMethod
            | ParseError::BodyCutOff => Some(400),
        }
    }

    /// A reason phrase for the answer; `Display` also names the header field.
    pub fn phrase(self) -> &'static str {
        match self {
            ParseError::Empty => "Empty",
            ParseError::NotSip => "Not SIP",
            ParseError::TooLong | ParseError::TooManyHeaders | ParseError::TooManyParts => "Message Too Large",
            ParseError::StartLine => "Malformed start line",
            ParseError::Version => "Version Not Supported",
            ParseError::RequestUri => "Malformed Request-URI",
            ParseError::UriTooLong => "Request-URI Too Long",
            ParseError::HeaderLine => "Malformed header line",
            ParseError::Missing(_) => "Missing header field",
            ParseError::Repeated(_) => "Repeated header field",
            ParseError::Malformed(_) => "Malformed header field",
            ParseError::CSeqMethod => "CSeq method differs",
            ParseError::BodyCutOff => "Body shorter than Content-Length",
        }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ParseError::Missing(name) | ParseError::Repeated(name) | ParseError::Malformed(name) => {
                write!(f, "{} {}", self.phrase(), name.as_str())
            }
            _ => f.write_str(self.phrase()),
        }
    }
}

impl std::error::Error for ParseError {}
