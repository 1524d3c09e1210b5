//! A caller of a shared number whom nothing, or no more than the caller ID, has recognised is asked for the code from the page: one short
//! question, a few tries, and then the call goes on as it would have without (design, promise 1). The code ties the call to its intent; it proves no more than dialling a leased number does.

use std::time::Duration;

use crate::base::{Level, Now, Pii};
use crate::intents::intent::{Intent, LeasedNumber};
use crate::intents::pin::{Pin, Try};
use crate::intents::requests::{Candidate, ClaimPlan, StoreError, StoreReply, StoreRequest};
use crate::media::command::{MediaCommand, PromptEnd};
use crate::media::spoken;
use crate::sip::api::SipCommand;

use super::api::AskId;
use super::bench::{Bench, Deadline};
use super::call::{Call, Phase, Side, Step};
use super::facts::FallbackCause;
use super::matching;
use super::prompts::{self, Prompt, Purpose};
use super::settings::PinPlan;
use super::settling;
use super::sound;
use super::speaking;

/// The store is waited for no longer; the caller does not mind a second.
const CHECK: Duration = Duration::from_secs(2);

/// What a caller has entered so far.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    keys: Pii<String>,
    /// Codes that were wrong.
    wrong: u8,
}

/// Asks, where the number that was dialled has codes; the intent is given back when nothing is asked and the call goes on. One that is likely is kept
/// for the call meanwhile.
pub fn begin(call: &mut Call, intent: Option<Box<Intent>>, bench: &mut Bench) -> Result<(), Option<Box<Intent>>> {
    let may_raise = intent.as_ref().is_none_or(|intent| is_doubted(call, intent));
    let Some(plan) = plan_for(call, bench).filter(|_| may_raise) else { return Err(intent) };
    let Ok(body) = sound::answer_silent(call, bench) else { return Err(intent) };
    if intent.is_some() {
        bench.set_deadline(call, Deadline::RenewClaim, bench.now.mono + bench.settings.deadlines.claim / 2);
    }
    call.recognised.intent = intent;
    bench.sip(SipCommand::Answer { leg: call.caller.0, body });
    listen(call, true, bench);
    ask(call, Entry::default(), &plan, bench);
    Ok(())
}

/// Their page shows a code beside the number that they have dialled, and nothing better than the caller ID says that it is they.
fn is_doubted(call: &Call, intent: &Intent) -> bool {
    let has_code =
        |leased: &LeasedNumber| leased.pin.is_some() && call.recognised.dialled.as_ref() == Some(&leased.number);
    call.record.level < Level::Strong && intent.number.as_ref().is_some_and(has_code)
}

fn plan_for(call: &Call, bench: &Bench) -> Option<PinPlan> {
    let may_be_asked = !call.is_answered() && call.recognised.missed.is_none() && call.sound.is_described();
    let plan = bench.settings.pin.as_ref().filter(|plan| may_be_asked && plan.trunks.contains(&call.trunk.trunk))?;
    let dialled = call.recognised.dialled.as_ref()?;
    plan.numbers.contains(dialled).then(|| plan.clone())
}

fn ask(call: &mut Call, entry: Entry, plan: &PinPlan, bench: &mut Bench) {
    let items = match entry.wrong {
        0 => speaking::said(&plan.question, |_| spoken::ask_code(), call, bench),
        _ => speaking::said(&plan.again, |_| spoken::ask_code_again(), call, bench),
    };
    call.phase = Phase::Matching(Step::Entering(Box::new(entry)));
    let prompt = Prompt { items, purpose: Purpose::Question, until_key: true };
    if !prompts::play(call, Side::Caller, prompt, bench) {
        bench.set_deadline(call, Deadline::Key, bench.now.mono + plan.first_key);
    }
}

/// The caller has another port: whatever they had heard or entered by then, they are asked from the beginning.
pub fn ask_anew(call: &mut Call, bench: &mut Bench) {
    let (Phase::Matching(Step::Entering(entry)), Some(plan)) = (&call.phase, bench.settings.pin.clone()) else {
        return;
    };
    let entry = Entry { wrong: entry.wrong, ..Entry::default() };
    bench.cancel_deadline(call, Deadline::Key);
    listen(call, true, bench);
    ask(call, entry, &plan, bench);
}

/// The caller hears nothing, and cannot be asked.
pub fn cannot_ask(call: &mut Call, bench: &mut Bench, now: Now) {
    give_up(call, FallbackCause::Media, bench, now);
}

/// The question has been heard, or a key has ended it.
pub fn asked(call: &mut Call, end: PromptEnd, bench: &mut Bench) {
    let (Phase::Matching(Step::Entering(_)), Some(plan)) = (&call.phase, bench.settings.pin.clone()) else { return };
    let patience = match end {
        PromptEnd::Finished => plan.first_key,
        PromptEnd::Key => plan.next_key,
    };
    bench.set_deadline(call, Deadline::Key, bench.now.mono + patience);
}

/// The caller has pressed a key, in whatever form it came; false when no code is being entered.
pub fn pressed(call: &mut Call, side: Side, key: char, bench: &mut Bench) -> bool {
    let (Phase::Matching(Step::Entering(entry)), Side::Caller) = (&mut call.phase, side) else { return false };
    let Some(plan) = bench.settings.pin.clone() else { return true };
    let mut keys = entry.keys.expose().clone();
    let is_first = keys.is_empty();
    match key {
        '#' if is_first => {}
        '#' => return enter(call, bench),
        '*' => keys.clear(),
        digit => keys.push(digit),
    }
    let is_whole = keys.len() >= usize::from(plan.digits);
    entry.keys = Pii::new(keys);
    if is_first {
        // A key in INFO is not known to the media.
        sound::hush(call, bench);
    }
    if is_whole {
        return enter(call, bench);
    }
    bench.set_deadline(call, Deadline::Key, bench.now.mono + plan.next_key);
    true
}

/// No key for too long, or no answer of the store.
pub fn timed_out(call: &mut Call, bench: &mut Bench, now: Now) {
    match &call.phase {
        Phase::Matching(Step::Entering(entry)) if entry.keys.expose().is_empty() => {
            give_up(call, FallbackCause::NoPin, bench, now);
        }
        Phase::Matching(Step::Entering(_)) => drop(enter(call, bench)),
        Phase::Matching(Step::Checking(..)) => failed(call, bench, now),
        Phase::Matching(
            Step::Finding(_)
            | Step::Claiming(..)
            | Step::Announcing { .. }
            | Step::Inviting(_)
            | Step::Promising(..)
            | Step::Promised(_),
        )
        | Phase::Waiting
        | Phase::Offered(_)
        | Phase::Ringing(..)
        | Phase::Talking(..)
        | Phase::HandedOver(_)
        | Phase::Passing
        | Phase::Promised
        | Phase::Recalling(..)
        | Phase::Passed(_)
        | Phase::Diverting(_)
        | Phase::Diverted(_)
        | Phase::Over => {}
    }
}

/// What has been entered is the code, or is wrong; always true.
fn enter(call: &mut Call, bench: &mut Bench) -> bool {
    let (Phase::Matching(Step::Entering(entry)), Some(plan)) = (&call.phase, bench.settings.pin.clone()) else {
        return true;
    };
    let entry = entry.clone();
    let Some(request) = request(call, &entry, &plan, bench) else {
        let now = bench.now;
        wrong(call, *entry, bench, now);
        return true;
    };
    call.recognised.pin = Pin::parse(entry.keys.expose());
    let ask = bench.ask(call.id, request, CHECK);
    bench.set_deadline(call, Deadline::Key, bench.now.mono + CHECK);
    call.phase = Phase::Matching(Step::Checking(ask, entry));
    true
}

/// `None` for what cannot be a code: the store is not asked.
fn request(call: &Call, entry: &Entry, plan: &PinPlan, bench: &Bench) -> Option<StoreRequest> {
    let keys = entry.keys.expose();
    let pin = Pin::parse(keys).filter(|_| keys.len() == usize::from(plan.digits))?;
    let now = bench.now.wall;
    Some(StoreRequest::TryPin {
        number: call.recognised.dialled.clone()?,
        pin,
        tried: Try { call: call.id, nth: entry.wrong + 1 },
        guard: plan.guard,
        claim: ClaimPlan { call: call.id, until: now + bench.settings.deadlines.claim },
        now,
    })
}

/// The store has answered whose code it is.
pub fn checked(call: &mut Call, ask: AskId, result: Result<StoreReply, StoreError>, bench: &mut Bench, now: Now) {
    let Phase::Matching(Step::Checking(asked, entry)) = &call.phase else { return };
    if *asked != ask {
        return;
    }
    let entry = entry.clone();
    bench.cancel_deadline(call, Deadline::Key);
    match result {
        Ok(StoreReply::Found { candidates }) if candidates.is_empty() => wrong(call, *entry, bench, now),
        Ok(StoreReply::Found { candidates }) => {
            listen(call, false, bench);
            let_go_of_another(call, &candidates, bench);
            matching::entered(call, candidates, bench, now);
        }
        Ok(StoreReply::Barred { .. }) => give_up(call, FallbackCause::NoPin, bench, now),
        Ok(_) | Err(_) => failed(call, bench, now),
    }
}

fn wrong(call: &mut Call, entry: Entry, bench: &mut Bench, now: Now) {
    let Some(plan) = bench.settings.pin.clone() else { return };
    let wrong = entry.wrong + 1;
    if wrong >= plan.tries {
        return give_up(call, FallbackCause::NoPin, bench, now);
    }
    bench.cancel_deadline(call, Deadline::Key);
    ask(call, Entry { wrong, ..Entry::default() }, &plan, bench);
}

/// The store is away: what it may have claimed is given back.
fn failed(call: &mut Call, bench: &mut Bench, now: Now) {
    matching::forget_question(call, bench);
    matching::give_up_claim(call, bench);
    give_up(call, FallbackCause::StoreFailure, bench, now);
}

/// The intent may have been claimed by a code whose answer never came.
pub fn give_back(call: &Call, entry: &Entry, bench: &mut Bench) {
    let plan = bench.settings.pin.clone();
    if let Some(request) = plan.and_then(|plan| request(call, entry, &plan, bench)) {
        settling::release_pin(bench, call.id, request);
    }
}

/// The code is another intent's than the caller ID had led to.
fn let_go_of_another(call: &mut Call, candidates: &[Candidate], bench: &mut Bench) {
    let Some(likely) = call.recognised.intent.take() else { return };
    if candidates.iter().all(|candidate| candidate.intent.id != likely.id) {
        settling::settle(bench, likely.id, call.id, None, false);
    }
}

/// The call goes on as that of a stranger, or of whom the caller ID has led to.
fn give_up(call: &mut Call, cause: FallbackCause, bench: &mut Bench, now: Now) {
    bench.cancel_deadline(call, Deadline::Key);
    listen(call, false, bench);
    sound::hush(call, bench);
    call.recognised.pin = None;
    if let Some(likely) = call.recognised.intent.take() {
        return matching::stays_likely(call, likely, bench, now);
    }
    call.recognised.missed = Some(cause);
    matching::entered(call, Vec::new(), bench, now);
}

/// Keys may come as tones, where telephone-event was not agreed.
fn listen(call: &Call, is_on: bool, bench: &mut Bench) {
    if let Some(leg) = call.sound.leg(Side::Caller) {
        bench.media(MediaCommand::Listen { leg, tones: is_on });
    }
}
