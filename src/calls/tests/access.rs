//! What the rules are told of a call, and what their answers come to.

use std::sync::Arc;
use std::time::Duration;

use crate::access::{
    After, Answer, Channel, Conditions, DomainCondition, DomainPattern, Keyword, LoadCondition, Overflow, Policy,
    PolicySetup, Rule,
};
use crate::base::{QueueId, SkillId};
use crate::calls::script::Bench;
use crate::calls::settings::TrunkPlan;

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

/// Of a caller without an intent; a trunk that is not trusted is not believed.
#[test]
fn the_domain_of_a_stranger_is_the_host_that_a_trusted_trunk_says() {
    for (trusted, queue) in [(true, "partners"), (false, "help")] {
        let patterns = vec![DomainPattern::parse("pbx.example.com").unwrap()];
        let domain = Some(DomainCondition { patterns, ..DomainCondition::default() });
        let partners = Conditions { domain, ..Conditions::default() };
        let rules = vec![rule("partners", partners, "partners"), rule("others", Conditions::default(), "help")];
        let mut bench = Bench::having(|settings| {
            settings.policy = Policy::new(PolicySetup::of(rules, Answer::SelfService)).unwrap().into();
            for trunk in settings.trunks.values_mut() {
                *trunk = Arc::new(TrunkPlan { trusted, ..(**trunk).clone() });
            }
        });
        bench.check(&format!(
            "> invite from the host pbx.example.com\n < find\n > found nobody\n < matched V0, enqueue {queue}"
        ));
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

/// A minute in `help`, then two in `general`, then no more.
fn overflowing() -> Bench {
    let queue = QueueId::new("general");
    let next = Overflow {
        queue,
        ceiling: Some(Duration::from_secs(120)),
        then: After::Refuse { status: 480, announcement: None },
    };
    let then = After::Queue(Arc::new(next));
    let ceiling = Duration::from_secs(60);
    let answer = Answer::Queue { queue: QueueId::new("help"), priority: 7, ceiling, then };
    Bench::with_rules(vec![Rule::new("all", Conditions::default(), answer)])
}

#[test]
fn a_call_that_waits_too_long_goes_on_in_another_queue_with_its_time() {
    let mut bench = overflowing();
    bench.check("> invite\n < find\n > found ours\n < matched V2, enqueue help");
    assert_eq!(bench.after("wait 200"), "caller hears waiting, 200");
    let on = bench.after("wait 59800");
    assert!(on.contains("leave, enqueue general as before, caller hears waiting"), "{on}");
    assert!(!on.contains("hang up"), "{on}");
    assert!(!bench.after("wait 100000").contains("hang up"));
    let over = bench.after("wait 20000");
    assert!(over.contains("leave, hang up caller"), "{over}");
    bench.after("finished");
    assert_eq!(bench.records[0].queue, Some(QueueId::new("general")));
    bench.assert_quiet();
}

#[test]
fn who_is_refused_after_a_queue_hears_why() {
    let then = After::Refuse { status: 480, announcement: Some("closed.wav".into()) };
    let answer = Answer::Queue { queue: QueueId::new("help"), priority: 0, ceiling: Duration::from_secs(10), then };
    let mut bench = Bench::with_rules(vec![Rule::new("all", Conditions::default(), answer)]);
    bench.check(
        "> invite
         < find
         > found ours
         < matched V2, enqueue help
         > wait 200
         < caller hears waiting, 200
         > wait 9800
         < leave, caller is played 20
         > played
         < hang up caller, finish open, ended refused by us
         > finished",
    );
    bench.assert_quiet();
}

#[test]
fn a_queue_that_nobody_serves_lets_the_next_one_try_at_once() {
    let mut bench = overflowing();
    bench.check(
        "> invite
         < find
         > found ours
         < matched V2, enqueue help
         > nobody-can-serve
         < enqueue general as before
         > nobody-can-serve
         < fallback: nobody-can-serve, dial sip:+12015550123@192.0.2.99",
    );
}

#[test]
fn an_overflow_leaves_a_call_alone_that_is_being_offered() {
    let mut bench = overflowing();
    bench.check("> invite\n < find\n > found ours\n < matched V2, enqueue help\n > wait 59900");
    bench.after("offer 1");
    let said = bench.after("wait 200");
    assert!(!said.contains("enqueue"), "{said}");
}

#[test]
fn a_rule_asks_for_skills_besides() {
    let skills = vec![(SkillId::new("spanish"), 5)];
    let rules = vec![Rule { skills, ..Rule::new("all", Conditions::default(), human("help")) }];
    let mut bench = Bench::with_rules(rules);
    bench.check("> invite\n < find\n > found ours\n < matched V2, enqueue help with spanish 5");
}

#[test]
fn the_end_record_says_who_is_to_be_told() {
    let rules =
        vec![Rule { notify: Some("gold-team".into()), ..Rule::new("all", Conditions::default(), human("help")) }];
    let mut bench = Bench::with_rules(rules);
    bench.check("> invite\n < find\n > found ours\n < matched V2, enqueue help");
    bench.after("caller cancels");
    assert_eq!(bench.records[0].notify.as_deref(), Some("gold-team"));
}
