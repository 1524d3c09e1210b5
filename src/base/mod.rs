//! What every other folder may know: time, identities, words, chance, deadlines, limits.

pub mod family;
pub mod hex;
pub mod id_map;
pub mod ids;
pub mod level;
pub mod limits;
pub mod numbering;
pub mod phone;
pub mod pii;
pub mod plain;
pub mod prefetch;
pub mod rng;
pub mod stage;
pub mod time;
pub mod timers;

pub use family::{Addresses, Family};
pub use ids::{AgentId, CallId, CaseId, Fence, IntentId, LegId, PoolId, QueueId, SkillId, TierId, TrunkId};
pub use level::Level;
pub use phone::E164;
pub use pii::Pii;
pub use plain::Plain;
pub use stage::Stage;
pub use time::{Mono, Now, Wall};
