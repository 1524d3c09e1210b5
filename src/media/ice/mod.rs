//! ICE of one leg as RFC 8445 has it for a peer with one address of its own (ICE-lite): we answer checks, the browser decides.

pub mod crc32;
pub mod stun;

use std::net::SocketAddr;

use crate::base::Mono;
use crate::base::limits::ICE_ADDRESSES_MAX;
use crate::sdp::IceCredentials;
use stun::{Answer, Request};

/// Who may check this leg, from where it has been done, and where sound goes.
#[derive(Clone, Debug)]
pub struct IceLite {
    /// The present ones, and those before until the first check under the present ones.
    ours: Vec<IceCredentials>,
    /// `None` until the browser's description has come.
    their_ufrag: Option<String>,
    /// From which a genuine check has come, the last one at the end.
    addresses: Vec<SocketAddr>,
    nominated: Option<SocketAddr>,
    checked_at: Option<Mono>,
}

/// What a genuine check comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    pub answer: Vec<u8>,
    /// The leg hears this address from now on; and the address that it no longer hears for it.
    pub is_new: bool,
    pub left: Option<SocketAddr>,
}

impl IceLite {
    pub fn new(ours: IceCredentials) -> IceLite {
        IceLite { ours: vec![ours], their_ufrag: None, addresses: Vec::new(), nominated: None, checked_at: None }
    }

    /// What a new offer and answer say; the name of ours that no longer counts.
    pub fn describe(&mut self, ours: &IceCredentials, theirs: &IceCredentials) -> Option<IceCredentials> {
        self.their_ufrag = Some(theirs.ufrag.clone());
        if self.ours.contains(ours) {
            return None;
        }
        self.ours.push(ours.clone());
        (self.ours.len() > 2).then(|| self.ours.remove(0))
    }

    pub fn ufrags(&self) -> impl Iterator<Item = &str> {
        self.ours.iter().map(|ours| ours.ufrag.as_str())
    }

    /// `None` for a check that is not the browser's; nobody is told why.
    pub fn check(&mut self, request: &Request<'_>, from: SocketAddr, now: Mono) -> Option<Checked> {
        let (our_ufrag, their_ufrag) = request.names()?;
        let ours = self.ours.iter().position(|ours| ours.ufrag == our_ufrag)?;
        let password = self.ours.get(ours).map(|ours| ours.pwd.clone())?;
        let is_present = ours + 1 == self.ours.len();
        let is_theirs = !is_present || self.their_ufrag.as_ref().is_none_or(|theirs| theirs == their_ufrag);
        if !is_theirs || !request.is_signed_with(&password) {
            return None;
        }
        let refusal = refusal(request);
        let mut checked = Checked { answer: Vec::new(), is_new: false, left: None };
        checked.answer = request.answer(refusal.as_ref().unwrap_or(&Answer::Seen(from)), &password);
        if refusal.is_none() {
            (checked.is_new, checked.left) = self.admit(from);
            self.checked_at = Some(now);
            if request.use_candidate {
                self.nominated = Some(from);
            }
        }
        Some(checked)
    }

    pub fn knows(&self, address: SocketAddr) -> bool {
        self.addresses.contains(&address)
    }

    /// Where the browser wants sound: the address that it nominated last, until then the one that was checked last.
    pub fn destination(&self) -> Option<SocketAddr> {
        self.nominated.or(self.addresses.last().copied())
    }

    /// When the browser last showed that it wants to hear us (RFC 7675).
    pub fn checked_at(&self) -> Option<Mono> {
        self.checked_at
    }

    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Another leg's browser has it now.
    pub fn lose(&mut self, address: SocketAddr) {
        self.addresses.retain(|known| *known != address);
        self.nominated = self.nominated.filter(|nominated| *nominated != address);
    }

    fn admit(&mut self, from: SocketAddr) -> (bool, Option<SocketAddr>) {
        let is_new = !self.knows(from);
        self.addresses.retain(|known| *known != from);
        self.addresses.push(from);
        let is_over = self.addresses.len() > ICE_ADDRESSES_MAX;
        let oldest = self.addresses.iter().position(|known| Some(*known) != self.nominated && *known != from);
        let left = oldest.filter(|_| is_over).map(|oldest| self.addresses.remove(oldest));
        (is_new, left)
    }
}

fn refusal(request: &Request<'_>) -> Option<Answer> {
    if !request.unknown.is_empty() {
        return Some(Answer::Unknown(request.unknown.clone()));
    }
    request.is_controlled.then_some(Answer::RoleConflict)
}

#[cfg(test)]
mod tests {
    use super::stun::browser::{CONTROLLED, Check, NOMINATES, read_answer};
    use super::*;

    fn named(name: &str) -> IceCredentials {
        IceCredentials { ufrag: format!("{name}-ufrag"), pwd: format!("{name}-password") }
    }

    fn from(port: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 7], port))
    }

    struct Asked<'a> {
        name: &'a str,
        theirs: &'a str,
        more: &'a [(u16, &'a [u8])],
    }

    const PLAIN: Asked<'_> = Asked { name: "a", theirs: "t-ufrag", more: &[] };

    fn check(ice: &mut IceLite, asked: &Asked<'_>, port: u16) -> Option<(u16, Checked)> {
        let (username, password) =
            (format!("{}-ufrag:{}", asked.name, asked.theirs), format!("{}-password", asked.name));
        let check = Check { transaction: [1; 12], username: &username, password: &password, more: asked.more };
        let datagram = check.write();
        let checked = ice.check(&Request::read(&datagram).unwrap(), from(port), Mono(5))?;
        let (code, is_signed, _) = read_answer(&checked.answer, &password).unwrap();
        assert!(is_signed);
        Some((code, checked))
    }

    fn described() -> IceLite {
        let mut ice = IceLite::new(named("a"));
        assert_eq!(ice.describe(&named("a"), &named("t")), None);
        ice
    }

    #[test]
    fn sound_goes_where_the_browser_says_last() {
        let mut ice = described();
        assert_eq!(ice.destination(), None);
        assert_eq!(check(&mut ice, &PLAIN, 1).map(|(code, checked)| (code, checked.is_new)), Some((200, true)));
        assert_eq!((ice.destination(), ice.checked_at()), (Some(from(1)), Some(Mono(5))));
        check(&mut ice, &Asked { more: &[NOMINATES], ..PLAIN }, 2);
        check(&mut ice, &PLAIN, 3);
        assert_eq!(ice.destination(), Some(from(2)));
        check(&mut ice, &Asked { more: &[NOMINATES], ..PLAIN }, 3);
        assert_eq!(ice.destination(), Some(from(3)));
        assert!(ice.knows(from(1)) && !ice.knows(from(4)));
    }

    #[test]
    fn who_is_not_the_browser_hears_nothing() {
        let mut ice = described();
        for asked in [Asked { name: "b", ..PLAIN }, Asked { theirs: "other", ..PLAIN }] {
            assert_eq!(check(&mut ice, &asked, 1), None);
        }
        let forged =
            Check { transaction: [1; 12], username: "a-ufrag:t-ufrag", password: "guessed", more: &[] }.write();
        assert_eq!(ice.check(&Request::read(&forged).unwrap(), from(1), Mono(5)), None);
        assert_eq!((ice.destination(), ice.checked_at()), (None, None));
        let mut early = IceLite::new(named("a"));
        assert!(check(&mut early, &Asked { theirs: "whoever", ..PLAIN }, 1).is_some(), "the answer is on its way");
    }

    #[test]
    fn a_conflict_and_the_unknown_are_answered_and_admit_nobody() {
        let mut ice = described();
        assert_eq!(check(&mut ice, &Asked { more: &[CONTROLLED], ..PLAIN }, 1).map(|(code, _)| code), Some(487));
        assert_eq!(check(&mut ice, &Asked { more: &[(0x7777, &[0; 4])], ..PLAIN }, 1).map(|(code, _)| code), Some(420));
        assert!(!ice.knows(from(1)) && ice.checked_at().is_none());
    }

    #[test]
    fn after_a_restart_both_names_count_until_the_next_one() {
        let mut ice = described();
        assert_eq!(ice.describe(&named("b"), &named("u")), None);
        assert!(check(&mut ice, &PLAIN, 1).is_some());
        assert!(check(&mut ice, &Asked { name: "b", theirs: "u-ufrag", more: &[] }, 2).is_some());
        assert_eq!(ice.describe(&named("c"), &named("v")), Some(named("a")));
        assert_eq!(check(&mut ice, &PLAIN, 1), None);
    }

    #[test]
    fn of_many_addresses_the_oldest_goes_but_never_the_nominated_one() {
        let mut ice = described();
        check(&mut ice, &Asked { more: &[NOMINATES], ..PLAIN }, 1);
        let last = ICE_ADDRESSES_MAX as u16 + 5;
        let left: Vec<_> = (2..=last).filter_map(|port| check(&mut ice, &PLAIN, port)?.1.left).collect();
        assert_eq!(left, (2..=6).map(from).collect::<Vec<_>>());
        assert!(ice.knows(from(1)) && ice.knows(from(last)) && ice.addresses().len() == ICE_ADDRESSES_MAX);
        ice.lose(from(1));
        assert_eq!(ice.destination(), Some(from(last)));
    }
}
