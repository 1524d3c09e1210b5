//! How a media thread shares the processor: it is let run soon, and under load gathers for a moment rather than wake for each packet.

use std::io;
use std::time::Duration;

use crate::base::Mono;

/// Whether the next round is put off for a moment.
#[derive(Default)]
pub struct Gatherer {
    began: Option<Mono>,
    is_dense: bool,
}

/// Rounds of a busy worker begin at least so far apart. To be woken costs more than to send a packet, and a packet that is this much
/// later is not heard to be.
const APART: Duration = Duration::from_micros(60);
/// Sound is due at once and never takes long: the shortest slice that the kernel gives, of 0.1 ms, lets it go before whoever computes.
const SLICE_NS: u64 = 100_000;

impl Gatherer {
    /// A round begins that found so many sockets to read.
    pub fn begin(&mut self, now: Mono, found: usize) {
        let is_soon = self.began.is_some_and(|before| now.since(before) < APART);
        self.is_dense = found > 0 && (is_soon || self.is_dense && found > 1);
        self.began = Some(now);
    }

    /// How long to wait before looking for more; `None` when there is little to do.
    pub fn pause(&self, now: Mono) -> Option<Duration> {
        let began = self.began.filter(|_| self.is_dense)?;
        APART.checked_sub(now.since(began)).filter(|rest| !rest.is_zero())
    }
}

/// Of `sched_setattr(2)`, as far as it is needed.
#[repr(C)]
struct Attributes {
    size: u32,
    policy: u32,
    flags: u64,
    nice: i32,
    priority: u32,
    runtime: u64,
    deadline: u64,
    period: u64,
}

/// For the calling thread. Needs no right; a kernel before 6.12 knows nothing of it, and sound is heard there too. Whom somebody has given
/// another policy, as a real-time one, keeps it.
pub fn take_short_slices() -> io::Result<()> {
    // SAFETY: no pointers; 0 is the calling thread.
    if unsafe { libc::sched_getscheduler(0) } != libc::SCHED_OTHER {
        return Ok(());
    }
    // SAFETY: no pointers; 0 is the calling thread.
    let nice = unsafe { libc::getpriority(libc::PRIO_PROCESS, 0) };
    let size = size_of::<Attributes>() as u32;
    let wanted = Attributes { size, policy: 0, flags: 0, nice, priority: 0, runtime: SLICE_NS, deadline: 0, period: 0 };
    // SAFETY: `wanted` lives through the call, with its true size; 0 is the calling thread.
    let done = unsafe { libc::syscall(libc::SYS_sched_setattr, 0, &raw const wanted, 0) };
    if done < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: no pointers. Short waits shall not be rounded up to what others find exact enough.
    unsafe { libc::prctl(libc::PR_SET_TIMERSLACK, 1) };
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(us: u64) -> Mono {
        Mono(us * 1000)
    }

    #[test]
    fn a_packet_now_and_then_is_never_waited_for() {
        let mut gatherer = Gatherer::default();
        for nth in 1..10 {
            gatherer.begin(at(nth * 250), 1);
            assert_eq!(gatherer.pause(at(nth * 250 + 20)), None);
        }
    }

    #[test]
    fn when_rounds_follow_each_other_the_next_one_gathers() {
        let mut gatherer = Gatherer::default();
        gatherer.begin(at(1000), 1);
        gatherer.begin(at(1040), 1);
        assert_eq!(gatherer.pause(at(1060)), Some(Duration::from_micros(40)));
        assert_eq!(gatherer.pause(at(1100)), None, "the round itself took longer");
        gatherer.begin(at(1110), 3);
        assert_eq!(gatherer.pause(at(1120)), Some(Duration::from_micros(50)), "it goes on while several come at once");
        gatherer.begin(at(1180), 1);
        assert_eq!(gatherer.pause(at(1190)), None);
    }

    #[test]
    fn a_kernel_that_knows_slices_gives_them_to_everybody() {
        // An older kernel, or one that a container hides, says no, which is not our fault.
        let said = take_short_slices().err().and_then(|error| error.raw_os_error());
        assert!(
            said.is_none_or(|code| [libc::ENOSYS, libc::EPERM, libc::EINVAL, libc::E2BIG].contains(&code)),
            "{said:?}"
        );
    }
}
