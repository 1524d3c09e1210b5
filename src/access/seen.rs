//! A caller as the rules see them: the facts, and what the policy's indexes know, found when the first rule asks.

use std::cell::OnceCell;

use super::domain_index::DomainFound;
use super::domains::host_of;
use super::facts::Facts;
use super::keywords::Keywords;
use super::look_alike::LookAlikes;
use super::policy::Indexes;
use super::rule_set::RuleSet;

pub(super) struct Seen<'a> {
    pub facts: &'a Facts<'a>,
    pub domain: DomainFound<'a>,
    host: Option<Box<str>>,
    keywords: Option<&'a Keywords>,
    look_alikes: &'a LookAlikes,
    spoken: OnceCell<RuleSet>,
    looks_like: OnceCell<Option<&'a str>>,
}

impl<'a> Seen<'a> {
    pub(super) fn new(facts: &'a Facts<'a>, indexes: &'a Indexes) -> Seen<'a> {
        let host = facts.domain.and_then(host_of);
        let domain = host.as_deref().map(|host| indexes.domains.find(host)).unwrap_or_default();
        Seen {
            facts,
            domain,
            host,
            keywords: indexes.keywords.as_ref(),
            look_alikes: &indexes.look_alikes,
            spoken: OnceCell::new(),
            looks_like: OnceCell::new(),
        }
    }

    /// The rules of which a keyword is in the customer's words.
    pub(super) fn spoken(&self) -> &RuleSet {
        self.spoken.get_or_init(|| {
            self.facts.words.zip(self.keywords).map(|(words, keywords)| keywords.find(words)).unwrap_or_default()
        })
    }

    /// The protected domain that the caller's looks like; a domain that is known itself is what it is.
    pub(super) fn looks_like(&self) -> Option<&'a str> {
        *self.looks_like.get_or_init(|| {
            let host = self.host.as_deref().filter(|_| !self.domain.known);
            host.and_then(|host| self.look_alikes.find(host))
        })
    }
}
