//! The header fields of a message in their order, and where the first of each name that we know stands.

use super::message::Span;
use super::name::Known;

/// One header field: `known` is `None` for names that we have no number for.
#[derive(Clone, Copy, Default)]
pub(super) struct Field {
    pub known: Option<Known>,
    pub name: Span,
    pub value: Span,
}

/// The fields of one message. Those of most messages lie in the message itself.
#[derive(Clone)]
pub(super) struct Fields {
    usual: [Field; USUAL],
    count: usize,
    /// Beyond `USUAL`.
    more: Vec<Field>,
    /// By the number of the name; it means something where the bit in `seen` is set.
    first: [u8; Known::COUNT],
    /// Names that there are, and names that there are more than once.
    seen: u128,
    again: u128,
}

/// Where real messages seldom go beyond.
const USUAL: usize = 24;

impl Default for Fields {
    fn default() -> Fields {
        let nowhere = Field::default();
        Fields { usual: [nowhere; USUAL], count: 0, more: Vec::new(), first: [0; Known::COUNT], seen: 0, again: 0 }
    }
}

impl Fields {
    /// The caller sees to it that they stay within `SIP_HEADERS_MAX`, which is 256.
    pub fn push(&mut self, field: Field) {
        if let Some(known) = field.known {
            self.note(known);
        }
        match self.usual.get_mut(self.count) {
            Some(place) => *place = field,
            None => self.more.push(field),
        }
        self.count += 1;
    }

    fn note(&mut self, known: Known) {
        let bit = bit(known);
        if self.seen & bit != 0 {
            self.again |= bit;
            return;
        }
        self.seen |= bit;
        if let Some(first) = self.first.get_mut(known as usize) {
            *first = self.count as u8;
        }
    }

    pub fn len(&self) -> usize {
        self.count
    }

    pub fn has(&self, known: Known) -> bool {
        self.seen & bit(known) != 0
    }

    pub fn last_mut(&mut self) -> Option<&mut Field> {
        match self.more.last_mut() {
            Some(last) => Some(last),
            None => self.usual.get_mut(self.count.checked_sub(1)?),
        }
    }

    /// The first of that name.
    pub fn first(&self, known: Known) -> Option<&Field> {
        let place = self.first.get(known as usize).filter(|_| self.has(known))?;
        self.get(usize::from(*place))
    }

    fn get(&self, place: usize) -> Option<&Field> {
        if place < USUAL { self.usual.get(place) } else { self.more.get(place - USUAL) }
    }

    pub fn iter(&self) -> impl Iterator<Item = &Field> {
        let usual = self.usual.get(..self.count.min(USUAL)).unwrap_or_default();
        usual.iter().chain(&self.more)
    }

    /// Between which places all fields of that name are.
    pub fn range_of(&self, known: Known) -> (usize, usize) {
        let first = self.first.get(known as usize).copied().map_or(0, usize::from);
        let end = match (self.has(known), self.again & bit(known) != 0) {
            (false, _) => first,
            (true, false) => first + 1,
            (true, true) => self.count,
        };
        (first, end)
    }

    pub fn between(&self, from: usize, to: usize) -> impl Iterator<Item = &Field> + use<'_> {
        (from..to).filter_map(|place| self.get(place))
    }
}

fn bit(known: Known) -> u128 {
    1 << (known as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_is_found_however_many_fields_there_are() {
        let mut fields = Fields::default();
        let field = |known, at: usize| Field { known, name: Span::default(), value: Span::new(at, at + 1) };
        for at in 0..256 {
            let known = match at {
                0 | 100 | 255 => Some(Known::Via),
                30 => Some(Known::From),
                _ => None,
            };
            fields.push(field(known, at));
        }
        let around = |known: Known| {
            let (from, to) = fields.range_of(known);
            fields.between(from, to)
        };
        let of = |known: Known| around(known).filter(|field| field.known == Some(known)).count();
        assert_eq!([Known::Via, Known::From, Known::To].map(of), [3, 1, 0]);
        assert_eq!((fields.len(), fields.iter().count(), around(Known::From).count()), (256, 256, 1));
        assert!(fields.has(Known::From) && !fields.has(Known::To) && fields.first(Known::To).is_none());
        assert_eq!(fields.first(Known::From).map(|field| field.value.of(&[7; 40])), Some(&[7][..]));
        assert_eq!(fields.last_mut().and_then(|last| last.known), Some(Known::Via));
    }
}
