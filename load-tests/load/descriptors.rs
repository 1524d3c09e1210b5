//! How many descriptors a process may have here: calls and desks are sockets, so their number is bounded by it.

use throughline::io::descriptors;

/// Far more than any part wants.
const WANTED: libc::rlim_t = 1 << 16;

/// For this process and those that it starts. Who may raise the hard limit does.
pub fn allowed() -> usize {
    let mut limit = libc::rlimit { rlim_cur: WANTED, rlim_max: WANTED };
    // SAFETY: `limit` lives through the calls; where more is refused, what is allowed must do.
    unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &limit) };
    descriptors::prepare().expect("room for descriptors");
    // SAFETY: as above; the kernel writes into it.
    unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) };
    limit.rlim_cur as usize
}
