//! A phone, or the fallback, says by 3xx that it is elsewhere: we ring there as far as the dial rules allow
//! (RFC 3261 section 8.1.3.4).

use std::collections::VecDeque;

use crate::base::Pii;
use crate::base::limits::{MOVED_HOPS_MAX, MOVED_TARGETS_MAX};
use crate::sip::api::{FlowId, Target};

use super::dialling::{DialRules, Place};

/// Where one ringing has been sent, and where it may go yet.
#[derive(Clone, Debug, Default)]
pub struct Moved {
    hops: usize,
    targets: usize,
    /// What is rung already, so that nothing is rung twice.
    known: Vec<String>,
    /// The best first; those of the newest 3xx before the others.
    left: VecDeque<Next>,
}

/// Somewhere to ring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next {
    pub target: Target,
    pub flow: FlowId,
}

impl Moved {
    /// Something is rung that nobody has sent us to.
    pub fn from(target: &Target) -> Moved {
        let known = match target {
            Target::Uri { uri, .. } => vec![uri.clone()],
            Target::Trunk { .. } | Target::Registered(_) => Vec::new(),
        };
        Moved { known, ..Moved::default() }
    }

    /// What to ring after a refusal, if there is something: never after 6xx, or after it has rung in vain.
    pub fn next(&mut self, status: u16, contacts: &[Pii<String>], rules: &DialRules) -> Option<Next> {
        if !contacts.is_empty() && self.hops < MOVED_HOPS_MAX {
            self.hops += 1;
            self.add(contacts, rules);
        }
        match status {
            408 | 487 | 600.. => None,
            0..600 => self.left.pop_front(),
        }
    }

    fn add(&mut self, contacts: &[Pii<String>], rules: &DialRules) {
        let mut found = VecDeque::new();
        for contact in contacts {
            let Some(Place::Elsewhere { target, flow }) = rules.elsewhere(contact.expose()) else { continue };
            let Target::Uri { uri, .. } = &target else { continue };
            let is_new = !self.known.iter().any(|known| known.eq_ignore_ascii_case(uri));
            if is_new && self.targets < MOVED_TARGETS_MAX {
                self.targets += 1;
                self.known.push(uri.clone());
                found.push_back(Next { target, flow });
            }
        }
        found.append(&mut self.left);
        self.left = found;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calls::dialling::DialRule;

    fn rules() -> DialRules {
        let host = Some("pbx.example.com".to_owned());
        let rule = DialRule { user: "8*".to_owned(), host, to: None, via: None, flow: FlowId(0) };
        DialRules { rules: vec![rule], ..DialRules::default() }
    }

    fn contacts(users: &[u16]) -> Vec<Pii<String>> {
        users.iter().map(|user| Pii::new(format!("sip:{user}@pbx.example.com"))).collect()
    }

    fn from(user: u16) -> Moved {
        Moved::from(&Target::Uri { uri: format!("sip:{user}@PBX.example.com"), via: None })
    }

    fn next(moved: &mut Moved, status: u16, users: &[u16]) -> Option<String> {
        match moved.next(status, &contacts(users), &rules())?.target {
            Target::Uri { uri, .. } => uri.get(4..7).map(str::to_owned),
            Target::Trunk { .. } | Target::Registered(_) => None,
        }
    }

    #[test]
    fn what_the_rules_allow_is_rung_once_and_the_best_first() {
        let mut moved = from(800);
        assert_eq!(next(&mut moved, 302, &[800, 700, 801, 802]).as_deref(), Some("801"));
        assert_eq!(next(&mut moved, 302, &[801, 803]).as_deref(), Some("803"), "the newest come first");
        assert_eq!(next(&mut moved, 486, &[]).as_deref(), Some("802"));
        assert_eq!(next(&mut moved, 404, &[]), None);
    }

    #[test]
    fn hops_and_targets_have_an_end() {
        let mut moved = from(800);
        for user in [801, 802, 803] {
            assert!(next(&mut moved, 302, &[user]).is_some(), "{user}");
        }
        assert_eq!(next(&mut moved, 302, &[804]), None);
        let mut moved = from(800);
        let many: Vec<u16> = (801..810).collect();
        let rung = std::iter::successors(next(&mut moved, 300, &many), |_| next(&mut moved, 404, &[]));
        assert_eq!(rung.take(9).count(), MOVED_TARGETS_MAX);
    }

    #[test]
    fn who_rang_in_vain_or_wants_nothing_is_the_last() {
        for status in [408, 487, 600, 603] {
            let mut moved = from(800);
            assert!(next(&mut moved, 302, &[801, 802]).is_some());
            assert_eq!(next(&mut moved, status, &[]), None, "{status}");
        }
    }
}
