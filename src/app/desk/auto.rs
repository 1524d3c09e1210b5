//! Desks that work by themselves: available at once, every pop drawn, every wrap-up written.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::io::desktop::client_frames::{ClientFrame, StateName};
use crate::io::desktop::server_frames::ServerBody;

use super::DeskError;
use super::connection::{Act, Connection, Login, Parting, Sitter};

/// How an agent behaves who is not a person.
#[derive(Clone, Copy, Debug)]
pub struct AutoPlan {
    /// How long the agent writes after a call.
    pub wrap_up_after: Duration,
}

/// What all automatic desks of this process have seen.
#[derive(Debug, Default)]
pub struct AutoCounts {
    pub logged_in: AtomicU64,
    pub connections_lost: AtomicU64,
    pub pops: AtomicU64,
    pub withdrawn: AtomicU64,
    pub talked: AtomicU64,
    pub wrapped_up: AtomicU64,
    pub errors: AtomicU64,
}

/// An agent who was sent on a break for not answering comes back after this long.
const BACK_AFTER: Duration = Duration::from_secs(1);
const REPORT_EVERY: Duration = Duration::from_secs(10);

/// Runs the desks until each has parted for good, which without a fault is never; dropping the future ends them all.
pub async fn run(url: &str, logins: Vec<Login>, plan: AutoPlan, counts: Arc<AutoCounts>) -> Result<(), DeskError> {
    let mut desks = JoinSet::new();
    for login in logins {
        let mut sitter = Auto { plan, counts: Arc::clone(&counts), watch: None };
        let mut connection = Connection::new(url, login.clone());
        desks.spawn(async move {
            // Nobody types: the sender is gone at once.
            let (_, mut acts) = mpsc::channel(1);
            (login.agent, connection.run(&mut sitter, &mut acts).await)
        });
    }
    let mut first = None;
    while let Some(ended) = desks.join_next().await {
        if let Ok((agent, why)) = ended {
            tracing::warn!(%agent, %why, "an automatic desk has ended");
            first.get_or_insert((agent, why));
        }
    }
    match first {
        Some((agent, why)) if why != Parting::Quit => Err(DeskError::Parted { agent, why }),
        Some(_) | None => Ok(()),
    }
}

/// As `run`, and says on the terminal every ten seconds how far it is.
pub(super) async fn run_and_report(
    url: &str,
    logins: Vec<Login>,
    plan: AutoPlan,
    counts: Arc<AutoCounts>,
) -> Result<(), DeskError> {
    println!("{} desks log in at {url}; Ctrl-C ends them", logins.len());
    let report = async {
        loop {
            tokio::time::sleep(REPORT_EVERY).await;
            println!("{}", counts.line());
        }
    };
    tokio::select! {
        ended = run(url, logins, plan, Arc::clone(&counts)) => ended,
        never = report => never,
    }
}

struct Auto {
    plan: AutoPlan,
    counts: Arc<AutoCounts>,
    watch: Option<mpsc::UnboundedSender<ServerBody>>,
}

/// One such desk, with a copy of all that it hears for somebody who watches. Runs until it has parted for good.
pub async fn run_watched(url: &str, login: Login, plan: AutoPlan, watch: mpsc::UnboundedSender<ServerBody>) -> Parting {
    let mut sitter = Auto { plan, counts: Arc::default(), watch: Some(watch) };
    let (_, mut acts) = mpsc::channel(1);
    Connection::new(url, login).run(&mut sitter, &mut acts).await
}

impl Sitter for Auto {
    fn connected(&mut self, up: bool) {
        count(if up { &self.counts.logged_in } else { &self.counts.connections_lost });
    }

    fn heard(&mut self, body: ServerBody) -> Vec<Act> {
        if let Some(watch) = &self.watch {
            // Whoever watched may have gone.
            let _ = watch.send(body.clone());
        }
        match body {
            ServerBody::Welcome { state, .. } => self.back_to_work(&state.state, Duration::ZERO),
            ServerBody::StateChanged { state, .. } => self.back_to_work(&state.state, BACK_AFTER),
            ServerBody::Pop(pop) => {
                count(&self.counts.pops);
                vec![Act::Say(ClientFrame::PopDrawn { call: pop.call, fence: pop.fence })]
            }
            ServerBody::PopWithdrawn { .. } => {
                count(&self.counts.withdrawn);
                vec![]
            }
            ServerBody::CallState { phase, .. } => {
                if phase == "talking" {
                    count(&self.counts.talked);
                }
                vec![]
            }
            ServerBody::WrapUpDue { call } => vec![Act::SayLater(self.plan.wrap_up_after, wrap_up(call))],
            ServerBody::WrapUpTaken { .. } => {
                count(&self.counts.wrapped_up);
                vec![]
            }
            ServerBody::Error { .. } => {
                count(&self.counts.errors);
                vec![]
            }
            ServerBody::PopUpdated(_)
            | ServerBody::Recording { .. }
            | ServerBody::Supervision { .. }
            | ServerBody::Consultation { .. }
            | ServerBody::Calls { .. }
            | ServerBody::Colleagues { .. }
            | ServerBody::Phone(_)
            | ServerBody::Displaced {}
            | ServerBody::Pong {} => vec![],
        }
    }
}

impl Auto {
    fn back_to_work(&self, state: &str, after: Duration) -> Vec<Act> {
        match state {
            "offline" | "break" => {
                let available = ClientFrame::SetState { state: StateName::Available, reason: String::new() };
                vec![Act::SayLater(after, available)]
            }
            _ => vec![],
        }
    }
}

fn wrap_up(call: String) -> ClientFrame {
    let (outcome, summary) = ("solved".to_owned(), "written by an automatic desk".to_owned());
    ClientFrame::WrapUp { call, outcome, summary, article_failed: None }
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl AutoCounts {
    /// One line for the terminal.
    pub fn line(&self) -> String {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        format!(
            "logins {}, connections lost {}, pops {}, withdrawn {}, talked {}, wrapped up {}, errors {}",
            read(&self.logged_in),
            read(&self.connections_lost),
            read(&self.pops),
            read(&self.withdrawn),
            read(&self.talked),
            read(&self.wrapped_up),
            read(&self.errors),
        )
    }
}
