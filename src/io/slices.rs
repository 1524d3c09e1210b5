//! Short slices: who has little to do each time, and that at once, is let run before whoever computes.

use std::io;

/// The shortest that the kernel gives, 0.1 ms. It brings no more of the processor, only sooner.
const SLICE_NS: u64 = 100_000;

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

/// For the calling thread. Needs no right; a kernel before 6.12 knows nothing of it, and calls are served there too. Whom somebody has given
/// another policy, as a real-time one, keeps it.
pub fn take_short_slices() {
    if let Err(refused) = ask() {
        tracing::debug!(%refused, "the kernel gives this thread no short slices; all is as without them");
    }
}

fn ask() -> io::Result<()> {
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

    #[test]
    fn a_kernel_that_knows_slices_gives_them_to_everybody() {
        // An older kernel, or one that a container hides, says no, which is not our fault.
        let said = ask().err().and_then(|error| error.raw_os_error());
        assert!(
            said.is_none_or(|code| [libc::ENOSYS, libc::EPERM, libc::EINVAL, libc::E2BIG].contains(&code)),
            "{said:?}"
        );
    }
}
