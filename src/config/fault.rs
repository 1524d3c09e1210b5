//! Faults of a configuration: each with its line, its key, what is wrong, and what to do.

use std::fmt;

/// One fault. `Display` is the line that an admin reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The file that the configuration names; `None` for its own.
    pub file: Option<String>,
    /// Both from 1; the column counts characters.
    pub line: usize,
    pub column: usize,
    /// Where in the file's tree, like `trunks[0].fallback`; empty for the file as a whole.
    pub key: String,
    pub what: String,
    pub remedy: String,
}

/// A spot in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub offset: usize,
    pub key: String,
}

/// Collects the faults of one text.
#[derive(Debug)]
pub(super) struct Faults<'t> {
    text: &'t str,
    found: Vec<(usize, Fault)>,
    /// What is no fault, and is said too.
    warnings: Vec<(usize, Fault)>,
}

impl Place {
    /// The file as a whole.
    pub(super) fn top() -> Place {
        Place { offset: 0, key: String::new() }
    }

    pub(super) fn key(&self, key: &str, offset: usize) -> Place {
        let dot = if self.key.is_empty() { "" } else { "." };
        Place { offset, key: format!("{}{dot}{key}", self.key) }
    }

    pub(super) fn nth(&self, n: usize, offset: usize) -> Place {
        Place { offset, key: format!("{}[{n}]", self.key) }
    }
}

impl<'t> Faults<'t> {
    pub(super) fn of(text: &'t str) -> Faults<'t> {
        Faults { text, found: Vec::new(), warnings: Vec::new() }
    }

    /// For what is read twice: its faults have been said.
    pub(super) fn scratch(&self) -> Faults<'t> {
        Faults::of(self.text)
    }

    pub(super) fn add(&mut self, place: &Place, what: impl Into<String>, remedy: impl Into<String>) {
        self.found.push((place.offset, self.fault(place, what.into(), remedy.into())));
    }

    /// The file holds all the same.
    pub(super) fn warn(&mut self, place: &Place, what: impl Into<String>, remedy: impl Into<String>) {
        self.warnings.push((place.offset, self.fault(place, what.into(), remedy.into())));
    }

    fn fault(&self, place: &Place, what: String, remedy: String) -> Fault {
        let (line, column) = line_and_column(self.text, place.offset);
        Fault { file: None, line, column, key: place.key.clone(), what, remedy }
    }

    /// A fault on a line of a file that is named at `place`; such stand together, in their order.
    pub(super) fn add_in_file(&mut self, place: &Place, file: &str, line: usize, what: String, remedy: String) {
        let key = place.key.clone();
        let file = Some(file.to_owned());
        self.found.push((place.offset, Fault { file, line, column: 1, key, what, remedy }));
    }

    /// The line of a spot, counted from 1.
    pub(super) fn line(&self, place: &Place) -> usize {
        line_and_column(self.text, place.offset).0
    }

    pub(super) fn count(&self) -> usize {
        self.found.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Something is wrong at one of these keys, or below.
    pub(super) fn are_within(&self, keys: &[&str]) -> bool {
        let is_at = |fault: &Fault, key: &str| {
            fault.key.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        self.found.iter().any(|(_, fault)| keys.iter().any(|key| is_at(fault, key)))
    }

    /// In the order of the file.
    pub(super) fn into_sorted(self) -> Vec<Fault> {
        in_order(self.found)
    }

    /// Likewise, and the warnings.
    pub(super) fn into_both(self) -> (Vec<Fault>, Vec<Fault>) {
        (in_order(self.found), in_order(self.warnings))
    }
}

fn in_order(mut found: Vec<(usize, Fault)>) -> Vec<Fault> {
    found.sort_by_key(|(offset, _)| *offset);
    found.into_iter().map(|(_, fault)| fault).collect()
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.file {
            Some(file) => write!(f, "{file}, line {}: ", self.line)?,
            None => write!(f, "line {}, column {}: ", self.line, self.column)?,
        }
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        write!(f, "{}; {}", self.what, self.remedy)
    }
}

impl std::error::Error for Fault {}

pub(super) fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
    (before.matches('\n').count() + 1, column)
}

/// Of `known`, the one that was probably meant.
pub(super) fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let length = word.chars().count();
    let allowed = if length < 3 { 0 } else { 1 + length / 5 };
    let scored = known.into_iter().map(|name| (distance(word, name), name));
    scored.filter(|(steps, _)| *steps <= allowed).min().map(|(_, name)| name)
}

/// How many letters must be put in, taken out, changed, or exchanged with their neighbour.
fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut steps = vec![vec![0; other.len() + 1]; one.len() + 1];
    for i in 0..=one.len() {
        for j in 0..=other.len() {
            steps[i][j] = match (i, j) {
                (0, _) | (_, 0) => i + j,
                _ => {
                    let changed = steps[i - 1][j - 1] + usize::from(one[i - 1] != other[j - 1]);
                    changed.min(steps[i - 1][j] + 1).min(steps[i][j - 1] + 1)
                }
            };
            if i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1] {
                steps[i][j] = steps[i][j].min(steps[i - 2][j - 2] + 1);
            }
        }
    }
    steps[one.len()][other.len()]
}

/// "did you mean `x`?", or else what may be written.
pub(super) fn did_you_mean(word: &str, known: &[&str]) -> String {
    match (nearest(word, known.iter().copied()), known) {
        (Some(name), _) => format!("did you mean {name:?}?"),
        (None, []) => "there is none yet; add it".to_owned(),
        (None, known) => format!("it may be one of: {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_says_where() {
        let text = "a = 1\n  ü = 2\n";
        let mut faults = Faults::of(text);
        faults.add(&Place::top().key("b", text.find("= 2").expect("there")), "wrong", "mend it");
        let faults = faults.into_sorted();
        assert_eq!(faults[0].to_string(), "line 2, column 5: b: wrong; mend it");
    }

    #[test]
    fn a_slip_of_the_finger_is_guessed() {
        assert_eq!(nearest("netwroks", ["name", "networks", "region"]), Some("networks"));
        assert_eq!(nearest("fallbak", ["name", "fallback"]), Some("fallback"));
        assert_eq!(nearest("pxb", ["pbx"]), Some("pbx"));
        assert_eq!(nearest("colour", ["name", "networks"]), None);
    }
}
