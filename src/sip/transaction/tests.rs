//! Each timer of RFC 3261 table 4 and RFC 6026 section 8.4, and each arrow of the figures, in virtual time.

use std::time::Duration;

use super::client::{self, Client};
use super::effects::{Effects, Send, Tell};
use super::invite_client::InviteClient;
use super::invite_server::InviteServer;
use super::server::{self, Server};
use super::timer::{Timer, Times};
use crate::base::Mono;
use crate::base::timers::Timers;

/// What one of the four machines is to this test.
trait Machine: Copy {
    type Input: Copy;
    fn begin(times: &Times) -> (Self, Effects);
    fn step(self, input: Self::Input, times: &Times) -> (Self, Effects);
    fn fired(timer: Timer) -> Self::Input;
}

macro_rules! machine {
    ($name:ty, $input:ty, $begin:expr) => {
        impl Machine for $name {
            type Input = $input;
            fn begin(times: &Times) -> ($name, Effects) {
                let begin: fn(&Times) -> ($name, Effects) = $begin;
                begin(times)
            }
            fn step(self, input: $input, times: &Times) -> ($name, Effects) {
                self.handle(input, times)
            }
            fn fired(timer: Timer) -> $input {
                <$input>::Fired(timer)
            }
        }
    };
}

machine!(InviteClient, client::Input, InviteClient::start);
machine!(Client, client::Input, Client::start);
machine!(InviteServer, server::Input, |_| (InviteServer::Proceeding, Effects::none()));
machine!(Server, server::Input, |_| (Server::Trying, Effects::none()));

struct Bench<M> {
    machine: M,
    times: Times,
    timers: Timers<Timer>,
    trace: Vec<String>,
    over: bool,
}

impl<M: Machine> Bench<M> {
    fn apply(&mut self, (machine, effects): (M, Effects), at: Mono) {
        assert!(!self.over, "an effect after the end");
        self.machine = machine;
        effects.stop.iter().for_each(|timer| self.timers.cancel(timer));
        effects.set.iter().flatten().for_each(|(timer, after)| self.timers.set(*timer, at + *after));
        let words = [
            match effects.send {
                Send::Nothing => "",
                Send::Kept => "send",
                Send::Ack => "ack",
            },
            match effects.tell {
                Tell::Nothing => "",
                Tell::Message => "tell",
                Tell::TimedOut => "timeout",
                Tell::TransportFailed => "failed",
            },
            if effects.over { "over" } else { "" },
        ];
        let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
        if !words.is_empty() {
            self.trace.push(format!("{} {}", at.0 / 1_000_000, words.join("+")));
        }
        self.over = effects.over;
    }

    fn run_to(&mut self, end: Mono) {
        while let Some(at) = self.timers.next().map(|(at, _)| at).filter(|at| *at <= end) {
            let Some(timer) = self.timers.pop_due(at) else { return };
            let step = self.machine.step(M::fired(timer), &self.times);
            self.apply(step, at);
        }
    }
}

/// Feeds `script` (milliseconds and input), lets 100 s pass, and compares what came out.
fn check<M: Machine>(script: &[(u64, M::Input)], expect: &str) {
    check_over::<M>(Times::default(), script, expect);
}

/// The same over TCP or TLS.
fn check_reliable<M: Machine>(script: &[(u64, M::Input)], expect: &str) {
    check_over::<M>(Times { reliable: true, ..Times::default() }, script, expect);
}

fn check_over<M: Machine>(times: Times, script: &[(u64, M::Input)], expect: &str) {
    let (machine, effects) = M::begin(&times);
    let mut bench = Bench { machine, times, timers: Timers::default(), trace: Vec::new(), over: false };
    bench.apply((machine, effects), Mono::ZERO);
    for (ms, input) in script {
        let at = Mono::ZERO + Duration::from_millis(*ms);
        bench.run_to(at);
        let step = bench.machine.step(*input, &times);
        bench.apply(step, at);
    }
    bench.run_to(Mono::ZERO + Duration::from_secs(100));
    assert_eq!(bench.trace.join(", "), expect);
    assert!(!bench.over || bench.timers.is_empty(), "timers after the end");
}

use client::Input::{Provisional, Refusal, Success, TransportFailed};

#[test]
fn an_invite_unanswered_doubles_a_until_b() {
    check::<InviteClient>(
        &[],
        "0 send, 500 send, 1500 send, 3500 send, 7500 send, 15500 send, 31500 send, 32000 timeout+over",
    );
}

#[test]
fn an_invite_that_is_proceeding_waits_without_timers() {
    check::<InviteClient>(&[(600, Provisional), (40_000, Provisional)], "0 send, 500 send, 600 tell, 40000 tell");
}

#[test]
fn a_refused_invite_is_acknowledged_each_time_until_d() {
    check::<InviteClient>(
        &[(100, Refusal), (600, Refusal), (700, Success), (800, Provisional)],
        "0 send, 100 ack+tell, 600 ack, 32100 over",
    );
    check::<InviteClient>(&[(100, Provisional), (200, Refusal)], "0 send, 100 tell, 200 ack+tell, 32200 over");
}

#[test]
fn an_accepted_invite_passes_each_2xx_up_until_m() {
    check::<InviteClient>(
        &[(100, Success), (600, Success), (700, Refusal), (800, Provisional)],
        "0 send, 100 tell, 600 tell, 32100 over",
    );
    check::<InviteClient>(&[(100, Provisional), (300, Success)], "0 send, 100 tell, 300 tell, 32300 over");
}

#[test]
fn a_transport_that_fails_ends_what_is_unanswered() {
    check::<InviteClient>(&[(100, TransportFailed)], "0 send, 100 failed+over");
    check::<InviteClient>(&[(100, Provisional), (200, TransportFailed)], "0 send, 100 tell, 200 failed+over");
    check::<Client>(&[(100, TransportFailed)], "0 send, 100 failed+over");
    check::<InviteClient>(&[(100, Success), (200, TransportFailed)], "0 send, 100 tell, 32100 over");
}

#[test]
fn a_request_unanswered_goes_again_at_e_up_to_t2_until_f() {
    check::<Client>(
        &[],
        "0 send, 500 send, 1500 send, 3500 send, 7500 send, 11500 send, 15500 send, 19500 send, 23500 send, \
         27500 send, 31500 send, 32000 timeout+over",
    );
}

#[test]
fn a_request_that_is_proceeding_goes_again_every_t2() {
    check::<Client>(
        &[(600, Provisional)],
        "0 send, 500 send, 600 tell, 1500 send, 5500 send, 9500 send, 13500 send, 17500 send, 21500 send, \
         25500 send, 29500 send, 32000 timeout+over",
    );
}

#[test]
fn an_answered_request_absorbs_until_k() {
    check::<Client>(&[(100, Success), (200, Success), (300, Refusal)], "0 send, 100 tell, 5100 over");
    check::<Client>(&[(100, Provisional), (200, Refusal)], "0 send, 100 tell, 200 tell, 5200 over");
}

#[test]
fn a_refusal_goes_again_at_g_until_h() {
    check::<InviteServer>(
        &[(0, server::Input::Provisional), (10, server::Input::Again), (100, server::Input::Refusal)],
        "0 send, 10 send, 100 send, 600 send, 1600 send, 3600 send, 7600 send, 11600 send, 15600 send, 19600 send, \
         23600 send, 27600 send, 31600 send, 32100 timeout+over",
    );
}

#[test]
fn an_acknowledged_refusal_absorbs_until_i() {
    check::<InviteServer>(
        &[
            (0, server::Input::Refusal),
            (10, server::Input::Again),
            (50, server::Input::Ack),
            (60, server::Input::Ack),
            (70, server::Input::Again),
        ],
        "0 send, 10 send, 5050 over",
    );
}

#[test]
fn after_our_2xx_invites_are_absorbed_until_l() {
    check::<InviteServer>(
        &[
            (0, server::Input::Success),
            (500, server::Input::Again),
            (600, server::Input::Success),
            (700, server::Input::Ack),
        ],
        "0 send, 600 send, 700 tell, 32000 over",
    );
}

#[test]
fn an_answered_request_of_a_peer_is_answered_again_until_j() {
    check::<Server>(
        &[
            (10, server::Input::Again),
            (100, server::Input::Success),
            (200, server::Input::Again),
            (300, server::Input::Refusal),
        ],
        "100 send, 200 send, 32100 over",
    );
    check::<Server>(
        &[(10, server::Input::Provisional), (20, server::Input::Again), (100, server::Input::Refusal)],
        "10 send, 20 send, 100 send, 32100 over",
    );
}

#[test]
fn over_a_reliable_transport_nothing_is_sent_again_or_absorbed() {
    check_reliable::<InviteClient>(&[], "0 send, 32000 timeout+over");
    check_reliable::<InviteClient>(&[(100, Provisional), (200, Refusal)], "0 send, 100 tell, 200 ack+tell+over");
    check_reliable::<InviteClient>(&[(100, Success), (600, Success)], "0 send, 100 tell, 600 tell, 32100 over");
    check_reliable::<Client>(&[], "0 send, 32000 timeout+over");
    check_reliable::<Client>(&[(100, Provisional), (400, Success)], "0 send, 100 tell, 400 tell+over");
    check_reliable::<InviteServer>(&[(100, server::Input::Refusal)], "100 send, 32100 timeout+over");
    check_reliable::<InviteServer>(&[(100, server::Input::Refusal), (200, server::Input::Ack)], "100 send, 200 over");
    check_reliable::<InviteServer>(
        &[(0, server::Input::Success), (700, server::Input::Ack)],
        "0 send, 700 tell, 32000 over",
    );
    check_reliable::<Server>(&[(100, server::Input::Success)], "100 send+over");
}
