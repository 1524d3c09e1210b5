//! A rule about how busy a queue is, asked by an engine whose router knows: from the login of an agent to the answer to an INVITE.

use bytes::Bytes;

use super::read;
use super::tests::small;
use crate::base::{AgentId, Mono, Now, Wall};
use crate::desktop::{AskedState, ClientMessage, ConnId, DesktopInput, Hello, TokenHash};
use crate::engine::{Engine, Input, Output};
use crate::intents::Model;
use crate::sip::api::FlowId;

const RULES: &str = r#"
[access.default]
answer = "refuse"
status = 480
[[access.rules]]
name = "nobody is there"
when = { load = { queue = "help", max_free = 0 } }
answer = "refuse"
status = 486
"#;
const BEGAN: Wall = Wall(1_800_000_000_000);

struct World {
    engine: Engine,
    store: Model,
    now: Mono,
}

impl World {
    fn new() -> World {
        let token = "5a".repeat(32);
        let text = small().replace(
            "token_sha256 = \"5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9\"",
            &format!("token_sha256 = \"{token}\""),
        );
        assert!(text.contains(&token));
        let plan = read(&format!("{text}{RULES}")).expect("no faults");
        World {
            engine: Engine::new(plan.settings, [7; 32], 1_800_000_000),
            store: Model::new(10),
            now: Mono(1_000_000_000),
        }
    }

    /// The first lines of what is sent because of the input.
    fn handle(&mut self, input: Input) -> Vec<String> {
        let (mut arriving, mut sent) = (vec![input], Vec::new());
        while let Some(input) = arriving.pop() {
            self.now = Mono(self.now.0 + 1_000_000);
            self.engine.handle(input, Now::new(self.now, Wall(BEGAN.0 + self.now.0 / 1_000_000)));
            while let Some(output) = self.engine.poll_output() {
                match output {
                    Output::Store { ask, request, .. } => {
                        arriving.push(Input::Store { ask, result: Ok(self.store.apply(*request)) });
                    }
                    Output::Transmit(transmit) => {
                        let text = String::from_utf8_lossy(&transmit.bytes).into_owned();
                        sent.extend(text.lines().next().map(str::to_owned));
                    }
                    _ => {}
                }
            }
        }
        sent
    }

    fn log_in(&mut self) {
        let conn = ConnId(1);
        let hello = Hello { agent: AgentId::new("ann"), token: TokenHash([0x5a; 32]), resume: None };
        self.handle(Input::Desktop(DesktopInput::Opened { conn }));
        for message in [ClientMessage::Hello(hello), ClientMessage::SetState(AskedState::Available)] {
            self.handle(Input::Desktop(DesktopInput::Message { conn, message }));
        }
    }

    /// The final answer to a call.
    fn call(&mut self, name: &str) -> String {
        let invite = format!(
            "INVITE sip:+12015550100@192.0.2.10 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.20:5060;branch=z9hG4bK{name}\r\n\
             Max-Forwards: 70\r\nFrom: <sip:+12015550177@192.0.2.20>;tag={name}\r\nTo: <sip:+12015550100@192.0.2.10>\r\n\
             Call-ID: {name}\r\nCSeq: 1 INVITE\r\nContact: <sip:192.0.2.20>\r\nContent-Length: 0\r\n\r\n"
        );
        let from = "192.0.2.20:5060".parse().expect("an address");
        let sent = self.handle(Input::Datagram { flow: FlowId(0), from, bytes: Bytes::from(invite) });
        sent.last().cloned().unwrap_or_default()
    }
}

#[test]
fn the_routers_load_decides() {
    let mut world = World::new();
    assert!(world.call("before").starts_with("SIP/2.0 486"), "nobody has logged in");
    world.log_in();
    assert!(world.call("after").starts_with("SIP/2.0 480"), "one agent is free");
}
