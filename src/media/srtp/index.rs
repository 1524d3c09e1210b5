//! The 48-bit index of a packet from its 16-bit sequence number (RFC 3711 section 3.3.1), and which indices have been seen.

/// The highest index of a stream, and a window below it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    highest: Option<u64>,
    /// Bit n: the index n below the highest has been seen.
    seen: u128,
}

/// Every packet of this many before the highest can still come late; more than the 64 that RFC 3711 section 3.3.2 asks for.
const WIDTH: u64 = 128;
const HALF: i64 = 1 << 15;

impl Window {
    /// As if the packet with this index had come last; nothing before it is known.
    pub fn after(index: u64) -> Window {
        Window { highest: Some(index), seen: 1 }
    }

    /// The index that is nearest to the highest one.
    pub fn guess(&self, sequence: u16) -> u64 {
        let Some(highest) = self.highest else { return u64::from(sequence) };
        let ahead = i64::from(sequence.wrapping_sub(highest as u16) as i16);
        let is_before_the_beginning = ahead < 0 && highest < ahead.unsigned_abs();
        // Before the first cycle there is none: such a packet is taken for one far ahead.
        if is_before_the_beginning { u64::from(sequence) } else { highest.saturating_add_signed(ahead.max(-HALF)) }
    }

    /// Whether a packet with this index has not come yet, as far as is known.
    pub fn is_new(&self, index: u64) -> bool {
        let Some(highest) = self.highest else { return true };
        match highest.checked_sub(index) {
            None => true,
            Some(back) => back < WIDTH && self.seen >> back & 1 == 0,
        }
    }

    /// The packet with this index has come and is genuine.
    pub fn take(&mut self, index: u64) {
        let Some(highest) = self.highest else {
            *self = Window::after(index);
            return;
        };
        match index.checked_sub(highest) {
            Some(ahead) => {
                self.seen = if ahead < WIDTH { self.seen << ahead } else { 0 } | 1;
                self.highest = Some(index);
            }
            None => self.seen |= if highest - index < WIDTH { 1 << (highest - index) } else { 0 },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cycle_is_guessed_across_its_end_in_both_directions() {
        let window = Window::after(0x1_fffe);
        for (sequence, index) in
            [(0xffff, 0x1_ffff), (0, 0x2_0000), (5, 0x2_0005), (0xfff0, 0x1_fff0), (0x8000, 0x1_8000)]
        {
            assert_eq!(window.guess(sequence), index, "{sequence:x}");
        }
        assert_eq!(Window::after(0x2_0003).guess(0xfffe), 0x1_fffe, "late, from the cycle before");
        assert_eq!(Window::default().guess(0xfffe), 0xfffe);
        assert_eq!(Window::after(3).guess(0xfffe), 0xfffe, "there is no cycle before the first");
    }

    #[test]
    fn each_index_passes_once_and_the_old_ones_never() {
        let mut window = Window::default();
        for index in [1000, 1002, 1001, 1100, 990, 1227] {
            assert!(window.is_new(index), "{index}");
            window.take(index);
            assert!(!window.is_new(index), "{index} again");
        }
        assert!(window.is_new(1228 - 128 + 5));
        assert!(!window.is_new(1100), "seen");
        assert!(!window.is_new(1227 - 128), "too old");
        window.take(5000);
        assert!(window.is_new(4999));
        assert!(!window.is_new(1227));
    }
}
