//! Scripts in virtual time: what is said to the router, and what it must answer.

use std::time::Duration;

use super::*;
use crate::base::{AgentId, CallId, Fence, Mono, Now, QueueId, SkillId, Wall};

const S: u64 = 1_000_000_000;

fn need(skill: &str, min_level: u8) -> SkillNeed {
    SkillNeed { skill: SkillId::new(skill), min_level }
}

fn agent(id: &str, skills: &[(&str, u8)]) -> AgentSetup {
    let skills = skills.iter().map(|(skill, level)| (SkillId::new(skill), *level)).collect();
    AgentSetup::new(AgentId::new(id), skills)
}

/// `ann` speaks English well, `bob` a little and knows billing, `cyd` has no skill; `any` asks for nothing, `english` for
/// English at 5, `billing` for billing.
fn setup() -> Setup {
    let queue = |id: &str, requires: Vec<SkillNeed>| QueueSetup { requires, max_waiting: 3, ..QueueSetup::new(id) };
    Setup {
        agents: vec![agent("cyd", &[]), agent("ann", &[("en", 9)]), agent("bob", &[("en", 3), ("billing", 5)])],
        queues: vec![
            queue("any", vec![]),
            queue("english", vec![need("en", 5)]),
            queue("billing", vec![need("billing", 1)]),
        ],
        ..Setup::default()
    }
}

/// `ann engaged 9`, `ann disengaged 9`, `pass 1 ann [9]`, `ann available`, `ann break`, `ann offline`, `ann done`, `ann lost`, `ann back`, `call 1 any [p5] [prefer=ann] [needs=en] [since=2]`, `leave 1`,
/// `ask 1`, `ann#1 accepts 1`, `ann#1 declines 1` (or `misses`, `unreachable`, `nopop`), `ann#1 ends 1`, `tick`.
fn read(line: &str) -> Option<Input> {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let call = |word: &str| CallId(word.parse().expect("a call's number"));
    match words.as_slice() {
        ["tick"] => None,
        ["leave", id] => Some(Input::Leave { call: call(id) }),
        ["pass", id, agent] => Some(Input::Grant { call: call(id), agent: AgentId::new(agent), from: None }),
        ["pass", id, agent, own] => {
            Some(Input::Grant { call: call(id), agent: AgentId::new(agent), from: Some(call(own)) })
        }
        [agent, "engaged", own] => Some(Input::Engaged { agent: AgentId::new(agent), call: call(own) }),
        [agent, "disengaged", own] => Some(Input::Disengaged { agent: AgentId::new(agent), call: call(own) }),
        ["ask", id] => Some(Input::AskPosition { call: call(id) }),
        ["call", id, queue, rest @ ..] => Some(read_call(call(id), queue, rest)),
        [granted, verb, id] => Some(read_answer(granted, verb, call(id))),
        [agent, "lost"] => Some(Input::Desk { agent: AgentId::new(agent), connected: false }),
        [agent, "back"] => Some(Input::Desk { agent: AgentId::new(agent), connected: true }),
        [agent, "unplugged"] => Some(Input::Phone { agent: AgentId::new(agent), reachable: false }),
        [agent, "plugged"] => Some(Input::Phone { agent: AgentId::new(agent), reachable: true }),
        [agent, "done"] => Some(Input::WrapUpDone { agent: AgentId::new(agent) }),
        [agent, presence] => {
            let presence = match *presence {
                "available" => Presence::Available,
                "break" => Presence::Break { reason: "lunch".to_owned() },
                "offline" => Presence::Offline,
                other => panic!("no presence: {other}"),
            };
            Some(Input::Presence { agent: AgentId::new(agent), presence })
        }
        other => panic!("no step: {other:?}"),
    }
}

fn read_call(call: CallId, queue: &str, rest: &[&str]) -> Input {
    let (mut priority, mut prefer, mut extra, mut since) = (0, Vec::new(), Vec::new(), None);
    for word in rest {
        if let Some(agent) = word.strip_prefix("prefer=") {
            prefer.push(AgentId::new(agent));
        } else if let Some(skill) = word.strip_prefix("needs=") {
            extra.push(need(skill, 1));
        } else if let Some(s) = word.strip_prefix("since=") {
            since = Some(Mono(s.parse::<u64>().expect("seconds") * S));
        } else if let Some(points) = word.strip_prefix('p') {
            priority = points.parse().expect("points");
        }
    }
    Input::Enqueue { call, queue: QueueId::new(queue), priority, prefer, extra, since }
}

fn read_answer(granted: &str, verb: &str, call: CallId) -> Input {
    let (agent, fence) = granted.split_once('#').expect("agent#fence");
    let (agent, fence) = (AgentId::new(agent), Fence(fence.parse().expect("a fence")));
    let why = match verb {
        "accepts" => return Input::OfferAccepted { call, agent, fence },
        "ends" => return Input::CallEnded { call, agent, fence },
        "declines" => OfferFailure::Declined,
        "misses" => OfferFailure::NoAnswer,
        "unreachable" => OfferFailure::Unreachable,
        "away" => OfferFailure::Away,
        "nopop" => OfferFailure::NoPop,
        other => panic!("no verb: {other}"),
    };
    Input::OfferFailed { call, agent, fence, why }
}

fn write(output: Output) -> String {
    match output {
        Output::Offer { call, agent, fence, passed_over, .. } => {
            let over: String = passed_over.iter().map(|(agent, why)| format!(" not {agent} {why:?}")).collect();
            format!("{} to {agent}#{}{over}", call.0, fence.0)
        }
        Output::GrantExpired { call, agent, fence } => format!("{agent}#{} expired for {}", fence.0, call.0),
        Output::AgentPaused { agent, why } => format!("{agent} paused: {}", why.as_str()),
        Output::AgentStateChanged { agent, state } => format!("{agent}={}", state.as_str()),
        Output::Position { call, position, .. } => format!("{} is {position}", call.0),
        Output::NotFree { call, agent, why } => format!("{} not to {agent}: {why:?}", call.0),
        Output::Waited { call, waited, predicted, .. } => {
            let s = |wait: Option<Duration>| wait.map_or("?".to_owned(), |wait| wait.as_secs().to_string());
            let (position, last) = (s(predicted.by_position), s(predicted.by_last_served));
            format!("{} waited {} of {position} or {last}", call.0, waited.as_secs())
        }
        Output::QueueFull { call } => format!("{} full", call.0),
        Output::NobodyCanServe { call } => format!("{} nobody", call.0),
    }
}

fn now(s: u64) -> Now {
    Now::new(Mono(s * S), Wall(s * 1000))
}

struct World {
    router: Router,
    /// What kinds of output the script shows.
    states: bool,
    positions: bool,
    waits: bool,
}

impl World {
    fn new(setup: Setup) -> World {
        World { router: Router::new(setup), states: false, positions: false, waits: false }
    }

    /// Lets time pass to `s` second by second, then says the line.
    fn step(&mut self, s: u64, line: &str) -> Vec<String> {
        self.run_to(s);
        if let Some(input) = read(line) {
            self.router.handle(input, now(s));
            self.run_to(s);
        }
        self.drain()
    }

    fn run_to(&mut self, s: u64) {
        while let Some((at, _)) = self.router.poll_timeout().filter(|(at, _)| at.0 <= s * S) {
            self.router.handle_timeout(Now::new(at, Wall(at.0 / 1_000_000)));
        }
    }

    fn drain(&mut self) -> Vec<String> {
        let outputs = std::iter::from_fn(|| self.router.poll_output());
        let shown = |output: &Output| match output {
            Output::AgentStateChanged { .. } => self.states,
            Output::Position { .. } => self.positions,
            Output::Waited { .. } => self.waits,
            _ => true,
        };
        outputs.collect::<Vec<_>>().into_iter().filter(shown).map(write).collect()
    }

    fn play(&mut self, script: &[(u64, &str, &[&str])]) {
        for (s, line, expect) in script {
            assert_eq!(self.step(*s, line), *expect, "at {s} s: {line}");
        }
    }
}

/// Without states and positions.
fn check(script: &[(u64, &str, &[&str])]) {
    World::new(setup()).play(script);
}

#[test]
fn a_call_goes_to_the_agent_who_can() {
    check(&[
        (0, "bob available", &[]),
        (0, "ann available", &[]),
        (1, "call 1 english", &["1 to ann#1"]),
        (2, "call 2 billing", &["2 to bob#1"]),
    ]);
}

/// What it was told of the place that it has left is not for the one that it has.
#[test]
fn a_call_that_has_gone_to_another_queue_hears_nothing_of_the_first() {
    for (first, other, said) in [("english", "billing", "1 to bob#1"), ("nowhere", "english", "1 to ann#1")] {
        let mut world = World::new(setup());
        world.step(0, "ann available");
        world.step(0, "bob available");
        for line in [&format!("call 1 {first}"), "leave 1", &format!("call 1 {other}")] {
            world.router.handle(read(line).expect("an input"), now(1));
        }
        assert_eq!(world.drain(), [said]);
    }
}

#[test]
fn who_is_in_a_call_of_their_own_is_offered_nothing() {
    check(&[
        (0, "ann available", &[]),
        (1, "ann engaged 9", &[]),
        (2, "ann engaged 8", &[]),
        (3, "call 1 any prefer=ann", &[]),
        (4, "ann disengaged 9", &[]),
        (5, "ann disengaged 9", &[]),
        (6, "ann disengaged 8", &["1 to ann#1"]),
        (7, "ann#1 accepts 1", &[]),
        (8, "ann engaged 7", &[]),
        (9, "ann#1 ends 1", &[]),
        (10, "ann done", &[]),
        (11, "call 2 any", &[]),
        (12, "ann disengaged 7", &["2 to ann#2"]),
    ]);
}

#[test]
fn a_call_of_their_own_is_shown_while_they_are_logged_in() {
    let mut world = World { states: true, ..World::new(setup()) };
    world.play(&[
        (0, "ann engaged 9", &[]),
        (1, "ann break", &["ann=on-call"]),
        (2, "ann available", &[]),
        (3, "ann disengaged 9", &["ann=available"]),
    ]);
}

#[test]
fn whoever_leaves_a_call_of_their_own_for_one_that_is_passed_on_is_granted() {
    check(&[
        (0, "ann available", &[]),
        (1, "call 1 any", &["1 to ann#1"]),
        (2, "ann#1 accepts 1", &[]),
        (2, "bob break", &[]),
        (3, "bob engaged 9", &[]),
        (4, "pass 1 bob", &["1 not to bob: Busy"]),
        (5, "pass 1 bob 8", &["1 not to bob: Busy"]),
        (6, "pass 1 bob 9", &["1 to bob#1"]),
        (7, "bob disengaged 9", &[]),
        (8, "ann#1 ends 1", &[]),
        (9, "bob#1 accepts 1", &[]),
        (10, "bob#1 ends 1", &[]),
        (11, "pass 1 cyd 9", &["1 not to cyd: Offline"]),
    ]);
}

#[test]
fn the_longest_idle_is_first_and_equals_go_by_name() {
    check(&[
        (0, "cyd available", &[]),
        (1, "bob available", &[]),
        (1, "ann available", &[]),
        (2, "call 1 any", &["1 to cyd#1"]),
        (2, "call 2 any", &["2 to ann#1"]),
        (2, "call 3 any", &["3 to bob#1"]),
    ]);
}

#[test]
fn saying_available_again_does_not_cost_the_turn() {
    check(&[
        (0, "bob available", &[]),
        (1, "ann available", &[]),
        (2, "bob available", &[]),
        (3, "call 1 any", &["1 to bob#1"]),
    ]);
}

#[test]
fn a_call_waits_until_somebody_is_free_and_comes_first_when_it_came_first() {
    check(&[
        (0, "ann available", &[]),
        (1, "call 1 any", &["1 to ann#1"]),
        (2, "ann#1 accepts 1", &[]),
        (3, "call 2 any", &[]),
        (4, "call 3 any", &[]),
        (9, "ann#1 ends 1", &[]),
        (10, "ann done", &["2 to ann#2"]),
        (11, "ann#2 accepts 2", &[]),
        (12, "ann#2 ends 2", &[]),
        (22, "tick", &["3 to ann#3"]),
    ]);
}

#[test]
fn an_agent_takes_the_highest_priority_of_all_queues() {
    check(&[
        (0, "bob break", &[]),
        (0, "ann break", &[]),
        (1, "call 1 any", &[]),
        (2, "call 2 english p30", &[]),
        (3, "call 3 billing p90", &[]),
        (4, "ann available", &["2 to ann#1"]),
        (5, "bob available", &["3 to bob#1"]),
    ]);
}

#[test]
fn who_has_waited_long_overtakes_a_little_more_priority() {
    check(&[
        (0, "ann break", &[]),
        (1, "call 1 any", &[]),
        (101, "call 2 any p50", &[]),
        (102, "ann available", &["1 to ann#1"]),
    ]);
}

#[test]
fn an_offer_that_rings_out_goes_to_the_next_and_pauses_the_first() {
    check(&[
        (0, "bob available", &[]),
        (1, "ann available", &[]),
        (2, "call 1 any", &["1 to bob#1"]),
        (22, "bob#1 misses 1", &["bob paused: no answer", "1 to ann#1 not bob Failed(NoAnswer)"]),
        (23, "ann#1 accepts 1", &[]),
        (24, "call 2 any", &[]),
        (52, "tick", &["2 to bob#2"]),
    ]);
}

#[test]
fn a_page_that_is_closed_while_it_rings_pauses_nobody() {
    check(&[
        (0, "bob available", &[]),
        (1, "call 1 any", &["1 to bob#1"]),
        (2, "bob#1 away 1", &[]),
        // Not the same call again at once; the next one is theirs.
        (3, "call 2 any", &["2 to bob#2"]),
    ]);
}

#[test]
fn the_head_keeps_its_place_when_an_offer_fails() {
    check(&[
        (0, "bob available", &[]),
        (1, "call 1 any", &["1 to bob#1"]),
        (2, "call 2 any", &[]),
        (3, "bob#1 unreachable 1", &["bob paused: phone unreachable"]),
        (4, "ann available", &["1 to ann#1 not bob Failed(Unreachable)"]),
        (5, "bob available", &["2 to bob#2"]),
    ]);
}

#[test]
fn who_declines_gets_another_call_but_not_this_one_at_once() {
    check(&[
        (0, "bob available", &[]),
        (1, "call 1 any", &["1 to bob#1"]),
        (2, "call 2 any", &[]),
        (3, "bob#1 declines 1", &["2 to bob#2"]),
        (4, "leave 2", &[]),
        (32, "tick", &[]),
        (33, "tick", &["1 to bob#3"]),
    ]);
}

#[test]
fn who_presses_available_after_a_missed_offer_may_have_it_again() {
    check(&[
        (0, "bob available", &[]),
        (1, "call 1 any", &["1 to bob#1"]),
        (21, "bob#1 misses 1", &["bob paused: no answer"]),
        (25, "bob available", &["1 to bob#2"]),
    ]);
}

#[test]
fn who_says_available_while_idle_looks_again_and_keeps_the_turn() {
    check(&[
        (0, "bob available", &[]),
        (1, "call 1 any", &["1 to bob#1"]),
        (2, "bob break", &[]),
        (3, "bob#1 misses 1", &[]),
        (3, "bob available", &[]),
        (4, "bob available", &["1 to bob#2"]),
    ]);
}

#[test]
fn a_pause_may_last_until_the_agent_says_so() {
    let mut world = World::new(Setup { pause: Pause::UntilAvailable, ..setup() });
    world.play(&[
        (0, "bob available", &[]),
        (1, "call 1 any", &["1 to bob#1"]),
        (2, "bob#1 nopop 1", &["bob paused: pop not shown"]),
        (900, "tick", &[]),
        (901, "bob available", &["1 to bob#2"]),
    ]);
}

#[test]
fn a_grant_that_nobody_answers_for_expires() {
    check(&[
        (0, "bob available", &[]),
        (1, "call 1 any", &["1 to bob#1"]),
        (25, "tick", &[]),
        (26, "tick", &["bob#1 expired for 1", "bob paused: no answer"]),
        (27, "bob#1 accepts 1", &[]),
        (28, "ann available", &["1 to ann#1 not bob Failed(NoAnswer)"]),
    ]);
}

#[test]
fn a_call_that_never_ends_does_not_keep_its_agent() {
    check(&[
        (0, "ann available", &[]),
        (1, "call 1 any", &["1 to ann#1"]),
        (2, "ann#1 accepts 1", &[]),
        (4 * 3600 + 7, "tick", &["ann#1 expired for 1"]),
        (4 * 3600 + 17, "call 2 any", &["2 to ann#2"]),
    ]);
}

#[test]
fn old_fences_and_strangers_are_counted_and_change_nothing() {
    let mut world = World::new(setup());
    world.play(&[
        (0, "bob available", &[]),
        (1, "call 1 any", &["1 to bob#1"]),
        (2, "bob#0 accepts 1", &[]),
        (2, "bob#2 misses 1", &[]),
        (2, "bob#1 accepts 9", &[]),
        (2, "bob#1 ends 1", &[]),
        (2, "eve#1 accepts 1", &[]),
        (2, "eve available", &[]),
        (2, "leave 9", &[]),
        (2, "ask 9", &[]),
        (2, "bob done", &[]),
        (2, "call 1 any", &[]),
    ]);
    let looked = world.router.counts().looked;
    assert_eq!(
        world.router.counts(),
        RouterCounts { looked, offered: 1, timers: 1, stale: 10, ..RouterCounts::default() }
    );
}

#[test]
fn a_caller_who_leaves_during_the_offer_gives_the_agent_their_turn_back() {
    check(&[
        (0, "bob available", &[]),
        (1, "ann available", &[]),
        (2, "call 1 any", &["1 to bob#1"]),
        (5, "leave 1", &[]),
        (6, "call 2 any", &["2 to bob#2"]),
    ]);
}

#[test]
fn a_caller_who_leaves_while_waiting_is_not_offered() {
    check(&[
        (0, "ann break", &[]),
        (1, "call 1 any", &[]),
        (2, "call 2 any", &[]),
        (3, "leave 1", &[]),
        (4, "ann available", &["2 to ann#1"]),
    ]);
}

#[test]
fn the_preferred_agent_is_first_when_free() {
    check(&[
        (0, "cyd available", &[]),
        (1, "ann available", &[]),
        (2, "call 1 any prefer=ann", &["1 to ann#1"]),
        (3, "call 2 english prefer=cyd", &[]),
    ]);
}

#[test]
fn a_busy_preferred_agent_is_waited_for_and_not_for_ever() {
    check(&[
        (0, "ann available", &[]),
        (1, "call 1 any", &["1 to ann#1"]),
        (2, "bob available", &[]),
        (3, "call 2 any prefer=ann", &[]),
        (10, "leave 1", &["2 to ann#2"]),
        (11, "call 3 any prefer=ann", &[]),
        (30, "tick", &[]),
        (31, "tick", &["3 to bob#1 not ann Reserved"]),
    ]);
}

#[test]
fn of_two_preferred_agents_the_one_who_is_free_has_the_call() {
    check(&[
        (0, "ann available", &[]),
        (1, "call 1 any", &["1 to ann#1"]),
        (2, "bob available", &[]),
        (3, "cyd available", &[]),
        (4, "call 2 any prefer=ann prefer=cyd", &["2 to cyd#1 not ann Reserved"]),
        (5, "call 3 any prefer=ann prefer=cyd", &[]),
        (6, "cyd#1 accepts 2", &[]),
        (7, "leave 2", &[]),
        (17, "tick", &[]),
        (18, "leave 1", &["3 to ann#2"]),
    ]);
}

#[test]
fn a_call_that_comes_back_has_its_old_place_also_in_a_full_queue() {
    let mut world = World { positions: true, ..World::new(setup()) };
    world.play(&[
        (0, "ann break", &[]),
        (1, "call 1 any", &["1 is 1"]),
        (2, "call 2 any", &[]),
        (3, "call 3 any", &[]),
        (4, "call 4 any", &["4 full"]),
        (5, "leave 1", &[]),
        (6, "call 5 any", &[]),
        (7, "call 6 any since=1", &[]),
        (8, "ask 6", &["6 is 1"]),
        (9, "ann available", &["6 to ann#1"]),
    ]);
}

#[test]
fn an_absent_preferred_agent_is_not_waited_for() {
    check(&[
        (0, "cyd available", &[]),
        (1, "call 1 any prefer=ann", &["1 to cyd#1 not ann Offline"]),
        (1, "ann break", &[]),
        (2, "bob available", &[]),
        (3, "call 2 any prefer=ann", &["2 to bob#1 not ann OnBreak"]),
    ]);
}

#[test]
fn a_busy_preferred_agent_whose_desk_is_closed_is_not_waited_for() {
    check(&[
        (0, "ann available", &[]),
        (1, "call 1 any", &["1 to ann#1"]),
        (2, "bob available", &[]),
        (3, "ann lost", &[]),
        (4, "call 2 any prefer=ann", &["2 to bob#1 not ann Reserved"]),
    ]);
}

#[test]
fn a_call_is_let_go_when_its_preferred_agent_leaves() {
    check(&[
        (0, "ann available", &[]),
        (1, "call 1 any", &["1 to ann#1"]),
        (2, "bob available", &[]),
        (3, "call 2 any prefer=ann", &[]),
        (4, "ann break", &["2 to bob#1 not ann OnBreak"]),
    ]);
}

#[test]
fn further_skills_are_asked_for() {
    check(&[
        (0, "cyd available", &[]),
        (0, "ann available", &[]),
        (1, "call 1 any needs=billing", &["1 nobody"]),
        (2, "bob break", &[]),
        (3, "call 2 any needs=billing", &[]),
        (4, "call 3 any needs=en", &["3 to ann#1"]),
        (5, "bob available", &["2 to bob#1"]),
    ]);
}

#[test]
fn a_queue_takes_so_many_and_no_more() {
    check(&[
        (0, "ann break", &[]),
        (1, "call 1 any", &[]),
        (1, "call 2 any", &[]),
        (1, "call 3 any", &[]),
        (1, "call 4 any", &["4 full"]),
        (2, "bob available", &["1 to bob#1"]),
        (3, "call 5 any", &[]),
    ]);
}

#[test]
fn a_queue_without_anybody_logged_in_says_so() {
    check(&[(0, "call 1 any", &["1 nobody"]), (1, "call 2 nowhere", &["2 nobody"])]);
}

#[test]
fn a_queue_that_everybody_leaves_is_given_up_after_a_while() {
    check(&[
        (0, "ann break", &[]),
        (1, "call 1 any", &[]),
        (2, "ann offline", &[]),
        (20, "ann break", &[]),
        (21, "ann offline", &[]),
        (50, "tick", &[]),
        (51, "tick", &["1 nobody"]),
        (52, "ann available", &[]),
    ]);
}

#[test]
fn a_break_asked_for_during_a_call_begins_after_it() {
    let mut world = World { states: true, ..World::new(setup()) };
    world.play(&[
        (0, "ann available", &["ann=available"]),
        (1, "call 1 any", &["ann=offered", "1 to ann#1"]),
        (2, "ann#1 accepts 1", &["ann=on-call"]),
        (3, "ann break", &[]),
        (4, "ann#1 ends 1", &["ann=wrap-up"]),
        (14, "tick", &["ann=break"]),
        (15, "ann available", &["ann=available"]),
        (16, "ann offline", &["ann=offline"]),
    ]);
}

#[test]
fn a_desk_that_comes_back_is_still_in_wrap_up() {
    let mut world = World { states: true, ..World::new(setup()) };
    world.play(&[
        (0, "ann available", &["ann=available"]),
        (1, "call 1 any", &["ann=offered", "1 to ann#1"]),
        (2, "ann#1 accepts 1", &["ann=on-call"]),
        (3, "ann offline", &[]),
        (4, "ann#1 ends 1", &["ann=wrap-up"]),
        (5, "ann available", &[]),
        (6, "ann available", &["ann=available"]),
    ]);
}

#[test]
fn an_agent_whose_desk_is_away_gets_no_offer_until_it_is_back() {
    check(&[
        (0, "ann available", &[]),
        (1, "ann lost", &[]),
        (2, "call 1 any", &[]),
        (3, "ann back", &["1 to ann#1"]),
        (4, "ann lost", &[]),
        (5, "ann#1 accepts 1", &[]),
    ]);
}

#[test]
fn an_agent_without_a_phone_gets_no_offer_and_no_call_passed_on() {
    check(&[
        (0, "ann unplugged", &[]),
        (1, "ann available", &[]),
        (1, "bob available", &[]),
        (2, "call 1 english", &[]),
        (3, "ann plugged", &["1 to ann#1"]),
        (4, "ann unplugged", &[]),
        (5, "ann#1 accepts 1", &[]),
    ]);
}

#[test]
fn a_wrap_up_written_during_the_call_is_not_waited_for() {
    check(&[
        (0, "ann available", &[]),
        (1, "call 1 any", &["1 to ann#1"]),
        (2, "ann#1 accepts 1", &[]),
        (3, "call 2 any", &[]),
        (4, "ann done", &[]),
        (5, "ann#1 ends 1", &["2 to ann#2"]),
        (6, "ann#2 accepts 2", &[]),
        (7, "call 3 any", &[]),
        (8, "ann#2 ends 2", &[]),
        (18, "tick", &["3 to ann#3"]),
    ]);
}

#[test]
fn positions_are_told_when_they_change_and_not_too_often() {
    let mut world = World { positions: true, ..World::new(setup()) };
    world.play(&[
        (0, "ann break", &[]),
        (1, "call 1 any", &["1 is 1"]),
        (2, "call 2 any", &[]),
        (3, "call 3 any p9", &[]),
        (4, "ask 2", &["2 is 3"]),
        (11, "tick", &["3 is 1", "1 is 2"]),
        (12, "ann available", &["3 to ann#1"]),
        (20, "tick", &[]),
        (21, "tick", &["1 is 1", "2 is 2"]),
    ]);
}

#[test]
fn what_the_api_shows() {
    let mut world = World::new(setup());
    world.play(&[
        (0, "bob available", &[]),
        (1, "ann break", &[]),
        (2, "call 1 any", &["1 to bob#1"]),
        (3, "call 2 any", &[]),
    ]);
    let agents: Vec<_> =
        world.router.agents().into_iter().map(|a| (a.agent.to_string(), a.state.as_str(), a.call)).collect();
    assert_eq!(agents[0], ("ann".to_owned(), "break", None));
    assert_eq!(agents[1], ("bob".to_owned(), "offered", Some(CallId(1))));
    let any = world.router.queues(now(8)).into_iter().find(|q| q.queue.as_str() == "any").expect("it is set up");
    assert_eq!((any.waiting, any.oldest_wait, any.available, any.staffed), (1, Duration::from_secs(5), 0, 2));
}

#[test]
fn a_call_that_is_passed_on_has_one_agent_after_the_other() {
    check(&[
        (0, "ann available", &[]),
        (1, "call 1 any", &["1 to ann#1"]),
        (2, "ann#1 accepts 1", &[]),
        (3, "bob available", &[]),
        (4, "pass 1 bob", &["1 to bob#1"]),
        (5, "call 2 any", &[]),
        (6, "bob#1 accepts 1", &[]),
        (6, "ann#1 ends 1", &[]),
        (7, "ann done", &["2 to ann#2"]),
        (8, "bob#1 ends 1", &[]),
        (9, "bob done", &[]),
    ]);
}

#[test]
fn a_call_can_be_passed_on_again_by_whoever_has_it_by_then() {
    let passed_on = [
        (0, "ann available", &[][..]),
        (1, "call 1 any", &["1 to ann#1"]),
        (2, "ann#1 accepts 1", &[]),
        (3, "bob available", &[]),
        (4, "pass 1 bob", &["1 to bob#1"]),
        // Whoever passes it on may leave it before the next one has come.
        (5, "ann#1 ends 1", &[]),
    ];
    let goes_on: &[_] = &[
        (6, "bob#1 accepts 1", &[][..]),
        (7, "ann done", &[]),
        (8, "pass 1 ann", &["1 to ann#2"]),
        (9, "ann#2 accepts 1", &[]),
        (9, "bob#1 ends 1", &[]),
        (10, "bob done", &[]),
        (11, "pass 1 bob", &["1 to bob#2"]),
        (12, "bob#2 declines 1", &[]),
        (13, "ann#2 ends 1", &[]),
        (14, "pass 1 bob", &["1 not to bob: Offline"]),
    ];
    let is_declined: &[_] = &[(6, "bob#1 declines 1", &[][..]), (7, "pass 1 bob", &["1 not to bob: Offline"])];
    let caller_leaves: &[_] = &[(6, "leave 1", &[][..]), (7, "call 2 any", &["2 to bob#2"])];
    for rest in [goes_on, is_declined, caller_leaves] {
        check(&[&passed_on[..], rest].concat());
    }
}

#[test]
fn passing_on_that_comes_to_nothing_leaves_the_call_with_its_agent() {
    check(&[
        (0, "ann available", &[]),
        (1, "call 1 any", &["1 to ann#1"]),
        (2, "ann#1 accepts 1", &[]),
        (3, "pass 1 bob", &["1 not to bob: Offline"]),
        (3, "pass 1 ann", &["1 not to ann: Busy"]),
        (3, "pass 9 ann", &["9 not to ann: Offline"]),
        (4, "bob available", &[]),
        (5, "pass 1 bob", &["1 to bob#1"]),
        (6, "bob#1 declines 1", &[]),
        (7, "call 2 any", &["2 to bob#2"]),
        (8, "ann#1 ends 1", &[]),
        (9, "ann done", &[]),
        (10, "call 3 any", &["3 to ann#2"]),
    ]);
}

/// The expected wait of a call that would enter `any` now, in seconds.
fn expected_wait(world: &World, s: u64) -> Option<u64> {
    let queues = world.router.queues(now(s));
    let any = queues.iter().find(|queue| queue.queue == QueueId::new("any")).expect("the queue");
    any.expected_wait.map(|wait| wait.as_secs())
}

#[test]
fn the_expected_wait_is_what_calls_took_lately_over_those_who_serve() {
    let mut world = World { positions: true, ..World::new(setup()) };
    assert_eq!(expected_wait(&world, 0), None, "nobody is there");
    world.play(&[(0, "ann available", &[])]);
    assert_eq!(expected_wait(&world, 0), Some(0), "somebody is free");
    world.play(&[(1, "call 1 any", &["1 to ann#1"]), (2, "ann#1 accepts 1", &[])]);
    assert_eq!(expected_wait(&world, 3), None, "no call has been served yet");
    // Offered at 1 s, written up at 61 s: a minute of work.
    world.play(&[(51, "ann#1 ends 1", &[]), (61, "tick", &[])]);
    world.play(&[(62, "call 2 any", &["2 to ann#2"]), (63, "ann#2 accepts 2", &[])]);
    assert_eq!(expected_wait(&world, 64), Some(60));
    world.play(&[(65, "call 3 any", &["3 is 1"])]);
    assert_eq!(expected_wait(&world, 66), Some(120), "after the one that waits");
    world.play(&[(67, "cyd available", &["3 to cyd#1"]), (68, "cyd#1 accepts 3", &[])]);
    assert_eq!(expected_wait(&world, 69), Some(30), "two serve, nobody waits");
    world.play(&[(70, "cyd break", &[])]);
    assert_eq!(expected_wait(&world, 71), Some(60), "who goes on a break serves no more");
}

/// The queue `any` with what `change` makes of it.
fn any_with(change: impl Fn(&mut QueueSetup)) -> World {
    let mut setup = setup();
    setup.queues.iter_mut().filter(|queue| queue.id.as_str() == "any").for_each(change);
    World::new(setup)
}

#[test]
fn a_call_that_has_waited_is_offered_to_a_wider_ring() {
    let rings = vec![
        RingSetup { after: Duration::from_secs(30), requires: Some(vec![need("en", 3)]), queues: vec![] },
        RingSetup { after: Duration::from_secs(60), requires: None, queues: vec![QueueId::new("billing")] },
    ];
    let mut world = any_with(|queue| {
        queue.requires = vec![need("en", 9)];
        queue.rings = rings.clone();
    });
    // Bob speaks a little English, and serves billing besides.
    world.play(&[
        (0, "cyd available", &[]),
        (0, "bob available", &[]),
        (1, "call 1 any", &[]),
        (30, "tick", &[]),
        (31, "tick", &["1 to bob#1"]),
        (32, "bob#1 declines 1", &[]),
        (33, "ann available", &["1 to ann#1 not bob Failed(Declined)"]),
        (34, "call 2 any since=1", &["2 to bob#2"]),
    ]);
}

#[test]
fn a_ring_may_add_the_agents_of_another_queue() {
    let rings =
        vec![RingSetup { after: Duration::from_secs(60), requires: None, queues: vec![QueueId::new("billing")] }];
    let mut world = any_with(|queue| {
        queue.requires = vec![need("en", 9)];
        queue.rings = rings.clone();
    });
    world.play(&[
        (0, "cyd available", &[]),
        (0, "ann break", &[]),
        (1, "call 1 any", &[]),
        (10, "leave 1", &[]),
        (11, "call 2 any", &[]),
        (12, "call 3 any", &[]),
        (50, "bob available", &[]),
        (70, "tick", &[]),
        (71, "tick", &["2 to bob#1"]),
        (72, "bob#1 accepts 2", &[]),
        (80, "bob#1 ends 2", &[]),
        (81, "bob done", &["3 to bob#2"]),
    ]);
    assert_eq!(world.router.counts().waiting, 0);
}

#[test]
fn a_caller_who_leaves_takes_the_widening_along() {
    let ring = RingSetup { after: Duration::from_secs(30), requires: Some(vec![]), queues: vec![] };
    let mut world = any_with(|queue| (queue.requires, queue.rings) = (vec![need("en", 9)], vec![ring.clone()]));
    world.play(&[(0, "ann break", &[]), (1, "call 1 any", &[]), (2, "leave 1", &[])]);
    // What is left is the report of positions, which finds nobody.
    world.play(&[(20, "tick", &[])]);
    assert_eq!(world.router.counts().timers, 0);
}

#[test]
fn of_those_who_are_free_whoever_has_the_preferred_skills_is_first() {
    let mut world = any_with(|queue| queue.prefers = vec![need("en", 3), need("billing", 1)]);
    world.play(&[
        (0, "cyd available", &[]),
        (1, "ann available", &[]),
        (2, "bob available", &[]),
        (3, "call 1 any", &["1 to bob#1"]),
        (4, "call 2 any", &["2 to ann#1"]),
        (5, "call 3 any", &["3 to cyd#1"]),
    ]);
}

#[test]
fn an_agent_keeps_to_the_queues_that_they_have_and_weighs_them() {
    let mut setup = setup();
    let queues = vec![(QueueId::new("any"), 0), (QueueId::new("billing"), 20)];
    setup.agents.iter_mut().for_each(|agent| agent.queues = Some(queues.clone()));
    setup.agents.push(agent("dee", &[("en", 9)]));
    World::new(setup).play(&[
        (0, "ann available", &[]),
        (0, "bob break", &[]),
        (0, "dee break", &[]),
        (1, "call 1 english", &[]),
        (2, "call 2 any", &["2 to ann#1"]),
        (3, "call 3 any p15", &[]),
        (4, "call 4 billing", &[]),
        (5, "bob available", &["4 to bob#1"]),
        (6, "bob#1 declines 4", &["3 to bob#2"]),
    ]);
}

#[test]
fn who_has_had_the_fewest_calls_is_first_where_the_queue_says_so() {
    let script: &[(u64, &str, &[&str])] = &[
        (0, "ann available", &[]),
        (0, "bob break", &[]),
        (1, "call 1 any", &["1 to ann#1"]),
        (1, "ann#1 accepts 1", &[]),
        (9, "ann#1 ends 1", &[]),
        (9, "ann done", &[]),
        (10, "bob available", &[]),
    ];
    let last = |order, expect: &'static str| {
        let mut world = any_with(|queue| queue.order = order);
        world.play(script);
        world.play(&[(20, "call 2 any", &[expect])]);
    };
    last(Order::LongestIdle, "2 to ann#2");
    last(Order::FewestCalls, "2 to bob#1");
    last(Order::LeastOccupied, "2 to bob#1");
}

#[test]
fn the_time_on_calls_counts_where_the_queue_says_so_and_not_their_number() {
    let script: &[(u64, &str, &[&str])] = &[
        (0, "ann available", &[]),
        (1, "call 1 any", &["1 to ann#1"]),
        (1, "ann#1 accepts 1", &[]),
        (1, "bob available", &[]),
        (2, "call 2 any", &["2 to bob#1"]),
        (2, "bob#1 accepts 2", &[]),
        (9, "ann done", &[]),
        (9, "ann#1 ends 1", &[]),
        (10, "call 3 any", &["3 to ann#2"]),
        (10, "ann#2 accepts 3", &[]),
        (12, "ann done", &[]),
        (12, "ann#2 ends 3", &[]),
        (100, "bob done", &[]),
        (100, "bob#1 ends 2", &[]),
    ];
    let last = |order, expect: &'static str| {
        let mut world = any_with(|queue| queue.order = order);
        world.play(script);
        world.play(&[(110, "call 4 any", &[expect])]);
    };
    last(Order::FewestCalls, "4 to bob#2");
    last(Order::LeastOccupied, "4 to ann#3");
}

#[test]
fn a_queue_may_have_its_own_patience_for_the_preferred_agent() {
    let mut world = any_with(|queue| queue.prefer_wait = Some(Duration::from_secs(5)));
    world.play(&[
        (0, "ann available", &[]),
        (1, "call 1 any", &["1 to ann#1"]),
        (2, "bob available", &[]),
        (3, "call 2 any prefer=ann", &[]),
        (7, "tick", &[]),
        (8, "tick", &["2 to bob#1 not ann Reserved"]),
    ]);
}

fn reconfigure(world: &mut World, s: u64, change: impl Fn(&mut Setup)) -> Vec<String> {
    let mut setup = setup();
    change(&mut setup);
    world.run_to(s);
    world.router.reconfigure(setup, now(s));
    world.run_to(s);
    world.drain()
}

fn queue_named<'a>(setup: &'a mut Setup, name: &str) -> &'a mut QueueSetup {
    setup.queues.iter_mut().find(|queue| queue.id.as_str() == name).expect("a queue")
}

#[test]
fn the_same_setup_again_changes_nothing() {
    let mut world = World::new(setup());
    world.play(&[
        (0, "bob available", &[]),
        (1, "ann available", &[]),
        (2, "call 1 english", &["1 to ann#1"]),
        (3, "call 2 english", &[]),
    ]);
    let before = world.router.queues(now(4));
    assert!(reconfigure(&mut world, 4, |_| {}).is_empty());
    assert_eq!(world.router.queues(now(4)), before);
    world.play(&[(5, "cyd available", &[]), (6, "call 3 any", &["3 to bob#1"]), (7, "leave 1", &["2 to ann#2"])]);
}

#[test]
fn a_new_ring_reaches_calls_that_wait_already() {
    let mut world = World::new(setup());
    world.play(&[(0, "bob available", &[]), (0, "ann break", &[]), (1, "call 1 english", &[])]);
    let ring = RingSetup { after: Duration::from_secs(20), requires: Some(vec![]), queues: vec![] };
    let with_ring = |setup: &mut Setup| queue_named(setup, "english").rings = vec![ring.clone()];
    assert!(reconfigure(&mut world, 10, with_ring).is_empty());
    world.play(&[(20, "tick", &[]), (21, "tick", &["1 to bob#1"]), (22, "bob#1 declines 1", &[])]);
    // Without the ring bob is no agent of the queue; the call waits on, for ann.
    assert!(reconfigure(&mut world, 30, |_| {}).is_empty());
    world.play(&[(60, "tick", &[]), (61, "ann available", &["1 to ann#1 not bob Failed(Declined)"])]);
}

#[test]
fn an_agent_who_learns_something_takes_a_call_at_once() {
    let mut world = World::new(setup());
    world.play(&[(0, "cyd available", &[]), (0, "ann break", &[]), (1, "call 1 english", &[])]);
    let learned = |setup: &mut Setup| {
        setup.agents.retain(|agent| agent.id.as_str() != "cyd");
        setup.agents.push(agent("cyd", &[("en", 5)]));
        setup.agents.push(agent("dee", &[("en", 5)]));
    };
    assert_eq!(reconfigure(&mut world, 5, learned), ["1 to cyd#1"]);
    world.play(&[(6, "call 2 english", &[]), (7, "dee available", &["2 to dee#1"])]);
}

#[test]
fn whoever_is_not_in_the_new_setup_finishes_the_call() {
    let mut world = World { states: true, ..World::new(setup()) };
    world.play(&[
        (0, "ann available", &["ann=available"]),
        (1, "call 1 any", &["ann=offered", "1 to ann#1"]),
        (2, "ann#1 accepts 1", &["ann=on-call"]),
    ]);
    assert!(reconfigure(&mut world, 3, |setup| setup.agents.retain(|agent| agent.id.as_str() != "ann")).is_empty());
    assert_eq!(world.router.agents().len(), 3);
    world.play(&[
        (9, "ann#1 ends 1", &["ann=wrap-up"]),
        (10, "ann done", &["ann=offline"]),
        (11, "ann available", &[]),
    ]);
    assert_eq!(world.router.agents().len(), 2);
}

#[test]
fn what_was_expected_is_compared_with_what_came_of_it() {
    let mut world = World { waits: true, ..World::new(setup()) };
    world.play(&[
        (0, "ann available", &[]),
        (1, "call 1 any", &["1 to ann#1"]),
        (2, "call 2 any", &[]),
        (2, "ann#1 accepts 1", &[]),
        (50, "ann done", &[]),
        (61, "ann#1 ends 1", &["2 waited 59 of ? or ?", "2 to ann#2"]),
        (62, "call 3 any", &[]),
        (63, "call 4 any", &[]),
        (64, "ann#2 declines 2", &["3 waited 2 of 60 or 59", "3 to ann#3"]),
    ]);
}
