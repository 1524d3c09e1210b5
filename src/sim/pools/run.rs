//! One run: arrivals, leases, dials and ends of calls, in the order of their times.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use crate::base::rng::Rng;
use crate::base::{E164, IntentId, PoolId, Wall};
use crate::intents::LeasedNumber;
use crate::intents::numbers::Numbers;
use crate::intents::promise::Bounds;

use super::PoolCase;

/// What was counted; intents from before the pool was filled are not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counted {
    pub intents: u64,
    pub without_number: u64,
    /// Customers with a number of their own who dialled.
    pub dialled: u64,
    pub late: u64,
    /// Their number was another's, whose intent was open.
    pub wrong: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Arrives,
    Dials(usize),
    Ends(usize),
}

#[derive(Clone, Debug)]
struct Customer {
    leased: LeasedNumber,
    expires: Wall,
    /// No call has it yet.
    is_open: bool,
    counts: bool,
}

struct Run<'c> {
    case: &'c PoolCase,
    rng: Rng,
    pool: PoolId,
    numbers: Numbers,
    events: BinaryHeap<Reverse<(Wall, u64, Event)>>,
    serial: u64,
    customers: Vec<Customer>,
    begin: Wall,
    counted: Counted,
}

/// Plays until so many intents that count have come, and their customers have dialled.
pub(super) fn run(case: &PoolCase, intents: u32, rng: Rng) -> Counted {
    let mut run = Run::new(case, rng);
    run.plan(Wall(0), Event::Arrives);
    while let Some(Reverse((now, _, event))) = run.events.pop() {
        match event {
            Event::Arrives if run.counted.intents < u64::from(intents) => run.arrives(now),
            Event::Arrives => {}
            Event::Dials(customer) => run.dials(customer, now),
            Event::Ends(customer) => run.ends(customer, now),
        }
    }
    run.counted
}

/// Numbers for fiction are too few for a large pool; nobody dials these.
fn number(nth: usize) -> Option<E164> {
    E164::parse(&format!("+1201555{nth:04}"), None).ok()
}

impl<'c> Run<'c> {
    fn new(case: &'c PoolCase, rng: Rng) -> Run<'c> {
        let pool = PoolId::new("simulated");
        let mut numbers = Numbers::default();
        numbers.seed(&pool, &(0..case.numbers).filter_map(number).collect::<Vec<_>>());
        Run {
            begin: Wall(0) + fill_time(case),
            case,
            rng,
            pool,
            numbers,
            events: BinaryHeap::new(),
            serial: 0,
            customers: Vec::new(),
            counted: Counted::default(),
        }
    }

    fn plan(&mut self, at: Wall, event: Event) {
        self.serial += 1;
        self.events.push(Reverse((at, self.serial, event)));
    }

    fn arrives(&mut self, now: Wall) {
        let next = now + self.draw(Duration::from_secs_f64(3600.0 / self.case.traffic.per_hour));
        self.plan(next, Event::Arrives);
        let counts = now >= self.begin;
        self.counted.intents += u64::from(counts);
        let customer = self.customers.len();
        let (expires, quarantine) = (now + self.life(), self.case.quarantine);
        match self.numbers.lease(&self.pool, IntentId(customer as u128), expires + quarantine, now) {
            Some(number) => {
                let leased = LeasedNumber { number, shared: false, pool: self.pool.clone(), quarantine, pin: None };
                self.customers.push(Customer { leased, expires, is_open: true, counts });
                self.may_dial(customer, now);
            }
            None => self.counted.without_number += u64::from(counts),
        }
    }

    fn may_dial(&mut self, customer: usize, now: Wall) {
        if self.rng.chance(self.case.traffic.dials) {
            let at = now + self.draw(self.case.traffic.mean_delay);
            self.plan(at, Event::Dials(customer));
        }
    }

    fn dials(&mut self, index: usize, now: Wall) {
        let Some(customer) = self.customers.get_mut(index) else { return };
        let is_late = customer.expires <= now;
        let (counts, number) = (u64::from(customer.counts), customer.leased.number.clone());
        self.counted.dialled += counts;
        if is_late {
            self.counted.late += counts;
            self.counted.wrong += if self.is_open_to_another(&number, index, now) { counts } else { 0 };
            return;
        }
        customer.is_open = false;
        let end = now + self.draw(self.case.traffic.mean_call);
        self.plan(end, Event::Ends(index));
    }

    fn is_open_to_another(&self, number: &E164, index: usize, now: Wall) -> bool {
        let holder = self.numbers.holder(number).and_then(|intent| usize::try_from(intent.0).ok());
        let holder = holder.filter(|holder| *holder != index).and_then(|holder| self.customers.get(holder));
        holder.is_some_and(|holder| holder.is_open && holder.expires > now)
    }

    fn ends(&mut self, index: usize, now: Wall) {
        if let Some(customer) = self.customers.get(index) {
            self.numbers.release(&customer.leased, IntentId(index as u128), now);
        }
    }

    /// Exponential with this mean, in whole milliseconds.
    fn life(&mut self) -> Duration {
        let Bounds { shortest, longest } = self.case.lives;
        if self.case.lives.is_one() { shortest } else { shortest + (longest - shortest).mul_f64(self.rng.unit()) }
    }

    fn draw(&mut self, mean: Duration) -> Duration {
        mean.mul_f64(-(1.0 - self.rng.unit()).ln())
    }
}

/// Every number has been leased some times by then, if there are intents for that at all.
fn fill_time(case: &PoolCase) -> Duration {
    let round = Duration::from_secs_f64(3600.0 / case.traffic.per_hour * case.numbers as f64);
    2 * (round + case.lives.longest + case.quarantine)
}
