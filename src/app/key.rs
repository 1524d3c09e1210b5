//! `throughline key`: a secret for an API key, a desk's token or a signing key, and what the configuration keeps of it.

use std::io;

use sha2::{Digest, Sha256};

use crate::base::hex::to_hex;

/// Prints a new secret and its SHA-256, as lines of the configuration.
pub fn run() -> io::Result<()> {
    let secret = draw()?;
    println!("{}", lines(&secret));
    println!("Give the secret to whoever uses it; write only the sha256 into the configuration");
    println!("(a [[token_keys]] entry needs the secret itself).");
    Ok(())
}

fn lines(secret: &str) -> String {
    format!("secret = \"{secret}\"\nsha256 = \"{}\"", sha256(secret))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_can_be_put_into_the_configuration() {
        let table: toml::Table = lines("abc").parse().unwrap();
        assert_eq!(table["secret"].as_str(), Some("abc"));
        let of_abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(table["sha256"].as_str(), Some(of_abc));
    }
}
