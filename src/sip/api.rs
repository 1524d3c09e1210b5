//! What the calls and the endpoint say to each other: events one way, commands the other, both plain values.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::base::hex::to_hex;
use crate::base::{AgentId, Family, IntentId, LegId, Mono, Pii, TrunkId};

use super::auth::Algorithm;
use super::claims::{Asserted, Claims};
pub use super::flow::FlowId;
use super::login::Login;

/// How the bytes of a flow travel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    #[default]
    Udp,
    Tcp,
    Tls,
    /// SIP over websocket (RFC 7118); only peers open those, and all that is for them goes over theirs.
    Ws,
    Wss,
}

/// What happens to connections; messages that come over one are handed in like datagrams.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamEvent {
    /// A connection is there, which the peer made or we did. `names`: what the peer's certificate says, if one was verified (the
    /// DNS names and SIP URIs of RFC 5922 section 7.1, in lower case). `browser`: whose token a websocket was opened with.
    Opened { peer: SocketAddr, names: Vec<String>, browser: Option<Browser> },
    /// It has ended, whoever ended it. The last event of its flow.
    Closed,
    /// No connection to `peer` could be made; the flow is the one that was asked to make it.
    Unreachable { peer: SocketAddr },
}

/// Whom a websocket is bound to, by a token that has been verified; nobody else's requests are taken on it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Browser {
    /// The page that registered this intent.
    Caller { intent: IntentId },
    /// The desk of this agent: its phone needs no password.
    Agent { agent: AgentId },
}

/// A SIP `Reason` header field (RFC 3326), `Reason: SIP;cause=480;text="no agent"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// `SIP` or `Q.850`.
    pub protocol: &'static str,
    pub cause: u16,
    /// Printable ASCII without quotes.
    pub text: String,
}

/// Who opened a dialog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    Trunk(TrunkId),
    /// The phone of this agent.
    Phone(AgentId),
    /// The browser of the customer whose page registered this intent.
    Web(IntentId),
}

/// An INVITE that opened a new dialog; `100 Trying` has left already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncomingCall {
    pub origin: Origin,
    pub source: Pii<SocketAddr>,
    /// It came over TLS.
    pub is_tls: bool,
    /// When the first byte of the INVITE arrived.
    pub received: Mono,
    /// The Request-URI as it stood, and its user part, without parameters, percent-decoded.
    pub request_uri: Pii<String>,
    pub dialled: Pii<String>,
    /// The user parts of To, From, and (from a trusted trunk) P-Asserted-Identity; empty when absent.
    pub to_user: Pii<String>,
    pub from_user: Pii<String>,
    pub from_host: String,
    pub from_display: Pii<String>,
    pub asserted_user: Option<Pii<String>>,
    /// The whole asserted identity, for those who may hear it.
    pub asserted: Option<Pii<String>>,
    /// Whose number was dialled before the call was diverted to us, unless that is not to be shown.
    pub diverted_from: Option<Pii<String>>,
    /// The caller wants not to be named (Privacy: id, user or header; RFC 3323).
    pub is_withheld: bool,
    /// The content of User-to-User (RFC 7433), decoded according to its encoding; at most 512 bytes.
    pub user_to_user: Option<Pii<Bytes>>,
    /// All of them, to be passed on.
    pub user_to_users: UserToUsers,
    /// Those that `TrunkPeer::copied` names, to be passed on.
    pub headers: Vec<HeaderField>,
    pub call_id: Pii<String>,
    /// The session description, empty for a late offer.
    pub offer: Bytes,
    /// The leg whose place an agent's phone wants to take with this one (RFC 3891).
    pub replaces: Option<LegId>,
}

/// User-to-User values (RFC 7433) with their parameters, as they stand on the wire: what is passed on is never decoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserToUsers(pub Vec<Pii<Bytes>>);

/// A header field with its value as it stands on the wire; one with a line break is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderField {
    pub name: Arc<str>,
    pub value: Pii<Bytes>,
}

/// Which header fields of a message are told to the calls, besides what they are told anyway.
pub type HeaderNames = Arc<[Arc<str>]>;

/// What goes with a final answer or a BYE besides what it is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    pub user_to_users: UserToUsers,
    pub headers: Vec<HeaderField>,
}

/// Whom an outgoing leg rings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A SIP URI, whose host is looked up if it is a name and whose addresses are tried one after the other; `via` is where the
    /// packets go when that differs from the URI.
    Uri { uri: String, via: Option<SocketAddr> },
    /// The gateways of this trunk, one after the other, with this user part (escaped as it stands in a URI).
    Trunk { trunk: TrunkId, user: String },
    /// Every contact that this agent's phone has registered, at once; the first to answer has the call.
    Registered(AgentId),
}

/// An outgoing INVITE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dial {
    pub target: Target,
    /// Whose login answers a challenge; without one, that of the trunk whose network the target is in.
    pub trunk: Option<TrunkId>,
    pub flow: FlowId,
    pub from_user: Pii<String>,
    pub from_display: Pii<String>,
    pub asserted: Option<Asserted>,
    pub offer: Bytes,
    pub user_to_users: UserToUsers,
    pub headers: Vec<HeaderField>,
    /// Those of the answer that are told with it.
    pub copied: HeaderNames,
    pub reliable: Reliable,
    /// CANCEL and fail with 408 when no final answer has come by then.
    pub ring_timeout: Duration,
}

/// What a REFER asks (RFC 3515).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refer {
    /// The URI of Refer-To, without header fields.
    pub to: Pii<String>,
    /// The dialog that the call to `to` is to take the place of (RFC 3891).
    pub replaces: Option<Replaced>,
    /// Referred-By (RFC 3892), as it stood.
    pub referred_by: Option<Pii<String>>,
}

/// What a Replaces names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replaced {
    Leg(LegId),
    /// No dialog of ours.
    Unknown,
}

impl Replaced {
    pub fn is(self, leg: LegId) -> bool {
        self == Replaced::Leg(leg)
    }
}

/// Whether provisional answers are acknowledged (RFC 3262).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reliable {
    /// As if we did not know of it.
    Off,
    /// Where the peer can.
    #[default]
    Supported,
    /// A peer that cannot is refused with 421.
    Required,
}

/// Why a confirmed dialog ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EndCause {
    /// The peer sent BYE.
    Bye,
    /// The peer never acknowledged our 2xx (64*T1, RFC 3261 section 13.3.1.4); a BYE has been sent.
    NeverAcknowledged,
    /// Nobody refreshed the session in its time (RFC 4028 section 10); a BYE has been sent.
    Expired,
    /// A request inside the dialog got 481, 408 or no answer (RFC 5057); a BYE has been sent where that makes sense.
    PeerLost,
}

/// From the endpoint to the calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SipEvent {
    Incoming {
        leg: LegId,
        call: Box<IncomingCall>,
    },
    /// The caller gave up before an answer, and 487 has been sent; or did not acknowledge a reliable provisional answer, and 504
    /// has been sent. The leg is gone.
    Cancelled {
        leg: LegId,
        reason: Option<Reason>,
    },
    /// Our 2xx has been acknowledged. `answer` is the ACK's body: the answer to an offer that we made in the 2xx.
    Acknowledged {
        leg: LegId,
        answer: Bytes,
    },
    /// A reliable provisional answer that carried our offer has been acknowledged (RFC 3262 section 5); `answer` is the PRACK's
    /// body. The 200 that follows says nothing new, nor does its ACK.
    Pracked {
        leg: LegId,
        answer: Bytes,
    },
    /// A provisional answer above 100 to our INVITE; `body` is empty or a session description (early media).
    Progress {
        leg: LegId,
        status: u16,
        body: Bytes,
    },
    /// The first 2xx to our INVITE; `answer` is what the peer has settled, in a reliable provisional or in the 2xx. It has been acknowledged (unless `Dial::offer` was empty: then `answer` is the peer's offer
    /// and `Acknowledge` is owed). Other forks that answer are acknowledged and ended by the endpoint.
    Answered {
        leg: LegId,
        answer: Bytes,
    },
    /// The final refusal of our INVITE (300 to 699), 408 for silence, 503 for a transport that failed, 480 for no registered
    /// contact, 487 after our own CANCEL. The leg is gone.
    Failed {
        leg: LegId,
        status: u16,
        reason: Option<Reason>,
        /// Where 300, 301 or 302 says that the peer is, the best first; URIs without header fields.
        contacts: Vec<Pii<String>>,
    },
    /// The peer asks to change the session (re-INVITE or UPDATE); answer with `AnswerReinvite`. An empty offer asks us for one.
    Reinvite {
        leg: LegId,
        offer: Bytes,
    },
    /// The peer passes its call on; answer with `AnswerRefer`, then `Notify`.
    Refer {
        leg: LegId,
        refer: Box<Refer>,
    },
    /// The peer's answer or BYE, which is the next event of this leg, carries this.
    Carried {
        leg: LegId,
        carried: Box<Carried>,
    },
    /// The peer has pressed a key and said so in an INFO: `0`-`9`, `*`, `#`, `A`-`D`.
    Key {
        leg: LegId,
        digit: char,
        duration_ms: u32,
    },
    /// The peer has taken its `Reinvite` back; it has been refused with 487, and needs no answer any more.
    ReinviteWithdrawn {
        leg: LegId,
    },
    /// How the peer answered our `Reinvite`; `body` is its answer when `status` is 2xx, or its offer when ours was empty
    /// (then `Acknowledge` is owed). 491 at once when a re-INVITE of ours is under way already.
    ReinviteAnswered {
        leg: LegId,
        status: u16,
        body: Bytes,
    },
    /// The websocket under this dialog has closed; the sound may go on. `Back` or `Ended` follows, unless the calls hang up.
    Away {
        leg: LegId,
    },
    /// The browser is reached again.
    Back {
        leg: LegId,
    },
    /// The dialog is over; the leg is gone. Our own `Hangup` is confirmed by silence, not by this event.
    Ended {
        leg: LegId,
        cause: EndCause,
        reason: Option<Reason>,
    },
    /// A trunk answers our OPTIONS, or has ceased to.
    TrunkReachable {
        trunk: TrunkId,
        reachable: bool,
    },
    /// Our registration at a trunk was made (200), has failed or has run out; with the status that says why.
    TrunkRegistered {
        trunk: TrunkId,
        registered: bool,
        status: u16,
    },
    /// A gateway of a trunk has come into another state.
    GatewayChanged {
        trunk: TrunkId,
        /// Its URI.
        gateway: String,
        state: GatewayState,
    },
    /// An agent's phone has at least one contact, or none any more, or what rings is of another kind.
    PhoneReachable {
        agent: AgentId,
        rings: Option<Rings>,
    },
    /// The agent's desk has registered its phone over a new websocket. What that phone still has goes on there already (`Back`): calls of
    /// the agent that are away now belong to a page that has been loaded anew.
    DeskOpened {
        agent: AgentId,
    },
    /// Somebody was refused; for the counters, at most one event a second for each cause.
    Refused {
        cause: Refusal,
        count: u32,
    },
}

/// What rings where an agent's phone is registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rings {
    /// It is in a browser, so that an offer to it must be one of WebRTC.
    pub browser: bool,
    /// Of the address that it has registered from.
    pub family: Family,
}

/// Why a request was turned away before it made a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refusal {
    /// An address that no trunk has.
    Stranger,
    /// Digest credentials missing or wrong.
    Unauthorized,
    /// Bytes that are no SIP message.
    Malformed,
    /// More than the limits allow.
    Overload,
}

/// From the calls to the endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SipCommand {
    /// 180 or 183 on an incoming leg; `body` empty or a session description, which is left out where it may not stand: an offer
    /// of ours that would not be acknowledged, or what is settled already. So it is in `Answer`, which waits for a PRACK.
    Progress { leg: LegId, status: u16, body: Bytes },
    /// 200 on an incoming leg, sent again until the ACK.
    Answer { leg: LegId, body: Bytes },
    /// A final refusal of an incoming leg; `contact` for 3xx. The leg is gone after this.
    Refuse { leg: LegId, status: u16, reason: Option<Reason>, contact: Option<String>, retry_after: Option<Duration> },
    /// What the next final answer to the peer's INVITE, or else our BYE, carries; it replaces what was to be carried before.
    Carry { leg: LegId, carried: Box<Carried> },
    /// Rings a new leg whose id the caller chose (`LegId::outbound`).
    Dial { leg: LegId, dial: Box<Dial> },
    /// As `Dial`, in the place of the dialog of `old` (RFC 3891), which is hung up by a command of its own.
    Replace { leg: LegId, old: LegId, dial: Box<Dial> },
    /// BYE, CANCEL, or (incoming and unanswered) 480, whichever the state asks for. The leg is gone after this: what still
    /// arrives for it is the endpoint's own business.
    Hangup { leg: LegId, reason: Option<Reason> },
    /// Offers a new session to the peer; an empty offer asks for the peer's. On glare (491) the endpoint tries again itself
    /// after the time of RFC 3261 section 14.1. In an early dialog it goes as an UPDATE (RFC 3311) where the peer can, or waits
    /// for the answer.
    Reinvite { leg: LegId, offer: Bytes },
    /// Tells the peer of a key in an INFO (`application/dtmf-relay`), once the leg is answered.
    Key { leg: LegId, digit: char, duration_ms: u32 },
    /// Takes a `Reinvite` back; `ReinviteAnswered` says how that ended: 487, or the peer's answer that came first.
    CancelReinvite { leg: LegId },
    /// Answers the peer's `Reinvite` with 200 and `body`, or with a refusal and no body.
    AnswerReinvite { leg: LegId, status: u16, body: Bytes },
    /// 202 or a refusal of the peer's `Refer`.
    AnswerRefer { leg: LegId, status: u16 },
    /// How that goes: 180 and the like, and at last 200 to 699. The peer that does not want to hear it does not.
    Notify { leg: LegId, status: u16 },
    /// The answer to the peer's offer, when an empty `Dial::offer` or `Reinvite::offer` asked for one: it goes out in the ACK,
    /// which waits for this command. Nothing happens when no ACK is owed.
    Acknowledge { leg: LegId, answer: Bytes },
}

/// A trunk as the endpoint knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrunkPeer {
    pub trunk: TrunkId,
    /// Networks whose packets are this trunk's, as address and prefix length.
    pub networks: Vec<(IpAddr, u8)>,
    /// What its certificate must say when it comes over TLS, in lower case; known by it from any address.
    pub tls_name: Option<String>,
    /// P-Asserted-Identity is believed from this trunk (RFC 3325).
    pub trusted: bool,
    /// What else its INVITEs are asked for.
    pub claims: Claims,
    /// Whether its provisional answers and ours are acknowledged.
    pub reliable: Reliable,
    /// `None`: those of all.
    pub session_times: Option<SessionTimes>,
    /// `None`: not asked.
    pub keep_alive: Option<KeepAlive>,
    /// Where calls to it go, when they are not for a URI of their own.
    pub gateways: Vec<Gateway>,
    /// What its challenges are answered with; `None`: they are refusals like any other.
    pub login: Option<Login>,
    /// The password that proves who it is when its packets come from elsewhere than `networks`.
    pub account: Option<TrunkAccount>,
    /// Our registration there.
    pub enrol: Option<EnrolPlan>,
    /// The header fields of its INVITEs that the calls are told.
    pub copied: HeaderNames,
}

/// Where OPTIONS go, on which flow, and how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeepAlive {
    /// A SIP URI without a user.
    pub uri: String,
    pub flow: FlowId,
    pub every: Duration,
}

/// One of a trunk's doors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gateway {
    /// A SIP URI without a user; its host may be a name.
    pub uri: String,
    pub flow: FlowId,
    /// The lowest is tried first.
    pub priority: u16,
    /// Its share among those of one priority.
    pub weight: u16,
    /// How often it is asked; `None`: its state is never known.
    pub every: Option<Duration>,
}

/// What is known of a gateway.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GatewayState {
    /// It has not been asked yet, or never is.
    #[default]
    Unknown,
    Up,
    /// Up, but its last answer was bad or missing; or down, but its last answer was good.
    Probing,
    Down,
}

/// How a gateway stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayView {
    pub uri: String,
    pub priority: u16,
    pub weight: u16,
    pub state: GatewayState,
    /// When it came into that state.
    pub since: Mono,
}

/// What a trunk proves itself with, in our realm.
#[derive(Clone, PartialEq, Eq)]
pub struct TrunkAccount {
    pub user: String,
    /// H(user:realm:password) as lower-case hex for each algorithm (RFC 8760).
    pub ha1_md5: String,
    pub ha1_sha256: String,
}

/// A registration of ours at a carrier; `TrunkPeer::login` answers its challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnrolPlan {
    /// The Request-URI, a SIP URI without a user; its host is the domain of our address of record.
    pub server: String,
    /// Where the REGISTER goes when that differs from the URI.
    pub via: Option<SocketAddr>,
    pub flow: FlowId,
    /// The user part of our address of record.
    pub user: String,
    /// The user part of our Contact; the carrier's INVITEs are for it.
    pub contact_user: String,
    /// The life that is asked for.
    pub expires: Duration,
}

/// How a registration of ours stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnrolView {
    pub registered: bool,
    /// When that became so.
    pub since: Mono,
    pub until: Option<Mono>,
    /// The status of the last refusal (408 for silence), and when.
    pub last_failure: Option<(u16, Mono)>,
    /// When REGISTER is sent again; `None` while one is on its way.
    pub next: Option<Mono>,
}

/// What an agent's phone may register as.
#[derive(Clone, PartialEq, Eq)]
pub struct PhoneAccount {
    pub agent: AgentId,
    /// The user part of the address of record, and the digest user name.
    pub user: String,
    /// H(user:realm:password) as lower-case hex for each algorithm (RFC 8760); the password itself is never kept. Empty for a phone
    /// that has none: it registers over its desk's own websocket alone.
    pub ha1_md5: String,
    pub ha1_sha256: String,
}

/// An agent's phone that is known by its address alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FixedPhone {
    pub agent: AgentId,
    /// The user part of its address; empty when there is none.
    pub user: String,
    pub address: SocketAddr,
}

/// One local socket or listener and the address that peers should see for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalFlow {
    pub flow: FlowId,
    pub transport: Transport,
    /// What stands in Via and Contact.
    pub advertised: SocketAddr,
}

/// Session timers (RFC 4028).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionTimes {
    /// How long a session lives without a refresh, in whole seconds; zero: as the peer wishes, or for ever.
    pub expires: Duration,
    /// The least that we agree to.
    pub min: Duration,
}

impl Default for SessionTimes {
    /// What RFC 4028 recommends in sections 4 and 5.
    fn default() -> SessionTimes {
        SessionTimes { expires: Duration::from_secs(1800), min: Duration::from_secs(90) }
    }
}

/// All that the endpoint is configured with. Trunk networks do not overlap, flows are not empty; `config` has seen to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointSetup {
    pub flows: Vec<LocalFlow>,
    /// A request with more bytes goes over TCP instead of UDP, where there is a flow for it and the peer takes it.
    pub tcp_above: usize,
    /// The digest realm and the domain of registrations.
    pub realm: String,
    /// What a phone is challenged with, in the order of preference; an answer in any that we know is good.
    pub digests: Vec<Algorithm>,
    pub trunks: Vec<TrunkPeer>,
    pub phones: Vec<PhoneAccount>,
    pub fixed_phones: Vec<FixedPhone>,
    /// The limits of a registration's life; a phone that asks for less gets 423.
    pub registration_min: Duration,
    pub registration_max: Duration,
    /// How long a dialog waits for its browser whose websocket has closed.
    pub return_within: Duration,
    /// How long one target of a call may say nothing before the next is tried.
    pub target_timeout: Duration,
    pub session_times: SessionTimes,
    /// RFC 3261 table 4; 500 ms, 4 s and 5 s but for tests.
    pub t1: Duration,
    pub t2: Duration,
    pub t4: Duration,
}

/// What the shell must do for the endpoint: on a UDP flow a datagram; on a listener's flow, over the connection to `to` that we have,
/// or a new one; on a connection's flow over that one, and when it is gone, as on its listener's flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transmit {
    pub flow: FlowId,
    pub to: SocketAddr,
    /// On a flow towards a name: whom the certificate of a new connection must name (RFC 5922 section 7.1). None when that has
    /// been forgotten: no connection can be made.
    pub domain: Option<Arc<str>>,
    pub bytes: Bytes,
}

impl TrunkPeer {
    /// Nobody is it any more; what holds for calls in progress stays.
    pub fn leave(&mut self) {
        self.trunk = TrunkId::new("");
        (self.networks, self.gateways) = (Vec::new(), Vec::new());
        (self.tls_name, self.keep_alive, self.account) = (None, None, None);
    }

    /// It has left; no trunk of a configuration is without a name.
    pub fn is_gone(&self) -> bool {
        self.trunk.as_str().is_empty()
    }

    /// A trunk that is known by its networks and by nothing else.
    pub fn at(trunk: TrunkId, networks: Vec<(IpAddr, u8)>) -> TrunkPeer {
        TrunkPeer {
            trunk,
            networks,
            tls_name: None,
            trusted: false,
            claims: Claims::default(),
            session_times: None,
            keep_alive: None,
            gateways: Vec::new(),
            login: None,
            account: None,
            enrol: None,
            reliable: Reliable::default(),
            copied: HeaderNames::default(),
        }
    }
}

impl std::fmt::Debug for TrunkAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TrunkAccount").field("user", &self.user).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for PhoneAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PhoneAccount").field("agent", &self.agent).field("user", &self.user).finish_non_exhaustive()
    }
}

impl PhoneAccount {
    /// It has no password, and is there only while its agent's desk is open in a browser.
    pub fn is_in_browser_only(&self) -> bool {
        self.ha1_md5.is_empty()
    }
}

impl HeaderField {
    pub fn new(name: &str, value: impl Into<Bytes>) -> HeaderField {
        HeaderField { name: name.into(), value: Pii::new(value.into()) }
    }
}

impl Carried {
    pub fn is_empty(&self) -> bool {
        self.user_to_users.is_empty() && self.headers.is_empty()
    }
}

impl UserToUsers {
    /// Of data of our own: one value each, in hex.
    pub fn of<'a>(data: impl IntoIterator<Item = &'a [u8]>) -> UserToUsers {
        let value = |data| Pii::new(Bytes::from(format!("{};encoding=hex", to_hex(data))));
        UserToUsers(data.into_iter().map(value).collect())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl GatewayState {
    /// The word for it in the API, the log and the metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            GatewayState::Unknown => "unknown",
            GatewayState::Up => "up",
            GatewayState::Probing => "probing",
            GatewayState::Down => "down",
        }
    }
}

impl Transport {
    /// What is sent arrives, or the connection ends (RFC 3261 section 17).
    pub fn is_reliable(self) -> bool {
        match self {
            Transport::Udp => false,
            Transport::Tcp | Transport::Tls | Transport::Ws | Transport::Wss => true,
        }
    }

    /// As Via names it.
    pub fn token(self) -> &'static str {
        match self {
            Transport::Udp => "UDP",
            Transport::Tcp => "TCP",
            Transport::Tls => "TLS",
            Transport::Ws => "WS",
            Transport::Wss => "WSS",
        }
    }

    /// Whether only peers open connections of it.
    pub fn is_websocket(self) -> bool {
        matches!(self, Transport::Ws | Transport::Wss)
    }

    /// Reads the `transport` parameter of a URI, in any case; `None` for one that we do not have.
    pub fn read(param: &[u8]) -> Option<Transport> {
        [Transport::Udp, Transport::Tcp, Transport::Tls, Transport::Ws]
            .into_iter()
            .find(|one| param.eq_ignore_ascii_case(one.param().as_bytes()))
    }

    /// As the `transport` parameter of a URI names it.
    pub fn param(self) -> &'static str {
        match self {
            Transport::Udp => "udp",
            Transport::Tcp => "tcp",
            Transport::Tls => "tls",
            // With or without TLS (RFC 7118 section 5.2).
            Transport::Ws | Transport::Wss => "ws",
        }
    }
}

impl Reason {
    /// A `SIP` cause with its text.
    pub fn sip(cause: u16, text: &str) -> Reason {
        Reason { protocol: "SIP", cause, text: text.to_owned() }
    }
}
