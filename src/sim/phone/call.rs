//! One call of a phone: its dialog, where it stands, and what it sends again until somebody answers.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;

use crate::base::Mono;
use crate::sdp::Session;
use crate::sip::wire::{Headers, Host, NameAddr, Request, Uri};

use super::api::PhoneCall;
use super::description::Description;

/// Where a call stands.
#[derive(Clone, Debug)]
pub(super) enum Stand {
    /// Our INVITE is out. `heard`: something has come back, so that a CANCEL may leave.
    Calling {
        heard: bool,
        giving_up: bool,
    },
    /// Somebody calls us; no final answer yet.
    Incoming,
    /// Our 200 is out, its ACK is not here. `leaving`: BYE as soon as it is.
    Answered {
        leaving: bool,
    },
    /// Our refusal is out, its ACK is not here.
    Refused,
    Talking,
    /// Our BYE is out.
    Leaving,
    /// Over; kept for what is sent again.
    Gone,
}

/// What a phone may have under way as a client, at most one of each in a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
    Invite,
    Cancel,
    Change,
    Prack,
    Refer,
    Info,
    Bye,
}

/// A request that is sent again until an answer stops it.
#[derive(Clone, Debug)]
pub(super) struct Outgoing {
    pub cseq: u32,
    pub branch: String,
    pub bytes: Bytes,
    pub to: SocketAddr,
    pub interval: Duration,
}

/// A final answer of ours to an INVITE, sent again until its ACK.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub cseq: u32,
    pub status: u16,
    pub bytes: Bytes,
    pub to: SocketAddr,
    pub interval: Duration,
    pub acknowledged: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Call {
    pub id: PhoneCall,
    pub begun: Mono,
    pub stand: Stand,
    pub sound: Description,
    pub call_id: Vec<u8>,
    /// From and To of our own requests, tags included where they are known.
    pub local: String,
    pub remote: String,
    pub local_tag: String,
    pub remote_tag: Option<Vec<u8>>,
    /// The Request-URI of requests within the dialog, their Route, and where packets go.
    pub target: Vec<u8>,
    pub routes: Vec<Vec<u8>>,
    pub peer: SocketAddr,
    pub cseq: u32,
    pub remote_cseq: u32,
    pub outgoing: BTreeMap<Kind, Outgoing>,
    pub invite: Option<Request>,
    pub reply: Option<Reply>,
    /// Where the INVITE that we answer came from.
    pub source: SocketAddr,
    /// The final answer that our INVITE got, and the ACK that it was given: CSeq, status, To tag, ACK.
    pub settled: Vec<Settled>,
    /// The kinds of this call.
    pub customs: Customs,
    /// Reliable provisional answers: the last RSeq of the peer's, or of ours.
    pub rseq: Option<u32>,
    /// A reliable provisional answer of ours that waits for its PRACK, and until when it is sent again.
    pub unproved: Option<Unproved>,
    /// The peer's description, where it came in a reliable provisional answer.
    pub early: Option<Session>,
    /// The session timer that was agreed on.
    pub timer: Option<Agreed>,
}

/// What this call is, of what `Habits` makes likely.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Customs {
    pub reliable: bool,
    pub late_offer: bool,
    pub session_timer: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Unproved {
    pub bytes: Bytes,
    pub to: SocketAddr,
    pub interval: Duration,
}

/// A session timer: its length in seconds, and whether we refresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Agreed {
    pub seconds: u32,
    pub ours: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Settled {
    pub cseq: u32,
    pub status: u16,
    pub tag: Vec<u8>,
    pub ack: Bytes,
    pub to: SocketAddr,
}

/// Deadlines of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Timer {
    Resend(Kind),
    GiveUp(Kind),
    ResendReply,
    NoAck,
    /// Nobody takes the call, and no CANCEL has come: the phone stops ringing by itself.
    RingsOut,
    /// Our reliable provisional answer goes again; it is given up.
    ProveAgain,
    Unproved,
    /// We refresh the session; nobody has.
    Refresh,
    Expired,
    Forget,
}

impl Call {
    /// Takes the dialog's other end from an answer or a request that makes or refreshes it (RFC 3261 section 12).
    pub fn learn(&mut self, message: &Headers) {
        if let Some(contact) = message.contact() {
            self.target = contact.uri.raw().to_vec();
        }
        let first = self.routes.first().map(Vec::as_slice).unwrap_or_default();
        let next = NameAddr::read(first).and_then(|route| address_of(&route.uri));
        let target = Uri::read(&self.target).and_then(|uri| address_of(&uri));
        self.peer = next.or(target).unwrap_or(self.peer);
    }

    pub fn is_gone(&self) -> bool {
        matches!(self.stand, Stand::Gone)
    }

    /// The deadline of everything of this call that could still wake it.
    pub fn timers() -> [Timer; 21] {
        [
            Timer::Resend(Kind::Invite),
            Timer::Resend(Kind::Cancel),
            Timer::Resend(Kind::Change),
            Timer::Resend(Kind::Bye),
            Timer::Resend(Kind::Prack),
            Timer::Resend(Kind::Refer),
            Timer::GiveUp(Kind::Prack),
            Timer::GiveUp(Kind::Refer),
            Timer::Resend(Kind::Info),
            Timer::GiveUp(Kind::Info),
            Timer::ProveAgain,
            Timer::Unproved,
            Timer::Refresh,
            Timer::Expired,
            Timer::GiveUp(Kind::Invite),
            Timer::GiveUp(Kind::Cancel),
            Timer::GiveUp(Kind::Change),
            Timer::GiveUp(Kind::Bye),
            Timer::RingsOut,
            Timer::ResendReply,
            Timer::NoAck,
        ]
    }
}

/// The address of a URI whose host is one; 5060 when it names no port.
fn address_of(uri: &Uri<'_>) -> Option<SocketAddr> {
    match uri.host? {
        Host::Address(ip) => Some(SocketAddr::new(ip, uri.port.unwrap_or(5060))),
        Host::Name(_) => None,
    }
}
