//! Numbers in English: "one hundred twenty three".

use super::whole;

pub(super) fn number(number: u16) -> Vec<String> {
    let (hundreds, rest) = (number / 100, number % 100);
    let mut said = Vec::new();
    if hundreds > 0 {
        said.extend([whole(hundreds), "hundred".to_owned()]);
    }
    if rest > 0 || hundreds == 0 {
        said.extend(below_a_hundred(rest));
    }
    said
}

fn below_a_hundred(number: u16) -> Vec<String> {
    match (number / 10 * 10, number % 10) {
        (0 | 10, _) | (_, 0) => vec![whole(number)],
        (tens, ones) => vec![whole(tens), whole(ones)],
    }
}
