//! A trunk that is redirected (design, section 8 b): 302 names the agent's extension, and the call goes past us from then on.
//! The agent stays promised to it until their desk says that it is over, or for a time, since nobody else will tell us.

use crate::base::{AgentId, Now};
use crate::desktop::{CallPhase, DeskCommand};
use crate::routing;
use crate::sip::api::{Carried, HeaderField, SipCommand, UserToUsers};

use super::bench::{Bench, Deadline};
use super::call::{Call, Grant, Phase};
use super::ending;
use super::facts::{EndedBy, FallbackCause, Outcome};
use super::fallback;
use super::settings::{HistoryHeader, Mode, RedirectPlan};

/// The pop is drawn, or its budget is spent: the trunk calls the agent's extension. False when the trunk is not redirected.
pub fn hand_over(call: &mut Call, grant: &Grant, bench: &mut Bench, now: Now) -> bool {
    let trunk = call.trunk.clone();
    let Mode::Redirect(plan) = &trunk.mode else { return false };
    let extension = bench.phone_of(&grant.agent).and_then(|phone| phone.extension.clone());
    // The configuration gives every agent an extension where a trunk is redirected.
    let Some(extension) = extension else { return false };
    redirect(call, plan, &extension, bench);
    bench.cancel_deadline(call, Deadline::Ceiling);
    bench.set_deadline(call, Deadline::HandedOver, now.mono + plan.hold);
    bench.call_by_agent.insert(grant.agent.clone(), call.id);
    bench.routing(routing::Input::OfferAccepted { call: call.id, agent: grant.agent.clone(), fence: grant.fence });
    bench.desk(DeskCommand::CallPhase { agent: grant.agent.clone(), call: call.id, phase: CallPhase::Ringing });
    call.phase = Phase::HandedOver(grant.clone());
    true
}

/// Nobody was free at once: the queue of the PBX takes the call, or else the fallback. False when the trunk is not redirected.
pub fn nobody_free(call: &mut Call, bench: &mut Bench, now: Now) -> bool {
    let trunk = call.trunk.clone();
    let Mode::Redirect(plan) = &trunk.mode else { return false };
    bench.routing(routing::Input::Leave { call: call.id });
    match &plan.queue {
        Some(queue) => {
            redirect(call, plan, queue, bench);
            call.record.fallback = Some(FallbackCause::NobodyFree);
            ending::finish(call, Outcome::Redirected, EndedBy::Us, bench, now);
        }
        None => fallback::divert(call, FallbackCause::NobodyFree, bench, now),
    }
    true
}

/// The desk says that the agent is done with whatever they did; `talked` when it has written what came of the call.
pub fn freed(call: &mut Call, agent: &AgentId, talked: bool, bench: &mut Bench, now: Now) {
    let Phase::HandedOver(grant) = &call.phase else { return };
    if grant.agent != *agent {
        return;
    }
    let grant = grant.clone();
    bench.routing(routing::Input::WrapUpDone { agent: agent.clone() });
    let outcome = if talked { Outcome::Talked } else { Outcome::HandedOver };
    over(call, &grant, (outcome, EndedBy::Agent), bench, now);
}

/// Nobody has said anything for the longest time that such a call may keep its agent.
pub fn held_long(call: &mut Call, bench: &mut Bench, now: Now) {
    let Phase::HandedOver(grant) = &call.phase else { return };
    let grant = grant.clone();
    over(call, &grant, (Outcome::HandedOver, EndedBy::Us), bench, now);
}

fn over(call: &mut Call, grant: &Grant, how: (Outcome, EndedBy), bench: &mut Bench, now: Now) {
    bench.call_by_agent.remove(&grant.agent);
    bench.desk(DeskCommand::CallPhase { agent: grant.agent.clone(), call: call.id, phase: CallPhase::Ended });
    if how.1 == EndedBy::Us {
        bench.desk(DeskCommand::WrapUpDue { agent: grant.agent.clone(), call: call.id });
    }
    bench.routing(routing::Input::CallEnded { call: call.id, agent: grant.agent.clone(), fence: grant.fence });
    ending::finish(call, how.0, how.1, bench, now);
}

fn redirect(call: &mut Call, plan: &RedirectPlan, to: &str, bench: &mut Bench) {
    let headers = plan.history.map(|history| history_of(call, to, history)).into_iter().collect();
    let carried = Carried { user_to_users: context(call, plan, bench), headers };
    let carried = Box::new(call.trunk.terms.headers.answer.apply(carried));
    let contact = with_context(to, &carried.user_to_users);
    bench.sip(SipCommand::Carry { leg: call.caller.0, carried });
    ending::refuse_caller(call, 302, None, Some(contact), bench);
}

/// The intent's id, and where the plan says so its signed token, for whoever gets the call.
fn context(call: &Call, plan: &RedirectPlan, bench: &Bench) -> UserToUsers {
    let Some(intent) = &call.recognised.intent else { return UserToUsers::default() };
    let id = intent.id.to_string().into_bytes();
    let token = plan.token.then(|| bench.settings.token_keys.sign(intent.id, intent.expires).as_bytes().to_vec());
    UserToUsers::of(std::iter::once(id).chain(token).collect::<Vec<_>>().iter().map(Vec::as_slice))
}

/// As header fields of the URI, which the trunk puts into its INVITE (RFC 3261 section 19.1.5).
fn with_context(to: &str, values: &UserToUsers) -> String {
    let mut contact = to.to_owned();
    for value in &values.0 {
        contact.push(if contact.contains('?') { '&' } else { '?' });
        contact.push_str("User-to-User=");
        contact.extend(value.expose().iter().map(|byte| escaped(*byte)));
    }
    contact
}

fn escaped(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") }
}

/// Where the call was going (RFC 5806, RFC 7044).
fn history_of(call: &Call, to: &str, history: HistoryHeader) -> HeaderField {
    let from = call.incoming.request_uri.expose();
    match history {
        HistoryHeader::Diversion => HeaderField::new("Diversion", format!("<{from}>;reason=deflection;counter=1")),
        HistoryHeader::HistoryInfo => {
            let reason = if from.contains('?') { "" } else { "?Reason=SIP%3Bcause%3D302" };
            HeaderField::new("History-Info", format!("<{from}{reason}>;index=1, <{to}>;index=1.1;mp=1"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_context_stands_in_the_uri_escaped() {
        let values = UserToUsers::of([&b"int"[..], &[0xff]]);
        assert_eq!(
            with_context("sip:204@pbx.example.com;user=phone", &values),
            "sip:204@pbx.example.com;user=phone?User-to-User=696e74%3Bencoding%3Dhex&User-to-User=ff%3Bencoding%3Dhex"
        );
        assert_eq!(with_context("sip:204@pbx.example.com", &UserToUsers::default()), "sip:204@pbx.example.com");
    }
}
