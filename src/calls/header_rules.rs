//! What the rules of a trunk do with header fields: which go on, which are added, which go no further. Nothing that we do not know
//! goes through us unless a rule says so.

use std::sync::Arc;

use crate::sip::api::{Carried, HeaderField, HeaderNames, SipCommand};

use super::bench::Bench;
use super::call::{Call, Side};
use super::settings::TrunkPlan;

/// The rules of one trunk, by the messages that they are about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeaderRules {
    /// What goes on from its INVITE to the leg that we dial for it.
    pub incoming: FieldRules,
    /// The INVITEs that go to it.
    pub outgoing: FieldRules,
    /// Our final answers to it; what is copied comes from the 200 of the far side.
    pub answer: FieldRules,
}

/// The rules for one kind of message; no name stands in two of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldRules {
    pub copied: HeaderNames,
    /// Takes the place of what would have gone on under the same name.
    pub added: Vec<HeaderField>,
    pub removed: Vec<Arc<str>>,
}

const USER_TO_USER: &str = "User-to-User";

impl FieldRules {
    /// What of `carried` goes on, with what is added.
    pub fn apply(&self, carried: Carried) -> Carried {
        let mut carried = self.filter(carried);
        carried.headers.extend(self.added.iter().cloned());
        carried
    }

    /// What of `carried` goes on.
    pub fn filter(&self, mut carried: Carried) -> Carried {
        if self.withholds(USER_TO_USER) {
            carried.user_to_users.0.clear();
        }
        carried.headers.retain(|field| !self.withholds(&field.name));
        carried
    }

    fn withholds(&self, name: &str) -> bool {
        let mut names = self.removed.iter().chain(self.added.iter().map(|field| &field.name));
        names.any(|one| one.eq_ignore_ascii_case(name))
    }
}

/// What the INVITE to the far side carries: of the caller's INVITE, and `own`; `onto` is the trunk that it goes to.
pub fn onward(call: &Call, onto: Option<&TrunkPlan>, own: Option<HeaderField>) -> Carried {
    let headers = call.incoming.headers.iter().cloned().chain(own).collect();
    let carried = Carried { user_to_users: call.incoming.user_to_users.clone(), headers };
    let carried = call.trunk.terms.headers.incoming.apply(carried);
    match onto {
        Some(onto) => onto.terms.headers.outgoing.apply(carried),
        None => carried,
    }
}

/// Whatever the trunk is answered carries what its rules add.
pub fn prepare_answer(call: &Call, bench: &mut Bench) {
    let carried = call.trunk.terms.headers.answer.apply(Carried::default());
    carry(call, Side::Caller, carried, bench);
}

/// The answer or BYE of one side carries data, which the one to the other side carries on (RFC 7433 section 4.2).
pub fn pass_on(call: &Call, side: Side, carried: Carried, bench: &mut Bench) {
    // A caller who was answered before the far side was gets no second answer that could carry anything.
    let is_too_late = side == Side::Far && call.is_answered() && call.connected.is_none();
    let rules = &call.trunk.terms.headers;
    let carried = match side {
        Side::Far if is_too_late => return,
        Side::Far if call.connected.is_none() => rules.answer.apply(carried),
        Side::Far => rules.answer.filter(carried),
        Side::Caller => towards_far(call, rules.incoming.filter(carried), bench),
    };
    carry(call, side.other(), carried, bench);
}

fn towards_far(call: &Call, carried: Carried, bench: &Bench) -> Carried {
    match call.outgoing.as_ref().and_then(|onto| bench.settings.trunks.get(onto)) {
        Some(onto) => onto.terms.headers.outgoing.filter(carried),
        None => carried,
    }
}

fn carry(call: &Call, side: Side, carried: Carried, bench: &mut Bench) {
    if let Some(leg) = call.leg(side).filter(|_| !carried.is_empty()) {
        bench.sip(SipCommand::Carry { leg, carried: Box::new(carried) });
    }
}
