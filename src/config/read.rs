//! The whole file: either a plan, or every fault at once.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use toml::de::DeTable;

use crate::calls::settings::{CallSettings, Deadlines};
use crate::desktop::{self, BrowserPhones};
use crate::engine::{ConfigSource, FileRead, Settings};
use crate::intents::matching::Priors;
use crate::sip::api::{EndpointSetup, FixedPhone, PhoneAccount, TrunkPeer};

use super::fault::{Fault, Faults, Place};
use super::plan::{MediaShell, NotifyPlan, Plan, RecordingShell, Shell, WavAt};
use super::recording::RecordedRule;
use super::shell::Signing;
use super::tree::Section;
use super::values::Names;
use super::wavs::Wavs;
use super::{
    access, agents, announcements, callback, dial, media, memberships, numbers, pin, promise, prompts, recording,
    routing, shell, sip, trunks, unused, web,
};

/// What the parser says of a key that has been.
const TWICE: &str = "duplicate key";
/// RFC 3261 table 4.
const T1: Duration = Duration::from_millis(500);
const T2: Duration = Duration::from_secs(4);
const T4: Duration = Duration::from_secs(5);
/// A phone registers again before its registration ends, and keeps its connection by that.
const IDLE_BEYOND: Duration = Duration::from_secs(300);

/// How a file is read that the configuration names; relative names begin where its own file is.
pub type ReadFile<'f> = dyn FnMut(&str) -> FileRead + 'f;

/// Reads the text of a configuration file that names no others. On failure every fault, in the order of the file.
pub fn read(text: &str) -> Result<Plan, Vec<Fault>> {
    read_source(&ConfigSource::of_text(text), &[])
}

/// The same with the files as they were read before. `earlier`: the sounds of the configuration before, in a running process.
pub fn read_source(source: &ConfigSource, earlier: &[Vec<WavAt>]) -> Result<Plan, Vec<Fault>> {
    read_with(&source.text, &mut |name| source.file(name), earlier)
}

/// The same; each file is asked for once.
pub fn read_with(text: &str, files: &mut ReadFile<'_>, earlier: &[Vec<WavAt>]) -> Result<Plan, Vec<Fault>> {
    match read_whole(text, files, earlier) {
        (Some(plan), faults) if faults.is_empty() => Ok(plan),
        (_, faults) => Err(faults),
    }
}

/// The same, and beside faults what of a plan there is: the files that it names can be looked at all the same.
pub fn read_whole(text: &str, files: &mut ReadFile<'_>, earlier: &[Vec<WavAt>]) -> (Option<Plan>, Vec<Fault>) {
    let mut faults = Faults::of(text);
    let (tree, syntax) = DeTable::parse_recoverable(text);
    syntax.iter().for_each(|error| not_toml(text, error, &mut faults));
    // Of a tree with holes much would be said that is not so.
    if !syntax.is_empty() {
        return (None, faults.into_sorted());
    }
    let plan = plan(Section::top(tree.get_ref()), files, Wavs::after(earlier), &mut faults);
    let (faults, warnings) = faults.into_both();
    (plan.map(|plan| Plan { warnings, ..plan }), faults)
}

fn not_toml(text: &str, error: &toml::de::Error, faults: &mut Faults<'_>) {
    let span = error.span().unwrap_or(0..0);
    let place = Place { offset: span.start, key: String::new() };
    let message = error.message().trim();
    if message != TWICE {
        return faults.add(&place, format!("not TOML: {message}"), "mend the line; see https://toml.io");
    }
    let line = text.get(..span.start).and_then(|before| before.rsplit('\n').next()).unwrap_or_default();
    let remedy = if line.trim_start().starts_with('[') {
        "a section stands there once; of those that may be several each has double brackets, like [[queues]]"
    } else {
        "take one of the two out"
    };
    let key = text.get(span).unwrap_or_default();
    faults.add(&place, format!("not TOML: {key:?} is there already"), remedy);
}

/// The sections, read one after the other; what refers to another comes after it.
fn plan(mut top: Section<'_>, files: &mut ReadFile<'_>, mut wavs: Wavs, faults: &mut Faults<'_>) -> Option<Plan> {
    let sip = sip::read(&mut top, faults);
    let spoken = prompts::read(&mut top, &mut wavs, faults);
    let mut trunks = trunks::read(&mut top, &sip, &spoken, faults);
    let mut pools = numbers::read(&mut top, faults);
    let pin = pin::read(&mut top, &pools.plans, (&trunks, &spoken), &mut wavs, faults);
    let mut routing = routing::read(&mut top, &spoken, &mut wavs, faults);
    let mut agents = agents::read(&mut top, &sip, &routing, trunks.redirects(), faults);
    memberships::check_queues(&routing, &agents.agents, faults);
    routing.setup.agents = std::mem::take(&mut agents.agents);
    let dial = dial::read(&mut top, &trunks, faults);
    let mut media = media::read(&mut top, &sip, &mut wavs, faults);
    media.plan.queues = std::mem::take(&mut routing.sounds);
    media.plan.spoken = spoken;
    media.plan.announcements = announcements::read(&mut top, &mut wavs, faults);
    let return_within = web::read(&mut top, &sip, sip::web_flow(sip.bind.len()), &mut trunks, faults);
    let supervision = recording::supervision(&mut top, std::mem::take(&mut agents.supervises), faults);
    let callback = callback::read(&mut top, &trunks, (&routing.queues, &media.plan.spoken), &mut wavs, faults);
    unused::warn_of_channels(&mut top, faults);
    let (mut recorded, mut notify) = (Vec::new(), Vec::new());
    let calls = calls(&mut top, (&routing, trunks.names), &mut recorded, &mut notify, files, faults);
    let (recording, recordings) = recording::read(&mut top, recorded, &mut wavs, faults).unzip();
    let media_shell = MediaShell { wavs: wavs.into_sounds(), ..media.shell };
    let mut shell = shell(&mut top, recordings, &sip, media_shell, &pools.names, faults);
    shell.notify = notify;
    promise::settle(&mut pools.plans, &mut shell.intents);
    let pin = pin.map(|pin| pin.settled(&pools.plans));
    top.finish(faults);
    let (policies, Signing { token_keys, passes }, (deadlines, target_timeout)) = calls?;
    let dial = dial::rules(dial, &agents.phones, &agents.accounts);
    let fixed_phones = agents::fixed(&agents.phones);
    let calls = CallSettings {
        dial,
        trunks: trunks.plans,
        phones: agents.phones,
        policy: Arc::new(policies.live),
        shadow: policies.shadow.map(Arc::new),
        default_queue: routing.default_queue,
        priors: Priors::default(),
        token_keys,
        deadlines: Deadlines { place_kept: routing.place_kept, ..deadlines },
        media: media.plan,
        recording,
        supervision,
        pin,
        callback,
    };
    let endpoint = endpoint(
        sip,
        (shell.http, shell.http_tls.is_some()),
        trunks.peers,
        (agents.accounts, fixed_phones),
        (return_within, target_timeout),
    );
    let users = endpoint.phones.iter().map(|phone| (phone.agent.clone(), phone.user.clone()));
    let phones = BrowserPhones { realm: endpoint.realm.clone(), user_by_agent: users.collect(), keys: passes };
    let desks = desktop::Setup { phones, breaks: routing.breaks, ..desktop::Setup::new(agents.desks) };
    let settings = Settings { endpoint, calls, routing: routing.setup, desks, pools: pools.plans };
    Some(Plan { settings, shell, warnings: Vec::new() })
}

fn calls(
    top: &mut Section<'_>,
    (routing, trunks): (&routing::RoutingPart<'_>, Names<'_>),
    recorded: &mut Vec<RecordedRule>,
    notify: &mut Vec<NotifyPlan>,
    files: &mut ReadFile<'_>,
    faults: &mut Faults<'_>,
) -> Option<(access::Policies, Signing, (Deadlines, Duration))> {
    let default_queue = routing.default_queue.as_ref();
    let known = access::Known {
        queues: &routing.queues,
        trunks: &trunks,
        default_queue,
        skills: &routing.skills,
        overflows: &routing.overflows,
        setup: &routing.setup,
    };
    let policies = access::read(top, &known, recorded, notify, files, faults);
    let token_keys = shell::token_keys(top, faults);
    let deadlines = shell::deadlines(top, faults);
    Some((policies?, token_keys?, deadlines))
}

fn endpoint(
    sip: sip::SipPart,
    (http, over_tls): (SocketAddr, bool),
    trunks: Vec<TrunkPeer>,
    (phones, fixed_phones): (Vec<PhoneAccount>, Vec<FixedPhone>),
    (return_within, target_timeout): (Duration, Duration),
) -> EndpointSetup {
    EndpointSetup {
        flows: sip.flows_with(http, over_tls),
        tcp_above: sip.tcp_above,
        realm: sip.realm,
        digests: sip.digests,
        trunks,
        phones,
        fixed_phones,
        session_times: sip.session_times,
        registration_min: sip.registration_min,
        registration_max: sip.registration_max,
        return_within,
        target_timeout,
        t1: T1,
        t2: T2,
        t4: T4,
    }
}

fn shell(
    top: &mut Section<'_>,
    recordings: Option<RecordingShell>,
    sip: &sip::SipPart,
    media: MediaShell,
    pools: &Names<'_>,
    faults: &mut Faults<'_>,
) -> Shell {
    let log = shell::log(top, faults);
    let http = shell::http(top, sip, faults);
    shell::name_shared_files(top, faults);
    Shell {
        sip: sip.bind.clone(),
        drain: sip.drain,
        name_servers: sip.name_servers.clone(),
        tls: sip.tls.clone(),
        sip_idle: sip.registration_max + IDLE_BEYOND,
        http: http.bind,
        http_tls: http.tls,
        origins: http.origins,
        media,
        recordings,
        store: shell::store(top, faults),
        history: shell::history(top, faults),
        notify: Vec::new(),
        api_keys: shell::api_keys(top, faults),
        intents: shell::intents(top, pools, faults),
        journal: log.journal,
        interval_log: log.interval_log,
        log: log.plan,
    }
}
