//! The loop of a simulated world: the earliest of all parts is next, until nothing is left to happen.

mod browsers;
mod changes;
mod pages;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::base::rng::Rng;
use crate::base::{IntentId, Mono, Now, Wall};
use crate::calls::Deadline;
use crate::engine::digest::OutputDigest;
use crate::engine::question::QuestionId;
use crate::engine::{Engine, Input, Output};
use crate::sip::api::FlowId;

use super::browser::Browser;
use super::desk::Desk;
use super::dice;
use super::door::Door;
use super::invariants::Invariants;
use super::later::Later;
use super::media::MediaDouble;
use super::net::{Datagram, Net};
use super::people::{Person, Role};
use super::promise;
use super::report::{Counts, Report};
use super::scenario::Scenario;
use super::site::{Site, Visit};
use super::store::FlakyStore;
use super::town;
use super::variant::Variant;

/// 2026-11-23T08:00:00Z, a Monday.
pub(super) const BEGAN: Wall = Wall(1_795_420_800_000);
/// When the first call may come: the agents have logged in by then.
const OPENING: Duration = Duration::from_secs(5);
/// The longest time between a visit to the page and the call.
const DIALLING_MS: u64 = 20_000;
/// How long a carrier is away at most: longer than any transaction waits.
const AWAY_MS: u64 = 45_000;
/// After the last call: the longest call there may be, and all transactions and claims.
const PATIENCE: Duration = Duration::from_secs(5 * 3_600);
/// A deadline that is served and still due would turn the server's loop for ever.
const SPINS_MAX: u32 = 100;

/// Runs one world to its end.
pub fn run(scenario: Scenario) -> Report {
    let mut world = match World::new(scenario) {
        Some(world) => world,
        None => return nothing(scenario),
    };
    world.run();
    world.report()
}

/// The constants of `town` make no engine.
fn nothing(scenario: Scenario) -> Report {
    let mut invariants = Invariants::new(scenario.seed, true);
    invariants.report("the town cannot be built".to_owned());
    Report {
        scenario,
        digest: 0,
        outputs: 0,
        inputs: 0,
        lasted: Duration::ZERO,
        counts: Counts::default(),
        violations: invariants.into_violations(),
    }
}

struct World {
    scenario: Scenario,
    now: Mono,
    engine: Engine,
    net: Net,
    store: FlakyStore,
    media: MediaDouble,
    site: Site,
    door: Door,
    people: Vec<Person>,
    desks: Vec<Desk>,
    browsers: Vec<Browser>,
    open_pages: BTreeSet<IntentId>,
    visits: Later<Step>,
    /// How each customer calls; and whose callback a call is.
    ways_in: BTreeMap<IntentId, Visit>,
    rng: Rng,
    invariants: Invariants,
    digest: OutputDigest,
    counts: Counts,
    inputs: u64,
    dialled: u32,
    to_come: u32,
    last_call: Mono,
}

/// What the world's own calendar holds.
enum Step {
    /// Somebody asks the page for help.
    Visit,
    /// ... and dials.
    Dial(u64, Visit),
    /// They call themselves while we are about to call them.
    RingIn(u64, Visit),
    /// They want to be called back, or not any more.
    CallBack(IntentId),
    TakeBack(IntentId),
    /// They call from the page; it asks whether it is them who call; it is closed.
    Click(IntentId),
    Confirm(IntentId),
    ClosePage(IntentId),
    GoHome,
}

impl World {
    fn new(scenario: Scenario) -> Option<World> {
        let mut rng = Rng::from_number(scenario.seed);
        let (rates, manners) = (scenario.rates(), scenario.manners());
        let mut seed = [0; 32];
        rng.fill(&mut seed);
        let settings = town::settings(scenario.agents, Variant::default())?;
        let mut invariants = Invariants::new(scenario.seed, rates.is_calm());
        invariants.begin(&settings.calls);
        let engine = Engine::new(settings, seed, u32::try_from(BEGAN.unix_s()).ok()?);
        let mut people = Vec::new();
        for nth in 0..town::PRIMARY_TRUNKS {
            let carrier = Person::new(Role::Caller, town::carrier(nth), "carrier", rates, rng.split());
            people.push(carrier.with_manners(manners));
        }
        people.push(Person::new(Role::Ivr, town::ivr(), "ivr", rates, rng.split()).with_manners(manners));
        let staff = town::staff(scenario.agents, Variant::default());
        for nth in staff.iter().copied().filter(|nth| !town::is_in_browser(*nth)) {
            let agent = Person::new(Role::Agent, town::agent_phone(nth), "phone", rates, rng.split());
            people.push(agent.among(scenario.agents).with_manners(manners));
        }
        let desk = |nth: u32| {
            let desk = Desk::new(town::agent(nth), town::token(nth), u64::from(nth), rates, rng.split());
            desk.among(scenario.agents, town::is_supervisor(nth)).with_manners(manners)
        };
        let desks = staff.into_iter().map(desk).collect();
        let mut store = FlakyStore::new(rates, rng.split());
        Site::seed(&mut store, BEGAN);
        let mut visits = Later::default();
        visits.add(Mono::ZERO + OPENING, Step::Visit);
        Some(World {
            scenario,
            now: Mono::ZERO,
            engine,
            net: Net::new(rates, rng.split()),
            store,
            media: MediaDouble::new(rates, rng.split()),
            site: Site::new(town::token_keys()?, rng.split()),
            door: Door::new(promise::plan()?),
            people,
            desks,
            browsers: Vec::new(),
            open_pages: BTreeSet::new(),
            visits,
            ways_in: BTreeMap::new(),
            rng,
            invariants,
            digest: OutputDigest::default(),
            counts: Counts::default(),
            inputs: 0,
            dialled: 0,
            to_come: scenario.calls,
            last_call: Mono::ZERO,
        })
    }

    fn run(&mut self) {
        self.open_desks();
        let mut is_closed = false;
        while let Some(next) = self.next() {
            self.now = self.now.max(next);
            self.turn();
            if !is_closed && self.is_over() {
                is_closed = true;
                self.visits.add(self.now + Duration::from_secs(60), Step::GoHome);
            }
            if self.now.since(self.last_call) > PATIENCE {
                return self.invariants.report(format!("not quiet after {} h", PATIENCE.as_secs() / 3_600));
            }
        }
    }

    /// All calls have been made, and nobody holds a telephone.
    fn is_over(&self) -> bool {
        self.to_come == 0
            && self.last_call > Mono::ZERO
            && self.now.since(self.last_call) > Duration::from_secs(1)
            && self.visits.next().is_none()
            && self.engine.counts().calls + self.engine.counts().callbacks == 0
            && self.people.iter().all(|person| person.live_calls() == 0)
            && self.browsers.iter().all(Browser::is_idle)
    }

    fn clock(&self) -> Now {
        Now::new(self.now, BEGAN + Duration::from_nanos(self.now.0))
    }

    fn next(&self) -> Option<Mono> {
        let people = self.people.iter().filter_map(Person::poll_timeout);
        let desks = self.desks.iter().filter_map(Desk::poll_timeout);
        let engine = self.engine.poll_timeout().map(|(at, _)| at);
        let others =
            [engine, self.net.poll_timeout(), self.store.poll_timeout(), self.media.poll_timeout(), self.visits.next()];
        let browsers = self.browsers.iter().filter_map(Browser::poll_timeout);
        others.into_iter().flatten().chain(people).chain(desks).chain(browsers).min()
    }

    /// Everything that is due at this moment, part by part in a fixed order.
    fn turn(&mut self) {
        self.turn_engine();
        while let Some(step) = self.visits.take(self.now) {
            self.step(step);
        }
        while let Some(datagram) = self.net.poll_output(self.now) {
            self.deliver(datagram);
        }
        self.turn_store();
        while let Some(event) = self.media.poll_output(self.now) {
            self.feed(Input::Media(event));
        }
        while let Some((port, what)) = self.media.take_asked(self.now) {
            let now = self.now;
            self.people.iter_mut().for_each(|person| person.asked(port, what, now));
        }
        for nth in 0..self.desks.len() {
            self.turn_desk(nth);
        }
        for nth in 0..self.people.len() {
            self.turn_person(nth);
        }
        for nth in 0..self.browsers.len() {
            self.turn_browser(nth);
        }
        self.turn_door();
    }

    fn turn_engine(&mut self) {
        self.check_deadline();
        let mut spins = 0;
        while self.engine.poll_timeout().is_some_and(|(at, _)| at <= self.now) {
            self.invariants.begin_anew();
            self.engine.handle_timeout(self.clock());
            self.drain();
            spins += 1;
            if spins > SPINS_MAX {
                let why = self.engine.poll_timeout().map_or("", |(_, why)| why);
                self.invariants.report(format!("the engine spins: {why}"));
                self.now = self.now + Duration::from_millis(1);
                return;
            }
        }
    }

    /// Nothing is due any more of a call that is over.
    fn check_deadline(&mut self) {
        let (counts, next) = (self.engine.counts(), self.engine.poll_timeout());
        let of_calls = next.filter(|(_, why)| Deadline::ALL.iter().any(|one| one.as_str() == *why));
        if let Some((_, why)) = of_calls.filter(|(at, _)| counts.calls + counts.callbacks == 0 && *at <= self.now) {
            self.invariants.report(format!("no call is left, and there is a deadline of one: {why}"));
        }
    }

    fn turn_desk(&mut self, nth: usize) {
        let now = self.now;
        let Some(desk) = self.desks.get_mut(nth) else { return };
        desk.handle_timeout(now);
        while let Some(input) = self.desks.get_mut(nth).and_then(|desk| desk.poll_output(now)) {
            self.feed(Input::Desktop(input));
        }
    }

    fn turn_person(&mut self, nth: usize) {
        let now = self.now;
        let Some(person) = self.people.get_mut(nth) else { return };
        person.handle_timeout(now);
        self.drain_person(nth);
    }

    fn drain_person(&mut self, nth: usize) {
        let Some(person) = self.people.get_mut(nth) else { return };
        let from = person.address();
        while let Some((bytes, to)) = person.poll_output() {
            self.counts.sent(&bytes);
            self.net.send(Datagram { from, to, bytes }, self.now);
        }
        let role = person.role;
        for (port, digit) in person.take_tones() {
            self.media.press(port, digit, self.now);
        }
        person.take_seen().into_iter().for_each(|what| self.counts.see(what));
        for what in person.take_faults() {
            self.invariants.report(format!("the phone of the {role:?} complains: {what}"));
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Visit => self.visit(),
            Step::Dial(carrier, visit) => {
                self.last_call = self.now;
                let now = self.now;
                if let Some(person) = usize::try_from(carrier).ok().and_then(|nth| self.people.get_mut(nth)) {
                    person.dial(&visit, now);
                }
                self.plan_page_of_caller(&visit);
                visit.page.into_iter().for_each(|intent| self.open_page(intent));
                self.maybe_cut_a_trunk();
                self.maybe_reload();
                self.to_come = self.to_come.saturating_sub(1);
            }
            Step::RingIn(carrier, visit) => self.ring_in(carrier, &visit),
            Step::CallBack(intent) => self.call_back(intent),
            Step::TakeBack(intent) => self.take_back(intent),
            Step::Click(intent) => {
                self.last_call = self.now;
                self.open_page(intent);
                self.click(intent);
                self.to_come = self.to_come.saturating_sub(1);
            }
            Step::Confirm(intent) => self.confirm(intent),
            Step::ClosePage(intent) => self.close_page(intent),
            Step::GoHome => {
                let now = self.now;
                self.desks.iter_mut().for_each(|desk| desk.go_home(now));
                self.browsers.iter_mut().for_each(|browser| browser.go_home(now));
            }
        }
    }

    /// A carrier is away, with all calls that it has, and comes back as if nothing had been.
    fn maybe_cut_a_trunk(&mut self) {
        if self.rng.chance(self.scenario.rates().trunk_away) {
            let until = self.now + dice::between_ms(&mut self.rng, 200, AWAY_MS);
            let nth = usize::try_from(self.rng.below(town::PRIMARY_TRUNKS)).unwrap_or(0);
            self.people.iter_mut().skip(nth).take(1).for_each(|carrier| carrier.stay_away(until));
        }
    }

    /// Registers, dials a while later, sometimes twice at once or again after a while.
    fn visit(&mut self) {
        let now = self.clock();
        let Some(visit) = self.site.next_visit(&mut self.store, now.wall) else {
            return self.invariants.report("the site could not register an intent".to_owned());
        };
        self.ways_in.extend(visit.page.map(|intent| (intent, visit.clone())));
        let dials = match self.plan_page(&visit) {
            true if self.rng.chance(0.1) => 2,
            true => 1,
            false => 0,
        };
        let first = self.now + dice::between_ms(&mut self.rng, 500, DIALLING_MS);
        let mut has_clicked = false;
        for nth in 0..dials {
            if self.dialled >= self.scenario.calls {
                break;
            }
            let again = dice::between_ms(&mut self.rng, 0, 30_000) * nth;
            let carrier = self.rng.below(town::PRIMARY_TRUNKS);
            // Who has clicked once clicks in another tab, too.
            let chance = if has_clicked { 0.7 } else { 0.2 };
            let from_page = visit.page.filter(|_| self.rng.chance(chance));
            has_clicked |= from_page.is_some();
            let step = from_page.map_or_else(|| Step::Dial(carrier, visit.clone()), Step::Click);
            self.visits.add(first + again, step);
            self.dialled += 1;
        }
        if self.dialled < self.scenario.calls {
            let next = self.now + dice::about(&mut self.rng, self.scenario.between_calls());
            self.visits.add(next, Step::Visit);
        }
    }

    fn deliver(&mut self, datagram: Datagram) {
        let Datagram { from, to, bytes } = datagram;
        if to == town::engine_address() {
            return self.feed(Input::Datagram { flow: FlowId(0), from, bytes });
        }
        let now = self.now;
        if let Some(nth) = self.people.iter().position(|person| person.address() == to) {
            if let Some(person) = self.people.get_mut(nth) {
                person.handle(bytes, from, now);
            }
            self.drain_person(nth);
        } else {
            self.invariants.report(format!("a datagram to {to}, where nobody is"));
        }
    }

    fn feed(&mut self, input: Input) {
        let now = self.clock();
        self.inputs += 1;
        self.invariants.input(&input, now);
        self.engine.handle(input, now);
        self.drain();
    }

    fn drain(&mut self) {
        let now = self.clock();
        loop {
            while let Some(output) = self.engine.poll_output() {
                self.digest.add(&output);
                self.invariants.output(&output, &self.store, now);
                self.start(output, now);
            }
            self.invariants.settled();
            let Some(question) = self.invariants.question() else { return };
            self.engine.handle(Input::Ask { id: QuestionId(0), question }, now);
        }
    }

    fn start(&mut self, output: Output, now: Now) {
        match output {
            Output::Transmit(transmit) if transmit.flow.listener() == town::WEB_FLOW => {
                self.send_to_browser(transmit.flow, transmit.bytes);
            }
            Output::Transmit(transmit) => {
                let datagram = Datagram { from: town::engine_address(), to: transmit.to, bytes: transmit.bytes };
                self.net.send(datagram, now.mono);
            }
            Output::Store { ask, request, patience } => self.store.ask(ask, *request, patience, now.mono),
            Output::Media(command) => {
                self.media.handle(&command, now.mono);
                for what in self.media.take_faults() {
                    self.invariants.report(what);
                }
            }
            Output::Desktop(output) => {
                self.counts.shown(&output);
                let conn = super::desk::conn_of(&output);
                if let Some(desk) = self.desks.iter_mut().find(|desk| desk.owns(conn)) {
                    desk.send(output, now.mono);
                }
            }
            Output::Answer { id, answer } => self.door.engine_answered(id, answer, now),
            Output::Page { .. } => {}
            // No host here has a name: nobody answers.
            Output::Resolve { .. } => {}
            Output::Fact(fact) => {
                self.counts.fact(&fact);
                self.maybe_ring_in(&fact);
            }
        }
    }

    fn report(mut self) -> Report {
        let wall = self.clock().wall;
        self.invariants.at_the_end(&mut self.store, wall);
        let counts = self.engine.counts();
        if !self.engine.is_quiet() {
            let endpoint = self.engine.endpoint_counts();
            self.invariants.report(format!("after quiet there is left: {counts:?}, {endpoint:?}"));
        }
        if let Some((_, why)) = self.engine.poll_timeout() {
            self.invariants.report(format!("after quiet a deadline is left: {why}"));
        }
        if self.media.open_legs() > 0 {
            self.invariants.report(format!("after quiet {} media legs are open", self.media.open_legs()));
        }
        let in_browsers = self.browsers.iter().map(|browser| &browser.person);
        for person in self.people.iter().chain(in_browsers) {
            let tally = person.tally();
            if tally.began != tally.ended + tally.vanished {
                self.invariants.report(format!("a {:?} has calls that did not end: {tally:?}", person.role));
            }
        }
        Report {
            scenario: self.scenario,
            digest: self.digest.value(),
            outputs: self.digest.outputs(),
            inputs: self.inputs,
            lasted: self.now.since(Mono::ZERO),
            counts: self.counts,
            violations: self.invariants.into_violations(),
        }
    }
}
