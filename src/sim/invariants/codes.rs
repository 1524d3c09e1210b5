//! Codes: they are asked for only where the setup says so, a few times and not for ever; what the store is asked has been entered, and
//! whoever is known by a code has entered theirs.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::base::{CallId, IntentId, LegId, Mono, TrunkId};
use crate::calls::facts::{CallRecord, Fact, Outcome};
use crate::engine::Input;
use crate::intents::matching::Evidence;
use crate::intents::pin::Pin;
use crate::intents::requests::{StoreReply, StoreRequest};
use crate::media::command::{MediaCommand, MediaEvent};
use crate::sim::town;

use super::keys;

#[derive(Default)]
pub(super) struct Codes {
    trunk_by_call: BTreeMap<CallId, TrunkId>,
    call_by_leg: BTreeMap<LegId, CallId>,
    call_by_dialog: BTreeMap<Vec<u8>, CallId>,
    /// INFOs that have been read: a dialog and a number.
    told: BTreeSet<(Vec<u8>, u32)>,
    /// The highest number of a request of each dialog.
    newest: BTreeMap<Vec<u8>, u32>,
    keys_by_call: BTreeMap<CallId, Keys>,
    asked: BTreeMap<CallId, Asked>,
    /// Shown on pages, as far as the store has said.
    shown: BTreeMap<IntentId, Pin>,
    /// The dialog that the present message opens.
    opening: Option<Vec<u8>>,
}

/// What a caller has pressed.
#[derive(Clone, Debug, Default)]
struct Keys {
    all: String,
    /// Without those that a later request has overtaken.
    in_order: String,
}

#[derive(Clone, Debug, Default)]
struct Asked {
    questions: u8,
    /// The last of them.
    unheard: bool,
    tries: u8,
    entered: Vec<Pin>,
    /// The first question, until the call has gone on.
    since: Option<Mono>,
}

/// Three questions with their keys, and the store.
const LONGEST: Duration = Duration::from_secs(75);

impl Codes {
    pub fn input(&mut self, input: &Input) {
        self.opening = None;
        match input {
            Input::Media(MediaEvent::Dtmf { leg, digit, .. }) => {
                let call = self.call_by_leg.get(leg).copied();
                call.into_iter().for_each(|call| self.press(call, *digit, true));
            }
            Input::Datagram { bytes, .. } => match keys::read(bytes) {
                Some(keys::Said::Opens(dialog)) => self.opening = Some(dialog),
                Some(keys::Said::Key { dialog, cseq, digit }) => {
                    let call = self.call_by_dialog.get(&dialog).copied();
                    let is_in_order = self.goes(dialog.clone(), cseq);
                    let is_new = self.told.insert((dialog, cseq));
                    call.filter(|_| is_new).into_iter().for_each(|call| self.press(call, digit, is_in_order));
                }
                Some(keys::Said::Goes { dialog, cseq }) => _ = self.goes(dialog, cseq),
                None => {}
            },
            Input::Store { result: Ok(StoreReply::Found { candidates }), .. } => {
                let code = |intent: &crate::intents::Intent| intent.number.as_ref()?.pin.map(|pin| (intent.id, pin));
                self.shown.extend(candidates.iter().filter_map(|one| code(&one.intent)));
            }
            _ => {}
        }
    }

    /// A request of a dialog; false when a later one was there before.
    fn goes(&mut self, dialog: Vec<u8>, cseq: u32) -> bool {
        let newest = self.newest.entry(dialog).or_default();
        let is_in_order = cseq >= *newest;
        *newest = cseq.max(*newest);
        is_in_order
    }

    fn press(&mut self, call: CallId, digit: char, is_in_order: bool) {
        let keys = self.keys_by_call.entry(call).or_default();
        keys.all.push(digit);
        if is_in_order {
            keys.in_order.push(digit);
        }
    }

    pub fn media(&mut self, command: &MediaCommand, now: Mono) -> Option<String> {
        match command {
            MediaCommand::Open { leg, group, .. } if !leg.is_outbound() => self.opened(*leg, *group),
            MediaCommand::Close { leg } => drop(self.call_by_leg.remove(leg)),
            MediaCommand::Play { leg, items, until_key: true, .. } if items.last() != Some(&town::INVITATION) => {
                let call = *self.call_by_leg.get(leg)?;
                return self.question(call, now);
            }
            _ => {}
        }
        None
    }

    /// Once more, at another port: nobody has heard what was asked at the one before.
    fn opened(&mut self, leg: LegId, call: CallId) {
        if self.call_by_leg.insert(leg, call).is_some() {
            self.asked.get_mut(&call).into_iter().for_each(|asked| asked.unheard = asked.questions > asked.tries);
        }
    }

    fn question(&mut self, call: CallId, now: Mono) -> Option<String> {
        let asked = self.asked.entry(call).or_default();
        if !std::mem::take(&mut asked.unheard) {
            asked.questions += 1;
        }
        asked.since.get_or_insert(now);
        let may_be_asked = self.trunk_by_call.get(&call).is_some_and(town::asks_for_codes);
        if !may_be_asked {
            return Some(format!("{call}: is asked for a code, and its trunk has none"));
        }
        (asked.questions > town::PIN_TRIES).then(|| format!("{call}: is asked for a code once more"))
    }

    /// What the store is asked; the same again is no other try.
    pub fn store(&mut self, request: &StoreRequest) -> Vec<String> {
        let StoreRequest::TryPin { pin, tried, .. } = request else { return Vec::new() };
        let call = tried.call;
        // A call that is over asks once more, to give back what its code may have claimed.
        if !self.trunk_by_call.contains_key(&call) {
            return Vec::new();
        }
        let asked = self.asked.entry(call).or_default();
        let keys = self.keys_by_call.get(&call).cloned().unwrap_or_default();
        let mut wrong = Vec::new();
        if tried.nth > town::PIN_TRIES || tried.nth > asked.questions {
            wrong.push(format!("{call}: tries its code number {} of {} questions", tried.nth, asked.questions));
        }
        if tried.nth < asked.tries {
            wrong.push(format!("{call}: tries its code number {} after number {}", tried.nth, asked.tries));
        }
        if ![&keys.all, &keys.in_order].iter().any(|keys| keys.contains(&pin.expose())) {
            wrong.push(format!("{call}: tries a code that nobody has entered"));
        }
        asked.tries = tried.nth;
        asked.entered.push(*pin);
        wrong
    }

    pub fn fact(&mut self, fact: &Fact, now: Mono, strict: bool) -> Vec<String> {
        match fact {
            Fact::CallAdmitted { call, trunk } => {
                self.trunk_by_call.insert(*call, trunk.clone());
                self.opening.take().into_iter().for_each(|dialog| _ = self.call_by_dialog.insert(dialog, *call));
            }
            Fact::Matched { call, .. } | Fact::MatchMissed { call, .. } | Fact::Decided { call, .. } => {
                return self.went_on(*call, now).into_iter().collect();
            }
            Fact::CallEnded(record) => return self.ended(record, now, strict),
            _ => {}
        }
        Vec::new()
    }

    fn went_on(&mut self, call: CallId, now: Mono) -> Option<String> {
        let since = self.asked.get_mut(&call)?.since.take()?;
        let lasted = now.since(since);
        (lasted > LONGEST).then(|| format!("{call}: was asked for its code for {} s", lasted.as_secs()))
    }

    fn ended(&mut self, record: &CallRecord, now: Mono, strict: bool) -> Vec<String> {
        let call = record.call;
        let is_asked = self.asked.get(&call).is_some_and(|asked| asked.since.is_some());
        let mut wrong: Vec<String> = self.went_on(call, now).into_iter().collect();
        if strict && is_asked && record.outcome != Some(Outcome::Abandoned) {
            wrong.push(format!("{call}: was asked for its code, and ended as {:?}", record.outcome));
        }
        let entered = self.asked.remove(&call).unwrap_or_default().entered;
        let own = record.intent.and_then(|intent| self.shown.get(&intent).copied());
        if record.evidence.contains(&Evidence::Pin) && own.is_none_or(|own| !entered.contains(&own)) {
            wrong.push(format!("{call}: is known by a code that was not entered"));
        }
        self.keys_by_call.remove(&call);
        self.trunk_by_call.remove(&call);
        wrong
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::histories::{call, ended};
    use super::*;
    use crate::base::{Family, Wall};
    use crate::intents::PinGuard;
    use crate::intents::pin::Try;
    use crate::intents::requests::ClaimPlan;
    use crate::media::command::{PromptId, WavId};

    const LEG: LegId = LegId(1);

    fn begun(trunk: u64) -> Codes {
        let mut codes = Codes::default();
        codes.fact(&Fact::CallAdmitted { call: call(1), trunk: town::trunk(trunk) }, Mono(0), true);
        codes.media(&MediaCommand::Open { leg: LEG, group: call(1), port: 4000, family: Family::V4 }, Mono(0));
        codes
    }

    fn question(codes: &mut Codes) -> Option<String> {
        let items: Arc<[WavId]> = [WavId(0)].into();
        codes.media(&MediaCommand::Play { leg: LEG, prompt: PromptId(1), items, until_key: true }, Mono(0))
    }

    fn enter(codes: &mut Codes, code: &str) {
        for digit in code.chars() {
            codes.input(&Input::Media(MediaEvent::Dtmf { leg: LEG, digit, duration_ms: 100 }));
        }
    }

    fn tries(codes: &mut Codes, code: &str, nth: u8) -> usize {
        let request = StoreRequest::TryPin {
            number: town::public_number().unwrap(),
            pin: Pin::parse(code).unwrap(),
            tried: Try { call: call(1), nth },
            guard: PinGuard { wrong_max: 9, within: LONGEST, barred_for: LONGEST },
            claim: ClaimPlan { call: call(1), until: Wall(9) },
            now: Wall(1),
        };
        codes.store(&request).len()
    }

    #[test]
    fn who_is_asked_too_often_or_where_nobody_is_is_found() {
        let mut codes = begun(0);
        assert!((0..town::PIN_TRIES).all(|_| question(&mut codes).is_none()));
        assert!(question(&mut codes).is_some());
        assert!(question(&mut begun(2)).is_some(), "this trunk asks nobody");
    }

    #[test]
    fn a_question_at_a_port_that_was_not_there_is_no_question() {
        let mut codes = begun(0);
        assert!((0..town::PIN_TRIES).all(|_| question(&mut codes).is_none()));
        codes.media(&MediaCommand::Open { leg: LEG, group: call(1), port: 4002, family: Family::V4 }, Mono(0));
        assert!(question(&mut codes).is_none());
        assert!(question(&mut codes).is_some());
    }

    #[test]
    fn a_code_that_nobody_has_entered_is_found() {
        let mut codes = begun(0);
        question(&mut codes);
        enter(&mut codes, "1234");
        assert_eq!(tries(&mut codes, "1234", 1), 0);
        assert_eq!(tries(&mut codes, "1235", 1), 1);
        assert_eq!(tries(&mut codes, "1234", 2), 1, "it was asked once");
        let record = CallRecord {
            intent: Some(IntentId(7)),
            evidence: vec![Evidence::Pin],
            outcome: Some(Outcome::Talked),
            ..CallRecord::begun(call(1), town::trunk(0), Wall(1))
        };
        let known = Fact::CallEnded(Box::new(record));
        codes.went_on(call(1), Mono(0));
        codes.shown.insert(IntentId(7), Pin::parse("1234").unwrap());
        assert!(codes.fact(&known, Mono(0), true).is_empty());
        assert_eq!(codes.fact(&known, Mono(0), true).len(), 1, "known by a code, and none was entered");
    }

    #[test]
    fn a_question_without_an_end_is_found() {
        let mut codes = begun(0);
        question(&mut codes);
        assert_eq!(codes.fact(&ended(1), Mono(0), true).len(), 1, "nobody has hung up");
        question(&mut codes);
        assert_eq!(codes.fact(&ended(1), Mono(80_000_000_000), false).len(), 1, "too long");
    }
}
