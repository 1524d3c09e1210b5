//! The far ends of the demo: the agents' phones, all on one socket, and the IVR behind the PBX.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use crate::sim::phone::{PhoneCall, PhoneEvent};

use super::line::{Events, Line};
use super::sound::{Heard, SoundEnd, Talk};

/// How a phone behaves that nobody sits at.
#[derive(Clone, Copy)]
pub struct Manner {
    pub rings_for: Duration,
    /// Calls with sound send this tone, in Hz.
    pub tone_hz: f64,
}

/// What somebody who watches a phone is told.
#[derive(Debug)]
pub enum Seen {
    Rings { at: Instant },
    Over { heard: Heard },
}

/// Whether the next calls have sound, and who watches them.
#[derive(Clone, Default)]
pub struct Stage(Arc<Mutex<Option<mpsc::UnboundedSender<Seen>>>>);

impl Stage {
    /// From now on calls have sound, and are told to the receiver.
    pub fn watch(&self) -> mpsc::UnboundedReceiver<Seen> {
        let (sender, receiver) = mpsc::unbounded_channel();
        *self.lock() = Some(sender);
        receiver
    }

    /// From now on calls are silent: a thousand of them are about signalling.
    pub fn leave(&self) {
        *self.lock() = None;
    }

    fn watcher(&self) -> Option<mpsc::UnboundedSender<Seen>> {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<mpsc::UnboundedSender<Seen>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Answers every call, for as long as the demo runs.
pub async fn serve(line: Line, mut events: Events, manner: Manner, stage: Stage) {
    let (calls, mut answered) = mpsc::unbounded_channel::<(PhoneCall, Talk)>();
    let mut talks = std::collections::BTreeMap::new();
    loop {
        tokio::select! {
            talk = answered.recv() => {
                let Some((call, talk)) = talk else { return };
                talks.insert(call, talk);
            }
            event = events.recv() => match event {
                Some(PhoneEvent::Incoming { call, offer, .. }) => {
                    let remote = offer.map(|offer| *offer.audio.rtp.expose());
                    let watcher = stage.watcher();
                    tokio::spawn(take(line.clone(), call, remote, manner, watcher, calls.clone()));
                }
                Some(PhoneEvent::Ended { call, .. }) => {
                    if let Some(talk) = talks.remove(&call) {
                        let heard = talk.end().await;
                        stage.watcher().map(|watcher| watcher.send(Seen::Over { heard }));
                    }
                }
                Some(_) => {}
                None => return,
            }
        }
    }
}

async fn take(
    line: Line,
    call: PhoneCall,
    remote: Option<std::net::SocketAddr>,
    manner: Manner,
    watcher: Option<mpsc::UnboundedSender<Seen>>,
    calls: mpsc::UnboundedSender<(PhoneCall, Talk)>,
) {
    line.act(move |phone, now| phone.ring(call, now));
    watcher.as_ref().map(|watcher| watcher.send(Seen::Rings { at: Instant::now() }));
    tokio::time::sleep(manner.rings_for).await;
    let mut rtp = line.address;
    if let (Some(_), Some(remote), Ok(end)) = (&watcher, remote, SoundEnd::bind().await) {
        rtp = end.address;
        let _ = calls.send((call, end.talk(remote, manner.tone_hz)));
    }
    line.act(move |phone, now| phone.answer(call, rtp, now));
}
