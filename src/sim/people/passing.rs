//! Agents who pass calls on from their phones: at once (RFC 5589 section 6), or when they have talked with whoever is to have the
//! caller (section 7.3).

use std::time::Duration;

use crate::base::Mono;
use crate::sim::phone::{HOLD, PhoneCall, TALK};
use crate::sim::town;

use super::{Act, Person, Role};

/// What an agent does besides talking.
#[derive(Clone, Debug, Default)]
pub(super) struct Passing {
    /// How many agents serve the queues; nobody passes calls on where it is not said.
    pub colleagues: u32,
    /// A caller's call, and the own one with whoever is to have it.
    asking: Vec<Asking>,
}

#[derive(Clone, Debug)]
struct Asking {
    of: PhoneCall,
    with: PhoneCall,
    to: String,
    /// The other side has been asked to join the two.
    is_joining: bool,
}

/// How long a server may take to let somebody go who has passed the call on.
const LET_GO_WITHIN: Duration = Duration::from_secs(5);

impl Person {
    /// They talk: usually one conversation in four is not one for this agent alone.
    pub(super) fn maybe_pass_on(&mut self, call: PhoneCall, now: Mono) {
        if self.passing.colleagues == 0 || self.role != Role::Agent || self.is_own(call) {
            return;
        }
        let (passes_on, asks) = (self.manners.passes_on_of_20, self.manners.asks_first_of_20);
        match self.rng.below(20) {
            drawn if drawn < passes_on => self.after(500, 8_000, call, Act::PassOn, now),
            drawn if drawn < passes_on + asks => self.after(500, 8_000, call, Act::Ask, now),
            _ => {}
        }
    }

    fn is_own(&self, call: PhoneCall) -> bool {
        self.passing.asking.iter().any(|asking| asking.with == call)
    }

    /// Without a word to whoever is to have the caller.
    pub(super) fn pass_on(&mut self, call: PhoneCall, now: Mono) {
        if let Some(to) = self.draw_colleague() {
            self.phone.pass_on(call, &uri(&to), None, now);
        }
    }

    /// Nobody asks themselves.
    fn draw_colleague(&mut self) -> Option<String> {
        let own = town::agent_at(self.address()).map(|agent| agent.to_string());
        Some(town::draw_colleague(&mut self.rng, self.passing.colleagues)).filter(|to| Some(to) != own.as_ref())
    }

    /// Calls somebody while the caller waits.
    pub(super) fn ask(&mut self, call: PhoneCall, now: Mono) {
        let (own, to) = (town::agent_at(self.address()), self.draw_colleague());
        let (Some(own), Some(to)) = (own, to) else { return };
        if self.phone.talking() != [call] || self.phone.live_calls() > 1 {
            return;
        }
        if self.rng.chance(0.7) {
            self.phone.change(call, HOLD, now);
        }
        let with = self.call(&uri(&to), own.as_str(), None, None, now);
        self.passing.asking.push(Asking { of: call, with, to, is_joining: false });
        // Some do not wait for the answer, which servers do not like.
        if self.rng.chance(0.05) {
            self.after(100, 1_000, with, Act::Join, now);
        }
    }

    /// Whoever was asked is there.
    pub(super) fn asked_answers(&mut self, with: PhoneCall, now: Mono) -> bool {
        let is_it = self.is_own(with);
        if is_it {
            let act = if self.rng.chance(0.8) { Act::Join } else { Act::HangUp };
            self.after(300, 4_000, with, act, now);
        }
        is_it
    }

    /// The caller is to talk with whoever was asked.
    pub(super) fn join(&mut self, with: PhoneCall, now: Mono) {
        let Some(asking) = self.passing.asking.iter_mut().find(|asking| asking.with == with) else { return };
        asking.is_joining = self.phone.pass_on(asking.of, &uri(&asking.to), Some(with), now);
    }

    /// They do not want it, or are gone: the agent goes on with the caller.
    pub(super) fn asking_over(&mut self, ended: PhoneCall, now: Mono) {
        // The own call of two who are being joined is over at once.
        let is_over = |asking: &mut Asking| asking.of == ended || (asking.with == ended && !asking.is_joining);
        let over: Vec<Asking> = self.passing.asking.extract_if(.., is_over).collect();
        over.into_iter().for_each(|asking| self.phone.change(asking.of, TALK, now));
    }

    /// The other side will see to it, or not.
    pub(super) fn refer_answered(&mut self, call: PhoneCall, status: u16, now: Mono) {
        match status {
            // Some telephones hang up as soon as they may.
            202 if self.rng.chance(0.2) => self.after(10, 1_500, call, Act::HangUp, now),
            202 => {}
            _ => self.stay_with(call, now),
        }
    }

    /// 200: whoever is to have the caller is there, and we are not needed.
    pub(super) fn passing_on(&mut self, call: PhoneCall, status: u16, now: Mono) {
        let is_joining = self.passing.asking.iter().any(|asking| asking.of == call && asking.is_joining);
        match (status, is_joining) {
            (..200, _) => return,
            (200, false) => self.seen.push("passed on"),
            (200, true) => self.seen.push("passed on: joined"),
            (_, false) => self.seen.push("passed on: in vain"),
            (_, true) => self.seen.push("passed on: not joined"),
        }
        match status {
            200 => self.acts.add(now + LET_GO_WITHIN, (call, Act::MustBeOver)),
            _ => self.stay_with(call, now),
        }
    }

    fn stay_with(&mut self, call: PhoneCall, now: Mono) {
        self.passing.asking.retain(|asking| asking.of != call || !asking.is_joining);
        self.phone.change(call, TALK, now);
    }

    /// What it has passed on is not its own any more.
    pub(super) fn must_be_over(&mut self, call: PhoneCall) {
        if self.phone.talking().contains(&call) && self.rates.is_heard() {
            self.faults.push("it was not let go of a call that it has passed on");
        }
    }

    /// All is forgotten.
    pub(super) fn forget_asking(&mut self) {
        self.passing.asking.clear();
    }
}

fn uri(to: &str) -> String {
    format!("sip:{to}@{}", town::engine_address())
}
