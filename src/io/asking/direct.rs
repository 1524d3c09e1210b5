//! Questions over the line that the asking thread serves by itself: answers come in the order of the questions, and none waits for a task.

use std::collections::VecDeque;
use std::time::Duration;

use crate::base::Mono;
use crate::base::limits::STORE_WAITING_MAX;
use crate::calls::api::AskId;
use crate::intents::{StoreError, StoreReply};
use crate::io::store::{Cut, FORGOTTEN_AFTER, Line};

use super::StoreAsk;

/// The line, and what was asked over it.
pub struct Direct {
    line: Line,
    on_their_way: VecDeque<OnItsWay>,
    /// No deadline is earlier.
    due: Option<Mono>,
}

struct OnItsWay {
    /// `None` once its asker has given up.
    asked: Option<StoreAsk>,
    since: Mono,
}

/// What has become of a question.
pub enum Became {
    Answered {
        ask: AskId,
        result: Result<StoreReply, StoreError>,
        took: Duration,
    },
    /// The line did not do it, and there is so much patience left.
    Left(StoreAsk),
}

impl Direct {
    pub fn new(line: Line) -> Direct {
        Direct { line, on_their_way: VecDeque::new(), due: None }
    }

    pub fn connect(&mut self) {
        self.line.connect();
    }

    /// Takes the question for the next `flush`, or gives it back.
    pub fn ask(&mut self, asked: StoreAsk, now: Mono) -> Result<(), StoreAsk> {
        if self.on_their_way.len() >= STORE_WAITING_MAX || !self.line.put(&asked.request) {
            return Err(asked);
        }
        let waiting = OnItsWay { asked: Some(asked), since: now };
        self.due = self.due.into_iter().chain([waiting.due()]).min();
        self.on_their_way.push_back(waiting);
        Ok(())
    }

    pub fn flush(&mut self, now: Mono, became: &mut Vec<Became>) {
        if let Err(Cut) = self.line.flush() {
            self.give_up(now, became);
        }
    }

    pub async fn ready(&mut self) {
        self.line.ready().await;
    }

    /// Takes what came.
    pub fn receive(&mut self, now: Mono, became: &mut Vec<Became>) {
        if let Err(Cut) = self.take(now, became) {
            self.give_up(now, became);
        }
    }

    fn take(&mut self, now: Mono, became: &mut Vec<Became>) -> Result<(), Cut> {
        self.line.flush()?;
        self.line.receive()?;
        while let Some(reply) = self.line.poll_reply()? {
            let oldest = self.on_their_way.pop_front().ok_or_else(|| self.line.cut())?;
            let Some(asked) = oldest.asked else { continue };
            became.push(match reply.read(&asked.request) {
                Some(result) => Became::Answered { ask: asked.ask, result, took: now.since(oldest.since) },
                None => left(asked, oldest.since, now),
            });
        }
        Ok(())
    }

    pub fn poll_timeout(&self) -> Option<Mono> {
        self.due
    }

    pub fn handle_timeout(&mut self, now: Mono, became: &mut Vec<Became>) {
        if self.due.is_none_or(|due| due > now) {
            return;
        }
        if self.on_their_way.front().is_some_and(|oldest| oldest.since + FORGOTTEN_AFTER <= now) {
            self.line.cut();
            return self.give_up(now, became);
        }
        for waiting in &mut self.on_their_way {
            let took = now.since(waiting.since);
            if let Some(StoreAsk { ask, .. }) = waiting.asked.take_if(|asked| asked.patience <= took) {
                became.push(Became::Answered { ask, result: Err(StoreError::Timeout), took });
            }
        }
        self.due = self.on_their_way.iter().map(OnItsWay::due).min();
    }

    /// There is no line: whoever waits still is asked for in another way.
    fn give_up(&mut self, now: Mono, became: &mut Vec<Became>) {
        let waiting = self.on_their_way.drain(..);
        became.extend(waiting.filter_map(|one| one.asked.map(|asked| left(asked, one.since, now))));
        self.due = None;
    }
}

impl OnItsWay {
    /// When its asker gives up, or the line is given up.
    fn due(&self) -> Mono {
        self.since + self.asked.as_ref().map_or(FORGOTTEN_AFTER, |asked| asked.patience.min(FORGOTTEN_AFTER))
    }
}

fn left(mut asked: StoreAsk, since: Mono, now: Mono) -> Became {
    asked.patience = asked.patience.saturating_sub(now.since(since));
    Became::Left(asked)
}
