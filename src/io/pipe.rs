//! What whoever reads the output of a command has to do with its end.

/// Ends the program quietly when its reader has gone (`throughline check FILE | head`), as shells expect. For commands that serve nobody: a
/// server goes on without its log.
pub fn end_with_the_reader() {
    // SAFETY: the default action is no handler of ours, so nothing runs in it.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
}
