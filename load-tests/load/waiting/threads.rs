//! How long threads of this process have run, by what they are called.

use std::fs;
use std::time::Duration;

/// Of all whose name begins so, by the kernel's own count in nanoseconds.
pub fn cpu(name: &str) -> Duration {
    let tasks = fs::read_dir("/proc/self/task").expect("a list of threads");
    let of_task = |folder: fs::DirEntry| {
        let is_called = fs::read_to_string(folder.path().join("comm")).is_ok_and(|comm| comm.starts_with(name));
        let counted = || fs::read_to_string(folder.path().join("schedstat")).ok();
        is_called.then(counted).flatten()?.split(' ').next()?.parse::<u64>().ok()
    };
    Duration::from_nanos(tasks.flatten().filter_map(of_task).sum())
}

/// Of the calling thread, for this work.
pub fn cpu_of(work: impl FnOnce()) -> Duration {
    let before = of_this_thread();
    work();
    of_this_thread() - before
}

fn of_this_thread() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the kernel writes into `time`, which lives through the call.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
