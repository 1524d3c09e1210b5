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
    unsafe { command.pre_exec(move || set(&[core])) };
}

pub fn this_thread(core: usize) {
    set(&[core]).expect("a core to run on");
}

pub fn this_thread_anywhere() {
    let all: Vec<usize> = (0..cores()).collect();
    set(&all).expect("all cores");
}

fn set(cores: &[usize]) -> io::Result<()> {
    // SAFETY: an all-zero set is the empty set; CPU_SET writes within it; 0 is the calling thread.
    let answer = unsafe {
        let mut set: libc::cpu_set_t = MaybeUninit::zeroed().assume_init();
        cores.iter().for_each(|core| libc::CPU_SET(*core, &mut set));
        libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &set)
    };
    if answer == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
