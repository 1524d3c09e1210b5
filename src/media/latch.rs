//! Whose packets a leg takes: the source address is learnt once and then held.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::base::Mono;

/// The described address of a peer, and the one that its packets really come from (NAT in between).
#[derive(Clone, Debug)]
pub struct Latch {
    described: SocketAddr,
    held: Option<Held>,
    /// The address before a re-INVITE, whose last packets must not be taken for the new ones; and until when.
    left: Option<Box<(SocketAddr, Mono)>>,
}

#[derive(Clone, Copy, Debug)]
struct Held {
    address: SocketAddr,
    since: Mono,
}

/// What a packet's address makes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// From the peer.
    Known,
    /// From the peer: its address is held from now on.
    Latched,
    /// From somebody else; neither relayed nor answered.
    Stranger,
}

/// The described address may take over from another one that came first, for so long.
const GRACE: Duration = Duration::from_secs(3);
/// Packets of an address that a re-INVITE has replaced, for so long.
const LEAVING: Duration = Duration::from_secs(1);

impl Latch {
    pub fn new(described: SocketAddr) -> Latch {
        Latch { described, held: None, left: None }
    }

    /// A new description: another address arms the latch again, an unspecified one (hold) does not.
    pub fn describe(&mut self, described: SocketAddr, now: Mono) {
        if described == self.described || described.ip().is_unspecified() {
            return;
        }
        self.described = described;
        let old = self.held.take().filter(|held| held.address != described);
        self.left = old.map(|held| Box::new((held.address, now + LEAVING)));
    }

    /// Judges a valid packet. The described address wins over another that was faster.
    pub fn admit(&mut self, from: SocketAddr, now: Mono) -> Admission {
        match self.held {
            Some(held) if held.address == from => Admission::Known,
            Some(held) if from == self.described && now.since(held.since) < GRACE => self.hold(from, now),
            Some(_) => Admission::Stranger,
            None if self.left.as_ref().is_some_and(|left| left.0 == from && now < left.1) => Admission::Stranger,
            None => self.hold(from, now),
        }
    }

    /// Whether a datagram that cannot be judged further comes from the peer.
    pub fn is_known(&self, from: SocketAddr) -> bool {
        self.held.is_some_and(|held| held.address == from)
    }

    /// The host that is held, else the described one.
    pub fn host(&self) -> IpAddr {
        self.held.map_or(self.described, |held| held.address).ip()
    }

    /// Where packets for the peer go; `None` while no address is known.
    pub fn destination(&self) -> Option<SocketAddr> {
        let address = self.held.map_or(self.described, |held| held.address);
        (!address.ip().is_unspecified() && address.port() != 0).then_some(address)
    }

    /// The address that is held for good: nothing but a new description changes it.
    pub fn settled(&self, now: Mono) -> Option<SocketAddr> {
        let held = self.held?;
        (held.address == self.described || now.since(held.since) >= GRACE).then_some(held.address)
    }

    /// The peer sends from where its description says, as far as is known.
    pub fn is_as_described(&self) -> bool {
        self.held.is_none_or(|held| held.address == self.described)
    }

    fn hold(&mut self, address: SocketAddr, now: Mono) -> Admission {
        self.held = Some(Held { address, since: now });
        Admission::Latched
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(port: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 1], port))
    }

    const fn at(ms: u64) -> Mono {
        Mono(ms * 1_000_000)
    }

    #[test]
    fn the_first_address_is_held() {
        let mut latch = Latch::new(peer(1000));
        assert_eq!(latch.destination(), Some(peer(1000)));
        assert_eq!(latch.admit(peer(2000), at(0)), Admission::Latched);
        assert_eq!(latch.admit(peer(2000), at(1)), Admission::Known);
        assert_eq!(latch.admit(peer(3000), at(2)), Admission::Stranger);
        assert_eq!(latch.destination(), Some(peer(2000)));
    }

    #[test]
    fn the_described_address_wins_but_only_early() {
        let mut latch = Latch::new(peer(1000));
        latch.admit(peer(2000), at(0));
        assert_eq!(latch.admit(peer(1000), at(2999)), Admission::Latched);
        assert_eq!(latch.admit(peer(2000), at(2999)), Admission::Stranger);
        let mut late = Latch::new(peer(1000));
        late.admit(peer(2000), at(0));
        assert_eq!(late.admit(peer(1000), at(3000)), Admission::Stranger);
    }

    #[test]
    fn a_new_description_arms_it_again_but_not_for_the_old_address() {
        let mut latch = Latch::new(peer(1000));
        latch.admit(peer(1000), at(0));
        latch.describe(peer(1000), at(10));
        assert_eq!(latch.admit(peer(1000), at(11)), Admission::Known);
        latch.describe(peer(5000), at(20));
        assert_eq!(latch.destination(), Some(peer(5000)));
        assert_eq!(latch.admit(peer(1000), at(21)), Admission::Stranger);
        assert_eq!(latch.admit(peer(6000), at(22)), Admission::Latched);
    }

    #[test]
    fn an_address_is_settled_when_no_other_can_win() {
        let mut latch = Latch::new(peer(1000));
        assert_eq!(latch.settled(at(0)), None);
        latch.admit(peer(2000), at(0));
        assert_eq!((latch.settled(at(2999)), latch.settled(at(3000))), (None, Some(peer(2000))));
        latch.describe(peer(5000), at(4000));
        assert_eq!(latch.settled(at(9000)), None);
        latch.admit(peer(5000), at(9000));
        assert_eq!(latch.settled(at(9000)), Some(peer(5000)));
    }

    #[test]
    fn a_hold_without_an_address_keeps_what_is_held() {
        let mut latch = Latch::new(peer(1000));
        latch.admit(peer(1000), at(0));
        latch.describe(SocketAddr::from(([0, 0, 0, 0], 1000)), at(10));
        assert_eq!(latch.admit(peer(1000), at(11)), Admission::Known);
        assert_eq!(Latch::new(SocketAddr::from(([0, 0, 0, 0], 1000))).destination(), None);
    }
}
