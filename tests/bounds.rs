//! What the worst messages cost: no more memory than a multiple of their length, and never more than twice as much for twice the
//! length; `benches/worst.rs` prints the time that they take. What is kept of a call to explain it, and what a reload costs the engine.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;

#[path = "../benches/worst/messages.rs"]
mod messages;

use messages::{KINDS, STREAMS, feed, frames};
use throughline::access::{Answer, Conditions, Facts, Policy, PolicySetup, Rule};
use throughline::base::limits::{SIP_HEADERS_MAX, SIP_PARTS_MAX};
use throughline::base::{AgentId, CallId, Level, Mono, Now, QueueId, TierId, TrunkId, Wall};
use throughline::config;
use throughline::engine::{ConfigSource, Configured, Engine};
use throughline::routing::{AgentSetup, Input, Output, Presence, QueueSetup, Router, Setup};
use throughline::sip::wire::{Message, ParseError};

/// Counts what this thread asks for.
struct Counting;

thread_local! {
    static ASKED: Cell<(u64, u64)> = const { Cell::new((0, 0)) };
    /// The bytes that it gave back.
    static GIVEN_BACK: Cell<u64> = const { Cell::new(0) };
}

fn note(bytes: usize) {
    let _ = ASKED.try_with(|asked| {
        let (count, sum) = asked.get();
        asked.set((count + 1, sum + bytes as u64));
    });
}

// SAFETY: every call goes on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        let _ = GIVEN_BACK.try_with(|bytes| bytes.set(bytes.get() + layout.size() as u64));
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note(size.saturating_sub(layout.size()));
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// Allocations and bytes that one message costs the endpoint.
fn cost(message: &[u8], known: bool) -> (u64, u64) {
    let mut endpoint = messages::endpoint();
    let bytes = bytes::Bytes::copy_from_slice(message);
    let before = ASKED.get();
    black_box(feed(&mut endpoint, bytes, known));
    let after = ASKED.get();
    (after.0 - before.0, after.1 - before.1)
}

/// What an ordinary call may cost at once, whatever its length.
const BASE: (u64, u64) = (400, 64 * 1024);

#[test]
fn the_worst_messages_cost_in_proportion_to_their_length() {
    for kind in KINDS {
        for known in [true, false] {
            let (half, whole) = ((kind.make)(30_000), (kind.make)(60_000));
            let (half_cost, cost) = (cost(&half, known), cost(&whole, known));
            let name = kind.name;
            println!("{name}, trunk {known}: {half_cost:?} for {}, {cost:?} for {}", half.len(), whole.len());
            assert!(cost.1 <= BASE.1 + 16 * whole.len() as u64, "{name}: {} bytes for {}", cost.1, whole.len());
            assert!(cost.0 <= BASE.0 + 2 * half_cost.0, "{name}: {} allocations, {} for half", cost.0, half_cost.0);
            assert!(cost.1 <= BASE.1 + 2 * half_cost.1, "{name}: {} bytes, {} for half", cost.1, half_cost.1);
        }
    }
}

#[test]
fn a_stream_costs_in_proportion_to_its_length_however_it_is_split() {
    for kind in &STREAMS {
        let (half, whole) = ((kind.make)(15_000), (kind.make)(30_000));
        let (half_cost, cost) = (cost_of(|| frames(&half, kind.piece)), cost_of(|| frames(&whole, kind.piece)));
        println!("{}: {half_cost:?} for {}, {cost:?} for {}", kind.name, half.len(), whole.len());
        assert!(cost.1 <= BASE.1 + 16 * whole.len() as u64, "{}: {} bytes", kind.name, cost.1);
        assert!(cost.0 <= BASE.0 + 2 * half_cost.0, "{}: {} allocations", kind.name, cost.0);
    }
}

/// The kinds that are read: they are long, and have few parts.
const READ: [&str; 7] = [
    "escapes in quotes",
    "good digests, each wrong",
    "lines of a description",
    "candidates",
    "long Vias",
    "long Contacts",
    "long parameters",
];

/// Each reader walks over the parts anew, so that what has too many of them is refused before the first does.
#[test]
fn messages_of_too_many_parts_are_refused_unread() {
    for kind in KINDS {
        match Message::parse((kind.make)(60_000).into()) {
            Ok(message) => {
                let (mut fields, mut parts) = (0, 0);
                for (_, value) in message.headers().all() {
                    fields += 1;
                    parts += value.iter().filter(|byte| matches!(byte, b',' | b';')).count();
                }
                assert!(READ.contains(&kind.name), "{} is read", kind.name);
                assert!(fields <= SIP_HEADERS_MAX && parts <= SIP_PARTS_MAX, "{}: {fields}, {parts}", kind.name);
            }
            Err(error) => {
                assert!(!READ.contains(&kind.name), "{}: {error}", kind.name);
                let by_number = matches!(error, ParseError::TooManyHeaders | ParseError::TooManyParts);
                assert!(by_number, "{}: {error}", kind.name);
            }
        }
    }
}

/// Allocations and bytes of one act.
fn cost_of<T>(act: impl FnOnce() -> T) -> (u64, u64) {
    let before = ASKED.get();
    black_box(act());
    let after = ASKED.get();
    (after.0 - before.0, after.1 - before.1)
}

/// Two hundred rules, of which none matches, by a level and a tier.
#[test]
fn what_is_kept_to_explain_a_decision_is_a_list_and_a_text_for_each_input() {
    let rules = (0..200).map(|n| {
        let gold = Conditions { tiers: vec![TierId::new("gold")], ..Conditions::default() };
        let proven = Conditions { min_level: Some(Level::Proven), ..Conditions::default() };
        Rule::new(&format!("rule {n}"), if n % 2 == 0 { gold } else { proven }, Answer::SelfService)
    });
    let policy = Policy::new(PolicySetup::of(rules.collect(), Answer::SelfService)).expect("few enough rules");
    let trunk = TrunkId::new("pbx");
    let facts = Facts { domain: Some("shop.example.com"), ..Facts::of_nobody(&trunk, Wall(0)) };
    let (decided, kept) = (cost_of(|| policy.decide(&facts)), cost_of(|| policy.decide_with_trace(&facts)));
    println!("a decision: {decided:?}, and with what is kept: {kept:?}");
    assert!(kept.0 <= decided.0 + 6, "{decided:?} {kept:?}");
    assert!(kept.1 <= decided.1 + 200 * 4 + 512, "{decided:?} {kept:?}");
}

fn plan_with(domains: usize) -> config::Plan {
    let (zeros, fives) = ("00".repeat(32), "5a".repeat(32));
    let text = format!(
        "[sip]\nbind = [\"192.0.2.10:5060\"]\n[[token_keys]]\nid = 1\nsecret = \"{fives}\"\n\
         [[trunks]]\nname = \"pbx\"\nnetworks = [\"192.0.2.20\"]\nfallback = {{ status = 503 }}\n\
         [[pools]]\nname = \"main\"\nnumbers = [\"+12015550100..+12015550109\"]\n\
         [routing]\nskills = [\"english\"]\n[[queues]]\nname = \"help\"\nrequires = {{ english = 3 }}\n\
         [[agents]]\nname = \"ann\"\nskills = {{ english = 9 }}\ntoken_sha256 = \"{zeros}\"\n\
         phone = {{ contact = \"sip:ann@192.0.2.21\" }}\n\
         [access]\ndomains_csv = \"domains.csv\"\n[[access.tiers]]\nname = \"gold\"\n"
    );
    let list: String = (0..domains).map(|n| format!("company{n}.example.com,gold\n")).collect();
    let mut file = |_: &str| Ok(list.as_bytes().into());
    config::read_with(&text, &mut file, &[]).unwrap_or_else(|faults| panic!("{faults:?}"))
}

/// The policies are held by whoever reloads, who lets go of them elsewhere.
#[test]
fn what_a_reload_costs_the_engine_does_not_grow_with_the_domains() {
    let reload = |domains: usize| {
        let (before, after) = (plan_with(domains), plan_with(domains + 1));
        let held = [&before, &after].map(|plan| plan.settings.calls.policy.clone());
        let mut engine = Engine::new(before.settings, [7; 32], 1_800_000_000);
        let configured = Box::new(Configured { settings: after.settings, source: ConfigSource::default() });
        let given_back = GIVEN_BACK.get();
        let now = Now::new(Mono(1_000_000_000), Wall(1_000));
        let asked = cost_of(|| engine.handle(throughline::engine::Input::Configured(configured), now));
        assert_eq!(held.len(), 2);
        (asked, GIVEN_BACK.get() - given_back)
    };
    let (few, many) = (reload(10), reload(20_000));
    println!("a reload with ten domains: {few:?}, with 20,000: {many:?}");
    assert!(many.0.0 <= few.0.0 + 4 && many.0.1 <= few.0.1 + 1024 && many.1 <= few.1 + 1024, "{few:?} {many:?}");
    assert!(many.0.1 < 64 * 1024, "{many:?}");
}

/// Naming who was passed over costs a grant the same in a team of any size.
#[test]
fn what_is_kept_to_explain_a_grant_does_not_grow_with_the_team() {
    let grant = |agents: usize| {
        let agents = (0..agents).map(|n| AgentSetup::new(AgentId::new(&format!("agent{n:05}")), Vec::new())).collect();
        let mut router = Router::new(Setup { agents, queues: vec![QueueSetup::new("all")], ..Setup::default() });
        let now = Now::new(Mono(1_000_000_000), Wall(1_000));
        router.handle(Input::Presence { agent: AgentId::new("agent00070"), presence: Presence::Available }, now);
        let (call, queue) = (CallId(1), QueueId::new("all"));
        let (prefer, extra) = (Vec::new(), Vec::new());
        let cost = cost_of(|| {
            router.handle(Input::Enqueue { call, queue, priority: 0, prefer, extra, since: None }, now);
        });
        let offered = std::iter::from_fn(|| router.poll_output()).any(|output| matches!(output, Output::Offer { .. }));
        assert!(offered);
        cost
    };
    let (team, large) = (grant(100), grant(10_000));
    println!("a grant among 100: {team:?}, among 10,000: {large:?}");
    assert!(large.0 <= team.0 + 4 && large.1 <= team.1 + 1024, "{team:?} {large:?}");
    assert!(large.1 <= 8 * 1024, "{large:?}");
}
