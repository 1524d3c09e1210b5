//! Session timers (RFC 4028): a phone refreshes the session, or sees that nobody does and hangs up.

use std::time::Duration;

use crate::base::Mono;
use crate::sip::wire::{HeaderName, Headers, Refresher, SessionExpires};

use super::Phone;
use super::api::PhoneCall;
use super::call::{Agreed, Kind, Timer};

pub(super) const TIMER: &str = "timer";
/// What a phone asks for: the least that RFC 4028 section 4 allows.
pub(super) const SESSION_SECONDS: u32 = 90;
/// A refresh that could not go, or crossed another change.
const AGAIN: Duration = Duration::from_secs(3);

impl Phone {
    /// A 2xx to a request of ours says who refreshes, and how often.
    pub(super) fn learn_timer(&mut self, id: PhoneCall, answer: &Headers, now: Mono) {
        let said = answer.header(HeaderName::SESSION_EXPIRES).and_then(SessionExpires::read);
        let agreed = said.map(|said| Agreed { seconds: said.seconds, ours: said.refresher != Some(Refresher::Uas) });
        self.run_timer(id, agreed, now);
    }

    /// The session is refreshed at half of its life, and over at its end.
    pub(super) fn run_timer(&mut self, id: PhoneCall, agreed: Option<Agreed>, now: Mono) {
        let Some(call) = self.calls.get_mut(&id).filter(|call| call.customs.session_timer) else { return };
        call.timer = agreed;
        self.timers.cancel(&(id, Timer::Refresh));
        self.timers.cancel(&(id, Timer::Expired));
        let Some(Agreed { seconds, ours }) = agreed else { return };
        let life = Duration::from_secs(seconds.into());
        if ours {
            self.timers.set((id, Timer::Refresh), now + life / 2);
        }
        self.timers.set((id, Timer::Expired), now + life);
    }

    /// What we answer to an INVITE that asks for a timer; whoever asked is willing to refresh.
    pub(super) fn accept_timer(&mut self, id: PhoneCall, now: Mono) {
        let we_refresh = self.rng.chance(0.5);
        let Some(call) = self.calls.get(&id).filter(|call| call.customs.session_timer) else { return };
        let Some(invite) = &call.invite else { return };
        let asked = invite.header(HeaderName::SESSION_EXPIRES).and_then(SessionExpires::read);
        let agreed = asked.map(|asked| Agreed {
            seconds: asked.seconds,
            ours: asked.refresher.map_or(we_refresh, |refresher| refresher == Refresher::Uas),
        });
        self.run_timer(id, agreed, now);
    }

    pub(super) fn refresh(&mut self, id: PhoneCall, now: Mono) {
        let Some(call) = self.calls.get(&id) else { return };
        let (direction, is_amid) = (call.sound.direction, call.outgoing.contains_key(&Kind::Change));
        self.timers.set((id, Timer::Refresh), now + AGAIN);
        if !is_amid {
            self.change(id, direction, now);
        }
    }
}
