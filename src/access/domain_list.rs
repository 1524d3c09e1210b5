//! A list of domains and their tiers from a CSV file: `domain,tier` on each line, a million of them in a second or two.

use std::collections::HashMap;
use std::sync::Arc;

use crate::base::TierId;
use crate::base::limits::FAULTS_NAMED_MAX;

use super::domain_index::{Mark, Named};
use super::domains::{BadPattern, read_pattern};

/// What the lines of a file say, in their order: eight bytes for each beside the file itself, until it is in the index.
#[derive(Clone, Debug, Default)]
pub struct DomainList {
    file: Arc<[u8]>,
    entries: Vec<Entry>,
    tiers: Vec<Mark>,
}

/// Where in the file a name stands.
#[derive(Clone, Copy, Debug)]
struct Entry {
    at: u32,
    length: u8,
    below: bool,
    tier: u16,
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
    /// The file is of two bytes to a sign, as some programs write what they call Unicode.
    WideText,
    /// The file names no domain: what wrote it has failed, or it is another one.
    Empty,
    /// The values have this between them in place of a comma.
    Separator(char),
    /// Not two columns, or quotes that do not end.
    Columns,
    Domain(String, BadPattern),
    /// No tier has this name.
    Tier(String),
}

const HEADER: &str = "domain";
const COMMENT: char = '#';
/// What some programs write at the beginning of a text in UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";
/// Whoever writes two bytes to a sign does so from the first one on.
const WIDE_WITHIN: usize = 1 << 10;
/// Values of a fault are cut there: a line may be anything.
const SHOWN_MAX: usize = 60;

impl DomainList {
    /// Reads `domain,tier` lines; values may stand in quotes, a first line `domain,tier` and lines with `#` are passed over. `tiers`
    /// are the names that there are. On failure nothing of the file holds.
    pub fn read(file: Arc<[u8]>, tiers: &[&str]) -> Result<DomainList, ListFaults> {
        if is_wide(&file) {
            return Err(ListFaults::of_the_file(BadLine::WideText));
        }
        let tier_by_name: HashMap<&str, u16> = tiers.iter().copied().zip(0..=u16::MAX).collect();
        let mut entries = Vec::with_capacity(memchr::memchr_iter(b'\n', &file).count() + 1);
        let mut faults = ListFaults::default();
        let mut at = if file.starts_with(MARK) { MARK.len() } else { 0 };
        for (line, bytes) in (1..).zip(file[at..].split(|byte| *byte == b'\n')) {
            match entry(bytes, line, &tier_by_name) {
                Ok(Some(entry)) => entries.extend(entry.moved(at)),
                Ok(None) => {}
                Err(why) => faults.add(ListFault { line, why }),
            }
            at += bytes.len() + 1;
        }
        if faults.count == 0 && entries.is_empty() {
            return Err(ListFaults::of_the_file(BadLine::Empty));
        }
        let tiers = tiers.iter().map(|name| Mark::Tier(TierId::new(name))).collect();
        if faults.count == 0 { Ok(DomainList { file, entries, tiers }) } else { Err(faults) }
    }

    /// How many domains it names.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Gives each name its tier.
    pub(super) fn each(&self, put: &mut dyn FnMut(Named<'_>)) {
        let mut name = Vec::new();
        for entry in &self.entries {
            let from = entry.at as usize;
            let written = self.file.get(from..from + usize::from(entry.length));
            let Some((written, mark)) = written.zip(self.tiers.get(usize::from(entry.tier))) else { continue };
            name.clear();
            name.extend_from_slice(written);
            name.make_ascii_lowercase();
            put(Named { name: &name, below: entry.below, mark });
        }
    }
}

impl Entry {
    /// From a place in its line to the place in the file; `None` beyond what a file may be long.
    fn moved(self, line: usize) -> Option<Entry> {
        Some(Entry { at: u32::try_from(line).ok()?.checked_add(self.at)?, ..self })
    }
}

/// What a line says, if it says anything.
fn entry(line: &[u8], nth: usize, tiers: &HashMap<&str, u16>) -> Result<Option<Entry>, BadLine> {
    let line = std::str::from_utf8(line).map_err(|_| BadLine::NotText)?;
    let text = line.trim();
    if text.is_empty() || text.starts_with(COMMENT) {
        return Ok(None);
    }
    let (domain, tier) = columns(text).ok_or_else(|| not_columns(text))?;
    if nth == 1 && domain.eq_ignore_ascii_case(HEADER) {
        return Ok(None);
    }
    let bad = |why| BadLine::Domain(shown(domain), why);
    let (name, below) = read_pattern(domain).map_err(bad)?;
    let tier = *tiers.get(tier).ok_or_else(|| BadLine::Tier(shown(tier)))?;
    let place = u32::try_from(name.as_ptr().addr() - line.as_ptr().addr()).ok().zip(u8::try_from(name.len()).ok());
    let (at, length) = place.ok_or_else(|| bad(BadPattern::Unreadable))?;
    Ok(Some(Entry { at, length, below, tier }))
}

/// No domain and no tier has a zero in it.
fn is_wide(file: &[u8]) -> bool {
    let looked_at = file.get(..WIDE_WITHIN).unwrap_or(file);
    looked_at.starts_with(b"\xff\xfe") || looked_at.starts_with(b"\xfe\xff") || memchr::memchr(0, looked_at).is_some()
}

/// Why a line has no two values.
fn not_columns(text: &str) -> BadLine {
    let other = [';', '\t', '|'].into_iter().find(|other| text.contains(*other) && !text.contains(','));
    other.map_or(BadLine::Columns, BadLine::Separator)
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
    /// One about all of it.
    fn of_the_file(why: BadLine) -> ListFaults {
        ListFaults { named: vec![ListFault { line: 1, why }], count: 1 }
    }

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
        let list = DomainList::read(text.as_bytes().into(), &TIERS).unwrap_or_else(|faults| panic!("{faults:?}"));
        let mut read = Vec::new();
        list.each(&mut |Named { name, below, mark }| {
            let Mark::Tier(tier) = mark else { panic!("{mark:?} is no tier") };
            read.push(format!("{}{} {tier}", if below { "*." } else { "" }, String::from_utf8_lossy(name)));
        });
        assert_eq!(read.len(), list.len());
        read
    }

    #[test]
    fn a_list_is_read_whatever_wrote_it() {
        let text = "\u{feff}Domain,Tier\r\n# those of last year\r\nShop.Example.com,gold\r\n\r\n\"*.example.net\" , \"iron\"\n  example.org,gold";
        assert_eq!(read(text), ["shop.example.com gold", "*.example.net iron", "example.org gold"]);
    }

    #[test]
    fn a_file_that_is_no_list_is_named_once() {
        let why = |file: &[u8]| {
            let faults = DomainList::read(file.into(), &TIERS).unwrap_err();
            let named: Vec<_> = faults.named.into_iter().map(|fault| fault.why).collect();
            (named, faults.count)
        };
        let wide: Vec<u8> = "\u{feff}example.com,gold\n".repeat(9).encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(why(&wide), (vec![BadLine::WideText], 1));
        assert_eq!(why(&wide[2..]), (vec![BadLine::WideText], 1));
        for empty in ["", "\n\n", "domain,tier\n", "# of last year\n"] {
            assert_eq!(why(empty.as_bytes()), (vec![BadLine::Empty], 1), "{empty:?}");
        }
        let of_a_spreadsheet = [BadLine::Separator(';'), BadLine::Separator('\t')];
        assert_eq!(why(b"example.com;gold\nexample.net\tgold\nexample.org,gold\n"), (of_a_spreadsheet.to_vec(), 2));
    }

    #[test]
    fn each_line_that_says_nothing_is_named() {
        let text = b"example.com\nexample.com,gold,2\nexa mple.com,gold\n\"example.com,gold\n*.com,gold\nexample.com,golf\n\xff,gold\nexample.com,\n";
        let faults = DomainList::read(text.as_slice().into(), &TIERS).unwrap_err();
        let lines: Vec<_> = faults.named.iter().map(|fault| fault.line).collect();
        assert_eq!((lines, faults.count), (vec![1, 2, 3, 4, 5, 6, 7, 8], 8));
        assert_eq!(faults.named[4].why, BadLine::Domain("*.com".to_owned(), BadPattern::PublicSuffix));
        assert_eq!(faults.named[5].why, BadLine::Tier("golf".to_owned()));
    }

    #[test]
    fn each_of_ten_thousand_broken_lines_is_named_and_what_is_more_is_counted() {
        let text = "broken\n".repeat(10_000) + "example.com,gold\n";
        let faults = DomainList::read(text.as_bytes().into(), &TIERS).unwrap_err();
        assert_eq!((faults.named.len(), faults.count), (10_000, 10_000));
        assert!(faults.named.iter().map(|fault| fault.line).eq(1..=10_000));
        let faults = DomainList::read("broken\n".repeat(30_000).as_bytes().into(), &TIERS).unwrap_err();
        assert_eq!((faults.named.len(), faults.count), (FAULTS_NAMED_MAX, 30_000));
    }
}
