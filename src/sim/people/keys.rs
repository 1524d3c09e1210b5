//! Keys that people press: the code from their page, the one that has them called back, and others for no reason. They leave as INFO or
//! in the sound, as the telephone has it.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::Mono;
use crate::intents::pin::Pin;
use crate::sdp::Session;
use crate::sim::media::Asked;
use crate::sim::phone::PhoneCall;
use crate::sim::{dice, town};

use super::{Act, Person, Role};

#[derive(Clone, Debug, Default)]
pub(super) struct Keys {
    /// Where each call's sound goes, by the server's port.
    call_by_port: BTreeMap<u16, PhoneCall>,
    codes: BTreeMap<PhoneCall, Pin>,
    /// Calls in which keys are told and not played.
    by_info: BTreeSet<PhoneCall>,
    tones: Vec<(u16, char)>,
}

const ALL: [char; 12] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '#'];

impl Person {
    /// Keys in the sound since the last time, and the server's port that they go to.
    pub fn take_tones(&mut self) -> Vec<(u16, char)> {
        std::mem::take(&mut self.keys.tones)
    }

    /// They hear a question in the call whose sound comes from this port.
    pub fn asked(&mut self, port: u16, what: Asked, now: Mono) {
        let Some(call) = self.keys.call_by_port.get(&port).copied() else { return };
        let keys = match what {
            Asked::Code => self.draw_code(call),
            Asked::Callback => match (self.rng.below(20), self.manners.presses_of_20) {
                (drawn, presses) if drawn < presses => town::CALLBACK_KEY.to_string(),
                (drawn, presses) if drawn == presses => "2".to_owned(),
                _ => String::new(),
            },
        };
        self.press_all(call, &keys, now);
    }

    /// Theirs most of the time; some have none, guess, or are silent.
    fn draw_code(&mut self, call: PhoneCall) -> String {
        let own = self.keys.codes.get(&call).map(|code| code.expose());
        match self.rng.below(12) {
            0 => String::new(),
            1 => format!("{}#", self.rng.below(1_000)),
            2 => Pin::draw(town::PIN_DIGITS, self.rng.u64()).expose(),
            3 => format!("{}*{}", self.rng.below(10), own.unwrap_or_default()),
            _ => own.unwrap_or_default(),
        }
    }

    fn press_all(&mut self, call: PhoneCall, keys: &str, now: Mono) {
        let mut at = now;
        for key in keys.chars() {
            at = at + dice::between_ms(&mut self.rng, 100, 900);
            self.acts.add(at, (call, Act::Key(key)));
        }
    }

    pub(super) fn press(&mut self, call: PhoneCall, key: char, now: Mono) {
        if self.keys.by_info.contains(&call) {
            return self.phone.press(call, key, now);
        }
        let port = self.keys.call_by_port.iter().find(|(_, of)| **of == call).map(|(port, _)| *port);
        self.keys.tones.extend(port.map(|port| (port, key)));
    }

    pub(super) fn knows_code(&mut self, call: PhoneCall, code: Option<Pin>) {
        self.keys.codes.extend(code.map(|code| (call, code)));
    }

    /// Both sides are connected; one caller in eight plays with the keys.
    pub(super) fn has_keys(&mut self, call: PhoneCall, remote: Option<&Session>, now: Mono) {
        let Some(remote) = remote else { return };
        self.keys.call_by_port.insert(remote.audio.rtp.expose().port(), call);
        let has_events = remote.audio.codecs.iter().any(crate::sdp::Codec::is_telephone_event);
        if !has_events || self.rng.chance(0.5) {
            self.keys.by_info.insert(call);
        }
        let often = if self.role == Role::Caller { 0.12 } else { 0.04 };
        if self.rng.chance(often)
            && let Some(key) = dice::pick(&mut self.rng, &ALL)
        {
            self.after(500, 20_000, call, Act::Key(key), now);
        }
    }

    pub(super) fn has_no_keys(&mut self, call: PhoneCall) {
        self.keys.call_by_port.retain(|_, of| *of != call);
        self.keys.codes.remove(&call);
        self.keys.by_info.remove(&call);
    }
}
