//! The configuration changes while calls go on.

use crate::engine::{ConfigSource, Configured, Input};
use crate::sim::town;
use crate::sim::variant::Variant;

use super::World;

impl World {
    pub(super) fn maybe_reload(&mut self) {
        if !self.rng.chance(0.04) {
            return;
        }
        let variant = if self.rng.chance(0.3) { Variant::default() } else { Variant::draw(&mut self.rng) };
        let Some(settings) = town::settings(self.scenario.agents, variant) else { return };
        self.counts.see("reload");
        self.feed(Input::Configured(Box::new(Configured { settings, source: ConfigSource::default() })));
    }
}
