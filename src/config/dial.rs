//! `[dial]`: where agents may pass calls on to, besides each other.

use std::collections::BTreeMap;

use crate::base::{AgentId, TrunkId};
use crate::calls::dialling::{DialRule, DialRules};
use crate::calls::settings::PhonePlan;
use crate::sip::api::{PhoneAccount, Target};
use crate::sip::wire::Uri;

use super::fault::Faults;
use super::tree::{Item, Section};
use super::trunks::TrunksPart;
use super::values::{sip_target, socket};

const REMEDY: &str = "write rules like { user = \"+1*\", to = \"sip:{dialled}@192.0.2.20\" } or { user = \"8??\", host = \"192.0.2.20\" }";

pub(super) fn read(top: &mut Section<'_>, trunks: &TrunksPart<'_>, faults: &mut Faults<'_>) -> Vec<DialRule> {
    let mut section = top.section("dial", faults);
    let items = section.item("allow").map(|item| item.elements(faults)).unwrap_or_default();
    let rules = items.iter().filter_map(|item| rule(item, trunks, faults)).collect();
    section.finish(faults);
    rules
}

fn rule(item: &Item<'_>, trunks: &TrunksPart<'_>, faults: &mut Faults<'_>) -> Option<DialRule> {
    let mut section = item.section(faults)?;
    let user = section.required("user", REMEDY, faults).and_then(|item| item.text(faults));
    let host = section.text("host", faults).map(|host| host.value.to_owned());
    let via = section.text("via", faults).and_then(|text| socket(&text, faults));
    let to = section.text("to", faults);
    let trunk = section.text("trunk", faults);
    section.finish(faults);
    let user = user?;
    if user.value.is_empty() || user.value.trim_end_matches('*').contains('*') {
        faults.add(
            &user.place,
            format!("{:?} is no pattern", user.value),
            "write signs, ? for any one, and * at the end",
        );
        return None;
    }
    if host.is_none() && to.is_none() {
        faults.add(&item.place, "says neither host nor to, and would allow every place there is", REMEDY);
        return None;
    }
    let trunk = trunk.filter(|trunk| trunks.names.check("trunk", trunk, faults));
    let flow = trunk.and_then(|trunk| trunks.plans.get(&TrunkId::new(trunk.value))).map(|plan| plan.flow);
    let to = match to {
        Some(to) => Some(sip_target(&to, faults)?.to_owned()),
        None => None,
    };
    let flow = flow.unwrap_or(crate::sip::api::FlowId(0));
    Some(DialRule { user: user.value.to_owned(), host, to, via, flow })
}

/// Rules and agents together: an agent is known by name, by the user of the phone, and by the user part of the extension.
pub(super) fn rules(
    rules: Vec<DialRule>,
    phones: &BTreeMap<AgentId, PhonePlan>,
    accounts: &[PhoneAccount],
) -> DialRules {
    let user_of = |uri: &str| Uri::read(uri.as_bytes()).map(|uri| uri.user_text()).filter(|user| !user.is_empty());
    let mut agents = BTreeMap::new();
    for (agent, phone) in phones {
        let fixed = match &phone.target {
            Target::Uri { uri, .. } => user_of(uri),
            Target::Trunk { .. } | Target::Registered(_) => None,
        };
        let extension = phone.extension.as_deref().and_then(user_of);
        agents.extend(fixed.into_iter().chain(extension).map(|user| (user, agent.clone())));
    }
    agents.extend(accounts.iter().map(|account| (account.user.clone(), account.agent.clone())));
    // A name is the agent's own, whoever has a phone of that user.
    agents.extend(phones.keys().map(|agent| (agent.to_string(), agent.clone())));
    DialRules { rules, agents }
}
