//! The thread of the DTLS handshakes (RFC 5764): all asymmetric cryptography is here, none in the workers.

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rtc_dtls::config::{ClientAuthType, ConfigBuilder, ExtendedMasterSecretType, HandshakeConfig};
use rtc_dtls::crypto::Certificate;
use rtc_dtls::crypto_provider::{RTCCryptoProvider, default_provider};
use rtc_dtls::endpoint::{Endpoint, EndpointEvent};
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc_dtls::state::State;
use sha2::{Digest, Sha256};

use super::worker::Mailbox;
use crate::base::{LegId, limits};
use crate::media::{HandshakeNews, HandshakeOrder};
use crate::sdp::{Fingerprint, KEY_OCTETS, MasterKey, SrtpKeys, Suite};

/// An order of the worker with this number.
pub type Order = (usize, HandshakeOrder);

/// What both kinds of handshake are done with.
pub struct Identity {
    as_server: Arc<HandshakeConfig>,
    as_client: Arc<HandshakeConfig>,
    pub fingerprint: Fingerprint,
}

struct Handshakes {
    identity: Identity,
    mailboxes: Vec<Mailbox>,
    shake_by_leg: HashMap<LegId, Shake>,
    due: BTreeSet<(Instant, LegId)>,
}

/// The handshake of one leg.
struct Shake {
    worker: usize,
    endpoint: Endpoint,
    is_done: bool,
    /// When it is forgotten, done or not.
    ends: Instant,
    due: Instant,
}

/// RFC 5764 section 4.2.
const LABEL: &str = "EXTRACTOR-dtls_srtp";
/// A browser that goes on is done in a second or two; the worker gives up after 15.
const PATIENCE: Duration = Duration::from_secs(20);
/// The peer may have missed our last flight, and asks for it again.
const KEPT: Duration = Duration::from_secs(10);
/// Until a flight is repeated; an answer takes a few milliseconds of work and the way.
const FLIGHT: Duration = Duration::from_millis(300);
/// Its address changes as ICE finds better ones; to the handshake it is always this.
const PEER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 1);

/// The channel of the orders: bounded, so that a flood of handshakes takes no memory.
pub fn orders() -> (SyncSender<Order>, Receiver<Order>) {
    mpsc::sync_channel(limits::HANDSHAKE_WAITING_MAX)
}

/// Ends when all workers have.
pub fn spawn(identity: Identity, orders: Receiver<Order>, mailboxes: Vec<Mailbox>) -> io::Result<JoinHandle<()>> {
    let handshakes = Handshakes { identity, mailboxes, shake_by_leg: HashMap::new(), due: BTreeSet::new() };
    thread::Builder::new().name("handshakes".to_owned()).spawn(move || handshakes.run(&orders))
}

impl Identity {
    /// A certificate of this process, which vouches for nothing: its fingerprint travels in the descriptions.
    pub fn new() -> io::Result<Identity> {
        let provider = default_provider().map_err(io::Error::other)?;
        let certificate = Certificate::generate_self_signed(vec!["throughline".to_owned()], provider.crypto());
        let certificate = certificate.map_err(io::Error::other)?;
        let der = certificate.certificate.first().ok_or_else(|| io::Error::other("no certificate"))?;
        let fingerprint = fingerprint(der);
        Ok(Identity {
            as_server: config(&provider, &certificate, false)?,
            as_client: config(&provider, &certificate, true)?,
            fingerprint,
        })
    }
}

/// The certificate of the peer is looked at by its fingerprint, which the worker does before any key is used.
fn config(
    provider: &Arc<dyn RTCCryptoProvider>,
    certificate: &Certificate,
    is_client: bool,
) -> io::Result<Arc<HandshakeConfig>> {
    let config = ConfigBuilder::default()
        .with_crypto_provider(Arc::clone(provider))
        .with_certificates(vec![certificate.clone()])
        .with_srtp_protection_profiles(vec![
            SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm,
            SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80,
        ])
        .with_client_auth(ClientAuthType::RequireAnyClientCert)
        .with_insecure_skip_verify(true)
        .with_extended_master_secret(ExtendedMasterSecretType::Require)
        .with_flight_interval(FLIGHT)
        .build(is_client, Some(PEER));
    config.map(Arc::new).map_err(io::Error::other)
}

impl Handshakes {
    fn run(mut self, orders: &Receiver<Order>) {
        loop {
            let now = Instant::now();
            let next = self.due.first().map_or(PATIENCE, |(at, _)| at.saturating_duration_since(now));
            match orders.recv_timeout(next) {
                Ok((worker, order)) => self.obey(worker, order),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            self.handle_timeout(Instant::now());
        }
    }

    fn obey(&mut self, worker: usize, order: HandshakeOrder) {
        let now = Instant::now();
        match order {
            HandshakeOrder::Begin { leg } => self.begin(worker, leg, now),
            HandshakeOrder::Datagram { leg, datagram } => self.take(worker, leg, &datagram, now),
            HandshakeOrder::End { leg } => self.end(leg),
        }
    }

    fn begin(&mut self, worker: usize, leg: LegId, now: Instant) {
        let config = Arc::clone(&self.identity.as_client);
        let Some(shake) = self.shake(worker, leg, now) else { return };
        // One that cannot begin ends with its patience.
        let _ = shake.endpoint.connect(now, PEER, config, None);
        self.follow_up(leg, &[], now);
    }

    /// A datagram that makes no sense changes nothing: anybody may have sent it.
    fn take(&mut self, worker: usize, leg: LegId, datagram: &[u8], now: Instant) {
        let Some(shake) = self.shake(worker, leg, now) else { return };
        let events = shake.endpoint.read(now, PEER, None, datagram.into()).unwrap_or_default();
        self.follow_up(leg, &events, now);
    }

    /// The handshake of this leg, begun if there is room for it.
    fn shake(&mut self, worker: usize, leg: LegId, now: Instant) -> Option<&mut Shake> {
        if !self.shake_by_leg.contains_key(&leg) {
            if self.shake_by_leg.len() >= limits::HANDSHAKES_MAX {
                self.tell(worker, leg, HandshakeNews::Refused);
                return None;
            }
            let server = Some(Arc::clone(&self.identity.as_server));
            let ends = now + PATIENCE;
            let endpoint = Endpoint::new(PEER, Default::default(), server);
            self.due.insert((ends, leg));
            self.shake_by_leg.insert(leg, Shake { worker, endpoint, is_done: false, ends, due: ends });
        }
        self.shake_by_leg.get_mut(&leg)
    }

    fn follow_up(&mut self, leg: LegId, events: &[EndpointEvent], now: Instant) {
        let Some(shake) = self.shake_by_leg.get_mut(&leg) else { return };
        let mut news: Vec<HandshakeNews> = Vec::new();
        while let Some(transmit) = shake.endpoint.poll_transmit() {
            news.push(HandshakeNews::Send(transmit.message.to_vec()));
        }
        for event in events {
            match event {
                EndpointEvent::HandshakeComplete => {
                    (shake.is_done, shake.ends) = (true, now + KEPT);
                    news.push(
                        shake.endpoint.get_connection_state(PEER).and_then(done).unwrap_or(HandshakeNews::Failed),
                    );
                }
                EndpointEvent::PeerClosed if !shake.is_done => news.push(HandshakeNews::Failed),
                _ => {}
            }
        }
        let worker = shake.worker;
        self.set_due(leg);
        news.into_iter().for_each(|news| self.tell(worker, leg, news));
    }

    fn set_due(&mut self, leg: LegId) {
        let Some(shake) = self.shake_by_leg.get_mut(&leg) else { return };
        self.due.remove(&(shake.due, leg));
        shake.due = shake.endpoint.poll_timeout(&PEER).map_or(shake.ends, |at| at.min(shake.ends));
        self.due.insert((shake.due, leg));
    }

    fn handle_timeout(&mut self, now: Instant) {
        while let Some((_, leg)) = self.due.first().copied().filter(|(at, _)| *at <= now) {
            let Some(shake) = self.shake_by_leg.get_mut(&leg) else {
                self.due.pop_first();
                continue;
            };
            if now >= shake.ends {
                self.end(leg);
                continue;
            }
            let (worker, is_over) = (shake.worker, shake.endpoint.handle_timeout(PEER, now).is_err());
            if is_over {
                self.tell(worker, leg, HandshakeNews::Failed);
                self.end(leg);
            } else {
                self.follow_up(leg, &[], now);
            }
        }
    }

    fn end(&mut self, leg: LegId) {
        if let Some(shake) = self.shake_by_leg.remove(&leg) {
            self.due.remove(&(shake.due, leg));
        }
    }

    fn tell(&self, worker: usize, leg: LegId, news: HandshakeNews) {
        if let Some(mailbox) = self.mailboxes.get(worker) {
            mailbox.tell(leg, news);
        }
    }
}

fn done(state: &State) -> Option<HandshakeNews> {
    let fingerprint = fingerprint(state.peer_certificates.first()?);
    let suite = match state.srtp_protection_profile() {
        SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm => Suite::Gcm128,
        SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80 => Suite::AesCm80,
        _ => return None,
    };
    Some(HandshakeNews::Done { fingerprint, keys: Box::new(keys(state, suite)?) })
}

/// RFC 5764 section 4.2: the keys of the client and of the server, then their salts.
fn keys(state: &State, suite: Suite) -> Option<SrtpKeys> {
    let salt = suite.salt_length();
    let exported = state.export_keying_material(LABEL, &[], 2 * (SECRET + salt)).ok()?;
    let (secrets, salts) = exported.as_ref().split_at_checked(2 * SECRET)?;
    let key = |secret: &[u8], salt: &[u8]| {
        let mut octets = [0; KEY_OCTETS];
        octets.iter_mut().zip(secret.iter().chain(salt)).for_each(|(octet, exported)| *octet = *exported);
        MasterKey::new(suite, &octets)
    };
    let client = key(secrets.get(..SECRET)?, salts.get(..salt)?);
    let server = key(secrets.get(SECRET..)?, salts.get(salt..)?);
    let (ours, theirs) = if state.is_client() { (client, server) } else { (server, client) };
    Some(SrtpKeys { suite, ours, theirs })
}

const SECRET: usize = 16;

fn fingerprint(der: &[u8]) -> Fingerprint {
    Fingerprint(Sha256::digest(der).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_the_bound_no_handshake_is_begun_until_another_is_over() {
        let identity = Identity::new().unwrap();
        let (mailboxes, shake_by_leg, due) = (Vec::new(), HashMap::new(), BTreeSet::new());
        let mut handshakes = Handshakes { identity, mailboxes, shake_by_leg, due };
        let now = Instant::now();
        let most = limits::HANDSHAKES_MAX as u64;
        assert!((0..most).all(|leg| handshakes.shake(0, LegId(leg), now).is_some()));
        assert!(handshakes.shake(0, LegId(most), now).is_none());
        assert!(handshakes.shake(0, LegId(0), now).is_some(), "who has begun goes on");
        handshakes.end(LegId(0));
        assert!(handshakes.shake(0, LegId(most), now).is_some());
        // Nonsense in place of a handshake keeps its place until the patience is over, and no longer.
        handshakes.take(0, LegId(1), b"nonsense", now);
        handshakes.handle_timeout(now + PATIENCE);
        assert!(handshakes.shake_by_leg.is_empty() && handshakes.due.is_empty());
    }
}
