//! What the worst messages cost: no more memory than a multiple of their length, and never more than twice as much for twice the
//! length. `benches/worst.rs` prints the time that they take.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;

#[path = "../benches/worst/messages.rs"]
mod messages;

use messages::{KINDS, feed};
use throughline::base::limits::{SIP_HEADERS_MAX, SIP_PARTS_MAX};
use throughline::sip::wire::{Message, ParseError};

/// Counts what this thread asks for.
struct Counting;

thread_local! {
    static ASKED: Cell<(u64, u64)> = const { Cell::new((0, 0)) };
}

fn note(bytes: usize) {
    let _ = ASKED.try_with(|asked| {
        let (count, sum) = asked.get();
        asked.set((count + 1, sum + bytes as u64));
    });
}

// SAFETY: every call goes on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note(size.saturating_sub(layout.size()));
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// Allocations and bytes that one message costs the endpoint.
fn cost(message: &[u8], known: bool) -> (u64, u64) {
    let mut endpoint = messages::endpoint();
    let bytes = bytes::Bytes::copy_from_slice(message);
    let before = ASKED.get();
    black_box(feed(&mut endpoint, bytes, known));
    let after = ASKED.get();
    (after.0 - before.0, after.1 - before.1)
}

/// What an ordinary call may cost at once, whatever its length.
const BASE: (u64, u64) = (400, 64 * 1024);

#[test]
fn the_worst_messages_cost_in_proportion_to_their_length() {
    for kind in KINDS {
        for known in [true, false] {
            let (half, whole) = ((kind.make)(30_000), (kind.make)(60_000));
            let (half_cost, cost) = (cost(&half, known), cost(&whole, known));
            let name = kind.name;
            println!("{name}, trunk {known}: {half_cost:?} for {}, {cost:?} for {}", half.len(), whole.len());
            assert!(cost.1 <= BASE.1 + 16 * whole.len() as u64, "{name}: {} bytes for {}", cost.1, whole.len());
            assert!(cost.0 <= BASE.0 + 2 * half_cost.0, "{name}: {} allocations, {} for half", cost.0, half_cost.0);
            assert!(cost.1 <= BASE.1 + 2 * half_cost.1, "{name}: {} bytes, {} for half", cost.1, half_cost.1);
        }
    }
}

/// The kinds that are read: they are long, and have few parts.
const READ: [&str; 5] =
    ["escapes in quotes", "lines of a description", "long Vias", "long Contacts", "long parameters"];

/// Each reader walks over the parts anew, so that what has too many of them is refused before the first does.
#[test]
fn messages_of_too_many_parts_are_refused_unread() {
    for kind in KINDS {
        match Message::parse((kind.make)(60_000).into()) {
            Ok(message) => {
                let (mut fields, mut parts) = (0, 0);
                for (_, value) in message.headers().all() {
                    fields += 1;
                    parts += value.iter().filter(|byte| matches!(byte, b',' | b';')).count();
                }
                assert!(READ.contains(&kind.name), "{} is read", kind.name);
                assert!(fields <= SIP_HEADERS_MAX && parts <= SIP_PARTS_MAX, "{}: {fields}, {parts}", kind.name);
            }
            Err(error) => {
                assert!(!READ.contains(&kind.name), "{}: {error}", kind.name);
                let by_number = matches!(error, ParseError::TooManyHeaders | ParseError::TooManyParts);
                assert!(by_number, "{}: {error}", kind.name);
            }
        }
    }
}
