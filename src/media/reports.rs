//! The RTCP of one leg: it ends here on both sides, and is made anew (RFC 3550 section 6).

use std::net::SocketAddr;

use super::incoming::ticks_to_us;
use super::leg::Leg;
use super::rtcp::{Compound, Sender};
use crate::base::Mono;

impl Leg {
    /// Judges and counts a datagram of RTCP.
    pub fn take_reports(&mut self, from: SocketAddr, datagram: &[u8], now: Mono) {
        let Some(peer) = &mut self.peer else { return };
        let is_of_peer = self.browser.is_some() || from.ip() == peer.latch.host();
        if !is_of_peer && from != *peer.session.rtcp.expose() {
            self.counts.strangers += 1;
            return;
        }
        let Some(compound) = Compound::read(datagram) else {
            self.counts.malformed += 1;
            return;
        };
        peer.rtcp_from = Some(from);
        self.note(&compound, now);
    }

    fn note(&mut self, compound: &Compound, now: Mono) {
        if let Some(sender) = compound.sender {
            self.incoming.heard_sender_report(sender.ntp, now);
        }
        let ours = compound.reports.iter().find(|report| report.ssrc == self.outgoing.ssrc);
        if let Some(report) = ours {
            self.counts.peer_lost_256ths = report.lost_256ths;
            self.counts.peer_jitter_us = ticks_to_us(report.jitter, self.clock());
        }
    }

    /// Our report and where it goes; a sender's when something was sent since the last one.
    pub fn report(&mut self, bye: bool, now: Mono) -> Option<(Vec<u8>, SocketAddr)> {
        let to = self.rtcp_destination()?;
        let has_sent = self.outgoing.packets > self.packets_at_report;
        self.packets_at_report = self.outgoing.packets;
        let reports = self.incoming.report(now).into_iter().collect();
        let sender = has_sent.then(|| self.sender(now));
        let compound = Compound { ssrc: self.outgoing.ssrc, sender, reports, bye };
        Some((compound.write(&self.cname), to))
    }

    /// The time is that since the process began, which RFC 3550 section 6.4.1 allows.
    fn sender(&self, now: Mono) -> Sender {
        Sender {
            ntp: ((u128::from(now.0) << 32) / 1_000_000_000) as u64,
            rtp_timestamp: self.outgoing.timestamp_at(self.clock(), now),
            packets: self.outgoing.packets as u32,
            octets: self.outgoing.octets as u32,
        }
    }
}
