//! `throughline key`: a secret for an API key, a desk's token or a signing key, and what the configuration keeps of it.

use std::io;

use sha2::{Digest, Sha256};

/// Prints 32 random bytes in hex and their SHA-256.
pub fn run() -> io::Result<()> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    let secret = hex(&bytes);
    println!("secret = {secret}");
    println!("sha256 = {}", hex(&Sha256::digest(&secret)));
    println!("Give the secret to whoever uses it; write only the sha256 into the configuration");
    println!("(a [[token_keys]] entry needs the secret itself).");
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
