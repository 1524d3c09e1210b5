//! Parameters after a semicolon: `;name=value`, with white space anywhere and quoted values.

use std::borrow::Cow;

use super::lex;

/// The parameters of a header value or URI, not yet read.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Params<'a>(&'a [u8]);

/// One parameter. An empty name stands for nothing between two semicolons.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Param<'a> {
    pub name: &'a [u8],
    /// As written, quotes included; empty when there is none.
    pub value: &'a [u8],
}

impl<'a> Params<'a> {
    pub(super) const NONE: Params<'static> = Params(&[]);

    /// `text` begins with the first semicolon, or is empty.
    pub(super) fn new(text: &'a [u8]) -> Params<'a> {
        Params(text)
    }

    /// As written, from the first semicolon on.
    pub fn raw(&self) -> &'a [u8] {
        self.0
    }

    /// In the order of the text.
    pub fn iter(&self) -> impl Iterator<Item = Param<'a>> + use<'a> {
        let mut rest = self.0.strip_prefix(b";");
        std::iter::from_fn(move || {
            let text = rest?;
            let (one, after) = match lex::find_outside(text, b';') {
                Some(at) => (text.get(..at)?, text.get(at + 1..)),
                None => (text, None),
            };
            rest = after;
            Some(Param::read(one))
        })
    }

    /// The first parameter of that name, in any case.
    pub fn get(&self, name: &str) -> Option<Param<'a>> {
        self.iter().find(|param| param.is(name))
    }

    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Its value as written; empty for a parameter without one.
    pub fn value(&self, name: &str) -> Option<&'a [u8]> {
        self.get(name).map(|param| param.value)
    }

    /// Its value without quotes and backslashes.
    pub fn text(&self, name: &str) -> Option<Cow<'a, [u8]>> {
        self.get(name).map(|param| param.text())
    }
}

impl<'a> Param<'a> {
    fn read(text: &'a [u8]) -> Param<'a> {
        let (name, value) = match memchr::memchr(b'=', text) {
            Some(at) => lex::cut(text, at),
            None => (text, &[][..]),
        };
        Param { name: name.trim_ascii(), value: value.trim_ascii() }
    }

    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }

    /// The value without quotes and backslashes.
    pub fn text(&self) -> Cow<'a, [u8]> {
        lex::unquote(self.value)
    }

    /// The name is a token, and a quoted value ends where the value ends.
    pub(super) fn is_well_formed(&self) -> bool {
        let quoted = self.value.first() != Some(&b'"') || lex::quoted_len(self.value) == Some(self.value.len());
        quoted && lex::is_token(self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_quotes_and_case_do_not_matter() {
        let params = Params::new(br#"; Tag = 98asjd8;lr; x="a;\"b" ;;q=0.3"#);
        assert_eq!(params.value("tag"), Some(&b"98asjd8"[..]));
        assert_eq!(params.value("LR"), Some(&b""[..]));
        assert_eq!(params.text("x").as_deref(), Some(&br#"a;"b"#[..]));
        assert_eq!(params.iter().count(), 5);
        assert!(!params.has("y"));
    }
}
