//! A Rust file as the rules read it: comments and the insides of strings blanked out, tests set apart.

use std::fmt;

/// One file below the root of the project.
pub struct Source {
    /// From the root, with `/`.
    pub path: String,
    /// As it stands.
    pub text: String,
    /// The same length in lines, with comments and the insides of literals as blanks.
    pub code: String,
    /// `code` with the bodies of `#[cfg(test)]` items as blanks too.
    pub product: String,
}

/// A rule that a line breaks.
pub struct Fault {
    pub path: String,
    /// From 1.
    pub line: usize,
    pub what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.what)
    }
}

impl Source {
    pub fn new(path: &str, text: &str) -> Source {
        let code = without_comments(text);
        let product = without_tests(&code);
        Source { path: path.to_owned(), text: text.to_owned(), code, product }
    }

    pub fn fault(&self, line: usize, what: impl Into<String>) -> Fault {
        Fault { path: self.path.clone(), line, what: what.into() }
    }

    /// Whether it stands in one of these folders, or is one of these files.
    pub fn is_below(&self, folders: &[&str]) -> bool {
        folders.iter().any(|folder| self.path.starts_with(folder))
    }
}

/// Takes the files out of the product that another one declares with `#[cfg(test)] mod name;`, and what is below them.
pub fn set_test_files_apart(sources: &mut [Source]) {
    let declared: Vec<String> = sources.iter().flat_map(test_modules).collect();
    let is_test = |path: &str| {
        declared.iter().any(|module| path.strip_prefix(module).is_some_and(|rest| rest.starts_with(['.', '/'])))
    };
    for source in sources.iter_mut().filter(|source| is_test(&source.path)) {
        source.product = blanked(&source.code);
    }
}

/// The paths, without their ending, of the modules in files of their own that `source` declares for tests alone.
fn test_modules(source: &Source) -> Vec<String> {
    let own = source.path.trim_end_matches(".rs");
    let folder = own.strip_suffix("/mod").or(own.strip_suffix("/lib")).unwrap_or(own);
    let after_attribute =
        places_of(&source.code, "#[cfg(test)]").into_iter().map(|at| &source.code[at + "#[cfg(test)]".len()..]);
    let name = |after: &str| {
        let item = after.split_once(';')?.0.trim();
        let name = item.rsplit_once("mod ").filter(|(before, _)| before.is_empty() || before.starts_with("pub"))?.1;
        name.chars().all(is_word).then(|| format!("{folder}/{name}"))
    };
    after_attribute.filter_map(name).collect()
}

/// The line, from 1, of a place in a text.
pub fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// Where `word` stands in `code` with no letter, digit or `_` beside it.
pub fn places_of(code: &str, word: &str) -> Vec<usize> {
    let alone = |at: &usize| {
        let before = code[..*at].chars().next_back();
        let after = code[at + word.len()..].chars().next();
        let starts_as_word = word.starts_with(is_word);
        let ends_as_word = word.ends_with(is_word);
        !(starts_as_word && before.is_some_and(is_word) || ends_as_word && after.is_some_and(is_word))
    };
    code.match_indices(word).map(|(at, _)| at).filter(alone).collect()
}

pub fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Where the block that opens at or after `from` closes, one past its brace; the end of the text when it does not.
pub fn end_of_block(code: &str, from: usize) -> usize {
    let mut depth = 0usize;
    for (at, c) in code[from..].char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth <= 1 => return from + at + 1,
            '}' => depth -= 1,
            ';' if depth == 0 => return from + at + 1,
            _ => {}
        }
    }
    code.len()
}

fn without_tests(code: &str) -> String {
    let mut kept = code.to_owned();
    for at in places_of(code, "#[cfg(test)]") {
        let after = at + "#[cfg(test)]".len();
        let blank = blanked(&code[after..end_of_block(code, after)]);
        kept.replace_range(after..after + blank.len(), &blank);
    }
    kept
}

/// Blanks of the same number of bytes, lines kept.
fn blanked(text: &str) -> String {
    text.bytes().map(|b| if b == b'\n' { '\n' } else { ' ' }).collect()
}

fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let (length, opens) = next_piece(rest, out.chars().next_back());
        let (piece, after) = rest.split_at(length);
        match opens {
            Piece::Code => out.push(c),
            Piece::Comment => out.push_str(&blanked(piece)),
            Piece::Literal => {
                out.push('"');
                out.push_str(&blanked(&piece[1..piece.len() - 1]));
                out.push('"');
            }
        }
        rest = after;
    }
    out
}

enum Piece {
    Code,
    Comment,
    Literal,
}

/// How many bytes the next piece has, and what it is.
fn next_piece(rest: &str, before: Option<char>) -> (usize, Piece) {
    let word_before = before.is_some_and(is_word);
    if rest.starts_with("//") {
        return (rest.find('\n').unwrap_or(rest.len()), Piece::Comment);
    }
    if rest.starts_with("/*") {
        return (rest.find("*/").map_or(rest.len(), |at| at + 2), Piece::Comment);
    }
    if let Some(length) = raw_string(rest).filter(|_| !word_before) {
        return (length, Piece::Literal);
    }
    if let Some(body) = rest.strip_prefix('"') {
        return (1 + quoted(body, '"'), Piece::Literal);
    }
    if let Some(length) = char_literal(rest) {
        return (length, Piece::Literal);
    }
    (rest.chars().next().map_or(0, char::len_utf8), Piece::Code)
}

fn raw_string(rest: &str) -> Option<usize> {
    let opening = rest.strip_prefix('b').unwrap_or(rest).strip_prefix('r')?;
    let hashes = opening.len() - opening.trim_start_matches('#').len();
    let body = opening[hashes..].strip_prefix('"')?;
    let close = format!("\"{}", "#".repeat(hashes));
    let start = rest.len() - body.len();
    Some(body.find(&close).map_or(rest.len(), |at| start + at + close.len()))
}

/// How many bytes up to and with the closing quote.
fn quoted(body: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in body.char_indices() {
        if !escaped && c == quote {
            return at + 1;
        }
        escaped = !escaped && c == '\\';
    }
    body.len()
}

/// A character in single quotes, told from a lifetime.
fn char_literal(rest: &str) -> Option<usize> {
    let body = rest.strip_prefix('\'')?;
    let first = body.chars().next()?;
    let closes_at = if first == '\\' { quoted(body, '\'') } else { first.len_utf8() + 1 };
    body.as_bytes().get(closes_at - 1).is_some_and(|b| *b == b'\'').then_some(closes_at + 1)
}

#[test]
fn comments_and_literals_are_no_code() {
    let source =
        Source::new("src/a.rs", "let a = \"tokio // x\"; // tokio\nlet b = '\"'; let c: &'static str = r#\"a\"b\"#;\n");
    assert!(!source.code.contains("tokio") && source.code.contains("&'static str"), "{}", source.code);
    assert_eq!(source.code.lines().count(), 2);
    assert_eq!(source.code.len(), source.text.len());
}

#[test]
fn tests_are_no_product() {
    let source = Source::new("src/a.rs", "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() { {} }\n}\nfn c() {}\n");
    assert!(source.product.contains("fn a") && source.product.contains("fn c"));
    assert!(!source.product.contains("fn b") && source.code.contains("fn b"));
}

#[test]
fn a_file_that_is_declared_for_tests_is_no_product() {
    let declared = "#[cfg(test)]\npub mod script;\nmod product;\n#[cfg(test)]\nmod tests { fn a() {} }\n";
    let files = ["src/a/mod.rs", "src/a/script.rs", "src/a/script/more.rs", "src/a/product.rs", "src/a/scripted.rs"];
    let mut sources: Vec<Source> = files.iter().map(|path| Source::new(path, "fn b() {}\n")).collect();
    sources[0] = Source::new(files[0], declared);
    set_test_files_apart(&mut sources);
    let product: Vec<bool> = sources.iter().map(|source| source.product.contains("fn b")).collect();
    assert_eq!(product, [false, false, false, true, true]);
}

#[test]
fn a_word_is_found_alone() {
    assert_eq!(places_of("Instant Instantly MyInstant Instant::now", "Instant").len(), 2);
    assert_eq!(places_of("a.await; b.awaiting", ".await").len(), 1);
}
