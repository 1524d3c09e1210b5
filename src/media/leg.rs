//! One side of a call's sound: what its peer sends is judged and counted, what it hears has one continuous stream.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::browser::Browser;
use super::command::{LegStats, OurSide, Source};
use super::dtmf::{Keys, Press};
use super::g711::Law;
use super::heard_keys::HeardKeys;
use super::incoming::{Incoming, ticks_to_us};
use super::latch::Admission;
use super::mixing::Mixer;
use super::outgoing::{Outgoing, Pace};
use super::peer::{Peer, Sort};
use super::pressing::Pressing;
use super::prompt::Prompt;
use super::recording::Tap;
use super::relay::Door;
use super::rtp::{self, Header, Packet};
use super::sounds::{Clip, Sounds};
use super::srtp::{Broken, Shield};
use crate::base::rng::Rng;
use crate::base::{CallId, Mono};
use crate::sdp::{Format, Negotiated, SrtpKeys};

/// Between `peer` and the datagrams stands the shield, when the leg is encrypted, and before it `browser`, when the peer is one.
#[derive(Clone, Debug)]
pub(super) struct Leg {
    pub group: CallId,
    /// By which its packets leave, where the wire has one for it alone.
    pub door: Option<Door>,
    pub source: Source,
    pub peer: Option<Peer>,
    pub shield: Option<Box<Shield>>,
    pub browser: Option<Box<Browser>>,
    pub outgoing: Outgoing,
    pub incoming: Incoming,
    pub keys: Keys,
    /// Keys in the sound, while they are listened for.
    pub tones: Option<Box<HeardKeys>>,
    pub pressing: Pressing,
    pub player: Player,
    /// There while the source is a mix.
    pub mixer: Option<Box<Mixer>>,
    pub prompt: Option<Box<Prompt>>,
    /// The recording that its peer is heard on.
    pub tap: Option<Box<Tap>>,
    pub counts: LegStats,
    /// Since when sound should come, and when it last came.
    pub listening_since: Option<Mono>,
    pub heard_at: Option<Mono>,
    pub is_silent: bool,
    /// While what its peer says is only looked at from time to time, and its packets leave with those of others at rest.
    pub rests: Option<Rest>,
    pub cname: Box<str>,
    pub packets_at_report: u64,
}

/// Where a tone or a file has got to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Player {
    pub place: usize,
    pub due: Mono,
    /// When its next packet is to leave, while it plays.
    pub set_for: Option<Mono>,
}

/// Where those at rest have this leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rest {
    pub track: u8,
    pub place: u32,
}

/// A packet of the peer that may be sent on.
#[derive(Clone, Debug)]
pub(super) struct Heard {
    pub packet: Packet,
    /// The place of its format among the leg's, and what it is.
    pub format: usize,
    pub sort: Sort,
    pub is_first: bool,
    pub presses: Vec<Press>,
}

/// What became of a datagram.
#[derive(Clone, Debug)]
pub(super) enum Taken {
    Sound(Heard),
    /// Of the peer's stream, but in a format that nobody agreed on.
    Unknown(Header),
    Nothing,
}

impl Leg {
    pub fn new(group: CallId, rng: &mut Rng) -> Leg {
        Leg {
            group,
            door: None,
            source: Source::Silence,
            peer: None,
            shield: None,
            browser: None,
            outgoing: Outgoing::new(rng),
            incoming: Incoming::default(),
            keys: Keys::default(),
            tones: None,
            pressing: Pressing::default(),
            player: Player::default(),
            mixer: None,
            prompt: None,
            tap: None,
            counts: LegStats::default(),
            listening_since: None,
            heard_at: None,
            is_silent: false,
            rests: None,
            cname: format!("{:016x}", rng.u64()).into(),
            packets_at_report: 0,
        }
    }

    /// A leg whose peer is a browser.
    pub fn of_browser(group: CallId, ours: OurSide, rng: &mut Rng) -> Leg {
        let mut leg = Leg::new(group, rng);
        leg.outgoing.ssrc = ours.ssrc;
        leg.cname = ours.cname.into();
        leg.browser = Some(Box::new(Browser::new(ours.ice)));
        leg
    }

    /// What a new offer and answer have settled.
    pub fn describe(&mut self, session: Arc<Negotiated>, now: Mono) {
        let listens = session.direction.listens();
        if self.browser.is_none() {
            self.shield = shield_of(self.shield.take(), session.srtp.as_ref());
        }
        match &mut self.peer {
            Some(peer) => peer.describe(session, now),
            None => self.peer = Some(Peer::new(session)),
        }
        self.listening_since = listens.then(|| self.listening_since.unwrap_or(now));
        self.is_silent &= listens;
    }

    /// The datagram without its encryption, when the leg has one; what is not genuine is counted and gone.
    pub fn open<'d>(&mut self, from: SocketAddr, is_report: bool, datagram: &'d mut [u8]) -> Option<&'d mut [u8]> {
        let Some(shield) = &mut self.shield else { return self.browser.is_none().then_some(datagram) };
        let opened = if is_report { shield.open_rtcp(datagram) } else { shield.open_rtp(datagram) };
        match opened {
            Ok(length) => datagram.get_mut(..length),
            Err(Broken::Replayed) => None,
            Err(Broken::Forged) => {
                self.refuse(from, None);
                None
            }
        }
    }

    /// Judges and counts a datagram that came to the RTP port.
    pub fn take(&mut self, from: SocketAddr, datagram: &[u8], now: Mono) -> Taken {
        let Some(peer) = &mut self.peer else { return Taken::Nothing };
        let Some(packet) = rtp::read(datagram) else {
            return self.refuse(from, None);
        };
        let format = peer.format_of(packet.header.payload_type);
        let Some((format, sort)) = format.and_then(|format| Some((format, peer.sort(format)?))) else {
            return self.refuse(from, Some(packet.header));
        };
        let admission = match &self.browser {
            Some(browser) if browser.is_settled() => Admission::Known,
            Some(_) => Admission::Latched,
            None => peer.latch.admit(from, now),
        };
        if admission == Admission::Stranger {
            self.counts.strangers += 1;
            return Taken::Nothing;
        }
        let is_first = admission == Admission::Latched;
        let presses = self.hear(&packet, sort, datagram, now);
        Taken::Sound(Heard { packet, format, sort, is_first, presses })
    }

    fn refuse(&mut self, from: SocketAddr, header: Option<Header>) -> Taken {
        let is_of_peer = |peer: &Peer| self.browser.is_some() || peer.latch.is_known(from);
        let is_known = self.peer.as_ref().is_some_and(is_of_peer);
        match (is_known, header) {
            (false, _) => self.counts.strangers += 1,
            (true, None) => self.counts.malformed += 1,
            (true, Some(header)) => {
                self.counts.unknown_format += 1;
                return Taken::Unknown(header);
            }
        }
        Taken::Nothing
    }

    /// Counts it, and says which keys have been let go.
    fn hear(&mut self, packet: &Packet, sort: Sort, datagram: &[u8], now: Mono) -> Vec<Press> {
        let header = packet.header;
        let mut presses = Vec::new();
        self.counts.received += 1;
        self.counts.received_octets += packet.payload.len() as u64;
        if self.incoming.take(&header, sort.clock) {
            presses.extend(self.keys.let_go());
            self.keys = Keys::default();
        }
        if sort.is_key {
            let payload = datagram.get(packet.payload.clone()).unwrap_or_default();
            presses.extend(self.keys.take(header.timestamp, payload).into_iter().flatten());
        } else if self.rests.is_none() {
            self.incoming.arrived(header.timestamp, now);
        }
        self.heard_at = Some(now);
        presses
    }

    /// A packet that is sound and no more, and nobody beside the leg's listeners wants to know of it.
    pub fn is_mere_sound(&self, heard: &Heard) -> bool {
        let means_more = heard.is_first || heard.sort.is_key || !heard.presses.is_empty() || self.is_silent;
        !means_more && self.tap.is_none() && self.tones.is_none()
    }

    /// The header under which a packet goes on to this leg's peer, and where to; `None` when it does not. `format` as for `Peer::sort_like`.
    pub fn forward(&mut self, heard: &Heard, format: Option<&Format>, now: Mono) -> Option<(Header, SocketAddr)> {
        let (header, octets) = (&heard.packet.header, heard.packet.payload.len());
        let Some(to) = self.destination() else {
            self.outgoing.cut();
            return None;
        };
        let Some(ours) = self.peer.as_ref().and_then(|peer| peer.sort_like(heard.sort, format)) else {
            self.outgoing.swallow(header);
            return None;
        };
        let pace = Pace::new(ours.clock, self.packet_ms());
        Some((self.outgoing.relay(header, ours.to_peer, pace, octets, now)?, to))
    }

    /// Where sound for the peer goes; `None` while it is held or unknown.
    pub fn destination(&self) -> Option<SocketAddr> {
        let peer = self.peer.as_ref().filter(|peer| peer.hears)?;
        match &self.browser {
            Some(browser) => browser.ice.destination().filter(|_| self.shield.is_some()),
            None => peer.latch.destination(),
        }
    }

    /// Where reports go; a browser's travel with the sound (RFC 5761).
    pub fn rtcp_destination(&self) -> Option<SocketAddr> {
        match &self.browser {
            Some(browser) => browser.ice.destination().filter(|_| self.shield.is_some()),
            None => self.peer.as_ref()?.rtcp_destination(),
        }
    }

    /// The one address that sound is taken from, once no other may win any more.
    pub fn settled(&self, now: Mono) -> Option<SocketAddr> {
        if self.browser.is_some() {
            return None;
        }
        self.peer.as_ref()?.latch.settled(now)
    }

    /// The law and the number in which a player can play to this peer.
    pub fn law(&self) -> Option<(Law, u8)> {
        self.peer.as_ref()?.plays
    }

    /// The mix plays, unless a prompt does.
    pub fn mixes(&self) -> bool {
        self.mixer.is_some() && self.prompt.is_none()
    }

    /// What a player plays next: the prompt's sound, else the source's.
    pub fn next_frame<'s>(&self, sounds: &'s Sounds) -> Option<(&'s Clip, usize)> {
        match &self.prompt {
            Some(prompt) => prompt.frame(sounds),
            None => sounds.clip(self.source).map(|clip| (clip, self.player.place)),
        }
    }

    /// Of a sound with so many packets one has been played.
    pub fn step(&mut self, frames: usize) {
        match &mut self.prompt {
            Some(prompt) => prompt.step(),
            None => self.player.place = (self.player.place + 1) % frames,
        }
    }

    /// The number and the clock of keys for this peer.
    pub fn event_format(&self) -> Option<(u8, u32)> {
        let format = self.peer.as_ref()?.session.telephone_event()?;
        Some((format.to_peer, format.codec.clock))
    }

    /// The peer may speak, as far as has been agreed.
    pub fn listens(&self) -> bool {
        self.peer.as_ref().is_some_and(|peer| peer.speaks)
    }

    /// Ticks of the telephone-event clock as milliseconds.
    pub fn key_ms(&self, press: &Press) -> u32 {
        let events = self.peer.as_ref().and_then(|peer| peer.session.telephone_event());
        ticks_to_us(press.ticks, events.map_or(8000, |format| format.codec.clock)) / 1000
    }

    /// How long nothing has come although it should; `None` when nothing is expected.
    pub fn silence(&self, now: Mono) -> Option<Duration> {
        let since = self.listening_since?;
        Some(now.since(self.heard_at.map_or(since, |heard| heard.max(since))))
    }

    pub fn stats(&self) -> LegStats {
        LegStats {
            sent: self.outgoing.packets,
            sent_octets: self.outgoing.octets,
            lost: self.incoming.lost(),
            jitter_us: self.incoming.jitter_us(),
            ..self.counts
        }
    }

    pub fn clock(&self) -> u32 {
        self.peer.as_ref().and_then(|peer| peer.session.codec()).map_or(8000, |format| format.codec.clock)
    }

    fn packet_ms(&self) -> u32 {
        self.peer.as_ref().map_or(20, |peer| peer.packet_ms)
    }
}

/// Keys that stay leave their counts as they are.
fn shield_of(old: Option<Box<Shield>>, keys: Option<&SrtpKeys>) -> Option<Box<Shield>> {
    match (old, keys) {
        (_, None) => None,
        (None, Some(keys)) => Some(Box::new(Shield::new(keys))),
        (Some(mut shield), Some(keys)) => {
            shield.describe(keys);
            Some(shield)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each call has two; what few legs need is behind a pointer. The allocator has no size between this and 768 octets.
    #[test]
    fn a_leg_is_small() {
        assert!(size_of::<Leg>() <= 640, "{} octets", size_of::<Leg>());
    }
}
