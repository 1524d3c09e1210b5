//! Staffed cases: what theory says of them, and what the router does.

use std::fmt;
use std::time::Duration;

use crate::base::rng::Rng;
use crate::base::{AgentId, Mono, QueueId};
use crate::routing::{AgentSetup, Presence, QueueSetup, Setup};

use super::callers::exponential;
use super::erlang::Staffed;
use super::floor::{Caller, Floor};
use super::interval::Interval;

/// Calls take three minutes in the mean, and are to be served within 20 s.
const TALKS_S: f64 = 180.0;
const WITHIN_S: f64 = 20.0;

/// One number: theory beside the simulation.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    pub what: &'static str,
    pub theory: f64,
    pub simulated: Interval,
}

/// What came of one case.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    pub agents: u32,
    /// In Erlang.
    pub load: f64,
    /// The mean patience in seconds; 0 for Erlang C.
    pub patience: f64,
    pub compared: Vec<Compared>,
}

/// Agents, load in Erlang, mean patience in seconds (0: nobody gives up).
pub const CASES: [(u32, f64, f64); 10] = [
    (1, 0.6, 0.0),
    (5, 3.5, 0.0),
    (10, 8.0, 0.0),
    (20, 17.0, 0.0),
    (50, 45.0, 0.0),
    (100, 90.0, 0.0),
    (5, 6.0, 120.0),
    (20, 20.0, 180.0),
    (50, 48.0, 60.0),
    (100, 115.0, 300.0),
];

/// Plays one case with so many calls; the first tenth, while the queue fills, is not counted.
pub fn play(case: (u32, f64, f64), calls: usize, seed: u64) -> Outcome {
    let (agents, load, patience) = case;
    let (waits, lost) = waits(case, calls, seed);
    let giving_up = if patience > 0.0 { 1.0 / patience } else { 0.0 };
    let staffed = Staffed { agents, arrivals: load / TALKS_S, service: 1.0 / TALKS_S, giving_up };
    let theory = staffed.long_run();
    let mut compared = vec![("mean wait", theory.mean_wait, Interval::of(&waits))];
    if patience > 0.0 {
        compared.push(("give up", theory.gives_up, Interval::of(&lost)));
    } else {
        let within: Vec<f64> = waits.iter().map(|wait| f64::from(u8::from(*wait <= WITHIN_S))).collect();
        compared.push(("within 20 s", staffed.served_within(WITHIN_S), Interval::of(&within)));
    }
    let known = |(what, theory, simulated): (&'static str, f64, Option<Interval>)| {
        Some(Compared { what, theory, simulated: simulated? })
    };
    Outcome { agents, load, patience, compared: compared.into_iter().filter_map(known).collect() }
}

/// How long each call waited, and whether it gave up (1) or not (0).
fn waits((agents, load, patience): (u32, f64, f64), calls: usize, seed: u64) -> (Vec<f64>, Vec<f64>) {
    let mut rng = Rng::from_number(seed);
    let mut floor = Floor::new(setup(agents));
    for nth in 0..agents {
        floor.says_at(Mono::ZERO, &agent(nth), Presence::Available);
    }
    let queue = QueueId::new("calls");
    for _ in 0..calls {
        let next = floor.now + exponential(&mut rng, TALKS_S / load);
        floor.run_to(next);
        let patience = (patience > 0.0).then(|| exponential(&mut rng, patience));
        floor.call(&queue, Caller { talks: exponential(&mut rng, TALKS_S), patience });
    }
    let counted = floor.past().skip(calls / 10);
    counted.map(|past| (past.waited.as_secs_f64(), f64::from(u8::from(past.gave_up)))).unzip()
}

fn agent(nth: u32) -> AgentId {
    AgentId::new(&format!("agent {nth:03}"))
}

fn setup(agents: u32) -> Setup {
    let queue = QueueSetup { max_waiting: 20_000, wrap_up: Duration::ZERO, ..QueueSetup::new("calls") };
    Setup {
        agents: (0..agents).map(|nth| AgentSetup::new(agent(nth), Vec::new())).collect(),
        queues: vec![queue],
        position_every: Duration::from_secs(86_400),
        ..Setup::default()
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let model = if self.patience > 0.0 { "Erlang A" } else { "Erlang C" };
        for one in &self.compared {
            let Interval { mean, half } = one.simulated;
            let verdict = if one.simulated.holds(one.theory) { "within" } else { "OUTSIDE" };
            writeln!(
                f,
                "{model}  {:>4} agents  {:>6.1} Erlang  patience {:>4.0} s  {:<12} {:>10.4} {:>10.4} +- {:<8.4} {verdict}",
                self.agents, self.load, self.patience, one.what, one.theory, mean, half
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every number of every case is within its own 99 % interval, with a seed that is not changed until it fits.
    #[test]
    fn waiting_times_are_those_of_erlang() {
        for case in CASES {
            // Large floors wait in rare bursts, of which it takes more calls to see enough.
            let outcome = play(case, if case.0 < 50 { 40_000 } else { 100_000 }, 1);
            assert_eq!(outcome.compared.len(), 2);
            for one in &outcome.compared {
                assert!(one.simulated.holds(one.theory), "{outcome}");
                // An interval that is wide holds everything: it must say something too.
                assert!(one.simulated.half < one.theory.max(0.1), "{outcome}");
            }
        }
    }
}
