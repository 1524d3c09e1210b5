//! Browsers that do no more than a relay sees of them: a check, the handshake, sealed sound; and the phones on the other side.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hmac::{Hmac, KeyInit, Mac};
use rtc_dtls::config::{ClientAuthType, ConfigBuilder, HandshakeConfig};
use rtc_dtls::crypto::Certificate;
use rtc_dtls::crypto_provider::default_provider;
use rtc_dtls::endpoint::{Endpoint, EndpointEvent};
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc_dtls::state::State;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use throughline::media::ice::crc32::crc32;
use throughline::media::srtp::Shield;
use throughline::sdp::{Fingerprint, IceCredentials, KEY_OCTETS, MasterKey, SrtpKeys, Suite};

/// The certificate of all browsers, and which profiles they offer.
pub struct Identity {
    config: Arc<HandshakeConfig>,
    pub fingerprint: Fingerprint,
}

/// One browser and the relay's address for it.
pub struct Browser {
    pub socket: UdpSocket,
    pub relay: SocketAddr,
    pub shield: Option<Shield>,
}

const SECRET: usize = 16;
const PATIENCE: Duration = Duration::from_secs(10);
const COOKIE: u32 = 0x2112_a442;

impl Identity {
    pub fn new(profile: SrtpProtectionProfile) -> Identity {
        let provider = default_provider().expect("cryptography");
        let names = vec!["browser".to_owned()];
        let certificate = Certificate::generate_self_signed(names, provider.crypto()).expect("a certificate");
        let fingerprint = Fingerprint(Sha256::digest(&certificate.certificate[0]).into());
        let config = ConfigBuilder::default()
            .with_crypto_provider(provider)
            .with_certificates(vec![certificate])
            .with_srtp_protection_profiles(vec![profile])
            .with_client_auth(ClientAuthType::RequireAnyClientCert)
            .with_insecure_skip_verify(true)
            .build(true, None)
            .expect("a configuration");
        Identity { config: Arc::new(config), fingerprint }
    }

    /// As `a=fingerprint` has it.
    pub fn text(&self) -> String {
        let octets: Vec<String> = self.fingerprint.0.iter().map(|octet| format!("{octet:02X}")).collect();
        format!("sha-256 {}", octets.join(":"))
    }
}

impl Browser {
    pub fn new() -> Browser {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket");
        Browser { socket, relay: SocketAddr::from(([127, 0, 0, 1], 9)), shield: None }
    }

    pub fn address(&self) -> SocketAddr {
        self.socket.local_addr().expect("an address")
    }

    /// From the first packet to the keys; with a check before the handshake where the relay asks for one.
    pub fn connect(&mut self, identity: &Identity, ours: Option<&(IceCredentials, IceCredentials)>) -> Duration {
        let began = Instant::now();
        self.socket.connect(self.relay).expect("an address");
        self.socket.set_read_timeout(Some(Duration::from_millis(200))).expect("a time");
        if let Some((ours, theirs)) = ours {
            self.check(ours, theirs);
        }
        self.shield = Some(Shield::new(&self.shake_hands(identity)));
        let took = began.elapsed();
        self.socket.set_nonblocking(true).expect("a socket that does not block");
        took
    }

    /// A genuine check that nominates; it is repeated until it is answered.
    fn check(&self, ours: &IceCredentials, theirs: &IceCredentials) {
        let began = Instant::now();
        let mut buffer = [0; 2048];
        let message = check(ours, theirs);
        while began.elapsed() < PATIENCE {
            self.socket.send(&message).expect("a check that leaves");
            if self.socket.recv(&mut buffer).is_ok_and(|length| length > 20 && buffer[..2] == [1, 1]) {
                return;
            }
        }
        panic!("no answer to a check");
    }

    fn shake_hands(&self, identity: &Identity) -> SrtpKeys {
        let began = Instant::now();
        let mut endpoint = Endpoint::new(self.address(), Default::default(), None);
        endpoint.connect(began, self.relay, Arc::clone(&identity.config), None).expect("a handshake that begins");
        let mut buffer = [0; 4096];
        while began.elapsed() < PATIENCE {
            while let Some(transmit) = endpoint.poll_transmit() {
                self.socket.send(&transmit.message).expect("a datagram that leaves");
            }
            let Ok(length) = self.socket.recv(&mut buffer) else {
                endpoint.handle_timeout(self.relay, Instant::now()).expect("a handshake that goes on");
                continue;
            };
            let is_dtls = (20..=63).contains(&buffer[0]);
            let datagram = (&buffer[..length]).into();
            let events =
                if is_dtls { endpoint.read(Instant::now(), self.relay, None, datagram) } else { Ok(Vec::new()) };
            let is_done = |event: &EndpointEvent| matches!(event, EndpointEvent::HandshakeComplete);
            if events.unwrap_or_default().iter().any(is_done) {
                while let Some(transmit) = endpoint.poll_transmit() {
                    self.socket.send(&transmit.message).expect("a datagram that leaves");
                }
                return endpoint.get_connection_state(self.relay).map(keys).expect("keys");
            }
        }
        panic!("the handshake did not end");
    }
}

/// RFC 5764 section 4.2, from the client's side.
fn keys(state: &State) -> SrtpKeys {
    let suite = match state.srtp_protection_profile() {
        SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm => Suite::Gcm128,
        _ => Suite::AesCm80,
    };
    let salt = suite.salt_length();
    let exported = state
        .export_keying_material("EXTRACTOR-dtls_srtp", &[], 2 * (SECRET + salt))
        .expect("a handshake that is done");
    let (secrets, salts) = exported.as_ref().split_at(2 * SECRET);
    let key = |nth: usize| {
        let mut octets = [0; KEY_OCTETS];
        octets[..SECRET].copy_from_slice(&secrets[nth * SECRET..][..SECRET]);
        octets[SECRET..SECRET + salt].copy_from_slice(&salts[nth * salt..][..salt]);
        MasterKey::new(suite, &octets)
    };
    SrtpKeys { suite, ours: key(0), theirs: key(1) }
}

fn check(ours: &IceCredentials, theirs: &IceCredentials) -> Vec<u8> {
    let mut message = [&[0, 1, 0, 0][..], &COOKIE.to_be_bytes(), &[7; 12]].concat();
    let push = |message: &mut Vec<u8>, kind: u16, value: &[u8]| {
        message.extend(kind.to_be_bytes());
        message.extend((value.len() as u16).to_be_bytes());
        message.extend(value);
        message.resize(message.len().next_multiple_of(4), 0);
    };
    push(&mut message, 0x0006, format!("{}:{}", ours.ufrag, theirs.ufrag).as_bytes());
    push(&mut message, 0x0024, &[0x6e, 0, 1, 0xff]);
    push(&mut message, 0x0025, &[]);
    let mut mac = Hmac::<Sha1>::new_from_slice(ours.pwd.as_bytes()).expect("a key of any length");
    set_length(&mut message, 24);
    mac.update(&message);
    push(&mut message, 0x0008, &mac.finalize().into_bytes());
    set_length(&mut message, 8);
    let sum = crc32(&message) ^ 0x5354_554e;
    push(&mut message, 0x8028, &sum.to_be_bytes());
    message
}

/// As if the message ended after so many octets more.
fn set_length(message: &mut [u8], more: usize) {
    let length = (message.len() - 20 + more) as u16;
    message[2..4].copy_from_slice(&length.to_be_bytes());
}
