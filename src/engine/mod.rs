//! The engine: the one owner of endpoint, calls, router and desks. An input goes in, every effect comes out.

mod agents;
pub mod digest;
pub mod input;
pub mod output;
mod pump;
pub mod question;
mod reconfigure;
pub mod settings;
pub mod source;
mod views;

pub use input::{Input, Notice};
pub use output::Output;
pub use pump::Engine;
pub use settings::Settings;
pub use source::{ConfigSource, Configured, FileRead, SourceFile};
