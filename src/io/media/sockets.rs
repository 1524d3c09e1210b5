//! The two UDP sockets of each leg, by slot number and by leg.

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::AsFd;

use socket2::{Domain, Protocol, Socket, Type};

use super::epoll::{self, Epoll};
use crate::base::LegId;
use crate::base::id_map::IdMap;
use crate::media::{Channel, FailCause, Wire};

/// The open sockets of one worker.
#[derive(Default)]
pub struct Sockets {
    slots: Vec<Option<Pair>>,
    free: Vec<usize>,
    slot_by_leg: IdMap<LegId, usize>,
}

struct Pair {
    leg: LegId,
    rtp: UdpSocket,
    rtcp: UdpSocket,
    /// The one peer that the sound's socket is connected to. The kernel then keeps the route, which is a good part of a packet's cost.
    tied_to: Option<SocketAddr>,
}

/// Ten packets of 20 ms in each direction are under 20 kB with the kernel's own; enough for a stall of the thread.
const BUFFER: usize = 64 * 1024;
/// Expedited forwarding for sound (RFC 3246, RFC 4594 section 4.1), in the upper six bits.
const EXPEDITED: u32 = 46 << 2;

impl Sockets {
    /// Binds the pair and has it watched.
    pub fn open(&mut self, leg: LegId, address: IpAddr, port: u16, epoll: &Epoll) -> Result<(), FailCause> {
        let rtcp_port = port.checked_add(1).ok_or(FailCause::Socket)?;
        let pair = Pair { leg, rtp: bind(address, port)?, rtcp: bind(address, rtcp_port)?, tied_to: None };
        let slot = self.free.pop().unwrap_or(self.slots.len());
        let watch = |socket: &UdpSocket, channel| epoll.add(socket.as_fd(), number(slot, channel));
        let watched = watch(&pair.rtp, Channel::Rtp).and_then(|()| watch(&pair.rtcp, Channel::Rtcp));
        if slot == self.slots.len() {
            self.slots.push(None);
        }
        if watched.is_err() {
            self.free.push(slot);
            return Err(FailCause::Socket);
        }
        self.slots[slot] = Some(pair);
        self.slot_by_leg.insert(leg, slot);
        Ok(())
    }

    pub fn close(&mut self, leg: LegId) {
        let Some(slot) = self.slot_by_leg.remove(&leg) else { return };
        self.slots[slot] = None;
        self.free.push(slot);
    }

    /// Reads one datagram of the socket with this number; `None` when there is none, as after a close in the same round.
    pub fn read(&self, number: u64, buffer: &mut [u8]) -> Option<(LegId, Channel, SocketAddr, usize)> {
        let pair = self.slots.get((number >> 1) as usize)?.as_ref()?;
        let channel = if number & 1 == 0 { Channel::Rtp } else { Channel::Rtcp };
        let (length, from) = pair.socket(channel).recv_from(buffer).ok()?;
        Some((pair.leg, channel, from, length))
    }

    pub fn legs(&self) -> impl Iterator<Item = LegId> {
        self.slots.iter().flatten().map(|pair| pair.leg)
    }
}

impl Wire for Sockets {
    /// What the kernel will not take is lost, as any packet may be.
    fn send(&mut self, leg: LegId, channel: Channel, to: SocketAddr, packet: &[u8]) {
        let pair = self.slot_by_leg.get(&leg).and_then(|slot| self.slots.get(*slot)?.as_ref());
        if let Some(pair) = pair {
            let _ = pair.send(channel, to, packet);
        }
    }

    fn settle(&mut self, leg: LegId, peer: Option<SocketAddr>) {
        let slot = self.slot_by_leg.get(&leg).copied();
        if let Some(pair) = slot.and_then(|slot| self.slots.get_mut(slot)?.as_mut()) {
            pair.tie(peer);
        }
    }
}

impl Pair {
    fn send(&self, channel: Channel, to: SocketAddr, packet: &[u8]) -> io::Result<usize> {
        match (channel, self.tied_to) {
            (Channel::Rtp, Some(peer)) if peer == to => self.rtp.send(packet),
            (Channel::Rtp | Channel::Rtcp, _) => self.socket(channel).send_to(packet, to),
        }
    }

    /// Not where the socket is bound to every address: a connection would choose one, and the peer may send to another.
    fn tie(&mut self, peer: Option<SocketAddr>) {
        let is_of_one_address = self.rtp.local_addr().is_ok_and(|local| !local.ip().is_unspecified());
        let peer = peer.filter(|_| is_of_one_address);
        if self.tied_to == peer {
            return;
        }
        let tied = peer.filter(|peer| self.rtp.connect(peer).is_ok());
        if tied.is_none() {
            epoll::disconnect(self.rtp.as_fd());
        }
        self.tied_to = tied;
    }

    fn socket(&self, channel: Channel) -> &UdpSocket {
        match channel {
            Channel::Rtp => &self.rtp,
            Channel::Rtcp => &self.rtcp,
        }
    }
}

fn number(slot: usize, channel: Channel) -> u64 {
    (slot as u64) << 1 | u64::from(channel == Channel::Rtcp)
}

fn bind(address: IpAddr, port: u16) -> Result<UdpSocket, FailCause> {
    try_bind(address, port).map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => FailCause::PortInUse,
        _ => FailCause::Socket,
    })
}

fn try_bind(address: IpAddr, port: u16) -> io::Result<UdpSocket> {
    let address = SocketAddr::new(address, port);
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    socket.set_recv_buffer_size(BUFFER)?;
    socket.bind(&address.into())?;
    // A network that does not honour the mark carries the packets all the same.
    let _ = if address.is_ipv4() { socket.set_tos_v4(EXPEDITED) } else { socket.set_tclass_v6(EXPEDITED) };
    Ok(socket.into())
}
