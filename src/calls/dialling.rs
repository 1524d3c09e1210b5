//! Where a call may be passed on to: the names and extensions of agents, and what the dial rules allow.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use crate::base::AgentId;
use crate::sip::api::{FlowId, Target};
use crate::sip::wire::Uri;

use super::fallback::with_dialled;

/// One kind of target that may be dialled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DialRule {
    /// Of the user part: `?` stands for any sign, `*` at the end for any number of them.
    pub user: String,
    /// The URI must have this host; any if there is none.
    pub host: Option<String>,
    /// Where it is dialled, with `{dialled}` for the user part; the URI as it was asked for if there is none.
    pub to: Option<String>,
    pub via: Option<SocketAddr>,
    pub flow: FlowId,
}

/// All rules, the first that fits decides; agents come before them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DialRules {
    pub rules: Vec<DialRule>,
    /// By name, phone user and the user part of the extension.
    pub agents: BTreeMap<String, AgentId>,
}

/// What a URI stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Agent(AgentId),
    Elsewhere { target: Target, flow: FlowId },
}

impl DialRules {
    /// `None` for what nobody may dial.
    pub fn find(&self, uri: &str) -> Option<Place> {
        let user = Uri::read(uri.as_bytes())?.user_text();
        match self.agents.get(&user) {
            Some(agent) => Some(Place::Agent(agent.clone())),
            None => self.elsewhere(uri),
        }
    }

    /// As `find`, without the agents.
    pub fn elsewhere(&self, uri: &str) -> Option<Place> {
        let read = Uri::read(uri.as_bytes())?;
        let (user, host) = (read.user_text(), read.host.map(|host| host.to_string()).unwrap_or_default());
        let is_host = |rule: &&DialRule| rule.host.as_ref().is_none_or(|allowed| allowed.eq_ignore_ascii_case(&host));
        let fits = |rule: &&DialRule| is_host(rule) && matches(rule.user.as_bytes(), user.as_bytes());
        let rule = self.rules.iter().find(fits)?;
        let uri = rule.to.as_ref().map_or_else(|| uri.to_owned(), |to| with_dialled(to, &user));
        Some(Place::Elsewhere { target: Target::Uri { uri, via: rule.via }, flow: rule.flow })
    }
}

fn matches(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern, text) {
        ([b'*'], _) => true,
        ([b'?', pattern @ ..], [_, text @ ..]) => matches(pattern, text),
        ([sign, pattern @ ..], [first, text @ ..]) => sign == first && matches(pattern, text),
        ([], rest) => rest.is_empty(),
        ([_, ..], []) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(user: &str, host: Option<&str>, to: Option<&str>) -> DialRule {
        let text = |text: Option<&str>| text.map(str::to_owned);
        DialRule { user: user.to_owned(), host: text(host), to: text(to), via: None, flow: FlowId(0) }
    }

    #[test]
    fn only_what_a_rule_names_is_dialled() {
        let rules = DialRules {
            rules: vec![
                rule("8??", Some("PBX.example.com"), None),
                rule("+1*", None, Some("sip:{dialled}@192.0.2.20")),
            ],
            agents: [("anna".to_owned(), AgentId::new("anna"))].into(),
        };
        let dialled = |uri: &str| match rules.find(uri) {
            Some(Place::Agent(agent)) => format!("agent {agent}"),
            Some(Place::Elsewhere { target: Target::Uri { uri, .. }, .. }) => uri,
            Some(Place::Elsewhere { .. }) => "a phone".to_owned(),
            None => "nobody".to_owned(),
        };
        for (uri, expect) in [
            ("sip:anna@anywhere.example.com", "agent anna"),
            ("sip:800@pbx.example.com;user=phone", "sip:800@pbx.example.com;user=phone"),
            ("sip:800@elsewhere.example.com", "nobody"),
            ("sip:8000@pbx.example.com", "nobody"),
            ("tel:+12015550100", "sip:+12015550100@192.0.2.20"),
            ("sip:+12015550100%40evil@x", "sip:+12015550100%40evil@192.0.2.20"),
            ("sip:+441632960000@192.0.2.1", "nobody"),
            ("sip:+@192.0.2.1", "nobody"),
            ("nonsense", "nobody"),
        ] {
            assert_eq!(dialled(uri), expect, "{uri}");
        }
    }
}
