//! Whom we turn away without keeping anything: strangers, garbage, and requests that trunks should not send.

use bytes::Bytes;

use super::Endpoint;
use super::compose;
use super::core::{Core, Way};
use super::deadlines::Deadline;
use super::names::{SessionId, Tag};
use crate::base::Mono;
use crate::sip::api::{Refusal, SipEvent};
use crate::sip::wire::{Headers, Message, Method, ParseError, Request, Writer};
use std::time::Duration;

/// An answer to somebody whose address may be forged is at most this many times as long as the question.
pub const AMPLIFICATION_MAX: usize = 3;
const REPORT_EVERY: Duration = Duration::from_secs(1);

/// How many of each kind were refused since the last report.
#[derive(Default)]
pub struct Refusals([u32; 4]);

impl Refusals {
    fn slot(&mut self, cause: Refusal) -> &mut u32 {
        let [stranger, unauthorized, malformed, overload] = &mut self.0;
        match cause {
            Refusal::Stranger => stranger,
            Refusal::Unauthorized => unauthorized,
            Refusal::Malformed => malformed,
            Refusal::Overload => overload,
        }
    }
}

impl Endpoint {
    /// Counts a refusal; the first of a second wakes the report.
    pub(super) fn refused(&mut self, cause: Refusal, now: Mono) {
        let count = self.refusals.slot(cause);
        *count = count.saturating_add(1);
        if *count == 1 {
            self.core.timers.set(Deadline::Refused(cause), now + REPORT_EVERY);
        }
    }

    pub(super) fn report_refused(&mut self, cause: Refusal) {
        let count = std::mem::take(self.refusals.slot(cause));
        self.core.tell(SipEvent::Refused { cause, count });
    }

    /// 403 without a hint; nothing for an ACK.
    pub(super) fn turn_away_stranger(&mut self, way: Way, request: &Request, now: Mono) {
        self.refused(Refusal::Stranger, now);
        if *request.method() != Method::Ack {
            turn_away(&mut self.core, way, request, 403, |_| {});
        }
    }

    /// Bytes that are no message: a trunk is told what is wrong, anybody else nothing.
    pub(super) fn turn_away_malformed(&mut self, way: Way, bytes: &Bytes, fault: ParseError, now: Mono) {
        if fault == ParseError::Empty {
            return;
        }
        self.refused(Refusal::Malformed, now);
        let known = self.core.trunk_of(way).is_some();
        let (Some(status), true) = (fault.status(), known) else { return };
        let Some(salvaged) = Message::salvage(bytes).filter(|salvaged| *salvaged.method() != Method::Ack) else {
            return;
        };
        let tag = stateless_tag(&self.core, &salvaged);
        let writer = Writer::reply(&salvaged, status, fault.phrase(), way.1, &tag.to_string());
        send_bounded(&mut self.core, way, &salvaged, writer.finish());
    }
}

/// Answers without a transaction; the same question gets the same answer (RFC 3261 section 8.2.7).
pub fn turn_away(core: &mut Core, way: Way, request: &Request, status: u16, more: impl FnOnce(&mut Writer)) {
    let mut writer = compose::reply(request, status, way, stateless_tag(core, request));
    more(&mut writer);
    send_bounded(core, way, request, writer.finish());
}

/// A tag that needs no memory. No session has the number 0.
fn stateless_tag(core: &Core, request: &Headers) -> Tag {
    let nonce = core.digest(&[request.via_top().branch, request.call_id(), request.from_tag()]);
    Tag { session: SessionId(0), nonce }
}

fn send_bounded(core: &mut Core, way: Way, question: &Headers, answer: Bytes) {
    // Nobody can connect from an address that is not theirs.
    if way.0.is_stream() || answer.len() <= AMPLIFICATION_MAX * question.raw().len() {
        core.send(compose::way_back(question, way), answer);
    }
}
