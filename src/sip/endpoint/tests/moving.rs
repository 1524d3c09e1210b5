//! Where a refusal with 3xx says that the peer is.

use super::world::check;

const REFUSED: &str = "0 INVITE>trunk, 0 ACK>trunk, 0 Failed";

#[test]
fn the_contacts_of_a_3xx_are_told_the_best_first() {
    let contacts =
        "h=Contact:<sip:1@a>;q=0.25,<sip:2@a?Subject=x>;q=0.3,<mailto:x@a> h=Contact:<sip:3@a>,<tel:+15550104>;q=0.5";
    check(&format!("do Dial\n INVITE 302 {contacts}"), &format!("{REFUSED} 302 sip:3@a tel:+15550104 sip:2@a sip:1@a"));
    check(&format!("do Dial\n INVITE 300 {contacts}"), &format!("{REFUSED} 300 sip:3@a tel:+15550104 sip:2@a sip:1@a"));
    for status in [305, 380, 404] {
        check(&format!("do Dial\n INVITE {status} {contacts}"), &format!("{REFUSED} {status}"));
    }
    check(
        "do Dial\n INVITE 302 h=Contact:<sip:1@a>;q=x,<sip:2@a>;q=1.0,<sip:3@a>;q=0",
        &format!("{REFUSED} 302 sip:1@a sip:2@a sip:3@a"),
    );
    check("do Dial\n INVITE 302", &format!("{REFUSED} 302"));
}
