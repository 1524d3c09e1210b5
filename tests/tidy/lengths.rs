//! How long a file and a function of src/ may be. Unit tests, comments and empty lines do not count.

use super::source::{Fault, Source, end_of_block, line_of, places_of};

const FILE_MAX: usize = 500;
const FUNCTION_MAX: usize = 80;

/// Files that are longer, how long each may be, and why. An entry may only shrink, and leaves when it is not needed.
const LONGER: [(&str, usize, &str); 0] = [];

pub fn faults(source: &Source) -> Vec<Fault> {
    let mut faults = long_functions(source);
    let (length, most) = (code_lines(&source.product), allowed(&source.path));
    if length > most {
        faults.push(source.fault(1, format!("{length} lines of code, at most {most}: give a part a file of its own")));
    }
    faults
}

/// The exceptions that are not needed any more, or could be smaller by a tenth.
pub fn stale_exceptions(sources: &[Source]) -> Vec<Fault> {
    let stale = |(path, most, _): &(&str, usize, &str)| {
        let length = sources.iter().find(|source| source.path == *path).map_or(0, |source| code_lines(&source.product));
        let what = format!("has {length} lines: its exception of {most} can shrink or go");
        (length <= FILE_MAX || length * 10 < most * 9).then(|| Fault { path: (*path).to_owned(), line: 1, what })
    };
    LONGER.iter().filter_map(stale).collect()
}

fn allowed(path: &str) -> usize {
    LONGER.iter().find(|(longer, _, _)| *longer == path).map_or(FILE_MAX, |(_, most, _)| *most)
}

fn code_lines(code: &str) -> usize {
    code.lines().filter(|line| !line.trim().is_empty()).count()
}

fn long_functions(source: &Source) -> Vec<Fault> {
    let code = &source.product;
    let mut faults = Vec::new();
    for at in places_of(code, "fn ") {
        let Some(body) = code[at..].find(['{', ';']).filter(|length| code[at + length..].starts_with('{')) else {
            continue;
        };
        let length = code_lines(&code[at..end_of_block(code, at + body)]);
        if length > FUNCTION_MAX {
            faults
                .push(source.fault(line_of(code, at), format!("a function of {length} lines, at most {FUNCTION_MAX}")));
        }
    }
    faults
}

#[test]
fn what_is_too_long_is_found() {
    let line = "    a();\n";
    let long_function = format!("fn a() {{\n{}}}\n", line.repeat(FUNCTION_MAX));
    let long_file = "const A: u8 = 1;\n".repeat(FILE_MAX + 1);
    for text in [&long_function, &long_file] {
        assert_eq!(faults(&Source::new("src/a.rs", text)).len(), 1, "{}", &text[..40]);
    }
    let fits = format!("fn a() {{\n{}}}\n\n// {}\n", line.repeat(FUNCTION_MAX - 2), "\n".repeat(FILE_MAX));
    let tests = format!("#[cfg(test)]\nmod tests {{\n{long_function}{long_file}}}\n");
    assert!(faults(&Source::new("src/a.rs", &(fits + &tests))).is_empty());
}
