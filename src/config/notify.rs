//! `[access.notify.NAME]`: who is told what became of the calls that a rule names them for.

use std::path::PathBuf;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::base::Pii;

use super::fault::Faults;
use super::plan::NotifyPlan;
use super::tree::{Section, Text};
use super::values::Names;

const URL: &str = "write where the events go: url = \"https://crm.example.com/hooks/calls\"";
const SECRET: &str = "write secret = \"whsec_...\": printf 'whsec_%s' \"$(openssl rand -base64 32)\"";
/// Shorter ones can be guessed.
const SECRET_MIN: usize = 24;
/// Where Debian and its relatives keep the authorities that everybody knows.
const AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// The targets; their names are added to `names`, which rules refer to.
pub(super) fn read<'a>(access: &mut Section<'a>, names: &mut Names<'a>, faults: &mut Faults<'_>) -> Vec<NotifyPlan> {
    let mut plans = Vec::new();
    for (name, item) in access.section("notify", faults).entries() {
        let Some(section) = item.section(faults) else { continue };
        let is_new = names.add(&Text { value: name, place: item.place.clone() }, faults);
        plans.extend(target(name, section, faults).filter(|_| is_new));
    }
    plans
}

fn target(name: &str, mut section: Section<'_>, faults: &mut Faults<'_>) -> Option<NotifyPlan> {
    let url = section.required("url", URL, faults).and_then(|item| item.text(faults));
    let secret = section.required("secret", SECRET, faults).and_then(|item| item.text(faults));
    let timeout = section.millis("timeout_ms", Duration::from_secs(5), 100..=60_000, faults);
    let retry = section.seconds("retry_s", Duration::from_secs(5), 1..=3_600, faults);
    let tries = section.number("tries", 12, 1..=50, faults);
    let line = faults.line(&section.place);
    let ca = section.text("ca", faults).map_or(AUTHORITIES, |text| text.value);
    section.finish(faults);
    let url = url.filter(|url| is_address(url, faults));
    let secret = secret.and_then(|secret| key(&secret, faults));
    Some(NotifyPlan {
        name: name.to_owned(),
        url: url?.value.to_owned(),
        secret: Pii::new(secret?),
        timeout,
        retry,
        tries,
        ca: PathBuf::from(ca),
        line,
    })
}

fn is_address(url: &Text<'_>, faults: &mut Faults<'_>) -> bool {
    let read = url.value.parse::<hyper::Uri>().ok();
    let is_good = read.is_some_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some());
    if !is_good {
        faults.add(&url.place, format!("{:?} is no address of the web", url.value), URL);
    }
    is_good
}

/// As Standard Webhooks write it; what was given is not repeated.
fn key(secret: &Text<'_>, faults: &mut Faults<'_>) -> Option<Vec<u8>> {
    let key = secret.value.strip_prefix("whsec_").and_then(|key| STANDARD.decode(key).ok());
    if key.as_ref().is_none_or(|key| key.len() < SECRET_MIN) {
        faults.add(&secret.place, format!("is no key of {SECRET_MIN} bytes and more in Base64"), SECRET);
        return None;
    }
    key
}
