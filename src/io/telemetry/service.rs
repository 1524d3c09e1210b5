//! How soon callers of each queue reach a person: of the last hour, in steps of five minutes.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::base::{QueueId, Stage, Wall};
use crate::calls::facts::{CallRecord, Outcome};

/// Whoever is answered within this is answered in time: what contact centres promise themselves (80 % within 20 s).
pub const IN_TIME: Duration = Duration::from_secs(20);

const SLOT_S: u64 = 300;
const SLOTS: u64 = 12;

/// Calls that came to a queue and are over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Service {
    pub calls: u64,
    /// Answered, from the first byte of the INVITE.
    pub in_time: u64,
    /// The caller gave up.
    pub abandoned: u64,
}

/// Of all queues, by the number of the slot.
#[derive(Clone, Debug, Default)]
pub(super) struct Services {
    slots_by_queue: BTreeMap<QueueId, BTreeMap<u64, Service>>,
}

impl Services {
    /// Callbacks, and what a PBX has taken over, say nothing of a caller's wait.
    pub(super) fn note(&mut self, record: &CallRecord) {
        let (Some(queue), Some(ended), None) = (&record.queue, record.ended, record.tries) else { return };
        let Some(service) = service(record) else { return };
        if !self.slots_by_queue.contains_key(queue) {
            self.slots_by_queue.insert(queue.clone(), BTreeMap::new());
        }
        if let Some(slots) = self.slots_by_queue.get_mut(queue) {
            slots.entry(slot(ended)).or_default().add(service);
        }
    }

    /// Adds all of `other`, which is empty afterwards; what is older than an hour is forgotten.
    pub(super) fn take_from(&mut self, other: &mut Services) {
        for (queue, part) in std::mem::take(&mut other.slots_by_queue) {
            let slots = self.slots_by_queue.entry(queue).or_default();
            part.into_iter().for_each(|(at, service)| slots.entry(at).or_default().add(service));
            while slots.len() as u64 > SLOTS {
                slots.pop_first();
            }
        }
    }

    /// Of the hour before `now`.
    pub(super) fn of(&self, queue: &QueueId, now: Wall) -> Service {
        let mut sum = Service::default();
        let slots = self.slots_by_queue.get(queue).into_iter().flatten();
        slots.filter(|(at, _)| **at + SLOTS > slot(now)).for_each(|(_, service)| sum.add(*service));
        sum
    }
}

impl Service {
    fn add(&mut self, other: Service) {
        self.calls += other.calls;
        self.in_time += other.in_time;
        self.abandoned += other.abandoned;
    }
}

fn slot(at: Wall) -> u64 {
    at.unix_s() / SLOT_S
}

fn service(record: &CallRecord) -> Option<Service> {
    let answered = record.stages.iter().find(|(stage, _)| *stage == Stage::InviteToAnswer).map(|(_, after)| *after);
    let abandoned = match record.outcome? {
        Outcome::Abandoned => 1,
        Outcome::Talked | Outcome::FellBack | Outcome::Redirected | Outcome::Refused | Outcome::Failed => 0,
        Outcome::HandedOver | Outcome::Unreached | Outcome::Withdrawn | Outcome::Replaced => return None,
    };
    Some(Service { calls: 1, in_time: u64::from(answered.is_some_and(|after| after <= IN_TIME)), abandoned })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{CallId, TrunkId};

    fn ended(outcome: Outcome, answered_s: Option<u64>, at_s: u64) -> CallRecord {
        let mut record = CallRecord::begun(CallId(1), TrunkId::new("carrier"), Wall(0));
        record.queue = Some(QueueId::new("help"));
        record.outcome = Some(outcome);
        record.ended = Some(Wall(at_s * 1000));
        record.stages = answered_s.map(|s| (Stage::InviteToAnswer, Duration::from_secs(s))).into_iter().collect();
        record
    }

    #[test]
    fn the_last_hour_counts_and_callbacks_do_not() {
        let (help, hour) = (QueueId::new("help"), 3_600);
        let mut services = Services::default();
        for (outcome, answered_s, at_s) in [
            (Outcome::Talked, Some(20), hour),
            (Outcome::Talked, Some(21), hour),
            (Outcome::Abandoned, None, hour + 400),
            (Outcome::FellBack, None, hour + 400),
            (Outcome::HandedOver, None, hour + 400),
        ] {
            services.note(&ended(outcome, answered_s, at_s));
        }
        let mut callback = ended(Outcome::Talked, Some(1), hour);
        callback.tries = Some(1);
        services.note(&callback);
        let mut sum = Services::default();
        sum.take_from(&mut services);
        let at = |s: u64| sum.of(&help, Wall(s * 1000));
        assert_eq!(at(hour + 600), Service { calls: 4, in_time: 1, abandoned: 1 });
        assert_eq!(
            at(2 * hour + 10),
            Service { calls: 2, in_time: 0, abandoned: 1 },
            "the first five minutes are over"
        );
        assert_eq!(at(4 * hour), Service::default());
        assert_eq!(sum.of(&QueueId::new("other"), Wall(hour)), Service::default());
        assert_eq!(services.of(&help, Wall(hour * 1000)), Service::default(), "handed over");
    }
}
