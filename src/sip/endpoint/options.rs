//! OPTIONS: what we can (RFC 3261 section 11.2).

use super::Endpoint;
use super::compose::{ALLOW, EXTENSIONS, SDP};
use super::core::Way;
use super::stranger;
use crate::sip::wire::{HeaderName, Request, Writer};

/// The header fields of the 200.
pub fn describe(writer: &mut Writer) {
    writer
        .push(HeaderName::ALLOW, ALLOW)
        .push(HeaderName::ACCEPT, SDP)
        .push(HeaderName::SUPPORTED, EXTENSIONS.join(", "));
}

impl Endpoint {
    /// A trunk asks whether we are there. It costs no transaction: asked again, the same answer is given again.
    pub(super) fn answer_options(&mut self, way: Way, request: &Request) {
        stranger::turn_away(&mut self.core, way, request, 200, describe);
    }
}
