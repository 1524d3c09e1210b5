//! Telephone numbers in the one form that is compared: E.164.

use std::fmt;
use std::sync::Arc;

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, PhoneNumberType};

/// A number in E.164: `+`, then up to 15 digits. Personal: printed through `Pii` only, hence no `Display`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct E164(Arc<str>);

/// The region whose national numbers are meant when a number does not begin with `+` (ISO 3166-1 alpha-2, "US").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region(rlibphonenumber::Region);

/// Why a text is not a telephone number that can be dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotANumber {
    /// Neither digits nor the signs that stand between them.
    Unreadable,
    /// More than the 15 digits of E.164, or fewer than the plan of its region allows.
    Length,
}

const MAX_DIGITS: usize = 15;
const MAX_TEXT: usize = 40;

impl Region {
    /// Reads the two letters of ISO 3166-1, in either case; `None` for letters that no numbering plan belongs to.
    pub fn parse(text: &str) -> Option<Region> {
        let region = text.to_ascii_uppercase().parse().ok()?;
        PHONE_NUMBER_UTIL.get_supported_regions().any(|supported| supported == region).then_some(Region(region))
    }

    /// The two letters.
    pub fn letters(self) -> String {
        self.0.to_string()
    }

    /// Loads the plan of this region, which the first number would wait for: some milliseconds, 0.1 s in a debug build.
    pub fn warm_up(self) {
        // Only the loading matters; whether this is a number there does not.
        let _ = E164::parse("0201 555 0123", Some(self));
    }
}

impl E164 {
    /// Reads what a trunk, a page or an admin writes: `+1 555 0100`, `tel:` form, or a national number of `region`.
    ///
    /// Numbers that the numbering plan does not assign (those for fiction among them) are taken when they are well formed.
    pub fn parse(text: &str, region: Option<Region>) -> Result<E164, NotANumber> {
        let text = text.strip_prefix("tel:").unwrap_or(text).trim();
        if let Some(number) = already_e164(text) {
            return number;
        }
        if text.len() > MAX_TEXT || !text.bytes().any(|b| b.is_ascii_digit()) {
            return Err(NotANumber::Unreadable);
        }
        let parsed = PHONE_NUMBER_UTIL.parse(text, region.map(|r| r.0)).map_err(|_| NotANumber::Unreadable)?;
        let digits = PHONE_NUMBER_UTIL.format(&parsed, PhoneNumberFormat::E164);
        already_e164(&digits).unwrap_or(Err(NotANumber::Unreadable))
    }

    /// With the leading `+`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Without the `+`, as many dial plans want it.
    pub fn digits(&self) -> &str {
        &self.0[1..]
    }

    /// The region whose plan it is of; `None` when no plan has it.
    pub fn region(&self) -> Option<Region> {
        let number = PHONE_NUMBER_UTIL.parse(self.as_str(), None).ok()?;
        PHONE_NUMBER_UTIL.get_region_for_number(&number).map(Region)
    }

    /// A fixed or mobile number of its plan: nobody pays more for a call there than for any call.
    pub fn costs_no_more(&self) -> bool {
        let Ok(number) = PHONE_NUMBER_UTIL.parse(self.as_str(), None) else { return false };
        match PHONE_NUMBER_UTIL.get_number_type(&number) {
            PhoneNumberType::FixedLine
            | PhoneNumberType::Mobile
            | PhoneNumberType::FixedLineOrMobile
            | PhoneNumberType::VoIP => true,
            PhoneNumberType::TollFree
            | PhoneNumberType::PremiumRate
            | PhoneNumberType::SharedCost
            | PhoneNumberType::PersonalNumber
            | PhoneNumberType::Pager
            | PhoneNumberType::UAN
            | PhoneNumberType::VoiceMail
            | PhoneNumberType::Unknown => false,
        }
    }

    /// As it is dialled in `region`, digits only: `01632960000` in "GB", `011441632960000` in "US".
    pub fn as_dialled_in(&self, region: Region) -> String {
        let Ok(number) = PHONE_NUMBER_UTIL.parse(self.as_str(), None) else { return self.0.to_string() };
        let is_at_home = PHONE_NUMBER_UTIL.get_country_code_for_region(region.0) == Some(number.country_code);
        let written = if is_at_home {
            PHONE_NUMBER_UTIL.format(&number, PhoneNumberFormat::National)
        } else {
            PHONE_NUMBER_UTIL.format_out_of_country_calling_number(&number, region.0)
        };
        written.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect()
    }
}

/// `Some` when the text is `+` and digits only, which needs no plan to read.
fn already_e164(text: &str) -> Option<Result<E164, NotANumber>> {
    let digits = text.strip_prefix('+')?;
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    if digits.len() < 4 || digits.len() > MAX_DIGITS || digits.starts_with('0') {
        return Some(Err(NotANumber::Length));
    }
    Some(Ok(E164(Arc::from(text))))
}

impl fmt::Debug for E164 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<number>")
    }
}

impl fmt::Display for NotANumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NotANumber::Unreadable => "not a telephone number: write it as +, country code and number, like +15550100",
            NotANumber::Length => "not a telephone number: E.164 has 4 to 15 digits after the + and no leading zero",
        })
    }
}

impl std::error::Error for NotANumber {}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, region: &str) -> Result<String, NotANumber> {
        E164::parse(text, Region::parse(region)).map(|n| n.as_str().to_owned())
    }

    #[test]
    fn one_number_has_one_form() {
        for text in ["+12015550123", "+1 (201) 555-0123", "tel:+1-201-555-0123", "201-555-0123", "(201) 555 0123"] {
            assert_eq!(read(text, "US").as_deref(), Ok("+12015550123"), "{text}");
        }
        for text in ["+44 1632 960000", "01632 960000", "1632 960000", "00 44 1632 960000"] {
            assert_eq!(read(text, "GB").as_deref(), Ok("+441632960000"), "{text}");
        }
        assert_eq!(read("+44 1632 960000", "US").as_deref(), Ok("+441632960000"));
    }

    #[test]
    fn what_is_no_number_says_why() {
        assert_eq!(read("anonymous", "US"), Err(NotANumber::Unreadable));
        assert_eq!(read("", "US"), Err(NotANumber::Unreadable));
        assert_eq!(read("+1234567890123456", "US"), Err(NotANumber::Length));
        assert_eq!(read("+0155501000", "US"), Err(NotANumber::Length));
        assert_eq!(read(&"9".repeat(500), "US"), Err(NotANumber::Unreadable));
    }

    #[test]
    fn a_national_number_needs_a_region_with_a_plan() {
        assert_eq!(E164::parse("201 555 0123", None), Err(NotANumber::Unreadable));
        assert_eq!(Region::parse("gb").map(Region::letters).as_deref(), Some("GB"));
        for text in ["ZZ", "", "G", "GBR", "é", "001"] {
            assert_eq!(Region::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_number_does_not_print_itself() {
        assert!(!format!("{:?}", E164::parse("+12015550123", None)).contains("555"));
    }
}
