//! The INVITE client transaction: RFC 3261 section 17.1.1, with RFC 6026 section 7.2.

use std::time::Duration;

use super::client::Input;
use super::effects::{Effects, Send, Tell};
use super::timer::{Timer, Times};

/// RFC 3261 figure 5 as RFC 6026 figure 3 amends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InviteClient {
    /// Sent, nothing heard; `again` is the present value of timer A.
    Calling {
        again: Duration,
    },
    /// A provisional answer came.
    Proceeding,
    /// Refused and acknowledged.
    Completed,
    /// A 2xx came; more may.
    Accepted,
    Terminated,
}

impl InviteClient {
    /// The request leaves.
    pub fn start(times: &Times) -> (InviteClient, Effects) {
        let again = Timer::A.first(times);
        let effects =
            Effects::none().send(Send::Kept).set(Timer::B, Timer::B.first(times)).again(Timer::A, again, times);
        (InviteClient::Calling { again }, effects)
    }

    pub fn handle(self, input: Input, times: &Times) -> (InviteClient, Effects) {
        match self {
            InviteClient::Calling { again } => calling(again, input, times),
            InviteClient::Proceeding => proceeding(input, times),
            InviteClient::Completed => completed(input),
            InviteClient::Accepted => accepted(input),
            InviteClient::Terminated => (self, Effects::none()),
        }
    }
}

fn calling(again: Duration, input: Input, times: &Times) -> (InviteClient, Effects) {
    match input {
        Input::Provisional => {
            (InviteClient::Proceeding, Effects::none().tell(Tell::Message).stop(&[Timer::A, Timer::B]))
        }
        Input::Success => succeed(times),
        Input::Refusal => refuse(times),
        Input::Fired(Timer::A) => {
            let again = again * 2;
            (InviteClient::Calling { again }, Effects::none().send(Send::Kept).set(Timer::A, again))
        }
        Input::Fired(Timer::B) => end(Tell::TimedOut),
        Input::Fired(_stale) => (InviteClient::Calling { again }, Effects::none()),
        Input::TransportFailed => end(Tell::TransportFailed),
    }
}

fn proceeding(input: Input, times: &Times) -> (InviteClient, Effects) {
    match input {
        Input::Provisional => (InviteClient::Proceeding, Effects::none().tell(Tell::Message)),
        Input::Success => succeed(times),
        Input::Refusal => refuse(times),
        Input::Fired(_stale) => (InviteClient::Proceeding, Effects::none()),
        Input::TransportFailed => end(Tell::TransportFailed),
    }
}

fn completed(input: Input) -> (InviteClient, Effects) {
    match input {
        Input::Refusal => (InviteClient::Completed, Effects::none().send(Send::Ack)),
        Input::Provisional | Input::Success => (InviteClient::Completed, Effects::none()),
        Input::Fired(Timer::D) => (InviteClient::Terminated, Effects::none().over()),
        Input::Fired(_stale) => (InviteClient::Completed, Effects::none()),
        Input::TransportFailed => end(Tell::TransportFailed),
    }
}

fn accepted(input: Input) -> (InviteClient, Effects) {
    match input {
        Input::Success => (InviteClient::Accepted, Effects::none().tell(Tell::Message)),
        Input::Provisional | Input::Refusal => (InviteClient::Accepted, Effects::none()),
        Input::Fired(Timer::M) => (InviteClient::Terminated, Effects::none().over()),
        Input::Fired(_stale) => (InviteClient::Accepted, Effects::none()),
        Input::TransportFailed => (InviteClient::Accepted, Effects::none()),
    }
}

fn succeed(times: &Times) -> (InviteClient, Effects) {
    let effects = Effects::none().tell(Tell::Message).stop(&[Timer::A, Timer::B]).set(Timer::M, Timer::M.first(times));
    (InviteClient::Accepted, effects)
}

fn refuse(times: &Times) -> (InviteClient, Effects) {
    let effects =
        Effects::none().send(Send::Ack).tell(Tell::Message).stop(&[Timer::A, Timer::B]).absorb(Timer::D, times);
    (if times.reliable { InviteClient::Terminated } else { InviteClient::Completed }, effects)
}

fn end(tell: Tell) -> (InviteClient, Effects) {
    (InviteClient::Terminated, Effects::none().tell(tell).stop(&[Timer::A, Timer::B, Timer::D]).over())
}
