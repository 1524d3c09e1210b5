//! What a phone is told to do and what it reports: plain values, for a simulated world as for real sockets.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;

use crate::base::Pii;
use crate::sdp::{Direction, Session};

/// One call of a phone, numbered by the phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PhoneCall(pub u64);

/// Who the phone is, and its clock (RFC 3261 table 4).
#[derive(Clone, Debug, PartialEq)]
pub struct PhoneSetup {
    /// Where its packets come from; stands in Via and Contact.
    pub address: SocketAddr,
    /// The user part of its contact.
    pub user: String,
    pub t1: Duration,
    pub t2: Duration,
    pub quirks: Quirks,
    pub habits: Habits,
    /// It is in a page: its packets go over a websocket, its sound is WebRTC's.
    pub browser: bool,
}

/// How probable it is that a call is of a kind that not every phone knows; none for a phone that is only used.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Habits {
    /// Provisional answers are acknowledged (RFC 3262).
    pub reliable: f64,
    /// The INVITE has no offer: it is in our answer, and theirs in the ACK or PRACK.
    pub late_offer: f64,
    /// The session is refreshed, or ends (RFC 4028).
    pub session_timer: f64,
}

/// How probable it is that two things cross; none for a phone that is only used.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Quirks {
    /// It is answered when the CANCEL comes, so that this finds a 200.
    pub cancel_answered: f64,
    /// It hears a 200 only when that comes again.
    pub ack_late: f64,
    /// It has just hung up itself when the BYE comes.
    pub bye_crossed: f64,
    /// It has just sent a re-INVITE itself when one comes.
    pub change_crossed: f64,
}

/// An outgoing call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhoneDial {
    /// Where the INVITE is sent.
    pub to: SocketAddr,
    /// The Request-URI, which also stands in To.
    pub uri: String,
    /// The user part of From, and of P-Asserted-Identity when that is wanted.
    pub from_user: Pii<String>,
    pub display: Pii<String>,
    pub asserted: Option<Pii<String>>,
    /// Sent as `User-to-User`, hex.
    pub user_to_user: Option<Bytes>,
    /// Where this call's sound is wanted; its session description is made by the phone.
    pub rtp: SocketAddr,
}

/// Drain it to empty after each input and command.
#[derive(Clone, Debug, PartialEq)]
pub enum PhoneOutput {
    Send(Bytes, SocketAddr),
    Event(PhoneEvent),
}

#[derive(Clone, Debug, PartialEq)]
pub enum PhoneEvent {
    /// Somebody calls; `ring`, `answer` or `refuse` it. 100 has left already.
    Incoming {
        call: PhoneCall,
        from_user: Pii<String>,
        offer: Option<Session>,
    },
    /// A provisional answer above 100 to our call.
    Ringing {
        call: PhoneCall,
        status: u16,
    },
    /// The two sides are connected: our call has been answered (and that acknowledged), or our answer has been acknowledged.
    Connected {
        call: PhoneCall,
        remote: Option<Session>,
    },
    /// The other side has changed the session; it has been answered.
    Changed {
        call: PhoneCall,
        remote: Session,
    },
    /// How the other side took our `change`.
    ChangeAnswered {
        call: PhoneCall,
        status: u16,
        remote: Option<Session>,
    },
    /// How the other side took our `pass_on`, and how it goes since.
    ReferAnswered {
        call: PhoneCall,
        status: u16,
    },
    PassingOn {
        call: PhoneCall,
        status: u16,
    },
    /// The call is over, for whichever reason; its number means nothing any more.
    Ended {
        call: PhoneCall,
        why: Ending,
    },
    /// The other side broke a rule of RFC 3261.
    Fault {
        what: &'static str,
    },
}

/// How a call of a phone ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The other side sent BYE.
    PeerHungUp,
    /// We hung up, before or after the answer.
    HungUp,
    /// Our call was refused; `contact` is where a redirection points.
    Refused { status: u16, contact: Option<String> },
    /// The caller gave up before we answered, or we refused.
    NotTaken,
    /// No answer to our request within 64*T1, or no ACK of our answer.
    Silence,
}

impl PhoneSetup {
    /// With the usual clock: 500 ms and 4 s.
    pub fn new(address: SocketAddr, user: &str) -> PhoneSetup {
        PhoneSetup {
            address,
            user: user.to_owned(),
            t1: Duration::from_millis(500),
            t2: Duration::from_secs(4),
            quirks: Quirks::default(),
            habits: Habits::default(),
            browser: false,
        }
    }
}

/// The direction that puts the other side on hold.
pub const HOLD: Direction = Direction::SendOnly;
/// The direction of a normal conversation.
pub const TALK: Direction = Direction::SendRecv;
