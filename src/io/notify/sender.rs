//! The task of one target: one try at a time, the one that is due first; what fails waits longer each time.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout};

use crate::base::Pii;
use crate::base::limits::NOTICES_WAITING_MAX;
use crate::io::history::History;
use crate::io::telemetry::{Counter, Telemetry};

use super::NotifyTarget;
use super::client::{Client, Failed, Headers};
use super::event::Event;
use super::signature::sign;

pub(super) struct Sender {
    name: String,
    secret: Pii<Vec<u8>>,
    patience: Duration,
    retry: Duration,
    tries: u32,
    client: Client,
    telemetry: Telemetry,
    history: History,
    /// By the moment at which each is due, and a number.
    due: BTreeMap<(Instant, u64), Event>,
    numbered: u64,
}

const PAUSE_MAX: Duration = Duration::from_secs(3600);

impl Sender {
    pub(super) fn new(plan: &NotifyTarget, client: Client, (telemetry, history): (Telemetry, History)) -> Sender {
        Sender {
            name: plan.name.clone(),
            secret: plan.secret.clone(),
            patience: plan.timeout,
            retry: plan.retry,
            tries: plan.tries,
            client,
            telemetry,
            history,
            due: BTreeMap::new(),
            numbered: 0,
        }
    }

    /// Until nobody can send any more and nothing is left, or the process ends: then what is left is tried once, now.
    pub(super) async fn run(mut self, mut events: mpsc::Receiver<Event>, mut ending: watch::Receiver<bool>) {
        let (mut is_open, mut is_ending) = (true, false);
        while is_open || (!is_ending && !self.due.is_empty()) {
            let next = self.due.keys().next().map(|(at, _)| *at);
            let has_room = self.due.len() < NOTICES_WAITING_MAX;
            tokio::select! {
                event = events.recv(), if is_open && (has_room || is_ending) => match event {
                    Some(event) => self.put(event, Instant::now()),
                    None => is_open = false,
                },
                () = sleep_until(next.unwrap_or_else(Instant::now)), if next.is_some() && !is_ending => {
                    self.try_first().await;
                }
                _ = async { ending.wait_for(|ending| *ending).await.is_ok() }, if !is_ending => {
                    is_ending = true;
                    events.close();
                }
            }
        }
        for event in std::mem::take(&mut self.due).into_values() {
            match self.deliver(&event).await {
                Ok(()) => self.is_taken(&event),
                Err(_) => tracing::warn!(webhook = self.name, event = event.id, "a notice waits for the next start"),
            }
        }
    }

    fn put(&mut self, event: Event, at: Instant) {
        self.numbered += 1;
        self.due.insert((at, self.numbered), event);
    }

    async fn try_first(&mut self) {
        let Some((_, mut event)) = self.due.pop_first() else { return };
        match self.deliver(&event).await {
            Ok(()) => self.is_taken(&event),
            Err(why) => {
                event.tries += 1;
                self.failed(event, &why);
            }
        }
    }

    async fn deliver(&self, event: &Event) -> Result<(), Failed> {
        // A clock before 1970 is nobody's.
        let unix_s = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let signature = sign(self.secret.expose(), &event.id, unix_s, &event.body);
        let headers = Headers { id: &event.id, unix_s, signature };
        timeout(self.patience, self.client.post(headers, &event.body)).await.unwrap_or(Err(Failed::Late))
    }

    fn failed(&mut self, event: Event, why: &Failed) {
        self.telemetry.note(Counter::NoticeFailed(self.name.clone()));
        tracing::warn!(webhook = self.name, event = event.id, tries = event.tries, %why, "a notice was not taken");
        if event.tries >= self.tries {
            return self.lose(&event, "tried as often as the configuration says");
        }
        let doubled = self.retry.saturating_mul(1 << (event.tries - 1).min(16));
        self.put(event, Instant::now() + doubled.min(PAUSE_MAX));
    }

    fn is_taken(&self, event: &Event) {
        self.telemetry.note(Counter::Notified(self.name.clone()));
        self.history.told(&self.name, &event.id);
    }

    fn lose(&self, event: &Event, why: &str) {
        self.history.told(&self.name, &event.id);
        self.telemetry.note(Counter::NoticeLost(self.name.clone()));
        tracing::error!(webhook = self.name, event = event.id, why, "a notice is lost");
    }
}
