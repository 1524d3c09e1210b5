//! Redis with two clients at once, Redis that is slow, gone, or comes back empty.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use throughline::base::Pii;
use throughline::base::limits::POOL_NUMBERS_AT_ONCE;
use throughline::intents::{Patch, StoreError, StoreReply, StoreRequest};
use throughline::io::store::{OpenError, RedisSetup, Store};

use super::build::*;
use super::worlds::{PATIENCE, redis_store, runtime};
use crate::support::process::eventually;
use crate::support::redis::RedisServer;

#[test]
fn of_two_claims_at_once_one_wins() {
    let server = RedisServer::start();
    runtime().block_on(async {
        let (one, two) = (redis_store(&server, "race", 1000), redis_store(&server, "race", 1000));
        for nth in 1..=50 {
            one.ask(register(nth, at(0))).await.expect("registered");
            let (first, second) =
                tokio::join!(one.ask(claim(nth, 1, at(60), at(1))), two.ask(claim(nth, 2, at(60), at(1))));
            let replies = [show(&first.expect("an answer")), show(&second.expect("an answer"))];
            let winner = if replies[0].starts_with("claimed") { 1 } else { 2 };
            assert!(replies.contains(&format!("claimed {nth} shared")), "{replies:?}");
            assert!(replies.contains(&format!("taken {winner}")), "{replies:?}");
        }
    });
}

#[test]
fn two_clients_never_lease_one_number() {
    let server = RedisServer::start();
    runtime().block_on(async {
        let stores = [redis_store(&server, "lease", 1000), redis_store(&server, "lease", 1000)];
        stores[0].ask(seed(50, at(0))).await.expect("seeded");
        let asked = (1..=60).map(|nth| {
            let store = stores[nth as usize % 2].clone();
            tokio::spawn(async move { store.ask(register(nth, at(0))).await })
        });
        let (mut numbers, mut shared) = (BTreeSet::new(), 0);
        for answer in asked.collect::<Vec<_>>() {
            let Ok(Ok(StoreReply::Registered(intent))) = answer.await else { panic!("not registered") };
            match intent.exclusive_number() {
                Some(number) => assert!(numbers.insert(number.clone()), "leased twice"),
                None => shared += 1,
            }
        }
        assert_eq!((numbers.len(), shared), (50, 10));
    });
}

/// One script of ten thousand numbers would keep every call waiting.
#[test]
fn a_pool_is_told_a_few_numbers_at_a_time() {
    let server = RedisServer::start();
    runtime().block_on(async {
        let store = redis_store(&server, "large", 1000);
        let count = 2 * POOL_NUMBERS_AT_ONCE as u64 + 1;
        let before = server.scripts_run();
        assert_eq!(show(&store.ask(seed(count, at(0))).await.expect("seeded")), format!("seeded {count}"));
        // The first of the three is told to Redis when it has refused it.
        assert_eq!(server.scripts_run() - before, 3 + 1);
        assert_eq!(show(&store.ask(register(1, at(0))).await.expect("registered")), "registered 1 n0");
        assert_eq!(show(&store.ask(seed(1, at(1))).await.expect("seeded")), "seeded 1");
        assert_eq!(show(&store.ask(register(2, at(1))).await.expect("registered")), "registered 2 shared");
    });
}

#[test]
fn finding_is_one_round_trip() {
    let server = RedisServer::start();
    runtime().block_on(async {
        let store = redis_store(&server, "trip", 1000);
        store.ask(seed(3, at(0))).await.expect("seeded");
        store.ask(register(1, at(0))).await.expect("registered");
        let everything = find(Some(number(0)), Some(caller(1)), Some(1), at(1));
        // The first one teaches Redis the script.
        store.ask(everything.clone()).await.expect("found");
        let before = server.scripts_run();
        store.ask(everything).await.expect("found");
        assert_eq!(server.scripts_run() - before, 1);
    });
}

#[test]
fn every_key_has_an_end_after_every_request() {
    let server = RedisServer::start();
    runtime().block_on(async {
        let store = redis_store(&server, "ends", 1000);
        let requests = [
            seed(3, at(0)),
            register_with_key(1, 1, 1, at(0)),
            register(2, at(0)),
            amend(2, ttl(3000), at(1)),
            claim(1, 5, at(60), at(1)),
            finish(1, 5, Some("ann"), at(2)),
            claim(2, 6, at(60), at(2)),
            finish(2, 6, None, at(3)),
            find(Some(number(1)), Some(caller(2)), Some(2), at(4)),
            withdraw(2, at(5)),
            get(2, at(6)),
        ];
        for request in requests {
            let name = request.name();
            store.ask(request).await.expect("an answer");
            for (key, life) in server.lives_by_key() {
                assert!(life > 0, "{key} has no end after {name}");
                assert!(key.starts_with("{ends}:"), "{key} is not under the hash tag");
            }
        }
        let kinds: BTreeSet<String> =
            server.lives_by_key().iter().filter_map(|(key, _)| key.split(':').nth(1).map(str::to_owned)).collect();
        assert_eq!(kinds.len(), 5, "{kinds:?}");
    });
}

#[test]
fn a_frozen_redis_is_a_timeout_within_the_limit_and_then_works_again() {
    let server = RedisServer::start();
    runtime().block_on(async {
        let store = redis_store(&server, "frozen", 1000);
        store.ask(register(1, at(0))).await.expect("registered");
        server.freeze();
        let begun = Instant::now();
        let answer = store.ask_within(called_from(1, at(1)), Duration::from_millis(100)).await;
        assert_eq!(answer, Err(StoreError::Timeout));
        assert!(begun.elapsed() < Duration::from_secs(5), "the limit holds");
        server.thaw();
        assert_eq!(show(&store.ask(called_from(1, at(1))).await.expect("an answer")), "found 1:c");
    });
}

#[test]
fn redis_killed_and_restarted_empty() {
    let mut server = RedisServer::start();
    let runtime = runtime();
    let _inside = runtime.enter();
    let store = redis_store(&server, "killed", 1000);
    let ask = |request: StoreRequest| runtime.block_on(store.ask_within(request, Duration::from_secs(2)));
    assert_eq!(ask(seed(2, at(0))).map(|reply| show(&reply)), Ok("seeded 2".into()));
    assert_eq!(ask(register(1, at(0))).map(|reply| show(&reply)), Ok("registered 1 n0".into()));

    server.kill();
    for _ in 0..3 {
        let failure = ask(dialled(0, at(1))).expect_err("Redis is gone");
        assert!(matches!(failure, StoreError::Unavailable | StoreError::Timeout), "{failure:?}");
    }

    server.restart();
    eventually("the connection comes back", PATIENCE, || ask(StoreRequest::Ping { now: at(2) }).ok());
    assert_eq!(ask(dialled(0, at(2))).map(|reply| show(&reply)), Ok("found".into()));
    // Nobody knows whose the numbers were: they come back, but rest before they are leased.
    assert_eq!(ask(register(2, at(3))).map(|reply| show(&reply)), Ok("registered 2 shared".into()));
    assert_eq!(ask(register(3, at(2 + QUARANTINE_S))).map(|reply| show(&reply)), Ok("registered 3 shared".into()));
    assert_eq!(ask(register(4, at(3 + QUARANTINE_S))).map(|reply| show(&reply)), Ok("registered 4 n0".into()));
}

#[test]
fn the_first_request_after_a_cut_that_nobody_noticed_is_answered() {
    let mut server = RedisServer::start();
    let runtime = runtime();
    let _inside = runtime.enter();
    let store = redis_store(&server, "cut", 1000);
    assert_eq!(
        runtime.block_on(store.ask(register(1, at(0)))).map(|reply| show(&reply)),
        Ok("registered 1 shared".into())
    );
    server.kill();
    server.restart();
    assert_eq!(runtime.block_on(store.ask(called_from(1, at(1)))).map(|reply| show(&reply)), Ok("found".into()));
}

#[test]
fn a_redis_that_is_not_there_yet_is_no_fault_of_the_start() {
    let mut server = RedisServer::start();
    server.kill();
    let runtime = runtime();
    let _inside = runtime.enter();
    let store = redis_store(&server, "later", 1000);
    assert_eq!(runtime.block_on(store.ask(StoreRequest::Ping { now: at(0) })), Err(StoreError::Unavailable));
    server.restart();
    let ping = || runtime.block_on(store.ask(StoreRequest::Ping { now: at(0) })).ok();
    assert_eq!(eventually("the connection comes", PATIENCE, ping), StoreReply::Pong);
}

#[test]
fn an_address_that_is_none_is_said_at_once() {
    let runtime = runtime();
    let _inside = runtime.enter();
    let setup = RedisSetup { url: "http://127.0.0.1/".into(), prefix: "none".into() };
    assert!(matches!(Store::redis(setup, 9, PATIENCE), Err(OpenError::Address { .. })));
}

#[test]
fn what_is_stored_wrong_is_corrupt_and_not_believed() {
    let server = RedisServer::start();
    runtime().block_on(async {
        let store = redis_store(&server, "wrong", 1000);
        store.ask(register(1, at(0))).await.expect("registered");
        let id = throughline::base::IntentId(1);
        let key = format!("{{wrong}}:intent:{id}");
        // "packed": a number, a map that breaks off, and one that has no customer.
        for wrong in ["7", "\u{1}", "\\x81\\xa1v\\xa11"] {
            let script = format!("redis.call('HSET', KEYS[1], 'packed', '{wrong}')");
            server.command(&["EVAL", &script, "1", &key]);
            assert_eq!(store.ask(get(1, at(1))).await, Err(StoreError::Corrupt), "{wrong:?}");
        }
    });
}

#[test]
fn a_record_of_an_earlier_version_is_read_and_amended() {
    let server = RedisServer::start();
    runtime().block_on(async {
        let store = redis_store(&server, "earlier", 1000);
        store.ask(register(1, at(0))).await.expect("registered");
        let before = store.ask(get(1, at(1))).await.expect("it is there");
        // Each field was one of the hash.
        let script = "for name, value in pairs(cmsgpack.unpack(redis.call('HGET', KEYS[1], 'packed'))) do
              redis.call('HSET', KEYS[1], name, value)
            end
            redis.call('HDEL', KEYS[1], 'packed')";
        let key = format!("{{earlier}}:intent:{}", throughline::base::IntentId(1));
        server.command(&["EVAL", script, "1", &key]);
        assert_eq!(store.ask(get(1, at(1))).await, Ok(before));
        let patch = Patch { words: Some(Pii::new("Where is it?".to_owned())), ..Patch::default() };
        assert_eq!(show(&store.ask(amend(1, patch, at(1))).await.expect("an answer")), "amended 1 shared v2");
        let Ok(StoreReply::Got(intent)) = store.ask(get(1, at(2))).await else { panic!("it is gone") };
        assert_eq!(intent.words.expose(), "Where is it?");
    });
}
