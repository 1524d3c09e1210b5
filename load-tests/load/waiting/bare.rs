//! The other side: threads that send the same packets, each caller's from a connected socket of its own, and do nothing else at all.

use std::net::{Ipv4Addr, UdpSocket};
use std::thread;
use std::time::Instant;

use super::sink::Sink;
use super::{Cost, PACE, PACKET, Plan, threads};

/// As our players have: all callers of one phase are due at the same instant.
const PHASES: u32 = 4;

/// Each caller's packet every 20 ms, a phase of them at a time, asleep in between.
pub fn cost_in_time(plan: &Plan) -> Cost {
    cost(plan, |sockets| {
        let (began, step) = (Instant::now(), PACE / PHASES);
        let phases: Vec<&[UdpSocket]> = sockets.chunks(sockets.len().div_ceil(PHASES as usize).max(1)).collect();
        for nth in (0u32..).take_while(|nth| step * *nth < plan.measured) {
            thread::sleep((step * nth).saturating_sub(began.elapsed()));
            phases.get((nth % PHASES) as usize).into_iter().for_each(|phase| send(phase));
        }
    })
}

/// As many packets, one after the other as fast as they go.
pub fn cost_flat_out(plan: &Plan) -> Cost {
    let turns = (plan.measured.as_secs_f64() / PACE.as_secs_f64()) as usize;
    cost(plan, |sockets| (0..turns).for_each(|_| send(sockets)))
}

fn send(sockets: &[UdpSocket]) {
    for socket in sockets {
        let _ = socket.send(&PACKET);
    }
}

/// Of the work alone, without what the sockets took to make.
fn cost(plan: &Plan, work: impl Fn(&[UdpSocket]) + Sync) -> Cost {
    let (sink, work) = (Sink::new(), &work);
    let socket = |_| {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket");
        socket.connect(sink.address()).expect("a peer");
        socket
    };
    let sockets: Vec<UdpSocket> = (0..plan.callers).map(socket).collect();
    let sent = sink.thrown_away();
    let cpu = thread::scope(|scope| {
        let shares = sockets.chunks(sockets.len().div_ceil(plan.threads).max(1));
        let spawned: Vec<_> = shares.map(|share| scope.spawn(move || threads::cpu_of(|| work(share)))).collect();
        spawned.into_iter().map(|thread| thread.join().expect("a thread that ends")).sum()
    });
    Cost::new(sink.thrown_away() - sent, cpu)
}
