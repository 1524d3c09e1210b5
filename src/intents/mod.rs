//! Contact intents: what they are, how they are kept, and how a call is recognised as one of them.

pub mod callback;
pub mod draft;
mod expiring;
pub mod intent;
pub mod matching;
pub mod model;
pub mod numbers;
pub mod pin;
pub mod promise;
pub mod requests;
pub mod token;

pub use callback::{Callback, CallbackEnd, CallbackLimits, CallbackState, Miss};
pub use draft::{CustomerDraft, Draft, DraftRules, Fault, MoneyDraft, PatchDraft, ReasonDraft, SubjectDraft};
pub use intent::{
    Article, Currency, Customer, Intent, IntentState, LeasedNumber, Money, Past, Patch, Reason, Subject, SubjectKind,
    Urgency,
};
pub use matching::{Evidence, Matched, Observed, Priors, weigh};
pub use model::Model;
pub use pin::{Pin, PinGuard, Try};
pub use requests::{Candidate, ClaimPlan, FoundBy, Idempotency, LeasePlan, StoreError, StoreReply, StoreRequest};
pub use token::{BadTokenKeys, Token, TokenClaims, TokenError, TokenKey, TokenKeys};
