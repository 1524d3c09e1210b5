//! Websockets that a token has bound to somebody: what a browser may ask without a password, and what nobody else may ask there.

use super::Endpoint;
use super::core::Way;
use super::from_phone::Caller;
use crate::base::{AgentId, Mono, Pii};
use crate::sip::api::{Browser, IncomingCall, UserToUsers};
use crate::sip::wire::Request;

/// What a page says of its caller and of whom it wants is not believed: its intent says that.
pub fn disowned(call: IncomingCall) -> IncomingCall {
    IncomingCall {
        dialled: Pii::default(),
        to_user: Pii::default(),
        from_user: Pii::default(),
        from_host: String::new(),
        from_display: Pii::default(),
        diverted_from: None,
        user_to_user: None,
        user_to_users: UserToUsers::default(),
        ..call
    }
}

impl Endpoint {
    /// Whose request opens something; `None` when it has been turned away.
    pub(super) fn caller_in_browser(
        &mut self,
        way: Way,
        request: &Request,
        browser: &Browser,
        now: Mono,
    ) -> Option<Caller> {
        let caller = match browser {
            Browser::Caller { intent } => Some(Caller::Web(*intent)),
            Browser::Agent { agent } => {
                let phone = self.phone_of_agent(agent, &request.from().uri.user_text());
                phone.map(|_| Caller::Phone(agent.clone()))
            }
        };
        if caller.is_none() {
            self.turn_away_stranger(way, request, now);
        }
        caller
    }

    /// The place of the phone that registers over an agent's own websocket; `None` when the REGISTER has been turned away.
    pub(super) fn phone_in_browser(
        &mut self,
        way: Way,
        request: &Request,
        browser: &Browser,
        now: Mono,
    ) -> Option<usize> {
        let phone = match browser {
            Browser::Agent { agent } => self.phone_of_agent(agent, &request.to().uri.user_text()),
            Browser::Caller { .. } => None,
        };
        if phone.is_none() {
            self.turn_away_stranger(way, request, now);
        }
        phone
    }

    /// The place in the setup of the agent's phone, if `user` is the user of it.
    fn phone_of_agent(&self, agent: &AgentId, user: &str) -> Option<usize> {
        let place = *self.phone_by_user.get(user)?;
        self.core.setup.phones.get(place).filter(|account| account.agent == *agent).map(|_| place)
    }
}
