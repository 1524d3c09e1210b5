//! What one relayed packet costs without the kernel: judged, counted, renumbered, rewritten in place.

use std::hint::black_box;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use throughline::base::rng::Rng;
use throughline::base::{CallId, LegId, Mono, Pii};
use throughline::media::rtp::Header;
use throughline::media::{Channel, Exit, MediaCommand, Relay, Sounds, Source, ToneKind, Wire};
use throughline::sdp::{Codec, Direction, Format, Negotiated};

const CALLS: u64 = 400;
const FRAME_NS: u64 = 20_000_000;

/// Counts octets and forgets them.
#[derive(Default)]
struct Nowhere(u64);

impl Wire for Nowhere {
    fn send(&mut self, _: Exit, _: Channel, _: SocketAddr, packet: &[u8]) {
        self.0 += packet.len() as u64;
    }
}

fn phone(leg: u64) -> SocketAddr {
    SocketAddr::from(([127, 0, (leg >> 8) as u8, leg as u8], 4000))
}

fn session(leg: u64) -> Box<Negotiated> {
    let format = |codec: Codec| Format { to_peer: codec.payload_type, from_peer: codec.payload_type, codec };
    Box::new(Negotiated {
        rtp: Pii::new(phone(leg)),
        rtcp: Pii::new(phone(leg)),
        formats: vec![format(Codec::pcmu()), format(Codec::new(101, "telephone-event", 8000))],
        ptime_ms: 20,
        srtp: None,
        webrtc: None,
        direction: Direction::SendRecv,
    })
}

/// Calls whose two legs get their sound from what `source` says of each leg and its other.
fn calls(source: impl Fn(u64) -> Source) -> Relay {
    let mut relay = Relay::new(Arc::new(Sounds::new(Vec::new())), Duration::from_secs(10), Rng::from_number(1));
    for leg in 0..CALLS * 2 {
        let (id, group) = (LegId(leg), CallId(leg / 2));
        let open = MediaCommand::Open { leg: id, group, port: 4000, family: throughline::base::Family::V4 };
        let described = MediaCommand::Remote { leg: id, session: session(leg) };
        let heard = MediaCommand::Source { leg: id, source: source(leg ^ 1) };
        [open, described, heard]
            .into_iter()
            .for_each(|command| relay.handle(command, Mono::ZERO, &mut Nowhere::default()));
    }
    relay
}

fn relayed_packet(c: &mut Criterion) {
    let mut relay = calls(|other| Source::Leg(LegId(other)));
    let mut wire = Nowhere::default();
    let mut n = 0u64;
    c.bench_function("relay: one packet of 400 calls", |b| {
        b.iter(|| {
            let (leg, turn) = (n % (CALLS * 2), n / (CALLS * 2));
            n += 1;
            let header = Header {
                marker: false,
                payload_type: 0,
                sequence: turn as u16,
                timestamp: turn as u32 * 160,
                ssrc: leg as u32,
            };
            let mut datagram = [0u8; 172];
            datagram.first_chunk_mut().into_iter().for_each(|head| header.write(head));
            relay.datagram(LegId(leg), Channel::Rtp, phone(leg), &mut datagram, Mono(turn * FRAME_NS), &mut wire);
            black_box(wire.0)
        });
    });
}

fn played_packets(c: &mut Criterion) {
    let mut relay = calls(|_| Source::Tone(ToneKind::Waiting));
    let mut wire = Nowhere::default();
    let mut turn = 0u64;
    c.bench_function("player: 20 ms of 800 legs", |b| {
        b.iter(|| {
            turn += 1;
            relay.handle_timeout(Mono(turn * FRAME_NS), &mut wire);
            black_box(wire.0)
        });
    });
}

criterion_group!(benches, relayed_packet, played_packets);
criterion_main!(benches);
