//! An INVITE that opens a call, and our answers to it (RFC 3261 section 13.3).

use std::time::Duration;

use super::Endpoint;
use super::browser;
use super::change::Changes;
use super::compose::{self, SDP};
use super::core::{Core, Way};
use super::deadlines::Deadline;
use super::from_phone::Caller;
use super::incoming;
use super::names::{SessionId, Tag, first_cseq};
use super::prack::{self, Provisionals};
use super::session::{MergeKey, Phase, Ringing, Session, Unacknowledged, Up};
use super::session_timer::{self, SessionTimer};
use super::{checks, stranger};
use crate::base::{LegId, Mono, TrunkId};
use bytes::Bytes;

use crate::sip::api::{Carried, IncomingCall, Origin, Reason, Reliable, Replaced, SipEvent, TrunkPeer};
use crate::sip::dialog::{Dialog, Hop};
use crate::sip::transaction::ServerKey;
use crate::sip::wire::{HeaderName, Request};

/// Proxies give an INVITE up after three minutes of silence; one minute leaves room for a lost packet.
const PROGRESS_EVERY: Duration = Duration::from_secs(60);

/// How an INVITE is refused.
pub struct Refuse {
    pub status: u16,
    pub reason: Option<Reason>,
    pub contact: Option<String>,
    pub retry_after: Option<Duration>,
}

impl Endpoint {
    pub(super) fn take_invite(&mut self, way: Way, request: &Request, key: ServerKey, caller: Caller, now: Mono) {
        let merge = MergeKey(checks::merge_digest(&self.core, request));
        match self.invite_by_merge.get(&merge) {
            // A late copy: its answer has been given, and its transaction is over (RFC 6026 section 7.1, timer L).
            Some(taken) if *taken == key => return,
            Some(_) => return stranger::turn_away(&mut self.core, way, request, 482, |_| {}),
            None => {}
        }
        let full = self.core.transactions.invite_servers() >= self.core.invites_max;
        if self.overloaded(way, request, full, now) {
            return;
        }
        let reliable = match &caller {
            Caller::Trunk(trunk) => self.core.setup.trunks.get(*trunk).map_or(Reliable::Off, |peer| peer.reliable),
            Caller::Phone(_) | Caller::Web(_) => Reliable::Supported,
        };
        let mode = match prack::mode_of(request, reliable) {
            Ok(mode) => mode,
            Err(fault) => {
                return stranger::turn_away(&mut self.core, way, request, fault.status(), |writer| {
                    fault.explain(writer)
                });
            }
        };
        if let Err(fault) = session_timer::accept(request, self.core.session_times(caller.trunk())) {
            return stranger::turn_away(&mut self.core, way, request, fault.status(), |writer| fault.explain(writer));
        }
        let tag = Tag { session: self.sessions.next_id(), nonce: self.core.rng.u64() };
        let local = [request.to().raw, b";tag=", tag.to_string().as_bytes()].concat();
        let cseq = first_cseq(&mut self.core.rng);
        let Ok(mut dialog) = Dialog::answering(request, local.into(), cseq, way.1) else {
            return stranger::turn_away(&mut self.core, way, request, 513, |_| {});
        };
        if self.core.is_websocket(way.0) {
            dialog.hop = Hop::Fixed(way.1);
        }
        let provisionals = Provisionals::new(mode, request, &mut self.core.rng);
        self.open_session(way, request, key, (tag, caller.trunk()), (dialog, provisionals), merge, now);
        self.tell_incoming(way, request, caller, tag, now);
    }

    #[allow(clippy::too_many_arguments)]
    fn open_session(
        &mut self,
        way: Way,
        request: &Request,
        key: ServerKey,
        (tag, trunk): (Tag, Option<usize>),
        (dialog, provisionals): (Dialog, Provisionals),
        merge: MergeKey,
        now: Mono,
    ) {
        self.invite_by_merge.insert(merge, key.clone());
        let invite = self.open(way, request, key, tag);
        self.core.respond(invite, 100, compose::trying(request, way), now);
        let mut session = Session {
            leg: Some(LegId::inbound(tag.session.0)),
            tag,
            trunk,
            phase: Phase::Ringing(Box::new(Ringing { invite, request: request.clone(), way, dialog, provisionals })),
            caller: None,
            held: 0,
            merge: Some(merge),
            changes: Changes::default(),
            timer: SessionTimer::default(),
            carried: None,
            websocket: self.core.streams.note_session(way.0, tag.session),
        };
        session.note_allowed(request);
        self.sessions.insert(session);
    }

    fn tell_incoming(&mut self, way: Way, request: &Request, caller: Caller, tag: Tag, now: Mono) {
        let replaced = match self.replaced_by(request) {
            Some(Replaced::Leg(leg)) => Some(leg),
            Some(Replaced::Unknown) | None => None,
        };
        // A phone says nothing of others that is believed.
        let nobody = TrunkPeer::at(TrunkId::new(""), Vec::new());
        let (origin, peer) = match caller {
            Caller::Phone(agent) => (Origin::Phone(agent), &nobody),
            Caller::Web(intent) => (Origin::Web(intent), &nobody),
            Caller::Trunk(trunk) => {
                let Some(peer) = self.core.setup.trunks.get(trunk) else { return };
                (Origin::Trunk(peer.trunk.clone()), peer)
            }
        };
        let is_page = matches!(origin, Origin::Web(_));
        let replaces = replaced.filter(|_| matches!(origin, Origin::Phone(_)));
        let transport = self.core.own(way.0).transport;
        let call = IncomingCall { replaces, ..incoming::call_of(request, origin, peer, (way, transport), now) };
        let call = Box::new(if is_page { browser::disowned(call) } else { call });
        self.core.tell(SipEvent::Incoming { leg: LegId::inbound(tag.session.0), call });
    }

    /// 101 to 199 with a Contact; anything else is ignored.
    pub(super) fn progress(&mut self, leg: LegId, status: u16, body: &Bytes, now: Mono) {
        let Some(session) = self.sessions.of_leg(leg).filter(|_| (101..200).contains(&status)) else { return };
        if !matches!(session.phase, Phase::Ringing(_)) {
            return;
        }
        session.progress(&mut self.core, status, body, now);
        self.core.timers.set(Deadline::ProgressAgain(session.id()), now + PROGRESS_EVERY);
    }

    pub(super) fn progress_again(&mut self, id: SessionId, now: Mono) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        if !matches!(session.phase, Phase::Ringing(_)) {
            return;
        }
        session.progress_once_more(&mut self.core, now);
        self.core.timers.set(Deadline::ProgressAgain(id), now + PROGRESS_EVERY);
    }

    pub(super) fn answer(&mut self, leg: LegId, body: &Bytes, now: Mono) {
        if let Some(session) = self.sessions.of_leg(leg) {
            session.answer(&mut self.core, body, now);
        }
    }

    pub(super) fn carry(&mut self, leg: LegId, carried: Box<Carried>) {
        if let Some(session) = self.sessions.of_leg(leg) {
            session.carried = Some(carried);
        }
    }

    /// 300 to 699; anything else becomes 500.
    pub(super) fn refuse(&mut self, leg: LegId, refusal: &Refuse, now: Mono) {
        let Some(session) = self.sessions.of_leg(leg) else { return };
        if session.refuse(&mut self.core, refusal, now) {
            session.let_go(&mut self.core);
        }
    }
}

impl Session {
    /// 200 to an INVITE that was not answered yet, at the latest when what it must not overtake is acknowledged.
    pub fn answer(&mut self, core: &mut Core, body: &Bytes, now: Mono) {
        let id = self.id();
        if matches!(&mut self.phase, Phase::Ringing(ringing) if ringing.provisionals.must_wait()) {
            return self.hold_back(body);
        }
        let ringing = match std::mem::replace(&mut self.phase, Phase::Over) {
            Phase::Ringing(ringing) => *ringing,
            other @ (Phase::Calling | Phase::Up(_) | Phase::Over) => return self.phase = other,
        };
        core.stop_provisionals(id);
        let Ringing { invite, request, way, dialog, provisionals } = ringing;
        // What was settled in a reliable provisional is not said again (RFC 3261 section 13.2.1).
        self.timer.said = body.clone();
        let body = if provisionals.is_settled() { &[] } else { &body[..] };
        let agreed = session_timer::accept(&request, core.session_times(self.trunk)).ok().flatten();
        let mut writer = compose::reply_with_contact(core, &request, 200, way, self.tag);
        compose::push_carried(&mut writer, self.carried.take().as_deref());
        session_timer::push_accepted(&mut writer, &request, agreed);
        let response = writer.finish_with(SDP, body);
        core.respond(invite, 200, response.clone(), now);
        let mut up = Up::new(dialog, way.0);
        up.prackable = provisionals.prackable();
        up.unacknowledged = Some(Box::new(Unacknowledged {
            cseq: request.cseq().number,
            response,
            way: compose::way_back(&request, way),
            again: core.times.t1,
            first: true,
        }));
        self.phase = Phase::Up(Box::new(up));
        core.led.push(id);
        core.await_ack(id, now);
        self.start_timer(core, agreed, now);
    }

    /// Refuses an INVITE that was not answered yet; false when there is none.
    pub fn refuse(&mut self, core: &mut Core, refusal: &Refuse, now: Mono) -> bool {
        let Phase::Ringing(ringing) = &self.phase else { return false };
        let status = if (300..700).contains(&refusal.status) { refusal.status } else { 500 };
        let mut writer = compose::reply(&ringing.request, status, ringing.way, self.tag);
        compose::push_reason(&mut writer, refusal.reason.as_ref());
        compose::push_carried(&mut writer, self.carried.as_deref());
        compose::push_warning(&mut writer, core, status, ringing.way);
        if let Some(contact) = &refusal.contact {
            writer.push(HeaderName::CONTACT, format_args!("<{contact}>"));
        }
        if let Some(after) = refusal.retry_after {
            writer.push(HeaderName::RETRY_AFTER, after.as_secs().max(1));
        }
        core.respond(ringing.invite, status, writer.finish(), now);
        core.stop_provisionals(self.id());
        self.refuse_theirs(core, now);
        self.phase = Phase::Over;
        core.ended.push(self.id());
        true
    }
}
