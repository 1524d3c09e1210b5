//! `[[trunks]]`: the PBXs and carriers, known by their addresses, each with its fallback.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use crate::base::{Family, TrunkId};
use crate::calls::settings::{Fallback, Mode, Spoken, TrunkPlan};
use crate::sip::api::{FlowId, Gateway, Reliable, Transport, TrunkPeer};
use crate::sip::resolve::host_address;
use crate::sip::wire::Uri;

use super::claims;
use super::fault::{Faults, Place};
use super::gateways;
use super::proof;
use super::redirect;
use super::sip::{SipPart, session_times};
use super::sound_terms::OverTls;
use super::terms;
use super::tree::{Item, Section, Text};
use super::values::{Names, region, sip_target, sip_uri, socket};
use super::waiting;

/// The trunks as the endpoint and as the calls know them.
pub(super) struct TrunksPart<'a> {
    pub names: Names<'a>,
    pub peers: Vec<TrunkPeer>,
    pub plans: BTreeMap<TrunkId, Arc<TrunkPlan>>,
    /// Those whose callers are asked for codes, and where that is written.
    pub asking: Vec<(TrunkId, Place)>,
}

impl TrunksPart<'_> {
    /// Some trunk is answered with 302 to agents' extensions.
    pub(super) fn redirects(&self) -> bool {
        self.plans.values().any(|plan| plan.mode != Mode::Path)
    }
}

/// An address and how many of its bits count.
type Network = (IpAddr, u8);

pub(super) fn read<'a>(
    top: &mut Section<'a>,
    sip: &SipPart,
    spoken: &Spoken,
    faults: &mut Faults<'_>,
) -> TrunksPart<'a> {
    let mut part =
        TrunksPart { names: Names::default(), peers: Vec::new(), plans: BTreeMap::new(), asking: Vec::new() };
    let mut wanted = Vec::new();
    let (mut taken, mut users): (Vec<(Network, String)>, Names<'_>) = (Vec::new(), Names::default());
    let sections = top.sections("trunks", faults);
    if sections.is_empty() {
        name_none(top, faults);
    }
    for mut section in sections {
        let name = part.names.take(&mut section, "name", faults);
        let by_password = section.item("auth").is_some();
        let account = proof::account(&mut section, &sip.realm, &mut users, faults);
        let tls_name = tls_name(&mut section, sip, &part.peers, faults);
        let has_other_proof = by_password || tls_name.is_some();
        let networks = networks(&mut section, &mut taken, name.as_ref(), has_other_proof, faults);
        let (trusted, claims) = claims::read(&mut section, faults);
        let (region, flow) = (region(&mut section, faults), sip.flow(&mut section, faults));
        let keep_alive = gateways::keep_alive(&mut section, flow, faults);
        let gateways = gateways::gateways(&mut section, flow, faults);
        let (enrol, own) = proof::register(&mut section, flow, faults).unzip();
        let login = proof::login(&mut section, faults).or(own);
        let reliable = reliable(&mut section, faults);
        let session_times = session_times(&mut section, sip.session_times, faults);
        let keys_in_info = section.flag("keys_in_info", false, faults);
        let language = waiting::language(&mut section, spoken, faults);
        let fallback = section.required("fallback", FALLBACK, faults);
        let fallback = fallback.and_then(|item| self::fallback(&item, sip, &mut wanted, faults));
        let mode = redirect::mode(&mut section, faults);
        let refer = section.flag("refer", false, faults);
        let asks = asks_for_codes(&mut section, fallback.as_ref(), &mode, faults);
        let over_tls = over_tls(sip, flow, fallback.as_ref(), &gateways);
        let mut terms = terms::read(&mut section, region, over_tls, faults);
        let at = gateways.first().and_then(|gateway| host_address(&gateway.uri));
        terms.sound.family = at.map(Family::of).or(sip.family(flow));
        section.finish(faults);
        if let (Some(name), Some(fallback)) = (name, fallback) {
            let trunk = TrunkId::new(name.value);
            part.peers.push(TrunkPeer {
                trunk: trunk.clone(),
                networks,
                tls_name,
                trusted,
                claims,
                keep_alive,
                gateways,
                login,
                account,
                enrol,
                reliable,
                session_times: Some(session_times).filter(|times| *times != sip.session_times),
                copied: terms.headers.incoming.copied.clone(),
            });
            let plan = TrunkPlan {
                trunk: trunk.clone(),
                region,
                flow,
                fallback,
                trusted,
                mode,
                refer,
                terms,
                reliable,
                keys_in_info,
                language,
            };
            part.asking.extend(asks.map(|place| (trunk.clone(), place)));
            part.plans.insert(trunk, Arc::new(plan));
        }
    }
    check_wanted(&part, &wanted, faults);
    part
}

fn name_none(top: &Section<'_>, faults: &mut Faults<'_>) {
    let what = "there is no trunk, so that no call can come";
    faults.add(&top.place.key("trunks", 0), what, "add [[trunks]] with name, networks and fallback");
}

/// A caller is answered before they can enter a code: whatever follows must be able to have them then.
fn asks_for_codes(
    section: &mut Section<'_>,
    fallback: Option<&Fallback>,
    mode: &Mode,
    faults: &mut Faults<'_>,
) -> Option<Place> {
    let place = section.item("pin")?.place;
    if !section.flag("pin", false, faults) {
        return None;
    }
    if *mode != Mode::Path {
        let what = "is asked for by voice, and this trunk's sound does not come here";
        faults.add(&place, what, "write mode = \"path\", or leave pin out");
    }
    if let Some(Fallback::Status { .. }) = fallback {
        let remedy = "give the trunk a fallback that takes a caller who was answered: { sip = \"sip:...\" }";
        faults.add(&place, "answers callers whom the fallback then refuses", remedy);
    }
    Some(place)
}

/// Whether keys in descriptions are safe from this trunk, and on their way to it.
fn over_tls(sip: &SipPart, flow: FlowId, fallback: Option<&Fallback>, gateways: &[Gateway]) -> OverTls {
    let is_tls = |uri: &str| {
        let uri = uri.replace(SAME_NUMBER, "0");
        let said = Uri::read(uri.as_bytes()).and_then(|uri| uri.transport());
        said.or(sip.transport(flow)) == Some(Transport::Tls)
    };
    let fallback = match fallback {
        Some(Fallback::Sip { uri, .. }) => is_tls(uri),
        Some(Fallback::Trunk { .. } | Fallback::Redirect { .. } | Fallback::Status { .. }) | None => true,
    };
    let to_it = fallback && gateways.iter().all(|gateway| is_tls(&gateway.uri));
    OverTls { to_us: sip.tls.is_some() || sip.flows.is_empty(), to_it }
}

fn networks(
    section: &mut Section<'_>,
    taken: &mut Vec<(Network, String)>,
    name: Option<&Text<'_>>,
    has_other_proof: bool,
    faults: &mut Faults<'_>,
) -> Vec<Network> {
    let remedy = "write where its packets come from, like networks = [\"192.0.2.0/24\"], or auth = { user, password }";
    let item = if has_other_proof { section.item("networks") } else { section.required("networks", remedy, faults) };
    let Some(item) = item else { return Vec::new() };
    let texts = item.texts(faults);
    if texts.is_empty() {
        faults.add(&item.place, "is empty", remedy);
    }
    let name = name.map_or("another trunk", |name| name.value);
    let mut networks = Vec::new();
    for text in texts {
        let Some(network) = network(&text, faults) else { continue };
        if let Some((_, other)) = taken.iter().find(|(other, _)| overlap(*other, network)) {
            let what = format!("{:?} overlaps with a network of {other:?}", text.value);
            faults.add(&text.place, what, "a packet must belong to one trunk: make one of them narrower");
        }
        taken.push((network, name.to_owned()));
        networks.push(network);
    }
    networks
}

/// The name in its certificate, which no other trunk may have.
fn tls_name(section: &mut Section<'_>, sip: &SipPart, others: &[TrunkPeer], faults: &mut Faults<'_>) -> Option<String> {
    let text = section.text("tls_name", faults)?;
    let name = text.value.to_ascii_lowercase();
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b)) {
        let remedy = "write a name as it stands in its certificate, like \"sbc.example.com\"";
        faults.add(&text.place, format!("{:?} is no name of a certificate", text.value), remedy);
    } else if others.iter().any(|other| other.tls_name.as_ref() == Some(&name)) {
        faults.add(&text.place, format!("{name:?} is the name of another trunk"), "give each a certificate of its own");
    } else if sip.tls.as_ref().is_none_or(|tls| tls.client_ca.is_none()) {
        let remedy = "add [sip.tls] with client_ca, the authority of its certificate";
        faults.add(&text.place, "can never be proved", remedy);
    }
    Some(name)
}

fn network(text: &Text<'_>, faults: &mut Faults<'_>) -> Option<Network> {
    let (address, bits) = text.value.split_once('/').map_or((text.value, None), |(a, b)| (a, Some(b)));
    let address: Option<IpAddr> = address.parse().ok();
    let longest = address.map_or(0, |address| if address.is_ipv4() { 32 } else { 128 });
    let bits = bits.map_or(Some(longest), |bits| bits.parse().ok().filter(|bits| *bits <= longest));
    let network = address.zip(bits);
    if let Some(whole) = network.and_then(beginning) {
        let what = format!("{:?} is everybody in {whole}", text.value);
        faults.warn(&text.place, what, format!("write {whole:?} if that is meant, or the address alone"));
    }
    if network.is_none() {
        let remedy = "write an address, or an address and a prefix length, like \"192.0.2.0/24\"";
        faults.add(&text.place, format!("{:?} is no network", text.value), remedy);
    }
    network
}

/// As it begins, where it is written as one of its addresses: the rest is easily taken for that address alone.
fn beginning((address, bits): Network) -> Option<String> {
    let first = match address {
        IpAddr::V4(v4) => {
            IpAddr::from(v4 & Ipv4Addr::from_bits(u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0)))
        }
        IpAddr::V6(v6) => {
            IpAddr::from(v6 & Ipv6Addr::from_bits(u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0)))
        }
    };
    (first != address).then(|| format!("{first}/{bits}"))
}

fn overlap(one: Network, other: Network) -> bool {
    let shift = |longest: u32| longest - u32::from(one.1.min(other.1));
    match (one.0, other.0) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (a.to_bits() ^ b.to_bits()).checked_shr(shift(32)).unwrap_or(0) == 0,
        (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits() ^ b.to_bits()).checked_shr(shift(128)).unwrap_or(0) == 0,
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
    }
}

/// Provisional answers with PRACK where both sides can, unless told.
fn reliable(section: &mut Section<'_>, faults: &mut Faults<'_>) -> Reliable {
    let Some(text) = section.text("reliable", faults) else { return Reliable::default() };
    match text.value {
        "off" => Reliable::Off,
        "supported" => Reliable::Supported,
        "required" => Reliable::Required,
        other => {
            let remedy = "write \"off\", \"supported\" or \"required\"";
            faults.add(&text.place, format!("{other:?} says nothing about provisional answers"), remedy);
            Reliable::default()
        }
    }
}

const FALLBACK: &str =
    "say where its calls go when we have nothing to add, like fallback = { sip = \"sip:{dialled}@192.0.2.5\" }";

pub(super) fn fallback<'a>(
    item: &Item<'a>,
    sip_part: &SipPart,
    wanted: &mut Vec<Text<'a>>,
    faults: &mut Faults<'_>,
) -> Option<Fallback> {
    let mut section = item.section(faults)?;
    let via = section.text("via", faults).and_then(|text| socket(&text, faults));
    let sip = section.text("sip", faults);
    let redirect = section.text("redirect", faults);
    let trunk = section.text("trunk", faults);
    let user = trunk.as_ref().and_then(|_| section.text("user", faults));
    let status = section.item("status");
    let given = usize::from(sip.is_some()) + usize::from(redirect.is_some()) + usize::from(status.is_some());
    let given = given + usize::from(trunk.is_some());
    section.finish(faults);
    if given != 1 {
        faults.add(&item.place, "must have one of sip, trunk, redirect and status", FALLBACK);
        return None;
    }
    sip.iter().for_each(|text| sip_part.check_transport(text, faults));
    let through = sip.and_then(|text| sip_target(&text, faults));
    let through = through.map(|uri| Fallback::Sip { uri: uri.to_owned(), via });
    let redirect = redirect.and_then(|text| sip_uri(&text, faults));
    let redirect = redirect.map(|contact| Fallback::Redirect { contact: contact.to_owned() });
    let status = status.and_then(|item| item.number(400..=699, faults)).map(|code| Fallback::Status { code });
    let trunk = trunk.and_then(|name| through_gateways(name, user, wanted, faults));
    through.or(trunk).or(redirect).or(status)
}

/// The user part of a call to a trunk's gateways, when none is written.
const SAME_NUMBER: &str = "{dialled}";

fn through_gateways<'a>(
    trunk: Text<'a>,
    user: Option<Text<'a>>,
    wanted: &mut Vec<Text<'a>>,
    faults: &mut Faults<'_>,
) -> Option<Fallback> {
    let written = user.as_ref().map_or(SAME_NUMBER, |user| user.value);
    let example = format!("sip:{}@example.com", written.replace(SAME_NUMBER, "0"));
    let is_user = Uri::read(example.as_bytes()).is_some_and(|uri| uri.user.is_some());
    if let Some(user) = user.filter(|_| !is_user) {
        faults.add(
            &user.place,
            format!("{written:?} is no user part"),
            "write \"{dialled}\", or a number like \"9000\"",
        );
        return None;
    }
    let fallback = Fallback::Trunk { trunk: TrunkId::new(trunk.value), user: written.to_owned() };
    wanted.push(trunk);
    Some(fallback)
}

/// Every trunk that a fallback names must be there and have gateways.
pub(super) fn check_wanted(part: &TrunksPart<'_>, wanted: &[Text<'_>], faults: &mut Faults<'_>) {
    for name in wanted {
        let has_none = |peer: &TrunkPeer| peer.trunk.as_str() == name.value && peer.gateways.is_empty();
        if part.names.check("trunk", name, faults) && part.peers.iter().any(has_none) {
            let remedy = "add gateways = [{ uri = \"sip:gw1.example.com\" }] to it";
            faults.add(&name.place, format!("trunk {:?} has no gateways", name.value), remedy);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_overlap_when_one_holds_the_other() {
        let net = |address: &str, bits| (address.parse().expect("an address"), bits);
        for (one, other, expect) in [
            (net("192.0.2.0", 24), net("192.0.2.77", 32), true),
            (net("192.0.2.0", 25), net("192.0.2.128", 25), false),
            (net("0.0.0.0", 0), net("203.0.113.9", 32), true),
            (net("2001:db8::", 32), net("2001:db8:1::", 48), true),
            (net("::", 0), net("192.0.2.1", 32), false),
        ] {
            assert_eq!(overlap(one, other), expect, "{one:?} {other:?}");
            assert_eq!(overlap(other, one), expect);
        }
    }
}
