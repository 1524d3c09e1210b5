//! Who reaches a human: ordered rules, the first that matches decides, and the reason is the same for everybody who asks.

mod answer;
mod domain_index;
mod domains;
mod facts;
mod free_mail;
mod hours;
mod policy;
mod reason;
mod rule;
mod tried;

pub use answer::{After, Answer, Decision};
pub use domains::{BadPattern, DomainPattern, host_of, registrable};
pub use facts::{Channel, Facts, QueueLoad};
pub use hours::{BadHours, Hours};
pub use policy::{Policy, PolicySetup, TooManyRules};
pub use reason::{ReasonCode, ReasonText};
pub use rule::{Condition, Conditions, DomainCondition, MinValue, ReasonPicked, Rule};
pub use tried::{Failure, RuleTried};
