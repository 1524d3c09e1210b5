//! Short words for requests, and replies as short texts.

use std::collections::BTreeMap;
use std::time::Duration;

use throughline::base::{AgentId, CallId, E164, IntentId, Level, Pii, PoolId, QueueId, Wall};
use throughline::intents::{
    Callback, CallbackEnd, CallbackLimits, CallbackState, ClaimPlan, Customer, Idempotency, Intent, IntentState,
    LeasePlan, Miss, Past, Patch, Pin, PinGuard, Reason, StoreReply, StoreRequest, Try, Urgency,
};

/// The time that all cases begin at.
pub const START: Wall = Wall(1_800_000_000_000);
pub const TTL_S: u64 = 900;
pub const QUARANTINE_S: u64 = 300;
/// More than any case needs, but for those about the limit.
pub const INTENTS_MAX: usize = 40;

pub fn at(seconds: u64) -> Wall {
    START + Duration::from_secs(seconds)
}

/// A number of the pool.
pub fn number(nth: u64) -> E164 {
    phone(format!("+1201555{:04}", 100 + nth))
}

/// The number for everybody.
pub fn shared() -> E164 {
    number(99)
}

pub fn caller(nth: u64) -> E164 {
    phone(format!("+4416329600{nth:02}"))
}

fn phone(text: String) -> E164 {
    E164::parse(&text, None).expect("E.164")
}

pub fn pool() -> PoolId {
    PoolId::new("main")
}

pub fn seed(count: u64, now: Wall) -> StoreRequest {
    StoreRequest::Seed { pool: pool(), numbers: (0..count).map(number).collect(), now }
}

pub fn plan() -> Option<LeasePlan> {
    Some(LeasePlan {
        pool: pool(),
        quarantine: Duration::from_secs(QUARANTINE_S),
        shared: Some(shared()),
        pins: Vec::new(),
    })
}

/// The intent `nth` of customer `customer`, who calls from `caller(customer)`.
pub fn intent(nth: u64, customer: u64, ttl_s: u64, now: Wall) -> Intent {
    Intent {
        id: IntentId(u128::from(nth)),
        customer: Customer {
            id: format!("c-{customer}"),
            name: Pii::new("Ann \"Example\" Ünal".into()),
            email: Pii::new("ann@example.com".into()),
            phones: vec![caller(customer)],
            tier: None,
            past: Past { open_cases: Some(2), last_contact: Some(Wall(1_700_000_000_000)) },
        },
        subject: None,
        reason: Reason { category: "delivery".into(), sub_category: None },
        articles: Vec::new(),
        words: Pii::new(String::new()),
        language: "en-GB".into(),
        urgency: Urgency::Normal,
        value: None,
        attributes: BTreeMap::new(),
        created: now,
        expires: now + Duration::from_secs(ttl_s),
        number: None,
        state: IntentState::Open,
        preferred_agent: None,
        callback: None,
        recording_consent: false,
        version: 1,
    }
}

pub fn register(nth: u64, now: Wall) -> StoreRequest {
    StoreRequest::Register { intent: Box::new(intent(nth, nth, TTL_S, now)), lease: plan(), idempotency: None, now }
}

/// Beside the shared number goes the first of these codes that is free.
pub fn register_with_pins(nth: u64, pins: &[&str], ttl_s: u64, now: Wall) -> StoreRequest {
    let lease = plan().map(|plan| LeasePlan { pins: pins.iter().map(|pin| code(pin)).collect(), ..plan });
    StoreRequest::Register { intent: Box::new(intent(nth, nth, ttl_s, now)), lease, idempotency: None, now }
}

pub fn code(text: &str) -> Pin {
    Pin::parse(text).expect("a code")
}

/// Try `nth` of a call that dialled this number; three wrong codes in ten minutes bar it for five.
pub fn try_pin(number: E164, pin: &str, call: u64, nth: u8, now: Wall) -> StoreRequest {
    StoreRequest::TryPin {
        number,
        pin: code(pin),
        tried: Try { call: CallId(call), nth },
        guard: PinGuard { wrong_max: 3, within: Duration::from_secs(600), barred_for: Duration::from_secs(300) },
        claim: ClaimPlan { call: CallId(call), until: now + Duration::from_secs(60) },
        now,
    }
}

pub fn register_for(nth: u64, customer: u64, ttl_s: u64, now: Wall) -> StoreRequest {
    let intent = Box::new(intent(nth, customer, ttl_s, now));
    StoreRequest::Register { intent, lease: plan(), idempotency: None, now }
}

pub fn register_with_key(nth: u64, key: u8, body: u8, now: Wall) -> StoreRequest {
    let idempotency = Some(Idempotency { key: [key; 32], body: [body; 32], ttl: Duration::from_secs(3600) });
    StoreRequest::Register { intent: Box::new(intent(nth, nth, TTL_S, now)), lease: plan(), idempotency, now }
}

pub fn get(nth: u64, now: Wall) -> StoreRequest {
    StoreRequest::Get { intent: IntentId(u128::from(nth)), now }
}

pub fn amend(nth: u64, patch: Patch, now: Wall) -> StoreRequest {
    StoreRequest::Amend { intent: IntentId(u128::from(nth)), patch: Box::new(patch), now }
}

pub fn ttl(seconds: u64) -> Patch {
    Patch { ttl: Some(Duration::from_secs(seconds)), ..Patch::default() }
}

pub fn withdraw(nth: u64, now: Wall) -> StoreRequest {
    StoreRequest::Withdraw { intent: IntentId(u128::from(nth)), now }
}

pub fn find(dialled: Option<E164>, caller: Option<E164>, token: Option<u64>, now: Wall) -> StoreRequest {
    StoreRequest::Find { dialled, caller, token: token.map(|nth| IntentId(u128::from(nth))), claim: None, now }
}

/// The same for a call that takes what it finds.
pub fn find_for(request: StoreRequest, call: u64, until: Wall) -> StoreRequest {
    let StoreRequest::Find { dialled, caller, token, now, .. } = request else { panic!("it finds") };
    StoreRequest::Find { dialled, caller, token, claim: Some(ClaimPlan { call: CallId(call), until }), now }
}

pub fn dialled(nth: u64, now: Wall) -> StoreRequest {
    find(Some(number(nth)), None, None, now)
}

pub fn called_from(nth: u64, now: Wall) -> StoreRequest {
    find(None, Some(caller(nth)), None, now)
}

pub fn claim(nth: u64, call: u64, until: Wall, now: Wall) -> StoreRequest {
    StoreRequest::Claim { intent: IntentId(u128::from(nth)), call: CallId(call), until, now }
}

/// The call is over; `agent` answered it, or nobody.
pub fn finish(nth: u64, call: u64, agent: Option<&str>, now: Wall) -> StoreRequest {
    let used = agent.is_some();
    let agent = agent.map(AgentId::new);
    StoreRequest::Finish { intent: IntentId(u128::from(nth)), call: CallId(call), agent, used, missed: None, now }
}

/// The call has called the customer back, and has not reached them.
pub fn missed(nth: u64, call: u64, miss: Miss, now: Wall) -> StoreRequest {
    let missed = Some(miss);
    let (intent, call) = (IntentId(u128::from(nth)), CallId(call));
    StoreRequest::Finish { intent, call, agent: None, used: false, missed, now }
}

/// `registered 1 n0`, `found 1:n 2:c(ann) 3:c@5` (call 5 has it), `taken 7`; numbers of the pool as `n0`, the shared one as `shared`.
pub fn show(reply: &StoreReply) -> String {
    match reply {
        StoreReply::Seeded { numbers } => format!("seeded {numbers}"),
        StoreReply::Registered(intent) => format!("registered {}", show_intent(intent)),
        StoreReply::Replayed(intent) => format!("replayed {}", show_intent(intent)),
        StoreReply::KeyReused => "key reused".into(),
        StoreReply::Full => "full".into(),
        StoreReply::Got(intent) => format!("got {} {}", show_intent(intent), show_state(intent.state)),
        StoreReply::Amended(intent) => format!("amended {} v{}", show_intent(intent), intent.version),
        StoreReply::Withdrawn => "withdrawn".into(),
        StoreReply::Claimed(intent) => format!("claimed {}", show_intent(intent)),
        StoreReply::Taken { by } => format!("taken {}", by.0),
        StoreReply::Promised(intent) => format!("promised {} {}", show_intent(intent), show_callback(intent)),
        StoreReply::TooMany => "too many".into(),
        StoreReply::Promises(intents) => {
            let each = intents.iter().map(|intent| format!(" {}:{}", intent.id.0, show_callback(intent)));
            format!("promises{}", each.collect::<String>())
        }
        StoreReply::Finished => "finished".into(),
        StoreReply::Barred { until } => format!("barred {}", until.since(START).as_secs()),
        StoreReply::Gone => "gone".into(),
        StoreReply::Pong => "pong".into(),
        StoreReply::Found { candidates } => {
            let each = candidates.iter().map(|candidate| {
                let by = candidate.found_by;
                let letters = [(by.token, "t"), (by.leased_number, "n"), (by.caller_id, "c"), (by.pin, "p")];
                let letters: String = letters.into_iter().filter(|(set, _)| *set).map(|(_, letter)| letter).collect();
                let agent = candidate.last_agent.as_ref().map(|agent| format!("({agent})")).unwrap_or_default();
                let holder = match candidate.intent.state {
                    IntentState::Claimed { call, .. } => format!("@{}", call.0),
                    IntentState::Open | IntentState::Used | IntentState::Withdrawn => String::new(),
                };
                format!(" {}:{letters}{agent}{holder}", candidate.intent.id.0)
            });
            format!("found{}", each.collect::<String>())
        }
    }
}

fn show_intent(intent: &Intent) -> String {
    let number = match &intent.number {
        None => "-".to_owned(),
        Some(leased) if leased.shared => {
            leased.pin.map_or("shared".to_owned(), |pin| format!("shared {}", pin.expose()))
        }
        Some(leased) => format!("n{}", leased.number.as_str()[10..].trim_start_matches('0').parse().unwrap_or(0)),
    };
    format!("{} {number}", intent.id.0)
}

fn show_state(state: IntentState) -> String {
    match state {
        IntentState::Open => "open".into(),
        IntentState::Claimed { call, .. } => format!("claimed {}", call.0),
        IntentState::Used => "used".into(),
        IntentState::Withdrawn => "withdrawn".into(),
    }
}

/// A callback to `caller(to)`, in the place of `since`.
pub fn promise(nth: u64, to: u64, since: Wall, until: Wall, now: Wall) -> StoreRequest {
    promise_by(None, nth, to, since, until, now)
}

/// The same, wanted in this call of the customer.
pub fn promise_by(by: Option<u64>, nth: u64, to: u64, since: Wall, until: Wall, now: Wall) -> StoreRequest {
    let callback = Callback {
        number: caller(to),
        zone: Some("Europe/Berlin".into()),
        not_before: None,
        promised: START,
        since,
        level: Level::Strong,
        queue: QueueId::new("help"),
        priority: -1,
        rule: Some("gold".to_owned()),
        tries: 0,
        tried: None,
        missed: Miss::default(),
        state: CallbackState::Waiting,
    };
    let most = CallbackLimits { per_number: 2, per_customer: 3, tries: 2 };
    let (intent, callback, by) = (IntentId(u128::from(nth)), Box::new(callback), by.map(CallId));
    StoreRequest::Promise { intent, callback, by, most, until, now }
}

pub fn recall(nth: u64, call: u64, until: Wall, now: Wall) -> StoreRequest {
    recall_after(0, nth, call, until, now)
}

/// `dialled`: how often the number was before, as the call knows.
pub fn recall_after(dialled: u8, nth: u64, call: u64, until: Wall, now: Wall) -> StoreRequest {
    StoreRequest::Recall { intent: IntentId(u128::from(nth)), call: CallId(call), dialled, until, now }
}

/// The call has not dialled; the number was dialled so often before, at `tried` the last time.
pub fn unrecall(nth: u64, call: u64, (dialled, tried): (u8, Option<Wall>), now: Wall) -> StoreRequest {
    StoreRequest::Unrecall { intent: IntentId(u128::from(nth)), call: CallId(call), dialled, tried, now }
}

pub fn unpromise(nth: u64, call: Option<u64>, end: CallbackEnd, now: Wall) -> StoreRequest {
    StoreRequest::Unpromise { intent: IntentId(u128::from(nth)), call: call.map(CallId), end, now }
}

/// `waiting since 5 x1`: the place in seconds, and the tries.
fn show_callback(intent: &Intent) -> String {
    let Some(callback) = &intent.callback else { return "-".to_owned() };
    let since = callback.since.since(START).as_secs();
    let missed = match callback.missed {
        Miss::Busy => " busy",
        Miss::NotReached => " not reached",
        Miss::Otherwise => "",
    };
    format!("{} since {since} x{}{missed}", callback.state.as_str(), callback.tries)
}
