//! The one type through which names, numbers and addresses of people travel.

use std::fmt;

/// A personal value. Neither `Debug` nor `Display` shows it; who needs it says `expose`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Pii<T>(T);

impl<T> Pii<T> {
    pub fn new(value: T) -> Pii<T> {
        Pii(value)
    }

    /// The value itself, for the wire, the store and the agent's screen; never for a log.
    pub fn expose(&self) -> &T {
        &self.0
    }

    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> fmt::Debug for Pii<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<private>")
    }
}

impl<T> fmt::Display for Pii<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<private>")
    }
}

#[cfg(test)]
mod tests {
    use super::Pii;

    #[test]
    fn neither_form_shows_the_value() {
        let number = Pii::new("+15550100");
        assert!(!format!("{number} {number:?}").contains("555"));
    }
}
