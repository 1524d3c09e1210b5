//! The time of the worst messages: 60 kB that are hard to read, from a trunk and from a stranger, and 60 kB of a stream. None may
//! take 10 ms. `cargo bench --bench worst`.

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
    for kind in &messages::STREAMS {
        let stream = (kind.make)(60_000);
        let time = fastest_of(|| black_box(messages::frames(black_box(&stream), kind.piece))).as_micros();
        println!("{:>32}  {time:>10}", kind.name);
    }
}

fn fastest(message: &Bytes, known: bool) -> Duration {
    let time = |_| {
        let mut endpoint = messages::endpoint();
        timed(|| messages::feed(&mut endpoint, message.clone(), known))
    };
    (0..TIMES).map(time).min().unwrap_or_default()
}

/// The fastest of some: what is slower is the machine's doing.
fn fastest_of(act: impl Fn() -> usize) -> Duration {
    (0..TIMES).map(|_| timed(&act)).min().unwrap_or_default()
}

fn timed(act: impl FnOnce() -> usize) -> Duration {
    let began = Instant::now();
    black_box(act());
    began.elapsed()
}
