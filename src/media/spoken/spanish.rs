//! Numbers in Spanish: one word up to 29, "treinta y uno" after it; "cien" alone and "ciento" before more; "un" and "veintiún" before a
//! masculine noun.

use super::whole;

/// A number by itself.
pub(super) fn number(number: u16) -> Vec<String> {
    let (hundreds, rest) = (number / 100 * 100, number % 100);
    let mut said = Vec::new();
    match (hundreds, rest) {
        (0, _) => {}
        (100, 1..) => said.push("hundred".to_owned()),
        (hundreds, _) => said.push(whole(hundreds)),
    }
    if rest > 0 || hundreds == 0 {
        said.extend(below_a_hundred(rest));
    }
    said
}

/// Before a masculine noun, as "minutos".
pub(super) fn before_a_noun(count: u16) -> Vec<String> {
    let mut said = number(count);
    if let Some(last) = said.last_mut() {
        match last.as_str() {
            "n-1" => *last = "one".to_owned(),
            "n-21" => *last = "twenty-one".to_owned(),
            _ => {}
        }
    }
    said
}

fn below_a_hundred(number: u16) -> Vec<String> {
    match (number / 10 * 10, number % 10) {
        (0..30, _) | (_, 0) => vec![whole(number)],
        (tens, ones) => vec![whole(tens), "and".to_owned(), whole(ones)],
    }
}
