//! The host names that we connect to over TLS: a connection made for one serves no other, even at the same address (RFC 5922
//! section 7.1: who the peer must be is what stood in the URI, not what a name server made of it).

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::base::limits::SIP_DOMAINS_MAX;
use crate::sip::api::FlowId;

/// Names by number; a number is never given to another name.
#[derive(Default)]
pub struct Domains {
    serial: u64,
    number_by_name: HashMap<Arc<str>, u64>,
    name_by_number: BTreeMap<u64, Arc<str>>,
}

impl Domains {
    pub fn number(&mut self, name: &str) -> u64 {
        if let Some(number) = self.number_by_name.get(name) {
            return *number;
        }
        self.serial += 1;
        let name: Arc<str> = name.into();
        self.number_by_name.insert(Arc::clone(&name), self.serial);
        self.name_by_number.insert(self.serial, name);
        if self.name_by_number.len() > SIP_DOMAINS_MAX
            && let Some((_, oldest)) = self.name_by_number.pop_first()
        {
            self.number_by_name.remove(&oldest);
        }
        self.serial
    }

    /// The name that `flow` leads to, unless it leads to none or is forgotten.
    pub fn name(&self, flow: FlowId) -> Option<&Arc<str>> {
        self.name_by_number.get(&flow.name()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_number_until_it_is_forgotten() {
        let mut domains = Domains::default();
        let first = domains.number("a.example.com");
        let flow = FlowId(3).towards(first);
        assert_eq!(flow.listener(), FlowId(3));
        assert!(!flow.is_stream() && FlowId::stream(9, FlowId(3)).name().is_none());
        assert_eq!(domains.number("a.example.com"), first);
        assert_eq!(domains.name(flow).map(AsRef::as_ref), Some("a.example.com"));
        for nth in 0..SIP_DOMAINS_MAX {
            domains.number(&format!("host{nth}.example.com"));
        }
        assert_eq!(domains.name(flow), None);
        assert_ne!(domains.number("a.example.com"), first);
        assert_eq!((domains.number_by_name.len(), domains.name_by_number.len()), (SIP_DOMAINS_MAX, SIP_DOMAINS_MAX));
    }
}
