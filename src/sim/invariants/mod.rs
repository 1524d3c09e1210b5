//! What must always be true, checked from outside: from what goes into the engine and what comes out.

mod browsers;
mod callbacks;
mod claims;
mod ends;
mod grants;
mod hearing;
mod order;
mod pairs;
mod passing;
mod pops;
mod reloads;
mod rings;
mod wire;

use std::fmt;

use crate::access::PolicyVersion;
use crate::base::{CallId, IntentId, Mono, Now, Wall};
use crate::calls::facts::Fact;
use crate::engine::question::Answer;
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
    ends: ends::Ends,
    grants: grants::Grants,
    order: order::Order,
    pairs: pairs::Pairs,
    passing: passing::Passing,
    pops: pops::Pops,
    rings: rings::Rings,
    claims: claims::Claims,
    browsers: browsers::Browsers,
    callbacks: callbacks::Callbacks,
    hearing: hearing::Hearing,
    reloads: reloads::Reloads,
    wire: wire::Wire,
}

/// After so many the rest says nothing new.
const VIOLATIONS_KEPT: usize = 20;

impl Invariants {
    pub fn new(seed: u64, strict: bool) -> Invariants {
        Invariants {
            seed,
            now: Mono::ZERO,
            strict,
            found: Vec::new(),
            ends: Default::default(),
            grants: Default::default(),
            order: Default::default(),
            pairs: Default::default(),
            passing: Default::default(),
            pops: Default::default(),
            rings: Default::default(),
            claims: Default::default(),
            browsers: Default::default(),
            callbacks: Default::default(),
            hearing: Default::default(),
            reloads: Default::default(),
            wire: Default::default(),
        }
    }

    /// Before the engine handles it.
    pub fn input(&mut self, input: &Input, now: Now) {
        self.now = now.mono;
        self.order.input(input);
        self.rings.input(input);
        self.hearing.input(input);
        self.reloads.input(input);
        self.browsers.input(input);
        self.passing.input(input);
    }

    /// Each output, in order.
    pub fn output(&mut self, output: &Output, store: &FlakyStore, now: Now) {
        self.now = now.mono;
        let wrong = match output {
            Output::Fact(fact) => self.fact(fact, store, now),
            Output::Transmit(transmit) => {
                let rung = self.rings.transmit(transmit.to, &transmit.bytes, now.mono);
                let dialled = self.callbacks.transmit(transmit.to, &transmit.bytes, now);
                rung.into_iter().chain(dialled).chain(self.wire.transmit(&transmit.bytes)).collect()
            }
            Output::Desktop(output) => {
                self.passing.output(output);
                self.pops.output(output)
            }
            Output::Media(command) => {
                self.hearing.media(command);
                self.pairs.media(command);
                self.ends.media(command)
            }
            Output::Answer { answer: Answer::Agents(views), .. } => self.grants.views(views),
            Output::Store { .. } | Output::Answer { .. } | Output::Resolve { .. } | Output::Page { .. } => Vec::new(),
        };
        wrong.into_iter().for_each(|what| self.report(what));
    }

    /// What a part of the world has found out by itself.
    pub fn report(&mut self, what: String) {
        if self.found.len() < VIOLATIONS_KEPT {
            self.found.push(Violation { seed: self.seed, at: self.now, what });
        }
    }

    /// The page was told that this customer will be called.
    pub fn promised(&mut self, call: CallId, intent: &Intent, now: Now) {
        self.order.promised(call, intent);
        self.callbacks.promised(call, intent, now).into_iter().for_each(|what| self.report(what));
    }

    /// The first configuration.
    pub fn begin(&mut self, version: PolicyVersion) {
        self.reloads.begin(version);
    }

    /// All that came of an input has been seen.
    pub fn settled(&mut self) {
        let mut wrong = self.hearing.settled();
        wrong.extend(self.pairs.settled());
        wrong.extend(self.passing.settled(self.strict));
        wrong.into_iter().for_each(|what| self.report(what));
    }

    /// Whether the engine is to say how all agents stand.
    pub fn asks_for_agents(&mut self) -> bool {
        self.grants.asks()
    }

    /// The store is asked to promise something to this customer.
    pub fn unsure(&mut self, intent: IntentId) {
        self.callbacks.unsure(intent);
    }

    /// After quiet: every call that was admitted has ended, and every callback.
    pub fn at_the_end(&mut self, store: &mut FlakyStore, now: Wall) {
        let mut wrong = self.ends.at_the_end();
        let state = |intent| match store.apply(StoreRequest::Get { intent, now }) {
            StoreReply::Got(intent) => intent.callback.map(|callback| callback.state),
            _ => None,
        };
        wrong.extend(self.callbacks.at_the_end(self.strict, state));
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
        self.rings.fact(fact, now.mono);
        self.pops.fact(fact);
        wrong
    }
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
