//! A session description: it is read or refused, and what we answer to it is one that we would read.

use std::net::IpAddr;

use throughline::sdp::{Codec, Fingerprint, LocalMedia, LocalWebRtc, SdpError, Session};

pub fn run(data: &[u8]) {
    // A zero byte parts the offer from the answer of the other leg.
    let cut = data.iter().position(|byte| *byte == 0).unwrap_or(data.len());
    let (offer, answer) = data.split_at(cut);
    let streams = lines(offer);
    let Some(offer) = read(offer) else { return };
    alone(&offer, streams);
    if let Some(answer) = read(answer.get(1..).unwrap_or_default()) {
        between(&offer, &answer);
    }
}

fn read(body: &[u8]) -> Option<Session> {
    match Session::parse(body) {
        Ok(session) => Some(session),
        Err(fault) => {
            assert!((400..700).contains(&fault.status()), "{fault}");
            None
        }
    }
}

/// Our side of a leg whose peer has said this: a browser's has keys of its own kind.
fn local(peer: &Session) -> LocalMedia {
    let plain = LocalMedia::new(IpAddr::from([192, 0, 2, 1]), 20_000, 7);
    match peer.audio.webrtc {
        Some(_) => plain.with_webrtc(LocalWebRtc::new(Fingerprint([5; 32]), [9; 32])),
        None => plain,
    }
}

/// An answer has a line for each stream of the offer (RFC 3264 section 6).
fn alone(offer: &Session, streams: usize) {
    let mut ours = local(offer);
    let Ok(agreed) = ours.answer_alone(offer, &[Codec::pcmu(), Codec::pcma()]) else { return };
    let answer = Session::parse(&agreed.body).expect("we read our answers");
    assert_eq!(answer.audio.rtp.expose().port(), 20_000);
    assert!(answer.audio.codecs.iter().all(|codec| offer.audio.codec(codec.payload_type).is_some()));
    assert_eq!(lines(&agreed.body), streams);
    assert_eq!(answer.audio.webrtc.is_some(), offer.audio.webrtc.is_some());
    let again = ours.answer_alone(offer, &[Codec::pcmu(), Codec::pcma()]).expect("as before");
    assert_eq!(again.body, agreed.body, "the same again is the same version");
}

/// What one leg's peer offers is offered to the other leg; what that answers is answered to the first.
fn between(offer: &Session, answer: &Session) {
    let (mut first, mut second) = (local(offer), local(answer));
    let relayed = second.relay_offer(offer);
    let relayed = Session::parse(&relayed).expect("we read our offers");
    assert_eq!(relayed.audio.direction, offer.audio.direction);
    let settled = second.answered(answer);
    match first.relay_answer(offer, answer) {
        Ok(agreed) => {
            let answered = Session::parse(&agreed.body).expect("we read our answers");
            assert!(!answered.audio.direction.sends() || offer.audio.direction.listens());
        }
        Err(fault) => assert!((400..700).contains(&fault.status()), "{fault}"),
    }
    if let Ok(settled) = settled {
        let moved: Result<Session, SdpError> = Session::parse(&first.offer_from_negotiated(&settled));
        assert!(moved.is_ok(), "{moved:?}");
    }
}

fn lines(body: &[u8]) -> usize {
    body.split(|byte| matches!(byte, b'\r' | b'\n')).filter(|line| line.starts_with(b"m=")).count()
}
