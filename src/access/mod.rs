//! Who reaches a human: ordered rules, the first that matches decides, and the reason is the same for everybody who asks.

mod answer;
mod bounds;
mod cover;
mod domain_index;
mod domain_list;
mod domains;
mod facts;
mod fold;
mod free_mail;
mod holidays;
mod hours;
mod keywords;
mod look_alike;
mod open_hours;
mod packed_names;
#[cfg(test)]
mod plain;
mod policy;
mod queue_loads;
mod reason;
mod reasons;
mod rule;
mod rule_set;
mod seen;
mod tables;
#[cfg(test)]
mod tables_tests;
mod together;
mod trace;
mod tried;
mod version;

pub use answer::{After, Answer, Decision, Overflow};
pub use cover::{Taken, never_reached, reached_out_of_hours};
pub use domain_index::{Torn, TwoTiers};
pub use domain_list::{BadLine, DomainList, ListFault, ListFaults};
pub use domains::{BadPattern, DomainPattern, host_of, registrable};
pub use facts::{Channel, Facts, QueueLoad};
pub use holidays::{BadHoliday, HolidayFault, Holidays};
pub use hours::{BadHours, Hours, LastDay};
pub use keywords::{BadKeyword, Keyword};
pub use policy::{Policy, PolicySetup, TooMany};
pub use reason::{ReasonCode, ReasonText};
pub use rule::{CaseState, Condition, Conditions, DomainCondition, LoadCondition, MinValue, ReasonPicked, Rule};
pub use together::{TakenTogether, never_reached_together};
pub use trace::Trace;
pub use tried::{ConditionTried, RuleTried};
pub use version::PolicyVersion;
