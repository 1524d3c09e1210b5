//! A place and a wait as words: which recorded parts are played one after the other. Each language has its own grammar and its own list
//! of parts, `sip-configs/prompts/LANGUAGE.tsv`, from which the recordings are made; no sound is made here.

mod english;
mod spanish;

use std::time::Duration;

/// A language that we can speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    English,
    Spanish,
}

/// A wait as people say it. The order is that of the waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wait {
    /// Less than a minute.
    Short,
    /// About so many: 1 to 10, then fives up to 30, then tens up to 60.
    Minutes(u16),
    /// More than an hour.
    Long,
}

/// The largest number that can be said.
pub const NUMBER_MAX: u16 = 999;

impl Language {
    pub const ALL: [Language; 2] = [Language::English, Language::Spanish];

    /// The primary subtag of BCP 47, which is also the name of its folder of parts.
    pub fn tag(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::Spanish => "es",
        }
    }

    /// Of a tag of BCP 47 such as `es-MX`; `None` for a language that we cannot speak.
    pub fn of_tag(tag: &str) -> Option<Language> {
        let primary = tag.split('-').next().unwrap_or_default();
        Language::ALL.into_iter().find(|language| primary.eq_ignore_ascii_case(language.tag()))
    }

    /// The names of its parts, in the order of the list.
    pub fn parts(self) -> impl Iterator<Item = &'static str> {
        self.list().lines().filter_map(|line| line.split('\t').next())
    }

    /// The place of a part in the list.
    pub fn nth(self, part: &str) -> Option<usize> {
        self.parts().position(|known| known == part)
    }

    fn list(self) -> &'static str {
        match self {
            Language::English => include_str!("../../../sip-configs/prompts/en.tsv"),
            Language::Spanish => include_str!("../../../sip-configs/prompts/es.tsv"),
        }
    }
}

impl Wait {
    /// Rounded up, the more coarsely the longer it is: nobody is promised less than what is expected.
    pub fn of(expected: Duration) -> Wait {
        let minutes = expected.as_secs().div_ceil(60);
        let step = match minutes {
            _ if expected.as_secs() < 60 => return Wait::Short,
            0..=10 => 1,
            11..=30 => 5,
            31..=60 => 10,
            _ => return Wait::Long,
        };
        u16::try_from(minutes.next_multiple_of(step)).map_or(Wait::Long, Wait::Minutes)
    }
}

/// "You are caller number three in line"; `None` for a place that cannot be said. 1 is the next to be served.
pub fn place(language: Language, place: usize) -> Option<Vec<String>> {
    if place == 1 {
        return Some(vec!["place-next".to_owned()]);
    }
    let number = u16::try_from(place).ok().filter(|number| (1..=NUMBER_MAX).contains(number))?;
    let number = match language {
        Language::English => english::number(number),
        Language::Spanish => spanish::number(number),
    };
    Some(framed("place", number, "place-end"))
}

/// "The expected wait is about five minutes."
pub fn wait(language: Language, wait: Wait) -> Vec<String> {
    let minutes = match wait {
        Wait::Short => return vec!["wait-short".to_owned()],
        Wait::Long => return vec!["wait-long".to_owned()],
        Wait::Minutes(minutes) => minutes.min(NUMBER_MAX),
    };
    let number = match language {
        Language::English => english::number(minutes),
        Language::Spanish => spanish::before_a_noun(minutes),
    };
    framed("wait", number, if minutes == 1 { "minute" } else { "minutes" })
}

/// "To be called back in your place, press one." The key is a digit from 1 to 9.
pub fn ask_callback(language: Language, key: char) -> Vec<String> {
    let digit = key.to_digit(10).and_then(|digit| u16::try_from(digit).ok()).filter(|digit| (1..=9).contains(digit));
    let number = match (digit, language) {
        (None, _) => return Vec::new(),
        (Some(digit), Language::English) => english::number(digit),
        (Some(digit), Language::Spanish) => spanish::number(digit),
    };
    std::iter::once("callback-press".to_owned()).chain(number).collect()
}

/// "We will call you back."
pub fn callback_promised() -> Vec<String> {
    vec!["callback-promised".to_owned()]
}

/// "An agent is being called. If nobody answers, we will call you back."
pub fn callback_noted() -> Vec<String> {
    vec!["callback-noted".to_owned()]
}

/// The code from the page is asked for.
pub fn ask_code() -> Vec<String> {
    vec!["code-question".to_owned()]
}

/// The same after one that was wrong.
pub fn ask_code_again() -> Vec<String> {
    vec!["code-again".to_owned()]
}

fn framed(before: &str, number: Vec<String>, after: &str) -> Vec<String> {
    std::iter::once(before.to_owned()).chain(number).chain([after.to_owned()]).collect()
}

/// The part that says this number by itself.
fn whole(number: u16) -> String {
    format!("n-{number}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(language: Language, parts: &[String]) -> String {
        let word = |part: &String| {
            let line = language.list().lines().find(|line| line.split('\t').next() == Some(part));
            line.and_then(|line| line.split('\t').nth(1)).unwrap_or_else(|| panic!("no part {part}"))
        };
        parts.iter().map(word).collect::<Vec<_>>().join(" ")
    }

    /// What the parts are worth, read back by the rules of arithmetic alone.
    fn value(parts: &[String]) -> u16 {
        parts.iter().fold(0, |sum, part| match part.as_str() {
            "hundred" if sum == 0 => 100,
            "hundred" => sum * 100,
            "and" => sum,
            "one" => sum + 1,
            "twenty-one" => sum + 21,
            other => sum + other.strip_prefix("n-").unwrap().parse::<u16>().unwrap(),
        })
    }

    #[test]
    fn every_number_can_be_said_and_means_itself() {
        for number in 0..=NUMBER_MAX {
            for said in [english::number(number), spanish::number(number), spanish::before_a_noun(number)] {
                assert_eq!(value(&said), number, "{said:?}");
            }
            words(Language::English, &english::number(number));
            words(Language::Spanish, &spanish::number(number));
            words(Language::Spanish, &spanish::before_a_noun(number));
        }
    }

    #[test]
    fn english_numbers() {
        for (number, said) in [
            (0, "zero"),
            (1, "one"),
            (11, "eleven"),
            (20, "twenty"),
            (21, "twenty one"),
            (99, "ninety nine"),
            (100, "one hundred"),
            (101, "one hundred one"),
            (115, "one hundred fifteen"),
            (999, "nine hundred ninety nine"),
        ] {
            assert_eq!(words(Language::English, &english::number(number)), said);
        }
    }

    /// Alone, and before a masculine noun, where "uno" loses its last letter.
    #[test]
    fn spanish_numbers() {
        for (number, alone, before) in [
            (0, "cero", "cero"),
            (1, "uno", "un"),
            (2, "dos", "dos"),
            (15, "quince", "quince"),
            (16, "dieciséis", "dieciséis"),
            (20, "veinte", "veinte"),
            (21, "veintiuno", "veintiún"),
            (22, "veintidós", "veintidós"),
            (30, "treinta", "treinta"),
            (31, "treinta y uno", "treinta y un"),
            (42, "cuarenta y dos", "cuarenta y dos"),
            (100, "cien", "cien"),
            (101, "ciento uno", "ciento un"),
            (121, "ciento veintiuno", "ciento veintiún"),
            (200, "doscientos", "doscientos"),
            (500, "quinientos", "quinientos"),
            (731, "setecientos treinta y uno", "setecientos treinta y un"),
            (999, "novecientos noventa y nueve", "novecientos noventa y nueve"),
        ] {
            assert_eq!(words(Language::Spanish, &spanish::number(number)), alone);
            assert_eq!(words(Language::Spanish, &spanish::before_a_noun(number)), before);
        }
    }

    #[test]
    fn a_wait_is_rounded_up_the_more_coarsely_the_longer_it_is() {
        for (seconds, rounded) in [
            (0, Wait::Short),
            (59, Wait::Short),
            (60, Wait::Minutes(1)),
            (61, Wait::Minutes(2)),
            (290, Wait::Minutes(5)),
            (600, Wait::Minutes(10)),
            (601, Wait::Minutes(15)),
            (1_801, Wait::Minutes(40)),
            (3_600, Wait::Minutes(60)),
            (3_601, Wait::Long),
            (u64::MAX, Wait::Long),
        ] {
            assert_eq!(Wait::of(Duration::from_secs(seconds)), rounded, "{seconds} s");
        }
        assert!(Wait::Short < Wait::Minutes(1) && Wait::Minutes(60) < Wait::Long);
    }

    #[test]
    fn whole_sentences() {
        let place_of = |language, nth| place(language, nth).map(|parts| words(language, &parts));
        let wait_of = |language, how| words(language, &wait(language, how));
        let (english, spanish) = (Language::English, Language::Spanish);
        assert_eq!(place_of(english, 1).as_deref(), Some("You are next in line."));
        assert_eq!(place_of(english, 23).as_deref(), Some("You are caller number twenty three in line."));
        assert_eq!(place_of(spanish, 21).as_deref(), Some("Su llamada es la número veintiuno en espera."));
        assert_eq!((place_of(english, 0), place_of(english, 1_000)), (None, None));
        assert_eq!(wait_of(english, Wait::Minutes(1)), "The expected wait is about one minute.");
        assert_eq!(wait_of(english, Wait::Minutes(5)), "The expected wait is about five minutes.");
        assert_eq!(wait_of(spanish, Wait::Minutes(1)), "El tiempo de espera aproximado es de un minuto.");
        assert_eq!(wait_of(spanish, Wait::Minutes(30)), "El tiempo de espera aproximado es de treinta minutos.");
        assert_eq!(wait_of(spanish, Wait::Short), "El tiempo de espera es de menos de un minuto.");
    }

    #[test]
    fn the_lists_have_each_name_once() {
        for language in Language::ALL {
            let mut names: Vec<&str> = language.parts().collect();
            assert!(names.iter().all(|name| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')));
            let count = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), count);
            assert_eq!(Language::of_tag(&format!("{}-X", language.tag().to_uppercase())), Some(language));
        }
        assert_eq!(Language::of_tag("eng"), None);
    }
}
