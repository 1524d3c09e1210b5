//! Requests that are long for a datagram go over TCP where the peer takes it, and over UDP where it does not (RFC 3261 section 18.1.1).

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use memchr::memmem;

use super::core::{Core, Own, Way};
use crate::base::Mono;
use crate::base::limits::SIP_UDP_ONLY_PEERS_MAX;
use crate::sip::api::{FlowId, LocalFlow, Transport};
use crate::sip::transaction::TxId;

/// What is on its way over TCP that might have gone over UDP, and who takes no TCP.
#[derive(Default)]
pub struct Large {
    /// As the request would be over UDP, and the flow for it.
    over_udp: HashMap<TxId, (Bytes, FlowId)>,
    /// Until when it is believed.
    udp_only: BTreeMap<SocketAddr, Mono>,
}

/// How long a peer that refused a connection is not asked again.
const UDP_ONLY_FOR: Duration = Duration::from_secs(600);

impl Large {
    pub fn forget(&mut self, id: TxId) {
        self.over_udp.remove(&id);
    }

    fn is_udp_only(&self, peer: SocketAddr, now: Mono) -> bool {
        self.udp_only.get(&peer).is_some_and(|until| now < *until)
    }
}

impl Core {
    /// The request and the way on which it goes: another than was meant when it is too long for that.
    pub fn fit(&mut self, id: TxId, request: Bytes, (flow, to): Way, now: Mono) -> (Bytes, Way) {
        if request.len() <= self.setup.tcp_above {
            return (request, (flow, to));
        }
        let Some((tcp, bytes)) = self.over_tcp(&request, (flow, to), now) else { return (request, (flow, to)) };
        self.large.over_udp.insert(id, (request, flow));
        (bytes, (tcp, to))
    }

    /// The TCP flow to the same peer, and the request with our address there in its Via.
    fn over_tcp(&self, request: &Bytes, (flow, to): Way, now: Mono) -> Option<(FlowId, Bytes)> {
        let meant = self.own(flow);
        if meant.transport != Transport::Udp || self.large.is_udp_only(to, now) {
            return None;
        }
        let is_alike = |local: &&LocalFlow| {
            local.transport == Transport::Tcp && local.advertised.is_ipv4() == meant.address.is_ipv4()
        };
        let tcp = self.setup.flows.iter().find(is_alike)?;
        let sent_by = |own: Own| format!("SIP/2.0/{} {}", own.transport.token(), own.address);
        let ours = sent_by(meant);
        let at = memmem::find(request, ours.as_bytes())?;
        let (before, rest) = request.split_at_checked(at)?;
        let bytes = [before, sent_by(self.own(tcp.flow)).as_bytes(), rest.get(ours.len()..)?].concat();
        Some((tcp.flow, Bytes::from(bytes)))
    }

    /// True when `id` could not go over TCP to `peer` and now goes over UDP.
    pub fn fall_back_to_udp(&mut self, id: TxId, peer: SocketAddr, now: Mono) -> bool {
        let Some((request, flow)) = self.large.over_udp.remove(&id) else { return false };
        self.large.udp_only.retain(|_, until| now < *until);
        if self.large.udp_only.len() < SIP_UDP_ONLY_PEERS_MAX {
            self.large.udp_only.insert(peer, now + UDP_ONLY_FOR);
        }
        self.send_anew(id, request, (flow, peer), now)
    }
}
