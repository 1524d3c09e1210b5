//! The engine's facts as log events: the end of a call and what is out of order at `info` and above, steps at `debug`.

use crate::calls::facts::{CallRecord, Fact};

pub(super) fn write(fact: &Fact) {
    match fact {
        Fact::CallEnded(record) => call_ended(record),
        Fact::MatchMissed { call, cause } => tracing::info!(%call, cause = cause.as_str(), "match missed"),
        Fact::PopMissed { call, agent, cause } => tracing::info!(%call, %agent, cause = cause.as_str(), "pop missed"),
        Fact::AgentPaused { agent } => tracing::info!(%agent, "agent paused"),
        Fact::TrunkFull { trunk, bound, reached } => {
            tracing::info!(trunk = trunk.as_str(), bound = bound.as_str(), cap = reached.as_str(), "trunk is full");
        }
        Fact::TurnedAway { cause } => tracing::info!(cause = cause.as_str(), "call turned away"),
        Fact::FallingBack { call, cause } => tracing::info!(%call, cause = cause.as_str(), "falling back"),
        Fact::TrunkReachable { trunk, reachable } => tracing::info!(%trunk, reachable, "trunk"),
        Fact::TrunkRegistered { trunk, registered, status } => {
            tracing::info!(%trunk, registered, status, "registration at a trunk");
        }
        Fact::GatewayChanged { trunk, gateway, state } => {
            tracing::info!(%trunk, gateway, state = state.as_str(), "gateway");
        }
        Fact::Refused { cause, count } => tracing::info!(?cause, count, "SIP requests refused"),
        Fact::CallAdmitted { call, trunk } => tracing::debug!(%call, %trunk, "call admitted"),
        Fact::Matched { call, level, intent } => {
            tracing::debug!(%call, %level, intent = intent.as_ref().map(display), "matched")
        }
        Fact::Confirmed { call, intent } => tracing::info!(%call, %intent, "confirmed on the page"),
        Fact::Decided { call, rule, reason } => tracing::debug!(%call, rule, reason, "decided"),
        Fact::Shadowed { call, version: _, live, shadow, differs } => {
            tracing::debug!(%call, live = live.as_str(), shadow = shadow.as_str(), differs, "shadow policy");
        }
        Fact::Queued { call, queue, .. } => tracing::debug!(%call, %queue, "queued"),
        Fact::Waited { call, queue, waited, predicted } => {
            let told_s = predicted.by_position.map(|wait| wait.as_secs());
            tracing::debug!(%call, %queue, waited_s = waited.as_secs(), told_s, "waited");
        }
        Fact::Granted { call, agent, fence } => tracing::debug!(%call, %agent, fence = fence.0, "granted"),
        Fact::LetGo { call, agent } => tracing::debug!(%call, %agent, "let go"),
        Fact::OfferFailed { call, agent } => tracing::debug!(%call, %agent, "offer failed"),
        Fact::PassedOn { call, by, to, status } => tracing::info!(%call, ?by, ?to, status, "passed on"),
        Fact::CaseOpened(note) => {
            tracing::info!(case = %note.case, intent = %note.intent, agent = %note.agent, "case opened")
        }
        Fact::Supervised { call, by, act } => {
            tracing::info!(%call, %by, act = act.map_or("leave", |act| act.as_str()), "a supervisor");
        }
        // The disk is full, or the folder takes nothing: what was promised to be recorded is not.
        Fact::Recording { call, news } if news.is_of_the_disk() => {
            tracing::error!(%call, news = news.as_str(), cause = news.cause(), "recording");
        }
        Fact::Recording { call, news } => {
            tracing::info!(%call, news = news.as_str(), cause = news.cause(), "recording");
        }
        Fact::Recalling { call, tried } => tracing::info!(%call, tried, "the customer is called back"),
        Fact::Unreached { call, status } => tracing::info!(%call, status, "the customer was not reached"),
        Fact::WrittenUp { call, agent } => tracing::debug!(%call, %agent, "written up"),
        Fact::PhoneReachable { agent, reachable } => tracing::debug!(%agent, reachable, "phone"),
        Fact::SoundLost { call, side, cause } => {
            tracing::info!(%call, ?side, cause = cause.as_str(), "the browser's sound is lost");
        }
        Fact::NoPort { call, side, cause, renewed } => {
            tracing::warn!(%call, ?side, cause = cause.as_str(), renewed, "no port for a stream");
        }
        Fact::SoundEnded { call, stats } => {
            tracing::debug!(%call, received = stats.received, sent = stats.sent, lost = stats.lost, "sound ended");
        }
        Fact::Stage { call, stage, .. } => tracing::trace!(%call, stage = stage.as_str(), "stage"),
        Fact::Timed { .. } | Fact::Dtmf { .. } => {}
    }
}

fn call_ended(record: &CallRecord) {
    tracing::info!(
        call = %record.call,
        trunk = %record.trunk,
        level = %record.level,
        intent = record.intent.as_ref().map(display),
        rule = record.rule.as_deref(),
        reason = record.reason.as_deref(),
        policy = record.policy().map(|version| version.to_string()),
        queue = record.queue.as_ref().map(display),
        agent = record.agent.as_ref().map(display),
        fallback = record.fallback.map(|cause| cause.as_str()),
        outcome = record.outcome.map(|outcome| outcome.as_str()),
        ended_by = record.ended_by.map(|by| by.as_str()),
        status = record.status,
        talked_ms = u64::try_from(record.talked.as_millis()).unwrap_or(u64::MAX),
        "call ended"
    );
}
