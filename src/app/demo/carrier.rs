//! The carrier of the demo: places calls over its trunk and waits for what becomes of them.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{mpsc, oneshot};

use crate::base::Pii;
use crate::sim::phone::{Ending, PhoneCall, PhoneDial, PhoneEvent};

use super::line::{Events, Line};

/// A trunk with many calls at once.
#[derive(Clone)]
pub struct Carrier {
    line: Line,
    server: SocketAddr,
    watchers: Arc<Mutex<HashMap<PhoneCall, mpsc::UnboundedSender<PhoneEvent>>>>,
}

/// One call of the carrier.
pub struct Placed {
    line: Line,
    call: PhoneCall,
    events: mpsc::UnboundedReceiver<PhoneEvent>,
}

/// How a placed call began.
#[derive(Debug)]
pub enum Reply {
    /// Somebody answered; `sound` is where they want to hear us.
    Answered {
        sound: Option<SocketAddr>,
    },
    Refused {
        status: u16,
    },
    /// Nobody said anything, for longer than SIP allows.
    Lost,
}

impl Reply {
    /// Where the other side wants to hear us, or what happened instead.
    pub fn sound(self) -> Result<SocketAddr, String> {
        match self {
            Reply::Answered { sound: Some(sound) } => Ok(sound),
            Reply::Answered { sound: None } => Err("an answer without sound".to_owned()),
            Reply::Refused { status } => Err(format!("refused with {status}")),
            Reply::Lost => Err("silence".to_owned()),
        }
    }
}

impl Carrier {
    pub fn new(line: Line, events: Events, server: SocketAddr) -> Carrier {
        let watchers = Arc::new(Mutex::new(HashMap::new()));
        tokio::spawn(hand_out(events, Arc::clone(&watchers)));
        Carrier { line, server, watchers }
    }

    /// Dials `number` from `caller`; sound is wanted at `rtp`, or nowhere.
    pub async fn place(&self, number: &str, caller: &str, rtp: Option<SocketAddr>) -> Option<Placed> {
        let dial = PhoneDial {
            to: self.server,
            uri: format!("sip:{number}@{}", self.server),
            from_user: Pii::new(caller.to_owned()),
            display: Pii::default(),
            asserted: None,
            user_to_user: None,
            rtp: rtp.unwrap_or(self.line.address),
        };
        let (told, call) = oneshot::channel();
        let (watcher, events) = mpsc::unbounded_channel();
        let watchers = Arc::clone(&self.watchers);
        self.line.act(move |phone, now| {
            let call = phone.call(dial, now);
            lock(&watchers).insert(call, watcher);
            let _ = told.send(call);
        });
        let call = call.await.ok()?;
        Some(Placed { line: self.line.clone(), call, events })
    }
}

type Watchers = Mutex<HashMap<PhoneCall, mpsc::UnboundedSender<PhoneEvent>>>;

fn lock(watchers: &Watchers) -> MutexGuard<'_, HashMap<PhoneCall, mpsc::UnboundedSender<PhoneEvent>>> {
    watchers.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn hand_out(mut events: Events, watchers: Arc<Watchers>) {
    while let Some(event) = events.recv().await {
        let Some(call) = call_of(&event) else { continue };
        let is_last = matches!(event, PhoneEvent::Ended { .. });
        let mut watchers = lock(&watchers);
        if let Some(watcher) = watchers.get(&call) {
            let _ = watcher.send(event);
        }
        if is_last {
            watchers.remove(&call);
        }
    }
}

fn call_of(event: &PhoneEvent) -> Option<PhoneCall> {
    match event {
        PhoneEvent::Incoming { call, .. }
        | PhoneEvent::Ringing { call, .. }
        | PhoneEvent::Connected { call, .. }
        | PhoneEvent::Changed { call, .. }
        | PhoneEvent::ChangeAnswered { call, .. }
        | PhoneEvent::ReferAnswered { call, .. }
        | PhoneEvent::PassingOn { call, .. }
        | PhoneEvent::Ended { call, .. } => Some(*call),
        PhoneEvent::Fault { .. } => None,
    }
}

impl Placed {
    /// Waits until somebody answers or the call is over.
    pub async fn reply(&mut self) -> Reply {
        while let Some(event) = self.events.recv().await {
            match event {
                PhoneEvent::Connected { remote, .. } => {
                    return Reply::Answered { sound: remote.map(|remote| *remote.audio.rtp.expose()) };
                }
                PhoneEvent::Ended { why: Ending::Refused { status, .. }, .. } => {
                    return Reply::Refused { status };
                }
                PhoneEvent::Ended { .. } => return Reply::Lost,
                PhoneEvent::Incoming { .. }
                | PhoneEvent::Ringing { .. }
                | PhoneEvent::Changed { .. }
                | PhoneEvent::ChangeAnswered { .. }
                | PhoneEvent::ReferAnswered { .. }
                | PhoneEvent::PassingOn { .. }
                | PhoneEvent::Fault { .. } => {}
            }
        }
        Reply::Lost
    }

    /// Hangs up and waits until that is done.
    pub async fn hang_up(mut self) {
        let call = self.call;
        self.line.act(move |phone, now| phone.hang_up(call, now));
        self.over().await;
    }

    /// Waits until the call is over.
    pub async fn over(&mut self) {
        while let Some(event) = self.events.recv().await {
            if matches!(event, PhoneEvent::Ended { .. }) {
                return;
            }
        }
    }
}
