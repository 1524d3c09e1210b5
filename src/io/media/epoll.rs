//! The three things of Linux that a worker waits with: epoll, eventfd and timerfd; and what the standard library has no word for.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use crate::base::Mono;

/// A set of descriptors, each with a number that comes back when it can be read.
pub struct Epoll {
    fd: OwnedFd,
    ready: Vec<libc::epoll_event>,
}

/// Adds to such a set, and takes away, beside whoever waits for it.
pub struct Watcher(OwnedFd);

/// Wakes a worker from another thread.
pub struct Waker(OwnedFd);

/// Wakes a worker at a time.
pub struct Alarm {
    fd: OwnedFd,
    set_for: Option<Mono>,
}

const BATCH: usize = 256;

impl Epoll {
    pub fn new() -> io::Result<Epoll> {
        // SAFETY: no pointers; the result is checked and owned once.
        let fd = unsafe { owned(libc::epoll_create1(libc::EPOLL_CLOEXEC)) }?;
        Ok(Epoll { fd, ready: vec![libc::epoll_event { events: 0, u64: 0 }; BATCH] })
    }

    /// Closing the descriptor takes it out again.
    pub fn add(&self, fd: BorrowedFd<'_>, number: u64) -> io::Result<()> {
        self.watch(fd, number, libc::EPOLLIN)
    }

    /// Each wake is told once, and nothing has to be read.
    pub fn add_waker(&self, waker: &Waker, number: u64) -> io::Result<()> {
        self.watch(waker.fd(), number, libc::EPOLLIN | libc::EPOLLET)
    }

    pub fn watcher(&self) -> io::Result<Watcher> {
        self.fd.try_clone().map(Watcher)
    }

    fn watch(&self, fd: BorrowedFd<'_>, number: u64, events: libc::c_int) -> io::Result<()> {
        change(self.fd.as_raw_fd(), libc::EPOLL_CTL_ADD, fd, libc::epoll_event { events: events as u32, u64: number })
    }

    /// Waits until something can be read; appends the numbers. An interrupted wait finds nothing.
    pub fn wait(&mut self, numbers: &mut Vec<u64>) -> io::Result<()> {
        let room = self.ready.len() as libc::c_int;
        // SAFETY: the kernel writes at most `room` events into `ready`.
        let count = unsafe { libc::epoll_wait(self.fd.as_raw_fd(), self.ready.as_mut_ptr(), room, -1) };
        match usize::try_from(count) {
            Ok(count) => numbers.extend(self.ready.iter().take(count).map(|event| event.u64)),
            Err(_) => {
                return Some(io::Error::last_os_error())
                    .filter(|e| e.kind() != io::ErrorKind::Interrupted)
                    .map_or(Ok(()), Err);
            }
        }
        Ok(())
    }
}

impl Watcher {
    /// As `Epoll::add`.
    pub fn add(&self, fd: BorrowedFd<'_>, number: u64) -> io::Result<()> {
        let event = libc::epoll_event { events: libc::EPOLLIN as u32, u64: number };
        change(self.0.as_raw_fd(), libc::EPOLL_CTL_ADD, fd, event)
    }

    pub fn remove(&self, fd: BorrowedFd<'_>) -> io::Result<()> {
        change(self.0.as_raw_fd(), libc::EPOLL_CTL_DEL, fd, libc::epoll_event { events: 0, u64: 0 })
    }
}

impl Waker {
    pub fn new() -> io::Result<Waker> {
        // SAFETY: no pointers; the result is checked and owned once.
        unsafe { owned(libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK)) }.map(Waker)
    }

    /// Nobody reads the counter, which would be full after centuries.
    pub fn wake(&self) {
        let one = 1u64.to_ne_bytes();
        // SAFETY: eight readable octets.
        unsafe { libc::write(self.0.as_raw_fd(), one.as_ptr().cast(), one.len()) };
    }

    pub fn try_clone(&self) -> io::Result<Waker> {
        self.0.try_clone().map(Waker)
    }

    pub fn fd(&self) -> BorrowedFd<'_> {
        std::os::fd::AsFd::as_fd(&self.0)
    }
}

impl Alarm {
    pub fn new() -> io::Result<Alarm> {
        // SAFETY: no pointers; the result is checked and owned once.
        let fd = unsafe { owned(libc::timerfd_create(libc::CLOCK_MONOTONIC, libc::TFD_CLOEXEC | libc::TFD_NONBLOCK)) }?;
        Ok(Alarm { fd, set_for: None })
    }

    /// Sets it for `at`, which is `now` or later in the same count; does nothing when it is set so already.
    pub fn set(&mut self, at: Option<Mono>, now: Mono) -> io::Result<()> {
        if self.set_for == at {
            return Ok(());
        }
        let wait = at.map_or(0, |at| at.0.saturating_sub(now.0).max(1));
        let value = libc::timespec {
            tv_sec: (wait / 1_000_000_000) as libc::time_t,
            tv_nsec: (wait % 1_000_000_000) as libc::c_long,
        };
        let zero = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        let setting = libc::itimerspec { it_interval: zero, it_value: value };
        // SAFETY: `setting` lives through the call; the old setting is not asked for.
        done(unsafe { libc::timerfd_settime(self.fd.as_raw_fd(), 0, &setting, std::ptr::null_mut()) })?;
        self.set_for = at;
        Ok(())
    }

    /// After it has rung.
    pub fn clear(&mut self) {
        self.set_for = None;
        drain(self.fd.as_raw_fd());
    }

    pub fn fd(&self) -> BorrowedFd<'_> {
        std::os::fd::AsFd::as_fd(&self.fd)
    }
}

/// Takes a datagram socket's peer away again: everybody may send to it. What the kernel refuses is tried at the next change.
pub fn disconnect(fd: BorrowedFd<'_>) {
    let nobody = libc::sockaddr { sa_family: libc::AF_UNSPEC as libc::sa_family_t, sa_data: [0; 14] };
    // SAFETY: the address lives through the call and has that length.
    unsafe { libc::connect(fd.as_raw_fd(), &nobody, size_of_val(&nobody) as libc::socklen_t) };
}

fn change(set: RawFd, what: libc::c_int, fd: BorrowedFd<'_>, mut event: libc::epoll_event) -> io::Result<()> {
    // SAFETY: `event` lives through the call, both descriptors are open.
    done(unsafe { libc::epoll_ctl(set, what, fd.as_raw_fd(), &mut event) })
}

fn drain(fd: RawFd) {
    let mut count = [0u8; 8];
    // SAFETY: eight writable octets.
    unsafe { libc::read(fd, count.as_mut_ptr().cast(), count.len()) };
}

/// SAFETY: `fd` is a fresh descriptor that nobody else owns, or negative.
unsafe fn owned(fd: RawFd) -> io::Result<OwnedFd> {
    done(fd)?;
    // SAFETY: as above, and it is not negative.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

fn done(result: libc::c_int) -> io::Result<()> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
