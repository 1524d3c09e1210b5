//! `[web]`: calls that customers place from their browsers.

use std::sync::Arc;
use std::time::Duration;

use crate::base::TrunkId;
use crate::calls::DIALLED;
use crate::calls::browsing::{self, TRUNK};
use crate::calls::settings::Fallback;
use crate::calls::terms::TrunkTerms;
use crate::sip::api::FlowId;

use super::caps;
use super::fault::Faults;
use super::sip::SipPart;
use super::sound_terms;
use super::tree::Section;
use super::trunks::{self, TrunksPart};

/// Without a fallback the page is told, and may offer something else.
const REFUSED: Fallback = Fallback::Status { code: 503 };

/// A page loads in a second or two, and a browser looks for the network again within ten.
const RETURN_WITHIN: Duration = Duration::from_secs(15);

/// Adds the built-in trunk to those of the file, which may not have its name; how long a call waits for a browser whose connection has
/// closed.
pub(super) fn read<'a>(
    top: &mut Section<'a>,
    sip: &SipPart,
    flow: FlowId,
    part: &mut TrunksPart<'a>,
    faults: &mut Faults<'_>,
) -> Duration {
    let mut section = top.section("web", faults);
    let return_within = section.seconds("return_within_s", RETURN_WITHIN, 1..=300, faults);
    let mut wanted = Vec::new();
    let item = section.item("fallback");
    let fallback = item.as_ref().and_then(|item| trunks::fallback(item, sip, &mut wanted, faults));
    let written = match &fallback {
        Some(Fallback::Sip { uri, .. } | Fallback::Redirect { contact: uri }) => uri.as_str(),
        Some(Fallback::Trunk { user, .. }) => user,
        Some(Fallback::Status { .. }) | None => "",
    };
    if let Some(item) = item.filter(|_| written.contains(DIALLED)) {
        let remedy = "write the user part that is to be called";
        faults.add(&item.place, "wants the number that was dialled, and browsers dial none", remedy);
    }
    trunks::check_wanted(part, &wanted, faults);
    let terms = TrunkTerms {
        caps: caps::read(&mut section, faults),
        sound: sound_terms::read(&mut section, faults),
        ..TrunkTerms::default()
    };
    section.finish(faults);
    part.names.reserve(TRUNK, faults);
    let plan = browsing::plan(fallback.unwrap_or(REFUSED), terms, flow);
    part.plans.insert(TrunkId::new(TRUNK), Arc::new(plan));
    return_within
}
