//! Datagrams of the shared port: which leg they are for, and what they are (RFC 7983).

use std::net::SocketAddr;

use super::deadlines::Due;
use super::{Channel, Exit, Relay, Wire};
use crate::base::{LegId, Mono};
use crate::media::browser::{HandshakeNews, HandshakeOrder};
use crate::media::command::{LostCause, MediaEvent};
use crate::media::ice::stun::Request;
use crate::media::leg::Leg;
use crate::media::rtp;
use crate::sdp::WebRtcSession;

/// RFC 7983 section 7, on the first octet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Stun,
    Dtls,
    Rtp,
    Other,
}

impl Relay {
    /// A datagram has come to the port that the browsers share.
    pub fn shared_datagram(&mut self, from: SocketAddr, datagram: &mut [u8], now: Mono, wire: &mut impl Wire) {
        match kind_of(datagram) {
            Kind::Stun => self.take_check(from, datagram, now, wire),
            Kind::Dtls => self.take_dtls(from, datagram),
            Kind::Rtp => {
                if let Some(leg) = self.leg_by_address.get(&from).copied() {
                    let channel = if rtp::is_rtcp(datagram) { Channel::Rtcp } else { Channel::Rtp };
                    self.datagram(leg, channel, from, datagram, now, wire);
                }
            }
            Kind::Other => {}
        }
    }

    /// The thread of the handshakes has come to something.
    pub fn handshake(&mut self, id: LegId, news: HandshakeNews, now: Mono, wire: &mut impl Wire) {
        let Some(browser) = self.leg_by_id.get_mut(&id).and_then(|leg| leg.browser.as_mut()) else { return };
        match news {
            HandshakeNews::Send(datagram) => {
                if let Some(to) = browser.ice.destination() {
                    wire.send(Exit { leg: id, door: None }, Channel::Rtp, to, &datagram);
                }
                return;
            }
            HandshakeNews::Done { fingerprint, keys } => browser.done(fingerprint, keys),
            HandshakeNews::Failed => browser.failed(LostCause::Handshake),
            HandshakeNews::Refused => browser.failed(LostCause::Overload),
        }
        self.unlock(id, now);
    }

    pub(super) fn describe_browser(&mut self, id: LegId, session: &WebRtcSession, now: Mono) {
        let Some(leg) = self.leg_by_id.get_mut(&id) else { return };
        let Some(browser) = &mut leg.browser else { return };
        if browser.describe(session, now) {
            leg.shield = None;
            self.orders.push_back(HandshakeOrder::End { leg: id });
        }
        let ufrags: Vec<String> = browser.ice.ufrags().map(str::to_owned).collect();
        if self.leg_by_ufrag.insert(session.ours.ufrag.clone(), id).is_none() {
            self.leg_by_ufrag.retain(|ufrag, leg| *leg != id || ufrags.contains(ufrag));
        }
        self.begin(id);
        self.unlock(id, now);
    }

    /// Whether a browser is there, and still wants to hear us.
    pub(super) fn check_browser(&mut self, id: LegId, now: Mono) {
        let Some(leg) = self.leg_by_id.get_mut(&id) else { return };
        let is_open = leg.shield.is_some();
        let Some(browser) = &mut leg.browser else { return };
        if let Some(cause) = browser.lost(is_open, now) {
            self.events.push_back(MediaEvent::Lost { leg: id, cause });
        }
        match browser.deadline(is_open) {
            Some(at) => self.timers.set((id, Due::Lost), at),
            None => self.timers.cancel(&(id, Due::Lost)),
        }
    }

    pub(super) fn forget_browser(&mut self, id: LegId, leg: &Leg) {
        let Some(browser) = &leg.browser else { return };
        for ufrag in browser.ice.ufrags() {
            self.leg_by_ufrag.remove(ufrag);
        }
        for address in browser.ice.addresses() {
            self.leg_by_address.remove(address);
        }
        self.orders.push_back(HandshakeOrder::End { leg: id });
    }

    fn take_check(&mut self, from: SocketAddr, datagram: &[u8], now: Mono, wire: &mut impl Wire) {
        let Some(request) = Request::read(datagram) else { return };
        let Some(id) = request.names().and_then(|(ours, _)| self.leg_by_ufrag.get(ours).copied()) else { return };
        let Some(browser) = self.leg_by_id.get_mut(&id).and_then(|leg| leg.browser.as_mut()) else { return };
        let Some(checked) = browser.ice.check(&request, from, now) else { return };
        wire.send(Exit { leg: id, door: None }, Channel::Rtp, from, &checked.answer);
        if let Some(left) = checked.left {
            self.leg_by_address.remove(&left);
        }
        if checked.is_new {
            self.move_address(id, from);
            self.begin(id);
            self.set_player(id, now);
        }
    }

    /// An address is one leg's: a browser may take the port of another that has gone.
    fn move_address(&mut self, id: LegId, address: SocketAddr) {
        let before = self.leg_by_address.insert(address, id).filter(|before| *before != id);
        let browser = before.and_then(|before| self.leg_by_id.get_mut(&before)?.browser.as_mut());
        if let Some(browser) = browser {
            browser.ice.lose(address);
        }
    }

    fn take_dtls(&mut self, from: SocketAddr, datagram: &[u8]) {
        let Some(id) = self.leg_by_address.get(&from).copied() else { return };
        let browser = self.leg_by_id.get_mut(&id).and_then(|leg| leg.browser.as_mut());
        if browser.is_some_and(|browser| browser.may_shake_hands(from)) {
            self.orders.push_back(HandshakeOrder::Datagram { leg: id, datagram: datagram.to_vec() });
        }
    }

    fn begin(&mut self, id: LegId) {
        let browser = self.leg_by_id.get_mut(&id).and_then(|leg| leg.browser.as_mut());
        if browser.is_some_and(|browser| browser.begins()) {
            self.orders.push_back(HandshakeOrder::Begin { leg: id });
        }
    }

    /// Sound passes from here on, if the certificate is the right one.
    fn unlock(&mut self, id: LegId, now: Mono) {
        let Some(leg) = self.leg_by_id.get_mut(&id) else { return };
        if leg.shield.is_none() {
            leg.shield = leg.browser.as_mut().and_then(|browser| browser.shield());
            self.set_player(id, now);
        }
        self.check_browser(id, now);
    }
}

fn kind_of(datagram: &[u8]) -> Kind {
    match datagram.first() {
        Some(0..=3) => Kind::Stun,
        Some(20..=63) => Kind::Dtls,
        Some(128..=191) => Kind::Rtp,
        Some(_) | None => Kind::Other,
    }
}
