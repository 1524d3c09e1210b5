//! How busy a queue is, as the access rules ask: numbers that are kept, so that asking costs nothing.

use std::time::Duration;

use crate::base::QueueId;

use super::queues::Queue;
use super::router::Router;

/// A queue at this moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueLoad {
    /// Agents who could be offered a call of it now.
    pub free: usize,
    /// Calls that wait, those that are being offered not counted.
    pub waiting: usize,
    /// Of a call that would enter now; `None` when nobody serves the queue, or nothing is known of it yet.
    pub expected_wait: Option<Duration>,
}

impl Router {
    /// `None` for a queue that is not there.
    pub fn load(&self, queue: &QueueId) -> Option<QueueLoad> {
        self.queue_by_id.get(queue).map(|ix| self.load_of(self.queue(*ix)))
    }

    /// Every queue's, by name.
    pub fn loads(&self) -> impl Iterator<Item = (&QueueId, QueueLoad)> {
        self.queues.iter().map(|queue| (&queue.setup.id, self.load_of(queue)))
    }

    fn load_of(&self, queue: &Queue) -> QueueLoad {
        let expected_wait = self.wait_of_next(queue);
        QueueLoad { free: queue.free, waiting: queue.waiting.len(), expected_wait }
    }
}
