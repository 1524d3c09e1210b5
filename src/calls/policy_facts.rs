//! What the access rules are told of a caller: the same for a call, a look-up and a page's channels.

use crate::access::{Channel, Facts, QueueLoad};
use crate::base::{E164, Level, Now, TrunkId, Wall};
use crate::intents::intent::{Intent, SubjectKind};
use crate::sip::api::Origin;

use super::bench::Bench;
use super::call::Call;

/// What is known besides the intent.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    pub level: Level,
    pub dialled: Option<&'a E164>,
    pub trunk: &'a TrunkId,
    pub channel: Channel,
    /// Of the queues that the policy asks for.
    pub loads: &'a [QueueLoad],
    pub wall: Wall,
}

/// `intent`: whose call it is, as far as anybody knows.
pub fn facts<'a>(intent: Option<&'a Intent>, seen: &Seen<'a>) -> Facts<'a> {
    let Seen { level, dialled, trunk, channel, loads, wall } = *seen;
    let nobody = Facts { level, dialled, channel, loads, ..Facts::of_nobody(trunk, wall) };
    let Some(intent) = intent else { return nobody };
    Facts {
        domain: intent.customer.email.expose().rsplit_once('@').map(|(_, domain)| domain),
        tier: intent.customer.tier.as_ref(),
        category: Some(&intent.reason.category),
        sub_category: intent.reason.sub_category.as_deref(),
        words: Some(intent.words.expose()).filter(|words| !words.is_empty()).map(String::as_str),
        articles: intent.articles.iter().map(|article| article.id.as_str()).collect(),
        urgency: Some(intent.urgency.rank()),
        value: intent.value.as_ref().map(|value| (value.minor_units, value.currency.as_str())),
        open_cases: intent.customer.past.open_cases,
        last_contact: intent.customer.past.last_contact,
        about_case: intent.subject.as_ref().is_some_and(|subject| subject.kind == SubjectKind::Case),
        ..nobody
    }
}

/// Of a call in progress.
pub(super) fn of_call<'a>(call: &'a Call, bench: &'a Bench, now: Now) -> Facts<'a> {
    let seen = Seen {
        level: call.record.level,
        dialled: call.recognised.dialled.as_ref(),
        trunk: &call.trunk.trunk,
        channel: channel(call),
        loads: &bench.queue_loads,
        wall: now.wall,
    };
    let facts = facts(call.recognised.intent.as_deref(), &seen);
    Facts { domain: facts.domain.or(said_by_trunk(call)), ..facts }
}

/// The host in From of a caller whom nothing has recognised. A trunk that is not trusted may say anything.
fn said_by_trunk(call: &Call) -> Option<&str> {
    let is_heard = call.trunk.trusted && call.recognised.intent.is_none();
    is_heard.then_some(call.incoming.from_host.as_str()).filter(|host| !host.is_empty())
}

fn channel(call: &Call) -> Channel {
    if call.recall.is_some() {
        return Channel::Callback;
    }
    match &call.incoming.origin {
        Origin::Web(_) => Channel::Browser,
        Origin::Trunk(_) | Origin::Phone(_) => Channel::Phone,
    }
}
