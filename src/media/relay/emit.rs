//! The last step of a packet: as it is, or sealed with the key of the leg that it leaves by. Nothing goes to a browser without one.

use std::net::SocketAddr;

use super::{Channel, Wire};
use crate::base::LegId;
use crate::media::leg::Leg;

impl Leg {
    /// A packet that cannot be sealed does not leave.
    pub(super) fn emit(&mut self, id: LegId, channel: Channel, to: SocketAddr, packet: &[u8], wire: &mut impl Wire) {
        let Some(shield) = &mut self.shield else {
            if self.browser.is_none() {
                wire.send(id, channel, to, packet);
            }
            return;
        };
        let sealed = match channel {
            Channel::Rtp => shield.seal_rtp(packet),
            Channel::Rtcp => shield.seal_rtcp(packet),
        };
        if let Some(sealed) = sealed {
            wire.send(id, channel, to, sealed);
        }
    }
}
