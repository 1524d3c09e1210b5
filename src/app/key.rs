//! `throughline key`: a secret for an API key, a desk's token or a signing key, and what the configuration keeps of it.

use std::io;

use sha2::{Digest, Sha256};

use crate::base::hex::to_hex;

/// Prints a new secret and its SHA-256.
pub fn run() -> io::Result<()> {
    let secret = draw()?;
    println!("secret = {secret}");
    println!("sha256 = {}", sha256(&secret));
    println!("Give the secret to whoever uses it; write only the sha256 into the configuration");
    println!("(a [[token_keys]] entry needs the secret itself).");
    Ok(())
}

/// 32 random bytes in hex.
pub fn draw() -> io::Result<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(to_hex(&bytes))
}

/// What the configuration keeps of a secret.
pub fn sha256(secret: &str) -> String {
    to_hex(&Sha256::digest(secret))
}
