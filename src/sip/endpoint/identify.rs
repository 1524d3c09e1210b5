//! Whose packets come from an address: the trunk with the longest prefix that covers it.

use std::net::IpAddr;

use crate::sip::api::TrunkPeer;

/// The networks of all trunks, the longest prefixes first.
#[derive(Clone, Debug, Default)]
pub struct Networks(Vec<Network>);

#[derive(Clone, Copy, Debug)]
struct Network {
    address: u128,
    mask: u128,
    length: u32,
    /// The place of the trunk in the setup.
    trunk: usize,
}

impl Networks {
    pub fn new(trunks: &[TrunkPeer]) -> Networks {
        let mut networks: Vec<Network> = trunks
            .iter()
            .enumerate()
            .flat_map(|(place, trunk)| {
                trunk.networks.iter().map(move |(address, length)| network(*address, *length, place))
            })
            .collect();
        networks.sort_by_key(|network| std::cmp::Reverse(network.length));
        Networks(networks)
    }

    /// The place in the setup of the trunk that `address` belongs to.
    pub fn trunk_of(&self, address: IpAddr) -> Option<usize> {
        let bits = bits(address);
        self.0.iter().find(|network| bits & network.mask == network.address).map(|network| network.trunk)
    }
}

fn network(address: IpAddr, length: u8, trunk: usize) -> Network {
    let unused = if address.is_ipv4() { 96 } else { 0 };
    let length = (u32::from(length) + unused).min(128);
    let mask = u128::MAX.checked_shl(128 - length).unwrap_or(0);
    Network { address: bits(address) & mask, mask, length, trunk }
}

/// IPv4 as IPv6 maps it, so that a socket of either kind gives the same answer.
fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::TrunkId;

    fn trunk(networks: &[(&str, u8)]) -> TrunkPeer {
        let networks = networks.iter().filter_map(|(address, length)| Some((address.parse().ok()?, *length))).collect();
        TrunkPeer::at(TrunkId::new("t"), networks)
    }

    #[test]
    fn the_longest_prefix_wins() {
        let networks = Networks::new(&[
            trunk(&[("192.0.2.0", 24)]),
            trunk(&[("192.0.2.64", 26), ("2001:db8::", 32)]),
            trunk(&[("192.0.2.70", 32)]),
        ]);
        for (address, expect) in [
            ("192.0.2.1", Some(0)),
            ("192.0.2.65", Some(1)),
            ("192.0.2.70", Some(2)),
            ("::ffff:192.0.2.70", Some(2)),
            ("2001:db8:1::1", Some(1)),
            ("192.0.3.1", None),
            ("2001:db9::1", None),
        ] {
            assert_eq!(address.parse().ok().and_then(|address| networks.trunk_of(address)), expect, "{address}");
        }
    }

    #[test]
    fn a_prefix_of_nothing_covers_its_family() {
        let networks = Networks::new(&[trunk(&[("0.0.0.0", 0)])]);
        assert_eq!(networks.trunk_of(IpAddr::from([198, 51, 100, 1])), Some(0));
        assert_eq!("2001:db8::1".parse().ok().and_then(|address| networks.trunk_of(address)), None);
    }
}
