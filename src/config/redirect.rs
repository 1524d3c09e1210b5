//! `mode` of a trunk: whether its calls go through us, or are answered with 302 to the agent's extension.

use std::time::Duration;

use crate::calls::settings::{HistoryHeader, Mode, RedirectPlan};

use super::fault::Faults;
use super::tree::{Section, Text};
use super::values::sip_uri;

const MODES: [(&str, bool); 2] = [("path", false), ("redirect", true)];
const HISTORIES: [(&str, HistoryHeader); 2] =
    [("diversion", HistoryHeader::Diversion), ("history-info", HistoryHeader::HistoryInfo)];
/// Longer than most calls; the desk says so when one is over before.
const HOLD: Duration = Duration::from_secs(600);

pub(super) fn mode(section: &mut Section<'_>, faults: &mut Faults<'_>) -> Mode {
    let is_redirected = section.text("mode", faults).and_then(|text| text.word(&MODES, faults)).unwrap_or(false);
    let keys = ["redirect_hold_s", "redirect_queue", "redirect_token", "redirect_history"];
    let given = keys.into_iter().find_map(|key| section.item(key));
    if let Some(item) = given.filter(|_| !is_redirected) {
        faults.add(
            &item.place,
            "says something of a redirect that there is not",
            "write mode = \"redirect\", or leave it out",
        );
    }
    let plan = RedirectPlan {
        hold: section.seconds("redirect_hold_s", HOLD, 1..=14_400, faults),
        queue: section.text("redirect_queue", faults).and_then(|text| extension(&text, faults)),
        token: section.flag("redirect_token", false, faults),
        history: section.text("redirect_history", faults).and_then(|text| text.word(&HISTORIES, faults)),
    };
    if is_redirected { Mode::Redirect(plan) } else { Mode::Path }
}

/// A SIP URI to which header fields can be added.
pub(super) fn extension(text: &Text<'_>, faults: &mut Faults<'_>) -> Option<String> {
    let uri = sip_uri(text, faults)?;
    if uri.contains(['?', '{']) {
        faults.add(
            &text.place,
            format!("{uri:?} has more than an address"),
            "write it like \"sip:204@pbx.example.com\"",
        );
        return None;
    }
    Some(uri.to_owned())
}
