//! A list of domains and their tiers from a CSV file: `domain,tier` on each line, a million of them in a second or two.

use std::collections::HashMap;

use crate::base::TierId;
use crate::base::limits::FAULTS_NAMED_MAX;

use super::domains::{BadPattern, read_pattern};

/// What the lines of a file say, in their order, as compact as it can be: it is kept only until it is in the index.
#[derive(Clone, Debug, Default)]
pub struct DomainList {
    names: String,
    entries: Vec<Entry>,
    tiers: Vec<TierId>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    end: u32,
    tier: u16,
    below: bool,
}

/// What is wrong with a file: the first faults, and how many there are in all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListFaults {
    pub named: Vec<ListFault>,
    pub count: usize,
}

/// A line that says nothing, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListFault {
    pub line: usize,
    pub why: BadLine,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadLine {
    NotText,
    /// Not two columns, or quotes that do not end.
    Columns,
    Domain(String, BadPattern),
    /// No tier has this name.
    Tier(String),
}

const HEADER: &str = "domain";
const COMMENT: char = '#';
/// Values of a fault are cut there: a line may be anything.
const SHOWN_MAX: usize = 60;

impl DomainList {
    /// Reads `domain,tier` lines; values may stand in quotes, a first line `domain,tier` and lines with `#` are passed over. `tiers`
    /// are the names that there are. On failure nothing of the file holds.
    pub fn read(bytes: &[u8], tiers: &[&str]) -> Result<DomainList, ListFaults> {
        let mut list = DomainList { tiers: tiers.iter().map(|name| TierId::new(name)).collect(), ..Default::default() };
        list.names.reserve(bytes.len());
        list.entries.reserve(bytes.len() / 32);
        let tier_by_name: HashMap<&str, u16> = tiers.iter().copied().zip(0..).collect();
        let mut faults = ListFaults::default();
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        for (line, text) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
            if let Err(why) = list.take(text, line, &tier_by_name) {
                faults.add(ListFault { line, why });
            }
        }
        if faults.count == 0 { Ok(list) } else { Err(faults) }
    }

    /// How many domains it names.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Each name, whether all below it is meant, and its tier.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&str, bool, &TierId)> {
        let mut begin = 0;
        self.entries.iter().filter_map(move |entry| {
            let end = entry.end as usize;
            let name = self.names.get(std::mem::replace(&mut begin, end)..end)?;
            Some((name, entry.below, self.tiers.get(usize::from(entry.tier))?))
        })
    }

    fn take(&mut self, line: &[u8], nth: usize, tiers: &HashMap<&str, u16>) -> Result<(), BadLine> {
        let text = std::str::from_utf8(line).map_err(|_| BadLine::NotText)?.trim();
        if text.is_empty() || text.starts_with(COMMENT) {
            return Ok(());
        }
        let (domain, tier) = columns(text).ok_or(BadLine::Columns)?;
        if nth == 1 && domain.eq_ignore_ascii_case(HEADER) {
            return Ok(());
        }
        let (name, below) = read_pattern(domain).map_err(|why| BadLine::Domain(shown(domain), why))?;
        let tier = *tiers.get(tier).ok_or_else(|| BadLine::Tier(shown(tier)))?;
        self.names.push_str(name);
        let begin = self.names.len() - name.len();
        self.names[begin..].make_ascii_lowercase();
        let end = u32::try_from(self.names.len()).map_err(|_| BadLine::NotText)?;
        self.entries.push(Entry { end, tier, below });
        Ok(())
    }
}

/// The two values of a line.
fn columns(line: &str) -> Option<(&str, &str)> {
    let (first, rest) = value(line)?;
    let (second, rest) = value(rest.strip_prefix(',')?)?;
    (rest.is_empty() && !second.is_empty()).then_some((first, second))
}

/// A value, and what follows from the comma on.
fn value(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    if let Some(quoted) = text.strip_prefix('"') {
        let (value, rest) = quoted.split_once('"')?;
        return Some((value.trim(), rest.trim_start()));
    }
    let end = text.find(',').unwrap_or(text.len());
    let (value, rest) = text.split_at(end);
    (!value.contains('"')).then_some((value.trim(), rest))
}

fn shown(text: &str) -> String {
    text.chars().take(SHOWN_MAX).collect()
}

impl ListFaults {
    fn add(&mut self, fault: ListFault) {
        self.count += 1;
        if self.named.len() < FAULTS_NAMED_MAX {
            self.named.push(fault);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIERS: [&str; 2] = ["gold", "iron"];

    fn read(text: &str) -> Vec<String> {
        let list = DomainList::read(text.as_bytes(), &TIERS).unwrap_or_else(|faults| panic!("{faults:?}"));
        let line =
            |(name, below, tier): (&str, bool, &TierId)| format!("{}{name} {tier}", if below { "*." } else { "" });
        list.entries().map(line).collect()
    }

    #[test]
    fn a_list_is_read_whatever_wrote_it() {
        let text = "\u{feff}Domain,Tier\r\n# those of last year\r\nShop.Example.com,gold\r\n\r\n\"*.example.net\" , \"iron\"\n  example.org,gold";
        assert_eq!(read(text), ["shop.example.com gold", "*.example.net iron", "example.org gold"]);
        assert_eq!(read(""), Vec::<String>::new());
    }

    #[test]
    fn each_line_that_says_nothing_is_named() {
        let text = b"example.com\nexample.com,gold,2\nexa mple.com,gold\n\"example.com,gold\n*.com,gold\nexample.com,golf\n\xff,gold\nexample.com,\n";
        let faults = DomainList::read(text, &TIERS).unwrap_err();
        let lines: Vec<_> = faults.named.iter().map(|fault| fault.line).collect();
        assert_eq!((lines, faults.count), (vec![1, 2, 3, 4, 5, 6, 7, 8], 8));
        assert_eq!(faults.named[4].why, BadLine::Domain("*.com".to_owned(), BadPattern::PublicSuffix));
        assert_eq!(faults.named[5].why, BadLine::Tier("golf".to_owned()));
    }

    #[test]
    fn of_ten_thousand_broken_lines_the_first_are_named_and_all_are_counted() {
        let text = "broken\n".repeat(10_000) + "example.com,gold\n";
        let faults = DomainList::read(text.as_bytes(), &TIERS).unwrap_err();
        assert_eq!((faults.named.len(), faults.count), (FAULTS_NAMED_MAX, 10_000));
        assert_eq!(faults.named.last().map(|fault| fault.line), Some(FAULTS_NAMED_MAX));
    }
}
