//! Calls that customers place from their browsers: on a trunk of their own, each with its intent proved, one at a time.

use crate::base::{CallId, IntentId, LegId, TrunkId};
use crate::sip::api::{FlowId, IncomingCall, Origin, Reason, Reliable};

use super::admission;
use super::bench::Bench;
use super::call::Call;
use super::settings::{Fallback, Mode, TrunkPlan};
use super::terms::TrunkTerms;

/// The built-in trunk of browsers, as rules, records and the API name it.
pub const TRUNK: &str = "(web)";

/// `flow`: that of the websockets.
pub fn plan(fallback: Fallback, terms: TrunkTerms, flow: FlowId) -> TrunkPlan {
    TrunkPlan {
        trunk: TrunkId::new(TRUNK),
        region: None,
        flow,
        fallback,
        trusted: false,
        mode: Mode::Path,
        refer: false,
        terms,
        reliable: Reliable::Supported,
        keys_in_info: false,
        language: None,
    }
}

/// The intent that a browser's websocket was opened for.
pub fn intent_of(incoming: &IncomingCall) -> Option<IntentId> {
    match &incoming.origin {
        Origin::Web(intent) => Some(*intent),
        Origin::Trunk(_) | Origin::Phone(_) => None,
    }
}

/// The call that the page's intent has already.
pub fn older(incoming: &IncomingCall, bench: &Bench) -> Option<CallId> {
    bench.call_by_intent.get(&intent_of(incoming)?).copied()
}

/// A page has one call at a time.
pub fn refuse_second(leg: LegId, bench: &mut Bench) {
    bench.sip(admission::refusal(leg, 486, Reason::sip(486, "this page has a call already")));
}

pub fn begin(call: &Call, bench: &mut Bench) {
    if let Some(intent) = intent_of(&call.incoming) {
        bench.call_by_intent.insert(intent, call.id);
    }
}

pub fn end(call: &Call, bench: &mut Bench) {
    if let Some(intent) = intent_of(&call.incoming) {
        bench.call_by_intent.remove(&intent);
    }
}
