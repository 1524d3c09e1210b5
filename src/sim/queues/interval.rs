//! How far a simulated mean may be from the true one: the interval of batch means (Law and Kelton, "Simulation modeling and analysis").

/// The values in the order in which they came, cut into as many batches as the table below is made for.
const BATCHES: usize = 30;
/// Student's t with 29 degrees of freedom, for 99 in 100.
const T_99: f64 = 2.756;

/// A mean and half the width of its 99 % confidence interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    pub mean: f64,
    pub half: f64,
}

impl Interval {
    /// `None` with fewer values than batches.
    pub fn of(values: &[f64]) -> Option<Interval> {
        let size = values.len() / BATCHES;
        if size == 0 {
            return None;
        }
        let means: Vec<f64> = values.chunks_exact(size).take(BATCHES).map(mean).collect();
        let middle = mean(&means);
        let variance = means.iter().map(|value| (value - middle).powi(2)).sum::<f64>() / (BATCHES - 1) as f64;
        Some(Interval { mean: middle, half: T_99 * (variance / BATCHES as f64).sqrt() })
    }

    pub fn holds(&self, value: f64) -> bool {
        (value - self.mean).abs() <= self.half
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::rng::Rng;

    /// Of 400 intervals some 4 miss the true mean, and not 40.
    #[test]
    fn the_interval_holds_the_true_mean_as_often_as_it_says() {
        let mut rng = Rng::from_number(1);
        let missed = (0..400).filter(|_| {
            let values: Vec<f64> = (0..300).map(|_| rng.unit()).collect();
            !Interval::of(&values).expect("enough values").holds(0.5)
        });
        let missed = missed.count();
        assert!((1..=10).contains(&missed), "{missed}");
    }
}
