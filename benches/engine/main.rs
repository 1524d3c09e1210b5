//! What a whole routed call costs the engine, without any I/O: the inputs of many calls are recorded once, with peers that
//! answer at once, and then replayed against new engines.
//!
//! `cargo bench --bench engine` measures time, `benches/instructions` counts instructions; with `-- --held` it only says what held calls keep.

mod counting;
mod peers;
mod world;

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput};
use throughline::base::Now;
use throughline::engine::{Engine, Input};
use world::World;

/// At 250 a second, so that the last timers of a transaction (32 s) run out too.
const CALLS: usize = 10_000;

/// Its name is what callgrind is told to count.
#[inline(never)]
fn whole_calls(engine: &mut Engine, inputs: Vec<(Input, Now)>) {
    for (input, now) in inputs {
        if engine.poll_timeout().is_some_and(|(at, _)| at <= now.mono) {
            engine.handle_timeout(now);
        }
        engine.handle(input, now);
        while let Some(output) = engine.poll_output() {
            black_box(output);
        }
    }
}

fn main() {
    if std::env::args().any(|arg| arg == "--held") {
        return held();
    }
    let world = World::played(CALLS);
    let times = std::env::args().skip_while(|arg| arg != "--times").nth(1).and_then(|n| n.parse::<u32>().ok());
    match times {
        Some(times) => (0..times).for_each(|_| _ = black_box(replayed(&world))),
        None => measure(&world),
    }
}

/// How long the calls took; logging the desks in is not counted.
fn replayed(world: &World) -> Duration {
    let mut engine = world::engine();
    let (before, calls) = world.inputs();
    whole_calls(&mut engine, before);
    let began = Instant::now();
    whole_calls(&mut engine, calls);
    began.elapsed()
}

/// What a held call keeps in the engine: at once, and when its transactions are over.
fn held() {
    const CALLS: usize = world::AGENTS as usize;
    const LATER: Duration = Duration::from_secs(40);
    let world = World::held(CALLS);
    let mut engine = world::engine();
    let (before, calls) = world.inputs();
    whole_calls(&mut engine, before);
    let began = counting::live();
    whole_calls(&mut engine, calls);
    let at_once = counting::live();
    let later = world.now().mono + LATER;
    while let Some((at, _)) = engine.poll_timeout().filter(|(at, _)| *at < later) {
        engine.handle_timeout(Now::new(at, world.now().wall));
        while engine.poll_output().is_some() {}
    }
    let each = |live: usize| live.saturating_sub(began) / CALLS;
    println!("a held call: {} octets at once, {} after {} s", each(at_once), each(counting::live()), LATER.as_secs());
}

fn measure(world: &World) {
    held();
    let each = replayed(world).as_secs_f64() * 1e6 / CALLS as f64;
    println!("a whole call: {each:.1} us, {} inputs", world.inputs().1.len() / CALLS);
    let mut criterion = Criterion::default().sample_size(10).configure_from_args();
    let mut group = criterion.benchmark_group("engine");
    group.throughput(Throughput::Elements(CALLS as u64));
    group.bench_function(format!("{CALLS} whole calls"), |bench| {
        bench.iter_custom(|times| (0..times).map(|_| replayed(world)).sum());
    });
    group.finish();
    criterion.final_summary();
}
