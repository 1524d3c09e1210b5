//! INFO (RFC 6086), both ways: keys pressed, as `application/dtmf-relay` and `application/dtmf` write them, and nothing else.

use super::Endpoint;
use super::compose;
use super::core::{ClientOwner, Core};
use super::inside::Inside;
use super::names::SessionId;
use super::session::{Phase, Session};
use crate::base::{LegId, Mono};
use crate::sip::api::SipEvent;
use crate::sip::wire::{HeaderName, Method};

const RELAY: &str = "application/dtmf-relay";
const PLAIN: &str = "application/dtmf";
/// Of a key that comes without a duration.
const USUAL_MS: u32 = 250;
/// Longer is a key that is stuck; the clock of RFC 4733 counts 8 s of it.
const LONGEST_MS: u32 = 8_000;
const KEYS: &[u8; 16] = b"0123456789*#ABCD";
/// A hook flash, which is no key.
const FLASH: [&str; 3] = ["16", "!", "hf"];

/// What a body says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pressed {
    Key(char, u32),
    Flash,
}

impl Endpoint {
    /// A key for the peer.
    pub(super) fn press(&mut self, leg: LegId, digit: char, duration_ms: u32, now: Mono) {
        if let Some(session) = self.sessions.of_leg(leg) {
            session.press(&mut self.core, digit, duration_ms, now);
        }
    }

    /// Only a peer that has forgotten the call matters (RFC 5057).
    pub(super) fn info_answered(&mut self, id: SessionId, status: u16, now: Mono) {
        if let Some(session) = self.sessions.get_mut(id).filter(|_| status == 481) {
            session.peer_lost(&mut self.core, false, now);
        }
    }
}

impl Session {
    /// The peer's INFO. One that says nothing is a sign of life.
    pub fn take_info(&mut self, core: &mut Core, inside: &Inside<'_>, now: Mono) {
        if self.is_over() {
            return inside.answer(core, 481, |_| {}, now);
        }
        let (request, body) = (inside.request, inside.request.body());
        if body.is_empty() {
            return inside.answer(core, 200, |_| {}, now);
        }
        if !request.content_type_is(RELAY) && !request.content_type_is(PLAIN) {
            let accept = format!("{RELAY}, {PLAIN}");
            return inside.answer(core, 415, |writer| _ = writer.push(HeaderName::ACCEPT, accept), now);
        }
        let pressed = std::str::from_utf8(body).ok().and_then(read);
        inside.answer(core, if pressed.is_some() { 200 } else { 400 }, |_| {}, now);
        if let (Some(Pressed::Key(digit, duration_ms)), Some(leg)) = (pressed, self.leg) {
            core.tell(SipEvent::Key { leg, digit, duration_ms });
        }
    }

    fn press(&mut self, core: &mut Core, digit: char, duration_ms: u32, now: Mono) {
        let id = self.id();
        let Phase::Up(up) = &mut self.phase else { return };
        if up.over {
            return;
        }
        let (branch, way, cseq) = (core.next_branch(), up.way(&core.streams), up.dialog.next_cseq());
        let writer = compose::within(core, &up.dialog, &Method::Info, cseq, branch, way);
        let body = format!("Signal={digit}\r\nDuration={duration_ms}\r\n");
        let request = writer.finish_with(RELAY, body.as_bytes());
        self.request(core, branch, request, way, ClientOwner::Info(id), now);
    }
}

/// `Signal=5` and `Duration=160`, each on its line, or the key alone.
fn read(body: &str) -> Option<Pressed> {
    let mut signal = None;
    let mut duration_ms = USUAL_MS;
    for line in body.lines().map(str::trim).filter(|line| !line.is_empty()) {
        match line.split_once('=').map(|(name, value)| (name.trim(), value.trim())) {
            Some((name, value)) if name.eq_ignore_ascii_case("signal") => signal = Some(value),
            Some((name, value)) if name.eq_ignore_ascii_case("duration") => duration_ms = value.parse().ok()?,
            Some(_) => {}
            None => signal = signal.or(Some(line)),
        }
    }
    let signal = signal?;
    if FLASH.iter().any(|flash| flash.eq_ignore_ascii_case(signal)) {
        return Some(Pressed::Flash);
    }
    Some(Pressed::Key(key(signal)?, duration_ms.clamp(1, LONGEST_MS)))
}

/// A key by its sign, or by its number (RFC 4733 section 3.2: 10 is the star).
fn key(signal: &str) -> Option<char> {
    let mut signs = signal.chars();
    let by_sign = signs.next().filter(|_| signs.next().is_none()).map(|sign| sign.to_ascii_uppercase());
    let by_sign = by_sign.filter(|sign| KEYS.iter().any(|key| char::from(*key) == *sign));
    by_sign.or_else(|| signal.parse::<usize>().ok().and_then(|number| KEYS.get(number)).map(|key| char::from(*key)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_in_every_dress() {
        for (body, expect) in [
            ("Signal=5\r\nDuration=160\r\n", Some(Pressed::Key('5', 160))),
            ("signal= * \nduration = 40", Some(Pressed::Key('*', 40))),
            ("Signal=11\r\n", Some(Pressed::Key('#', 250))),
            ("d", Some(Pressed::Key('D', 250))),
            ("7\r\n", Some(Pressed::Key('7', 250))),
            ("Signal=1\r\nDuration=4000000000", Some(Pressed::Key('1', 8000))),
            ("Signal=16\r\nDuration=100", Some(Pressed::Flash)),
            ("Signal=hf", Some(Pressed::Flash)),
            ("Signal=E", None),
            ("Signal=55", None),
            ("Signal=1\r\nDuration=long", None),
            ("Duration=100", None),
            ("é", None),
        ] {
            assert_eq!(read(body), expect, "{body}");
        }
    }
}
