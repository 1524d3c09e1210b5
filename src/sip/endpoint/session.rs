//! A session: one INVITE, ours or a peer's, and everything that comes of it until nothing more can arrive for it.

use std::time::Duration;

use bytes::Bytes;

use super::change::Changes;
use super::core::{ClientOwner, Core, Way};
use super::hunt::Hunt;
use super::names::{SessionId, Tag};
use super::prack::Provisionals;
use super::refer::Referral;
use super::session_timer::SessionTimer;
use super::streams::Streams;
use crate::base::id_map::IdMap;
use crate::base::{LegId, Mono, Pii};
use crate::sip::api::{Carried, FlowId, HeaderNames, Reason};
use crate::sip::dialog::{Dialog, Hop};
use crate::sip::transaction::{Branch, TxId};
use crate::sip::wire::{NameAddr, Request};

/// What is known of one INVITE.
pub struct Session {
    /// Empty once the calls have let go of it.
    pub leg: Option<LegId>,
    pub tag: Tag,
    /// The place in the setup of the trunk at the other end, whose challenges we can answer.
    pub trunk: Option<usize>,
    pub phase: Phase,
    /// There when the INVITE is ours.
    pub caller: Option<Box<Caller>>,
    /// Client transactions that may still bring something.
    pub held: u32,
    /// What tells a merged copy of the peer's INVITE (RFC 3261 section 8.2.2.2).
    pub merge: Option<MergeKey>,
    /// For our next final answer or BYE. Boxed: most sessions have nothing to carry.
    pub carried: Option<Box<Carried>>,
    /// What either side wants to change.
    pub changes: Changes,
    pub timer: SessionTimer,
    /// That the peer is reached over, as long as it is open.
    pub websocket: Option<FlowId>,
}

/// Where it stands.
pub enum Phase {
    /// A peer's INVITE that we have not answered.
    Ringing(Box<Ringing>),
    /// Our INVITE that nobody has taken.
    Calling,
    /// A dialog.
    Up(Box<Up>),
    /// Nothing but late messages to deal with.
    Over,
}

/// A keyed digest of From tag, Call-ID and CSeq.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MergeKey(pub u64);

/// A peer's INVITE that waits for our answer.
pub struct Ringing {
    pub invite: TxId,
    pub request: Request,
    /// How it came.
    pub way: Way,
    /// The early dialog (RFC 3261 section 12.1.1).
    pub dialog: Dialog,
    pub provisionals: Provisionals,
}

/// Our INVITE to one or more contacts, and its forks.
pub struct Caller {
    pub attempts: Vec<Attempt>,
    /// The peers that answered provisionally: early dialogs (RFC 3261 section 12.1.2).
    pub early: Vec<Early>,
    /// Our From, tag included.
    pub local: Bytes,
    pub call_id: Bytes,
    /// Of the last INVITE.
    pub cseq: u32,
    /// Where it may go yet, when it goes to one place after the other.
    pub hunt: Option<Box<Hunt>>,
    /// We sent no offer, so the ACK must carry our answer.
    pub late_offer: bool,
    /// The header fields of the answer that the calls are told.
    pub copied: HeaderNames,
    /// The best refusal so far.
    pub refusal: Option<(u16, Option<Reason>)>,
    /// Where refusals with 3xx say that the peer is.
    pub contacts: Vec<Pii<String>>,
    /// The ACKs of the 2xx, one for each fork that answered.
    pub acknowledged: Vec<SentAck>,
}

/// A peer that answered our INVITE provisionally.
pub struct Early {
    /// The peer's tag.
    pub tag: Bytes,
    /// Once one of its answers was reliable (RFC 3262 section 4).
    pub reliable: Option<Box<EarlyDialog>>,
    /// The peer's description, once it is settled: an answer in a reliable provisional, or an offer in an UPDATE after it.
    pub description: Bytes,
}

/// What a peer has begun that answered reliably.
pub struct EarlyDialog {
    pub dialog: Dialog,
    /// Of the INVITE.
    pub flow: FlowId,
    /// Of its newest provisional answer.
    pub rseq: u32,
}

/// One INVITE on its way.
pub struct Attempt {
    pub invite: TxId,
    /// The Request-URI.
    pub uri: Bytes,
    pub flow: FlowId,
    pub hop: Hop,
    /// A provisional answer came, so that a CANCEL may go (RFC 3261 section 9.1).
    pub heard: bool,
    pub cancel: Cancel,
}

/// How far the CANCEL of an attempt is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancel {
    No,
    /// As soon as a provisional answer comes.
    Wanted,
    Sent,
    /// It was answered with a 2xx.
    Moot,
}

/// The ACK of one fork's 2xx.
pub struct SentAck {
    /// The peer's tag.
    pub tag: Bytes,
    /// Empty while the ACK is owed.
    pub ack: Bytes,
    pub way: Way,
}

/// A confirmed dialog. Boxed in it is what it has for a moment only, or hardly ever: a held call keeps two of them.
pub struct Up {
    pub dialog: Dialog,
    pub flow: FlowId,
    pub unacknowledged: Option<Box<Unacknowledged>>,
    /// We owe an ACK with an answer for the 2xx of this CSeq.
    pub owed: Option<Owed>,
    /// The CSeq and ACK of our last re-INVITE that was answered with 2xx.
    pub reacknowledged: Option<Box<(u32, Bytes)>>,
    pub referral: Option<Referral>,
    /// The RSeq of a reliable provisional of ours whose PRACK may still come after our 2xx.
    pub prackable: Option<u32>,
    /// The calls have hung up; BYE goes when our first 2xx is acknowledged or given up (RFC 3261 section 15).
    pub goodbye: Option<Box<Option<Reason>>>,
    /// BYE went or came; only late messages are left.
    pub over: bool,
}

/// A 2xx of ours that waits for its ACK.
pub struct Unacknowledged {
    pub cseq: u32,
    pub response: Bytes,
    pub way: Way,
    /// How long until it is sent again.
    pub again: Duration,
    /// It answered the INVITE that made the dialog.
    pub first: bool,
}

/// An ACK that waits for `SipCommand::Acknowledge`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owed {
    pub cseq: u32,
    /// For the INVITE that made the dialog.
    pub first: bool,
}

/// All sessions, by their number and by the leg that the calls know.
#[derive(Default)]
pub struct Sessions {
    serial: u64,
    session_by_id: IdMap<SessionId, Box<Session>>,
    id_by_leg: IdMap<LegId, SessionId>,
}

impl Up {
    pub fn new(dialog: Dialog, flow: FlowId) -> Up {
        Up {
            dialog,
            flow,
            unacknowledged: None,
            owed: None,
            reacknowledged: None,
            referral: None,
            prackable: None,
            goodbye: None,
            over: false,
        }
    }
}

impl Up {
    /// Where our requests go.
    pub fn way(&self, streams: &Streams) -> Way {
        self.dialog.way(self.flow, |flow, to| streams.leads(flow, to))
    }
}

impl Ringing {
    /// Where our requests go.
    pub fn way_out(&self, streams: &Streams) -> Way {
        self.dialog.way(self.way.0, |flow, to| streams.leads(flow, to))
    }
}

impl Session {
    pub fn id(&self) -> SessionId {
        self.tag.session
    }

    /// The dialog that requests of the peer are measured against; none while we are calling.
    pub fn dialog_mut(&mut self) -> Option<&mut Dialog> {
        match &mut self.phase {
            Phase::Ringing(ringing) => Some(&mut ringing.dialog),
            Phase::Up(up) => Some(&mut up.dialog),
            Phase::Calling | Phase::Over => None,
        }
    }

    /// The dialog with the peer of this tag, one of the early ones while we are calling.
    pub fn dialog_with(&mut self, tag: &[u8]) -> Option<&mut Dialog> {
        match &mut self.phase {
            Phase::Ringing(ringing) => Some(&mut ringing.dialog).filter(|dialog| dialog.remote_tag == tag),
            Phase::Up(up) => Some(&mut up.dialog).filter(|dialog| dialog.remote_tag == tag),
            Phase::Calling | Phase::Over => {
                let early = self.caller.as_mut()?.early.iter_mut().find(|early| early.tag == tag)?;
                early.reliable.as_mut().map(|known| &mut known.dialog)
            }
        }
    }

    /// Every dialog of it, early ones that requests may be sent in among them, and what the peer's requests come over.
    pub fn dialogs_mut(&mut self) -> impl Iterator<Item = (FlowId, &mut Dialog)> {
        let at_hand = match &mut self.phase {
            Phase::Ringing(ringing) => Some((ringing.way.0, &mut ringing.dialog)),
            Phase::Up(up) => Some((up.flow, &mut up.dialog)),
            Phase::Calling | Phase::Over => None,
        };
        let early = self.caller.iter_mut().flat_map(|caller| caller.early.iter_mut());
        let early = early.filter_map(|early| early.reliable.as_mut().map(|known| (known.flow, &mut known.dialog)));
        at_hand.into_iter().chain(early)
    }

    /// Target refresh by the peer of this tag; where another target is, is looked up as at the beginning.
    pub fn retarget(&mut self, core: &mut Core, tag: &[u8], contact: Option<NameAddr<'_>>) {
        if self.dialog_with(tag).is_some_and(|dialog| dialog.refresh(contact)) {
            core.led.push(self.id());
        }
    }

    /// Sends a request and keeps the session until its transaction is over.
    pub fn request(
        &mut self,
        core: &mut Core,
        branch: Branch,
        request: Bytes,
        way: Way,
        owner: ClientOwner,
        now: Mono,
    ) -> TxId {
        self.held += 1;
        core.request(branch, request, way, owner, now)
    }

    /// The calls know it no more.
    pub fn let_go(&mut self, core: &mut Core) -> Option<LegId> {
        let leg = self.leg.take()?;
        core.detached.push(leg);
        Some(leg)
    }

    /// Nothing can arrive any more that concerns it.
    pub fn is_spent(&self) -> bool {
        let over = match &self.phase {
            Phase::Over => true,
            Phase::Up(up) => up.over,
            Phase::Calling | Phase::Ringing(_) => false,
        };
        over && self.held == 0
    }
}

impl Sessions {
    /// The number of the next session.
    pub fn next_id(&mut self) -> SessionId {
        self.serial += 1;
        SessionId(self.serial)
    }

    pub fn insert(&mut self, session: Session) {
        if let Some(leg) = session.leg {
            self.id_by_leg.insert(leg, session.tag.session);
        }
        self.session_by_id.insert(session.tag.session, Box::new(session));
    }

    pub fn get_mut(&mut self, id: SessionId) -> Option<&mut Session> {
        self.session_by_id.get_mut(&id).map(Box::as_mut)
    }

    pub fn has_leg(&self, leg: LegId) -> bool {
        self.id_by_leg.contains_key(&leg)
    }

    /// The session that the calls mean by `leg`.
    pub fn of_leg(&mut self, leg: LegId) -> Option<&mut Session> {
        self.session_by_id.get_mut(self.id_by_leg.get(&leg)?).map(Box::as_mut)
    }

    /// The session whose tag a peer wrote.
    pub fn of_tag(&mut self, tag: Tag) -> Option<&mut Session> {
        self.get_mut(tag.session).filter(|session| session.tag == tag)
    }

    /// The calls know this leg no more.
    pub fn detach(&mut self, leg: LegId) {
        self.id_by_leg.remove(&leg);
    }

    pub fn remove(&mut self, id: SessionId) -> Option<Session> {
        self.session_by_id.remove(&id).map(|session| *session)
    }

    pub fn len(&self) -> usize {
        self.session_by_id.len()
    }

    pub fn is_empty(&self) -> bool {
        self.session_by_id.is_empty() && self.id_by_leg.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A held call has two of each: what few sessions have is boxed.
    #[test]
    fn a_session_is_not_large_by_what_it_does_not_have() {
        let sizes = [size_of::<Session>(), size_of::<Up>(), size_of::<Caller>()];
        assert!(sizes.iter().zip([256, 320, 256]).all(|(size, most)| *size <= most), "{sizes:?}");
    }
}
