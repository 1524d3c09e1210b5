//! All legs of one worker: who hears whom, what is due when, and each packet's way through.
//!
//! The four verbs, with two liberties for the sake of the packets: time is `Mono` alone, and what is sent goes straight to a
//! `Wire` instead of into a queue, since a relayed packet is rewritten where it lies.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::command::{FailCause, MediaCommand, MediaEvent, Source};
use super::dtmf::Press;
use super::g711::{CLOCK, FRAME};
use super::leg::{Heard, Leg, Player, Taken};
use super::outgoing::Pace;
use super::rtp::{self, Header};
use super::sounds::Sounds;
use crate::base::rng::Rng;
use crate::base::timers::Timers;
use crate::base::{CallId, LegId, Mono, limits};
use crate::sdp::Negotiated;

/// Which of a leg's two sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    Rtp,
    Rtcp,
}

/// Takes each packet at once; one that cannot be sent is lost, as packets are.
pub trait Wire {
    fn send(&mut self, leg: LegId, channel: Channel, to: SocketAddr, packet: &[u8]);
}

/// The state of one worker.
pub struct Relay {
    leg_by_id: HashMap<LegId, Leg>,
    /// Who hears this leg's peer; kept apart from the leg, since a source may be named before it is open.
    pub(super) listeners_by_leg: HashMap<LegId, Vec<LegId>>,
    timers: Timers<(LegId, Due)>,
    events: VecDeque<MediaEvent>,
    sounds: Arc<Sounds>,
    silence_timeout: Duration,
    rng: Rng,
}

/// Every deadline of a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    /// The player's next packet.
    Play,
    /// The end of a key that has not come.
    KeyEnd,
    /// Nothing heard for too long.
    Silence,
    /// Our RTCP report.
    Report,
}

const PACKET: Duration = Duration::from_millis(20);
/// Players begin on this grid, so that one wake-up serves many and not all send at the same instant.
const GRID_NS: u64 = 5_000_000;
/// A player that is later than this leaves out what it missed.
const LATE_MAX: Duration = Duration::from_millis(100);
/// A key without a further packet for so long has been let go.
const KEY_END: Duration = Duration::from_millis(300);
/// The mean time between reports (RFC 3550 section 6.2).
const REPORT: Duration = Duration::from_secs(5);
const PACE: Pace = Pace { clock: CLOCK, ticks: FRAME as u32 };

impl Relay {
    /// `silence_timeout` zero: silence is never said.
    pub fn new(sounds: Arc<Sounds>, silence_timeout: Duration, rng: Rng) -> Relay {
        Relay {
            leg_by_id: HashMap::new(),
            listeners_by_leg: HashMap::new(),
            timers: Timers::default(),
            events: VecDeque::new(),
            sounds,
            silence_timeout,
            rng,
        }
    }

    /// Whether `Open` of this leg would succeed, before its sockets are bound.
    pub fn may_open(&self, leg: LegId) -> Result<(), FailCause> {
        if self.leg_by_id.contains_key(&leg) {
            return Err(FailCause::Duplicate);
        }
        if self.leg_by_id.len() >= limits::MEDIA_LEGS_MAX {
            return Err(FailCause::Overload);
        }
        Ok(())
    }

    pub fn handle(&mut self, command: MediaCommand, now: Mono, wire: &mut impl Wire) {
        match command {
            MediaCommand::Open { leg, group, port: _ } => self.open(leg, group),
            MediaCommand::Remote { leg, session } => self.describe(leg, Arc::from(session), now),
            MediaCommand::Source { leg, source } => self.switch(leg, source, now),
            MediaCommand::Close { leg } => self.close(leg, now, wire),
        }
    }

    /// A datagram has come to a leg's socket.
    pub fn datagram(
        &mut self,
        leg: LegId,
        channel: Channel,
        from: SocketAddr,
        datagram: &mut [u8],
        now: Mono,
        wire: &mut impl Wire,
    ) {
        match channel {
            Channel::Rtp if !rtp::is_rtcp(datagram) => self.sound(leg, from, datagram, now, wire),
            Channel::Rtp | Channel::Rtcp => {
                if let Some(leg) = self.leg_by_id.get_mut(&leg) {
                    leg.take_reports(from, datagram, now);
                }
            }
        }
    }

    pub fn handle_timeout(&mut self, now: Mono, wire: &mut impl Wire) {
        while let Some((leg, due)) = self.timers.pop_due(now) {
            match due {
                Due::Play => self.play(leg, now, wire),
                Due::KeyEnd => self.end_key(leg),
                Due::Silence => self.check_silence(leg, now),
                Due::Report => self.report(leg, now, wire),
            }
        }
    }

    pub fn poll_output(&mut self) -> Option<MediaEvent> {
        self.events.pop_front()
    }

    pub fn poll_timeout(&self) -> Option<(Mono, &'static str)> {
        let (at, (_, due)) = self.timers.next()?;
        Some((at, due.reason()))
    }

    pub fn legs(&self) -> usize {
        self.leg_by_id.len()
    }

    fn open(&mut self, id: LegId, group: CallId) {
        match self.may_open(id) {
            Ok(()) => {
                self.leg_by_id.insert(id, Leg::new(group, &mut self.rng));
            }
            Err(cause) => self.events.push_back(MediaEvent::Failed { leg: id, cause }),
        }
    }

    fn describe(&mut self, id: LegId, session: Arc<Negotiated>, now: Mono) {
        let Some(leg) = self.leg_by_id.get_mut(&id) else { return };
        let is_new = leg.peer.is_none();
        leg.describe(session, now);
        if is_new {
            self.set_report(id, now);
        }
        self.set_player(id, now);
        self.set_silence(id, now);
    }

    /// What the peer hears changes; the same source again changes nothing.
    fn switch(&mut self, id: LegId, source: Source, now: Mono) {
        let Some(leg) = self.leg_by_id.get_mut(&id).filter(|leg| leg.source != source) else { return };
        let old = std::mem::replace(&mut leg.source, source);
        leg.player = Player::default();
        leg.outgoing.cut();
        self.stop_listening(id, old);
        self.start_listening(id, source);
        self.timers.cancel(&(id, Due::Play));
        self.set_player(id, now);
    }

    fn close(&mut self, id: LegId, now: Mono, wire: &mut impl Wire) {
        let Some(mut leg) = self.leg_by_id.remove(&id) else {
            return self.events.push_back(MediaEvent::Closed { leg: id, stats: Default::default() });
        };
        if leg.outgoing.packets > 0
            && let Some((report, to)) = leg.report(true, now)
        {
            wire.send(id, Channel::Rtcp, to, &report);
        }
        self.stop_listening(id, leg.source);
        Due::ALL.into_iter().for_each(|due| self.timers.cancel(&(id, due)));
        let last_key = leg.keys.let_go();
        self.say_keys(id, &leg, last_key.as_slice());
        self.events.push_back(MediaEvent::Closed { leg: id, stats: leg.stats() });
    }

    fn start_listening(&mut self, id: LegId, source: Source) {
        let Source::Leg(speaker) = source else { return };
        let listeners = self.listeners_by_leg.entry(speaker).or_default();
        if listeners.len() < limits::MEDIA_LISTENERS_MAX {
            listeners.push(id);
        }
    }

    fn stop_listening(&mut self, id: LegId, source: Source) {
        let Source::Leg(speaker) = source else { return };
        let Some(listeners) = self.listeners_by_leg.get_mut(&speaker) else { return };
        listeners.retain(|listener| *listener != id);
        if listeners.is_empty() {
            self.listeners_by_leg.remove(&speaker);
        }
    }

    fn sound(&mut self, id: LegId, from: SocketAddr, datagram: &mut [u8], now: Mono, wire: &mut impl Wire) {
        let Some(leg) = self.leg_by_id.get_mut(&id) else { return };
        match leg.take(from, datagram, now) {
            Taken::Sound(heard) => {
                self.note(id, &heard, now);
                self.pass_on(id, &heard, datagram, now, wire);
            }
            Taken::Unknown(header) => self.swallow(id, &header),
            Taken::Nothing => {}
        }
    }

    /// What a packet means besides its sound.
    fn note(&mut self, id: LegId, heard: &Heard, now: Mono) {
        let Some(leg) = self.leg_by_id.get_mut(&id) else { return };
        if heard.is_first {
            self.events.push_back(MediaEvent::Latched { leg: id });
        }
        if heard.is_key && leg.keys.is_held() {
            self.timers.set((id, Due::KeyEnd), now + KEY_END);
        }
        if std::mem::take(&mut leg.is_silent) {
            self.timers.set((id, Due::Silence), now + self.silence_timeout);
        }
        for press in &heard.presses {
            let duration_ms = leg.key_ms(press);
            self.events.push_back(MediaEvent::Dtmf { leg: id, digit: press.digit, duration_ms });
        }
    }

    /// To everybody who hears this leg, rewritten in place for each.
    fn pass_on(&mut self, id: LegId, heard: &Heard, datagram: &mut [u8], now: Mono, wire: &mut impl Wire) {
        let Some(listeners) = self.listeners_by_leg.get(&id) else { return };
        let Some(leg) = self.leg_by_id.get(&id) else { return };
        let (group, listens) = (leg.group, leg.listens());
        let Some(session) = leg.peer.as_ref().map(|peer| Arc::clone(&peer.session)) else { return };
        let Some(format) = session.formats.get(heard.format) else { return };
        for listener in listeners {
            let Some(other) = self.leg_by_id.get_mut(listener).filter(|other| other.group == group) else { continue };
            if !listens {
                other.outgoing.cut();
                continue;
            }
            let octets = heard.packet.payload.len();
            let Some((header, to)) = other.forward(&heard.packet.header, format, octets, now) else { continue };
            if let Some(packet) = rtp::rewrite(datagram, &heard.packet, &header) {
                wire.send(*listener, Channel::Rtp, to, packet);
            }
        }
    }

    fn swallow(&mut self, id: LegId, header: &Header) {
        let Some(listeners) = self.listeners_by_leg.get(&id) else { return };
        for listener in listeners {
            if let Some(other) = self.leg_by_id.get_mut(listener) {
                other.outgoing.swallow(header);
            }
        }
    }

    /// Starts the player when the leg has one and the peer may hear it.
    fn set_player(&mut self, id: LegId, now: Mono) {
        let Some(leg) = self.leg_by_id.get_mut(&id) else { return };
        let plays = self.sounds.clip(leg.source).is_some() && leg.destination().is_some();
        if plays && self.timers.deadline(&(id, Due::Play)).is_none() {
            leg.player.due = on_grid(now);
            self.timers.set((id, Due::Play), leg.player.due);
        }
    }

    /// One packet of the tone or file. Deadlines follow from the first one, so nothing drifts.
    fn play(&mut self, id: LegId, now: Mono, wire: &mut impl Wire) {
        let Some(leg) = self.leg_by_id.get_mut(&id) else { return };
        let Some(clip) = self.sounds.clip(leg.source) else { return };
        let (Some(to), Some((law, payload_type))) = (leg.destination(), leg.law()) else {
            leg.outgoing.cut();
            return;
        };
        if now.since(leg.player.due) > LATE_MAX {
            leg.player.due = on_grid(now);
            leg.outgoing.cut();
        } else {
            let header = leg.outgoing.play(payload_type, PACE, FRAME, leg.player.due);
            let mut packet = [0; rtp::HEADER + FRAME];
            let (head, body) = packet.split_at_mut(rtp::HEADER);
            body.copy_from_slice(clip.frame(law, leg.player.place));
            head.first_chunk_mut().into_iter().for_each(|head| header.write(head));
            wire.send(id, Channel::Rtp, to, &packet);
            leg.player.due = leg.player.due + PACKET;
            leg.player.place = (leg.player.place + 1) % clip.frames();
        }
        self.timers.set((id, Due::Play), leg.player.due);
    }

    fn end_key(&mut self, id: LegId) {
        let Some(leg) = self.leg_by_id.get_mut(&id) else { return };
        let Some(press) = leg.keys.let_go() else { return };
        let duration_ms = leg.key_ms(&press);
        self.events.push_back(MediaEvent::Dtmf { leg: id, digit: press.digit, duration_ms });
    }

    fn say_keys(&mut self, id: LegId, leg: &Leg, presses: &[Press]) {
        let event = |p: &Press| MediaEvent::Dtmf { leg: id, digit: p.digit, duration_ms: leg.key_ms(p) };
        self.events.extend(presses.iter().map(event));
    }

    /// The deadline is not moved with each packet; when it comes, it looks when the last one was.
    fn set_silence(&mut self, id: LegId, now: Mono) {
        let Some(leg) = self.leg_by_id.get(&id) else { return };
        let key = (id, Due::Silence);
        if leg.listening_since.is_none() || self.silence_timeout.is_zero() {
            self.timers.cancel(&key);
        } else if !leg.is_silent && self.timers.deadline(&key).is_none() {
            self.timers.set(key, now + self.silence_timeout);
        }
    }

    fn check_silence(&mut self, id: LegId, now: Mono) {
        let Some(leg) = self.leg_by_id.get_mut(&id) else { return };
        let Some(lasted) = leg.silence(now) else { return };
        if lasted < self.silence_timeout {
            self.timers.set((id, Due::Silence), now + (self.silence_timeout - lasted));
            return;
        }
        leg.is_silent = true;
        self.events.push_back(MediaEvent::Silent { leg: id, lasted });
    }

    /// Spread over half to one and a half times the mean (RFC 3550 section 6.3.1).
    fn set_report(&mut self, id: LegId, now: Mono) {
        let wait = REPORT.mul_f64(0.5 + self.rng.unit());
        self.timers.set((id, Due::Report), now + wait);
    }

    fn report(&mut self, id: LegId, now: Mono, wire: &mut impl Wire) {
        let Some(leg) = self.leg_by_id.get_mut(&id) else { return };
        if let Some((report, to)) = leg.report(false, now) {
            wire.send(id, Channel::Rtcp, to, &report);
        }
        self.set_report(id, now);
    }
}

impl Due {
    const ALL: [Due; 4] = [Due::Play, Due::KeyEnd, Due::Silence, Due::Report];

    fn reason(self) -> &'static str {
        match self {
            Due::Play => "player's next packet",
            Due::KeyEnd => "end of a key",
            Due::Silence => "silence of a peer",
            Due::Report => "RTCP report",
        }
    }
}

/// The next point of the grid, `now` itself when it is one.
fn on_grid(now: Mono) -> Mono {
    Mono(now.0.next_multiple_of(GRID_NS))
}
