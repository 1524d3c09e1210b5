//! The peer passes its call on: REFER inside the dialog, and the NOTIFYs that say how it goes (RFC 3515, RFC 4488, RFC 5589).

use super::Endpoint;
use super::change::Theirs;
use super::compose;
use super::core::{ClientOwner, Core};
use super::inside::Inside;
use super::names::{SessionId, Tag};
use super::session::{Phase, Session, Up};
use crate::base::{LegId, Mono, Pii};
use crate::sip::api::{Refer, Replaced, SipEvent};
use crate::sip::wire::{HeaderName, Method, NameAddr, Replaces, Request, reason_phrase, uri_header};

const SIPFRAG: &str = "message/sipfrag;version=2.0";
const REFER_SUB: HeaderName<'static> = HeaderName::Other(b"Refer-Sub");
/// How long the peer may expect to hear of it, in seconds: longer than anything rings here.
const EXPIRES_S: u32 = 180;

/// A REFER of the peer, until its outcome is known.
pub struct Referral {
    /// It waits for `AnswerRefer`.
    asked: Option<Box<Theirs>>,
    cseq: u32,
    /// The peer wants to hear how it goes.
    tells: bool,
    /// What it was told last.
    status: u16,
}

impl Endpoint {
    pub(super) fn take_refer(&mut self, inside: &Inside<'_>, now: Mono) {
        let refer = inside.request.refer_to().map(|to| self.refer_of(inside.request, &to));
        let Some(session) = self.sessions.of_tag(inside.tag) else { return };
        let Some(refer) = refer else { return inside.answer(&mut self.core, 400, |_| {}, now) };
        session.take_refer(&mut self.core, inside, refer, now);
    }

    fn refer_of(&mut self, request: &Request, to: &NameAddr<'_>) -> Refer {
        let raw = to.uri.raw();
        let plain = raw.get(..memchr::memchr(b'?', raw).unwrap_or(raw.len())).unwrap_or(raw);
        let text = |bytes: &[u8]| Pii::new(String::from_utf8_lossy(bytes).into_owned());
        let replaces = uri_header(to.uri.headers, "Replaces");
        Refer {
            to: text(plain),
            replaces: replaces.map(|value| self.replaced(Replaces::read(&value))),
            referred_by: request.header(HeaderName::REFERRED_BY).map(text),
        }
    }

    /// The leg whose dialog it is; the tag that the other side of it knows as the peer's is ours (RFC 3891 section 3).
    pub(super) fn replaced(&mut self, replaces: Option<Replaces<'_>>) -> Replaced {
        let found = replaces.and_then(|replaces| {
            let session = self.sessions.of_tag(Tag::read(replaces.to_tag)?)?;
            let leg = session.leg;
            let dialog = session.dialog_mut()?;
            let is_it = dialog.call_id == replaces.call_id && dialog.remote_tag == replaces.from_tag;
            leg.filter(|_| is_it)
        });
        found.map_or(Replaced::Unknown, Replaced::Leg)
    }

    /// 202, or a refusal.
    pub(super) fn answer_refer(&mut self, leg: LegId, status: u16, now: Mono) {
        let Some(session) = self.sessions.of_leg(leg) else { return };
        session.answer_refer(&mut self.core, status, now);
    }

    pub(super) fn notify(&mut self, leg: LegId, status: u16, now: Mono) {
        let Some(session) = self.sessions.of_leg(leg) else { return };
        session.notify(&mut self.core, status, now);
    }

    /// The peer does not want to hear more.
    pub(super) fn notify_refused(&mut self, id: SessionId) {
        if let Some(Phase::Up(up)) = self.sessions.get_mut(id).map(|session| &mut session.phase) {
            up.referral.take_if(|referral| referral.asked.is_none());
        }
    }
}

impl Session {
    fn take_refer(&mut self, core: &mut Core, inside: &Inside<'_>, refer: Refer, now: Mono) {
        let leg = self.leg;
        let status = match (&mut self.phase, leg) {
            (Phase::Up(up), Some(leg)) if !up.over => match up.begin_referral(inside) {
                true => return core.tell(SipEvent::Refer { leg, refer: Box::new(refer) }),
                false => 491,
            },
            // Before the answer there is no call to pass on.
            (Phase::Ringing(_), _) => 403,
            (Phase::Up(_) | Phase::Calling | Phase::Over, _) => 481,
        };
        inside.answer(core, status, |_| {}, now);
    }

    fn answer_refer(&mut self, core: &mut Core, status: u16, now: Mono) {
        let tag = self.tag;
        let Phase::Up(up) = &mut self.phase else { return };
        let Some(referral) = &mut up.referral else { return };
        let Some(theirs) = referral.asked.take() else { return };
        let status = if (200..700).contains(&status) { status } else { 500 };
        let mut writer = compose::reply_with_contact(core, &theirs.request, status, theirs.way, tag);
        if !referral.tells && status < 300 {
            writer.push(REFER_SUB, "false");
        }
        core.respond(theirs.transaction, status, writer.finish(), now);
        if status >= 300 {
            up.referral = None;
            return;
        }
        // At once, whatever comes of it (RFC 3515 section 2.4.4).
        self.notify(core, 100, now);
    }

    /// Tells the peer how its REFER stands; a final status is the last that it hears.
    fn notify(&mut self, core: &mut Core, status: u16, now: Mono) {
        let Phase::Up(up) = &mut self.phase else { return };
        let Some(referral) = up.referral.as_mut().filter(|referral| referral.asked.is_none()) else { return };
        referral.status = status;
        let (tells, cseq, last) = (referral.tells, referral.cseq, status >= 200);
        if last {
            up.referral = None;
        }
        if tells {
            self.send_notify(core, (status, cseq, last), now);
        }
    }

    /// The dialog ends before the outcome is known: the peer is told that it hears no more.
    pub fn end_referral(&mut self, core: &mut Core, now: Mono) {
        let Phase::Up(up) = &mut self.phase else { return };
        let tag = self.tag;
        match up.referral.take() {
            Some(Referral { asked: Some(theirs), .. }) => {
                let writer = compose::reply(&theirs.request, 481, theirs.way, tag);
                core.respond(theirs.transaction, 481, writer.finish(), now);
            }
            Some(Referral { tells: true, status, cseq, .. }) => self.send_notify(core, (status, cseq, true), now),
            Some(_) | None => {}
        }
    }

    fn send_notify(&mut self, core: &mut Core, (status, refer, last): (u16, u32, bool), now: Mono) {
        let id = self.id();
        let Phase::Up(up) = &mut self.phase else { return };
        let (branch, way, cseq) = (core.next_branch(), up.way(&core.streams), up.dialog.next_cseq());
        let mut writer = compose::within(core, &up.dialog, &Method::Notify, cseq, branch, way);
        compose::push_contact(&mut writer, core, &up.dialog, way);
        writer.push(HeaderName::EVENT, format_args!("refer;id={refer}"));
        match last {
            true => writer.push(HeaderName::SUBSCRIPTION_STATE, "terminated;reason=noresource"),
            false => writer.push(HeaderName::SUBSCRIPTION_STATE, format_args!("active;expires={EXPIRES_S}")),
        };
        let fragment = format!("SIP/2.0 {status} {}\r\n", reason_phrase(status));
        let request = writer.finish_with(SIPFRAG, fragment.as_bytes());
        self.request(core, branch, request, way, ClientOwner::Notify(id), now);
    }
}

impl Up {
    /// False while another REFER is under way.
    fn begin_referral(&mut self, inside: &Inside<'_>) -> bool {
        if self.referral.is_some() {
            return false;
        }
        let tells = !inside.request.header(REFER_SUB).is_some_and(|value| value.eq_ignore_ascii_case(b"false"));
        let asked = Theirs { transaction: inside.id, request: inside.request.clone(), way: inside.way };
        let cseq = inside.request.cseq().number;
        self.referral = Some(Referral { asked: Some(Box::new(asked)), cseq, tells, status: 100 });
        true
    }
}
