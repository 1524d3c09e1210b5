//! The signed-in page says "yes, that is me calling now": the match is proven, and what was locked on the desk opens.

use crate::base::{CallId, IntentId, Level, Now};
use crate::desktop::DeskCommand;
use crate::intents::intent::Intent;
use crate::intents::matching::Evidence;
use crate::intents::requests::{StoreError, StoreReply, StoreRequest};

use super::api::AskId;
use super::bench::{Bench, Chore};
use super::call::{Call, Phase};
use super::facts::Fact;
use super::matching;
use super::pop;
use super::recording;
use super::settling;
use super::transfer;

/// What a page's confirmation came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirmed {
    Raised {
        call: CallId,
        level: Level,
    },
    /// The call was taken for another intent's; this one is being claimed for it.
    Claiming {
        call: CallId,
    },
    /// No call that may be this intent's is in progress.
    NoCall,
}

/// The page of the intent that has the call, or of another one that fits, has said yes.
pub fn confirm(call: &mut Call, intent: IntentId, bench: &mut Bench, now: Now) -> Confirmed {
    if matches!(call.phase, Phase::Matching(_) | Phase::Over) {
        return Confirmed::NoCall;
    }
    if call.recognised.intent.as_ref().is_some_and(|own| own.id == intent) {
        raise(call, intent, bench, now);
        return Confirmed::Raised { call: call.id, level: call.record.level };
    }
    claim(call, intent, bench, now)
}

fn claim(call: &mut Call, intent: IntentId, bench: &mut Bench, now: Now) -> Confirmed {
    let Some(other) = call.recognised.others.iter().find(|other| other.id == intent) else { return Confirmed::NoCall };
    if call.recognised.claiming.is_none() {
        let (other, life) = (Box::new(other.clone()), bench.settings.deadlines.claim);
        let request = StoreRequest::Claim { intent, call: call.id, until: now.wall + life, now: now.wall };
        let ask = bench.ask(call.id, request, life);
        call.recognised.claiming = Some((ask, other));
    }
    Confirmed::Claiming { call: call.id }
}

/// The store has answered whether the call may have the intent that was confirmed; false: this was not asked here.
pub fn answered(
    call: &mut Call,
    ask: AskId,
    result: &Result<StoreReply, StoreError>,
    bench: &mut Bench,
    now: Now,
) -> bool {
    let Some((_, intent)) = call.recognised.claiming.take_if(|(asked, _)| *asked == ask) else { return false };
    match result {
        Ok(StoreReply::Claimed(_)) => exchange(call, intent, bench, now),
        Ok(_) => {}
        Err(_) => settling::settle(bench, intent.id, call.id, None, false),
    }
    true
}

/// The call ends while the claim is under way: it is given back.
pub fn abandon(call: &mut Call, bench: &mut Bench) {
    if let Some((ask, intent)) = call.recognised.claiming.take() {
        bench.call_by_ask.remove(&ask);
        settling::settle(bench, intent.id, call.id, None, false);
    }
}

/// The call was another customer's all the time.
fn exchange(call: &mut Call, intent: Box<Intent>, bench: &mut Bench, now: Now) {
    let id = intent.id;
    call.record.about = Some(Box::new((&*intent).into()));
    if let Some(wrong) = call.recognised.intent.replace(intent) {
        settling::settle(bench, wrong.id, call.id, None, false);
        bench.pages.leave(wrong.id, call.id);
        bench.chores.push_back(Chore::Freed { intent: wrong.id, talked: false });
    }
    call.record.intent = Some(id);
    call.record.evidence.clear();
    bench.pages.forget(id, call.id);
    bench.pages.has(id, call.id);
    bench.chores.push_back(Chore::Taken(id));
    recording::is_of_another(call, bench);
    raise(call, id, bench, now);
}

fn raise(call: &mut Call, intent: IntentId, bench: &mut Bench, now: Now) {
    let evidence = &mut call.record.evidence;
    if evidence.contains(&Evidence::PageConfirmed) {
        return;
    }
    evidence.insert(evidence.partition_point(|known| *known < Evidence::PageConfirmed), Evidence::PageConfirmed);
    call.record.level = Level::Proven;
    call.recognised.rivals = 0;
    for other in std::mem::take(&mut call.recognised.others) {
        if other.id != intent {
            bench.pages.leave(other.id, call.id);
        }
    }
    bench.fact(Fact::Confirmed { call: call.id, intent });
    for grant in call.grant().cloned().into_iter().chain(transfer::granted(call)) {
        let pop = Box::new(pop::draw(call, &grant, now));
        bench.desk(DeskCommand::Update { agent: grant.agent, pop });
    }
    matching::reconsider(call, bench, now);
}
