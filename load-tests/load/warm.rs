//! Keeps every core awake with loops that run only when nobody else wants it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

pub struct Loops {
    stop: Arc<AtomicBool>,
}

impl Loops {
    pub fn start() -> Loops {
        let stop = Arc::new(AtomicBool::new(false));
        let cores = thread::available_parallelism().map_or(1, usize::from);
        for _ in 0..cores {
            let stop = stop.clone();
            thread::spawn(move || {
                only_when_idle();
                while !stop.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            });
        }
        Loops { stop }
    }
}

impl Drop for Loops {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn only_when_idle() {
    let parameters = libc::sched_param { sched_priority: 0 };
    // SAFETY: 0 is the calling thread; the parameters live until the call returns.
    let answer = unsafe { libc::sched_setscheduler(0, libc::SCHED_IDLE, &parameters) };
    assert_eq!(answer, 0, "no idle priority: {}", std::io::Error::last_os_error());
}
