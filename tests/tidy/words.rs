//! What must not stand in a file: open ends, panics, tests that are left out, paths of a machine, real telephone numbers.

use super::source::{Fault, Source, line_of, places_of};

/// Written so that this file does not hold them itself.
const OPEN_ENDS: [&str; 5] = [
    concat!("to", "do!"),
    concat!("un", "implemented!"),
    concat!("db", "g!"),
    concat!("#[ig", "nore"),
    concat!("#[cfg(F", "ALSE)]"),
];
const OPEN_NOTES: [&str; 2] = [concat!("TO", "DO"), concat!("FIX", "ME")];
const MACHINES: [&str; 4] =
    [concat!("/wo", "rk/"), concat!("/ho", "me/"), concat!("/ro", "ot/"), concat!("/Us", "ers/")];
const PANICS: [&str; 4] = [".unwrap()", ".expect(\"", "panic!(", "unreachable!("];
/// On the same line or the one above, with the reason.
const CANNOT_FAIL: &str = "// cannot fail: ";

/// Generated, or a quotation of a standard.
const NOT_OUR_TEXT: [&str; 2] = ["Cargo.lock", "tests/torture/"];

pub fn faults_of_rust(source: &Source) -> Vec<Fault> {
    let mut faults = Vec::new();
    if !source.text.starts_with("//! ") {
        faults.push(source.fault(1, "the first line says what the file is: `//! ...`"));
    }
    for word in OPEN_ENDS {
        let places = places_of(&source.code, word).into_iter();
        faults.extend(places.map(|at| source.fault(line_of(&source.code, at), format!("an open end: {word}"))));
    }
    for word in OPEN_NOTES {
        let places = places_of(&source.text, word).into_iter();
        faults.extend(places.map(|at| source.fault(line_of(&source.text, at), format!("an open end: {word}"))));
    }
    faults
}

pub fn panics(source: &Source) -> Vec<Fault> {
    let mut faults = Vec::new();
    for word in PANICS {
        for at in places_of(&source.product, word) {
            let line = line_of(&source.product, at);
            if !excused(&source.text, line) {
                let what =
                    format!("{} panics: answer with an error, or say `{CANNOT_FAIL}why`", word.trim_end_matches('"'));
                faults.push(source.fault(line, what));
            }
        }
    }
    faults
}

fn excused(text: &str, line: usize) -> bool {
    text.lines().skip(line.saturating_sub(2)).take(if line == 1 { 1 } else { 2 }).any(|line| line.contains(CANNOT_FAIL))
}

pub fn faults_of_text(path: &str, text: &str) -> Vec<Fault> {
    if NOT_OUR_TEXT.iter().any(|not_ours| path.starts_with(not_ours)) {
        return Vec::new();
    }
    let fault = |at, what| Fault { path: path.to_owned(), line: line_of(text, at), what };
    let mut faults = Vec::new();
    for machine in MACHINES {
        faults
            .extend(text.match_indices(machine).map(|(at, _)| fault(at, format!("a path of one machine: {machine}"))));
    }
    let numbers = numbers_in(text).into_iter().filter(|(_, number)| !is_fiction(number));
    faults.extend(numbers.map(|(at, number)| fault(at, format!("+{number} is not of a range for fiction"))));
    faults
}

/// `+` and 8 to 15 digits, the first not 0, as E.164 has them; blanks, dots and dashes between digits are read over.
fn numbers_in(text: &str) -> Vec<(usize, String)> {
    let digits_after = |at: usize| {
        let rest = text[at + 1..].chars();
        let until = rest.take_while(|c| c.is_ascii_digit() || " -.()".contains(*c));
        until.filter(char::is_ascii_digit).collect::<String>()
    };
    let number = |at: usize| {
        let whole = text.as_bytes().get(at + 1).is_some_and(u8::is_ascii_digit) && !is_template(&text[at + 1..]);
        whole.then(|| (at, digits_after(at)))
    };
    let starts = text.match_indices('+').map(|(at, _)| at);
    let real = |(_, digits): &(usize, String)| (8..=15).contains(&digits.len()) && !digits.starts_with('0');
    starts.filter_map(number).filter(real).collect()
}

/// The beginning of a number that a format string or a dial plan completes.
fn is_template(digits: &str) -> bool {
    digits.trim_start_matches(|c: char| c.is_ascii_digit()).starts_with(['{', 'X'])
}

/// +1 555 0100 to 0199, +1 and an area code and the same, +44 1632 960000 to 960999.
fn is_fiction(digits: &str) -> bool {
    let american = digits.strip_prefix('1').is_some_and(|rest| {
        let local = if rest.len() == 10 { &rest[3..] } else { rest };
        local.len() == 7 && local.starts_with("55501")
    });
    american || (digits.starts_with("441632960") && digits.len() == 12)
}

#[cfg(test)]
fn whats(faults: Vec<Fault>) -> Vec<String> {
    faults.iter().map(Fault::to_string).collect()
}

#[test]
fn open_ends_are_found() {
    for text in [
        "fn a() {}".to_owned(),
        format!("//! A.\nfn a() {{ {}() }}", OPEN_ENDS[0]),
        format!("//! A.\nfn a() {{ {}(1) }}", OPEN_ENDS[2]),
        format!("//! A.\n#[test]\n{}]\nfn a() {{}}", OPEN_ENDS[3]),
        format!("//! A.\n// {}: later", OPEN_NOTES[0]),
    ] {
        assert_eq!(faults_of_rust(&Source::new("src/a.rs", &text)).len(), 1, "{text}");
    }
    assert!(faults_of_rust(&Source::new("src/a.rs", "//! A.\nfn a() {}\n")).is_empty());
}

#[test]
fn panics_are_found_unless_they_say_why_not() {
    for (text, count) in [
        ("fn a() { b.unwrap(); }", 1),
        ("fn a() { b.expect(\"b\"); }", 1),
        ("fn a() { panic!(\"b\"); }", 1),
        ("fn a() { b.unwrap(); } // cannot fail: b is set above", 0),
        ("// cannot fail: b is set above\nfn a() { b.unwrap(); }", 0),
        ("// cannot fail: b is set above\n\nfn a() { b.unwrap(); }", 1),
        ("fn a() { self.expect(Token::Comma); b.unwrap_or(1); }", 0),
        ("#[cfg(test)]\nmod tests { fn a() { b.unwrap(); } }", 0),
    ] {
        assert_eq!(whats(panics(&Source::new("src/a.rs", text))).len(), count, "{text}");
    }
}

#[test]
fn machines_and_real_numbers_are_found() {
    let plus = '+';
    for text in [
        format!("see {}somewhere", MACHINES[0]),
        format!("{plus}12025550300"),
        format!("tel:{plus}1-202-456-1111"),
        format!("{plus}44 20 7946 0018"),
        format!("{plus}493012345678"),
    ] {
        assert_eq!(whats(faults_of_text("a.md", &text)).len(), 1, "{text}");
    }
    for text in [
        "+15550100",
        "+1 555 0199",
        "+1 (201) 555-0123",
        "tel:+1-201-555-0123",
        "+44 1632 960000",
        "2026+1",
        "a +123",
        "+120155501{n:02}",
    ] {
        assert_eq!(whats(faults_of_text("a.md", text)), Vec::<String>::new(), "{text}");
    }
}
