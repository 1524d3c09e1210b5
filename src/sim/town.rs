//! The place: who has which address and name, and the configuration that the engine gets of it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use crate::base::phone::Region;
use crate::base::rng::Rng;
use crate::base::{AgentId, E164, PoolId, QueueId, TrunkId};
use crate::calls::browsing;
use crate::calls::dialling::{DialRule, DialRules};
use crate::calls::recording::{Notice, RecordingPlan};
use crate::calls::settings::{
    CallSettings, Deadlines, Fallback, MediaPlan, Messages, Mode, PhonePlan, PinPlan, PoolPlan, QueueSound, Spoken,
    TrunkPlan, WaitingSound, WebRtcPlan,
};
use crate::calls::supervising::SupervisionPlan;
use crate::desktop::{self, Account, TokenHash};
use crate::engine::Settings;
use crate::intents::matching::Priors;
use crate::intents::token::{TokenKey, TokenKeys};
use crate::intents::{Intent, PinGuard};
use crate::media::command::{ToneKind, WavId};
use crate::media::spoken::Language;
use crate::sdp::Fingerprint;
use crate::sip::api::{
    EndpointSetup, FixedPhone, FlowId, Gateway, LocalFlow, PhoneAccount, Reliable, SessionTimes, Target, Transport,
    TrunkPeer,
};

use super::dice;
use super::variant::Variant;

/// Domains that mean something to the rules.
pub(super) const REFUSED_DOMAIN: &str = "refused.example";
pub(super) const SELF_SERVICE_DOMAIN: &str = "self-service.example";
pub(super) const URGENT: &str = "outage";
pub(super) const PRIMARY_TRUNKS: u64 = 3;

pub(super) const HELP: &str = "help";
pub(super) const OUTAGE: &str = "outage";
/// The queues whose calls supervisors may hear.
const SUPERVISED: [&str; 2] = [HELP, OUTAGE];
/// Short, so that a wrong code is a right one at times.
pub(super) const PIN_DIGITS: u8 = 4;
pub(super) const PIN_TRIES: u8 = 3;
/// Whether they want to be called back.
pub(super) const INVITATION: WavId = WavId(60);
pub(super) const CALLBACK_KEY: char = '1';
/// That the call is recorded.
const NOTICE: WavId = WavId(61);
pub(super) const ANNOUNCEMENT: &str = "closed.wav";
/// Of registrations.
pub(super) const REALM: &str = "example.com";
/// The listener of the browsers' websockets.
pub(super) const WEB_FLOW: FlowId = FlowId(1);
/// Agents whom no queue calls, but colleagues, are numbered from here on.
const FIRST_EXPERT: u32 = 900;
const EXPERTS_MAX: u32 = 50;
const POOL: &str = "main";
const POOL_SIZE: u32 = 40;
const FIRST_PORT: u16 = 20_000;
const LAST_PORT: u16 = 20_799;

pub(super) fn engine_address() -> SocketAddr {
    address(1)
}

/// The carriers differ in where their calls fall back to: the IVR, a redirection, a refusal.
pub(super) fn carrier(nth: u64) -> SocketAddr {
    address(10 + u8::try_from(nth % PRIMARY_TRUNKS).unwrap_or(0))
}

pub(super) fn ivr() -> SocketAddr {
    address(20)
}

/// The phone of the `nth` agent.
pub(super) fn agent_phone(nth: u32) -> SocketAddr {
    let low = 5_100u16.saturating_add(u16::try_from(nth).unwrap_or(0));
    SocketAddr::from(([192, 0, 2, 100], low))
}

/// All agents: those who serve the queues, and some whom they can ask.
pub(super) fn staff(agents: u32, variant: Variant) -> Vec<u32> {
    let experts = (1 + agents / 6).min(EXPERTS_MAX);
    (0..variant.agents(agents)).chain(FIRST_EXPERT..FIRST_EXPERT + experts).collect()
}

pub(super) fn is_expert(nth: u32) -> bool {
    nth >= FIRST_EXPERT
}

/// Whom an agent of so many passes a call on to, or asks: mostly somebody who has time.
pub(super) fn draw_colleague(rng: &mut Rng, agents: u32) -> String {
    let staff = staff(agents, Variant::default());
    let (serving, experts) = staff.split_at(agents as usize);
    let one = |of: &[u32], rng: &mut Rng| dice::pick(rng, of).map_or_else(String::new, |nth| agent(nth).to_string());
    match rng.below(10) {
        0..=3 => one(experts, rng),
        4..=5 => one(serving, rng),
        6..=8 => format!("80{}", rng.below(10)),
        _ => "999".to_owned(),
    }
}

/// Where agents may call besides each other.
fn back_office() -> DialRule {
    let to = Some(format!("sip:{{dialled}}@{}", ivr()));
    DialRule { user: "8??".to_owned(), host: None, to, via: None, flow: FlowId(0) }
}

fn address(last: u8) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, last], 5060))
}

pub(super) fn agent(nth: u32) -> AgentId {
    AgentId::new(&format!("agent-{nth:03}"))
}

/// The agent whose phone has this address.
pub(super) fn agent_at(address: SocketAddr) -> Option<AgentId> {
    let first = agent_phone(0);
    let nth = address.port().checked_sub(first.port())?;
    (address.ip() == first.ip()).then(|| agent(nth.into()))
}

/// Where the rules lead the customer of this intent when they are called back: as sure as we are of who answers there.
pub(super) fn callback_queue(intent: &Intent) -> Option<(QueueId, i32)> {
    let domain = intent.customer.email.expose().rsplit('@').next()?.to_owned();
    match intent.reason.category.as_str() {
        _ if domain == REFUSED_DOMAIN || domain == SELF_SERVICE_DOMAIN => None,
        URGENT => Some((QueueId::new(OUTAGE), 50)),
        _ => Some((QueueId::new(HELP), 0)),
    }
}

pub(super) fn token(nth: u32) -> TokenHash {
    let mut hash = [0; 32];
    hash[..4].copy_from_slice(&nth.to_be_bytes());
    TokenHash(hash)
}

pub(super) fn pool() -> PoolPlan {
    PoolPlan {
        pool: PoolId::new(POOL),
        numbers: (0..POOL_SIZE).filter_map(|nth| number(0, nth)).collect(),
        shared: public_number(),
        quarantine: Duration::from_secs(30),
        promise: None,
    }
}

/// The number that is printed everywhere.
pub(super) fn public_number() -> Option<E164> {
    E164::parse("+12015550100", None).ok()
}

/// The `nth` number of a block: 0 the pool, 1 customers, 2 strangers. Fictitious: 555-01xx of several area codes.
pub(super) fn number(block: u32, nth: u32) -> Option<E164> {
    let area = 202 + block * 200 + nth / 99;
    E164::parse(&format!("+1{area}55501{:02}", 1 + nth % 99), None).ok()
}

pub(super) fn token_keys() -> Option<TokenKeys> {
    TokenKeys::new(&[TokenKey { id: 1, secret: b"the simulation's own".to_vec() }]).ok()
}

/// All that the engine is told; `None` if a constant of this file is wrong, which its test excludes.
pub(super) fn settings(agents: u32, variant: Variant) -> Option<Settings> {
    let there = staff(agents, variant);
    Some(Settings {
        endpoint: endpoint(&there, variant),
        calls: calls(&there, variant)?,
        routing: variant.routing(&there),
        desks: desktop::Setup::new(there.iter().copied().map(account).collect()),
        pools: vec![pool()],
    })
}

pub(super) fn trunk(nth: u64) -> TrunkId {
    TrunkId::new(&format!("carrier-{nth}"))
}

fn endpoint(agents: &[u32], variant: Variant) -> EndpointSetup {
    let gateway =
        |nth| Gateway { uri: format!("sip:{}", carrier(nth)), flow: FlowId(0), priority: 0, weight: 1, every: None };
    let peer = |nth: u64| TrunkPeer {
        trusted: nth == 0,
        gateways: vec![gateway(nth)],
        ..TrunkPeer::at(trunk(nth), vec![(carrier(nth).ip(), 32)])
    };
    EndpointSetup {
        flows: vec![
            LocalFlow { flow: FlowId(0), transport: Transport::Udp, advertised: engine_address() },
            LocalFlow { flow: WEB_FLOW, transport: Transport::Ws, advertised: engine_address() },
        ],
        tcp_above: 1300,
        realm: REALM.to_owned(),
        session_times: SessionTimes { expires: Duration::from_secs(90), min: Duration::from_secs(90) },
        digests: Vec::new(),
        trunks: (0..variant.trunks()).map(peer).collect(),
        phones: agents.iter().copied().filter(|nth| is_in_browser(*nth)).map(account_of_page).collect(),
        fixed_phones: agents.iter().copied().filter(|nth| !is_in_browser(*nth)).map(fixed_phone).collect(),
        registration_min: Duration::from_secs(60),
        registration_max: Duration::from_secs(3_600),
        return_within: Duration::from_secs(15),
        target_timeout: Duration::from_secs(2),
        t1: Duration::from_millis(500),
        t2: Duration::from_secs(4),
        t4: Duration::from_secs(5),
    }
}

fn calls(agents: &[u32], variant: Variant) -> Option<CallSettings> {
    let phone = |nth: u32| {
        let fixed = Target::Uri { uri: format!("sip:{}@{}", agent(nth), agent_phone(nth)), via: None };
        let (target, flow) =
            if is_in_browser(nth) { (Target::Registered(agent(nth)), WEB_FLOW) } else { (fixed, FlowId(0)) };
        (agent(nth), PhonePlan { target, flow, extension: None, sound: Default::default() })
    };
    let web = browsing::plan(Fallback::Status { code: 480 }, Default::default(), WEB_FLOW);
    let trunks = (0..variant.trunks()).map(trunk_plan).chain([web]);
    Some(CallSettings {
        dial: DialRules {
            rules: vec![back_office()],
            agents: agents.iter().map(|nth| (agent(*nth).to_string(), agent(*nth))).collect(),
        },
        trunks: trunks.map(|plan| (plan.trunk.clone(), Arc::new(plan))).collect::<BTreeMap<_, _>>(),
        phones: agents.iter().copied().map(phone).collect(),
        policy: variant.policy()?.into(),
        shadow: None,
        default_queue: Some(QueueId::new(HELP)),
        priors: Priors::default(),
        token_keys: token_keys()?,
        deadlines: Deadlines::default(),
        media: MediaPlan {
            advertised: IpAddr::from([192, 0, 2, 1]).into(),
            first_port: FIRST_PORT,
            last_port: LAST_PORT,
            waiting: WaitingSound::Tone,
            queues: [(QueueId::new(HELP), queue_sound())].into(),
            spoken: spoken(),
            announcements: [(Arc::from(ANNOUNCEMENT), WavId(1))].into(),
            ringback: ToneKind::RingbackUs,
            webrtc: WebRtcPlan { ports: vec![7000], fingerprint: Fingerprint([7; 32]) },
        },
        recording: Some(RecordingPlan {
            rules: ["known", "urgent"].map(str::to_owned).into(),
            notice: if variant.has_spoken_notice { Notice::Spoken(NOTICE) } else { Notice::OnPage },
            pause: Duration::from_secs(10),
        }),
        supervision: supervision(agents),
        pin: pin(),
        callback: super::promise::plan().filter(|_| !variant.is_without_callbacks).map(Arc::new),
    })
}

const PIN_TRUNKS: [u64; 2] = [0, 1];

pub(super) fn asks_for_codes(of: &TrunkId) -> bool {
    PIN_TRUNKS.iter().any(|nth| trunk(*nth) == *of)
}

/// Whoever dials the public number on a trunk that can have an answered caller is asked.
fn pin() -> Option<PinPlan> {
    Some(PinPlan {
        numbers: public_number().into_iter().collect(),
        trunks: PIN_TRUNKS.map(trunk).into(),
        digits: PIN_DIGITS,
        question: [WavId(0)].into(),
        again: [WavId(1)].into(),
        tries: PIN_TRIES,
        first_key: Duration::from_secs(5),
        next_key: Duration::from_secs(3),
        guard: PinGuard { wrong_max: 20, within: Duration::from_secs(60), barred_for: Duration::from_secs(30) },
    })
}

fn spoken() -> Spoken {
    let parts = |language: Language| (language, (2..).map(WavId).take(language.parts().count()).collect());
    Spoken { parts_by_language: Language::ALL.map(parts).into(), usual: Language::English }
}

/// Callers for help are told something every few seconds.
fn queue_sound() -> QueueSound {
    let messages = Messages {
        first_after: Duration::from_secs(2),
        every: Duration::from_secs(5),
        files: vec![WavId(0), WavId(1)],
        place: true,
        wait: true,
        language: None,
    };
    QueueSound { music: None, messages: Some(Arc::new(messages)) }
}

fn trunk_plan(nth: u64) -> TrunkPlan {
    let fallback = match nth {
        0 => Fallback::Sip { uri: format!("sip:{{dialled}}@{}", ivr()), via: None },
        1 => Fallback::Redirect { contact: format!("sip:{{dialled}}@{}", ivr()) },
        _ => Fallback::Status { code: 480 },
    };
    TrunkPlan {
        trunk: trunk(nth),
        region: Region::parse("US"),
        flow: FlowId(0),
        fallback,
        trusted: nth == 0,
        mode: Mode::Path,
        refer: false,
        terms: Default::default(),
        reliable: Reliable::Supported,
        keys_in_info: nth == 1,
        language: None,
    }
}

fn account(nth: u32) -> Account {
    let supervises = if is_supervisor(nth) { SUPERVISED.map(QueueId::new).into() } else { Vec::new() };
    Account { agent: agent(nth), token: token(nth), skills: Vec::new(), supervises }
}

/// Every third agent speaks in the desk's page, and has no other phone.
pub(super) fn is_in_browser(nth: u32) -> bool {
    nth % 3 == 1
}

fn account_of_page(nth: u32) -> PhoneAccount {
    PhoneAccount { agent: agent(nth), user: agent(nth).to_string(), ha1_md5: String::new(), ha1_sha256: String::new() }
}

/// They call from where they are called.
fn fixed_phone(nth: u32) -> FixedPhone {
    FixedPhone { agent: agent(nth), user: agent(nth).to_string(), address: agent_phone(nth) }
}

/// One in four of those who serve the queues.
pub(super) fn is_supervisor(nth: u32) -> bool {
    nth.is_multiple_of(4) && !is_expert(nth)
}

/// Caller and agent hear a tone when they are not alone.
fn supervision(agents: &[u32]) -> SupervisionPlan {
    let supervisors = agents.iter().copied().filter(|nth| is_supervisor(*nth)).map(agent);
    let queues: BTreeSet<QueueId> = SUPERVISED.map(QueueId::new).into();
    SupervisionPlan { queues_by_agent: supervisors.map(|agent| (agent, queues.clone())).collect(), tell: true }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_town_can_be_built() {
        for seed in 0..50 {
            let variant = Variant::draw(&mut crate::base::rng::Rng::from_number(seed));
            assert!(settings(5, variant).is_some(), "{variant:?}");
        }
        assert!(settings(5, Variant::default()).is_some());
        assert_eq!(pool().numbers.len(), POOL_SIZE as usize);
        assert!(number(1, 9_999).is_some() && number(2, 9_999).is_some() && public_number().is_some());
    }
}
