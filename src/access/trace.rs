//! What a decision looked at, kept with the call. It is what was, not what today's rules would say: which condition of each rule
//! failed, and the inputs that decided, in words; the rules themselves are shared by all decisions of their policy.

use std::fmt;
use std::sync::Arc;

use super::answer::Decision;
use super::facts::Facts;
use super::hours::Hours;
use super::policy::{CompiledRule, Policy};
use super::rule::{Condition, Conditions};
use super::rule_set::{RuleIx, RuleSet};
use super::seen::Seen;
use super::tried::{self, ConditionTried, RuleTried};
use super::version::PolicyVersion;

/// The rules that were tried for one decision. It costs a call one list of two bytes for each rule, and a text for each kind of
/// condition that failed, or that the rule that decided asks for.
#[derive(Clone)]
pub struct Trace {
    version: PolicyVersion,
    rules: Arc<[CompiledRule]>,
    /// Of each rule in its order, up to the one that decided.
    failed: Vec<Failed>,
    given: Vec<(Condition, Box<str>)>,
    /// What each condition of the rule that decided was given.
    met: Vec<(Condition, Box<str>)>,
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
        let decided = self.tables.first(&seen).and_then(|first| Some((first, self.rules.get(usize::from(first))?)));
        let tried = decided.map_or(self.rules.len(), |(first, _)| usize::from(first));
        let decision = decided.map_or(&self.default, |(_, rule)| &rule.decision).clone();
        let mut trace = Trace {
            version: self.version(),
            rules: Arc::clone(&self.rules),
            failed: vec![Failed { condition: Condition::Level, given: 0 }; tried],
            given: Vec::new(),
            met: decided.map(|(_, rule)| met(rule, &seen)).unwrap_or_default(),
            decided: Arc::clone(&decision.rule),
        };
        let mut left = RuleSet::first_of(tried);
        for condition in Condition::ALL {
            let before = left;
            self.tables.sift(condition, &seen, &mut left);
            let mut failed = before;
            failed.take_out(&left);
            trace.note(condition, failed, &seen);
        }
        (decision, trace)
    }
}

impl Policy {
    /// What the rule of this name says, whoever it is for: it has let somebody through before. `None` when there is none any more.
    pub fn decision_of(&self, rule: &str) -> Option<(Decision, Trace)> {
        let decisions = self.rules.iter().map(|rule| &rule.decision).chain([&self.default]);
        let decision = decisions.into_iter().find(|decision| *decision.rule == *rule)?;
        let trace = Trace {
            version: self.version(),
            rules: Arc::clone(&self.rules),
            failed: Vec::new(),
            given: Vec::new(),
            met: Vec::new(),
            decided: Arc::clone(&decision.rule),
        };
        Some((decision.clone(), trace))
    }
}

impl Trace {
    pub fn version(&self) -> PolicyVersion {
        self.version
    }

    /// Each rule that was tried, in its order, and what it failed by; the last one decided.
    pub fn tried(&self) -> Vec<RuleTried> {
        let failed = self.rules.iter().zip(&self.failed).map(|(rule, failed)| self.why(rule, failed));
        let decided = RuleTried { rule: Arc::clone(&self.decided), failed: None, met: self.met() };
        failed.chain([decided]).collect()
    }

    fn why(&self, rule: &CompiledRule, failed: &Failed) -> RuleTried {
        let given = self.given.get(usize::from(failed.given)).map(|(_, text)| text.to_string());
        let asked = tried::asked(failed.condition, (&rule.when, &rule.domains));
        let failed = ConditionTried { condition: failed.condition, asked, given: given.unwrap_or_default() };
        RuleTried { rule: Arc::clone(&rule.decision.rule), failed: Some(failed), met: Vec::new() }
    }

    /// Of the rule behind those that failed.
    fn met(&self) -> Vec<ConditionTried> {
        let Some(rule) = self.rules.get(self.failed.len()) else { return Vec::new() };
        let of = |(condition, given): &(Condition, Box<str>)| ConditionTried {
            condition: *condition,
            asked: tried::asked(*condition, (&rule.when, &rule.domains)),
            given: given.to_string(),
        };
        self.met.iter().map(of).collect()
    }

    /// The same input is written down once.
    fn note(&mut self, condition: Condition, rules: RuleSet, seen: &Seen<'_>) {
        let noted = self.given.len();
        // Beside each text of this condition, the rule that it was written for.
        let mut written: Vec<RuleIx> = Vec::new();
        let all = Arc::clone(&self.rules);
        let when = |rule: RuleIx| all.get(usize::from(rule)).map(|rule| &rule.when);
        for rule in rules.iter() {
            let Some((asked, failed)) = when(rule).zip(self.failed.get_mut(usize::from(rule))) else { continue };
            let is_same = |other: &RuleIx| when(*other).is_some_and(|other| is_given_alike(condition, asked, other));
            let place = written.iter().position(is_same).unwrap_or_else(|| {
                self.given.push((condition, tried::given(condition, asked, seen).into_boxed_str()));
                written.push(rule);
                written.len() - 1
            });
            *failed = Failed { condition, given: u16::try_from(noted + place).unwrap_or(u16::MAX) };
        }
    }
}

fn met(rule: &CompiledRule, seen: &Seen<'_>) -> Vec<(Condition, Box<str>)> {
    let asked = Condition::ALL.into_iter().filter(|condition| rule.when.asks(*condition));
    asked.map(|condition| (condition, tried::met(condition, &rule.when, seen).into_boxed_str())).collect()
}

/// What is said of the input may depend on the rule that asks: its time zone, its queues.
fn is_given_alike(condition: Condition, one: &Conditions, other: &Conditions) -> bool {
    match condition {
        Condition::Hours => one.hours.as_ref().map(Hours::clock) == other.hours.as_ref().map(Hours::clock),
        Condition::Load => one.loads.iter().map(|load| &load.queue).eq(other.loads.iter().map(|load| &load.queue)),
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
        | Condition::Reason => true,
    }
}

impl PartialEq for Trace {
    fn eq(&self, other: &Trace) -> bool {
        (self.version, &self.failed, &self.given, &self.met, &self.decided)
            == (other.version, &other.failed, &other.given, &other.met, &other.decided)
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
    use crate::access::{Answer, PolicySetup, Rule};
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
        let met = ConditionTried { condition: Condition::Level, asked: "V3 or more".into(), given: "V3".into() };
        assert_eq!(trace.tried(), [RuleTried { rule: "first".into(), failed: None, met: vec![met] }]);
    }
}
