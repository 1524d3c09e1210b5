//! The channels that fit a contact: what the access rules would say of a call from the browser and of one over the telephone, and
//! how long it would wait.

use std::time::Duration;

use serde::Serialize;
use utoipa::ToSchema;

use crate::access::{Answer as AccessAnswer, Decision, QueueLoad};
use crate::base::{Level, Mono, QueueId};
use crate::engine::question::{Answer, Question};
use crate::intents::{Intent, Observed};
use crate::routing::QueueView;

use super::Web;

/// A way to reach the company about this contact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct ChannelBody {
    /// `call_browser`, `call_phone`, `callback` or `form`.
    kind: &'static str,
    /// As it is at this moment; `null` when nothing is known.
    expected_wait_s: Option<u64>,
    /// In words.
    why: String,
    /// The access rule that says so.
    rule: String,
}

/// What was last heard of the queues: a registration does not wait for the engine each time.
#[derive(Default)]
pub struct Waits(tokio::sync::Mutex<Option<Known>>);

struct Known {
    at: Mono,
    loads: Vec<QueueLoad>,
}

/// An expected wait that is this old is good enough to choose by.
const FRESH: Duration = Duration::from_secs(1);
/// A registration is worth more than its expected wait.
const ENGINE_WITHIN: Duration = Duration::from_millis(100);
const IN_WRITING: &str = "an agent answers in writing";
const WE_CALL: &str = "we call when it is your turn";
/// Of a channel that is always there.
const ALWAYS: &str = "always";

impl Web {
    /// Those that fit, a human at once before a queue, and writing last.
    pub(super) async fn channels(&self, intent: &Intent) -> Vec<ChannelBody> {
        let loads = self.loads().await;
        let calls = [self.browser_call(intent, &loads), self.telephone_call(intent, &loads)];
        let mut found = Vec::new();
        for (kind, decision) in calls.into_iter().flatten() {
            if let Some((rank, queue)) = self.leads_to(&decision) {
                let load = loads.iter().find(|load| load.queue == *queue);
                found.push((rank, channel(kind, load.and_then(|load| load.expected_wait), &decision)));
            }
        }
        if let Some((wait, decision)) = self.callback(intent, &loads) {
            let channel = channel("callback", wait, &decision);
            let is_said = matches!(decision.answer, AccessAnswer::Callback { .. });
            found.push((2, if is_said { channel } else { ChannelBody { why: WE_CALL.to_owned(), ..channel } }));
        }
        found.sort_by_key(|(rank, _)| *rank);
        let rule = ALWAYS.to_owned();
        let form = ChannelBody { kind: "form", expected_wait_s: None, why: IN_WRITING.to_owned(), rule };
        found.into_iter().map(|(_, channel)| channel).chain([form]).collect()
    }

    /// With the intent's token, which proves it.
    fn browser_call(&self, intent: &Intent, loads: &[QueueLoad]) -> Option<(&'static str, Decision)> {
        let trunk = self.routes.browser_trunk.as_ref()?;
        let observed = Observed { token: Some(intent.id), ..self.nothing_observed() };
        Some(("call_browser", self.routes.decide((Level::Proven, Some(intent)), &observed, trunk, loads)))
    }

    /// At the level that dialling the number earns.
    fn telephone_call(&self, intent: &Intent, loads: &[QueueLoad]) -> Option<(&'static str, Decision)> {
        let (leased, trunk) = (intent.number.as_ref()?, self.routes.trunk.as_ref()?);
        let level = match (leased.shared, intent.customer.phones.is_empty()) {
            (false, _) => Level::Strong,
            (true, false) => Level::Likely,
            (true, true) => Level::Unmatched,
        };
        let observed = Observed { dialled: Some(leased.number.clone()), ..self.nothing_observed() };
        let known = (level > Level::Unmatched).then_some(intent);
        Some(("call_phone", self.routes.decide((level, known), &observed, trunk, loads)))
    }

    /// With the wait until it would be the customer's turn, if they may be called at that time.
    fn callback(&self, intent: &Intent, loads: &[QueueLoad]) -> Option<(Option<Duration>, Decision)> {
        let (plan, now) = (self.callback.as_ref()?, self.clock.wall());
        let (queue, _) = self.queue_of_callback(plan, intent, loads, now)?;
        let wait = loads.iter().find(|load| load.queue == queue).and_then(|load| load.expected_wait);
        Some((wait, self.routes.decide_callback(intent, &plan.trunk, loads, now)))
    }

    fn nothing_observed(&self) -> Observed {
        Observed { dialled: None, caller: None, asserted: false, token: None, pin: None, now: self.clock.wall() }
    }

    /// A human, or a queue; anything else is no call.
    fn leads_to<'a>(&'a self, decision: &'a Decision) -> Option<(u8, &'a QueueId)> {
        match &decision.answer {
            AccessAnswer::Human { queue, .. } => Some((0, queue.as_ref().or(self.routes.default_queue.as_ref())?)),
            AccessAnswer::Queue { queue, .. } => Some((1, queue)),
            AccessAnswer::Callback { .. } | AccessAnswer::SelfService | AccessAnswer::Refuse { .. } => None,
        }
    }

    /// How busy the queues are, as they were a moment ago at most.
    pub(super) async fn loads(&self) -> Vec<QueueLoad> {
        let now = self.clock.mono();
        let mut known = self.waits.0.lock().await;
        if known.as_ref().is_none_or(|known| now.since(known.at) > FRESH) {
            let loads = match tokio::time::timeout(ENGINE_WITHIN, self.door.ask(Question::Queues)).await {
                Ok(Some(Answer::Queues(queues))) => queues.into_iter().map(load).collect(),
                // The next one asks a second later.
                Ok(_) | Err(_) => Vec::new(),
            };
            *known = Some(Known { at: now, loads });
        }
        known.as_ref().map(|known| known.loads.clone()).unwrap_or_default()
    }
}

fn load(view: QueueView) -> QueueLoad {
    let QueueView { queue, available, waiting, expected_wait, .. } = view;
    QueueLoad { queue, free: available, waiting, expected_wait }
}

fn channel(kind: &'static str, wait: Option<Duration>, decision: &Decision) -> ChannelBody {
    ChannelBody {
        kind,
        expected_wait_s: wait.map(|wait| wait.as_secs_f64().ceil() as u64),
        why: decision.reason.text().to_owned(),
        rule: decision.rule.to_string(),
    }
}
