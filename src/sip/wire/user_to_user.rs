//! User-to-User (RFC 7433): a small piece of data that travels with a call.

use std::borrow::Cow;
use std::fmt;

use super::lex;
use super::params::Params;

/// One User-to-User value.
#[derive(Clone, Copy)]
pub struct UserToUser<'a> {
    /// As written, quotes included.
    pub content: &'a [u8],
    /// `encoding`, `purpose`, `content`.
    pub params: Params<'a>,
}

impl<'a> UserToUser<'a> {
    /// Reads one value, without the comma; `None` when it has no content.
    pub fn read(value: &'a [u8]) -> Option<UserToUser<'a>> {
        let end = lex::find_outside(value, b';').unwrap_or(value.len());
        let (content, params) = value.split_at_checked(end)?;
        let content = content.trim_ascii();
        (!content.is_empty()).then_some(UserToUser { content, params: Params::new(params) })
    }

    /// The data itself. `encoding=hex` is resolved; without an encoding a token of hexadecimal pairs is taken as such (the
    /// default of RFC 7434) and all else as it stands; `None` for hex that is none and for encodings that we do not know.
    pub fn decoded(&self) -> Option<Cow<'a, [u8]>> {
        let plain = lex::unquote(self.content);
        match self.params.value("encoding") {
            Some(encoding) if lex::inside_quotes(encoding).eq_ignore_ascii_case(b"hex") => {
                lex::hex(&plain).map(Cow::Owned)
            }
            Some(_) => None,
            None if self.content.starts_with(b"\"") => Some(plain),
            None => Some(lex::hex(&plain).map_or(plain, Cow::Owned)),
        }
    }
}

impl fmt::Debug for UserToUser<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<user to user>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(value: &str) -> Option<String> {
        let data = UserToUser::read(value.as_bytes())?.decoded()?.into_owned();
        String::from_utf8(data).ok()
    }

    #[test]
    fn hex_quoted_and_token_content() {
        assert_eq!(decoded("746f6b ; Encoding=HEX;purpose=x").as_deref(), Some("tok"));
        assert_eq!(decoded("746f6b").as_deref(), Some("tok"));
        assert_eq!(decoded("\"746f6b\";encoding=hex").as_deref(), Some("tok"));
        assert_eq!(decoded("\"a;b \\\"c\\\"\"").as_deref(), Some("a;b \"c\""));
        assert_eq!(decoded("not-hex").as_deref(), Some("not-hex"));
    }

    #[test]
    fn what_cannot_be_decoded_is_none() {
        for value in ["74zz;encoding=hex", "746;encoding=hex", "abc;encoding=rot13", "", ";encoding=hex"] {
            assert_eq!(decoded(value), None, "{value}");
        }
    }
}
