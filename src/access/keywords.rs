//! Keywords and phrases in the customer's own words: those of all rules are looked for in one pass, by an automaton.

use std::collections::BTreeMap;
use std::fmt;

use aho_corasick::automaton::Automaton;
use aho_corasick::{Anchored, PatternID, dfa, nfa::contiguous};

use crate::base::limits::{ACCESS_KEYWORD_MAX, ACCESS_KEYWORDS_MAX};

use super::fold::folded;
use super::rule_set::{RuleIx, RuleSet};

/// A word or a phrase, `cancel my order`; with a `*` at its end all that begins so, `cancel*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keyword {
    written: Box<str>,
    /// As `spaced`; without the blank at the end where anything may follow.
    pattern: Box<str>,
}

/// Why a text is no keyword.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadKeyword {
    /// No letter and no digit in it.
    Empty,
    TooLong,
    /// A `*` elsewhere than at the end.
    Star,
}

/// More keywords than a policy can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooMany;

/// The keywords of all rules.
#[derive(Clone, Debug)]
pub(super) struct Keywords {
    automaton: Walked,
    /// Each pattern, and who asks for it.
    rules: Vec<(Box<str>, Vec<RuleIx>)>,
}

/// What was found in a text.
#[derive(Clone, Debug, Default)]
pub(super) struct Spoken {
    /// The rules of which a keyword is in it.
    pub rules: RuleSet,
    /// The first patterns that are in it, for whoever explains it.
    patterns: Vec<PatternID>,
}

/// A rule whose keyword comes later in a text is explained without it.
const PATTERNS_KEPT: usize = 8;

/// A table of all steps is the fastest, and takes a quarter of a kilobyte for each letter of the patterns.
#[derive(Clone, Debug)]
enum Walked {
    Table(dfa::DFA),
    Compact(contiguous::NFA),
}

/// Letters of all patterns up to which it is a table: some megabytes.
const TABLE_LETTERS_MAX: usize = 16_384;

/// Collects them.
#[derive(Debug, Default)]
pub(super) struct KeywordsBuilder {
    rules_by_pattern: BTreeMap<Box<str>, Vec<RuleIx>>,
}

impl Keyword {
    pub fn parse(text: &str) -> Result<Keyword, BadKeyword> {
        let (phrase, begins) = text.trim().strip_suffix('*').map_or((text, false), |phrase| (phrase, true));
        if phrase.contains('*') {
            return Err(BadKeyword::Star);
        }
        if phrase.chars().count() > ACCESS_KEYWORD_MAX {
            return Err(BadKeyword::TooLong);
        }
        let mut pattern = spaced(phrase);
        if pattern.trim().is_empty() {
            return Err(BadKeyword::Empty);
        }
        if begins {
            pattern.pop();
        }
        Ok(Keyword { written: text.into(), pattern: pattern.into_boxed_str() })
    }

    /// All texts in which `other` is found have this one too.
    pub(super) fn finds_all_of(&self, other: &Keyword) -> bool {
        other.pattern.contains(&*self.pattern)
    }
}

impl KeywordsBuilder {
    pub(super) fn add(&mut self, keyword: &Keyword, rule: RuleIx) {
        self.rules_by_pattern.entry(keyword.pattern.clone()).or_default().push(rule);
    }

    /// `None` when no rule asks.
    pub(super) fn build(self) -> Result<Option<Keywords>, TooMany> {
        if self.rules_by_pattern.is_empty() {
            return Ok(None);
        }
        if self.rules_by_pattern.len() > ACCESS_KEYWORDS_MAX {
            return Err(TooMany);
        }
        let automaton = Walked::over(self.rules_by_pattern.keys())?;
        let rules = self.rules_by_pattern.into_iter().collect();
        Ok(Some(Keywords { automaton, rules }))
    }
}

impl Keywords {
    /// What is in the text.
    pub(super) fn find(&self, text: &str) -> Spoken {
        let mut found = Spoken::default();
        let hit = |pattern: PatternID| {
            let rules = self.rules.get(pattern.as_usize()).map(|(_, rules)| rules);
            rules.into_iter().flatten().for_each(|rule| found.rules.insert(*rule));
            if found.patterns.len() < PATTERNS_KEPT && !found.patterns.contains(&pattern) {
                found.patterns.push(pattern);
            }
        };
        if text.is_ascii() {
            self.automaton.walk(plain_letters(text.as_bytes()), hit);
        } else {
            self.automaton.walk(spaced(text).bytes(), hit);
        }
        found
    }
}

impl Keywords {
    /// Which of these was found first, as it is written.
    pub(super) fn first_of<'k>(&self, spoken: &Spoken, asked: &'k [Keyword]) -> Option<&'k str> {
        let patterns = spoken.patterns.iter().filter_map(|pattern| self.rules.get(pattern.as_usize()));
        let named = |(pattern, _): &(Box<str>, Vec<RuleIx>)| asked.iter().find(|keyword| keyword.pattern == *pattern);
        patterns.filter_map(named).next().map(|keyword| &*keyword.written)
    }
}

impl Walked {
    fn over<'p>(patterns: impl Iterator<Item = &'p Box<str>> + Clone) -> Result<Walked, TooMany> {
        let letters: usize = patterns.clone().map(|pattern| pattern.len()).sum();
        let patterns = patterns.map(|pattern| pattern.as_bytes());
        if letters <= TABLE_LETTERS_MAX {
            return dfa::DFA::new(patterns).map(Walked::Table).map_err(|_| TooMany);
        }
        contiguous::NFA::new(patterns).map(Walked::Compact).map_err(|_| TooMany)
    }

    fn walk(&self, letters: impl Iterator<Item = u8>, hit: impl FnMut(PatternID)) {
        match self {
            Walked::Table(table) => walk(table, letters, hit),
            Walked::Compact(nfa) => walk(nfa, letters, hit),
        }
    }
}

/// All patterns that end at some letter.
fn walk(automaton: &impl Automaton, letters: impl Iterator<Item = u8>, mut hit: impl FnMut(PatternID)) {
    let Ok(mut state) = automaton.start_state(Anchored::No) else { return };
    letters.for_each(|letter| {
        state = automaton.next_state(Anchored::No, state, letter);
        if automaton.is_special(state) && automaton.is_match(state) {
            (0..automaton.match_len(state)).for_each(|nth| hit(automaton.match_pattern(state, nth)));
        }
    });
}

/// As `spaced`, of a text in ASCII and without a copy of it.
fn plain_letters(text: &[u8]) -> impl Iterator<Item = u8> {
    let mut before = 0;
    let letters = [b' '].into_iter().chain(text.iter().map(|byte| PLAIN[usize::from(*byte)])).chain([b' ']);
    letters.filter(move |letter| {
        let is_doubled = *letter == b' ' && before == b' ';
        before = *letter;
        !is_doubled
    })
}

/// Each byte as a keyword has it: letters in lower case, and blanks for all that is no letter and no digit.
const PLAIN: [u8; 256] = {
    let mut plain = [b' '; 256];
    let mut byte = 0;
    while byte < 128 {
        if (byte as u8).is_ascii_alphanumeric() {
            plain[byte] = (byte as u8).to_ascii_lowercase();
        }
        byte += 1;
    }
    plain
};

/// The words of a text, folded, each with a blank before and behind it: so a word is never found within another.
fn spaced(text: &str) -> String {
    let mut spaced = String::from(" ");
    for letter in folded(text).chars() {
        let is_word = letter.is_alphanumeric();
        // Scripts without blanks between words: each sign stands for itself.
        if (!is_word || is_run_together(letter)) && !spaced.ends_with(' ') {
            spaced.push(' ');
        }
        if is_word {
            spaced.push(letter);
        }
        if is_word && is_run_together(letter) {
            spaced.push(' ');
        }
    }
    if !spaced.ends_with(' ') {
        spaced.push(' ');
    }
    spaced
}

/// Thai, Lao, Burmese, Khmer, kana and the ideographs.
fn is_run_together(letter: char) -> bool {
    matches!(letter, '\u{E00}'..='\u{EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}' | '\u{3040}'..='\u{30FF}'
        | '\u{3400}'..='\u{9FFF}' | '\u{20000}'..='\u{3FFFF}')
}

impl fmt::Display for Keyword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl fmt::Display for BadKeyword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadKeyword::Empty => f.write_str("a keyword without a letter or digit would be found nowhere"),
            BadKeyword::TooLong => write!(f, "longer than {ACCESS_KEYWORD_MAX} characters"),
            BadKeyword::Star => f.write_str("a * means something at the end only"),
        }
    }
}

impl std::error::Error for BadKeyword {}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(keywords: &[&str], text: &str) -> Vec<RuleIx> {
        let mut builder = KeywordsBuilder::default();
        for (keyword, rule) in keywords.iter().zip(0..) {
            builder.add(&Keyword::parse(keyword).expect(keyword), rule);
        }
        let keywords = builder.build().expect("few").expect("some");
        let rules = keywords.find(text).rules;
        (0..100).filter(|rule| rules.contains(*rule)).collect()
    }

    #[test]
    fn words_are_found_whole_in_any_case_and_without_accents() {
        let keywords = ["cancel", "charge back", "Kündigung", "order"];
        assert_eq!(found(&keywords, "Please CANCEL it."), [0]);
        assert_eq!(found(&keywords, "cancellation"), [0; 0]);
        assert_eq!(found(&keywords, "a charge-back, now"), [1]);
        assert_eq!(found(&keywords, "charge it back"), [0; 0]);
        assert_eq!(found(&keywords, "MEINE KÜNDIGUNG!"), [2]);
        assert_eq!(found(&keywords, "cancel order"), [0, 3], "two words share the blank between them");
        assert_eq!(found(&keywords, ""), [0; 0]);
    }

    #[test]
    fn one_pass_finds_all_that_overlap_and_the_same_word_for_many_rules() {
        assert_eq!(
            found(&["my order", "order is late", "order", "order", "late"], "my order is late"),
            [0, 1, 2, 3, 4]
        );
    }

    #[test]
    fn a_star_at_the_end_is_whatever_follows() {
        assert_eq!(found(&["cancel*", "my ord*"], "cancellation of my orders"), [0, 1]);
        assert_eq!(found(&["cancel*"], "uncancelled"), [0; 0]);
    }

    #[test]
    fn scripts_without_blanks_are_searched_sign_by_sign() {
        assert_eq!(found(&["返品"], "商品を返品したい"), [0]);
        assert_eq!(found(&["品返"], "商品を返品したい"), [0; 0]);
    }

    #[test]
    fn plain_text_is_spaced_alike_without_a_copy() {
        let letters: String = (0..128).map(char::from).collect();
        for text in ["", " ", "a", "  Is it -- here?", "no, 12 of them ", &letters] {
            let walked: Vec<u8> = plain_letters(text.as_bytes()).collect();
            assert_eq!(String::from_utf8(walked).expect("text"), spaced(text), "{text:?}");
        }
    }

    #[test]
    fn many_keywords_are_found_as_few_are() {
        let words: Vec<String> = (0..ACCESS_KEYWORDS_MAX / 2).map(|n| format!("word number {n}")).collect();
        let mut builder = KeywordsBuilder::default();
        words.iter().zip(0..).for_each(|(word, n)| builder.add(&Keyword::parse(word).expect("a keyword"), n % 100));
        let keywords = builder.build().expect("few").expect("some");
        assert!(matches!(keywords.automaton, Walked::Compact(_)));
        assert_eq!(keywords.find("It is WORD number 4242.").rules.iter().collect::<Vec<_>>(), [42]);
    }

    #[test]
    fn what_is_no_keyword_says_so() {
        for (text, fault) in [
            ("", BadKeyword::Empty),
            (" -- ", BadKeyword::Empty),
            ("*", BadKeyword::Empty),
            ("a*b", BadKeyword::Star),
            (&*"x".repeat(101), BadKeyword::TooLong),
        ] {
            assert_eq!(Keyword::parse(text), Err(fault), "{text}");
        }
    }

    #[test]
    fn a_policy_holds_so_many() {
        let mut builder = KeywordsBuilder::default();
        for n in 0..=ACCESS_KEYWORDS_MAX {
            builder.add(&Keyword::parse(&format!("word{n}")).expect("a keyword"), 0);
        }
        assert_eq!(builder.build().err(), Some(TooMany));
    }
}
