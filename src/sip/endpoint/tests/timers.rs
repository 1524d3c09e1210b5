//! Each timer of RFC 3261 table 4 and RFC 6026 section 8.4 as it shows on the wire, over UDP and over TCP.

use std::time::Duration;

use super::world::{World, check_world, setup};
use crate::sip::api::Transport;

struct Row {
    timers: &'static str,
    script: &'static str,
    over_udp: &'static str,
    over_tcp: &'static str,
}

const ROWS: [Row; 12] = [
    Row {
        timers: "A: an INVITE goes again after 1, 2, 4 ... T1; B: for 64*T1",
        script: "do Dial\n wait 40000",
        over_udp: "0 INVITE>trunk, 500 INVITE>trunk, 1500 INVITE>trunk, 3500 INVITE>trunk, 7500 INVITE>trunk, 15500 INVITE>trunk, \
                   31500 INVITE>trunk, 32000 Failed 408",
        over_tcp: "0 INVITE>trunk, 32000 Failed 408",
    },
    Row {
        timers: "C: a proxy's; we wait for an answer that is under way as long as the calls say",
        script: "do Dial\n INVITE 180\n wait 59000\n INVITE 200 body\n callee BYE",
        over_udp: "0 INVITE>trunk, 0 Progress 180, 59000 ACK>trunk, 59000 Answered sdp, 59000 200 BYE>trunk, 59000 Ended Bye",
        over_tcp: "0 INVITE>trunk, 0 Progress 180, 59000 ACK>trunk, 59000 Answered sdp, 59000 200 BYE>trunk, 59000 Ended Bye",
    },
    Row {
        timers: "D: refusals that come again are acknowledged for 32 s",
        script: "do Dial\n INVITE 486\n wait 31000\n INVITE 486\n wait 2000\n INVITE 486",
        over_udp: "0 INVITE>trunk, 0 ACK>trunk, 0 Failed 486, 31000 ACK>trunk",
        over_tcp: "0 INVITE>trunk, 0 ACK>trunk, 0 Failed 486",
    },
    Row {
        timers: "E: another request goes again after T1, doubling up to T2; F: for 64*T1",
        script: "do Dial\n INVITE 200 body\n do Hangup\n wait 40000",
        over_udp: "0 INVITE>trunk, 0 ACK>trunk, 0 Answered sdp, 0 BYE>trunk, 500 BYE>trunk, 1500 BYE>trunk, 3500 BYE>trunk, \
                   7500 BYE>trunk, 11500 BYE>trunk, 15500 BYE>trunk, 19500 BYE>trunk, 23500 BYE>trunk, 27500 BYE>trunk, \
                   31500 BYE>trunk",
        over_tcp: "0 INVITE>trunk, 0 ACK>trunk, 0 Answered sdp, 0 BYE>trunk",
    },
    Row {
        timers: "G: a refusal goes again after T1, doubling up to T2; H: for 64*T1",
        script: "INVITE body\n do Refuse 486\n wait 40000",
        over_udp: "0 100 INVITE>trunk, 0 Incoming, 0 486 INVITE>trunk, 500 486 INVITE>trunk, 1500 486 INVITE>trunk, \
                   3500 486 INVITE>trunk, 7500 486 INVITE>trunk, 11500 486 INVITE>trunk, 15500 486 INVITE>trunk, \
                   19500 486 INVITE>trunk, 23500 486 INVITE>trunk, 27500 486 INVITE>trunk, 31500 486 INVITE>trunk",
        over_tcp: "0 100 INVITE>trunk, 0 Incoming, 0 486 INVITE>trunk",
    },
    Row {
        timers: "H: until then the INVITE itself gets the refusal again",
        script: "INVITE body\n do Refuse 486\n wait 200\n INVITE body",
        over_udp: "0 100 INVITE>trunk, 0 Incoming, 0 486 INVITE>trunk, 200 486 INVITE>trunk",
        over_tcp: "0 100 INVITE>trunk, 0 Incoming, 0 486 INVITE>trunk, 200 486 INVITE>trunk",
    },
    Row {
        timers: "I: after the ACK of a refusal, what comes again is absorbed for T4; over TCP it is over",
        script: "INVITE body\n do Refuse 486\n ACK to b=z9hG4bKINVITE1call-1\n wait 4900\n INVITE body\n do Refuse 486\n ACK to b=z9hG4bKINVITE1call-1",
        over_udp: "0 100 INVITE>trunk, 0 Incoming, 0 486 INVITE>trunk",
        over_tcp: "0 100 INVITE>trunk, 0 Incoming, 0 486 INVITE>trunk, 4900 100 INVITE>trunk, 4900 Incoming, 4900 486 INVITE>trunk",
    },
    Row {
        timers: "J: a request that comes again gets its answer again for 64*T1; over TCP it is over",
        script: "INVITE body\n do Answer\n ACK to\n BYE to c=2\n wait 31000\n BYE to c=2\n wait 2000\n BYE to c=2",
        over_udp: "0 100 INVITE>trunk, 0 Incoming, 0 200 INVITE>trunk, 0 Acknowledged, 0 200 BYE>trunk, 0 Ended Bye, \
                   31000 200 BYE>trunk, 33000 481 BYE>trunk",
        over_tcp: "0 100 INVITE>trunk, 0 Incoming, 0 200 INVITE>trunk, 0 Acknowledged, 0 200 BYE>trunk, 0 Ended Bye, \
                   31000 481 BYE>trunk, 33000 481 BYE>trunk",
    },
    Row {
        timers: "K: answers that come again are absorbed for T4",
        script: "do Dial\n INVITE 200 body\n do Hangup\n BYE 200\n wait 4900\n BYE 200\n wait 200\n BYE 200",
        over_udp: "0 INVITE>trunk, 0 ACK>trunk, 0 Answered sdp, 0 BYE>trunk",
        over_tcp: "0 INVITE>trunk, 0 ACK>trunk, 0 Answered sdp, 0 BYE>trunk",
    },
    Row {
        timers: "L: after our 2xx the INVITE is absorbed for 64*T1, while the 2xx itself goes again until the ACK",
        script: "INVITE body\n do Answer\n wait 600\n INVITE body\n ACK to\n wait 30000\n INVITE body\n BYE to c=2",
        over_udp: "0 100 INVITE>trunk, 0 Incoming, 0 200 INVITE>trunk, 500 200 INVITE>trunk, 600 Acknowledged, 30600 200 BYE>trunk, \
                   30600 Ended Bye",
        over_tcp: "0 100 INVITE>trunk, 0 Incoming, 0 200 INVITE>trunk, 500 200 INVITE>trunk, 600 Acknowledged, 30600 200 BYE>trunk, \
                   30600 Ended Bye",
    },
    Row {
        timers: "L: nobody acknowledges the 2xx (RFC 3261 section 13.3.1.4), on any transport",
        script: "INVITE body\n do Answer\n wait 33000\n BYE 200",
        over_udp: "0 100 INVITE>trunk, 0 Incoming, 0 200 INVITE>trunk, 500 200 INVITE>trunk, 1500 200 INVITE>trunk, \
                   3500 200 INVITE>trunk, 7500 200 INVITE>trunk, 11500 200 INVITE>trunk, 15500 200 INVITE>trunk, \
                   19500 200 INVITE>trunk, 23500 200 INVITE>trunk, 27500 200 INVITE>trunk, 31500 200 INVITE>trunk, \
                   32000 BYE>trunk, 32000 Ended NeverAcknowledged, 32500 BYE>trunk",
        over_tcp: "0 100 INVITE>trunk, 0 Incoming, 0 200 INVITE>trunk, 500 200 INVITE>trunk, 1500 200 INVITE>trunk, \
                   3500 200 INVITE>trunk, 7500 200 INVITE>trunk, 11500 200 INVITE>trunk, 15500 200 INVITE>trunk, \
                   19500 200 INVITE>trunk, 23500 200 INVITE>trunk, 27500 200 INVITE>trunk, 31500 200 INVITE>trunk, \
                   32000 BYE>trunk, 32000 Ended NeverAcknowledged",
    },
    Row {
        timers: "M: 2xx of other forks are acknowledged and ended for 64*T1, on any transport",
        script: "do Dial\n INVITE 200 body\n wait 31000\n INVITE 200 tag=fork body\n BYE 200\n wait 2000\n INVITE 200 tag=late body\n \
                 callee BYE",
        over_udp: "0 INVITE>trunk, 0 ACK>trunk, 0 Answered sdp, 31000 ACK>trunk, 31000 BYE>trunk, 33000 200 BYE>trunk, 33000 Ended Bye",
        over_tcp: "0 INVITE>trunk, 0 ACK>trunk, 0 Answered sdp, 31000 ACK>trunk, 31000 BYE>trunk, 33000 200 BYE>trunk, 33000 Ended Bye",
    },
];

#[test]
fn every_row_of_the_table() {
    for row in &ROWS {
        for (transport, expect) in [(Transport::Udp, row.over_udp), (Transport::Tcp, row.over_tcp)] {
            let mut setup = setup();
            setup.flows.iter_mut().for_each(|flow| flow.transport = transport);
            let mut world = World::new(setup);
            // Longer than timer B.
            world.ring_timeout = Duration::from_secs(60);
            println!("{transport:?} {}", row.timers);
            check_world(&mut world, row.script, expect);
        }
    }
}
