//! `[http]`, `[store]`, `[intents]`, `[[api_keys]]`, `[[token_keys]]`, `[log]`, `[deadlines]`.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use crate::base::PoolId;
use crate::base::limits::{INTENT_TTL_MAX, INTENT_TTL_MIN};
use crate::calls::settings::Deadlines;
use crate::desktop::pass::PassKeys;
use crate::intents::promise::Bounds;
use crate::intents::token::{SECRET_MIN, TokenKey, TokenKeys};

use super::fault::{Faults, did_you_mean};
use super::plan::{ApiKey, HistoryPlan, HttpTlsPlan, IntentDefaults, LogPlan, StorePlan};
use super::sip::{SipPart, collide, file_at};
use super::tree::{Item, Section, Text};
use super::values::{Names, from_hex, region, sha256, socket};

const HTTP_PORT: u16 = 8080;
/// Without TLS for now.
const STORE_URLS: [&str; 3] = ["redis://", "redis+unix://", "unix://"];
const STORE_FILE: &str = "throughline.db";
const HISTORY_FILE: &str = "throughline-history.db";
/// Customers look for what was agreed a year ago, rarely later.
const HISTORY_DAYS: u64 = 365;
const DAY_S: u64 = 24 * 3600;
const API_KEY: &str = "choose a long random key and write its hash: printf %s KEY | sha256sum";
const TOKEN_KEY: &str = "add [[token_keys]] with id = 1 and secret = what `openssl rand -hex 32` prints";

/// What the shell writes, besides the store.
pub(super) struct LogPart {
    pub plan: LogPlan,
    pub journal: Option<PathBuf>,
    pub interval_log: Option<PathBuf>,
}

/// One list of secrets for both: the tokens of intents, and the passes of agents' phones.
pub(super) struct Signing {
    pub token_keys: TokenKeys,
    pub passes: PassKeys,
}

/// Where the HTTP server is, and for whose pages.
pub(super) struct HttpPart {
    pub bind: SocketAddr,
    pub tls: Option<HttpTlsPlan>,
    pub origins: Vec<String>,
}

pub(super) fn http(top: &mut Section<'_>, sip: &SipPart, faults: &mut Faults<'_>) -> HttpPart {
    let mut section = top.section("http", faults);
    let text = section.text("bind", faults);
    let bind = text.as_ref().and_then(|text| socket(text, faults));
    let taker =
        bind.and_then(|bind| sip.bind.iter().find(|one| one.transport.is_reliable() && collide(one.address, bind)));
    if let (Some(taker), Some(text)) = (taker, &text) {
        faults.add(
            &text.place,
            format!("is the port of {taker} under [sip] bind too"),
            "choose another port for one of them",
        );
    }
    let tls = section.item("tls").and_then(|item| http_tls(&item, faults));
    let origins = section.texts("origins", faults);
    let origins = origins.iter().filter_map(|text| origin(text, faults)).collect();
    section.finish(faults);
    HttpPart { bind: bind.unwrap_or(SocketAddr::from((Ipv4Addr::LOCALHOST, HTTP_PORT))), tls, origins }
}

/// The files, which the shell reads.
fn http_tls(item: &Item<'_>, faults: &mut Faults<'_>) -> Option<HttpTlsPlan> {
    let mut section = item.section(faults)?;
    let mut needed = |key, remedy, faults: &mut Faults<'_>| {
        let text = section.required(key, remedy, faults).and_then(|item| item.text(faults));
        text.map(|text| file_at(&text, key, faults))
    };
    let certificate = needed("certificate", "write the path of our certificate in PEM", faults);
    let key = needed("key", "write the path of its private key in PEM", faults);
    section.finish(faults);
    Some(HttpTlsPlan { certificate: certificate?, key: key? })
}

/// As browsers write it (RFC 6454 section 6.2): in lower case, without a path or the scheme's own port.
fn origin(text: &Text<'_>, faults: &mut Faults<'_>) -> Option<String> {
    let known = [("https://", ":443"), ("http://", ":80")];
    let host = known.into_iter().find_map(|(scheme, port)| Some((text.value.strip_prefix(scheme)?, port)));
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-:[]".contains(&byte);
    let is_good = |(host, port): (&str, &str)| !host.is_empty() && host.bytes().all(is_plain) && !host.ends_with(port);
    if !host.is_some_and(is_good) {
        let remedy = "write it as browsers do: \"https://shop.example.com\", in lower case, without a path";
        faults.add(&text.place, format!("{:?} is no web origin", text.value), remedy);
        return None;
    }
    Some(text.value.to_owned())
}

pub(super) fn store(top: &mut Section<'_>, faults: &mut Faults<'_>) -> StorePlan {
    let mut section = top.section("store", faults);
    let (embedded, url) = (section.text("embedded", faults), section.text("redis", faults));
    let place = section.place.clone();
    section.finish(faults);
    match (embedded, url) {
        (embedded, None) => StorePlan::Embedded { path: PathBuf::from(embedded.map_or(STORE_FILE, |text| text.value)) },
        (embedded, Some(url)) => {
            if embedded.is_some() {
                faults.add(&place, "has both embedded and redis", "intents are kept in one place: leave one out");
            } else if url.value.starts_with("rediss:") {
                let remedy = "write redis:// for one on this machine or in a network of yours, or a tunnel to it";
                faults.add(&url.place, "asks for TLS, which is not there yet", remedy);
            } else if !STORE_URLS.iter().any(|scheme| url.value.starts_with(scheme)) {
                faults.add(&url.place, "is no address of a Redis", "write it like \"redis://127.0.0.1:6379/0\"");
            }
            StorePlan::Redis { url: url.value.to_owned(), line: faults.line(&url.place) }
        }
    }
}

/// Two writers of one file would spoil it.
pub(super) fn name_shared_files(top: &mut Section<'_>, faults: &mut Faults<'_>) {
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    for (section, key) in [("store", "embedded"), ("history", "file"), ("log", "journal"), ("log", "interval_log")] {
        // What is of another type has been said.
        let mut said = faults.scratch();
        let Some(text) = top.section(section, &mut said).text(key, &mut said) else { continue };
        if let Some(other) = seen.insert(text.value, key) {
            let what = format!("{:?} is the file of {other} too", text.value);
            faults.add(&text.place, what, "give each a file of its own");
        }
    }
}

pub(super) fn history(top: &mut Section<'_>, faults: &mut Faults<'_>) -> HistoryPlan {
    let mut section = top.section("history", faults);
    let file = section.text("file", faults).map_or(HISTORY_FILE, |text| text.value);
    let days = section.number("keep_days", HISTORY_DAYS, 1..=3_650, faults);
    section.finish(faults);
    HistoryPlan { file: PathBuf::from(file), age: Duration::from_secs(days * DAY_S) }
}

pub(super) fn intents(top: &mut Section<'_>, pools: &Names<'_>, faults: &mut Faults<'_>) -> IntentDefaults {
    let mut section = top.section("intents", faults);
    let range = INTENT_TTL_MIN.as_secs() as i64..=INTENT_TTL_MAX.as_secs() as i64;
    let of_sites = site_lives(&mut section, faults);
    let ttl = section.item("ttl_s");
    let is_ttl_given = ttl.is_some();
    let place = ttl.as_ref().map(|item| item.place.clone());
    let ttl = ttl.and_then(|item| item.number(range, faults)).map_or(INTENT_TTL, Duration::from_secs);
    if let (Some(place), Some(lives)) = (place, of_sites.filter(|lives| lives.hold(ttl) != ttl)) {
        let (shortest, longest) = (lives.shortest.as_secs(), lives.longest.as_secs());
        let what = format!("{} is not within site_ttl_s, {shortest} to {longest}", ttl.as_secs());
        faults.add(&place, what, "what holds without a word of the site must be what a site may ask for");
    }
    let pool = section.text("pool", faults).filter(|pool| pools.check("pool", pool, faults));
    let pool = pool.map(|pool| pool.value).or(pools.only()).map(PoolId::new);
    let region = region(&mut section, faults);
    section.finish(faults);
    let lives = of_sites.unwrap_or(Bounds::ALL);
    IntentDefaults { ttl: lives.hold(ttl), is_ttl_given, of_sites, lives, pool, region }
}

/// The shortest and the longest life that a site may ask for.
fn site_lives(section: &mut Section<'_>, faults: &mut Faults<'_>) -> Option<Bounds> {
    let mut lives = section.section("site_ttl_s", faults);
    if !lives.is_given() {
        return None;
    }
    let range = INTENT_TTL_MIN.as_secs() as i64..=INTENT_TTL_MAX.as_secs() as i64;
    let shortest = lives.seconds("min", INTENT_TTL_MIN, range.clone(), faults);
    let longest = lives.seconds("max", INTENT_TTL_MAX, range, faults);
    let place = lives.place.clone();
    lives.finish(faults);
    if shortest > longest {
        faults.add(&place, "its min is above its max", "write it like { min = 60, max = 1800 }");
    }
    (shortest <= longest).then_some(Bounds { shortest, longest })
}

pub(super) fn api_keys(top: &mut Section<'_>, faults: &mut Faults<'_>) -> Vec<ApiKey> {
    let (mut names, mut keys) = (Names::default(), Vec::new());
    let mut owner_by_hash = BTreeMap::new();
    for mut section in top.sections("api_keys", faults) {
        let id = names.take(&mut section, "id", faults);
        let text = section.required("sha256", API_KEY, faults).and_then(|item| item.text(faults));
        let hash = text.as_ref().and_then(|text| sha256(text, API_KEY, faults));
        let scopes = scopes(&mut section, faults);
        section.finish(faults);
        let (Some(id), Some(text), Some(hash)) = (id, text, hash) else { continue };
        if let Some(other) = owner_by_hash.insert(hash, id.value) {
            faults.add(&text.place, format!("is the key of {other:?} too"), "give each a key of its own");
        }
        let [write, read, recordings, reload] = scopes;
        keys.push(ApiKey { id: id.value.to_owned(), hash, write, read, recordings, reload });
    }
    keys
}

/// Whether the key may register, read, hear recordings, and have the configuration read again.
fn scopes(section: &mut Section<'_>, faults: &mut Faults<'_>) -> [bool; 4] {
    let remedy = "write scopes = [\"register\", \"read\", \"recordings\", \"reload\"], or some of them";
    let texts = section.required("scopes", remedy, faults).map(|item| item.texts(faults)).unwrap_or_default();
    let words = [("register", 0), ("read", 1), ("recordings", 2), ("reload", 3)];
    let mut scopes = [false; 4];
    texts.iter().filter_map(|text| text.word(&words, faults)).for_each(|scope: usize| scopes[scope] = true);
    scopes
}

pub(super) fn token_keys(top: &mut Section<'_>, faults: &mut Faults<'_>) -> Option<Signing> {
    let sections = top.sections("token_keys", faults);
    if sections.is_empty() {
        faults.add(&top.place.key("token_keys", 0), "there is no key to sign tokens with", TOKEN_KEY);
        return None;
    }
    let mut keys: Vec<TokenKey> = Vec::new();
    for mut section in sections {
        let id = section.required("id", TOKEN_KEY, faults).and_then(|item| item.number(0..=255, faults));
        let text = section.required("secret", TOKEN_KEY, faults).and_then(|item| item.text(faults));
        let secret = text.as_ref().and_then(|text| from_hex(text.value)).filter(|secret| secret.len() >= SECRET_MIN);
        if let (Some(text), None) = (&text, &secret) {
            // The value is a secret, or nearly one: it is not repeated.
            faults.add(&text.place, format!("is not {SECRET_MIN} bytes or more in hex"), TOKEN_KEY);
        }
        if keys.iter().any(|key| Some(key.id) == id) {
            faults.add(&section.place, "has the id of another key", "number the keys apart");
        }
        section.finish(faults);
        keys.extend(id.zip(secret).map(|(id, secret)| TokenKey { id, secret }));
    }
    let passes = PassKeys::new(keys.iter().map(|key| (key.id, key.secret.clone())).collect());
    Some(Signing { token_keys: TokenKeys::new(&keys).ok()?, passes })
}

pub(super) fn log(top: &mut Section<'_>, faults: &mut Faults<'_>) -> LogPart {
    let mut section = top.section("log", faults);
    let format = section.text("format", faults).and_then(|text| text.word(&[("text", false), ("json", true)], faults));
    let filter = section.text("filter", faults);
    filter.iter().for_each(|text| name_unknown_levels(text, faults));
    let filter_line = filter.as_ref().map_or(1, |text| faults.line(&text.place));
    let filter = filter.map_or("info", |text| text.value).to_owned();
    let path = |section: &mut Section<'_>, key, faults: &mut Faults<'_>| {
        section.text(key, faults).map(|text| PathBuf::from(text.value))
    };
    let journal = path(&mut section, "journal", faults);
    let interval_log = path(&mut section, "interval_log", faults);
    section.finish(faults);
    LogPart { plan: LogPlan { json: format.unwrap_or(false), filter, filter_line }, journal, interval_log }
}

/// A word alone is a level, or a part of the program; with a slip in it the log would stay empty.
fn name_unknown_levels(text: &Text<'_>, faults: &mut Faults<'_>) {
    let is_part = |word: &str| word.contains(['=', '[', ']', '{', '}', ':']) || word == env!("CARGO_PKG_NAME");
    let words = text.value.split(',').map(str::trim).filter(|word| !word.is_empty() && !is_part(word));
    for word in words.filter(|word| !LEVELS.iter().any(|level| level.eq_ignore_ascii_case(word))) {
        faults.add(&text.place, format!("{word:?} is no level of the log"), did_you_mean(word, &LEVELS));
    }
}

const LEVELS: [&str; 6] = ["error", "warn", "info", "debug", "trace", "off"];

/// The deadlines of a call, and how long one of its targets may say nothing.
pub(super) fn deadlines(top: &mut Section<'_>, faults: &mut Faults<'_>) -> (Deadlines, Duration) {
    let mut section = top.section("deadlines", faults);
    let usual = Deadlines::default();
    let deadlines = Deadlines {
        matching: section.millis("match_ms", usual.matching, 10..=5_000, faults),
        pop: section.millis("pop_ms", usual.pop, 0..=10_000, faults),
        ring: section.seconds("ring_s", usual.ring, 1..=300, faults),
        fallback_ring: section.seconds("fallback_ring_s", usual.fallback_ring, 1..=300, faults),
        answer_waiting: section.millis("answer_waiting_ms", usual.answer_waiting, 0..=60_000, faults),
        claim: section.seconds("claim_s", usual.claim, 10..=3600, faults),
        // `[routing]` says it.
        place_kept: usual.place_kept,
    };
    let target = section.millis("target_ms", TARGET, 100..=30_000, faults);
    section.finish(faults);
    (deadlines, target)
}

/// A gateway that is there says 100 within milliseconds; two seconds cover three of UDP's repetitions.
const TARGET: Duration = Duration::from_secs(2);
/// Long enough for nearly all who dial after some minutes.
const INTENT_TTL: Duration = Duration::from_secs(900);
