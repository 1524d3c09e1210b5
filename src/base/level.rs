//! How sure we are who is calling.

use std::fmt;

/// The strength of a match. A field of the pop has the lowest level at which it may be shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// V0: no intent fits.
    #[default]
    Unmatched,
    /// V1: one intent fits, on evidence that anybody could forge.
    Likely,
    /// V2: evidence that only somebody who saw the page has.
    Strong,
    /// V3: a signature of ours, or the signed-in page says so.
    Proven,
}

impl Level {
    pub const ALL: [Level; 4] = [Level::Unmatched, Level::Likely, Level::Strong, Level::Proven];

    /// `V0` to `V3`.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Unmatched => "V0",
            Level::Likely => "V1",
            Level::Strong => "V2",
            Level::Proven => "V3",
        }
    }

    pub fn parse(text: &str) -> Option<Level> {
        Level::ALL.into_iter().find(|level| level.as_str().eq_ignore_ascii_case(text))
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
