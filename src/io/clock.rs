//! The one clock of the process.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::base::{Mono, Now, Wall};

/// Counts from the moment at which it was made.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    began: Instant,
}

impl Clock {
    pub fn start() -> Clock {
        Clock { began: Instant::now() }
    }

    pub fn mono(&self) -> Mono {
        Mono(u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }

    /// A clock set before 1970 reads as 1970.
    pub fn wall(&self) -> Wall {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Wall(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }

    pub fn now(&self) -> Now {
        Now::new(self.mono(), self.wall())
    }

    /// When a deadline of the core comes, in the words of the runtime.
    pub fn instant(&self, at: Mono) -> Instant {
        self.began + std::time::Duration::from_nanos(at.0)
    }
}
