//! A real websocket server on loopback, with real desk sessions behind it and a test where the calls would be.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use tokio::sync::mpsc;

use crate::base::rng::Rng;
use crate::base::{AgentId, CallId, Fence, Level, Mono, Now, Pii, QueueId, SkillId, Wall};
use crate::calls::pages::PageInput;
use crate::desktop::{Account, DeskCommand, DeskEvent, Desks, DesktopInput, Field, Output, Pop, Setup, SkillLevel};
use crate::engine::question::Question;
use crate::io::door::{Asked, EngineDoor};
use crate::io::troubles::Troubles;

use super::{DeskLines, router, token_hash};

/// The server, and what its sessions report.
pub(crate) struct Loopback {
    pub(crate) address: SocketAddr,
    pub(crate) door: Arc<TestDoor>,
    events: mpsc::UnboundedReceiver<DeskEvent>,
}

/// Handles each input at once, on the thread that brings it.
pub(crate) struct TestDoor {
    desks: Mutex<Desks>,
    lines: Arc<DeskLines>,
    events: mpsc::UnboundedSender<DeskEvent>,
    began: Instant,
}

impl Loopback {
    /// Agents `anna` and `ben`, whose tokens are `token of anna` and `token of ben`.
    pub(crate) async fn start() -> Loopback {
        let skills = vec![SkillLevel { skill: SkillId::new("returns"), level: 8 }];
        let account = |name: &str| Account {
            agent: AgentId::new(name),
            token: token_hash(&format!("token of {name}")),
            skills: skills.clone(),
            supervises: Vec::new(),
        };
        let desks = Desks::new(Setup::new(vec![account("anna"), account("ben")]), Rng::from_number(1));
        let lines = Arc::new(DeskLines::new(tokio::runtime::Handle::current(), Arc::new(Troubles::new(None))));
        let (sender, events) = mpsc::unbounded_channel();
        let door = Arc::new(TestDoor {
            desks: Mutex::new(desks),
            lines: Arc::clone(&lines),
            events: sender,
            began: Instant::now(),
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let routes = router(lines, Arc::clone(&door) as Arc<dyn EngineDoor>);
        tokio::spawn(crate::io::web::serve(listener, routes, std::future::pending()));
        Loopback { address, door, events }
    }

    pub(crate) fn url(&self) -> String {
        format!("ws://{}/v1/desktop", self.address)
    }

    pub(crate) async fn event(&mut self) -> DeskEvent {
        self.events.recv().await.expect("an event")
    }
}

impl TestDoor {
    pub(crate) fn command(&self, command: DeskCommand) {
        let mut desks = self.desks.lock().expect("no test panics in there");
        desks.command(command);
        self.drain(&mut desks);
    }

    /// Cuts every connection, as a network does.
    pub(crate) fn cut_all(&self) {
        self.lines.cut_all();
    }

    fn drain(&self, desks: &mut Desks) {
        while let Some(output) = desks.poll_output() {
            match output {
                Output::Transmit(output) => self.lines.send(output),
                Output::Event(event) => drop(self.events.send(event)),
            }
        }
    }
}

impl EngineDoor for TestDoor {
    fn desktop(&self, input: DesktopInput) {
        let now = Now::new(Mono(self.began.elapsed().as_nanos() as u64), Wall(0));
        let mut desks = self.desks.lock().expect("no test panics in there");
        desks.handle(input, now);
        self.drain(&mut desks);
    }

    fn page(&self, _: PageInput) {}

    fn is_behind(&self) -> bool {
        false
    }

    /// There is no engine here.
    fn ask(&self, _question: Question) -> Asked<'_> {
        Box::pin(std::future::ready(None))
    }
}

/// An offer with one open and one locked field.
pub(crate) fn offer(agent: &str, call: CallId) -> DeskCommand {
    let field = |key: &str, value: &str, lowest, unlock: &str| Field {
        key: key.to_owned().into(),
        label: key.to_owned().into(),
        value: Pii::new(value.to_owned()),
        lowest,
        unlock: unlock.to_owned().into(),
    };
    let pop = Pop {
        call,
        fence: Fence(1),
        level: Level::Likely,
        why: vec!["the caller ID fits".into()],
        rivals: 0,
        fields: vec![
            field("reason", "return", Level::Unmatched, ""),
            field("order", "A-1001", Level::Strong, "Which article did you order?"),
        ],
        queue: QueueId::new("returns"),
        waited: std::time::Duration::ZERO,
        next_step: "offer the label".into(),
    };
    DeskCommand::Show { agent: AgentId::new(agent), pop: Box::new(pop) }
}
