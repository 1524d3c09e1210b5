//! Which core a thread or a child process runs on.

use std::io;
use std::mem::MaybeUninit;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::thread;

pub fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// The child and all its threads run there.
pub fn child(command: &mut Command, core: usize) {
    // SAFETY: between fork and exec nothing but one system call is made.
    unsafe { command.pre_exec(move || set(core)) };
}

/// Where the calling thread was let run before it was pinned, and is again once this is dropped.
pub struct Pinned(libc::cpu_set_t);

/// Until what it answers is dropped, the calling thread runs there alone. What is left out at the end is no core for anybody who asks how many
/// there are, nor for the children.
pub fn this_thread(core: usize) -> Pinned {
    // SAFETY: an all-zero set is the empty set.
    let mut before: libc::cpu_set_t = unsafe { MaybeUninit::zeroed().assume_init() };
    // SAFETY: the kernel writes into `before`, with its true size; 0 is the calling thread.
    let answer = unsafe { libc::sched_getaffinity(0, size_of::<libc::cpu_set_t>(), &mut before) };
    assert_eq!(answer, 0, "the cores of this thread");
    set(core).expect("a core to run on");
    Pinned(before)
}

impl Drop for Pinned {
    fn drop(&mut self) {
        let _ = apply(&self.0);
    }
}

fn set(core: usize) -> io::Result<()> {
    // SAFETY: an all-zero set is the empty set; CPU_SET writes within it.
    let set = unsafe {
        let mut set: libc::cpu_set_t = MaybeUninit::zeroed().assume_init();
        libc::CPU_SET(core, &mut set);
        set
    };
    apply(&set)
}

/// For the calling thread.
fn apply(set: &libc::cpu_set_t) -> io::Result<()> {
    // SAFETY: the kernel reads `set`, with its true size; 0 is the calling thread.
    let answer = unsafe { libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), set) };
    if answer == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
