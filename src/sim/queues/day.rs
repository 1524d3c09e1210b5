//! A day with a lunch peak: nearly twice the calls while the agents go to lunch one after the other. What callers are told of their
//! wait when they come in is held against what they waited.

use std::fmt;
use std::time::Duration;

use crate::base::rng::Rng;
use crate::base::{AgentId, Mono, QueueId, SkillId};
use crate::routing::{AgentSetup, Predictions, Presence, QueueSetup, Setup, SkillNeed};

use super::callers::{exponential, log_normal};
use super::floor::{Caller, Floor, Past};

const HOUR: u64 = 3_600;
const OPENS: u64 = 8 * HOUR;
const CLOSES: u64 = 18 * HOUR;
/// Agents of the general queue, every third of whom knows orders too, and those who know orders alone.
const AGENTS: u64 = 60;
const FOR_ORDERS: u64 = 20;
/// A call takes five minutes, with a standard deviation of four; then half a minute of wrap-up.
const TALKS_S: f64 = 300.0;
const SPREAD: f64 = 0.8;
const WRAP_UP_S: f64 = 30.0;
/// Half of the callers would wait ten minutes.
const PATIENCE_S: f64 = 900.0;

/// How well an estimator did: the median and the 90th percentile of the error over the wait, of the calls that waited and were served.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score {
    pub calls: usize,
    pub median: f64,
    pub p90: f64,
    /// The mean of predicted over actual: above 1 it promises too long a wait.
    pub bias: f64,
}

/// A day, for each estimator.
#[derive(Clone, Debug, PartialEq)]
pub struct Day {
    pub calls: usize,
    pub gave_up: usize,
    pub waited: usize,
    pub median_wait: f64,
    pub by_position: Score,
    pub by_last_served: Score,
}

/// Plays the day.
pub fn play(seed: u64) -> Day {
    let mut rng = Rng::from_number(seed);
    let mut floor = Floor::new(setup());
    staff(&mut floor);
    let (help, orders) = (QueueId::new("help"), QueueId::new("orders"));
    floor.run_to(at(OPENS));
    while floor.now < at(CLOSES) {
        let next = floor.now + exponential(&mut rng, 1.0 / arrivals(floor.now));
        floor.run_to(next);
        let talks = log_normal(&mut rng, TALKS_S, SPREAD) + exponential(&mut rng, WRAP_UP_S);
        let patience = Some(exponential(&mut rng, PATIENCE_S));
        let queue = if rng.chance(0.25) { &orders } else { &help };
        floor.call(queue, Caller { talks, patience });
    }
    floor.run_to(at(CLOSES + 2 * HOUR));
    score(&floor)
}

/// Calls a second: a quiet morning, three quarters more at noon than that, an afternoon a little above the morning.
fn arrivals(now: Mono) -> f64 {
    let hour = now.0 as f64 / (1e9 * HOUR as f64);
    let usual = 0.155;
    let peak = (1.5 - (hour - 12.5).abs()).clamp(0.0, 0.5) * 2.0;
    let afternoon = if hour > 13.5 { 1.1 } else { 1.0 };
    usual * (afternoon + 0.75 * peak)
}

/// Everybody comes at eight; each sixth of them goes to lunch for twenty minutes, one after the other, from half past eleven on.
fn staff(floor: &mut Floor) {
    for nth in 0..AGENTS + FOR_ORDERS {
        let agent = agent(nth);
        floor.says_at(at(OPENS), &agent, Presence::Available);
        let lunch = OPENS + 7 * HOUR / 2 + nth % 6 * 20 * 60;
        floor.says_at(at(lunch), &agent, Presence::Break { reason: "lunch".to_owned() });
        floor.says_at(at(lunch + 20 * 60), &agent, Presence::Available);
    }
}

fn setup() -> Setup {
    let skill = SkillId::new("orders");
    let has_orders = |nth: u64| nth >= AGENTS || nth.is_multiple_of(3);
    let skills = |nth: u64| if has_orders(nth) { vec![(skill.clone(), 5)] } else { Vec::new() };
    let queues = |nth: u64| (nth >= AGENTS).then(|| vec![(QueueId::new("orders"), 0)]);
    let queue =
        |id: &str, requires: Vec<SkillNeed>| QueueSetup { requires, wrap_up: Duration::ZERO, ..QueueSetup::new(id) };
    Setup {
        agents: (0..AGENTS + FOR_ORDERS)
            .map(|nth| AgentSetup { id: agent(nth), skills: skills(nth), queues: queues(nth) })
            .collect(),
        queues: vec![
            queue("help", Vec::new()),
            queue("orders", vec![SkillNeed { skill: skill.clone(), min_level: 1 }]),
        ],
        ..Setup::default()
    }
}

fn agent(nth: u64) -> AgentId {
    AgentId::new(&format!("agent {nth:03}"))
}

fn at(s: u64) -> Mono {
    Mono(s * 1_000_000_000)
}

fn score(floor: &Floor) -> Day {
    let served: Vec<&Past> = floor.past().filter(|past| !past.gave_up && past.predicted.is_some()).collect();
    let waits = served.iter().map(|past| past.waited.as_secs_f64()).collect();
    let of = |estimate: fn(&Predictions) -> Option<Duration>| {
        let pairs = served.iter().filter_map(|past| Some((estimate(past.predicted.as_ref()?)?, past.waited)));
        Score::of(pairs.map(|(told, was)| (told.as_secs_f64(), was.as_secs_f64())).collect())
    };
    Day {
        calls: floor.past().count(),
        gave_up: floor.past().filter(|past| past.gave_up).count(),
        waited: served.len(),
        median_wait: quantile(waits, 0.5),
        by_position: of(|predicted| predicted.by_position),
        by_last_served: of(|predicted| predicted.by_last_served),
    }
}

impl Score {
    fn of(pairs: Vec<(f64, f64)>) -> Score {
        let pairs: Vec<_> = pairs.into_iter().filter(|(_, was)| *was > 0.0).collect();
        let error = |(told, was): &(f64, f64)| (told - was).abs() / was;
        let errors: Vec<f64> = pairs.iter().map(error).collect();
        let (told, was) = pairs.iter().fold((0.0, 0.0), |sum, pair| (sum.0 + pair.0, sum.1 + pair.1));
        Score {
            calls: pairs.len(),
            median: quantile(errors.clone(), 0.5),
            p90: quantile(errors, 0.9),
            bias: told / was,
        }
    }
}

fn quantile(mut values: Vec<f64>, q: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get((values.len() as f64 * q) as usize).copied().unwrap_or_default()
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Day { calls, gave_up, waited, median_wait, .. } = self;
        writeln!(
            f,
            "{calls} calls, {waited} waited and were served ({median_wait:.0} s in the median), {gave_up} gave up"
        )?;
        for (name, score) in [("by position", self.by_position), ("last served", self.by_last_served)] {
            let Score { calls, median, p90, bias } = score;
            writeln!(
                f,
                "{name}: error over the wait {:.1} % in the median, {:.1} % at the 90th percentile; told over waited {bias:.2}; {calls} calls",
                100.0 * median,
                100.0 * p90
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routing::Estimator;

    /// The figure: off by at most a fifth of the wait in the median; and the default is the better of the two, by as much as the README says.
    #[test]
    fn callers_are_told_a_wait_that_is_off_by_less_than_a_fifth() {
        let day = play(1);
        assert!(day.waited > 1_000 && day.gave_up > 100 && day.median_wait > 60.0, "a day without a peak: {day}");
        assert!(day.by_position.median <= 0.20, "{day}");
        assert!((0.9..1.1).contains(&day.by_position.bias), "{day}");
        for seed in 1..=5 {
            let day = play(seed);
            assert!((0.115..0.145).contains(&day.by_position.median), "12 to 14 %: {day}");
            assert!((0.175..0.245).contains(&day.by_last_served.median), "18 to 24 %: {day}");
        }
        assert_eq!(Estimator::default(), Estimator::Position, "the better one");
    }
}
