//! Streams are opened and closed: a port of its own for each, or the one that browsers share.

use crate::base::{CallId, Family, LegId};
use crate::media::command::{MediaCommand, OurSide};
use crate::sdp::{Direction, LocalMedia, LocalWebRtc};

use super::renewed::{is_lost, renew_lost};
use super::{NoSound, Stream};
use crate::calls::bench::Bench;
use crate::calls::call::{Call, Side};
use crate::calls::terms::SoundTerms;

/// Opens the caller's stream unless it is open.
pub(super) fn open_caller(call: &mut Call, bench: &mut Bench) -> Result<(), NoSound> {
    let webrtc = call.sound.is_of_browser();
    let family = call.sound.family_of_caller().unwrap_or(Family::of(call.incoming.source.expose().ip()));
    let terms = SoundTerms { webrtc, family: Some(family), ..call.trunk.terms.sound.over(call.incoming.is_tls)? };
    open(call, Side::Caller, call.caller.0, &terms, bench)
}

/// Opens the stream of a side unless it is open.
pub(super) fn open(
    call: &mut Call,
    side: Side,
    leg: LegId,
    terms: &SoundTerms,
    bench: &mut Bench,
) -> Result<(), NoSound> {
    let (of, plain) = ((call.id, call.group), call.sound.plain);
    // The far leg goes over the caller's trunk when it is the fallback.
    let is_of_trunk = side == Side::Caller || call.record.fallback.is_some();
    let without_keys = is_of_trunk && call.trunk.keys_in_info;
    if call.sound.past.is_some() || (is_lost(call, side) && !renew_lost(call, side, bench)) {
        return Err(NoSound::NoPort);
    }
    let place = call.sound.stream(side);
    if place.is_some() {
        return Ok(());
    }
    let terms = SoundTerms { plain, ..terms.clone() };
    *place = Some(new_stream(of, leg, (&terms, without_keys), bench)?);
    Ok(())
}

pub(super) fn new_stream(
    (call, group): (CallId, CallId),
    leg: LegId,
    (terms, without_keys): (&SoundTerms, bool),
    bench: &mut Bench,
) -> Result<Box<Stream>, NoSound> {
    let mut local = if terms.webrtc { shared(group, leg, bench)? } else { alone(group, leg, terms, bench)? };
    local.without_keys = without_keys;
    bench.port_by_leg.insert(leg, (local.port, call));
    let (agreed, remote, wish) = (None, None, Direction::SendRecv);
    let (lost, moved, failures) = (false, false, 0);
    Ok(Box::new(Stream { leg, local, agreed, remote, wish, owed: false, terms: terms.clone(), lost, moved, failures }))
}

/// A port of its own.
fn alone(group: CallId, leg: LegId, terms: &SoundTerms, bench: &mut Bench) -> Result<LocalMedia, NoSound> {
    let port = bench.ports.take(bench.now.mono).ok_or(NoSound::NoPort)?;
    let address = bench.settings.media.advertised.like(terms.family);
    let local = LocalMedia::new(address, port, bench.rng.u64());
    bench.media(MediaCommand::Open { group, leg, port, family: Family::of(address) });
    Ok(local.with_srtp(terms.srtp, |octets| bench.rng.fill(octets)))
}

/// The port that browsers share: it is not lent, and not given back.
fn shared(group: CallId, leg: LegId, bench: &mut Bench) -> Result<LocalMedia, NoSound> {
    let port = bench.settings.media.webrtc.port_of(group).ok_or(NoSound::NoPort)?;
    let mut seed = [0; 32];
    bench.rng.fill(&mut seed);
    let addresses = bench.settings.media.advertised;
    let webrtc = LocalWebRtc::new(bench.settings.media.webrtc.fingerprint, seed).also_at(addresses.second());
    bench.media(MediaCommand::OpenShared { group, leg, ours: Box::new(ours(&webrtc)) });
    let local = LocalMedia::new(addresses.first(), port, bench.rng.u64());
    Ok(local.with_webrtc(webrtc))
}

/// What the media must know of us before the browser's description has come.
pub(super) fn ours(webrtc: &LocalWebRtc) -> OurSide {
    let (ice, stream) = (webrtc.ice().clone(), webrtc.stream());
    OurSide { ice, ssrc: stream.ssrc, cname: stream.cname.clone() }
}

/// Its port is free when the media says that it is closed.
pub(super) fn close(stream: &Stream, bench: &mut Bench) {
    bench.media(MediaCommand::Close { leg: stream.leg });
}
