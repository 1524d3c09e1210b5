//! The last step of a packet: as it is, or sealed with the key of the leg that it leaves by. Nothing goes to a browser without one.

use std::net::SocketAddr;

use super::{Channel, Exit, Wire};
use crate::base::LegId;
use crate::media::leg::Leg;

impl Leg {
    /// A packet that cannot be sealed does not leave.
    pub(super) fn emit(&mut self, id: LegId, channel: Channel, to: SocketAddr, packet: &[u8], wire: &mut impl Wire) {
        let exit = Exit { leg: id, door: self.door };
        let Some(shield) = &mut self.shield else {
            if self.browser.is_none() {
                wire.send(exit, channel, to, packet);
            }
            return;
        };
        let sealed = match channel {
            Channel::Rtp => shield.seal_rtp(packet),
            Channel::Rtcp => shield.seal_rtcp(packet),
        };
        if let Some(sealed) = sealed {
            wire.send(exit, channel, to, sealed);
        }
    }
}
