//! Desks of this process against real desk sessions, on a real websocket.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::mpsc;

use super::auto::{AutoCounts, AutoPlan};
use super::connection::{Act, Connection, Login, Parting, Sitter};
use crate::base::{AgentId, CallId};
use crate::desktop::{AskedState, CallPhase, DeskCommand, DeskEvent};
use crate::io::desktop::loopback::{Loopback, offer};
use crate::io::desktop::server_frames::ServerBody;

const CALL: CallId = CallId(7);

fn login(agent: &str) -> Login {
    Login { agent: agent.to_owned(), token: format!("token of {agent}") }
}

fn phase(phase: CallPhase) -> DeskCommand {
    DeskCommand::CallPhase { agent: AgentId::new("anna"), call: CALL, phase }
}

#[tokio::test]
async fn an_automatic_desk_takes_a_call_from_pop_to_wrap_up() {
    let mut server = Loopback::start().await;
    let counts = Arc::new(AutoCounts::default());
    let plan = AutoPlan { wrap_up_after: Duration::from_millis(1) };
    let (url, seen) = (server.url(), Arc::clone(&counts));
    tokio::spawn(async move { super::run_auto(&url, vec![login("anna")], plan, seen).await });
    let anna = AgentId::new("anna");
    assert_eq!(server.event().await, DeskEvent::LoggedIn { agent: anna.clone() });
    assert_eq!(server.event().await, DeskEvent::StateAsked { agent: anna.clone(), state: AskedState::Available });
    server.door.command(offer("anna", CALL));
    assert!(matches!(server.event().await, DeskEvent::PopAcknowledged { call: CALL, .. }));
    server.door.command(phase(CallPhase::Talking));
    server.door.command(phase(CallPhase::Ended));
    server.door.command(DeskCommand::WrapUpDue { agent: anna, call: CALL });
    let DeskEvent::WrapUpWritten { wrap_up, .. } = server.event().await else { panic!("a wrap-up") };
    assert_eq!((wrap_up.call, wrap_up.outcome.as_str()), (CALL, "solved"));
    assert_eq!(counts.talked.load(Ordering::Relaxed), 1);
}

/// Notes what it hears.
struct Ears(mpsc::UnboundedSender<String>);

impl Sitter for Ears {
    fn connected(&mut self, up: bool) {
        let _ = self.0.send(format!("connected {up}"));
    }

    fn heard(&mut self, body: ServerBody) -> Vec<Act> {
        let heard = match body {
            ServerBody::Welcome { resumed, .. } => format!("welcome {resumed}"),
            ServerBody::Pop(pop) => format!("pop {}", pop.fence),
            ServerBody::CallState { phase, .. } => phase,
            _ => "other".to_owned(),
        };
        let _ = self.0.send(heard);
        vec![]
    }
}

#[tokio::test]
async fn a_desk_whose_connection_is_cut_resumes_and_hears_nothing_twice() {
    let mut server = Loopback::start().await;
    let (ears, mut heard) = mpsc::unbounded_channel();
    let (acts, mut typed) = mpsc::channel(1);
    let mut connection = Connection::new(&server.url(), login("anna"));
    let desk = tokio::spawn(async move { connection.run(&mut Ears(ears), &mut typed).await });
    assert!(matches!(server.event().await, DeskEvent::LoggedIn { .. }));
    server.door.command(offer("anna", CALL));
    for expected in ["connected true", "welcome false", "pop 1"] {
        assert_eq!(heard.recv().await.as_deref(), Some(expected));
    }
    server.door.cut_all();
    server.door.command(phase(CallPhase::Talking));
    for expected in ["connected false", "connected true", "welcome true", "talking"] {
        assert_eq!(heard.recv().await.as_deref(), Some(expected));
    }
    assert!(acts.send(Act::Quit).await.is_ok());
    assert_eq!(desk.await.ok(), Some(Parting::Quit));
}

#[tokio::test]
async fn a_wrong_token_ends_the_desk() {
    let server = Loopback::start().await;
    let (ears, _heard) = mpsc::unbounded_channel();
    let (_acts, mut typed) = mpsc::channel(1);
    let wrong = Login { agent: "anna".to_owned(), token: "guess".to_owned() };
    let parting = Connection::new(&server.url(), wrong).run(&mut Ears(ears), &mut typed).await;
    assert_eq!(parting, Parting::Unauthorized);
}
