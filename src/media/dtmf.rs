//! Keys pressed, as telephone-event packets tell them (RFC 4733).

/// A key that was let go, and for how many ticks of the event clock it was held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Press {
    pub digit: char,
    pub ticks: u32,
}

/// Follows the events of one incoming stream: says each key once, whatever is repeated, lost or late.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    held: Option<Held>,
    /// The timestamp of the last event that has been said.
    said: Option<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Held {
    digit: char,
    /// The timestamp of the event, or of its present segment.
    timestamp: u32,
    ticks: u32,
    /// Of the segments before this one.
    ticks_before: u32,
}

/// Ticks of a segment after which a longer event goes on under a new timestamp (RFC 4733 section 2.5.1.3).
const SEGMENT: u32 = 0xffff;
const DIGITS: &[u8; 16] = b"0123456789*#ABCD";
const END: u8 = 0x80;

/// The payload of one packet.
struct Event {
    digit: char,
    is_end: bool,
    ticks: u32,
}

impl Keys {
    /// Takes one telephone-event packet. Two presses come out when this packet is the only one of its event that arrived
    /// and the event before it has lost its end.
    pub fn take(&mut self, timestamp: u32, payload: &[u8]) -> [Option<Press>; 2] {
        let Some(event) = read(payload) else { return [None; 2] };
        if self.is_old(timestamp) {
            return [None; 2];
        }
        let before = self.begin_unless_held(timestamp, &event);
        let ended = if event.is_end { self.let_go() } else { None };
        [before, ended]
    }

    /// Says the key that is held: its end never came.
    pub fn let_go(&mut self) -> Option<Press> {
        let held = self.held.take()?;
        self.said = Some(held.timestamp);
        Some(Press { digit: held.digit, ticks: held.ticks_before + held.ticks })
    }

    pub fn is_held(&self) -> bool {
        self.held.is_some()
    }

    /// Repeats of an end, and packets that were overtaken.
    fn is_old(&self, timestamp: u32) -> bool {
        let latest = self.held.map(|held| held.timestamp);
        let behind = |than: u32| (timestamp.wrapping_sub(than) as i32) < 0;
        self.said.is_some_and(|said| timestamp == said || behind(said)) || latest.is_some_and(behind)
    }

    fn begin_unless_held(&mut self, timestamp: u32, event: &Event) -> Option<Press> {
        if let Some(held) = &mut self.held {
            if held.timestamp == timestamp {
                held.ticks = held.ticks.max(event.ticks);
                return None;
            }
            if held.digit == event.digit && timestamp == held.timestamp.wrapping_add(SEGMENT) {
                let ticks_before = held.ticks_before.saturating_add(SEGMENT);
                *held = Held { timestamp, ticks: event.ticks, ticks_before, ..*held };
                return None;
            }
        }
        let before = self.let_go();
        self.held = Some(Held { digit: event.digit, timestamp, ticks: event.ticks, ticks_before: 0 });
        before
    }
}

/// Events above 15 (tones, flash) are no keys.
fn read(payload: &[u8]) -> Option<Event> {
    let fields: &[u8; 4] = payload.first_chunk()?;
    let digit = DIGITS.get(usize::from(fields[0]))?;
    let ticks = u32::from(u16::from_be_bytes([fields[2], fields[3]]));
    Some(Event { digit: char::from(*digit), is_end: fields[1] & END != 0, ticks })
}

/// The payload of an event packet, for those who press keys themselves.
pub fn payload(digit: char, is_end: bool, ticks: u16) -> Option<[u8; 4]> {
    let code = DIGITS.iter().position(|known| char::from(*known) == digit)?;
    let [high, low] = ticks.to_be_bytes();
    Some([code as u8, if is_end { END | 10 } else { 10 }, high, low])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds (timestamp, digit, end, ticks) and returns what was said.
    fn said(script: &[(u32, char, bool, u16)]) -> Vec<(char, u32)> {
        let mut keys = Keys::default();
        let mut presses: Vec<Press> = Vec::new();
        for (timestamp, digit, is_end, ticks) in script {
            presses.extend(keys.take(*timestamp, &payload(*digit, *is_end, *ticks).unwrap()).into_iter().flatten());
        }
        presses.extend(keys.let_go());
        presses.into_iter().map(|press| (press.digit, press.ticks)).collect()
    }

    /// The times of the example in RFC 4733 section 5 (911 is dialled), with updates each 50 ms and ends three times.
    #[test]
    fn the_example_of_the_rfc() {
        let script = [
            (0, '9', false, 400),
            (0, '9', false, 800),
            (0, '9', false, 1200),
            (0, '9', true, 1600),
            (0, '9', true, 1600),
            (0, '9', true, 1600),
            (6400, '1', false, 400),
            (6400, '1', false, 1600),
            (6400, '1', true, 2000),
            (6400, '1', true, 2000),
            (6400, '1', true, 2000),
            (11_200, '1', false, 400),
            (11_200, '1', true, 2400),
        ];
        assert_eq!(said(&script), [('9', 1600), ('1', 2000), ('1', 2400)]);
    }

    #[test]
    fn a_lost_end_is_made_up_by_the_next_key_or_by_time() {
        assert_eq!(said(&[(0, '5', false, 400), (3200, '6', true, 800)]), [('5', 400), ('6', 800)]);
        assert_eq!(said(&[(0, '#', false, 400), (0, '#', false, 560)]), [('#', 560)]);
        assert_eq!(said(&[(0, 'D', true, 400)]), [('D', 400)], "only the end arrived");
    }

    #[test]
    fn overtaken_packets_change_nothing() {
        let script = [(0, '1', true, 800), (0, '1', false, 400), (1600, '2', false, 160), (0, '1', true, 800)];
        assert_eq!(said(&script), [('1', 800), ('2', 160)]);
        assert_eq!(said(&[(0, '1', false, 800), (0, '1', false, 400), (0, '1', true, 960)]), [('1', 960)]);
    }

    #[test]
    fn a_long_press_is_one_key_over_its_segments() {
        let script =
            [(10, '*', false, 65_000), (10, '*', false, 65_535), (65_545, '*', false, 160), (65_545, '*', true, 800)];
        assert_eq!(said(&script), [('*', 65_535 + 800)]);
    }

    #[test]
    fn timestamps_wrap() {
        let script = [(u32::MAX - 100, '1', true, 400), (3000, '2', true, 400)];
        assert_eq!(said(&script), [('1', 400), ('2', 400)]);
    }

    #[test]
    fn what_is_no_key_is_passed_over() {
        let mut keys = Keys::default();
        assert_eq!(keys.take(0, &[16, 0x80, 0, 1]), [None; 2]);
        assert_eq!(keys.take(0, &[1, 0x80, 0]), [None; 2]);
        assert!(!keys.is_held());
    }
}
