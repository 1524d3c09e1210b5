//! A virtual world around one engine, in virtual time: the same seed is the same world.

pub mod phone;
