//! The two UDP sockets of each leg, by slot number and by leg.
//!
//! A pair whose leg is over stays bound for the next leg on its port: to open and close four sockets for each call is a good part
//! of what a call costs. Whatever still comes to it meanwhile is read and thrown away.

use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::{AsFd, AsRawFd};

use socket2::{Domain, Protocol, Socket, Type};

use super::bundle::Bundle;
use super::epoll::{self, Watcher};
use super::looks::{Found, Looks};
use super::ring::Outlet;
use super::shared::Shared;
use crate::base::id_map::IdMap;
use crate::base::limits::MEDIA_IDLE_PAIRS_MAX;
use crate::base::{LegId, prefetch};
use crate::media::{Channel, Door, Exit, FailCause, Wire};

/// The open sockets of one worker.
pub struct Sockets {
    slots: Vec<Option<Pair>>,
    free: Vec<usize>,
    slot_by_leg: IdMap<LegId, usize>,
    /// The pairs that wait for a leg, by where they are bound.
    idle_by_address: BTreeMap<SocketAddr, usize>,
    /// Legs that have no pair are browsers.
    shared: Option<Shared>,
    /// What the pairs have sent in this round.
    bundle: Bundle,
    watcher: Watcher,
    looks: Looks,
}

struct Pair {
    /// `None` while it is idle.
    leg: Option<LegId>,
    /// That of the sound.
    at: SocketAddr,
    rtp: UdpSocket,
    rtcp: UdpSocket,
    /// The number by which the bundle knows the sound's socket.
    place: Option<u32>,
    /// The one peer that the sound's socket is connected to. The kernel then keeps the route, which is a good part of a packet's cost.
    tied_to: Option<SocketAddr>,
    /// Who waits is told when sound comes. A socket that is waited for costs a tenth more with each packet that leaves by it, too.
    is_watched: bool,
}

/// Ten packets of 20 ms in each direction are under 20 kB with the kernel's own; enough for a stall of the thread.
const BUFFER: usize = 64 * 1024;
/// Datagrams that such a buffer holds at most.
const WAITING_MAX: usize = 256;
/// Expedited forwarding for sound (RFC 3246, RFC 4594 section 4.1), in the upper six bits.
const EXPEDITED: u32 = 46 << 2;

impl Sockets {
    pub fn new(shared: Shared, watcher: Watcher) -> Sockets {
        Sockets {
            slots: Vec::new(),
            free: Vec::new(),
            slot_by_leg: IdMap::default(),
            idle_by_address: BTreeMap::new(),
            shared: Some(shared),
            bundle: Bundle::default(),
            watcher,
            looks: Looks::new(),
        }
    }

    pub fn shared(&self) -> Option<&Shared> {
        self.shared.as_ref()
    }

    /// To be called on the thread that sends.
    pub fn bundle(&mut self) {
        self.bundle = Bundle::with_ring();
    }

    /// Ends a round.
    pub fn flush(&mut self) {
        self.bundle.flush();
        self.shared.iter_mut().for_each(Shared::flush);
    }

    /// A pair that is bound already, or else a new one, bound and watched.
    pub fn open(&mut self, leg: LegId, at: SocketAddr, buffer: &mut [u8]) -> Result<(), FailCause> {
        let slot = match self.idle_by_address.remove(&at) {
            Some(slot) => slot,
            None => self.bind(at)?,
        };
        if let Some(pair) = self.slots.get_mut(slot).and_then(Option::as_mut) {
            pair.begin(leg, buffer);
            self.slot_by_leg.insert(leg, slot);
        }
        Ok(())
    }

    fn bind(&mut self, at: SocketAddr) -> Result<usize, FailCause> {
        let pair = Pair::bind(at).or_else(|cause| {
            // Perhaps there are too many descriptors: those that nobody uses go first.
            if self.close_idle() { Pair::bind(at) } else { Err(cause) }
        })?;
        let slot = self.free.pop().unwrap_or(self.slots.len());
        if slot == self.slots.len() {
            self.slots.push(None);
        }
        let watch = |socket: &UdpSocket, channel| self.watcher.add(socket.as_fd(), number(slot, channel));
        if watch(&pair.rtp, Channel::Rtp).and_then(|()| watch(&pair.rtcp, Channel::Rtcp)).is_err() {
            self.free.push(slot);
            return Err(FailCause::Socket);
        }
        let place = u32::try_from(slot).ok().filter(|place| self.bundle.know(*place, pair.rtp.as_fd()));
        self.slots[slot] = Some(Pair { place, ..pair });
        Ok(slot)
    }

    /// Its ports are free afterwards.
    fn unbind(&mut self, slot: usize) {
        let pair = self.slots.get_mut(slot).and_then(Option::take);
        pair.and_then(|pair| pair.place).into_iter().for_each(|place| self.bundle.forget(place));
        self.free.push(slot);
    }

    /// True when there were any.
    fn close_idle(&mut self) -> bool {
        let idle = std::mem::take(&mut self.idle_by_address);
        idle.values().for_each(|slot| self.unbind(*slot));
        !idle.is_empty()
    }

    /// The pair is kept for the next leg, unless enough are, or the kernel would not wait for it.
    pub fn close(&mut self, leg: LegId) {
        let Some(slot) = self.slot_by_leg.remove(&leg) else { return };
        self.bundle.flush();
        self.looks.look();
        let Some(pair) = self.slots.get_mut(slot).and_then(Option::as_mut) else { return };
        if pair.is_watched && self.idle_by_address.len() < MEDIA_IDLE_PAIRS_MAX {
            pair.end();
            self.idle_by_address.insert(pair.at, slot);
        } else {
            self.unbind(slot);
        }
    }

    /// Reads one datagram of the socket with this number; `None` when there is none, as after a close in the same round, and for what
    /// comes to an idle pair.
    pub fn read(&self, number: u64, buffer: &mut [u8]) -> Option<(LegId, Channel, SocketAddr, usize)> {
        let pair = self.slots.get((number >> 1) as usize)?.as_ref()?;
        let channel = if number & 1 == 0 { Channel::Rtp } else { Channel::Rtcp };
        let (length, from) = pair.socket(channel).recv_from(buffer).ok()?;
        Some((pair.leg?, channel, from, length))
    }

    /// At what has come for a leg until now.
    pub fn look_at(&mut self, leg: LegId) {
        let pair = self.slot_by_leg.get(&leg).and_then(|slot| self.slots.get(*slot)?.as_ref());
        pair.into_iter().for_each(|pair| self.looks.take(leg, pair.rtp.as_fd()));
    }

    /// What looks have found, to be given back when it has been read; `None` when that is nothing.
    pub fn found(&mut self) -> Option<Found> {
        self.looks.found()
    }

    pub fn give_back(&mut self, found: Found) {
        self.looks.give_back(found);
    }

    /// Whose socket has this number.
    pub fn leg_of(&self, number: u64) -> Option<LegId> {
        self.slots.get((number >> 1) as usize)?.as_ref()?.leg
    }

    pub fn legs(&self) -> impl Iterator<Item = LegId> {
        self.slots.iter().flatten().filter_map(|pair| pair.leg)
    }
}

impl Wire for Sockets {
    /// The slot of its pair.
    fn door(&self, leg: LegId) -> Option<Door> {
        self.slot_by_leg.get(&leg).and_then(|slot| u32::try_from(*slot).ok()).map(Door)
    }

    /// What cannot be changed stays as it is.
    fn watch(&mut self, door: Door, is_watched: bool) -> bool {
        let pair = self.slots.get_mut(door.0 as usize).and_then(Option::as_mut);
        let Some(pair) = pair.filter(|pair| pair.is_watched != is_watched) else { return true };
        let changed = match is_watched {
            true => self.watcher.add(pair.rtp.as_fd(), number(door.0 as usize, Channel::Rtp)),
            false => self.watcher.remove(pair.rtp.as_fd()),
        };
        pair.is_watched ^= changed.is_ok();
        changed.is_ok()
    }

    /// Soon: the kernel has the socket at hand for the packet that leaves by it now.
    fn look(&mut self, door: Door) {
        let Some(pair) = self.slots.get(door.0 as usize).and_then(Option::as_ref) else { return };
        pair.leg.into_iter().for_each(|leg| self.looks.ask(leg, pair.rtp.as_fd()));
    }

    fn soon(&self, door: Door) {
        self.slots.get(door.0 as usize).into_iter().for_each(prefetch::whole);
    }

    /// What the kernel will not take is lost, as any packet may be.
    fn send(&mut self, from: Exit, channel: Channel, to: SocketAddr, packet: &[u8]) {
        let pair = from.door.and_then(|door| self.slots.get(door.0 as usize)?.as_ref());
        match (pair, &mut self.shared) {
            (Some(pair), _) => {
                let (by, to) = pair.way(channel, to);
                self.bundle.push(by, to, packet);
            }
            // One call for both directions; without a ring the port has a call of its own for several.
            (None, Some(shared)) if self.bundle.gathers() => {
                let socket = shared.fd_towards(to);
                let by = socket.map(|socket| Outlet { socket: socket.as_raw_fd(), place: None });
                by.into_iter().for_each(|by| self.bundle.push(by, Some(to), packet));
            }
            (None, Some(shared)) => shared.send(to, packet),
            (None, None) => {}
        }
    }

    /// Without a look at the address, where the socket is tied to it.
    fn play(&mut self, from: Exit, to: &SocketAddr, packet: &[u8]) {
        let pair = from.door.and_then(|door| self.slots.get(door.0 as usize)?.as_ref());
        let Some(pair) = pair else { return };
        let by = Outlet { socket: pair.rtp.as_raw_fd(), place: pair.place };
        self.bundle.push(by, pair.tied_to.is_none().then_some(*to), packet);
    }

    fn settle(&mut self, leg: LegId, peer: Option<SocketAddr>) {
        let slot = self.slot_by_leg.get(&leg).copied();
        if let Some(pair) = slot.and_then(|slot| self.slots.get_mut(slot)?.as_mut()) {
            if pair.tied_to != peer {
                self.bundle.flush();
            }
            pair.tie(peer);
        }
    }
}

impl Pair {
    fn bind(at: SocketAddr) -> Result<Pair, FailCause> {
        let next = at.port().checked_add(1).ok_or(FailCause::Socket)?;
        let rtcp = bind(SocketAddr::new(at.ip(), next))?;
        Ok(Pair { leg: None, at, rtp: bind(at)?, rtcp, place: None, tied_to: None, is_watched: true })
    }

    /// What came before is for nobody; no more of it than a socket holds.
    fn begin(&mut self, leg: LegId, buffer: &mut [u8]) {
        for socket in [&self.rtp, &self.rtcp] {
            (0..WAITING_MAX).take_while(|_| socket.recv(buffer).is_ok()).for_each(drop);
        }
        self.leg = Some(leg);
    }

    fn end(&mut self) {
        self.tie(None);
        self.leg = None;
    }

    /// By which socket a packet leaves, and to whom where that is not the one peer that the socket knows.
    fn way(&self, channel: Channel, to: SocketAddr) -> (Outlet, Option<SocketAddr>) {
        let is_sound = channel == Channel::Rtp;
        let by = Outlet { socket: self.socket(channel).as_raw_fd(), place: self.place.filter(|_| is_sound) };
        let is_tied = is_sound && self.tied_to == Some(to);
        (by, (!is_tied).then_some(to))
    }

    /// Not where the socket is bound to every address: a connection would choose one, and the peer may send to another.
    fn tie(&mut self, peer: Option<SocketAddr>) {
        let peer = peer.filter(|_| !self.at.ip().is_unspecified());
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

fn bind(at: SocketAddr) -> Result<UdpSocket, FailCause> {
    bind_udp(at, BUFFER).map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => FailCause::PortInUse,
        _ => FailCause::Socket,
    })
}

/// A socket for sound.
pub fn bind_udp(address: SocketAddr, buffer: usize) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM.nonblocking(), Some(Protocol::UDP))?;
    socket.set_recv_buffer_size(buffer)?;
    if address.is_ipv6() {
        // The same port of every IPv4 address is another leg's.
        socket.set_only_v6(true)?;
    }
    socket.bind(&address.into())?;
    // A network that does not honour the mark carries the packets all the same.
    let _ = if address.is_ipv4() { socket.set_tos_v4(EXPEDITED) } else { socket.set_tclass_v6(EXPEDITED) };
    Ok(socket.into())
}
