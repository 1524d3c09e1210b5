//! `gateways` of a trunk, where its keep-alive goes, and what refers to them.

use std::time::Duration;

use crate::sip::api::{FlowId, Gateway, KeepAlive};
use crate::sip::resolve::Destination;
use crate::sip::wire::Uri;

use super::fault::Faults;
use super::tree::{Section, Text};

const USUAL_PRIORITY: u16 = 10;
const USUAL_WEIGHT: u16 = 1;
const EVERY: Duration = Duration::from_secs(30);

/// Where calls to the trunk go.
pub(super) fn gateways(section: &mut Section<'_>, flow: FlowId, faults: &mut Faults<'_>) -> Vec<Gateway> {
    let sections = section.sections("gateways", faults);
    sections.into_iter().filter_map(|section| gateway(section, flow, faults)).collect()
}

fn gateway(mut section: Section<'_>, flow: FlowId, faults: &mut Faults<'_>) -> Option<Gateway> {
    let remedy = "write where it is reached, like uri = \"sip:gw1.example.com\"";
    let uri = section.required("uri", remedy, faults).and_then(|item| item.text(faults));
    let priority = section.number("priority", USUAL_PRIORITY, 0..=65_535, faults);
    let weight = section.number("weight", USUAL_WEIGHT, 0..=65_535, faults);
    let asked = section.flag("keep_alive", true, faults);
    let every = section.seconds("keep_alive_s", EVERY, 1..=3600, faults);
    section.finish(faults);
    let uri = server_uri(&uri?, faults)?.to_owned();
    Some(Gateway { uri, flow, priority, weight, every: asked.then_some(every) })
}

/// A SIP URI of a server: without a user, of a transport that there is.
pub(super) fn server_uri<'a>(text: &Text<'a>, faults: &mut Faults<'_>) -> Option<&'a str> {
    let uri = Uri::read(text.value.as_bytes()).filter(|uri| Destination::of(uri).is_some());
    let Some(uri) = uri else {
        let remedy = "write it like \"sip:gw1.example.com\" or \"sip:192.0.2.5:5060;transport=tcp\"";
        faults.add(&text.place, format!("{:?} is no SIP URI that we can reach", text.value), remedy);
        return None;
    };
    if uri.user.is_some() {
        faults.add(&text.place, format!("{:?} has a user part", text.value), "write the server alone, without it");
        return None;
    }
    Some(text.value)
}

/// The trunk as a whole is asked by OPTIONS: an address or a name, with a port or without.
pub(super) fn keep_alive(section: &mut Section<'_>, flow: FlowId, faults: &mut Faults<'_>) -> Option<KeepAlive> {
    let every = section.seconds("keep_alive_s", EVERY, 1..=3600, faults);
    let to = section.text("keep_alive", faults)?;
    let uri = format!("sip:{}", to.value);
    let known = Uri::read(uri.as_bytes()).filter(|uri| uri.user.is_none() && Destination::of(uri).is_some());
    if known.is_none() {
        let remedy = "write an address or a name, like \"192.0.2.20:5060\" or \"pbx.example.com\"";
        faults.add(&to.place, format!("{:?} is no host", to.value), remedy);
        return None;
    }
    Some(KeepAlive { uri, flow, every })
}
