//! Identities. Each is a type of its own, so that none is taken for another.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::Wall;

/// A call, from its INVITE to its end record: the moment of the boot above, a serial below.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub u64);

/// One SIP dialog side of a call, and the media leg that belongs to it.
///
/// The endpoint numbers the legs that come in, the calls number those that go out; the top bit tells them apart.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LegId(pub u64);

/// An intent: 128 random bits, written `int_` and 26 characters of Crockford's base 32.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IntentId(pub u128);

/// What a customer can follow after a call or a message: written `case_` and 26 characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CaseId(pub u128);

/// The number of a grant; a later grant of the same agent has a higher one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fence(pub u64);

/// The text was not an identity of this kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAnId {
    pub expected: &'static str,
}

const OUTBOUND: u64 = 1 << 63;
const LEGS_PER_CALL: u64 = 1 << 8;
const SERIAL_BITS: u32 = 31;
/// Of milliseconds.
const BOOT_UNIT_BITS: u32 = 4;

impl CallId {
    /// `boot`: when the process began, as `boot_at` says; `serial`: counts calls since then.
    pub fn new(boot: u32, serial: u32) -> CallId {
        CallId((u64::from(boot) << SERIAL_BITS) | u64::from(serial))
    }

    /// The moment at which a process begins, so fine that the next one has another: no process is there within 16 ms of the last
    /// one's calls. The same comes again after two years, when nobody asks about those calls.
    pub fn boot_at(wall: Wall) -> u32 {
        (wall.0 >> BOOT_UNIT_BITS) as u32
    }

    /// Whether one process has both.
    pub fn is_of_the_process_of(self, other: CallId) -> bool {
        self.0 >> SERIAL_BITS == other.0 >> SERIAL_BITS
    }

    fn serial(self) -> u64 {
        self.0 & ((1 << SERIAL_BITS) - 1)
    }
}

impl CaseId {
    /// The case that comes of a call.
    pub fn of_call(call: CallId) -> CaseId {
        CaseId(u128::from(call.0))
    }
}

impl LegId {
    /// The `serial`-th leg that came in.
    pub fn inbound(serial: u64) -> LegId {
        LegId(serial & !OUTBOUND)
    }

    /// The `nth` leg that `call` dials; a call that dials more than 256 wraps, long after the first has ended.
    pub fn outbound(call: CallId, nth: u64) -> LegId {
        LegId(OUTBOUND | (call.serial() * LEGS_PER_CALL) | (nth % LEGS_PER_CALL))
    }

    /// Whether `call` has dialled it.
    pub fn is_dialled_by(self, call: CallId) -> bool {
        self.0 / LEGS_PER_CALL == LegId::outbound(call, 0).0 / LEGS_PER_CALL
    }

    pub fn is_outbound(self) -> bool {
        self.0 & OUTBOUND != 0
    }
}

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Of 128 bits.
const DIGITS_MAX: usize = 26;

/// All digits with one write: ids are written some dozen times in each call.
fn write_base32(f: &mut fmt::Formatter<'_>, value: u128, digits: usize) -> fmt::Result {
    let mut text = [0; DIGITS_MAX];
    let (text, _) = text.split_at_mut(digits.min(DIGITS_MAX));
    let mut left = value;
    for place in text.iter_mut().rev() {
        *place = ALPHABET[(left & 31) as usize];
        left >>= 5;
    }
    f.write_str(std::str::from_utf8(text).unwrap_or_default())
}

fn read_base32(text: &str, digits: usize) -> Option<u128> {
    if text.len() != digits {
        return None;
    }
    let mut value: u128 = 0;
    for byte in text.bytes() {
        let digit = ALPHABET.iter().position(|a| *a == byte.to_ascii_lowercase())?;
        value = value.checked_mul(32)?.checked_add(digit as u128)?;
    }
    Some(value)
}

macro_rules! prefixed_id {
    ($name:ident, $inner:ty, $prefix:literal, $digits:literal) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str($prefix)?;
                write_base32(f, u128::from(self.0), $digits)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<$name, NotAnId> {
                text.strip_prefix($prefix)
                    .and_then(|digits| read_base32(digits, $digits))
                    .and_then(|value| <$inner>::try_from(value).ok())
                    .map($name)
                    .ok_or(NotAnId { expected: concat!($prefix, " and base-32 characters") })
            }
        }
    };
}

prefixed_id!(CallId, u64, "call_", 13);
prefixed_id!(LegId, u64, "leg_", 13);
prefixed_id!(IntentId, u128, "int_", 26);
prefixed_id!(CaseId, u128, "case_", 26);

impl fmt::Display for NotAnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not an id: expected {}", self.expected)
    }
}

impl std::error::Error for NotAnId {}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            pub fn new(text: &str) -> $name {
                $name(Arc::from(text))
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }
    };
}

name!(
    /// An agent, as the configuration names them.
    AgentId
);
name!(
    /// A queue, as the configuration names it.
    QueueId
);
name!(
    /// Something an agent can do.
    SkillId
);
name!(
    /// A SIP connection to a PBX or carrier, as the configuration names it.
    TrunkId
);
name!(
    /// A set of telephone numbers that are leased out, as the configuration names it.
    PoolId
);
name!(
    /// The account class that a domain or customer maps to.
    TierId
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_read_back_what_they_write() {
        for value in [0, 1, 31, u128::from(u64::MAX), u128::MAX] {
            let id = IntentId(value);
            assert_eq!(id.to_string().parse::<IntentId>(), Ok(id));
        }
        let call = CallId::new(u32::MAX, 7);
        assert_eq!(call.to_string().parse::<CallId>(), Ok(call));
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for text in ["", "int_", "int_zzzzzzzzzzzzzzzzzzzzzzzzzz", "call_00000000000u0", "call_0000000000000 "] {
            assert!(text.parse::<IntentId>().is_err(), "{text}");
            assert!(text.parse::<CallId>().is_err(), "{text}");
        }
    }

    #[test]
    fn who_begins_again_within_a_second_has_other_calls() {
        let boots: Vec<CallId> =
            (0..1000).step_by(20).map(|ms| CallId::new(CallId::boot_at(Wall(1_800_000_000_000 + ms)), 1)).collect();
        assert!(boots.is_sorted_by(|one, next| one < next && !one.is_of_the_process_of(*next)));
        let late = CallId::new(CallId::boot_at(Wall(u64::MAX)), u32::MAX >> 1);
        assert_eq!(late.to_string().parse::<CallId>(), Ok(late));
    }

    #[test]
    fn legs_of_different_calls_differ() {
        let (one, two) = (CallId::new(5, 1), CallId::new(5, 2));
        assert_ne!(LegId::outbound(one, 1), LegId::outbound(two, 1));
        assert_ne!(LegId::outbound(one, 0), LegId::outbound(one, 1));
        assert!(LegId::outbound(one, 0).is_outbound());
        assert!(!LegId::inbound(9).is_outbound());
    }
}
