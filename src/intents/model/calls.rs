//! What a call asks: whose it may be, to have the intent, and that it is over.

use super::{Change, Model};
use crate::base::limits::{CANDIDATES_MAX, INTENT_KEPT_AFTER, LAST_AGENT_KEPT};
use crate::base::{AgentId, CallId, E164, IntentId, Wall};
use crate::intents::callback::Miss;
use crate::intents::intent::{Intent, IntentState};
use crate::intents::requests::{Candidate, ClaimPlan, FoundBy, StoreReply};

impl Model {
    pub(super) fn find(
        &mut self,
        dialled: Option<E164>,
        caller: Option<E164>,
        token: Option<IntentId>,
        claim: Option<ClaimPlan>,
        now: Wall,
    ) -> StoreReply {
        let mut found = Vec::new();
        if let Some(id) = token {
            self.add(&mut found, id, FoundBy { token: true, ..FoundBy::default() }, now);
        }
        if let Some(id) = dialled.and_then(|number| self.numbers.holder(&number)) {
            self.add(&mut found, id, FoundBy { leased_number: true, ..FoundBy::default() }, now);
        }
        let known = caller.and_then(|caller| self.intents_by_caller.get(&caller));
        for (_, id) in known.into_iter().flatten().rev() {
            self.add(&mut found, *id, FoundBy { caller_id: true, ..FoundBy::default() }, now);
        }
        if let (Some(plan), [only]) = (claim, found.as_mut_slice()) {
            self.claim_found(only, plan, now);
        }
        StoreReply::Found { candidates: found }
    }

    /// The one intent, taken for the call.
    pub(super) fn find_claiming(&mut self, id: IntentId, by: FoundBy, plan: ClaimPlan, now: Wall) -> StoreReply {
        let mut found = Vec::new();
        self.add(&mut found, id, by, now);
        found.iter_mut().for_each(|only| self.claim_found(only, plan, now));
        StoreReply::Found { candidates: found }
    }

    fn claim_found(&mut self, only: &mut Candidate, plan: ClaimPlan, now: Wall) {
        if let StoreReply::Claimed(intent) = self.claim(only.intent.id, plan.call, plan.until, now) {
            only.intent = intent.settled(now);
        }
    }

    fn add(&self, found: &mut Vec<Candidate>, id: IntentId, by: FoundBy, now: Wall) {
        if let Some(known) = found.iter_mut().find(|candidate| candidate.intent.id == id) {
            known.found_by = known.found_by.and(by);
            return;
        }
        let Some(intent) = self.intents.get(&id, now).filter(|intent| intent.is_live(now)) else { return };
        if found.len() < CANDIDATES_MAX {
            found.push(self.candidate(intent, by, now));
        }
    }

    fn candidate(&self, intent: &Intent, found_by: FoundBy, now: Wall) -> Candidate {
        let last_agent = self.last_agent_by_customer.get(&intent.customer.id, now).cloned();
        Candidate { intent: intent.clone().settled(now), found_by, last_agent }
    }

    pub(super) fn claim(&mut self, id: IntentId, call: CallId, until: Wall, now: Wall) -> StoreReply {
        let Some(intent) = self.intents.get_mut(&id, now) else { return StoreReply::Gone };
        let until = match intent.state {
            IntentState::Used | IntentState::Withdrawn => return StoreReply::Gone,
            IntentState::Claimed { call: by, until: old } if by == call => until.max(old),
            IntentState::Claimed { call: by, until: old } if old > now => return StoreReply::Taken { by },
            IntentState::Claimed { .. } | IntentState::Open if intent.expires <= now => return StoreReply::Gone,
            IntentState::Claimed { .. } | IntentState::Open => until,
        };
        intent.state = IntentState::Claimed { call, until };
        let claimed = intent.clone();
        self.keep_until(id, until + INTENT_KEPT_AFTER);
        StoreReply::Claimed(Box::new(claimed))
    }

    pub(super) fn finish(
        &mut self,
        id: IntentId,
        call: CallId,
        agent: Option<AgentId>,
        (used, missed): (bool, Option<Miss>),
        now: Wall,
    ) -> StoreReply {
        let Some(intent) = self.intents.get(&id, now) else { return StoreReply::Gone };
        match intent.state {
            IntentState::Claimed { call: by, .. } if by != call => StoreReply::Taken { by },
            IntentState::Claimed { .. } => self.end_call(id, agent, (used, missed), now),
            // The claim was lost on its way, but the agent did answer.
            IntentState::Open if used => self.end_call(id, agent, (used, missed), now),
            // It has been said before, or is not worth saying.
            IntentState::Open | IntentState::Used | IntentState::Withdrawn => StoreReply::Finished,
        }
    }

    fn end_call(
        &mut self,
        id: IntentId,
        agent: Option<AgentId>,
        (used, missed): (bool, Option<Miss>),
        now: Wall,
    ) -> StoreReply {
        let Some(intent) = self.intents.get_mut(&id, now) else { return StoreReply::Gone };
        super::promises::end_call(intent, used, missed);
        intent.state = if used { IntentState::Used } else { IntentState::Open };
        let customer = intent.customer.id.clone();
        if used {
            self.conclude(id, now);
        } else {
            self.keep_until(id, now + INTENT_KEPT_AFTER);
        }
        if let Some(agent) = agent {
            self.remember_agent(customer, agent, now);
        }
        StoreReply::Finished
    }

    fn remember_agent(&mut self, customer: String, agent: AgentId, now: Wall) {
        let displaced = self.last_agent_by_customer.insert(customer.clone(), now + LAST_AGENT_KEPT, agent);
        self.changes.extend(displaced.map(Change::LastAgent));
        self.changes.insert(Change::LastAgent(customer));
    }
}
