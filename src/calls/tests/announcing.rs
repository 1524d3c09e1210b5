//! A refusal that is announced.

use crate::calls::script::Bench;

/// The rule refuses everybody who is not recognised with 603 and a file.
const TO_REFUSAL: &str = "
    > invite
    < find
    > found nobody
    < matched V0, 183 with sound, caller is played 20
";

#[test]
fn the_caller_hears_why_and_then_the_refusal() {
    let mut bench = Bench::with_announcement("closed.wav");
    bench.check(TO_REFUSAL);
    bench.check("> played\n < 603 (closed now), ended refused by us");
    bench.assert_quiet();
}

#[test]
fn an_announcement_is_bounded_and_ends_with_the_caller() {
    let mut endless = Bench::with_announcement("closed.wav");
    endless.check(TO_REFUSAL);
    endless.check("> wait 44999\n > wait 1\n < 603 (closed now), ended refused by us\n > played");
    endless.assert_quiet();
    let mut gone = Bench::with_announcement("closed.wav");
    gone.check(TO_REFUSAL);
    gone.check("> caller cancels\n < ended abandoned by caller\n > played");
    gone.assert_quiet();
}

#[test]
fn words_and_callers_without_sound_for_us_are_refused_at_once() {
    let mut words = Bench::with_announcement("Please use the page");
    words.check("> invite\n < find\n > found nobody\n < matched V0, 603 (closed now), ended refused by us");
    let mut opus = Bench::with_announcement("closed.wav");
    opus.check("> invite opus\n < find\n > found nobody\n < matched V0, 603 (closed now), ended refused by us");
    opus.assert_quiet();
    let mut late = Bench::with_announcement("closed.wav");
    late.check("> invite late\n < find\n > found nobody\n < matched V0, 603 (closed now), ended refused by us");
    late.assert_quiet();
}
