//! Who is named as passed over, and why.

use std::collections::BTreeMap;

use super::*;
use crate::base::limits::{OTHERS_LOOKED_AT, OTHERS_NAMED};
use crate::base::{AgentId, CallId, Mono, Now, QueueId, SkillId, Wall};

const S: u64 = 1_000_000_000;

fn need(min_level: u8) -> SkillNeed {
    SkillNeed { skill: SkillId::new("x"), min_level }
}

fn agent(name: &str, level: u8) -> AgentSetup {
    AgentSetup::new(AgentId::new(name), vec![(SkillId::new("x"), level)])
}

fn router(agents: Vec<AgentSetup>) -> Router {
    let skilled = QueueSetup { requires: vec![need(3)], ..QueueSetup::new("skilled") };
    Router::new(Setup { agents, queues: vec![skilled, QueueSetup::new("other")], ..Setup::default() })
}

fn say(router: &mut Router, at_s: u64, input: Input) -> Vec<Output> {
    router.handle(input, Now::new(Mono(at_s * S), Wall(at_s * 1000)));
    std::iter::from_fn(|| router.poll_output()).collect()
}

fn available(router: &mut Router, at_s: u64, name: &str) {
    say(router, at_s, Input::Presence { agent: AgentId::new(name), presence: Presence::Available });
}

/// The offer of a new call: who gets it, and who else does not.
fn offer(router: &mut Router, at_s: u64, call: u64) -> (AgentId, Vec<(AgentId, Why)>) {
    let call = CallId(call);
    let queue = QueueId::new("skilled");
    let enqueue = Input::Enqueue { call, queue, priority: 0, prefer: Vec::new(), extra: Vec::new(), since: None };
    let offer = say(router, at_s, enqueue).into_iter().find_map(|output| match output {
        Output::Offer { agent, others, passed_over, .. } => {
            assert_eq!(passed_over, [], "nobody has a claim");
            Some((agent, others.iter().map(|(agent, why)| (agent.clone(), why.clone())).collect()))
        }
        _ => None,
    });
    offer.expect("an offer")
}

#[test]
fn each_agent_who_did_not_get_the_call_is_named_with_the_reason() {
    let names = ["ann", "ben", "eve", "gus", "hal", "ivy", "jon"];
    let mut agents: Vec<_> = names.iter().map(|name| agent(name, 5)).collect();
    agents.push(agent("dan", 2));
    agents.push(AgentSetup { queues: Some(vec![(QueueId::new("other"), 0)]), ..agent("fay", 5) });
    let mut router = router(agents);
    available(&mut router, 0, "jon");
    assert_eq!(offer(&mut router, 1, 1).0, AgentId::new("jon"));
    for (name, at_s) in ["ann", "ben", "dan", "fay", "hal", "ivy"].into_iter().zip(2..) {
        available(&mut router, at_s, name);
    }
    let away = Presence::Break { reason: "lunch".to_owned() };
    say(&mut router, 10, Input::Presence { agent: AgentId::new("gus"), presence: away });
    say(&mut router, 10, Input::Phone { agent: AgentId::new("hal"), reachable: false });
    say(&mut router, 10, Input::Desk { agent: AgentId::new("ivy"), connected: false });
    let (granted, others) = offer(&mut router, 11, 2);
    assert_eq!(granted, AgentId::new("ann"));
    let places: Vec<_> = others.iter().map(|(agent, _)| agent.to_string()).collect();
    assert_eq!(places[places.len() - 2..], ["dan", "fay"], "whose work it is not comes last");
    let why: BTreeMap<_, _> = others.into_iter().map(|(agent, why)| (agent.to_string(), why)).collect();
    let expected = [
        ("ben", Why::NotTheirTurn),
        ("dan", Why::Lacks(need(3))),
        ("eve", Why::Offline),
        ("fay", Why::OtherQueues),
        ("gus", Why::OnBreak),
        ("hal", Why::NoPhone),
        ("ivy", Why::NoDesk),
        ("jon", Why::Reserved),
    ];
    assert_eq!(why, expected.into_iter().map(|(name, why)| (name.to_owned(), why)).collect());
}

#[test]
fn of_a_large_team_only_the_first_are_named() {
    let team = 3 * OTHERS_LOOKED_AT;
    let mut router = router((0..team).map(|n| agent(&format!("agent{n:04}"), 5)).collect());
    available(&mut router, 0, &format!("agent{:04}", team - 1));
    let (granted, others) = offer(&mut router, 1, 1);
    assert_eq!(granted, AgentId::new(&format!("agent{:04}", team - 1)));
    assert_eq!((others.len(), &others[0]), (OTHERS_NAMED, &(AgentId::new("agent0000"), Why::Offline)));
}
