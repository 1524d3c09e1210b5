//! The line to Redis that the engine's thread serves by itself: what it takes, and what becomes of a question when it is cut.

use std::time::Duration;

use throughline::intents::{StoreError, StoreRequest};
use throughline::io::store::{RedisSetup, Store};

use super::build::*;
use super::worlds::{Asker, PATIENCE, Way, redis_store, runtime};
use crate::support::process::eventually;
use crate::support::redis::RedisServer;

/// Asks until the answer comes over the line: it is made by the first question, and a script is made known by the other way.
fn until_the_line(runtime: &tokio::runtime::Runtime, asker: &mut Asker) {
    eventually("an answer over the line", PATIENCE, || {
        let (way, _) = runtime.block_on(asker.ask(called_from(1, at(1)), PATIENCE));
        (way == Way::Line).then_some(())
    });
}

#[test]
fn questions_go_over_the_line_and_registrations_do_not() {
    let server = RedisServer::start();
    let runtime = runtime();
    let _inside = runtime.enter();
    let mut asker = Asker::new(redis_store(&server, "line", 1000));
    until_the_line(&runtime, &mut asker);
    let mut ask = |request: StoreRequest| {
        let (way, answer) = runtime.block_on(asker.ask(request, PATIENCE));
        (way, show(&answer.expect("an answer")))
    };
    let register = |nth| register(nth, at(0));
    assert_eq!(ask(register(1)), (Way::Task, "registered 1 shared".into()));
    let asked = [claim(1, 5, at(60), at(1)), finish(1, 5, None, at(2)), called_from(1, at(3)), get(1, at(4))];
    for request in asked {
        // Each script is unknown to this Redis at first.
        let first = ask(request.clone());
        assert_eq!(ask(request), (Way::Line, first.1));
    }
    assert_eq!(ask(register(2)).0, Way::Task);
    assert_eq!(ask(StoreRequest::Ping { now: at(5) }).0, Way::Task);
    server.command(&["SCRIPT", "FLUSH"]);
    assert_eq!(ask(called_from(2, at(6))), (Way::Task, "found 2:c".into()));
    assert_eq!(ask(called_from(2, at(6))), (Way::Line, "found 2:c".into()));
}

#[test]
fn a_frozen_redis_is_a_timeout_over_the_line_and_its_late_answer_nobody_elses() {
    let server = RedisServer::start();
    let runtime = runtime();
    let _inside = runtime.enter();
    let store = redis_store(&server, "line-frozen", 1000);
    let mut asker = Asker::new(store.clone());
    runtime.block_on(store.ask(register(1, at(0)))).expect("registered");
    until_the_line(&runtime, &mut asker);
    server.freeze();
    let timeout = runtime.block_on(asker.ask(called_from(1, at(1)), Duration::from_millis(100)));
    assert_eq!(timeout, (Way::Line, Err(StoreError::Timeout)));
    server.thaw();
    let (way, answer) = runtime.block_on(asker.ask(called_from(2, at(1)), PATIENCE));
    assert_eq!((way, show(&answer.expect("an answer"))), (Way::Line, "found".into()));
}

#[test]
fn a_line_without_an_answer_for_five_seconds_is_given_up_and_its_question_asked_another_way() {
    let server = RedisServer::start();
    let runtime = runtime();
    let _inside = runtime.enter();
    let mut asker = Asker::new(redis_store(&server, "line-stuck", 1000));
    until_the_line(&runtime, &mut asker);
    server.freeze();
    asker.put(called_from(1, at(1)), PATIENCE);
    asker.pass(Duration::from_secs(5));
    server.thaw();
    let (way, answer) = runtime.block_on(asker.answer_to_the_last());
    assert_eq!((way, show(&answer.expect("an answer"))), (Way::Task, "found".into()));
}

#[test]
fn a_question_on_a_line_that_is_cut_is_asked_again_and_the_line_comes_back() {
    let mut server = RedisServer::start();
    let runtime = runtime();
    let _inside = runtime.enter();
    let mut asker = Asker::new(redis_store(&server, "line-cut", 1000));
    until_the_line(&runtime, &mut asker);
    server.kill();
    let (way, answer) = runtime.block_on(asker.ask(called_from(1, at(1)), PATIENCE));
    assert!(way == Way::Task && answer.is_err(), "{answer:?}");
    server.restart();
    until_the_line(&runtime, &mut asker);
}

#[test]
fn the_line_is_for_a_password_and_a_database_too() {
    let server = RedisServer::start();
    server.command(&["CONFIG", "SET", "requirepass", "a secret"]);
    let runtime = runtime();
    let _inside = runtime.enter();
    let asker = |password: &str| {
        let url = server.url().replace("redis://", &format!("redis://:{password}@")).replace("/0", "/3");
        Asker::new(Store::redis(RedisSetup { url, prefix: "line".into() }, 9, PATIENCE).expect("an address"))
    };
    until_the_line(&runtime, &mut asker("a%20secret"));
    let (way, answer) = runtime.block_on(asker("wrong").ask(called_from(1, at(1)), PATIENCE));
    assert!(way == Way::Task && answer.is_err(), "{answer:?}");
}
