//! The time of the worst messages: 64 kB that are hard to read, from a trunk and from a stranger. `cargo bench --bench worst`.

use std::hint::black_box;
use std::time::{Duration, Instant};

use bytes::Bytes;

#[path = "worst/messages.rs"]
mod messages;

const TIMES: u32 = 50;

fn main() {
    println!("{:>32}  {:>10}  {:>10}", "60 kB of", "trunk us", "stranger us");
    for kind in &messages::KINDS {
        let message = Bytes::from((kind.make)(60_000));
        let [trunk, stranger] = [true, false].map(|known| fastest(&message, known).as_micros());
        println!("{:>32}  {trunk:>10}  {stranger:>10}", kind.name);
    }
}

/// The fastest of some: what is slower is the machine's doing.
fn fastest(message: &Bytes, known: bool) -> Duration {
    let time = |_| {
        let mut endpoint = messages::endpoint();
        let began = Instant::now();
        black_box(messages::feed(&mut endpoint, message.clone(), known));
        began.elapsed()
    };
    (0..TIMES).map(time).min().unwrap_or_default()
}
