//! Why a caller was let through, sent elsewhere or refused: one value for the log, SIP, HTTP and the desktop.

use std::fmt;
use std::sync::Arc;

use super::answer::Answer;

/// The kind of answer, as programs read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReasonCode {
    Human,
    Queue,
    Callback,
    SelfService,
    Refused,
}

/// A decision's reason. `Display` is the line for the log and the desktop: `access rule "night": closed now`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReasonText {
    code: ReasonCode,
    status: u16,
    rule: Arc<str>,
    text: Arc<str>,
}

const TEXT_MAX: usize = 120;

impl ReasonCode {
    pub const ALL: [ReasonCode; 5] =
        [ReasonCode::Human, ReasonCode::Queue, ReasonCode::Callback, ReasonCode::SelfService, ReasonCode::Refused];

    /// The last part of the HTTP problem's type (RFC 9457), and the label of the counter.
    pub fn as_str(self) -> &'static str {
        match self {
            ReasonCode::Human => "human",
            ReasonCode::Queue => "queue",
            ReasonCode::Callback => "callback",
            ReasonCode::SelfService => "self-service",
            ReasonCode::Refused => "refused",
        }
    }

    fn of(answer: &Answer) -> ReasonCode {
        match answer {
            Answer::Human { .. } => ReasonCode::Human,
            Answer::Queue { .. } => ReasonCode::Queue,
            Answer::Callback { .. } => ReasonCode::Callback,
            Answer::SelfService => ReasonCode::SelfService,
            Answer::Refuse { .. } => ReasonCode::Refused,
        }
    }

    fn plain_text(self) -> &'static str {
        match self {
            ReasonCode::Human => "a human as soon as one is free",
            ReasonCode::Queue => "a human if one is free in time",
            ReasonCode::Callback => "we call when it is your turn",
            ReasonCode::SelfService => "self-service first",
            ReasonCode::Refused => "not served here",
        }
    }
}

impl ReasonText {
    /// `words` are the admin's own; without them the answer speaks for itself.
    pub(super) fn new(rule: &Arc<str>, answer: &Answer, words: Option<&str>) -> ReasonText {
        let code = ReasonCode::of(answer);
        let text = words.unwrap_or(code.plain_text());
        ReasonText { code, status: sip_status(answer), rule: rule.clone(), text: Arc::from(on_the_wire(text)) }
    }

    pub fn code(&self) -> ReasonCode {
        self.code
    }

    /// The `cause` of a SIP Reason (RFC 3326) with protocol `SIP`: 200 for a human, 302 for elsewhere, or the refusal.
    pub fn sip_cause(&self) -> u16 {
        self.status
    }

    /// The `text` of a SIP Reason, the `detail` of an HTTP problem: printable ASCII without quotes, at most 120 bytes.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The status of an HTTP problem: 403 when refused, else 200, for it is no problem.
    pub fn http_status(&self) -> u16 {
        match self.code {
            ReasonCode::Refused => 403,
            ReasonCode::Human | ReasonCode::Queue | ReasonCode::Callback | ReasonCode::SelfService => 200,
        }
    }
}

impl fmt::Display for ReasonText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "access rule \"{}\": {}", self.rule, self.text)
    }
}

fn sip_status(answer: &Answer) -> u16 {
    match answer {
        Answer::Human { .. } | Answer::Queue { .. } => 200,
        Answer::Callback { .. } | Answer::SelfService => 302,
        Answer::Refuse { status, .. } => *status,
    }
}

/// A quoted-string holds no quotes and no line break; what an admin writes may.
fn on_the_wire(text: &str) -> String {
    let printable = |c: char| if c == '"' || c == '\\' { '\'' } else { c };
    let is_plain = |c: &char| c.is_ascii_graphic() || *c == ' ';
    text.chars().filter(is_plain).map(printable).take(TEXT_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(answer: Answer, words: Option<&str>) -> ReasonText {
        ReasonText::new(&Arc::from("night"), &answer, words)
    }

    #[test]
    fn one_reason_speaks_to_all_alike() {
        let closed = reason(Answer::Refuse { status: 480, announcement: None }, Some("closed now"));
        assert_eq!(closed.to_string(), "access rule \"night\": closed now");
        assert_eq!((closed.sip_cause(), closed.http_status(), closed.text()), (480, 403, "closed now"));
        assert_eq!(closed.code().as_str(), "refused");
    }

    #[test]
    fn words_of_an_admin_cannot_break_a_header() {
        let evil = reason(Answer::SelfService, Some("a\r\nVia: x\"; \\ é"));
        assert_eq!(evil.text(), "aVia: x'; ' ");
        assert_eq!(reason(Answer::SelfService, Some(&"x".repeat(500))).text().len(), TEXT_MAX);
    }

    #[test]
    fn without_words_the_answer_speaks() {
        assert_eq!(reason(Answer::SelfService, None).text(), "self-service first");
        assert_eq!(reason(Answer::SelfService, None).sip_cause(), 302);
    }
}
