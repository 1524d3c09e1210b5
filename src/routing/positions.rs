//! How far each waiting call has come; told when it changes, and not too often.

use crate::base::limits::POSITIONS_TOLD_MAX;
use crate::base::{CallId, Mono};

use super::messages::Output;
use super::queues::QueueIx;
use super::routed_call::{Place, RoutedCall};
use super::router::{Router, Timer};
use super::waiting::Rank;

impl Router {
    /// The queues in which somebody came or left are reported as soon as it is time again; never before what was decided is out.
    pub(super) fn report_moved(&mut self, now: Mono) {
        while let Some(queue) = self.moved.pop_first() {
            let every = self.rules.position_every;
            let due = self.queue(queue).reported.map_or(now, |last| now.max(last + every));
            if self.timers.deadline(&Timer::Positions(queue)).is_none() {
                self.timers.set(Timer::Positions(queue), due);
            }
        }
    }

    pub(super) fn report_positions(&mut self, ix: QueueIx, now: Mono) {
        self.timers.cancel(&Timer::Positions(ix));
        if self.queue(ix).waiting.is_empty() {
            return;
        }
        self.queue_mut(ix).reported = Some(now);
        for ((_, call), position) in self.first_places(ix, now).into_iter().zip(1..) {
            self.tell_if_new(call, position, now);
        }
    }

    pub(super) fn tell_position(&mut self, id: CallId, now: Mono) {
        let Some(call) = self.calls.get(&id) else {
            self.stale += 1;
            return;
        };
        match call.place {
            Place::Waiting | Place::Held(_) => {
                let position = self.position(id, now);
                self.forget_told(id);
                self.tell_if_new(id, position, now);
            }
            Place::Offered(_) | Place::Talking(_) => {}
        }
    }

    fn first_places(&mut self, ix: QueueIx, now: Mono) -> Vec<(Rank, CallId)> {
        self.settle_queue(ix, now);
        let queue = self.queue(ix);
        let lanes = queue.lanes.iter().map(|lane| self.lane(*lane));
        let stages = lanes.flat_map(|lane| &lane.stages);
        let in_lanes = stages.flat_map(|stage| stage.in_order(now).take(POSITIONS_TOLD_MAX));
        let held = queue.held.values().filter_map(|id| self.calls.get(id));
        let held = held.take(POSITIONS_TOLD_MAX).map(|call| (self.rank(call, now), call.id));
        let mut places: Vec<_> = in_lanes.chain(held).collect();
        places.sort_unstable();
        places.truncate(POSITIONS_TOLD_MAX);
        places
    }

    /// Counted from 1, without a walk over those ahead.
    pub(super) fn position(&mut self, id: CallId, now: Mono) -> usize {
        let Some(queue) = self.calls.get(&id).map(|call| call.queue) else { return 0 };
        self.settle_queue(queue, now);
        let Some(call) = self.calls.get(&id) else { return 0 };
        let (queue, mine) = (self.queue(call.queue), self.rank(call, now));
        let lanes = queue.lanes.iter().map(|lane| self.lane(*lane));
        let ahead = lanes.flat_map(|lane| &lane.stages).map(|stage| stage.ahead_of(mine, now));
        let held = queue.held.values().filter_map(|id| self.calls.get(id));
        1 + ahead.sum::<usize>() + held.filter(|other| self.rank(other, now) < mine).count()
    }

    fn settle_queue(&mut self, ix: QueueIx, now: Mono) {
        for lane in &self.queues[ix.0 as usize].lanes {
            self.lanes[lane.0 as usize].settle(now);
        }
    }

    fn rank(&self, call: &RoutedCall, now: Mono) -> Rank {
        self.queue(call.queue).ageing().rank(call.key, now)
    }

    fn forget_told(&mut self, id: CallId) {
        if let Some(call) = self.calls.get_mut(&id) {
            call.told = None;
        }
    }

    fn tell_if_new(&mut self, id: CallId, position: usize, now: Mono) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        if call.told.replace(position) == Some(position) {
            return;
        }
        let (queue, waited) = (call.queue, now.since(call.entry.map_or(call.key.enqueued, |entry| entry.at)));
        let queue = self.queue(queue);
        let expected_wait = self.wait_left(queue, position, waited);
        let queue = queue.setup.id.clone();
        self.outputs.push_back(Output::Position { call: id, queue, position, expected_wait });
    }
}
