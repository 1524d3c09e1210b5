//! Text as people mean it: without regard to case, accents, and ways to write the same letter.

use icu_normalizer::DecomposingNormalizerBorrowed;
use icu_normalizer::properties::CanonicalCombiningClassMapBorrowed;

/// The letters of a text in lower case, taken apart by compatibility (Unicode NFKD), without marks above and below.
pub(super) fn folded(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let marks = CanonicalCombiningClassMapBorrowed::new();
    let letters = DecomposingNormalizerBorrowed::new_nfkd().normalize_iter(text.chars());
    let mut folded = String::with_capacity(text.len());
    for letter in letters.filter(|letter| marks.get_u8(*letter) == 0).flat_map(char::to_lowercase) {
        match taken_apart(letter) {
            Some(plain) => folded.push_str(plain),
            None => folded.push(letter),
        }
    }
    folded
}

/// Letters that Unicode does not take apart.
fn taken_apart(letter: char) -> Option<&'static str> {
    Some(match letter {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'đ' | 'ð' => "d",
        'ł' => "l",
        'þ' => "th",
        'ı' => "i",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::folded;

    #[test]
    fn case_and_accents_are_no_difference() {
        for (text, plain) in [
            ("CANCEL", "cancel"),
            ("Kündigung", "kundigung"),
            ("Ku\u{308}ndigung", "kundigung"),
            ("GRÜSSE, Straße", "grusse, strasse"),
            ("Łódź", "lodz"),
            ("İstanbul", "istanbul"),
            ("Ｒｅｆｕｎｄ", "refund"),
            ("ΑΚΥΡΩΣΗ ακύρωση", "ακυρωση ακυρωση"),
        ] {
            assert_eq!(folded(text), plain, "{text}");
        }
    }
}
