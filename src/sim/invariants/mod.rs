//! What must always be true, checked from outside: from what goes into the engine and what comes out.

mod browsers;
mod callbacks;
mod claims;
mod codes;
mod ends;
mod grants;
mod hearing;
mod keys;
mod legs;
mod order;
mod pairs;
mod passing;
mod pops;
mod recordings;
mod reloads;
mod rings;
mod wire;

use std::fmt;

use crate::base::{CallId, IntentId, Mono, Now, Wall};
use crate::calls::facts::{CallRecord, Fact};
use crate::calls::settings::CallSettings;
use crate::engine::question::{Answer, Question};
use crate::engine::{Input, Output};
use crate::intents::Intent;
use crate::intents::requests::{StoreReply, StoreRequest};

use super::store::FlakyStore;

/// Something that must not be, and when it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    pub seed: u64,
    pub at: Mono,
    pub what: String,
}

/// All checkers of one world.
pub struct Invariants {
    seed: u64,
    now: Mono,
    /// Nothing breaks in this world: what a fault would excuse is no excuse.
    strict: bool,
    found: Vec<Violation>,
    kept_max: usize,
    legs: legs::Legs,
    ends: ends::Ends,
    grants: grants::Grants,
    order: order::Order,
    pairs: pairs::Pairs,
    passing: passing::Passing,
    pops: pops::Pops,
    rings: rings::Rings,
    claims: claims::Claims,
    codes: codes::Codes,
    browsers: browsers::Browsers,
    callbacks: callbacks::Callbacks,
    hearing: hearing::Hearing,
    recordings: recordings::Recordings,
    reloads: reloads::Reloads,
    wire: wire::Wire,
    /// What is to be asked of the engine.
    questions: Vec<Question>,
}

/// After so many the rest says nothing new; what is found at the end has room of its own.
const VIOLATIONS_KEPT: usize = 20;
/// ... and so many of one kind.
const ALIKE_KEPT: usize = 5;

impl Invariants {
    pub fn new(seed: u64, strict: bool) -> Invariants {
        Invariants {
            seed,
            now: Mono::ZERO,
            strict,
            found: Vec::new(),
            kept_max: VIOLATIONS_KEPT,
            legs: Default::default(),
            ends: Default::default(),
            grants: Default::default(),
            order: Default::default(),
            pairs: Default::default(),
            passing: Default::default(),
            pops: Default::default(),
            rings: Default::default(),
            claims: Default::default(),
            codes: Default::default(),
            browsers: Default::default(),
            callbacks: Default::default(),
            hearing: Default::default(),
            recordings: Default::default(),
            reloads: Default::default(),
            wire: Default::default(),
            questions: Vec::new(),
        }
    }

    /// Before anything is handled, be it a deadline: what came before has no part in it.
    pub fn begin_anew(&mut self) {
        self.ends.begin_anew();
        self.hearing.begin_anew();
        self.order.begin_anew();
        self.passing.begin_anew();
        self.reloads.begin_anew();
    }

    /// Before the engine handles it.
    pub fn input(&mut self, input: &Input, now: Now) {
        self.now = now.mono;
        self.begin_anew();
        self.order.input(input);
        self.rings.input(input);
        self.hearing.input(input);
        self.reloads.input(input);
        self.browsers.input(input);
        self.passing.input(input);
        self.pops.input(input);
        self.codes.input(input);
        self.recordings.input(input);
        self.callbacks.input(input);
        // What is promised anew may have another priority.
        if let Input::Store { result: Ok(StoreReply::Promised(intent) | StoreReply::Claimed(intent)), .. } = input {
            let call = self.callbacks.call_of(intent.id);
            call.into_iter().for_each(|call| self.order.promised(call, intent));
        }
    }

    /// Each output, in order.
    pub fn output(&mut self, output: &Output, store: &FlakyStore, now: Now) {
        self.now = now.mono;
        let wrong = match output {
            Output::Fact(fact) => self.fact(fact, store, now),
            Output::Transmit(transmit) => {
                let rung = self.rings.transmit(transmit.to, &transmit.bytes, now.mono);
                let dialled = self.callbacks.transmit(transmit.to, &transmit.bytes, now);
                rung.into_iter().chain(dialled).chain(self.wire.transmit(&transmit.bytes, now.mono)).collect()
            }
            Output::Desktop(output) => {
                self.passing.output(output);
                self.pops.output(output)
            }
            Output::Media(command) => {
                self.hearing.media(command);
                self.legs.media(command);
                let mut wrong = self.ends.media(command);
                wrong.extend(self.codes.media(command, now.mono));
                wrong.extend(self.recordings.media(command));
                wrong
            }
            Output::Answer { answer: Answer::Agents(views), .. } => self.grants.views(views),
            Output::Answer { answer: Answer::Call(Some(view)), .. } => self.call_seen(&view.record, now),
            Output::Store { request, .. } => {
                self.callbacks.store(request);
                self.claims.store(request);
                self.codes.store(request)
            }
            Output::Answer { .. } | Output::Resolve { .. } | Output::Page { .. } => Vec::new(),
        };
        wrong.into_iter().for_each(|what| self.report(what));
    }

    /// What a part of the world has found out by itself.
    pub fn report(&mut self, what: String) {
        let alike = self.found.iter().filter(|found| kind(&found.what) == kind(&what)).count();
        if self.found.len() < self.kept_max && alike < ALIKE_KEPT {
            self.found.push(Violation { seed: self.seed, at: self.now, what });
        }
    }

    /// The page was told that this customer will be called.
    pub fn promised(&mut self, call: CallId, intent: &Intent, now: Now) {
        self.order.promised(call, intent);
        self.callbacks.promised(call, intent, now).into_iter().for_each(|what| self.report(what));
    }

    /// A call that has just come: a callback says by its record whose it is.
    fn call_seen(&mut self, record: &CallRecord, now: Now) -> Vec<String> {
        let (call, intent) = (record.call, record.intent.filter(|_| record.tries.is_some()));
        let Some(intent) = intent else { return Vec::new() };
        self.recordings.is_for(call, intent);
        self.order.is_callback(call);
        let Some(intent) = self.callbacks.stored(intent).filter(|_| record.ended.is_none()) else { return Vec::new() };
        self.order.promised(call, &intent);
        self.callbacks.begun(call, &intent, now).into_iter().collect()
    }

    /// Whose callback this call is.
    pub fn customer_of(&self, call: CallId) -> Option<IntentId> {
        self.callbacks.customer_of(call)
    }

    /// The first configuration.
    pub fn begin(&mut self, settings: &CallSettings) {
        self.reloads.begin(settings.policy.version());
        self.recordings.begin(settings.recording.as_ref());
    }

    /// All that came of an input has been seen.
    pub fn settled(&mut self) {
        let changed = self.legs.take_changed();
        let mut wrong = self.hearing.settled(&self.legs, &changed);
        wrong.extend(self.pairs.settled(&self.legs, &changed));
        wrong.extend(self.pops.settled());
        wrong.extend(self.passing.settled(self.strict));
        wrong.extend(self.recordings.settled());
        wrong.into_iter().for_each(|what| self.report(what));
    }

    /// What the engine is asked now: how all agents stand when one has come to a call or left it, and what has come in.
    pub fn question(&mut self) -> Option<Question> {
        self.questions.pop().or_else(|| self.grants.asks().then_some(Question::Agents))
    }

    /// The store is asked to promise something to this customer.
    pub fn unsure(&mut self, intent: IntentId) {
        self.callbacks.unsure(intent);
    }

    /// After quiet: every call that was admitted has ended, and every callback.
    pub fn at_the_end(&mut self, store: &mut FlakyStore, now: Wall) {
        self.kept_max = self.found.len() + VIOLATIONS_KEPT;
        let mut wrong = self.ends.at_the_end();
        let state = |intent| match store.apply(StoreRequest::Get { intent, now }) {
            StoreReply::Got(intent) => intent.callback.map(|callback| callback.state),
            _ => None,
        };
        wrong.extend(self.callbacks.at_the_end(self.strict, state));
        wrong.extend(self.recordings.at_the_end());
        wrong.into_iter().for_each(|what| self.report(what));
    }

    pub fn into_violations(self) -> Vec<Violation> {
        self.found
    }

    fn fact(&mut self, fact: &Fact, store: &FlakyStore, now: Now) -> Vec<String> {
        let mut wrong = self.ends.fact(fact);
        wrong.extend(self.grants.fact(fact));
        wrong.extend(self.order.fact(fact));
        wrong.extend(self.claims.fact(fact, self.strict, |intent| store.holder(intent, now.wall)));
        wrong.extend(self.callbacks.fact(fact, now, |intent| store.callback(intent)));
        wrong.extend(self.hearing.fact(fact));
        wrong.extend(self.reloads.fact(fact));
        wrong.extend(self.browsers.fact(fact));
        wrong.extend(self.passing.fact(fact));
        self.pairs.fact(fact);
        wrong.extend(self.codes.fact(fact, now.mono, self.strict));
        wrong.extend(self.recordings.fact(fact));
        if let Fact::CallAdmitted { call, .. } = fact {
            self.questions.push(Question::Call { call: *call });
        }
        self.rings.fact(fact, now.mono);
        self.pops.fact(fact);
        wrong
    }
}

/// What is said of whatever it is about, in its first words.
fn kind(what: &str) -> Vec<&str> {
    let said = what.split_once(": ").map_or(what, |(_, said)| said);
    said.split(' ').take(3).collect()
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "seed {} at {:.3} s: {}", self.seed, self.at.0 as f64 / 1e9, self.what)
    }
}

#[cfg(test)]
mod histories {
    //! Facts of made-up histories.

    use crate::base::{AgentId, CallId, Fence, Mono, QueueId, TrunkId, Wall};
    use crate::calls::facts::{CallRecord, Fact};

    pub fn call(serial: u32) -> CallId {
        CallId::new(1, serial)
    }

    pub fn admitted(serial: u32) -> Fact {
        Fact::CallAdmitted { call: call(serial), trunk: TrunkId::new("carrier-0") }
    }

    pub fn decided(serial: u32, rule: &str) -> Fact {
        Fact::Decided { call: call(serial), rule: rule.to_owned(), reason: String::new() }
    }

    pub fn queued(serial: u32) -> Fact {
        Fact::Queued { call: call(serial), queue: QueueId::new("help"), since: Mono(serial.into()) }
    }

    pub fn granted(serial: u32, agent: &str, fence: u64) -> Fact {
        Fact::Granted { call: call(serial), agent: AgentId::new(agent), fence: Fence(fence) }
    }

    pub fn failed(serial: u32, agent: &str) -> Fact {
        Fact::OfferFailed { call: call(serial), agent: AgentId::new(agent) }
    }

    pub fn ended(serial: u32) -> Fact {
        Fact::CallEnded(Box::new(record(serial)))
    }

    fn record(serial: u32) -> CallRecord {
        CallRecord { ended: Some(Wall(2)), ..CallRecord::begun(call(serial), TrunkId::new("carrier-0"), Wall(1)) }
    }
}
