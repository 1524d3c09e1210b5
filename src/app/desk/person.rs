//! A person at the desk: what is typed, and what is answered to the server's messages.

use std::io::BufRead;

use tokio::sync::mpsc;

use crate::io::desktop::client_frames::{ClientFrame, StateName};
use crate::io::desktop::server_frames::ServerBody;

use super::DeskError;
use super::connection::{Act, Connection, Login, Parting, Sitter};
use super::screen;

pub(super) const OFFLINE: StateName = StateName::Offline;
/// Lines typed ahead.
const TYPED_MAX: usize = 16;

/// What a line asks for.
#[derive(Debug, PartialEq, Eq)]
enum Typed {
    Available,
    Break(String),
    Offline,
    Decline,
    WrapUp { outcome: String, summary: String },
    Help,
    Quit,
    Nothing,
    Unknown(&'static str),
}

/// Serves one person until they quit.
pub(super) async fn run(url: &str, login: Login) -> Result<(), DeskError> {
    println!("Logging in as {} at {url}. Type help for the commands.", login.agent);
    let agent = login.agent.clone();
    let mut connection = Connection::new(url, login);
    let (sender, mut acts) = mpsc::channel(TYPED_MAX);
    let desk = std::sync::Arc::new(std::sync::Mutex::new(Current::default()));
    read_lines(sender, std::sync::Arc::clone(&desk));
    let mut person = Person { desk, lost: false };
    match connection.run(&mut person, &mut acts).await {
        Parting::Quit => Ok(()),
        why @ (Parting::Displaced | Parting::Unauthorized) => Err(DeskError::Parted { agent, why }),
    }
}

/// Reads the terminal on a thread of its own, since that cannot be interrupted; it ends with the process.
fn read_lines(acts: mpsc::Sender<Act>, desk: SharedDesk) {
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            let call = desk.lock().ok().and_then(|desk| desk.call.clone());
            if let Some(act) = act(parse(&line), call)
                && acts.blocking_send(act).is_err()
            {
                return;
            }
        }
        let _ = acts.blocking_send(Act::Quit);
    });
}

type SharedDesk = std::sync::Arc<std::sync::Mutex<Current>>;

/// The call that the commands are about.
#[derive(Default)]
struct Current {
    call: Option<String>,
}

struct Person {
    desk: SharedDesk,
    lost: bool,
}

impl Sitter for Person {
    fn connected(&mut self, up: bool) {
        match (up, self.lost) {
            (true, _) => {}
            (false, false) => println!("The connection is lost; trying again."),
            (false, true) => {}
        }
        self.lost = !up;
    }

    fn heard(&mut self, body: ServerBody) -> Vec<Act> {
        print!("{}", screen::text(&body));
        match body {
            ServerBody::Pop(pop) => {
                self.set_call(Some(pop.call.clone()));
                vec![Act::Say(ClientFrame::PopDrawn { call: pop.call, fence: pop.fence })]
            }
            ServerBody::PopWithdrawn { .. } | ServerBody::WrapUpTaken { .. } => {
                self.set_call(None);
                vec![]
            }
            ServerBody::Welcome { .. }
            | ServerBody::Phone(_)
            | ServerBody::PopUpdated(_)
            | ServerBody::CallState { .. }
            | ServerBody::Recording { .. }
            | ServerBody::Supervision { .. }
            | ServerBody::Consultation { .. }
            | ServerBody::Calls { .. }
            | ServerBody::Colleagues { .. }
            | ServerBody::StateChanged { .. }
            | ServerBody::WrapUpDue { .. }
            | ServerBody::Error { .. }
            | ServerBody::Displaced {}
            | ServerBody::Pong {} => vec![],
        }
    }
}

impl Person {
    fn set_call(&self, call: Option<String>) {
        if let Ok(mut desk) = self.desk.lock() {
            desk.call = call;
        }
    }
}

fn parse(line: &str) -> Typed {
    let (command, rest) = line.trim().split_once(char::is_whitespace).unwrap_or((line.trim(), ""));
    let rest = rest.trim();
    match command.to_ascii_lowercase().as_str() {
        "" => Typed::Nothing,
        "available" | "a" => Typed::Available,
        "break" | "b" if rest.is_empty() => Typed::Unknown("say why: break lunch"),
        "break" | "b" => Typed::Break(rest.to_owned()),
        "offline" => Typed::Offline,
        "decline" | "d" => Typed::Decline,
        "wrap" | "w" => wrap(rest),
        "help" | "?" => Typed::Help,
        "quit" | "q" => Typed::Quit,
        _ => Typed::Unknown("no such command; help lists them"),
    }
}

fn wrap(rest: &str) -> Typed {
    let (outcome, summary) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    if outcome.is_empty() {
        return Typed::Unknown("say what came of it: wrap solved sent a new lamp");
    }
    Typed::WrapUp { outcome: outcome.to_owned(), summary: summary.trim().to_owned() }
}

/// What goes to the server; the rest is answered on the screen.
fn act(typed: Typed, call: Option<String>) -> Option<Act> {
    let state = |state, reason| Some(Act::Say(ClientFrame::SetState { state, reason }));
    match typed {
        Typed::Available => state(StateName::Available, String::new()),
        Typed::Break(reason) => state(StateName::Break, reason),
        Typed::Offline => state(OFFLINE, String::new()),
        Typed::Decline => about_call(call, |call| ClientFrame::Decline { call }),
        Typed::WrapUp { outcome, summary } => {
            about_call(call, |call| ClientFrame::WrapUp { call, outcome, summary, article_failed: None })
        }
        Typed::Quit => Some(Act::Quit),
        Typed::Help => answer(screen::HELP),
        Typed::Unknown(why) => answer(why),
        Typed::Nothing => None,
    }
}

fn about_call(call: Option<String>, frame: impl FnOnce(String) -> ClientFrame) -> Option<Act> {
    match call {
        Some(call) => Some(Act::Say(frame(call))),
        None => answer("there is no call on your desk"),
    }
}

fn answer(text: &str) -> Option<Act> {
    println!("{text}");
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_understood() {
        let samples = [
            ("available", Typed::Available),
            ("  A ", Typed::Available),
            ("break lunch with Ben", Typed::Break("lunch with Ben".to_owned())),
            ("decline", Typed::Decline),
            ("wrap solved", Typed::WrapUp { outcome: "solved".to_owned(), summary: String::new() }),
            ("w solved sent  one", Typed::WrapUp { outcome: "solved".to_owned(), summary: "sent  one".to_owned() }),
            ("quit", Typed::Quit),
            ("", Typed::Nothing),
        ];
        for (line, expected) in samples {
            assert_eq!(parse(line), expected, "{line}");
        }
        for line in ["break", "wrap", "dance"] {
            assert!(matches!(parse(line), Typed::Unknown(_)), "{line}");
        }
    }

    #[test]
    fn without_a_call_nothing_is_declined() {
        assert!(act(Typed::Decline, None).is_none());
        assert!(matches!(
            act(Typed::Decline, Some("call_1".to_owned())),
            Some(Act::Say(ClientFrame::Decline { call })) if call == "call_1"
        ));
    }
}
