//! The numbers of sockets, listeners and connections.

/// One local SIP socket, listener or connection, numbered by the shell. Sockets and listeners have fixed numbers, in the order of
/// the configuration; a connection has the number of its listener in the lowest 16 bits, and above them one that is never reused.
/// A listener that is to make a connection to a host known by name has the highest bit set, and the name's number above its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FlowId(pub u64);

const LISTENER_BITS: u32 = 16;
const NAMED: u64 = 1 << 63;

impl FlowId {
    /// The first number of a connection.
    pub const FIRST_STREAM: FlowId = FlowId(1 << LISTENER_BITS);

    /// The `serial`th connection of `listener`, counted from 1.
    pub fn stream(serial: u64, listener: FlowId) -> FlowId {
        FlowId(serial << LISTENER_BITS | listener.listener().0)
    }

    /// Its listener, where it makes connections to the host whose name has this number.
    pub fn towards(self, name: u64) -> FlowId {
        FlowId(NAMED | name << LISTENER_BITS | self.listener().0)
    }

    /// The number of the name that it leads to.
    pub fn name(self) -> Option<u64> {
        (self.0 & NAMED != 0).then_some((self.0 & !NAMED) >> LISTENER_BITS)
    }

    pub fn is_stream(self) -> bool {
        self >= FlowId::FIRST_STREAM && self.name().is_none()
    }

    /// What is asked to make a connection again when this one is gone; itself when it is none.
    pub fn maker(self) -> FlowId {
        if self.is_stream() { self.listener() } else { self }
    }

    /// The socket or listener that it belongs to; itself when it is one.
    pub fn listener(self) -> FlowId {
        FlowId(self.0 & (FlowId::FIRST_STREAM.0 - 1))
    }
}
