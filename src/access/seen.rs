//! A caller as the rules see them: the facts, and what the policy's indexes know, found when the first rule asks.

use std::cell::OnceCell;

use super::domain_index::{DomainFound, Host};
use super::domains::host_of;
use super::facts::Facts;
use super::keywords::{Keyword, Spoken};
use super::policy::Indexes;
use super::rule_set::RuleSet;

pub(super) struct Seen<'a> {
    pub facts: &'a Facts<'a>,
    indexes: &'a Indexes,
    host: Option<Host<'a>>,
    domain: OnceCell<DomainFound<'a>>,
    spoken: OnceCell<Spoken>,
    looks_like: OnceCell<Option<&'a str>>,
}

impl<'a> Seen<'a> {
    pub(super) fn new(facts: &'a Facts<'a>, indexes: &'a Indexes) -> Seen<'a> {
        let host = facts.domain.and_then(host_of).map(Host::new);
        host.iter().for_each(|host| indexes.domains.ahead(host));
        Seen { facts, indexes, host, domain: OnceCell::new(), spoken: OnceCell::new(), looks_like: OnceCell::new() }
    }

    pub(super) fn domain(&self) -> &DomainFound<'a> {
        let find = |host: &Host<'_>| self.indexes.domains.find(host);
        self.domain.get_or_init(|| self.host.as_ref().map(find).unwrap_or_default())
    }

    /// The rules of which a keyword is in the customer's words.
    pub(super) fn spoken(&self) -> &RuleSet {
        &self.found().rules
    }

    /// Which of these keywords was found.
    pub(super) fn said<'k>(&self, asked: &'k [Keyword]) -> Option<&'k str> {
        self.indexes.keywords.as_ref()?.first_of(self.found(), asked)
    }

    fn found(&self) -> &Spoken {
        let keywords = self.indexes.keywords.as_ref();
        self.spoken.get_or_init(|| {
            self.facts.words.zip(keywords).map(|(words, keywords)| keywords.find(words)).unwrap_or_default()
        })
    }

    /// The protected domain that the caller's looks like; a domain that is known itself is what it is.
    pub(super) fn looks_like(&self) -> Option<&'a str> {
        *self.looks_like.get_or_init(|| {
            let host = self.host.as_ref().filter(|_| !self.domain().known);
            host.and_then(|host| self.indexes.look_alikes.find(&host.name))
        })
    }
}
