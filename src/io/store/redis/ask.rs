//! A request as the arguments of its script; the order is the one that each script's first line names.

use serde::Serialize;
use serde_json::Value;

use crate::base::hex::to_hex;
use crate::base::{AgentId, E164, IntentId, PoolId, Wall};
use crate::intents::{Idempotency, Intent, LeasePlan, Miss, Patch, StoreError, StoreRequest};
use crate::io::records::{CallbackRecord, IntentRecord, PatchRecord, millis};

/// Fields of the record that the scripts keep as plain text of their own, since they change them.
const SCRIPTS_OWN: [&str; 5] = ["created", "expires", "number", "state", "version"];

pub fn arguments(request: &StoreRequest, intents_max: usize, seeded_again: bool) -> Result<Vec<String>, StoreError> {
    Ok(match request {
        StoreRequest::Seed { pool, numbers, now } => seed(pool, numbers, Wall(0), *now),
        StoreRequest::Register { intent, lease, idempotency, now } => {
            register(intent, lease.as_ref(), idempotency.as_ref(), intents_max, seeded_again, *now)?
        }
        StoreRequest::Get { intent, now } | StoreRequest::Withdraw { intent, now } => {
            vec![date(*now), intent.to_string()]
        }
        StoreRequest::Amend { intent, patch, now } => amend(*intent, patch, *now)?,
        StoreRequest::Find { dialled, caller, token, claim, now } => {
            vec![
                date(*now),
                or_empty(dialled.as_ref()),
                or_empty(caller.as_ref()),
                token.map(|id| id.to_string()).unwrap_or_default(),
                claim.map(|plan| plan.call.to_string()).unwrap_or_default(),
                claim.map(|plan| date(plan.until)).unwrap_or_default(),
            ]
        }
        StoreRequest::Claim { intent, call, until, now } => {
            vec![date(*now), intent.to_string(), call.to_string(), date(*until)]
        }
        StoreRequest::Finish { intent, call, agent, used, missed, now } => {
            let agent = agent.as_ref().map(AgentId::as_str).unwrap_or_default().to_owned();
            let missed = missed.map(Miss::as_str).unwrap_or_default().to_owned();
            vec![date(*now), intent.to_string(), call.to_string(), agent, flag(*used), missed]
        }
        StoreRequest::Promise { intent, callback, by, most, until, now } => {
            let record = CallbackRecord::from(&**callback);
            vec![
                date(*now),
                intent.to_string(),
                serde_json::to_string(&record).map_err(|_| StoreError::Corrupt)?,
                date(*until),
                most.per_number.to_string(),
                most.per_customer.to_string(),
                most.tries.to_string(),
                by.map(|call| call.to_string()).unwrap_or_default(),
            ]
        }
        StoreRequest::Recall { intent, call, dialled, until, now } => {
            vec![date(*now), intent.to_string(), call.to_string(), date(*until), dialled.to_string()]
        }
        StoreRequest::Unrecall { intent, call, dialled, tried, now } => {
            let tried = tried.map(date).unwrap_or_default();
            vec![date(*now), intent.to_string(), call.to_string(), tried, dialled.to_string()]
        }
        StoreRequest::Unpromise { intent, call, end, now } => {
            let call = call.map(|call| call.to_string()).unwrap_or_default();
            vec![date(*now), intent.to_string(), call, end.state().as_str().to_owned()]
        }
        StoreRequest::Promises { now } | StoreRequest::Ping { now } => vec![date(*now)],
        StoreRequest::TryPin { number, pin, tried, guard, claim, now } => vec![
            date(*now),
            number.as_str().to_owned(),
            pin.expose(),
            tried.call.to_string(),
            tried.nth.to_string(),
            date(claim.until),
            guard.wrong_max.to_string(),
            millis(guard.within).to_string(),
            millis(guard.barred_for).to_string(),
        ],
    })
}

/// `free_from`: the date that new numbers get.
pub fn seed(pool: &PoolId, numbers: &[E164], free_from: Wall, now: Wall) -> Vec<String> {
    let head = [date(now), pool.as_str().to_owned(), date(free_from)];
    head.into_iter().chain(numbers.iter().map(|number| number.as_str().to_owned())).collect()
}

fn register(
    intent: &Intent,
    lease: Option<&LeasePlan>,
    idempotency: Option<&Idempotency>,
    intents_max: usize,
    seeded_again: bool,
    now: Wall,
) -> Result<Vec<String>, StoreError> {
    let mut arguments = vec![
        date(now),
        intent.id.to_string(),
        date(intent.created),
        date(intent.expires),
        intents_max.to_string(),
        idempotency.map(|asked| to_hex(&asked.key)).unwrap_or_default(),
        idempotency.map(|asked| to_hex(&asked.body)).unwrap_or_default(),
        idempotency.map(|asked| date(now + asked.ttl)).unwrap_or_default(),
        lease.map(|plan| plan.pool.as_str().to_owned()).unwrap_or_default(),
        lease.map(|plan| millis(plan.quarantine).to_string()).unwrap_or_default(),
        or_empty(lease.and_then(|plan| plan.shared.as_ref())),
        flag(seeded_again),
        intent.customer.id.clone(),
        intent.customer.phones.iter().map(E164::as_str).collect::<Vec<_>>().join(" "),
        lease.map(|plan| plan.pins.iter().map(|pin| pin.expose()).collect::<Vec<_>>().join(" ")).unwrap_or_default(),
    ];
    push_fields(&mut arguments, &IntentRecord::from(intent), &SCRIPTS_OWN)?;
    Ok(arguments)
}

fn amend(id: IntentId, patch: &Patch, now: Wall) -> Result<Vec<String>, StoreError> {
    let ttl = patch.ttl.map(|ttl| millis(ttl).to_string()).unwrap_or_default();
    let [shortest, longest] = [patch.lives.shortest, patch.lives.longest].map(|life| millis(life).to_string());
    let mut arguments = vec![date(now), id.to_string(), ttl, shortest, longest];
    push_fields(&mut arguments, &PatchRecord::from(patch), &["ttl_ms", "lives_ms"])?;
    Ok(arguments)
}

/// Each field of the record with its content as JSON, but for those named.
fn push_fields(arguments: &mut Vec<String>, record: &impl Serialize, except: &[&str]) -> Result<(), StoreError> {
    let Ok(Value::Object(fields)) = serde_json::to_value(record) else { return Err(StoreError::Corrupt) };
    for (name, value) in fields.into_iter().filter(|(name, _)| !except.contains(&name.as_str())) {
        arguments.push(name);
        arguments.push(value.to_string());
    }
    Ok(())
}

/// Scripts count in doubles, which are exact up to here; no real date is later.
const LATEST_MS: u64 = 1 << 52;

fn date(wall: Wall) -> String {
    wall.0.min(LATEST_MS).to_string()
}

fn flag(set: bool) -> String {
    if set { "1" } else { "0" }.to_owned()
}

fn or_empty(number: Option<&E164>) -> String {
    number.map(E164::as_str).unwrap_or_default().to_owned()
}
