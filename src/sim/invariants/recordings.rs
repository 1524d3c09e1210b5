//! Recordings: only where the rule asks for one and the caller knows; nothing of a pause is in it; it ends with the call, or before,
//! and its file is finished.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::base::{CallId, IntentId, LegId};
use crate::calls::facts::Fact;
use crate::calls::recording::{Notice, RecordingNews, RecordingPlan};
use crate::engine::Input;
use crate::intents::Intent;
use crate::intents::requests::StoreReply;
use crate::media::Track;
use crate::media::command::{MediaCommand, MediaEvent, PromptEnd, PromptId, WavId};

#[derive(Default)]
pub(super) struct Recordings {
    /// For whoever comes now, and for each call that has come.
    plan: Option<RecordingPlan>,
    plan_by_call: BTreeMap<CallId, RecordingPlan>,
    rule_by_call: BTreeMap<CallId, String>,
    intent_by_call: BTreeMap<CallId, IntentId>,
    /// Who has agreed to it on the page.
    agreed: BTreeSet<IntentId>,
    call_by_leg: BTreeMap<LegId, CallId>,
    prompts: BTreeMap<LegId, (PromptId, Arc<[WavId]>)>,
    /// Callers who have heard the notice.
    told: BTreeSet<CallId>,
    states: BTreeMap<CallId, State>,
    changed: BTreeSet<CallId>,
}

/// A call may be recorded more than once: a callback is, in each try.
#[derive(Clone, Debug, Default)]
struct State {
    tracks: BTreeMap<LegId, Track>,
    is_on: bool,
    is_paused: bool,
    begun: u32,
    kept: u32,
}

impl Recordings {
    /// The setup that holds for those who come from now on.
    pub fn begin(&mut self, plan: Option<&RecordingPlan>) {
        self.plan = plan.cloned();
    }

    pub fn input(&mut self, input: &Input) {
        match input {
            Input::Configured(configured) => self.begin(configured.settings.calls.recording.as_ref()),
            Input::Store { result: Ok(reply), .. } => self.learn(reply),
            Input::Ask { question: crate::engine::question::Question::CallBack { intent }, .. } => self.know(intent),
            Input::Media(MediaEvent::Played { leg, prompt, end: PromptEnd::Finished }) => self.heard(*leg, *prompt),
            _ => {}
        }
    }

    fn learn(&mut self, reply: &StoreReply) {
        match reply {
            StoreReply::Found { candidates } => candidates.iter().for_each(|one| self.know(&one.intent)),
            StoreReply::Claimed(intent) | StoreReply::Promised(intent) => self.know(intent),
            StoreReply::Promises(intents) => intents.iter().for_each(|intent| self.know(intent)),
            _ => {}
        }
    }

    fn know(&mut self, intent: &Intent) {
        if intent.recording_consent {
            self.agreed.insert(intent.id);
        }
    }

    fn heard(&mut self, leg: LegId, prompt: PromptId) {
        let (Some(call), Some((played, items))) = (self.call_by_leg.get(&leg), self.prompts.get(&leg)) else { return };
        let notice = self.plan_by_call.get(call).map(|plan| plan.notice);
        if *played == prompt && notice.is_some_and(|notice| matches!(notice, Notice::Spoken(wav) if items[..] == [wav]))
        {
            self.told.insert(*call);
        }
    }

    pub fn media(&mut self, command: &MediaCommand) -> Option<String> {
        match command {
            MediaCommand::Open { leg, group, .. } | MediaCommand::OpenShared { leg, group, .. } => {
                self.call_by_leg.insert(*leg, *group);
            }
            MediaCommand::Play { leg, prompt, items, .. } => {
                self.prompts.insert(*leg, (*prompt, Arc::clone(items)));
            }
            MediaCommand::Record { leg, call, track: Some(track) } => return self.record(*leg, *call, *track),
            MediaCommand::Record { leg, call, track: None } => {
                self.of(*call).tracks.remove(leg);
            }
            MediaCommand::EndRecording { call, .. } => {
                let state = self.of(*call);
                let was_on = std::mem::take(&mut state.is_on);
                state.is_paused = false;
                return (!was_on).then(|| format!("{call}: a recording ends that was not begun"));
            }
            MediaCommand::Close { leg } => {
                self.call_by_leg.remove(leg);
                self.prompts.remove(leg);
                self.states.values_mut().for_each(|state| _ = state.tracks.remove(leg));
            }
            MediaCommand::Remote { .. }
            | MediaCommand::Source { .. }
            | MediaCommand::Listen { .. }
            | MediaCommand::Key { .. } => {}
        }
        None
    }

    fn of(&mut self, call: CallId) -> &mut State {
        self.changed.insert(call);
        self.states.entry(call).or_default()
    }

    fn record(&mut self, leg: LegId, call: CallId, track: Track) -> Option<String> {
        let may_be = self.may_be(call);
        let is_its = self.call_by_leg.contains_key(&leg);
        let state = self.of(call);
        state.is_on = true;
        state.tracks.insert(leg, track);
        may_be
            .err()
            .or((!is_its).then_some("a leg that is not there"))
            .map(|what| format!("{call}: is recorded, {what}"))
    }

    fn may_be(&self, call: CallId) -> Result<(), &'static str> {
        let plan = self.plan_by_call.get(&call).ok_or("and no setup asks for it")?;
        let rule = self.rule_by_call.get(&call).ok_or("and nothing was decided")?;
        if !plan.rules.contains(rule) {
            return Err("and its rule does not ask for it");
        }
        let intent = self.intent_by_call.get(&call);
        match plan.notice {
            Notice::OnPage if intent.is_none_or(|intent| !self.agreed.contains(intent)) => Err("and has not agreed"),
            Notice::Spoken(_) if !self.told.contains(&call) => Err("and has not been told"),
            Notice::OnPage | Notice::Spoken(_) => Ok(()),
        }
    }

    /// The API says whose this call is; a callback's facts do not.
    pub fn is_for(&mut self, call: CallId, intent: IntentId) {
        self.intent_by_call.insert(call, intent);
    }

    pub fn fact(&mut self, fact: &Fact) -> Vec<String> {
        match fact {
            Fact::CallAdmitted { call, .. } => {
                self.plan_by_call.extend(self.plan.clone().map(|plan| (*call, plan)));
            }
            Fact::Decided { call, rule, .. } => drop(self.rule_by_call.insert(*call, rule.clone())),
            Fact::Matched { call, intent: Some(intent), .. } | Fact::Confirmed { call, intent } => {
                self.intent_by_call.insert(*call, *intent);
            }
            Fact::Recording { call, news } => return self.news(*call, *news).into_iter().collect(),
            Fact::CallEnded(record) => return self.ended(record.call).into_iter().collect(),
            _ => {}
        }
        Vec::new()
    }

    fn news(&mut self, call: CallId, news: RecordingNews) -> Option<String> {
        let state = self.of(call);
        match news {
            RecordingNews::Withheld(_) => {}
            RecordingNews::Begun => state.begun += 1,
            RecordingNews::Paused => state.is_paused = true,
            RecordingNews::Resumed => state.is_paused = false,
            RecordingNews::Kept(_) => {
                state.kept += 1;
                return (state.kept > state.begun).then(|| format!("{call}: its recording is finished once more"));
            }
        }
        None
    }

    fn ended(&mut self, call: CallId) -> Option<String> {
        self.rule_by_call.remove(&call);
        self.plan_by_call.remove(&call);
        self.intent_by_call.remove(&call);
        let is_on = self.states.get(&call).is_some_and(|state| state.is_on);
        is_on.then(|| format!("{call}: ended, and is recorded still"))
    }

    /// After all that came of one input.
    pub fn settled(&mut self) -> Vec<String> {
        let changed = std::mem::take(&mut self.changed);
        changed.into_iter().filter_map(|call| Some((call, self.states.get(&call)?))).filter_map(check).collect()
    }

    pub fn at_the_end(&self) -> Vec<String> {
        let unfinished = self.states.iter().filter(|(_, state)| state.kept != state.begun);
        unfinished.map(|(call, state)| format!("{call}: {} recordings, {} finished", state.begun, state.kept)).collect()
    }
}

fn check((call, state): (CallId, &State)) -> Option<String> {
    let count = |track| state.tracks.values().filter(|of_leg| **of_leg == track).count();
    let tracks = (count(Track::Caller), count(Track::Far));
    if (state.is_paused || !state.is_on) && tracks != (0, 0) {
        return Some(format!("{call}: not to be recorded now, and {:?} are", state.tracks));
    }
    // Nobody is recorded while the caller is alone.
    let is_whole = matches!(tracks, (0, 0) | (1, 1));
    (!is_whole).then(|| format!("{call}: one side is recorded, {:?}", state.tracks))
}

#[cfg(test)]
mod tests {
    use super::super::histories::{admitted, call, decided, ended};
    use super::*;
    use crate::base::{Family, Level};
    use crate::media::Recorded;
    use std::time::Duration;

    const CALLER: LegId = LegId(1);
    const NOTICE: WavId = WavId(5);

    fn matched() -> Fact {
        Fact::Matched { call: call(1), level: Level::Strong, intent: Some(IntentId(7)) }
    }

    fn far() -> LegId {
        LegId::outbound(call(1), 1)
    }

    fn news(news: RecordingNews) -> Fact {
        Fact::Recording { call: call(1), news }
    }

    /// A call of somebody who has agreed, decided by the rule.
    fn talking(rule: &str, notice: Notice) -> Recordings {
        let mut recordings = Recordings::default();
        let plan = RecordingPlan { rules: ["known".to_owned()].into(), notice, pause: Duration::from_secs(60) };
        recordings.begin(Some(&plan));
        recordings.agreed.insert(IntentId(7));
        for fact in [admitted(1), matched(), decided(1, rule)] {
            recordings.fact(&fact);
        }
        for leg in [CALLER, far()] {
            recordings.media(&MediaCommand::Open { leg, group: call(1), port: 4000, family: Family::V4 });
        }
        recordings
    }

    fn tracks(recordings: &mut Recordings, is_on: bool) -> Vec<String> {
        let track = |leg, track| MediaCommand::Record { leg, call: call(1), track: is_on.then_some(track) };
        let both = [track(CALLER, Track::Caller), track(far(), Track::Far)];
        both.iter().filter_map(|command| recordings.media(command)).collect()
    }

    #[test]
    fn a_recording_that_must_not_be_is_found() {
        assert!(tracks(&mut talking("known", Notice::OnPage), true).is_empty());
        assert_eq!(tracks(&mut talking("vip", Notice::OnPage), true).len(), 2, "no rule asks for it");
        let mut stranger = talking("known", Notice::OnPage);
        stranger.agreed.clear();
        assert_eq!(tracks(&mut stranger, true).len(), 2, "has not agreed");
        let mut told = talking("known", Notice::Spoken(NOTICE));
        assert_eq!(tracks(&mut told, true).len(), 2, "has not heard the notice");
        let items: Arc<[WavId]> = [NOTICE].into();
        told.media(&MediaCommand::Play { leg: CALLER, prompt: PromptId(3), items, until_key: false });
        told.input(&Input::Media(MediaEvent::Played { leg: CALLER, prompt: PromptId(3), end: PromptEnd::Finished }));
        assert!(tracks(&mut told, true).is_empty());
    }

    #[test]
    fn a_pause_that_is_recorded_and_a_file_without_an_end_are_found() {
        let mut recordings = talking("known", Notice::OnPage);
        tracks(&mut recordings, true);
        recordings.fact(&news(RecordingNews::Begun));
        assert!(recordings.settled().is_empty());
        recordings.fact(&news(RecordingNews::Paused));
        assert_eq!(recordings.settled().len(), 1, "paused and recorded");
        tracks(&mut recordings, false);
        assert!(recordings.settled().is_empty());
        recordings.media(&MediaCommand::Record { leg: far(), call: call(1), track: Some(Track::Far) });
        recordings.fact(&news(RecordingNews::Resumed));
        assert_eq!(recordings.settled().len(), 1, "one side alone");
        assert_eq!(recordings.fact(&ended(1)).len(), 1, "recorded after the end");
        let end = MediaCommand::EndRecording { leg: CALLER, call: call(1) };
        assert_eq!((recordings.media(&end), recordings.at_the_end().len()), (None, 1), "no file");
        assert!(recordings.media(&end).is_some(), "ended twice");
        let kept = news(RecordingNews::Kept(Recorded::default()));
        assert!(recordings.fact(&kept).is_empty() && recordings.at_the_end().is_empty());
        assert_eq!(recordings.fact(&kept).len(), 1, "finished twice");
    }
}
