//! A description of ours as bytes, written straight: each call has three, and a model of lines between would cost more than they do.

use std::io::Write;

use bytes::Bytes;
use memchr::memchr3;

use super::Codec;
use super::ours::{Description, LocalMedia};
use super::session::{PLAIN_RTP, RefusedLine, SECURE_RTP};
use super::webrtc::BROWSER_RTP;
use crate::base::Plain;

/// Room for most; what is kept is no larger than the text.
const USUAL_SIZE: usize = 512;

pub(super) fn write(local: &LocalMedia, description: &Description) -> Bytes {
    let mut out = Vec::with_capacity(USUAL_SIZE);
    head(&mut out, local);
    if let Some(webrtc) = &description.webrtc {
        flag(&mut out, "ice-lite");
        if webrtc.is_bundled {
            line(&mut out, &["a=group:BUNDLE ", &webrtc.mid]);
        }
    }
    let shape = &description.shape;
    shape.before.iter().for_each(|line| refused(&mut out, line));
    audio(&mut out, local, description);
    shape.after.iter().for_each(|line| refused(&mut out, line));
    out.shrink_to_fit();
    Bytes::from(out)
}

/// All that stands before the streams.
fn head(out: &mut Vec<u8>, local: &LocalMedia) {
    out.extend_from_slice(b"v=0\r\n");
    let (kind, address) = place(local);
    origin(out, local, (kind, &address));
    out.extend_from_slice(b"s=-\r\n");
    line(out, &["c=", kind, &address]);
    out.extend_from_slice(b"t=0 0\r\n");
}

/// Whose session it is, and which of its descriptions.
pub(super) fn write_origin(out: &mut Vec<u8>, local: &LocalMedia) {
    let (kind, address) = place(local);
    origin(out, local, (kind, &address));
}

fn origin(out: &mut Vec<u8>, local: &LocalMedia, (kind, address): (&str, &str)) {
    out.extend_from_slice(b"o=- ");
    number(out, local.session_id);
    out.push(b' ');
    number(out, local.version);
    line(out, &[" ", kind, address]);
}

fn place(local: &LocalMedia) -> (&'static str, String) {
    let kind = if local.address.is_ipv4() { "IN IP4 " } else { "IN IP6 " };
    (kind, Plain(local.address).to_string())
}

fn refused(out: &mut Vec<u8>, refused: &RefusedLine) {
    line(out, &["m=", &refused.media, " 0 ", &refused.proto, " ", &refused.fmt]);
    refused.mid.iter().for_each(|mid| attribute(out, "mid", mid));
}

fn audio(out: &mut Vec<u8>, local: &LocalMedia, description: &Description) {
    let protection = &description.protection;
    let proto = match (&description.webrtc, protection.is_savp) {
        (Some(_), _) => BROWSER_RTP,
        (None, true) => SECURE_RTP,
        (None, false) => PLAIN_RTP,
    };
    out.extend_from_slice(b"m=audio ");
    number(out, local.port);
    text(out, " ");
    text(out, proto);
    for codec in &description.codecs {
        out.push(b' ');
        number(out, codec.payload_type);
    }
    line(out, &[]);
    description.codecs.iter().for_each(|codec| explain(out, codec));
    protection.crypto.iter().for_each(|crypto| attribute(out, "crypto", &crypto.write()));
    description.ptime_ms.iter().for_each(|ms| counted(out, "ptime", *ms));
    description.maxptime_ms.iter().for_each(|ms| counted(out, "maxptime", *ms));
    description.kept.iter().for_each(|(name, value)| put(out, name, value.as_deref()));
    flag(out, description.direction.as_str());
    let webrtc = description.webrtc.iter().flat_map(|said| said.attributes(local.address, local.port));
    webrtc.for_each(|(name, value)| put(out, name, value.as_deref()));
}

fn explain(out: &mut Vec<u8>, codec: &Codec) {
    out.extend_from_slice(b"a=rtpmap:");
    number(out, codec.payload_type);
    text(out, " ");
    text(out, &codec.name);
    text(out, "/");
    number(out, codec.clock);
    if codec.channels != 1 {
        text(out, "/");
        number(out, codec.channels);
    }
    line(out, &[]);
    if let Some(fmtp) = &codec.fmtp {
        out.extend_from_slice(b"a=fmtp:");
        number(out, codec.payload_type);
        line(out, &[" ", fmtp]);
    }
}

fn counted(out: &mut Vec<u8>, name: &str, count: u32) {
    line(out, &["a=", name, ":", &count.to_string()]);
}

fn put(out: &mut Vec<u8>, name: &str, value: Option<&str>) {
    match value {
        Some(value) => attribute(out, name, value),
        None => flag(out, name),
    }
}

fn attribute(out: &mut Vec<u8>, name: &str, value: &str) {
    line(out, &["a=", name, ":", value]);
}

fn flag(out: &mut Vec<u8>, name: &str) {
    line(out, &["a=", name]);
}

/// The parts, and the end of the line.
fn line(out: &mut Vec<u8>, parts: &[&str]) {
    parts.iter().for_each(|part| text(out, part));
    out.extend_from_slice(b"\r\n");
}

/// Nothing can end its line: NUL, CR and LF are left out (RFC 8866 section 5).
fn text(out: &mut Vec<u8>, text: &str) {
    let may_stand = |byte: &u8| !matches!(byte, 0 | b'\r' | b'\n');
    match memchr3(0, b'\r', b'\n', text.as_bytes()) {
        None => out.extend_from_slice(text.as_bytes()),
        Some(_) => out.extend(text.bytes().filter(may_stand)),
    }
}

fn number(out: &mut Vec<u8>, number: impl std::fmt::Display) {
    // Writing to memory cannot fail.
    let _ = write!(out, "{number}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_peer_said_cannot_end_a_line() {
        let mut out = Vec::new();
        attribute(&mut out, "label", "a\r\nm=video 9\0");
        assert_eq!(out, b"a=label:am=video 9\r\n");
    }

    #[test]
    fn every_line_is_as_the_model_of_the_crate_writes_it() {
        let mut local = LocalMedia::new("2001:db8::1".parse().expect("an address"), 4000, 77);
        let body = b"v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=video 9 RTP/AVP 96\r\na=mid:v\r\n\
            m=audio 4000 RTP/AVP 0 96 101\r\na=rtpmap:96 opus/48000/2\r\na=fmtp:96 useinbandfec=1\r\na=rtpmap:101 telephone-event/8000\r\n\
            a=ptime:20\r\na=maxptime:40\r\na=label:one\r\na=sendonly\r\nm=image 9 udptl t38\r\n";
        let offer = super::super::Session::parse(body).expect("a description");
        let agreed = local.answer_alone(&offer, &[Codec::pcmu()]).expect("an answer");
        for written in [agreed.body, local.relay_offer(&offer)] {
            let model = sdp_types::Session::parse(&written).expect("it reads back");
            let mut again = Vec::new();
            model.write(&mut again).expect("memory");
            assert_eq!(String::from_utf8_lossy(&written), String::from_utf8_lossy(&again));
        }
    }
}
