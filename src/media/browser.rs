//! What stands between a browser and its leg: ICE, the DTLS handshake (RFC 5764) whose work is done elsewhere, and consent.

use std::net::SocketAddr;
use std::time::Duration;

use super::command::LostCause;
use super::ice::IceLite;
use super::srtp::Shield;
use crate::base::{LegId, Mono};
use crate::sdp::{Fingerprint, IceCredentials, SrtpKeys, WebRtcSession};

/// For the thread that does the handshakes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HandshakeOrder {
    /// We begin; the peer waits for it.
    Begin { leg: LegId },
    /// A datagram of DTLS. The first one begins a handshake in which the peer has the client's part.
    Datagram { leg: LegId, datagram: Vec<u8> },
    /// Its handshake is of no use any more.
    End { leg: LegId },
}

/// From that thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HandshakeNews {
    /// To the peer.
    Send(Vec<u8>),
    /// The certificate that the peer has proved to have, and the keys.
    Done { fingerprint: Fingerprint, keys: Box<SrtpKeys> },
    /// It cannot succeed any more.
    Failed,
    /// More handshakes are under way than the limit allows.
    Refused,
}

/// The state of one leg.
#[derive(Clone, Debug)]
pub(super) struct Browser {
    pub ice: IceLite,
    session: Option<Box<WebRtcSession>>,
    described_at: Option<Mono>,
    handshake: Handshake,
    /// The peer has sealed something: it has all that the handshake can give it.
    is_settled: bool,
    is_lost: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Handshake {
    Idle,
    UnderWay,
    /// Done with this certificate; the keys are kept back while its description is not there.
    Done {
        fingerprint: Fingerprint,
        keys: Box<SrtpKeys>,
    },
    Failed(LostCause),
}

/// From the description to sound that can be heard; a browser that finds a way needs a second.
pub(super) const CONNECT_WITHIN: Duration = Duration::from_secs(15);
/// RFC 7675 section 5.1.
pub(super) const CONSENT: Duration = Duration::from_secs(30);

impl Browser {
    pub fn new(ours: IceCredentials) -> Browser {
        Browser {
            ice: IceLite::new(ours),
            session: None,
            described_at: None,
            handshake: Handshake::Idle,
            is_settled: false,
            is_lost: false,
        }
    }

    /// What an offer and its answer say; true when the handshake so far is of no use any more, as another certificate is due.
    pub fn describe(&mut self, session: &WebRtcSession, now: Mono) -> bool {
        self.ice.describe(&session.ours, &session.theirs);
        self.described_at.get_or_insert(now);
        let before = self.session.replace(Box::new(session.clone()));
        let is_another = before.is_some_and(|before| before.fingerprint != session.fingerprint);
        if is_another {
            self.handshake = Handshake::Idle;
            self.is_settled = false;
            self.described_at = Some(now);
        }
        is_another
    }

    /// It is our part to begin, and there is somebody to begin with.
    pub fn begins(&mut self) -> bool {
        let ours = self.session.as_ref().is_some_and(|session| session.begins);
        let is_due = ours && self.handshake == Handshake::Idle && self.ice.destination().is_some();
        if is_due {
            self.handshake = Handshake::UnderWay;
        }
        is_due
    }

    /// Whether a datagram of DTLS is worth looking at.
    pub fn may_shake_hands(&mut self, from: SocketAddr) -> bool {
        if !self.ice.knows(from) || self.is_settled || matches!(self.handshake, Handshake::Failed(_)) {
            return false;
        }
        if self.handshake == Handshake::Idle {
            self.handshake = Handshake::UnderWay;
        }
        true
    }

    /// Sound of this handshake's keys has come.
    pub fn is_settled(&self) -> bool {
        self.is_settled
    }

    /// The first genuine packet is there: true when the handshake's memory is of no use any more, said once.
    pub fn settle(&mut self) -> bool {
        !std::mem::replace(&mut self.is_settled, true)
    }

    pub fn done(&mut self, fingerprint: Fingerprint, keys: Box<SrtpKeys>) {
        if self.handshake == Handshake::UnderWay {
            self.handshake = Handshake::Done { fingerprint, keys };
        }
    }

    pub fn failed(&mut self, cause: LostCause) {
        if matches!(self.handshake, Handshake::Idle | Handshake::UnderWay) {
            self.handshake = Handshake::Failed(cause);
        }
    }

    /// The keys, once the handshake is done with the certificate that was described; nothing is heard or said before.
    pub fn shield(&mut self) -> Option<Box<Shield>> {
        let (Handshake::Done { fingerprint, keys }, Some(session)) = (&self.handshake, &self.session) else {
            return None;
        };
        if *fingerprint != session.fingerprint {
            self.handshake = Handshake::Failed(LostCause::Fingerprint);
            return None;
        }
        Some(Box::new(Shield::new(keys)))
    }

    /// Why the leg is of no use any more; said once. `is_open` when the leg has its keys.
    pub fn lost(&mut self, is_open: bool, now: Mono) -> Option<LostCause> {
        let cause = self.lost_cause(is_open, now).filter(|_| !self.is_lost)?;
        self.is_lost = true;
        Some(cause)
    }

    fn lost_cause(&self, is_open: bool, now: Mono) -> Option<LostCause> {
        if let Handshake::Failed(cause) = self.handshake {
            return Some(cause);
        }
        let is_late = now >= self.deadline(is_open)?;
        is_late.then(|| match (is_open, self.ice.checked_at()) {
            (true, _) => LostCause::Consent,
            (false, Some(_)) => LostCause::NoHandshake,
            (false, None) => LostCause::NoCheck,
        })
    }

    /// When it is to be asked next whether the leg is lost; never before it is described, and after it is lost.
    pub fn deadline(&self, is_open: bool) -> Option<Mono> {
        let described_at = self.described_at.filter(|_| !self.is_lost)?;
        match is_open {
            false => Some(described_at + CONNECT_WITHIN),
            true => Some(self.ice.checked_at().unwrap_or(described_at) + CONSENT),
        }
    }
}
