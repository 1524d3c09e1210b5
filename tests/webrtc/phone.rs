//! A telephone's sound without its signalling: PCMU and telephone-event on a UDP socket.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use throughline::base::Pii;
use throughline::media::g711::Law;
use throughline::media::rtp::{self, Header};
use throughline::media::{dtmf, tone};
use throughline::sdp::{Codec, Direction, Format, Negotiated};
use tokio::net::UdpSocket;

use super::browser::until;

const EVENTS: u8 = 101;
const EAR: usize = 25;

/// What it says, where to, and what it has heard.
pub struct Phone {
    socket: UdpSocket,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    to: Option<SocketAddr>,
    tone_hz: u32,
    keys: Vec<char>,
    heard: Vec<(Header, Vec<u8>)>,
}

impl Phone {
    pub async fn start() -> Arc<Phone> {
        Phone::start_at(Ipv4Addr::LOCALHOST.into()).await
    }

    pub async fn start_at(host: IpAddr) -> Arc<Phone> {
        let socket = UdpSocket::bind((host, 0)).await.expect("a socket");
        let phone = Arc::new(Phone { socket, state: Mutex::default() });
        tokio::spawn(Arc::clone(&phone).listen());
        tokio::spawn(Arc::clone(&phone).speak());
        phone
    }

    pub fn address(&self) -> SocketAddr {
        self.socket.local_addr().expect("an address")
    }

    /// What its description says.
    pub fn sdp(&self) -> String {
        let (host, port) = (self.address().ip(), self.address().port());
        let kind = if host.is_ipv4() { "IP4" } else { "IP6" };
        format!(
            "v=0\r\no=- 1 1 IN {kind} {host}\r\ns=-\r\nc=IN {kind} {host}\r\nt=0 0\r\nm=audio {port} RTP/AVP 0 {EVENTS}\r\n\
             a=rtpmap:{EVENTS} telephone-event/8000\r\na=fmtp:{EVENTS} 0-15\r\n"
        )
    }

    pub fn session(&self) -> Negotiated {
        let format = |codec: Codec| Format { to_peer: codec.payload_type, from_peer: codec.payload_type, codec };
        Negotiated {
            rtp: Pii::new(self.address()),
            rtcp: Pii::new(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9)),
            formats: vec![format(Codec::pcmu()), format(Codec::new(EVENTS, "telephone-event", 8000))],
            ptime_ms: 20,
            direction: Direction::SendRecv,
            srtp: None,
            webrtc: None,
        }
    }

    pub fn send_to(&self, to: SocketAddr) {
        self.state().to = Some(to);
    }

    /// Where a description of ours says.
    pub fn send_to_described(&self, description: &str) {
        let session = throughline::sdp::Session::parse(description.as_bytes()).expect("a description of ours");
        self.send_to(*session.audio.rtp.expose());
    }

    pub fn hum(&self, tone_hz: u32) {
        self.state().tone_hz = tone_hz;
    }

    pub fn press(&self, key: char) {
        self.state().keys.push(key);
    }

    pub async fn hears(&self, tone_hz: u32) {
        until(&format!("a tone of {tone_hz} Hz at the phone"), || is_in(&self.state().heard, tone_hz)).await;
    }

    /// At any time until now.
    pub fn heard(&self, tone_hz: u32) -> bool {
        let state = self.state();
        (EAR..=state.heard.len()).any(|end| is_in(&state.heard[end - EAR..end], tone_hz))
    }

    pub async fn hears_key(&self, key: char) {
        let event = dtmf::payload(key, true, 0).expect("a key")[0];
        let is_it = |(header, payload): &(Header, Vec<u8>)| header.payload_type == EVENTS && payload[0] == event;
        until("a key at the phone", || self.state().heard.iter().any(is_it)).await;
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().expect("no panic")
    }

    async fn listen(self: Arc<Phone>) {
        let mut buffer = [0; 2048];
        while let Ok((length, _)) = self.socket.recv_from(&mut buffer).await {
            if let Some(packet) = rtp::read(&buffer[..length]) {
                self.state().heard.push((packet.header, buffer[packet.payload].to_vec()));
            }
        }
    }

    async fn speak(self: Arc<Phone>) {
        let mut tick = tokio::time::interval(Duration::from_millis(20));
        let mut header = Header { marker: false, payload_type: 0, sequence: 1, timestamp: 0, ssrc: 99 };
        loop {
            tick.tick().await;
            header.timestamp = header.timestamp.wrapping_add(160);
            let (to, packets) = self.next(header.timestamp);
            for (payload_type, payload) in packets {
                header = Header { sequence: header.sequence.wrapping_add(1), payload_type, ..header };
                let _ = self.socket.send_to(&header.with_payload(&payload), to).await;
            }
        }
    }

    fn next(&self, place: u32) -> (SocketAddr, Vec<(u8, Vec<u8>)>) {
        let mut state = self.state();
        let Some(to) = state.to.filter(|_| state.tone_hz > 0) else { return (self.address(), Vec::new()) };
        if let Some(key) = state.keys.pop() {
            let steps = [(160, false), (400, false), (800, true), (800, true), (800, true)];
            let packet = |(ticks, is_end)| (EVENTS, dtmf::payload(key, is_end, ticks).expect("a key").to_vec());
            return (to, steps.into_iter().map(packet).collect());
        }
        let samples = tone::sine(f64::from(state.tone_hz), 8000, u64::from(place)..u64::from(place) + 160);
        (to, vec![(0, Law::Mu.encode(&samples))])
    }
}

fn is_in(heard: &[(Header, Vec<u8>)], tone_hz: u32) -> bool {
    let sound: Vec<&Vec<u8>> = heard.iter().filter(|(header, _)| header.payload_type == 0).map(|(_, p)| p).collect();
    let last: Vec<u8> = sound.iter().rev().take(EAR).rev().flat_map(|payload| payload.to_vec()).collect();
    sound.len() >= EAR && tone::is_heard(&Law::Mu.decode(&last), f64::from(tone_hz))
}
