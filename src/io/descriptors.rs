//! File descriptors: as many as the system allows, and room for them before there are threads.
//!
//! A leg of sound takes two sockets, so their number grows with the calls. Whenever the kernel's table of descriptors has to grow
//! in a process with threads, the thread that opens a socket waits until every processor has passed a quiet moment (RCU), which
//! has taken seconds on busy machines. Growing it once, before the first thread, costs nothing.

use std::io;
use std::os::fd::{AsFd, AsRawFd};

/// More than the media ports and connections of one process come to; the table takes 8 bytes for each.
const ROOM: libc::rlim_t = 1 << 16;

/// Raises the soft limit to the hard one and makes room in the table. Call it before the first thread starts.
pub fn prepare() -> io::Result<()> {
    let allowed = raise_limit()?;
    make_room(allowed.min(ROOM))
}

fn raise_limit() -> io::Result<libc::rlim_t> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` lives through the call.
    done(unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) })?;
    limit.rlim_cur = limit.rlim_max;
    // SAFETY: as above, and the kernel only reads it.
    done(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &limit) })?;
    Ok(limit.rlim_cur)
}

/// A descriptor with a high number, for a moment: the table does not shrink again.
fn make_room(count: libc::rlim_t) -> io::Result<()> {
    let highest = libc::c_int::try_from(count.saturating_sub(1)).unwrap_or(libc::c_int::MAX);
    let stderr = io::stderr();
    // SAFETY: the descriptor is open; the copy is closed below and nobody else knows it.
    let copy = unsafe { libc::fcntl(stderr.as_fd().as_raw_fd(), libc::F_DUPFD_CLOEXEC, highest) };
    done(copy)?;
    // SAFETY: it is ours, and open.
    done(unsafe { libc::close(copy) })
}

fn done(result: libc::c_int) -> io::Result<()> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::prepare;

    #[test]
    fn it_may_be_done_twice() {
        assert!(prepare().is_ok());
        assert!(prepare().is_ok());
    }
}
