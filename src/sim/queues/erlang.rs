//! What queueing theory says of calls that come by chance (Poisson) and keep an agent for a time with an exponential distribution.
//!
//! Erlang C: nobody gives up. Erlang A (Palm 1946; Mandelbaum and Zeltyn, "Service engineering in action", 2007): patience is
//! exponential too. Rates are in events a second, times in seconds.

/// A queue with so many agents.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Staffed {
    pub agents: u32,
    /// Calls that come in.
    pub arrivals: f64,
    /// Calls that one agent ends, without a pause between them.
    pub service: f64,
    /// Calls that give up, of one that waits; 0 for nobody ever.
    pub giving_up: f64,
}

/// What comes of it in the long run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LongRun {
    /// The mean time in the queue, of all calls, those served at once and those that give up among them.
    pub mean_wait: f64,
    /// The share that gives up.
    pub gives_up: f64,
}

/// The share of calls that has to wait. The load must be below the number of agents.
pub fn erlang_c(agents: u32, load: f64) -> f64 {
    let blocking = (1..=agents).fold(1.0, |blocking, n| load * blocking / (f64::from(n) + load * blocking));
    let busy = load / f64::from(agents);
    blocking / (1.0 - busy * (1.0 - blocking))
}

impl Staffed {
    fn load(&self) -> f64 {
        self.arrivals / self.service
    }

    /// How fast the queue empties while all are busy, beyond what comes in.
    fn spare(&self) -> f64 {
        f64::from(self.agents) * self.service - self.arrivals
    }

    /// The share of calls that wait at most so long, where nobody gives up.
    pub fn served_within(&self, seconds: f64) -> f64 {
        1.0 - erlang_c(self.agents, self.load()) * (-self.spare() * seconds).exp()
    }

    /// Erlang C without giving up, else Erlang A.
    pub fn long_run(&self) -> LongRun {
        if self.giving_up > 0.0 {
            return self.with_giving_up();
        }
        LongRun { mean_wait: erlang_c(self.agents, self.load()) / self.spare(), gives_up: 0.0 }
    }

    /// By the balance of the states: from n calls to n + 1 with the arrivals, back with those served and those that give up.
    fn with_giving_up(&self) -> LongRun {
        let (mut weight, mut total, mut waiting) = (1.0, 1.0, 0.0);
        for calls in 1u32.. {
            let queued = f64::from(calls.saturating_sub(self.agents));
            let leaving = f64::from(calls.min(self.agents)) * self.service + queued * self.giving_up;
            weight *= self.arrivals / leaving;
            total += weight;
            waiting += queued * weight;
            if calls > self.agents && self.arrivals < leaving && weight < total * 1e-15 {
                break;
            }
            // Weights grow beyond what a number holds before they fall.
            if weight > 1e200 {
                (weight, total, waiting) = (weight / 1e200, total / 1e200, waiting / 1e200);
            }
        }
        let queue = waiting / total;
        LongRun { mean_wait: queue / self.arrivals, gives_up: self.giving_up * queue / self.arrivals }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(one: f64, other: f64) -> bool {
        (one - other).abs() < 1e-3 * other.abs().max(1e-3)
    }

    /// With one agent the formulas are those of M/M/1.
    #[test]
    fn one_agent_is_the_single_server() {
        let queue = Staffed { agents: 1, arrivals: 0.5, service: 1.0, giving_up: 0.0 };
        assert!(close(erlang_c(1, 0.5), 0.5));
        assert!(close(queue.long_run().mean_wait, 1.0), "rho / (mu - lambda)");
        assert!(close(queue.served_within(2.0), 1.0 - 0.5 * (-1.0f64).exp()));
    }

    /// Tabulated: 10 agents at 8 Erlang, 40.9 % wait (for instance Cooper, "Introduction to queueing theory").
    #[test]
    fn ten_agents_at_eight_erlang() {
        assert!(close(erlang_c(10, 8.0), 0.409_18), "{}", erlang_c(10, 8.0));
    }

    /// As many agents as the rate of giving up matches that of service: the number of calls is Poisson.
    #[test]
    fn equal_rates_make_a_poisson_number_of_calls() {
        let queue = Staffed { agents: 2, arrivals: 3.0, service: 1.0, giving_up: 1.0 };
        // E[max(N - 2, 0)] for N Poisson with mean 3: 3 - 2 + 2 p0 + p1.
        let (p0, p1) = ((-3.0f64).exp(), 3.0 * (-3.0f64).exp());
        let queued = 1.0 + 2.0 * p0 + p1;
        assert!(close(queue.long_run().mean_wait, queued / 3.0));
        assert!(close(queue.long_run().gives_up, queued / 3.0));
    }

    /// Hardly anybody gives up: Erlang C.
    #[test]
    fn without_impatience_both_agree() {
        let patient = Staffed { agents: 10, arrivals: 8.0, service: 1.0, giving_up: 0.0 };
        let hardly = Staffed { giving_up: 1e-7, ..patient };
        assert!(close(hardly.long_run().mean_wait, patient.long_run().mean_wait));
    }

    #[test]
    fn large_centres_do_not_overflow() {
        let run = Staffed { agents: 900, arrivals: 5.0, service: 0.005, giving_up: 0.002 }.long_run();
        assert!(run.gives_up > 0.09 && run.gives_up < 0.11, "{run:?}");
    }
}
