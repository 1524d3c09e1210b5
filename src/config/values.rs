//! Values that several sections have: addresses, URIs, hashes, names that must differ.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use crate::base::E164;
use crate::base::phone::Region;
use crate::sip::resolve::Destination;
use crate::sip::wire::Uri;

use super::fault::{Faults, Place, did_you_mean};
use super::tree::{Section, Text};

/// Names of one kind, each once.
#[derive(Default)]
pub(super) struct Names<'a> {
    line_by_name: BTreeMap<&'a str, usize>,
}

impl<'a> Names<'a> {
    /// The name that the section must have under `key`, if no other has it.
    pub(super) fn take(
        &mut self,
        section: &mut Section<'a>,
        key: &'static str,
        faults: &mut Faults<'_>,
    ) -> Option<Text<'a>> {
        let name = section.required(key, "give it a name of its own", faults)?.text(faults)?;
        if name.value.is_empty() || name.value.len() > NAME_MAX || name.value.chars().any(char::is_control) {
            faults.add(&name.place, "is no name", format!("write 1 to {NAME_MAX} printable characters"));
            return None;
        }
        self.add(&name, faults).then_some(name)
    }

    /// False when it is there already, which is said.
    pub(super) fn add(&mut self, name: &Text<'a>, faults: &mut Faults<'_>) -> bool {
        let is_new = self.line_by_name.insert(name.value, name.place.offset).is_none();
        if !is_new {
            faults.add(&name.place, format!("{:?} is there twice", name.value), "give each a name of its own");
        }
        is_new
    }

    /// A name that is ours.
    pub(super) fn reserve(&mut self, name: &'static str, faults: &mut Faults<'_>) {
        if let Some(offset) = self.line_by_name.insert(name, 0) {
            let place = Place { offset, key: "name".to_owned() };
            faults.add(&place, format!("{name:?} is built in"), "choose another name");
        }
    }

    /// Says so when the name that is referred to is not there.
    pub(super) fn check(&self, kind: &str, name: &Text<'_>, faults: &mut Faults<'_>) -> bool {
        let is_known = self.line_by_name.contains_key(name.value);
        if !is_known {
            let known: Vec<_> = self.line_by_name.keys().copied().collect();
            faults.add(&name.place, format!("no {kind} is called {:?}", name.value), did_you_mean(name.value, &known));
        }
        is_known
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &'a str> {
        self.line_by_name.keys().copied()
    }

    pub(super) fn only(&self) -> Option<&'a str> {
        if self.line_by_name.len() == 1 { self.line_by_name.keys().next().copied() } else { None }
    }

    /// Names that are listed without a section of their own.
    pub(super) fn list(texts: Vec<Text<'a>>, faults: &mut Faults<'_>) -> Names<'a> {
        let mut names = Names::default();
        for text in texts {
            if names.line_by_name.insert(text.value, text.place.offset).is_some() {
                faults.add(&text.place, format!("{:?} is there twice", text.value), "write it once");
            }
        }
        names
    }
}

const NAME_MAX: usize = 100;

pub(super) fn socket(text: &Text<'_>, faults: &mut Faults<'_>) -> Option<SocketAddr> {
    text.parse(
        str::parse::<SocketAddr>,
        "write an address and a port, like 192.0.2.1:5060 or [2001:db8::1]:5060",
        faults,
    )
}

pub(super) fn address(text: &Text<'_>, faults: &mut Faults<'_>) -> Option<IpAddr> {
    text.parse(str::parse::<IpAddr>, "write an address, like 192.0.2.1 or 2001:db8::1", faults)
}

pub(super) fn region(section: &mut Section<'_>, faults: &mut Faults<'_>) -> Option<Region> {
    let text = section.text("region", faults)?;
    let region = Region::parse(text.value);
    if region.is_none() {
        let what = format!("{:?} is no region", text.value);
        faults.add(&text.place, what, "write the two letters of its country, like \"US\" or \"DE\"");
    }
    region
}

pub(super) fn phone_number(text: &Text<'_>, region: Option<Region>, faults: &mut Faults<'_>) -> Option<E164> {
    text.parse(|t| E164::parse(t, region), "write it with its country code, like \"+12015550100\"", faults)
}

/// A SIP URI; `{dialled}` in it stands for a number.
pub(super) fn sip_uri<'a>(text: &Text<'a>, faults: &mut Faults<'_>) -> Option<&'a str> {
    let example = text.value.replace("{dialled}", "0");
    if let Some(other) = example.find('{').and_then(|at| example.get(at..)) {
        let name = other.find('}').and_then(|end| other.get(..=end)).unwrap_or(other);
        faults.add(
            &text.place,
            format!("{name} stands for nothing"),
            "write {dialled} for the number that was dialled",
        );
        return None;
    }
    let is_sip = Uri::read(example.as_bytes()).is_some_and(|uri| uri.is_sip());
    if !is_sip {
        faults.add(&text.place, format!("{:?} is no SIP URI", text.value), "write it like \"sip:ivr@192.0.2.5:5060\"");
    }
    is_sip.then_some(text.value)
}

/// A SIP URI to which packets can be sent, of a transport that we have.
pub(super) fn sip_target<'a>(text: &Text<'a>, faults: &mut Faults<'_>) -> Option<&'a str> {
    let uri = sip_uri(text, faults)?;
    let example = uri.replace("{dialled}", "0");
    let known = Uri::read(example.as_bytes()).and_then(|uri| Destination::of(&uri));
    if known.is_none() {
        let remedy = "write transport=udp, tcp or tls, or leave it out";
        faults.add(&text.place, format!("{uri:?} is of a transport that we do not have"), remedy);
        return None;
    }
    Some(uri)
}

/// 32 bytes in hex: a SHA-256. The value is not repeated in the fault, for it may be a secret by mistake.
pub(super) fn sha256(text: &Text<'_>, remedy: &str, faults: &mut Faults<'_>) -> Option<[u8; 32]> {
    let bytes = from_hex(text.value).and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    if bytes.is_none() {
        faults.add(&text.place, "is no SHA-256: 64 hex digits", remedy);
    }
    bytes
}

pub(super) fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text.chars().map(|c| c.to_digit(16).map(|d| d as u8)).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    Some(digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}
