//! Everything that is configured, checked and in the form in which the core uses it. `config` makes it from a file.

use crate::calls::settings::{CallSettings, PoolPlan};
use crate::desktop;
use crate::routing;
use crate::sip::api::EndpointSetup;

/// The configuration of one engine.
#[derive(Clone, Debug)]
pub struct Settings {
    pub endpoint: EndpointSetup,
    pub calls: CallSettings,
    pub routing: routing::Setup,
    pub desks: desktop::Setup,
    pub pools: Vec<PoolPlan>,
}
