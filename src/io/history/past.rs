//! What a customer's cases say of what was before.

use crate::intents::Past;

use super::case::{Case, Origin};

/// Outcomes after which something is still to be done, as the desk writes them.
const OPEN: [&str; 2] = ["follow-up", "not-solved"];

/// `cases`: the newest first. Of several about the same subject the newest says how it stands.
pub(super) fn of(cases: &[Case]) -> Past {
    let is_newest = |at: usize, case: &Case| !cases.iter().take(at).any(|newer| is_about_the_same(newer, case));
    let open = cases.iter().enumerate().filter(|(at, case)| is_newest(*at, case) && is_open(case)).count();
    Past {
        open_cases: Some(u32::try_from(open).unwrap_or(u32::MAX)),
        last_contact: cases.iter().map(|case| case.opened).max(),
    }
}

fn is_about_the_same(one: &Case, other: &Case) -> bool {
    let subject = |case: &Case| case.subject.as_ref().map(|subject| (subject.kind, subject.id.clone()));
    match (subject(one), subject(other)) {
        (Some(one), Some(other)) => one == other,
        (None, None) => one.reason == other.reason,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

/// A message waits for its answer; a customer whom it helped waits for nothing.
fn is_open(case: &Case) -> bool {
    let is_content = case.feedback.as_ref().is_some_and(|feedback| feedback.helpful);
    let is_left = match &case.origin {
        Origin::Call { outcome, .. } => OPEN.contains(&outcome.as_str()),
        Origin::Message { .. } => true,
    };
    is_left && !is_content
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{AgentId, CallId, CaseId, IntentId, Pii, Wall};
    use crate::intents::{Reason, Subject, SubjectKind};
    use crate::io::history::Feedback;

    fn case(opened: u64, order: Option<&str>, outcome: &str) -> Case {
        let subject = |id: &str| Subject { kind: SubjectKind::Order, id: id.to_owned(), title: String::new() };
        Case {
            id: CaseId(u128::from(opened)),
            intent: IntentId(1),
            customer: Pii::new("c-1".to_owned()),
            subject: order.map(subject),
            reason: Reason { category: "delivery".to_owned(), sub_category: None },
            origin: Origin::Call {
                call: CallId(1),
                agent: AgentId::new("anna"),
                outcome: outcome.to_owned(),
                summary: Pii::default(),
                article_failed: None,
            },
            opened: Wall(opened),
            feedback: None,
        }
    }

    #[test]
    fn the_newest_case_of_a_subject_says_whether_it_is_open() {
        let cases = [
            case(9, Some("o-1"), "solved"),
            case(8, Some("o-2"), "follow-up"),
            case(7, Some("o-1"), "not-solved"),
            case(6, None, "passed-on"),
            case(5, None, "not-solved"),
        ];
        assert_eq!(of(&cases), Past { open_cases: Some(1), last_contact: Some(Wall(9)) });
        assert_eq!(of(&cases[2..3]).open_cases, Some(1));
        assert_eq!(of(&[]), Past { open_cases: Some(0), last_contact: None });
    }

    #[test]
    fn a_message_is_open_until_the_customer_is_content() {
        let mut message = case(3, None, "");
        message.origin = Origin::Message { text: Pii::default() };
        assert_eq!(of(std::slice::from_ref(&message)).open_cases, Some(1));
        message.feedback = Some(Feedback { helpful: true, comment: Pii::default(), at: Wall(4) });
        assert_eq!(of(&[message]).open_cases, Some(0));
    }
}
