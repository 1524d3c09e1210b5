//! The two families of addresses, and one of each.

use std::net::IpAddr;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    V4,
    V6,
}

/// An address of each family, or of one only. The first counts where nothing says which is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addresses {
    first: IpAddr,
    second: Option<IpAddr>,
}

impl Family {
    /// An IPv4 address that is written as one of IPv6 counts as what it is.
    pub fn of(address: IpAddr) -> Family {
        if address.to_canonical().is_ipv4() { Family::V4 } else { Family::V6 }
    }
}

impl Addresses {
    /// A second one of the same family is none.
    pub fn new(first: IpAddr, second: Option<IpAddr>) -> Addresses {
        Addresses { first, second: second.filter(|second| Family::of(*second) != Family::of(first)) }
    }

    pub fn first(&self) -> IpAddr {
        self.first
    }

    /// That of the other family.
    pub fn second(&self) -> Option<IpAddr> {
        self.second
    }

    pub fn all(&self) -> impl Iterator<Item = IpAddr> {
        [Some(self.first), self.second].into_iter().flatten()
    }

    /// That of the family, or else the one that there is.
    pub fn like(&self, family: Option<Family>) -> IpAddr {
        self.all().find(|address| Some(Family::of(*address)) == family).unwrap_or(self.first)
    }
}

impl From<IpAddr> for Addresses {
    fn from(first: IpAddr) -> Addresses {
        Addresses { first, second: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_family_has_its_address_and_who_lacks_one_gets_the_other() {
        let at = |text: &str| text.parse::<IpAddr>().expect("an address");
        let both = Addresses::new(at("192.0.2.1"), Some(at("2001:db8::1")));
        assert_eq!(both.like(Some(Family::V6)), at("2001:db8::1"));
        assert_eq!([both.like(Some(Family::V4)), both.like(None)], [at("192.0.2.1"); 2]);
        let one = Addresses::from(at("2001:db8::1"));
        assert_eq!(one.like(Some(Family::V4)), at("2001:db8::1"));
        assert_eq!(Addresses::new(at("192.0.2.1"), Some(at("192.0.2.2"))).all().count(), 1);
        assert_eq!(Family::of(at("::ffff:192.0.2.1")), Family::V4);
    }
}
