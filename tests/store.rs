//! The stores of intents: one table of cases and one property, for the reference model, the embedded store and a real Redis;
//! then what only one of them can suffer: a kill, a restart, a lost server.

mod store {
    pub mod build;
    pub mod cases;
    pub mod embedded;
    pub mod line;
    pub mod redis;
    pub mod sequences;
    pub mod worlds;
}
mod support;
