//! Times as the API writes them: RFC 3339, in UTC.

use crate::base::Wall;

/// `2026-01-31T08:15:30.25Z`.
pub(super) fn rfc3339(at: Wall) -> String {
    let ms = i64::try_from(at.0).unwrap_or(i64::MAX);
    jiff::Timestamp::from_millisecond(ms).unwrap_or(jiff::Timestamp::MAX).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_in_utc() {
        assert_eq!(rfc3339(Wall(1_800_000_000_250)), "2027-01-15T08:00:00.25Z");
        assert!(rfc3339(Wall(u64::MAX)).starts_with("9999-"));
    }
}
