//! The server transaction of every request but INVITE and ACK: RFC 3261 section 17.2.2.

use super::effects::{Effects, Send};
use super::timer::{Timer, Times};

/// What reaches a server transaction: the peer's request again, our answers, the ACK, a timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// The request came again.
    Again,
    /// We answer 100 to 199.
    Provisional,
    /// We answer 200 to 299.
    Success,
    /// We answer 300 to 699.
    Refusal,
    Ack,
    Fired(Timer),
}

/// RFC 3261 figure 8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Server {
    /// Nothing answered.
    Trying,
    /// A provisional answer was sent.
    Proceeding,
    /// Answered.
    Completed,
    Terminated,
}

impl Input {
    /// The input that our response of this status is.
    pub fn of_status(status: u16) -> Input {
        match status {
            0..200 => Input::Provisional,
            200..300 => Input::Success,
            300.. => Input::Refusal,
        }
    }
}

impl Server {
    pub fn handle(self, input: Input, times: &Times) -> (Server, Effects) {
        match self {
            Server::Trying => trying(input, times),
            Server::Proceeding => proceeding(input, times),
            Server::Completed => completed(input),
            Server::Terminated => (self, Effects::none()),
        }
    }
}

fn trying(input: Input, times: &Times) -> (Server, Effects) {
    match input {
        Input::Again | Input::Ack => (Server::Trying, Effects::none()),
        Input::Provisional => (Server::Proceeding, Effects::none().send(Send::Kept)),
        Input::Success | Input::Refusal => complete(times),
        Input::Fired(_stale) => (Server::Trying, Effects::none()),
    }
}

fn proceeding(input: Input, times: &Times) -> (Server, Effects) {
    match input {
        Input::Again | Input::Provisional => (Server::Proceeding, Effects::none().send(Send::Kept)),
        Input::Success | Input::Refusal => complete(times),
        Input::Ack => (Server::Proceeding, Effects::none()),
        Input::Fired(_stale) => (Server::Proceeding, Effects::none()),
    }
}

fn completed(input: Input) -> (Server, Effects) {
    match input {
        Input::Again => (Server::Completed, Effects::none().send(Send::Kept)),
        Input::Provisional | Input::Success | Input::Refusal | Input::Ack => (Server::Completed, Effects::none()),
        Input::Fired(Timer::J) => (Server::Terminated, Effects::none().over()),
        Input::Fired(_stale) => (Server::Completed, Effects::none()),
    }
}

fn complete(times: &Times) -> (Server, Effects) {
    let next = if times.reliable { Server::Terminated } else { Server::Completed };
    (next, Effects::none().send(Send::Kept).absorb(Timer::J, times))
}
