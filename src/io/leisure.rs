//! Work that may take its time: on a thread of its own, which gives way to those that calls wait for.

use std::thread;

use tokio::sync::oneshot;

/// Above that of all others (0), and far enough below the lowest (19) to come to an end on a machine that is never idle: beside one
/// thread that works all the time it has a quarter of a core.
const NICENESS: libc::c_int = 5;

/// Runs on a thread of low priority and answers when it is done; `None`: there is no thread for it, or it panicked.
pub async fn at_leisure<T: Send + 'static>(name: &'static str, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (done, answer) = oneshot::channel();
    let thread = thread::Builder::new().name(name.to_owned()).spawn(move || {
        give_way();
        // Who asked may have stopped waiting.
        drop(done.send(work()));
    });
    thread.ok()?;
    answer.await.ok()
}

/// Under Linux each thread has a niceness of its own.
fn give_way() {
    // SAFETY: no memory is handed over; 0 is the thread that calls.
    if unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, NICENESS) } != 0 {
        tracing::debug!("the priority of a thread could not be lowered");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn niceness() -> libc::c_int {
        // SAFETY: as above.
        unsafe { libc::getpriority(libc::PRIO_PROCESS, 0) }
    }

    #[tokio::test]
    async fn the_work_gives_way_and_nobody_else_does() {
        let before = niceness();
        assert_eq!(at_leisure("test", niceness).await, Some(NICENESS.max(before)));
        assert_eq!(niceness(), before);
        assert_eq!(at_leisure("test", || -> u8 { panic!("as a test") }).await, None);
    }
}
