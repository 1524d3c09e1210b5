//! The whole file: either a plan, or every fault at once.

use std::time::Duration;

use toml::de::DeTable;

use crate::calls::settings::CallSettings;
use crate::desktop;
use crate::engine::Settings;
use crate::intents::matching::Priors;
use crate::sip::api::EndpointSetup;

use super::fault::{Fault, Faults, Place};
use super::plan::{Plan, Shell};
use super::tree::Section;
use super::{access, agents, media, numbers, routing, shell, sip, trunks};

/// RFC 3261 table 4.
const T1: Duration = Duration::from_millis(500);
const T2: Duration = Duration::from_secs(4);
const T4: Duration = Duration::from_secs(5);

/// Reads the text of a configuration file. On failure every fault, in the order of the file.
pub fn read(text: &str) -> Result<Plan, Vec<Fault>> {
    let mut faults = Faults::of(text);
    let (tree, syntax) = DeTable::parse_recoverable(text);
    for error in &syntax {
        let place = Place { offset: error.span().map_or(0, |span| span.start), key: String::new() };
        faults.add(&place, format!("not TOML: {}", error.message().trim()), "mend the line; see https://toml.io");
    }
    // Of a tree with holes much would be said that is not so.
    if !syntax.is_empty() {
        return Err(faults.into_sorted());
    }
    let plan = plan(Section::top(tree.get_ref()), &mut faults);
    match plan {
        Some(plan) if faults.is_empty() => Ok(plan),
        Some(_) | None => Err(faults.into_sorted()),
    }
}

fn plan(mut top: Section<'_>, faults: &mut Faults<'_>) -> Option<Plan> {
    let top = &mut top;
    let sip = sip::read(top, faults);
    let trunks = trunks::read(top, &sip, faults);
    let pools = numbers::read(top, faults);
    let mut routing = routing::read(top, faults);
    let agents = agents::read(top, &sip, &routing, faults);
    agents::check_queues(&routing, &agents.agents, faults);
    routing.setup.agents = agents.agents;
    let known =
        access::Known { queues: &routing.queues, trunks: &trunks.names, default_queue: routing.default_queue.as_ref() };
    let policy = access::read(top, &known, faults);
    let media = media::read(top, &sip, faults);
    let token_keys = shell::token_keys(top, faults);
    let deadlines = shell::deadlines(top, faults);
    let intents = shell::intents(top, &pools.names, faults);
    let (http, store, api_keys) = (shell::http(top, faults), shell::store(top, faults), shell::api_keys(top, faults));
    let log = shell::log(top, faults);
    std::mem::replace(top, Section::empty()).finish(faults);
    let calls = CallSettings {
        trunks: trunks.plans,
        phones: agents.phones,
        policy: policy?,
        default_queue: routing.default_queue,
        priors: Priors::default(),
        token_keys: token_keys?,
        deadlines,
        media: media.plan,
    };
    let endpoint = EndpointSetup {
        flows: sip.flows,
        realm: sip.realm,
        trunks: trunks.peers,
        phones: agents.accounts,
        registration_min: sip.registration_min,
        registration_max: sip.registration_max,
        t1: T1,
        t2: T2,
        t4: T4,
    };
    let desks = desktop::Setup::new(agents.desks);
    let settings = Settings { endpoint, calls, routing: routing.setup, desks, pools: pools.plans };
    let shell = Shell {
        sip: sip.bind,
        http,
        media: media.shell,
        store,
        api_keys,
        intents,
        journal: log.journal,
        interval_log: log.interval_log,
        log: log.plan,
    };
    Some(Plan { settings, shell })
}
