//! A short value that differs when any output differs: how a replay proves that it is the same run.

use std::fmt::{self, Write};

use super::output::Output;

/// FNV-1a, 64 bits, over every output in order; it finds accidents, not forgeries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutputDigest {
    hash: u64,
    outputs: u64,
}

const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

impl Default for OutputDigest {
    fn default() -> OutputDigest {
        OutputDigest { hash: OFFSET, outputs: 0 }
    }
}

impl OutputDigest {
    /// Personal values count by their place only, datagrams byte by byte.
    pub fn add(&mut self, output: &Output) {
        self.outputs += 1;
        // Writing into a number cannot fail.
        let _ = match output {
            Output::Transmit(transmit) => {
                self.bytes(&transmit.bytes);
                write!(self, "{:?} {}", transmit.flow, transmit.to)
            }
            Output::Resolve { .. }
            | Output::Store { .. }
            | Output::Media(_)
            | Output::Desktop(_)
            | Output::Answer { .. }
            | Output::Page { .. }
            | Output::Fact(_) => {
                write!(self, "{output:?}")
            }
        };
    }

    pub fn value(&self) -> u64 {
        self.hash
    }

    /// How many outputs have been added.
    pub fn outputs(&self) -> u64 {
        self.outputs
    }

    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.hash = (self.hash ^ u64::from(*byte)).wrapping_mul(PRIME);
        }
    }
}

impl Write for OutputDigest {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.bytes(text.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::sip::api::{FlowId, Transmit};

    fn digest(texts: &[&'static str]) -> u64 {
        let mut digest = OutputDigest::default();
        for text in texts {
            let to = "192.0.2.1:5060".parse().unwrap();
            digest.add(&Output::Transmit(Transmit {
                flow: FlowId(0),
                to,
                domain: None,
                bytes: Bytes::from_static(text.as_bytes()),
            }));
        }
        digest.value()
    }

    #[test]
    fn order_and_content_count() {
        assert_eq!(digest(&["a", "b"]), digest(&["a", "b"]));
        assert_ne!(digest(&["a", "b"]), digest(&["b", "a"]));
        assert_ne!(digest(&["a"]), digest(&["a", "b"]));
    }
}
