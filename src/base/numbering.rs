//! How a peer writes telephone numbers: what comes from it is read into E.164, what goes to it is written its way.

use super::phone::{E164, NotANumber, Region};

/// A number that begins with `strip` loses it and gets `add` in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewrite {
    pub strip: String,
    pub add: String,
}

/// How numbers are written that come from a peer: the first rule that fits is applied, then the number is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NumbersIn(pub Vec<Rewrite>);

/// How numbers are written for a peer. A text that is no telephone number stays as it is in every form but `Rules`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum NumbersOut {
    /// As the call brought them.
    #[default]
    AsTheyCame,
    /// `+441632960000`.
    E164,
    /// `441632960000`.
    WithoutPlus,
    /// `00441632960000`.
    DoubleZero,
    /// As they are dialled in this region: `01632960000` in "GB", `011441632960000` in "US".
    National(Region),
    /// The first rule that fits E.164 (or the text, when it is no number) is applied.
    Rules(Vec<Rewrite>),
}

impl NumbersIn {
    /// The number that a peer means by `text`.
    pub fn read(&self, text: &str, region: Option<Region>) -> Result<E164, NotANumber> {
        match rewritten(&self.0, text) {
            Some(text) => E164::parse(&text, region),
            None => E164::parse(text, region),
        }
    }
}

impl NumbersOut {
    /// What stands in a message to the peer for `number`, which came as `text`.
    pub fn write(&self, text: &str, number: Option<&E164>) -> String {
        match (self, number) {
            (NumbersOut::AsTheyCame, _) => text.to_owned(),
            (NumbersOut::Rules(rules), _) => {
                let number = number.map_or(text, E164::as_str);
                rewritten(rules, number).unwrap_or_else(|| number.to_owned())
            }
            (NumbersOut::E164 | NumbersOut::WithoutPlus | NumbersOut::DoubleZero | NumbersOut::National(_), None) => {
                text.to_owned()
            }
            (NumbersOut::E164, Some(number)) => number.as_str().to_owned(),
            (NumbersOut::WithoutPlus, Some(number)) => number.digits().to_owned(),
            (NumbersOut::DoubleZero, Some(number)) => format!("00{}", number.digits()),
            (NumbersOut::National(region), Some(number)) => number.as_dialled_in(*region),
        }
    }
}

/// A number with `+` is whole already: only a rule that names the `+` applies to it. No rule applies to a name.
fn rewritten(rules: &[Rewrite], text: &str) -> Option<String> {
    let is_number = |c: char| c == '+' || c.is_ascii_digit();
    let applies =
        |rule: &&Rewrite| text.starts_with(is_number) && (rule.strip.starts_with('+') || !text.starts_with('+'));
    let rule = rules.iter().filter(applies).find(|rule| text.starts_with(&rule.strip))?;
    Some(format!("{}{}", rule.add, text.get(rule.strip.len()..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(rules: &[(&str, &str)]) -> Vec<Rewrite> {
        rules.iter().map(|(strip, add)| Rewrite { strip: (*strip).to_owned(), add: (*add).to_owned() }).collect()
    }

    #[test]
    fn the_first_rule_that_fits_makes_a_number_whole() {
        let british = NumbersIn(rules(&[("00", "+"), ("0", "+44"), ("", "+441632")]));
        let read = |text: &str| british.read(text, None).map(|number| number.as_str().to_owned());
        assert_eq!(read("00441632960000").as_deref(), Ok("+441632960000"));
        assert_eq!(read("01632960000").as_deref(), Ok("+441632960000"));
        assert_eq!(read("960000").as_deref(), Ok("+441632960000"));
        assert_eq!(read("+441632960000").as_deref(), Ok("+441632960000"), "whole already");
        assert_eq!(read("anonymous"), Err(NotANumber::Unreadable));
        assert_eq!(NumbersIn::default().read("01632960000", Region::parse("GB")).unwrap().digits(), "441632960000");
    }

    #[test]
    fn one_number_in_every_form() {
        let number = E164::parse("+441632960000", None).unwrap();
        let national = |letters| NumbersOut::National(Region::parse(letters).unwrap());
        for (form, expect) in [
            (NumbersOut::AsTheyCame, "01632 960000"),
            (NumbersOut::E164, "+441632960000"),
            (NumbersOut::WithoutPlus, "441632960000"),
            (NumbersOut::DoubleZero, "00441632960000"),
            (national("GB"), "01632960000"),
            (national("US"), "011441632960000"),
            (NumbersOut::Rules(rules(&[("+44", "0"), ("+", "00")])), "01632960000"),
            (NumbersOut::Rules(rules(&[("+1", "")])), "+441632960000"),
        ] {
            assert_eq!(form.write("01632 960000", Some(&number)), expect, "{form:?}");
        }
        let american = E164::parse("+12015550123", None).unwrap();
        assert_eq!(national("US").write("", Some(&american)), "2015550123");
    }

    #[test]
    fn what_is_no_number_stays() {
        for form in [NumbersOut::E164, NumbersOut::WithoutPlus, NumbersOut::DoubleZero] {
            assert_eq!(form.write("help", None), "help");
        }
        assert_eq!(NumbersOut::Rules(rules(&[("9", "")])).write("9000", None), "000", "an extension behind a prefix");
    }
}
