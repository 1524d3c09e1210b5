//! The independent browser: the webrtc project's whole stack, with a microphone that holds a tone and an ear that knows tones.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use rtc::media_stream::MediaStreamTrack;
use rtc::peer_connection::configuration::media_engine::{MIME_TYPE_OPUS, MIME_TYPE_PCMU, MIME_TYPE_TELEPHONE_EVENT};
use rtc::rtp::{Header, Packet};
use rtc::rtp_transceiver::rtp_sender::{
    RTCRtpCodec, RTCRtpCodecParameters, RTCRtpCodingParameters, RTCRtpEncodingParameters, RtpCodecKind,
};
use throughline::media::g711::Law;
use throughline::media::{dtmf, tone};
use webrtc::media_stream::track_local::TrackLocal;
use webrtc::media_stream::track_local::static_rtp::TrackLocalStaticRTP;
use webrtc::media_stream::track_remote::{TrackRemote, TrackRemoteEvent};
use webrtc::peer_connection::{
    MediaEngine, PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler, RTCIceGatheringState,
    RTCPeerConnectionState, RTCSessionDescription, Registry,
};

/// Nothing in these tests takes longer, but on a machine that does much else.
pub const PATIENCE: Duration = Duration::from_secs(60);

const FRAME: Duration = Duration::from_millis(20);
const PCMU: u8 = 0;
const OPUS: u8 = 111;
const EVENTS: u8 = 101;
/// Packets that an ear listens to at once.
const EAR: usize = 25;

/// One browser with one connection.
pub struct Browser {
    pub connection: Arc<dyn PeerConnection>,
    seen: Arc<Seen>,
    microphone: Arc<Microphone>,
}

/// What came, and how the connection stands.
#[derive(Default)]
pub struct Seen {
    packets: Mutex<Vec<Packet>>,
    state: Mutex<RTCPeerConnectionState>,
    gathered: AtomicBool,
}

struct Microphone {
    track: Arc<TrackLocalStaticRTP>,
    ssrc: u32,
    tone_hz: AtomicU32,
    payload_type: AtomicU32,
    keys: Mutex<Vec<char>>,
    is_open: AtomicBool,
}

#[async_trait::async_trait]
impl PeerConnectionEventHandler for Seen {
    async fn on_ice_gathering_state_change(&self, state: RTCIceGatheringState) {
        self.gathered.fetch_or(state == RTCIceGatheringState::Complete, Ordering::SeqCst);
    }

    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        *self.state.lock().expect("no panic") = state;
    }
}

/// The handler of a connection; an ear of its own runs for each track.
struct Handler(Arc<Seen>);

#[async_trait::async_trait]
impl PeerConnectionEventHandler for Handler {
    async fn on_ice_gathering_state_change(&self, state: RTCIceGatheringState) {
        self.0.on_ice_gathering_state_change(state).await;
    }

    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        self.0.on_connection_state_change(state).await;
    }

    async fn on_track(&self, track: Arc<dyn TrackRemote>) {
        let seen = Arc::clone(&self.0);
        tokio::spawn(async move {
            while let Some(event) = track.poll().await {
                if let TrackRemoteEvent::OnRtpPacket(packet) = event {
                    seen.packets.lock().expect("no panic").push(packet);
                }
            }
        });
    }
}

impl Browser {
    /// One that knows G.711, telephone-event and, when asked, Opus first.
    pub async fn new(with_opus: bool) -> Browser {
        Browser::at("127.0.0.1:0", with_opus).await
    }

    /// One whose machine has this address alone.
    pub async fn at(address: &str, with_opus: bool) -> Browser {
        let mut engine = MediaEngine::default();
        let opus = with_opus.then(|| codec(OPUS, MIME_TYPE_OPUS, 48_000, 2));
        let narrow = [codec(PCMU, MIME_TYPE_PCMU, 8000, 1), codec(EVENTS, MIME_TYPE_TELEPHONE_EVENT, 8000, 1)];
        let codecs: Vec<RTCRtpCodecParameters> = opus.into_iter().chain(narrow).collect();
        for codec in codecs.clone() {
            engine.register_codec(codec, RtpCodecKind::Audio).expect("a codec");
        }
        let seen = Arc::new(Seen::default());
        let connection = PeerConnectionBuilder::new()
            .with_media_engine(engine)
            .with_interceptor_registry(Registry::new())
            .with_handler(Arc::new(Handler(Arc::clone(&seen))))
            .with_udp_addrs(vec![address.to_owned()])
            .build()
            .await
            .expect("a connection");
        let microphone = Arc::new(Microphone::new(if with_opus { OPUS } else { PCMU }));
        connection.add_track(Arc::clone(&microphone.track) as Arc<dyn TrackLocal>).await.expect("a track");
        for transceiver in connection.get_transceivers().await {
            transceiver.set_codec_preferences(codecs.clone()).await.expect("codecs");
        }
        tokio::spawn(Arc::clone(&microphone).run());
        Browser { connection: Arc::new(connection), seen, microphone }
    }

    pub async fn offer(&self) -> String {
        let offer = soon(self.connection.create_offer(None)).await.expect("an offer");
        self.settle_own(offer).await
    }

    pub async fn answer(&self, offer: &str) -> String {
        let offer = RTCSessionDescription::offer(offer.to_owned()).expect("an offer of ours");
        soon(self.connection.set_remote_description(offer)).await.expect("an offer that can be used");
        let answer = soon(self.connection.create_answer(None)).await.expect("an answer");
        self.settle_own(answer).await
    }

    pub async fn take_answer(&self, answer: &str) {
        let answer = RTCSessionDescription::answer(answer.to_owned()).expect("an answer of ours");
        soon(self.connection.set_remote_description(answer)).await.expect("an answer that can be used");
    }

    /// An offer in the middle of a call: with the sound held, or not any more.
    pub async fn offer_held(&self, is_held: bool) -> String {
        let offer = self.offer().await;
        if is_held { offer.replace("a=sendrecv", "a=sendonly") } else { offer }
    }

    /// A browser whose candidates are all there: none comes later.
    async fn settle_own(&self, description: RTCSessionDescription) -> String {
        soon(self.connection.set_local_description(description)).await.expect("a description of its own");
        until("its own address", || self.seen.gathered.load(Ordering::SeqCst)).await;
        self.connection.local_description().await.expect("a description").sdp
    }

    pub async fn connected(&self) {
        self.reaches(RTCPeerConnectionState::Connected).await;
    }

    pub async fn reaches(&self, state: RTCPeerConnectionState) {
        until(&format!("{state}"), || *self.seen.state.lock().expect("no panic") == state).await;
    }

    /// The microphone holds this tone from now on; 0 is silence, in packets.
    pub fn hum(&self, tone_hz: u32) {
        self.microphone.payload_type.store(u32::from(PCMU), Ordering::SeqCst);
        self.microphone.tone_hz.store(tone_hz, Ordering::SeqCst);
        self.microphone.is_open.store(true, Ordering::SeqCst);
    }

    /// Packets of Opus, whose sound nobody here decodes: each begins with this octet.
    pub fn send_opus(&self, octet: u8) {
        self.microphone.payload_type.store(u32::from(OPUS), Ordering::SeqCst);
        self.microphone.tone_hz.store(u32::from(octet), Ordering::SeqCst);
        self.microphone.is_open.store(true, Ordering::SeqCst);
    }

    pub fn hush(&self) {
        self.microphone.is_open.store(false, Ordering::SeqCst);
    }

    pub fn press(&self, key: char) {
        self.microphone.keys.lock().expect("no panic").push(key);
    }

    pub async fn hears(&self, tone_hz: u32) {
        until(&format!("a tone of {tone_hz} Hz"), || self.hears_now(tone_hz)).await;
    }

    /// In what came last.
    pub fn hears_now(&self, tone_hz: u32) -> bool {
        let packets = self.packets();
        let sound: Vec<&Packet> = packets.iter().filter(|packet| packet.header.payload_type == PCMU).collect();
        let last: Vec<u8> = sound.iter().rev().take(EAR).rev().flat_map(|packet| packet.payload.to_vec()).collect();
        sound.len() >= EAR && tone::is_heard(&Law::Mu.decode(&last), f64::from(tone_hz))
    }

    pub async fn hears_opus(&self, octet: u8) {
        let is_it = |packet: &Packet| packet.header.payload_type == OPUS && packet.payload.first() == Some(&octet);
        until("Opus of the other browser", || self.packets().iter().filter(|packet| is_it(packet)).count() > EAR).await;
    }

    pub async fn hears_key(&self, key: char) {
        let event = dtmf::payload(key, true, 0).expect("a key")[0];
        let is_it = |packet: &Packet| packet.header.payload_type == EVENTS && packet.payload.first() == Some(&event);
        until("a key", || self.packets().iter().any(is_it)).await;
    }

    pub fn packets(&self) -> Vec<Packet> {
        self.seen.packets.lock().expect("no panic").clone()
    }

    /// Packets of one stream, each number one above the last: how many are missing.
    pub fn gaps(&self) -> usize {
        let packets = self.packets();
        let is_next = |pair: &&[Packet]| {
            let (one, next) = (&pair[0].header, &pair[1].header);
            next.ssrc == one.ssrc && next.sequence_number == one.sequence_number.wrapping_add(1)
        };
        packets.windows(2).filter(|pair| !is_next(pair)).count()
    }

    /// It is gone, and tells nobody.
    pub async fn vanish(&self) {
        self.hush();
        self.connection.close().await.expect("an end");
    }
}

impl Microphone {
    fn new(payload_type: u8) -> Microphone {
        let ssrc = 0x7e57_0000 | std::process::id() & 0xffff;
        let (name, clock, channels) =
            if payload_type == OPUS { (MIME_TYPE_OPUS, 48_000, 2) } else { (MIME_TYPE_PCMU, 8000, 1) };
        let encoding = RTCRtpEncodingParameters {
            rtp_coding_parameters: RTCRtpCodingParameters { ssrc: Some(ssrc), ..Default::default() },
            codec: codec(payload_type, name, clock, channels).rtp_codec,
            ..Default::default()
        };
        let track = MediaStreamTrack::new(
            "stream".to_owned(),
            "microphone".to_owned(),
            "microphone".to_owned(),
            RtpCodecKind::Audio,
            vec![encoding],
        );
        Microphone {
            track: Arc::new(TrackLocalStaticRTP::new(track)),
            ssrc,
            tone_hz: AtomicU32::new(0),
            payload_type: AtomicU32::new(u32::from(payload_type)),
            keys: Mutex::default(),
            is_open: AtomicBool::new(false),
        }
    }

    async fn run(self: Arc<Microphone>) {
        let mut tick = tokio::time::interval(FRAME);
        let (mut sequence, mut place) = (7u16, 0u64);
        loop {
            tick.tick().await;
            place += 160;
            if !self.is_open.load(Ordering::SeqCst) {
                continue;
            }
            let key = self.keys.lock().expect("no panic").pop();
            for (payload_type, payload) in key.map_or_else(|| self.sound(place), pressed) {
                sequence = sequence.wrapping_add(1);
                let header = Header {
                    version: 2,
                    payload_type,
                    sequence_number: sequence,
                    timestamp: place as u32,
                    ssrc: self.ssrc,
                    ..Default::default()
                };
                // Before it is connected nothing leaves.
                let _ = self.track.write_rtp(Packet { header, payload }).await;
            }
        }
    }

    fn sound(&self, place: u64) -> Vec<(u8, Bytes)> {
        let (tone_hz, payload_type) = (self.tone_hz.load(Ordering::SeqCst), self.payload_type.load(Ordering::SeqCst));
        if payload_type == u32::from(OPUS) {
            return vec![(OPUS, Bytes::from(vec![tone_hz as u8; 60]))];
        }
        let samples = tone::sine(f64::from(tone_hz), 8000, place..place + 160);
        vec![(PCMU, Law::Mu.encode(&samples).into())]
    }
}

/// A key that is let go at once: five packets of one event.
fn pressed(key: char) -> Vec<(u8, Bytes)> {
    let steps = [(160, false), (400, false), (800, true), (800, true), (800, true)];
    let packet = |(ticks, is_end)| (EVENTS, Bytes::from(dtmf::payload(key, is_end, ticks).expect("a key").to_vec()));
    steps.into_iter().map(packet).collect()
}

fn codec(payload_type: u8, name: &str, clock_rate: u32, channels: u16) -> RTCRtpCodecParameters {
    let rtp_codec = RTCRtpCodec {
        mime_type: name.to_owned(),
        clock_rate,
        channels,
        sdp_fmtp_line: String::new(),
        rtcp_feedback: Vec::new(),
    };
    RTCRtpCodecParameters { rtp_codec, payload_type }
}

/// Waits until it is so.
pub async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = std::time::Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "{what} did not come");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// What the other side's browser takes at once, or never.
async fn soon<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, work).await.expect("a browser that answers")
}
