//! What the rules are told of a call, and what their answers come to.

use crate::access::{Answer, Channel, Conditions, Keyword, LoadCondition, Rule};
use crate::base::QueueId;
use crate::calls::script::Bench;

fn human(queue: &str) -> Answer {
    Answer::Human { queue: Some(QueueId::new(queue)), priority: 0 }
}

fn rule(name: &str, when: Conditions, queue: &str) -> Rule {
    Rule::new(name, when, human(queue))
}

#[test]
fn the_customers_own_words_choose_the_queue() {
    let keywords = vec![Keyword::parse("cancel my order").unwrap()];
    let rules = || {
        let leaving = Conditions { keywords: keywords.clone(), ..Conditions::default() };
        vec![rule("leaving", leaving, "keep"), rule("others", Conditions::default(), "help")]
    };
    for (words, queue) in [("I want to CANCEL my order now", "keep"), ("where is my order", "help")] {
        let mut bench = Bench::with_rules(rules());
        bench.check("> invite\n < find");
        bench.check(&format!("> found writing {words}\n < matched V2, enqueue {queue}"));
    }
}

#[test]
fn a_busy_queue_sends_the_caller_elsewhere() {
    let rules = || {
        let busy = LoadCondition { max_free: Some(0), min_waiting: Some(5), ..LoadCondition::of(QueueId::new("help")) };
        let busy = Conditions { loads: vec![busy], ..Conditions::default() };
        vec![rule("busy", busy, "general"), rule("others", Conditions::default(), "help")]
    };
    for (load, queue) in [("help 0 5", "general"), ("help 0 4", "help"), ("help 1 9", "help"), ("other 0 9", "help")] {
        let mut bench = Bench::with_rules(rules());
        bench.check(&format!("> load {load}\n > invite\n < find\n > found ours\n < matched V2, enqueue {queue}"));
    }
}

#[test]
fn the_channel_is_the_way_by_which_the_caller_came() {
    let rules = || {
        let web = Conditions { channels: vec![Channel::Browser], ..Conditions::default() };
        vec![rule("web", web, "web"), rule("others", Conditions::default(), "help")]
    };
    let mut bench = Bench::with_rules(rules());
    bench.check("> page calls\n < find by token\n > found page");
    assert!(bench.after("wait 0").contains("enqueue web"));
    let mut bench = Bench::with_rules(rules());
    bench.check("> invite\n < find\n > found ours\n < matched V2, enqueue help");
}
