//! Tests with real peers on loopback: sipp, baresip, Kamailio. They need the Debian packages that `tests/run` installs.

mod support;

use std::time::Duration;

use support::baresip::{self, Account};
use support::folder::Folder;
use support::process::eventually;
use support::sipp::{self, Carrier, Counted, Dialled};
use support::{kamailio, ports, sound};

/// The peers among themselves: what a later failure is then not the fault of.
#[test]
fn a_registered_phone_behind_the_pbx_hears_the_callers_tone() {
    let folder = Folder::new("phone");
    let (pbx, phone_at, from) = (ports::udp(), ports::udp(), ports::udp());
    let _pbx = kamailio::pbx(&folder, pbx, ports::udp(), ports::udp());
    let phone = baresip::agent(&folder, phone_at, &Account { user: "2001", password: "2001-secret", server: pbx });
    let calls = [Dialled::new("2001", "+12015550123")];
    let hold = Duration::from_millis(1500);
    let run = Carrier { scenario: "carrier_sound.xml", from, to: pbx, calls: &calls, count: 1, per_second: 1, hold };
    let mut carrier = sipp::carrier("carrier", &folder, &run);
    let counted = carrier.finish(Duration::from_secs(10));
    assert_eq!(counted, Counted { good: 1, failed: 0 }, "{}", carrier.errors());
    let heard = eventually("a recording", Duration::from_secs(3), || phone.heard());
    let (share, seconds) = sound::tone_heard(&heard, 440);
    assert!(share > 0.9 && seconds > 1.0, "{share:.2} of the sound is the tone, for {seconds} s");
}
