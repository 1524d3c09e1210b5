//! Browsers in the world: a page from which a customer calls, an agent whose phone is in the desk's page, a page that asks who calls.

use std::net::SocketAddr;

use crate::base::IntentId;
use crate::calls::pages::PageInput;
use crate::engine::Input;
use crate::engine::question::{Question, QuestionId};
use crate::sim::browser::Browser;
use crate::sim::dice;
use crate::sim::people::{Person, Role};
use crate::sim::town;
use crate::sim::variant::Variant;
use crate::sip::api::{self, FlowId};

use super::{Step, World};

impl World {
    /// Those agents whose phone is in their desk's page.
    pub(super) fn open_desks(&mut self) {
        let staff = town::staff(self.scenario.agents, Variant::default());
        for nth in staff.into_iter().filter(|nth| town::is_in_browser(*nth)) {
            let whose = api::Browser::Agent { agent: town::agent(nth) };
            self.open_browser(whose, Role::Agent, town::agent_phone(nth));
        }
    }

    /// "Call from this browser".
    pub(super) fn click(&mut self, intent: IntentId) {
        let nth = self.browsers.len() as u64;
        let address = SocketAddr::from(([198, 51, 100, 1], 10_000 + (nth % 50_000) as u16));
        self.open_browser(api::Browser::Caller { intent }, Role::Caller, address);
    }

    fn open_browser(&mut self, whose: api::Browser, role: Role, address: SocketAddr) {
        let rates = self.scenario.rates();
        let person = Person::new(role, address, "page0", rates, self.rng.split()).with_manners(self.scenario.manners());
        let person = if role == Role::Agent { person.among(self.scenario.agents) } else { person };
        let nth = self.browsers.len() as u64;
        let mut browser = Browser::new(whose, person, nth, rates.desk_cut, self.rng.split());
        browser.begin(self.now);
        self.browsers.push(browser);
    }

    pub(super) fn turn_browser(&mut self, nth: usize) {
        let now = self.now;
        let Some(browser) = self.browsers.get_mut(nth) else { return };
        browser.handle_timeout(now);
        browser.take_seen().into_iter().for_each(|what| self.counts.see(what));
        browser.person.take_seen().into_iter().for_each(|what| self.counts.see(what));
        for what in browser.person.take_faults() {
            self.invariants.report(format!("a browser complains: {what}"));
        }
        while let Some(input) = self.browsers.get_mut(nth).and_then(|browser| browser.poll_output(now)) {
            if let Input::Datagram { bytes, .. } = &input {
                self.counts.sent(bytes);
            }
            self.feed(input);
        }
    }

    /// To whichever browser has this connection; a connection that is gone leads nowhere.
    pub(super) fn send_to_browser(&mut self, flow: FlowId, bytes: bytes::Bytes) {
        let now = self.now;
        if let Some(browser) = self.browsers.iter_mut().find(|browser| browser.owns(flow)) {
            browser.send(flow, bytes, now);
        }
    }

    /// The page is open while its customer calls, and at a doubtful match it asks whether it is them.
    pub(super) fn open_page(&mut self, intent: IntentId) {
        if !self.open_pages.insert(intent) {
            return;
        }
        self.feed(Input::Page(PageInput::Opened { intent }));
        let closed = self.now + dice::between_ms(&mut self.rng, 5_000, 60_000);
        self.visits.add(closed, Step::ClosePage(intent));
        if self.rng.chance(0.4) {
            let said = self.now + dice::between_ms(&mut self.rng, 500, 8_000);
            self.visits.add(said, Step::Confirm(intent));
        }
    }

    pub(super) fn close_page(&mut self, intent: IntentId) {
        if self.open_pages.remove(&intent) {
            self.feed(Input::Page(PageInput::Closed { intent }));
        }
    }

    /// "Yes, that is me."
    pub(super) fn confirm(&mut self, intent: IntentId) {
        self.feed(Input::Ask { id: QuestionId(0), question: Question::Confirm { intent } });
    }
}
