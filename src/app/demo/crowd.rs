//! Many calls at a steady rate: most are recognised, some are strangers, some are sent to self-service.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, timeout};

use super::carrier::{Carrier, Reply};
use super::config;
use super::paper::Paper;
use super::site::{Site, Wish};

/// How the calls came out, as the carrier saw it.
#[derive(Debug, Default)]
pub struct Tally {
    pub done: AtomicU64,
    pub answered: AtomicU64,
    pub refused: AtomicU64,
    pub lost: AtomicU64,
    pub not_registered: AtomicU64,
}

/// How long a caller stays on the line once somebody answers.
const STAYS: Duration = Duration::from_millis(150);
const PATIENCE: Duration = Duration::from_secs(60);

/// Places `calls` calls, `rate` a second, and waits for all of them.
pub async fn run(site: &Site, carrier: &Carrier, calls: u64, rate: u64, paper: &mut Paper) -> Arc<Tally> {
    let tally = Arc::new(Tally::default());
    let mut tick = tokio::time::interval_at(Instant::now(), Duration::from_secs(1) / rate.max(1) as u32);
    tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
    for nth in 0..calls {
        tick.tick().await;
        tokio::spawn(one(site.clone(), carrier.clone(), nth, Arc::clone(&tally)));
        paper.progress(tally.done.load(Ordering::Relaxed), calls, "calls");
    }
    let deadline = Instant::now() + PATIENCE;
    while tally.done.load(Ordering::Relaxed) < calls && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(50)).await;
        paper.progress(tally.done.load(Ordering::Relaxed), calls, "calls");
    }
    tally
}

async fn one(site: Site, carrier: Carrier, nth: u64, tally: Arc<Tally>) {
    let caller = format!("+1{}5550{}", 212 + nth / 100 % 80, 100 + nth % 100);
    let number = match nth % 10 {
        // One in ten never was on the page.
        0 => Some(config::PUBLIC_NUMBER.to_owned()),
        // One in ten is of a domain that the rules send to self-service.
        1 => register(&site, nth, "reseller.example.net", &caller).await,
        // One in ten dials the public number instead of the one on the page: recognised by the caller ID alone.
        2 => register(&site, nth, "shop.example.com", &caller).await.map(|_| config::PUBLIC_NUMBER.to_owned()),
        _ => register(&site, nth, "shop.example.com", &caller).await,
    };
    match number {
        Some(number) => place(&carrier, &number, &caller, &tally).await,
        None => add(&tally.not_registered),
    }
    add(&tally.done);
}

async fn register(site: &Site, nth: u64, domain: &str, caller: &str) -> Option<String> {
    let (customer, email) = (format!("c-{}", 2000 + nth), format!("caller{nth}@{domain}"));
    let wish = Wish { customer: &customer, name: "Cleo Example", email: &email, phone: caller, category: "delivery" };
    site.register(&wish).await.ok()?.number
}

async fn place(carrier: &Carrier, number: &str, caller: &str, tally: &Tally) {
    let Some(mut placed) = carrier.place(number, caller, None).await else { return add(&tally.lost) };
    match timeout(PATIENCE, placed.reply()).await {
        Ok(Reply::Answered { .. }) => {
            tokio::time::sleep(STAYS).await;
            placed.hang_up().await;
            add(&tally.answered);
        }
        Ok(Reply::Refused { .. }) => add(&tally.refused),
        Ok(Reply::Lost) | Err(_) => add(&tally.lost),
    }
}

fn add(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
