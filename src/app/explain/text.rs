//! The explanation as a person reads it.

use std::fmt::{self, Write};

use serde_json::Value;

/// Of the server's answer.
pub(super) fn lines(answer: &Value) -> String {
    let mut out = String::new();
    head(&mut out, answer);
    matched(&mut out, &answer["match"]);
    list(&answer["decisions"]).iter().for_each(|decision| decided(&mut out, decision));
    queue(&mut out, &answer["queue"]);
    list(&answer["offers"]).iter().for_each(|offer| offered(&mut out, offer));
    ended(&mut out, answer);
    stages(&mut out, &answer["stages"]);
    out
}

fn head(out: &mut String, answer: &Value) {
    let policy = answer["policy"].as_str().map(|policy| format!(", policy {policy}")).unwrap_or_default();
    line(out, format_args!("{} is {}{policy}", text(&answer["call"]), text(&answer["phase"])));
}

fn matched(out: &mut String, matched: &Value) {
    line(out, format_args!("\nWho: {}; {}", text(&matched["level"]), text(&matched["why"])));
    if let Some(missed) = matched["missed"].as_str() {
        line(out, format_args!("  failed: {missed}"));
    }
    for evidence in list(&matched["evidence"]) {
        line(out, format_args!("  {}", text(&evidence["text"])));
    }
    for candidate in list(&matched["candidates"]) {
        let by: Vec<&str> = list(&candidate["found_by"]).iter().filter_map(Value::as_str).collect();
        let share = candidate["share"].as_f64().unwrap_or_default() * 100.0;
        let (is, intent) = (text(&candidate["is"]), text(&candidate["intent"]));
        line(out, format_args!("  {is:<6} {share:5.1} %  {intent}, found by {}", by.join(", ")));
    }
}

fn decided(out: &mut String, decision: &Value) {
    let access = &decision["access"];
    let answer = [access["answer"].as_str(), access["queue"].as_str()];
    let answer: Vec<&str> = answer.into_iter().flatten().collect();
    let (after, rule) = (ms(&decision["us"]), text(&access["rule"]));
    line(out, format_args!("\nRules, after {after}: {} by {rule:?}: {}", answer.join(", "), text(&access["reason"])));
    besides(out, access);
    let tried = list(&decision["tried"]);
    let width = tried.iter().map(|tried| text(&tried["rule"]).chars().count()).max().unwrap_or_default();
    for tried in tried {
        let rule = text(&tried["rule"]);
        match tried.get("failed") {
            Some(failed) => {
                let (condition, asked) = (text(&failed["condition"]), text(&failed["asked"]));
                line(
                    out,
                    format_args!("  {rule:<width$}  no: {condition} asks for {asked}, got {}", text(&failed["given"])),
                );
            }
            None => line(out, format_args!("  {rule:<width$}  decided")),
        }
        for met in list(&tried["met"]) {
            let (condition, asked) = (text(&met["condition"]), text(&met["asked"]));
            line(out, format_args!("  {:<width$}    {condition} asks for {asked}, got {}", "", text(&met["given"])));
        }
    }
}

/// What the rule asks for besides its answer.
fn besides(out: &mut String, access: &Value) {
    let skills = access["skills"].as_object().into_iter().flatten();
    let skills: Vec<String> =
        skills.map(|(skill, level)| format!("{} {level}", text(&skill.as_str().into()))).collect();
    if !skills.is_empty() {
        line(out, format_args!("  asks for {}", skills.join(", ")));
    }
    if access["notify"].is_string() {
        line(out, format_args!("  tells {} what comes of it", text(&access["notify"])));
    }
}

fn queue(out: &mut String, queue: &Value) {
    if queue.is_null() {
        return;
    }
    let place = match (queue["position"].as_u64(), queue["expected_wait_s"].as_u64()) {
        (Some(position), Some(wait)) => format!("place {position}, expected wait {wait} s"),
        (Some(position), None) => format!("place {position}"),
        (None, _) => "it did not wait".to_owned(),
    };
    let (after, priority) = (ms(&queue["us"]), queue["priority"].as_i64().unwrap_or_default());
    line(out, format_args!("\nQueue, after {after}: {} with priority {priority}; {place}", text(&queue["queue"])));
}

fn offered(out: &mut String, offer: &Value) {
    let failed = offer["failed"].as_str().map(|why| format!("; came to nothing: {why}")).unwrap_or_default();
    line(out, format_args!("\nOffered, after {}: {}{failed}", ms(&offer["us"]), text(&offer["agent"])));
    for passed in list(&offer["passed_over"]) {
        line(out, format_args!("  not {}: {}", text(&passed["agent"]), text(&passed["why"])));
    }
}

fn ended(out: &mut String, answer: &Value) {
    let named =
        ["fallback", "outcome", "ended_by"].map(|key| Some((key.replace('_', " "), answer[key].as_str()?.to_owned())));
    let status = answer["status"].as_u64().map(|status| ("status".to_owned(), status.to_string()));
    let parts: Vec<String> =
        named.into_iter().chain([status]).flatten().map(|(key, value)| format!("{key} {value}")).collect();
    if !parts.is_empty() {
        line(out, format_args!("\nEnd: {}", parts.join(", ")));
    }
}

fn stages(out: &mut String, stages: &Value) {
    let stages = list(stages);
    if stages.is_empty() {
        return;
    }
    line(out, format_args!("\nTimes from the INVITE, and since the stage before"));
    for stage in stages {
        let (at, took) = (ms(&stage["us"]), ms(&stage["took_us"]));
        line(out, format_args!("  {:<28} {at:>12} {took:>12}", text(&stage["stage"])));
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// What comes from a server does not steer the terminal.
fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn ms(us: &Value) -> String {
    format!("{:.2} ms", us.as_f64().unwrap_or_default() / 1000.0)
}

fn line(out: &mut String, line: fmt::Arguments<'_>) {
    // A String takes everything.
    let _ = writeln!(out, "{line}");
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn everything_is_told_in_its_order() {
        let answer = json!({
            "call": "call_7", "phase": "ended", "policy": "00123456789a",
            "match": {
                "level": "V2", "why": "99.9 % of the weight", "share": 0.999,
                "evidence": [{"kind": "leased_number", "text": "dialled the number"}],
                "candidates": [{"intent": "int_1", "share": 0.999, "found_by": ["number", "caller"], "is": "winner"}],
            },
            "decisions": [{"us": 812.5, "policy": "00123456789a",
                "access": {"answer": "queue", "queue": "billing", "rule": "bills", "reason": "in turn",
                    "skills": {"english": 5}, "notify": "gold-team"},
                "tried": [
                    {"rule": "gold", "failed": {"condition": "tier", "asked": "gold", "given": "none\u{1b}[31m"}},
                    {"rule": "bills", "met": [{"condition": "reason", "asked": "billing", "given": "billing/refund"}]},
                ],
            }],
            "queue": {"us": 900.0, "queue": "billing", "priority": 10, "position": 3, "expected_wait_s": 40},
            "offers": [{"us": 1000.0, "agent": "ann", "failed": "no answer", "passed_over": [{"agent": "ben", "why": "busy"}]}],
            "outcome": "talked", "ended_by": "caller",
            "stages": [{"stage": "invite_to_match", "us": 800.0, "took_us": 800.0}],
        });
        let expected = "\
call_7 is ended, policy 00123456789a

Who: V2; 99.9 % of the weight
  dialled the number
  winner  99.9 %  int_1, found by number, caller

Rules, after 0.81 ms: queue, billing by \"bills\": in turn
  asks for english 5
  tells gold-team what comes of it
  gold   no: tier asks for gold, got none [31m
  bills  decided
           reason asks for billing, got billing/refund

Queue, after 0.90 ms: billing with priority 10; place 3, expected wait 40 s

Offered, after 1.00 ms: ann; came to nothing: no answer
  not ben: busy

End: outcome talked, ended by caller

Times from the INVITE, and since the stage before
  invite_to_match                   0.80 ms      0.80 ms
";
        assert_eq!(lines(&answer), expected);
    }

    #[test]
    fn an_answer_without_anything_is_short() {
        assert_eq!(lines(&json!({"call": "call_7", "phase": "matching"})), "call_7 is matching\n\nWho: ; \n");
    }
}
