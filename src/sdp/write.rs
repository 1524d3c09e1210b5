//! A description of ours as bytes.

use bytes::Bytes;
use sdp_types::{Attribute, Connection, Media, Origin};

use super::Codec;
use super::ours::{Description, LocalMedia};
use super::session::{PLAIN_RTP, RefusedLine, SECURE_RTP};
use super::webrtc::BROWSER_RTP;

pub(super) fn write(local: &LocalMedia, description: &Description) -> Bytes {
    let mut session = sdp_types::Session::new(origin(local), "-");
    session.connection = Some(Connection::from_ip_addr(local.address));
    if let Some(webrtc) = &description.webrtc {
        session.attributes.push(Attribute::new("ice-lite"));
        let group = webrtc.is_bundled.then(|| Attribute::with_value("group", format!("BUNDLE {}", webrtc.mid)));
        session.attributes.extend(group);
    }
    let shape = &description.shape;
    session.medias.extend(shape.before.iter().map(refused));
    session.medias.push(audio(local, description));
    session.medias.extend(shape.after.iter().map(refused));
    let mut body = Vec::with_capacity(512);
    // Writing to memory cannot fail.
    let _ = session.write(&mut body);
    Bytes::from(body)
}

fn origin(local: &LocalMedia) -> Origin {
    Origin::with_ip_addr(local.session_id, local.version, local.address)
}

fn refused(line: &RefusedLine) -> Media {
    let mut refused = media(&line.media, 0, &line.proto, line.fmt.clone());
    refused.attributes.extend(line.mid.iter().map(|mid| Attribute::with_value("mid", mid)));
    refused
}

fn audio(local: &LocalMedia, description: &Description) -> Media {
    let numbers: Vec<String> = description.codecs.iter().map(|codec| codec.payload_type.to_string()).collect();
    let protection = &description.protection;
    let proto = match (&description.webrtc, protection.is_savp) {
        (Some(_), _) => BROWSER_RTP,
        (None, true) => SECURE_RTP,
        (None, false) => PLAIN_RTP,
    };
    let mut audio = media("audio", local.port, proto, numbers.join(" "));
    audio.attributes.extend(description.codecs.iter().flat_map(codec_attributes));
    audio.attributes.extend(protection.crypto.iter().map(|crypto| Attribute::with_value("crypto", crypto.write())));
    audio.attributes.extend(description.ptime_ms.map(|ms| Attribute::with_value("ptime", ms)));
    audio.attributes.extend(description.maxptime_ms.map(|ms| Attribute::with_value("maxptime", ms)));
    let kept = description.kept.iter().cloned();
    audio.attributes.extend(kept.map(|(attribute, value)| Attribute { attribute, value }));
    audio.attributes.push(Attribute::new(description.direction.as_str()));
    let webrtc = description.webrtc.iter().flat_map(|said| said.attributes(local.address, local.port));
    audio.attributes.extend(webrtc);
    audio
}

fn codec_attributes(codec: &Codec) -> impl Iterator<Item = Attribute> {
    let number = codec.payload_type;
    let mut encoding = format!("{number} {}/{}", codec.name, codec.clock);
    if codec.channels != 1 {
        encoding.push_str(&format!("/{}", codec.channels));
    }
    let fmtp = codec.fmtp.as_ref().map(|fmtp| Attribute::with_value("fmtp", format!("{number} {fmtp}")));
    std::iter::once(Attribute::with_value("rtpmap", encoding)).chain(fmtp)
}

fn media(kind: &str, port: u16, proto: &str, fmt: String) -> Media {
    Media {
        media: kind.to_owned(),
        port,
        num_ports: None,
        proto: proto.to_owned(),
        fmt,
        media_title: None,
        connections: Vec::new(),
        bandwidths: Vec::new(),
        key: None,
        attributes: Vec::new(),
    }
}
