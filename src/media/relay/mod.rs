//! All legs of one worker: who hears whom, what is due when, and each packet's way through.
//!
//! The four verbs, with two liberties for the sake of the packets: time is `Mono` alone, and what is sent goes straight to a
//! `Wire` instead of into a queue, since a relayed packet is rewritten where it lies.

#[cfg(test)]
mod browser_tests;
mod browsers;
mod deadlines;
mod emit;
mod expecting;
mod legs;
mod listening;
mod mix;
#[cfg(test)]
mod mix_tests;
mod packets;
mod players;
mod playing;
mod press;
#[cfg(test)]
mod prompt_tests;
mod prompts;
mod record;
#[cfg(test)]
mod record_tests;
mod resting;
#[cfg(test)]
mod resting_tests;
#[cfg(test)]
mod tests;
mod tracks;
#[cfg(test)]
mod tracks_tests;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::browser::HandshakeOrder;
use super::command::{FailCause, MediaCommand, MediaEvent, OurSide, Source};
use super::leg::{Leg, Player};
use super::mixing::Mixer;
use super::prompt::Prompt;
use super::recording::TapeOrder;
use super::rtp;
use super::sounds::Sounds;
use crate::base::id_map::IdMap;
use crate::base::rng::Rng;
use crate::base::timers::Timers;
use crate::base::{CallId, LegId, Mono, limits};
use crate::sdp::Negotiated;
use deadlines::Due;
use expecting::Way;
use legs::{Legs, Seat};
use players::Players;
use tracks::Tracks;

/// Which of a leg's two sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    Rtp,
    Rtcp,
}

/// A wire's own number for the way out of a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Door(pub u32);

/// Where a packet comes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit {
    pub leg: LegId,
    pub door: Option<Door>,
}

/// Takes each packet at once; one that cannot be sent is lost, as packets are.
pub trait Wire {
    /// The leg's way out, which is the same until its end; asked once, and given with each of its packets. `None`: it has none of its own.
    fn door(&self, _leg: LegId) -> Option<Door> {
        None
    }

    fn send(&mut self, from: Exit, channel: Channel, to: SocketAddr, packet: &[u8]);

    /// A packet for the peer that the leg is settled on, where that is how it leaves: a wire that knows the peer need not be told.
    fn play(&mut self, from: Exit, to: &SocketAddr, packet: &[u8]) {
        self.send(from, Channel::Rtp, *to, packet);
    }

    /// Whether a leg's sound is waited for, as it is from the beginning, or only looked at. False where that cannot be changed now.
    fn watch(&mut self, _door: Door, _is_watched: bool) -> bool {
        true
    }

    /// What has come for a leg whose sound is not waited for is wanted now.
    fn look(&mut self, _door: Door) {}

    /// Something will be sent by it soon.
    fn soon(&self, _door: Door) {}

    /// The leg takes sound from this peer alone and sends its own there, until it is said otherwise: a socket may rely on it.
    fn settle(&mut self, _leg: LegId, _peer: Option<SocketAddr>) {}
}

/// Packets that are expected at once: what they need lies at hand together.
pub const EXPECTED_MAX: usize = 16;

/// The state of one worker.
pub struct Relay {
    leg_by_id: Legs,
    /// Who hears this leg's peer; kept apart from the leg, since a source may be named before it is open.
    listeners_by_leg: IdMap<LegId, Vec<LegId>>,
    /// Browsers share a port: whose leg a check is for, and whose packets come from an address that has been checked.
    leg_by_ufrag: HashMap<String, LegId>,
    leg_by_address: HashMap<SocketAddr, LegId>,
    /// Who is about to speak, and who hears it.
    expected: Vec<(Seat, Way)>,
    orders: VecDeque<HandshakeOrder>,
    /// When each recording began, and what is to be written.
    began_by_recording: BTreeMap<CallId, Mono>,
    tape_orders: VecDeque<TapeOrder>,
    timers: Timers<(LegId, Due)>,
    players: Players,
    tracks: Tracks,
    events: VecDeque<MediaEvent>,
    sounds: Arc<Sounds>,
    silence_timeout: Duration,
    rng: Rng,
}

impl Relay {
    /// `silence_timeout` zero: silence is never said.
    pub fn new(sounds: Arc<Sounds>, silence_timeout: Duration, rng: Rng) -> Relay {
        Relay {
            leg_by_id: Legs::default(),
            listeners_by_leg: IdMap::default(),
            leg_by_ufrag: HashMap::new(),
            leg_by_address: HashMap::new(),
            expected: Vec::new(),
            orders: VecDeque::new(),
            began_by_recording: BTreeMap::new(),
            tape_orders: VecDeque::new(),
            timers: Timers::default(),
            players: Players::default(),
            tracks: Tracks::default(),
            events: VecDeque::new(),
            sounds,
            silence_timeout,
            rng,
        }
    }

    /// What players play from now on, at the place where they are.
    pub fn change_sounds(&mut self, sounds: Arc<Sounds>) {
        self.tracks.change_sounds(&self.sounds);
        self.sounds = sounds;
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
        self.attend(&command, now, wire);
        match command {
            MediaCommand::Open { leg, group, .. } => self.open(leg, group, wire),
            MediaCommand::OpenShared { leg, group, ours } => self.open_shared(leg, group, *ours),
            MediaCommand::Remote { leg, session } => self.describe(leg, Arc::from(session), now, wire),
            MediaCommand::Source { leg, source } => self.switch(leg, source, now),
            MediaCommand::Play { leg, prompt, items, until_key } => {
                self.begin_prompt(leg, Prompt::new(prompt, items, until_key), now);
            }
            MediaCommand::Listen { leg, tones } => self.listen(leg, tones),
            MediaCommand::Key { leg, digit, duration_ms } => self.press(leg, digit, duration_ms, now, wire),
            MediaCommand::Record { leg, call, track } => self.record(leg, call, track, now),
            MediaCommand::EndRecording { leg: _, call } => self.end_recording(call, now),
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
        let Some(of_leg) = self.leg_by_id.get_mut(&leg) else { return };
        let is_report = channel == Channel::Rtcp || rtp::is_rtcp(datagram);
        let Some(datagram) = of_leg.open(from, is_report, datagram) else { return };
        if is_report {
            of_leg.take_reports(from, datagram, now);
        } else {
            self.sound(leg, from, datagram, now, wire);
        }
    }

    pub fn handle_timeout(&mut self, now: Mono, wire: &mut impl Wire) {
        self.play_due(now, wire);
        while let Some((leg, due)) = self.timers.pop_due(now) {
            match due {
                Due::Press => self.press_on(leg, now, wire),
                Due::KeyEnd => self.end_key(leg),
                Due::Silence => self.check_silence(leg, now),
                Due::Report => self.report(leg, now, wire),
                Due::Lost => self.check_browser(leg, now),
                Due::Watch => self.watch(leg, now, wire),
            }
        }
    }

    pub fn poll_output(&mut self) -> Option<MediaEvent> {
        self.events.pop_front()
    }

    pub fn poll_timeout(&self) -> Option<(Mono, &'static str)> {
        let of_legs = self.timers.next().map(|(at, (_, due))| (at, due.reason()));
        let of_players = self.players.next().map(|at| (at, "player's next packet"));
        let of_tracks = self.tracks.next().map(|at| (at, "next packet of those at rest"));
        [of_tracks, of_players, of_legs].into_iter().flatten().min_by_key(|(at, _)| *at)
    }

    /// What the thread of the handshakes is to do.
    pub fn poll_order(&mut self) -> Option<HandshakeOrder> {
        self.orders.pop_front()
    }

    /// What is to be written of recordings.
    pub fn poll_tape(&mut self) -> Option<TapeOrder> {
        self.tape_orders.pop_front()
    }

    pub fn legs(&self) -> usize {
        self.leg_by_id.len()
    }

    /// Legs on the shared port.
    pub fn browsers(&self) -> impl Iterator<Item = LegId> {
        self.leg_by_id.iter().filter(|(_, leg)| leg.browser.is_some()).map(|(id, _)| id)
    }

    fn open(&mut self, id: LegId, group: CallId, wire: &impl Wire) {
        match self.may_open(id) {
            Ok(()) => {
                let door = wire.door(id);
                self.leg_by_id.insert(id, Leg { door, ..Leg::new(group, &mut self.rng) });
            }
            Err(cause) => self.events.push_back(MediaEvent::Failed { leg: id, cause }),
        }
    }

    fn describe(&mut self, id: LegId, session: Arc<Negotiated>, now: Mono, wire: &mut impl Wire) {
        let Some(leg) = self.leg_by_id.get_mut(&id) else { return };
        let is_new = leg.peer.is_none();
        let webrtc = session.webrtc.clone();
        leg.describe(session, now);
        if let Some(webrtc) = webrtc {
            self.describe_browser(id, &webrtc, now);
        }
        let Some(leg) = self.leg_by_id.get_mut(&id) else { return };
        wire.settle(id, leg.settled(now));
        if is_new {
            self.set_report(id, now);
        }
        self.set_player(id, now);
        self.set_silence(id, now);
    }

    /// What the peer hears changes; the same source again only ends a prompt.
    fn switch(&mut self, id: LegId, source: Source, now: Mono) {
        self.cut_prompt(id);
        let Some(leg) = self.leg_by_id.get_mut(&id).filter(|leg| leg.source != source) else { return };
        let old = std::mem::replace(&mut leg.source, source);
        leg.player = Player::default();
        leg.mixer = match source {
            Source::Mix(one, other) => Some(Box::new(Mixer::new(one, other))),
            Source::Silence | Source::Leg(_) | Source::Tone(_) | Source::Wav(_) => None,
        };
        leg.outgoing.cut();
        self.stop_listening(id, old);
        self.start_listening(id, source);
        self.set_player(id, now);
    }

    fn open_shared(&mut self, id: LegId, group: CallId, ours: OurSide) {
        match self.may_open(id) {
            Ok(()) => {
                self.leg_by_ufrag.insert(ours.ice.ufrag.clone(), id);
                self.leg_by_id.insert(id, Leg::of_browser(group, ours, &mut self.rng));
            }
            Err(cause) => self.events.push_back(MediaEvent::Failed { leg: id, cause }),
        }
    }

    fn close(&mut self, id: LegId, now: Mono, wire: &mut impl Wire) {
        let Some(mut leg) = self.leg_by_id.remove(&id) else {
            return self.events.push_back(MediaEvent::Closed { leg: id, stats: Default::default() });
        };
        if leg.outgoing.packets > 0
            && let Some((report, to)) = leg.report(true, now)
        {
            leg.emit(id, Channel::Rtcp, to, &report, wire);
        }
        self.stop_listening(id, leg.source);
        self.forget_browser(id, &leg);
        Due::ALL.into_iter().for_each(|due| self.timers.cancel(&(id, due)));
        let last_key = leg.keys.let_go();
        self.say_keys(id, &leg, last_key.as_slice());
        self.events.push_back(MediaEvent::Closed { leg: id, stats: leg.stats() });
    }

    fn start_listening(&mut self, id: LegId, source: Source) {
        for speaker in source.speakers() {
            let listeners = self.listeners_by_leg.entry(speaker).or_default();
            if listeners.len() < limits::MEDIA_LISTENERS_MAX {
                listeners.push(id);
            }
        }
    }

    fn stop_listening(&mut self, id: LegId, source: Source) {
        for speaker in source.speakers() {
            let Some(listeners) = self.listeners_by_leg.get_mut(&speaker) else { continue };
            listeners.retain(|listener| *listener != id);
            if listeners.is_empty() {
                self.listeners_by_leg.remove(&speaker);
            }
        }
    }
}
