//! The client transaction of every request but INVITE: RFC 3261 section 17.1.2.

use std::time::Duration;

use super::effects::{Effects, Send, Tell};
use super::timer::{Timer, Times};

/// What reaches a client transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// 100 to 199.
    Provisional,
    /// 200 to 299.
    Success,
    /// 300 to 699.
    Refusal,
    Fired(Timer),
    TransportFailed,
}

/// RFC 3261 figure 6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    /// Sent, nothing heard; `again` is the present value of timer E.
    Trying {
        again: Duration,
    },
    /// A provisional answer came; the request is still sent again, every T2.
    Proceeding,
    /// Answered.
    Completed,
    Terminated,
}

impl Input {
    /// The input that a response of this status is.
    pub fn of_status(status: u16) -> Input {
        match status {
            0..200 => Input::Provisional,
            200..300 => Input::Success,
            300.. => Input::Refusal,
        }
    }
}

impl Client {
    /// The request leaves.
    pub fn start(times: &Times) -> (Client, Effects) {
        let again = Timer::E.first(times);
        let effects =
            Effects::none().send(Send::Kept).set(Timer::F, Timer::F.first(times)).again(Timer::E, again, times);
        (Client::Trying { again }, effects)
    }

    pub fn handle(self, input: Input, times: &Times) -> (Client, Effects) {
        match self {
            Client::Trying { again } => trying(again, input, times),
            Client::Proceeding => proceeding(input, times),
            Client::Completed => completed(input),
            Client::Terminated => (self, Effects::none()),
        }
    }
}

fn trying(again: Duration, input: Input, times: &Times) -> (Client, Effects) {
    match input {
        Input::Provisional => (Client::Proceeding, Effects::none().tell(Tell::Message)),
        Input::Success | Input::Refusal => complete(times),
        Input::Fired(Timer::E) => {
            let again = times.slower(again);
            (Client::Trying { again }, Effects::none().send(Send::Kept).set(Timer::E, again))
        }
        Input::Fired(Timer::F) => end(Tell::TimedOut),
        Input::Fired(_stale) => (Client::Trying { again }, Effects::none()),
        Input::TransportFailed => end(Tell::TransportFailed),
    }
}

fn proceeding(input: Input, times: &Times) -> (Client, Effects) {
    match input {
        Input::Provisional => (Client::Proceeding, Effects::none().tell(Tell::Message)),
        Input::Success | Input::Refusal => complete(times),
        Input::Fired(Timer::E) => (Client::Proceeding, Effects::none().send(Send::Kept).set(Timer::E, times.t2)),
        Input::Fired(Timer::F) => end(Tell::TimedOut),
        Input::Fired(_stale) => (Client::Proceeding, Effects::none()),
        Input::TransportFailed => end(Tell::TransportFailed),
    }
}

fn completed(input: Input) -> (Client, Effects) {
    match input {
        Input::Provisional | Input::Success | Input::Refusal => (Client::Completed, Effects::none()),
        Input::Fired(Timer::K) => (Client::Terminated, Effects::none().over()),
        Input::Fired(_stale) => (Client::Completed, Effects::none()),
        Input::TransportFailed => (Client::Completed, Effects::none()),
    }
}

fn complete(times: &Times) -> (Client, Effects) {
    let effects = Effects::none().tell(Tell::Message).stop(&[Timer::E, Timer::F]).absorb(Timer::K, times);
    (if times.reliable { Client::Terminated } else { Client::Completed }, effects)
}

fn end(tell: Tell) -> (Client, Effects) {
    (Client::Terminated, Effects::none().tell(tell).stop(&[Timer::E, Timer::F]).over())
}
