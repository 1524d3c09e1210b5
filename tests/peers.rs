//! Tests with real peers on loopback: sipp, baresip, Kamailio. They need the Debian packages that `tests/run` installs.

mod support;

use std::time::Duration;

use support::baresip::{self, Account};
use support::folder::Folder;
use support::process::{PATIENCE, eventually};
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
    let counted = carrier.finish(PATIENCE);
    assert_eq!(counted, Counted { good: 1, failed: 0 }, "{}", carrier.errors());
    let heard = eventually("a recording", PATIENCE, || phone.heard());
    let (share, seconds) = sound::tone_heard(&heard, 440);
    assert!(share > 0.9 && seconds > 1.0, "{share:.2} of the sound is the tone, for {seconds} s");
}

/// Each of our scenarios as the carrier, with the phones it belongs to, and Kamailio in the path where we shall stand.
#[test]
fn the_scenarios_agree_with_each_other_through_a_proxy() {
    for (scenario, phones) in [
        ("carrier.xml", "phone.xml"),
        ("carrier_sound.xml", "phone.xml"),
        ("carrier_hold.xml", "phone_hold.xml"),
        ("carrier_cancel.xml", "phone_silent.xml"),
        ("carrier_refused.xml", "phone_busy.xml"),
        ("carrier_redirect.xml", "phone_moved.xml"),
    ] {
        let folder = Folder::new("scenario");
        let (proxy, phones_at, from) = (ports::udp(), ports::udp(), ports::udp());
        let _proxy = kamailio::proxy(&folder, proxy, phones_at, false);
        let _phones = sipp::phones("phones", &folder, phones, phones_at);
        let calls = [Dialled::new("+15550100", "+12015550123"), Dialled::new("+15550101", "+12015550124")];
        let hold = Duration::from_millis(100);
        let run = Carrier { scenario, from, to: proxy, calls: &calls, count: 10, per_second: 50, hold };
        let mut carrier = sipp::carrier("carrier", &folder, &run);
        let counted = carrier.finish(PATIENCE);
        assert_eq!(counted, Counted { good: 10, failed: 0 }, "{scenario}: {}", carrier.errors());
    }
}
