//! How a desk in the terminal shows what it hears.

use crate::io::desktop::server_frames::{FieldFrame, PopFrame, ServerBody, StateFrame};

pub(super) const HELP: &str = "  available              take calls
  break REASON           take none for a while
  offline                take none
  decline                let another agent have the call that is offered
  wrap OUTCOME SUMMARY   write what came of the call
  quit                   go offline and leave";

const RULE: &str = "────────────────────────────────────────────────────────────────────────";
const LABEL_WIDTH: usize = 16;

/// The lines for one message; empty when there is nothing to show.
pub(in crate::app) fn text(body: &ServerBody) -> String {
    match body {
        ServerBody::Welcome { agent, skills, state, resumed, .. } => {
            let skills: Vec<String> = skills.iter().map(|skill| format!("{} {}", skill.skill, skill.level)).collect();
            let again = if *resumed { "Back" } else { "Logged in" };
            line(&format!("{again} as {agent} ({}). You are {}.", skills.join(", "), words(state)))
        }
        ServerBody::Pop(pop) | ServerBody::PopUpdated(pop) => draw(pop),
        ServerBody::PopWithdrawn { why, .. } => line(&format!("The call is gone: {why}.")),
        ServerBody::CallState { phase, .. } => line(&format!("Call: {phase}.")),
        ServerBody::StateChanged { state, why } if why.is_empty() => line(&format!("You are {}.", words(state))),
        ServerBody::StateChanged { state, why } => line(&format!("You are {} ({why}).", words(state))),
        ServerBody::Recording { state, .. } => line(&format!("Recording: {state}.")),
        ServerBody::WrapUpDue { .. } => line("Write what came of it: wrap OUTCOME SUMMARY"),
        ServerBody::WrapUpTaken { .. } => line("Your wrap-up is written."),
        ServerBody::Error { text, remedy, .. } => line(&format!("{text}: {remedy}.")),
        ServerBody::Displaced {} => line("You have logged in elsewhere; this desk closes."),
        ServerBody::Calls { .. }
        | ServerBody::Colleagues { .. }
        | ServerBody::Supervision { .. }
        | ServerBody::Consultation { .. }
        | ServerBody::Phone(_)
        | ServerBody::Pong {} => String::new(),
    }
}

fn words(state: &StateFrame) -> String {
    match (state.state.as_str(), &state.reason) {
        ("on_call", _) => "on a call".to_owned(),
        ("wrap_up", _) => "writing up".to_owned(),
        ("break", Some(reason)) => format!("on a break: {reason}"),
        (other, _) => other.to_owned(),
    }
}

fn draw(pop: &PopFrame) -> String {
    let mut text = format!("{RULE}\n");
    let waited = pop.waited_ms as f64 / 1000.0;
    text += &line(&format!("  CALL   {}   queue {}   waited {waited:.1} s", sure(&pop.level), pop.queue));
    text += &row("because", &pop.why.join("; "));
    if pop.rivals > 0 {
        text += &row("careful", &format!("others who fit nearly as well: {}; ask who is calling", pop.rivals));
    }
    for field in &pop.fields {
        text += &draw_field(field);
    }
    if !pop.next_step.is_empty() {
        text += &row("next", &pop.next_step);
    }
    text + RULE + "\n"
}

fn sure(level: &str) -> String {
    let words = match level {
        "V0" => "unmatched",
        "V1" => "likely",
        "V2" => "strong",
        "V3" => "proven",
        _ => "",
    };
    format!("{level} {words}")
}

fn draw_field(field: &FieldFrame) -> String {
    match (&field.value, &field.unlock) {
        (Some(value), _) => row(&field.label, value),
        (None, Some(unlock)) => row(&field.label, &format!("[locked] ask: {unlock}")),
        (None, None) => row(&field.label, "[locked]"),
    }
}

fn row(label: &str, value: &str) -> String {
    line(&format!("  {label:LABEL_WIDTH$} {value}"))
}

/// One line. Signs that steer a terminal do not pass: a customer may have typed them.
fn line(text: &str) -> String {
    let mut clean = String::with_capacity(text.len() + 1);
    for sign in text.chars() {
        clean.push(if sign.is_control() { ' ' } else { sign });
    }
    clean.push('\n');
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(label: &str, value: Option<&str>, unlock: Option<&str>) -> FieldFrame {
        FieldFrame {
            key: label.to_owned(),
            label: label.to_owned(),
            value: value.map(str::to_owned),
            locked: value.is_none(),
            needs: None,
            unlock: unlock.map(str::to_owned),
        }
    }

    #[test]
    fn a_pop_is_laid_out() {
        let pop = PopFrame {
            call: "call_1".to_owned(),
            fence: 1,
            level: "V1".to_owned(),
            why: vec!["the caller ID fits".to_owned()],
            rivals: 1,
            fields: vec![field("Reason", Some("return"), None), field("Order", None, Some("Which article?"))],
            queue: "returns".to_owned(),
            waited_ms: 1500,
            next_step: "offer the label".to_owned(),
        };
        let expected = "  CALL   V1 likely   queue returns   waited 1.5 s
  because          the caller ID fits
  careful          others who fit nearly as well: 1; ask who is calling
  Reason           return
  Order            [locked] ask: Which article?
  next             offer the label
";
        assert_eq!(text(&ServerBody::Pop(Box::new(pop))), format!("{RULE}\n{expected}{RULE}\n"));
    }

    #[test]
    fn what_steers_a_terminal_does_not_pass() {
        let error =
            ServerBody::Error { code: String::new(), text: "a\u{1b}[2Jb\r\nc".to_owned(), remedy: String::new() };
        assert!(!text(&error).trim_end().contains(|sign: char| sign.is_control()));
    }
}
