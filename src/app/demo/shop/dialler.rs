//! The customer's telephone, when nobody has one at hand: it dials the number that the page shows, and plays a tone.

use std::time::Duration;

use crate::app::demo::carrier::{Carrier, Placed, Reply};
use crate::app::demo::sound::SoundEnd;
use crate::app::demo::story::CALLER_HZ;

/// The number that the sample customer calls from.
pub const ADA: &str = "+12015550177";
/// Nobody hangs this telephone up; the other side does, or this time.
const LONGEST: Duration = Duration::from_secs(300);

/// E.164: a plus and up to 15 digits.
pub fn is_number(text: &str) -> bool {
    text.strip_prefix('+')
        .is_some_and(|digits| (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()))
}

/// Dials; the call goes on by itself.
pub async fn dial(carrier: &Carrier, number: &str) -> Result<(), ()> {
    let end = SoundEnd::bind().await.map_err(|_| ())?;
    let placed = carrier.place(number, ADA, Some(end.address)).await.ok_or(())?;
    tokio::spawn(talk(placed, end));
    Ok(())
}

async fn talk(mut placed: Placed, end: SoundEnd) {
    let Reply::Answered { sound: Some(remote) } = placed.reply().await else { return };
    let talk = end.talk(remote, CALLER_HZ);
    let ended = tokio::time::timeout(LONGEST, placed.over()).await;
    talk.end().await;
    if ended.is_err() {
        placed.hang_up().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_are_dialled() {
        assert!(is_number("+12015550123"));
        for bad in ["12015550123", "+1201555x123", "sip:anna@x", "+", "", "+1234567890123456"] {
            assert!(!is_number(bad), "{bad}");
        }
    }
}
