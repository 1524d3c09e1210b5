//! The INVITE server transaction: RFC 3261 section 17.2.1, with RFC 6026 section 7.1.

use std::time::Duration;

use super::effects::{Effects, Send, Tell};
use super::server::Input;
use super::timer::{Timer, Times};

/// RFC 3261 figure 7 as RFC 6026 figure 4 amends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InviteServer {
    /// Not answered finally yet.
    Proceeding,
    /// Refused, the ACK has not come; `again` is the present value of timer G.
    Completed {
        again: Duration,
    },
    /// Refused and acknowledged.
    Confirmed,
    /// A 2xx was sent; sending it again is the dialog's business.
    Accepted,
    Terminated,
}

impl InviteServer {
    pub fn handle(self, input: Input, times: &Times) -> (InviteServer, Effects) {
        match self {
            InviteServer::Proceeding => proceeding(input, times),
            InviteServer::Completed { again } => completed(again, input, times),
            InviteServer::Confirmed => confirmed(input),
            InviteServer::Accepted => accepted(input),
            InviteServer::Terminated => (self, Effects::none()),
        }
    }

    /// No final answer has been sent.
    pub fn is_open(self) -> bool {
        matches!(self, InviteServer::Proceeding)
    }
}

fn proceeding(input: Input, times: &Times) -> (InviteServer, Effects) {
    match input {
        Input::Again | Input::Provisional => (InviteServer::Proceeding, Effects::none().send(Send::Kept)),
        Input::Success => {
            (InviteServer::Accepted, Effects::none().send(Send::Kept).set(Timer::L, Timer::L.first(times)))
        }
        Input::Refusal => {
            let again = Timer::G.first(times);
            let effects = Effects::none().send(Send::Kept).set(Timer::H, Timer::H.first(times));
            let effects = effects.again(Timer::G, again, times);
            (InviteServer::Completed { again }, effects)
        }
        Input::Ack => (InviteServer::Proceeding, Effects::none()),
        Input::Fired(_stale) => (InviteServer::Proceeding, Effects::none()),
    }
}

fn completed(again: Duration, input: Input, times: &Times) -> (InviteServer, Effects) {
    match input {
        Input::Again => (InviteServer::Completed { again }, Effects::none().send(Send::Kept)),
        Input::Ack => {
            let next = if times.reliable { InviteServer::Terminated } else { InviteServer::Confirmed };
            (next, Effects::none().stop(&[Timer::G, Timer::H]).absorb(Timer::I, times))
        }
        Input::Fired(Timer::G) => {
            let again = times.slower(again);
            (InviteServer::Completed { again }, Effects::none().send(Send::Kept).set(Timer::G, again))
        }
        Input::Fired(Timer::H) => {
            (InviteServer::Terminated, Effects::none().tell(Tell::TimedOut).stop(&[Timer::G]).over())
        }
        Input::Provisional | Input::Success | Input::Refusal => (InviteServer::Completed { again }, Effects::none()),
        Input::Fired(_stale) => (InviteServer::Completed { again }, Effects::none()),
    }
}

fn confirmed(input: Input) -> (InviteServer, Effects) {
    match input {
        Input::Again | Input::Ack => (InviteServer::Confirmed, Effects::none()),
        Input::Provisional | Input::Success | Input::Refusal => (InviteServer::Confirmed, Effects::none()),
        Input::Fired(Timer::I) => (InviteServer::Terminated, Effects::none().over()),
        Input::Fired(_stale) => (InviteServer::Confirmed, Effects::none()),
    }
}

fn accepted(input: Input) -> (InviteServer, Effects) {
    match input {
        Input::Again => (InviteServer::Accepted, Effects::none()),
        Input::Ack => (InviteServer::Accepted, Effects::none().tell(Tell::Message)),
        Input::Success => (InviteServer::Accepted, Effects::none().send(Send::Kept)),
        Input::Provisional | Input::Refusal => (InviteServer::Accepted, Effects::none()),
        Input::Fired(Timer::L) => (InviteServer::Terminated, Effects::none().over()),
        Input::Fired(_stale) => (InviteServer::Accepted, Effects::none()),
    }
}
