//! `[[agents]]`: who takes calls, with what skills, at which desk and on which phone.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use crate::base::hex::to_hex;
use crate::base::limits::AGENTS_MAX;
use crate::base::{AgentId, QueueId};
use crate::calls::settings::PhonePlan;
use crate::calls::terms::SoundTerms;
use crate::desktop;
use crate::routing::AgentSetup;
use crate::sip::api::{FixedPhone, PhoneAccount, Target};
use crate::sip::auth::Algorithm;
use crate::sip::wire::{Host, Uri};

use super::fault::Faults;
use super::memberships;
use super::redirect;
use super::routing::{RoutingPart, levels};
use super::sip::SipPart;
use super::sound_terms;
use super::tree::{Section, Text};
use super::values::{Names, from_hex, sha256, sip_target, socket};

/// The agents as the endpoint, the calls, the router and the desks know them.
#[derive(Default)]
pub(super) struct AgentsPart {
    pub accounts: Vec<PhoneAccount>,
    pub phones: BTreeMap<AgentId, PhonePlan>,
    pub agents: Vec<AgentSetup>,
    pub desks: Vec<desktop::Account>,
    /// Whose calls they may hear.
    pub supervises: BTreeMap<AgentId, BTreeSet<QueueId>>,
}

const PHONE: &str = "write phone = { contact = \"sip:ann@192.0.2.21\" }, phone = { user = \"ann\", password = \"...\" }, or phone = { browser = true }";
const TOKEN: &str = "choose a long random token and write its hash: printf %s TOKEN | sha256sum";

pub(super) fn read(
    top: &mut Section<'_>,
    sip: &SipPart,
    routing: &RoutingPart<'_>,
    redirects: bool,
    faults: &mut Faults<'_>,
) -> AgentsPart {
    let mut part = AgentsPart::default();
    let (mut names, mut users, mut tokens) = (Names::default(), Names::default(), BTreeMap::new());
    for mut section in top.sections("agents", faults) {
        let name = names.take(&mut section, "name", faults);
        let skills = levels(&mut section, "skills", &routing.skills, faults);
        let queues = memberships::read(&mut section, routing, faults);
        let token = token(&mut section, &mut tokens, faults);
        let extension = section.text("extension", faults);
        let supervises = section.texts("supervises", faults);
        let supervises = supervises.iter().filter(|queue| routing.queues.check("queue", queue, faults));
        let supervises: BTreeSet<QueueId> = supervises.map(|queue| QueueId::new(queue.value)).collect();
        let agent = AgentId::new(name.as_ref().map_or("", |name| name.value));
        let phone = phone(&mut section, (&agent, name.as_ref()), sip, &mut users, faults);
        let phone = phone.map(|(plan, account)| (with_extension(plan, extension.as_ref(), faults), account));
        if let Some((plan, _)) = phone.as_ref().filter(|_| redirects) {
            require_extension(plan, &section, faults);
        }
        section.finish(faults);
        if let (Some(_), Some(token), Some((plan, account))) = (name, token, phone) {
            part.accounts.extend(account);
            part.phones.insert(agent.clone(), plan);
            part.desks.push(desk(&agent, token, &skills, &supervises));
            if !supervises.is_empty() {
                part.supervises.insert(agent.clone(), supervises);
            }
            part.agents.push(AgentSetup { id: agent, skills, queues });
        }
    }
    if part.agents.len() > AGENTS_MAX {
        faults.add(&top.place.key("agents", 0), "are too many", format!("at most {AGENTS_MAX} can be served"));
    }
    part
}

/// The extension that is written, or else the address of a phone that has a fixed one.
fn with_extension(plan: PhonePlan, written: Option<&Text<'_>>, faults: &mut Faults<'_>) -> PhonePlan {
    let written = written.and_then(|text| redirect::extension(text, faults));
    let fixed = match &plan.target {
        Target::Uri { uri, .. } if !uri.contains('?') => Some(uri.clone()),
        Target::Uri { .. } | Target::Trunk { .. } | Target::Registered(_) => None,
    };
    PhonePlan { extension: written.or(fixed), ..plan }
}

/// `redirects`: a trunk is answered with 302 to the extension.
fn require_extension(plan: &PhonePlan, section: &Section<'_>, faults: &mut Faults<'_>) {
    if plan.extension.is_none() {
        let remedy =
            "write extension = \"sip:204@pbx.example.com\", where the PBX of the redirected trunk reaches the agent";
        faults.add(&section.place, "has no extension, and a trunk is redirected", remedy);
    }
}

fn desk(
    agent: &AgentId,
    token: [u8; 32],
    skills: &[(crate::base::SkillId, u8)],
    supervises: &BTreeSet<QueueId>,
) -> desktop::Account {
    let skills = skills.iter().map(|(skill, level)| desktop::SkillLevel { skill: skill.clone(), level: *level });
    desktop::Account {
        agent: agent.clone(),
        token: desktop::TokenHash(token),
        skills: skills.collect(),
        supervises: supervises.iter().cloned().collect(),
    }
}

/// Each agent's own: the token is what tells them apart at the desk.
fn token(section: &mut Section<'_>, tokens: &mut BTreeMap<[u8; 32], ()>, faults: &mut Faults<'_>) -> Option<[u8; 32]> {
    let text = section.required("token_sha256", TOKEN, faults)?.text(faults)?;
    let token = sha256(&text, TOKEN, faults)?;
    if tokens.insert(token, ()).is_some() {
        faults.add(&text.place, "is the token of another agent", "give each agent a token of their own");
    }
    Some(token)
}

fn phone<'a>(
    agent_section: &mut Section<'a>,
    (agent, name): (&AgentId, Option<&Text<'a>>),
    sip: &SipPart,
    users: &mut Names<'a>,
    faults: &mut Faults<'_>,
) -> Option<(PhonePlan, Option<PhoneAccount>)> {
    let item = agent_section.required("phone", PHONE, faults)?;
    let mut section = item.section(faults)?;
    let flow = sip.flow(&mut section, faults);
    let via = section.text("via", faults).and_then(|text| socket(&text, faults));
    let contact = section.text("contact", faults);
    let sound = SoundTerms { family: sip.family(flow), ..sound_terms::read(&mut section, faults) };
    let in_browser = section.flag("browser", false, faults);
    let has_user = section.item("user").is_some();
    let account = if has_user { account(&mut section, agent, &sip.realm, users, faults) } else { None };
    for key in ["password", "ha1_md5", "ha1_sha256"] {
        section.item(key);
    }
    section.finish(faults);
    if in_browser && contact.is_none() && !has_user {
        let account = browser_account(agent, name?, users, faults)?;
        let target = Target::Registered(agent.clone());
        return Some((PhonePlan { target, flow, extension: None, sound }, Some(account)));
    }
    match (contact, has_user) {
        _ if in_browser => {
            faults.add(&item.place, "is in the browser, and has a contact or a user too", PHONE);
            None
        }
        (Some(contact), false) => {
            sip.check_transport(&contact, faults);
            let uri = sip_target(&contact, faults)?.to_owned();
            Some((PhonePlan { target: Target::Uri { uri, via }, flow, extension: None, sound }, None))
        }
        (None, true) => {
            let target = Target::Registered(agent.clone());
            account.map(|account| (PhonePlan { target, flow, extension: None, sound }, Some(account)))
        }
        (Some(_), true) | (None, false) => {
            faults.add(&item.place, "must have contact, user or browser, and one of them only", PHONE);
            None
        }
    }
}

/// The phones with a fixed address: what comes from there is their agent's. A host name says nothing about who asks.
pub(super) fn fixed(phones: &BTreeMap<AgentId, PhonePlan>) -> Vec<FixedPhone> {
    let fixed = |(agent, plan): (&AgentId, &PhonePlan)| {
        let Target::Uri { uri, via } = &plan.target else { return None };
        let read = Uri::read(uri.as_bytes())?;
        let own = match read.host? {
            Host::Address(ip) => Some(SocketAddr::new(ip, read.port.unwrap_or(5060))),
            Host::Name(_) => None,
        };
        Some(FixedPhone { agent: agent.clone(), user: read.user_text(), address: via.or(own)? })
    };
    phones.iter().filter_map(fixed).collect()
}

fn account<'a>(
    section: &mut Section<'a>,
    agent: &AgentId,
    realm: &str,
    users: &mut Names<'a>,
    faults: &mut Faults<'_>,
) -> Option<PhoneAccount> {
    let (user, ha1_md5, ha1_sha256) = user_and_hashes(section, realm, users, faults)?;
    Some(PhoneAccount { agent: agent.clone(), user, ha1_md5, ha1_sha256 })
}

/// The phone in the desk's page: the agent's name is its user, and the desk vouches for it instead of a password.
fn browser_account<'a>(
    agent: &AgentId,
    name: &Text<'a>,
    users: &mut Names<'a>,
    faults: &mut Faults<'_>,
) -> Option<PhoneAccount> {
    if !is_user(name.value) {
        let remedy =
            "write letters, digits, and - _ . + : with phone = { browser = true } the name is the phone's user";
        faults.add(&name.place, format!("{:?} is no user name", name.value), remedy);
        return None;
    }
    let user = name.value.to_owned();
    let account = PhoneAccount { agent: agent.clone(), user, ha1_md5: String::new(), ha1_sha256: String::new() };
    users.add(name, faults).then_some(account)
}

fn is_user(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.+".contains(&b))
}

/// A digest user of our realm, and H(user:realm:password) in MD5 and SHA-256.
pub(super) fn user_and_hashes<'a>(
    section: &mut Section<'a>,
    realm: &str,
    users: &mut Names<'a>,
    faults: &mut Faults<'_>,
) -> Option<(String, String, String)> {
    let user = users.take(section, "user", faults)?;
    if !is_user(user.value) {
        faults.add(&user.place, "is no user name", "write letters, digits, and - _ . +");
        return None;
    }
    let password = section.text("password", faults);
    let given = [section.text("ha1_md5", faults), section.text("ha1_sha256", faults)];
    let (ha1_md5, ha1_sha256) = match (password, given) {
        (Some(password), [None, None]) => hashes(user.value, realm, password.value),
        (None, [Some(md5), Some(sha)]) => (hash(&md5, 16, faults)?, hash(&sha, 32, faults)?),
        (Some(_), _) | (None, _) => {
            let remedy = "write password, or else both ha1_md5 and ha1_sha256 of user:realm:password";
            faults.add(&section.place, "says no password", remedy);
            return None;
        }
    };
    Some((user.value.to_owned(), ha1_md5, ha1_sha256))
}

/// H(user:realm:password) in both algorithms (RFC 8760); the password goes no further.
fn hashes(user: &str, realm: &str, password: &str) -> (String, String) {
    let secret = [user, realm, password];
    (Algorithm::Md5.hash(&secret), Algorithm::Sha256.hash(&secret))
}

fn hash(text: &Text<'_>, bytes: usize, faults: &mut Faults<'_>) -> Option<String> {
    let hash = from_hex(text.value).filter(|hash| hash.len() == bytes);
    if hash.is_none() {
        faults.add(&text.place, format!("is not {} hex digits", bytes * 2), "write H(user:realm:password) in hex");
    }
    hash.map(|hash| to_hex(&hash))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sip::api::FlowId;

    #[test]
    fn a_phone_is_known_by_an_address_and_not_by_a_name() {
        let at = |uri: &str, via: Option<&str>| {
            let via = via.and_then(|via| via.parse().ok());
            let target = Target::Uri { uri: uri.to_owned(), via };
            let plan = PhonePlan { target, flow: FlowId(0), extension: None, sound: SoundTerms::default() };
            let phones = fixed(&[(AgentId::new("ann"), plan)].into());
            phones.first().map(|phone| format!("{} {}", phone.user, phone.address))
        };
        assert_eq!(at("sip:204@192.0.2.21", None).as_deref(), Some("204 192.0.2.21:5060"));
        assert_eq!(at("sip:192.0.2.21:5070", None).as_deref(), Some(" 192.0.2.21:5070"));
        assert_eq!(at("sip:204@pbx.example.com", Some("192.0.2.9:5062")).as_deref(), Some("204 192.0.2.9:5062"));
        assert_eq!(at("sip:204@pbx.example.com", None), None);
    }
}
