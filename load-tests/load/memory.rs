//! How much memory a process and its children have, shared pages counted once.

use std::fs;

/// In KiB; 0 for a process that is gone.
pub fn kib(pid: u32) -> u64 {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    let of_children = children.split_whitespace().filter_map(|child| child.parse().ok()).map(kib);
    of_children.sum::<u64>() + own(pid)
}

/// The proportional share: each page divided by how many processes have it.
fn own(pid: u32) -> u64 {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
