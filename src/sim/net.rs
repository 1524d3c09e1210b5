//! A network of datagrams that loses, delays, overtakes and doubles them.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;

use crate::base::Mono;
use crate::base::rng::Rng;

use super::dice;
use super::later::Later;
use super::scenario::Rates;

#[derive(Clone, Debug)]
pub struct Datagram {
    pub from: SocketAddr,
    pub to: SocketAddr,
    pub bytes: Bytes,
}

/// What is on its way between all addresses.
pub struct Net {
    rng: Rng,
    rates: Rates,
    on_its_way: Later<Datagram>,
}

const FASTEST_MS: u64 = 1;
const SLOWEST_MS: u64 = 8;
const LATE_MS: u64 = 2_000;

impl Net {
    pub fn new(rates: Rates, rng: Rng) -> Net {
        Net { rng, rates, on_its_way: Later::default() }
    }

    pub fn send(&mut self, datagram: Datagram, now: Mono) {
        if self.rng.chance(self.rates.datagram_lost) {
            return;
        }
        if self.rng.chance(self.rates.datagram_twice) {
            let at = now + self.delay();
            self.on_its_way.add(at, datagram.clone());
        }
        let at = now + self.delay();
        self.on_its_way.add(at, datagram);
    }

    pub fn poll_output(&mut self, now: Mono) -> Option<Datagram> {
        self.on_its_way.take(now)
    }

    pub fn poll_timeout(&self) -> Option<Mono> {
        self.on_its_way.next()
    }

    fn delay(&mut self) -> Duration {
        let most = if self.rng.chance(self.rates.datagram_late) { LATE_MS } else { SLOWEST_MS };
        dice::between_ms(&mut self.rng, FASTEST_MS, most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::FaultLevel;

    fn arrivals(level: FaultLevel) -> Vec<u8> {
        let mut net = Net::new(level.rates(), Rng::from_number(1));
        let address = "192.0.2.1:5060".parse().unwrap();
        for nth in 0..200u8 {
            let datagram = Datagram { from: address, to: address, bytes: Bytes::copy_from_slice(&[nth]) };
            net.send(datagram, Mono(u64::from(nth) * 20_000_000));
        }
        std::iter::from_fn(|| net.poll_output(Mono(u64::MAX))).map(|datagram| datagram.bytes[0]).collect()
    }

    #[test]
    fn a_good_network_delivers_each_once_in_order() {
        assert_eq!(arrivals(FaultLevel::None), (0..200).collect::<Vec<u8>>());
    }

    #[test]
    fn a_bad_network_loses_doubles_and_overtakes() {
        let got = arrivals(FaultLevel::Many);
        let mut sorted = got.clone();
        sorted.sort_unstable();
        assert_ne!(got, sorted, "overtaken");
        let before = sorted.len();
        sorted.dedup();
        assert!(sorted.len() < before, "doubled");
        assert!(sorted.len() < 200, "lost");
    }
}
