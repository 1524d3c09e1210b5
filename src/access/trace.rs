//! What a decision looked at, kept with the call. It is what was, not what today's rules would say: which condition of each rule
//! failed, and the inputs that decided, in words; the rules themselves are shared by all decisions of their policy.

use std::fmt;
use std::sync::Arc;

use super::answer::Decision;
use super::facts::Facts;
use super::policy::{CompiledRule, Policy};
use super::rule::Condition;
use super::seen::Seen;
use super::tried::{self, Failure, RuleTried};
use super::version::PolicyVersion;

/// The rules that were tried for one decision. It costs a call one list of two bytes for each rule, and a text for each kind of
/// condition that failed.
#[derive(Clone)]
pub struct Trace {
    version: PolicyVersion,
    rules: Arc<[CompiledRule]>,
    /// Of each rule in its order, up to the one that decided.
    failed: Vec<Failed>,
    given: Vec<(Condition, Box<str>)>,
    /// The rule that decided; the default's name when none of them matched.
    decided: Arc<str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Failed {
    condition: Condition,
    /// Among `given`.
    given: u16,
}

impl Policy {
    /// As `decide`, and what was looked at on the way.
    pub fn decide_with_trace(&self, facts: &Facts<'_>) -> (Decision, Trace) {
        let seen = Seen::new(facts, &self.indexes);
        let mut trace = Trace {
            version: self.version(),
            rules: Arc::clone(&self.rules),
            failed: Vec::with_capacity(self.rules.len()),
            given: Vec::new(),
            decided: Arc::clone(&self.default.rule),
        };
        for (rule, ix) in self.rules.iter().zip(0..) {
            let Some(condition) = seen.first_failed(rule.asked, &rule.when, ix) else {
                trace.decided = Arc::clone(&rule.decision.rule);
                return (rule.decision.clone(), trace);
            };
            trace.note(condition, || tried::given(condition, &rule.when, &seen));
        }
        (self.default.clone(), trace)
    }
}

impl Trace {
    pub fn version(&self) -> PolicyVersion {
        self.version
    }

    /// Each rule that was tried, in its order, and what it failed by; the last one decided.
    pub fn tried(&self) -> Vec<RuleTried> {
        let failed = self.rules.iter().zip(&self.failed).map(|(rule, failed)| self.why(rule, failed));
        let decided = RuleTried { rule: Arc::clone(&self.decided), failed: None };
        failed.chain([decided]).collect()
    }

    fn why(&self, rule: &CompiledRule, failed: &Failed) -> RuleTried {
        let given = self.given.get(usize::from(failed.given)).map(|(_, text)| text.to_string());
        let asked = tried::asked(failed.condition, (&rule.when, &rule.domains));
        let failure = Failure { condition: failed.condition, asked, given: given.unwrap_or_default() };
        RuleTried { rule: Arc::clone(&rule.decision.rule), failed: Some(failure) }
    }

    /// The same input is written down once.
    fn note(&mut self, condition: Condition, given: impl FnOnce() -> String) {
        let known = self.given.iter().position(|(known, _)| *known == condition);
        let place = known.filter(|_| !is_of_the_rule(condition)).unwrap_or_else(|| {
            self.given.push((condition, given().into_boxed_str()));
            self.given.len() - 1
        });
        self.failed.push(Failed { condition, given: u16::try_from(place).unwrap_or(u16::MAX) });
    }
}

/// What is said of the input depends on the rule that asks: its time zone, its queues.
fn is_of_the_rule(condition: Condition) -> bool {
    match condition {
        Condition::Hours | Condition::Load => true,
        Condition::Level
        | Condition::Urgency
        | Condition::Value
        | Condition::Channel
        | Condition::Case
        | Condition::Repeat
        | Condition::MinArticles
        | Condition::Article
        | Condition::Keyword
        | Condition::Trunk
        | Condition::Dialled
        | Condition::Tier
        | Condition::Domain
        | Condition::Reason => false,
    }
}

impl PartialEq for Trace {
    fn eq(&self, other: &Trace) -> bool {
        (self.version, &self.failed, &self.given, &self.decided)
            == (other.version, &other.failed, &other.given, &other.decided)
    }
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trace").field("version", &self.version).field("decided", &self.decided).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Answer, Conditions, Hours, PolicySetup, Rule};
    use crate::base::{Level, TrunkId, Wall};

    fn policy() -> Policy {
        let level = |name: &str| {
            let when = Conditions { min_level: Some(Level::Proven), ..Conditions::default() };
            Rule::new(name, when, Answer::Human { queue: None, priority: 0 })
        };
        let hours = |zone: &str| {
            let hours = Hours::parse(zone, &["mon 08:00-09:00".to_owned()]).ok();
            Rule::new(zone, Conditions { hours, ..Conditions::default() }, Answer::SelfService)
        };
        let rules = vec![level("first"), level("second"), hours("UTC"), hours("Asia/Tokyo")];
        let policy = Policy::new(PolicySetup::of(rules, Answer::SelfService)).unwrap();
        policy.with_version(PolicyVersion::of_digest([7; 32]))
    }

    #[test]
    fn each_rule_is_there_with_the_input_that_decided() {
        let trunk = TrunkId::new("pbx");
        let policy = policy();
        let facts = Facts::of_nobody(&trunk, Wall(0));
        let (decision, trace) = policy.decide_with_trace(&facts);
        assert_eq!((&*decision.rule, trace.version()), ("default", policy.version()));
        assert_eq!(decision, policy.decide(&facts));
        assert_eq!(trace.given.len(), 3, "the level is written down once, the hours for each zone");
        let tried = trace.tried();
        let told: Vec<_> = tried.iter().map(|tried| (&*tried.rule, tried.failed.as_ref().map(|f| &*f.given))).collect();
        let expected = [
            ("first", Some("V0")),
            ("second", Some("V0")),
            ("UTC", Some("thu 00:00")),
            ("Asia/Tokyo", Some("thu 09:00")),
        ];
        assert_eq!(told[..4], expected);
        assert_eq!(told[4], ("default", None));
    }

    #[test]
    fn a_trace_outlives_its_policy() {
        let trunk = TrunkId::new("pbx");
        let (decision, trace) =
            policy().decide_with_trace(&Facts { level: Level::Proven, ..Facts::of_nobody(&trunk, Wall(0)) });
        assert_eq!(&*decision.rule, "first");
        assert_eq!(trace.tried().len(), 1);
    }
}
