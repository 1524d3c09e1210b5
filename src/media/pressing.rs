//! Keys that we press towards a peer, as telephone-event packets (RFC 4733 section 2.5.1): one after the other, each with its end
//! three times.

use std::collections::VecDeque;

use super::dtmf;
use crate::base::limits::MEDIA_KEYS_QUEUED_MAX;

/// The keys of one leg; it has room for them only while there are any.
#[derive(Clone, Debug, Default)]
pub struct Pressing(Option<Box<Pressed>>);

#[derive(Clone, Debug, Default)]
struct Pressed {
    queue: VecDeque<(char, u32)>,
    held: Option<Held>,
}

/// The key that is down.
#[derive(Clone, Copy, Debug)]
struct Held {
    digit: char,
    /// In ticks of the event clock: so far, and at the end.
    ticks: u32,
    total: u32,
    ends: u8,
}

/// One packet of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    pub payload: [u8; 4],
    /// The first packet of its key: it has the marker and a timestamp of its own.
    pub begins: bool,
}

/// The end is said three times, since it may be lost (RFC 4733 section 2.5.1.4).
const ENDS: u8 = 3;
/// The shortest key that receivers are sure to notice, and the longest that one segment can hold at 8 kHz.
const MS: std::ops::RangeInclusive<u32> = 40..=8_000;

impl Pressing {
    /// False when too many wait already, and for what is no key: nobody is kept from hearing for its sake.
    pub fn push(&mut self, digit: char, duration_ms: u32) -> bool {
        if dtmf::payload(digit, false, 0).is_none() {
            return false;
        }
        let queue = &mut self.0.get_or_insert_default().queue;
        let has_room = queue.len() < MEDIA_KEYS_QUEUED_MAX;
        if has_room {
            queue.push_back((digit, duration_ms.clamp(*MS.start(), *MS.end())));
        }
        has_room
    }

    /// Keys are down, or will be: nothing else may be heard.
    pub fn is_busy(&self) -> bool {
        self.0.is_some()
    }

    pub fn is_held(&self) -> bool {
        self.0.as_ref().is_some_and(|pressed| pressed.held.is_some())
    }

    pub fn clear(&mut self) {
        *self = Pressing::default();
    }

    /// What the next packet says, `step` ticks after the one before; `None` when all keys are up.
    pub fn next(&mut self, clock: u32, step: u32) -> Option<Event> {
        let mut pressed = self.0.take()?;
        let event = pressed.next(clock, step);
        self.0 = Some(pressed).filter(|pressed| pressed.held.is_some() || !pressed.queue.is_empty());
        event
    }
}

impl Pressed {
    fn next(&mut self, clock: u32, step: u32) -> Option<Event> {
        let begins = self.held.is_none();
        let mut held = self.held.or_else(|| self.take(clock))?;
        held.ticks = (held.ticks + step).min(held.total);
        let is_end = held.ticks == held.total && !begins;
        held.ends += u8::from(is_end);
        let ticks = u16::try_from(held.ticks).unwrap_or(u16::MAX);
        let payload = dtmf::payload(held.digit, is_end, ticks)?;
        self.held = (held.ends < ENDS).then_some(held);
        Some(Event { payload, begins })
    }

    fn take(&mut self, clock: u32) -> Option<Held> {
        let (digit, ms) = self.queue.pop_front()?;
        let total = (u64::from(ms) * u64::from(clock) / 1000).min(u64::from(u16::MAX));
        Some(Held { digit, ticks: 0, total: u32::try_from(total).unwrap_or(u32::MAX), ends: 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pressed(keys: &[(char, u32)]) -> Vec<(u8, bool, u16, bool)> {
        let mut pressing = Pressing::default();
        keys.iter().for_each(|(digit, ms)| assert!(pressing.push(*digit, *ms)));
        let packets = std::iter::from_fn(|| pressing.next(8000, 160));
        let read = |event: Event| {
            let [code, flags, high, low] = event.payload;
            (code, flags & 0x80 != 0, u16::from_be_bytes([high, low]), event.begins)
        };
        packets.map(read).collect()
    }

    #[test]
    fn a_key_grows_and_ends_three_times() {
        let expect = [
            (5, false, 160, true),
            (5, false, 320, false),
            (5, true, 480, false),
            (5, true, 480, false),
            (5, true, 480, false),
        ];
        assert_eq!(pressed(&[('5', 60)]), expect);
    }

    #[test]
    fn keys_follow_each_other() {
        let said = pressed(&[('*', 40), ('D', 40)]);
        let begun: Vec<u8> = said.iter().filter(|packet| packet.3).map(|packet| packet.0).collect();
        assert_eq!(begun, [10, 15]);
        assert_eq!(said.iter().filter(|packet| packet.1).count(), 6);
    }

    #[test]
    fn what_is_no_key_is_passed_over_and_too_many_are_left_out() {
        let mut pressing = Pressing::default();
        assert!(!pressing.push('x', 100) && !pressing.is_busy());
        let taken = (0..100).filter(|_| pressing.push('1', 40)).count();
        assert_eq!(taken, MEDIA_KEYS_QUEUED_MAX);
    }

    #[test]
    fn a_stuck_key_stays_in_one_segment() {
        let longest = pressed(&[('1', 60_000)]);
        assert_eq!(longest.last().map(|packet| (packet.1, packet.2)), Some((true, 64_000)));
    }
}
