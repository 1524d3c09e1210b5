//! Addresses as text in one piece. Their own `Display` writes number by number, and a call has some dozens of addresses.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Shows an address as its own `Display` does.
#[derive(Clone, Copy)]
pub struct Plain<T>(pub T);

/// The longest is `255.255.255.255:65535`.
const TEXT_MAX: usize = 21;

#[derive(Default)]
struct Text {
    octets: [u8; TEXT_MAX],
    length: usize,
}

impl Text {
    fn of(address: Ipv4Addr) -> Text {
        let mut text = Text::default();
        for (nth, number) in address.octets().into_iter().enumerate() {
            if nth > 0 {
                text.sign(b'.');
            }
            text.number(u16::from(number));
        }
        text
    }

    fn sign(&mut self, sign: u8) {
        if let Some(place) = self.octets.get_mut(self.length) {
            *place = sign;
            self.length += 1;
        }
    }

    fn number(&mut self, number: u16) {
        for place in [10_000, 1000, 100, 10] {
            if number >= place {
                self.sign(b'0' + (number / place % 10) as u8);
            }
        }
        self.sign(b'0' + (number % 10) as u8);
    }

    fn as_str(&self) -> &str {
        self.octets.get(..self.length).and_then(|octets| std::str::from_utf8(octets).ok()).unwrap_or_default()
    }
}

impl fmt::Display for Plain<IpAddr> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(address) => f.write_str(Text::of(address).as_str()),
            IpAddr::V6(address) => fmt::Display::fmt(&address, f),
        }
    }
}

impl fmt::Display for Plain<SocketAddr> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SocketAddr::V4(address) = self.0 else { return fmt::Display::fmt(&self.0, f) };
        let mut text = Text::of(*address.ip());
        text.sign(b':');
        text.number(address.port());
        f.write_str(text.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_is_as_the_library_writes_it() {
        for text in ["0.0.0.0:0", "1.20.255.9:5060", "100.101.110.200:65535", "[2001:db8::1]:5061", "192.0.2.10:10000"]
        {
            let address: SocketAddr = text.parse().unwrap();
            assert_eq!(Plain(address).to_string(), text);
            assert_eq!(Plain(address.ip()).to_string(), address.ip().to_string());
        }
    }
}
