//! What one INVITE of a trunk costs: parse, read the key fields, write it again.
//!
//! `cargo bench --bench wire` measures time and counts allocations; `benches/instructions` counts instructions.

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use criterion::Criterion;
use throughline::sip::wire::{HeaderName, Request, Writer};

/// 1,252 bytes, as a carrier's border controller sends it.
const INVITE: &str = "INVITE sip:+12015550100@192.0.2.10:5060;user=phone;transport=udp SIP/2.0\r\n\
Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bK0g1f2a30d8h1k4m5n6p0.1;rport\r\n\
Via: SIP/2.0/UDP 203.0.113.40:5080;received=203.0.113.40;branch=z9hG4bK-524287-1---7d2a51c39c1ff8e6\r\n\
Record-Route: <sip:198.51.100.7;lr;ftag=SDo7a9e01-as4f1d2c07>\r\n\
Max-Forwards: 66\r\n\
From: \"EXAMPLE ANNA\" <sip:+12015550123@carrier.example.com;user=phone>;tag=SDo7a9e01-as4f1d2c07\r\n\
To: <sip:+12015550100@192.0.2.10;user=phone>\r\n\
Contact: <sip:+12015550123@198.51.100.7:5060;transport=udp>\r\n\
Call-ID: SDo7a9e01-4b1f0c2d9e8a7f60-v300g00@203.0.113.40\r\n\
CSeq: 102 INVITE\r\n\
User-Agent: Example SBC 92\r\n\
Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, SUBSCRIBE, NOTIFY, INFO, PUBLISH, UPDATE\r\n\
Supported: timer, replaces, path\r\n\
Session-Expires: 1800;refresher=uac\r\n\
P-Asserted-Identity: \"EXAMPLE ANNA\" <sip:+12015550123@carrier.example.com;user=phone>\r\n\
User-to-User: 746f6b656e2d3031;encoding=hex;purpose=isdn-uui\r\n\
Privacy: none\r\n\
Content-Type: application/sdp\r\n\
Content-Length: 229\r\n\
\r\n\
v=0\r\n\
o=- 1763794800 1763794800 IN IP4 198.51.100.7\r\n\
s=call\r\n\
c=IN IP4 198.51.100.7\r\n\
t=0 0\r\n\
m=audio 21034 RTP/AVP 0 8 101\r\n\
a=rtpmap:0 PCMU/8000\r\n\
a=rtpmap:8 PCMA/8000\r\n\
a=rtpmap:101 telephone-event/8000\r\n\
a=fmtp:101 0-15\r\n\
a=ptime:20\r\n";

/// The three steps; its name is what callgrind is told to count.
#[inline(never)]
fn one_invite(bytes: &Bytes) -> Bytes {
    let invite = Request::parse(bytes.clone()).expect("the sample is well-formed");
    black_box(key_fields(&invite));
    let mut writer = Writer::request(invite.method(), invite.uri().raw());
    for (name, value) in invite.all().filter(|(name, _)| !is_written_last(*name)) {
        writer.push_bytes(name, value);
    }
    writer.finish_with("application/sdp", invite.body())
}

fn is_written_last(name: HeaderName<'_>) -> bool {
    name == HeaderName::CONTENT_TYPE || name == HeaderName::CONTENT_LENGTH
}

/// What the endpoint asks of each INVITE; the sum keeps the compiler honest.
#[inline(never)]
fn key_fields(invite: &Request) -> usize {
    let via = invite.via_top();
    let (from, to) = (invite.from(), invite.to());
    let asserted = invite.asserted().next().and_then(|a| a.uri.user).unwrap_or_default();
    let data = invite.user_to_users().next().and_then(|u| u.decoded().map(|d| d.len())).unwrap_or_default();
    via.branch.len()
        + via.sent_by.len()
        + from.tag.len()
        + from.display.len()
        + to.tag.len()
        + to.uri.user.unwrap_or_default().len()
        + invite.uri().user.unwrap_or_default().len()
        + invite.call_id().len()
        + invite.contact().map_or(0, |contact| contact.uri.raw().len())
        + invite.record_routes().count()
        + usize::from(invite.max_forwards().unwrap_or_default())
        + usize::from(invite.content_type_is("application/sdp"))
        + usize::from(invite.has_token(HeaderName::SUPPORTED, "timer"))
        + asserted.len()
        + data
}

fn main() {
    let sample = Bytes::from_static(INVITE.as_bytes());
    let written = one_invite(&sample);
    assert_eq!(Request::parse(written.clone()).map(|again| again.body_bytes()), Ok(sample.slice(sample.len() - 229..)));
    let times = std::env::args().skip_while(|arg| arg != "--times").nth(1).and_then(|n| n.parse::<u32>().ok());
    match times {
        Some(times) => (0..times).for_each(|_| drop(black_box(one_invite(black_box(&sample))))),
        None => measure(&sample),
    }
}

/// Counts what is asked of the system's allocator.
struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: everything is the system's allocator's; counting changes nothing of it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(pointer, layout) }
    }
}

fn allocations<T>(act: impl FnOnce() -> T) -> usize {
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    let made = act();
    let count = ALLOCATIONS.load(Ordering::Relaxed) - before;
    drop(made);
    count
}

fn measure(sample: &Bytes) {
    let parse = allocations(|| Request::parse(sample.clone()));
    println!("allocations: {parse} to parse, {} with reading and writing", allocations(|| one_invite(sample)));
    let mut criterion = Criterion::default().configure_from_args();
    criterion.bench_function("parse, read and write an INVITE", |bench| bench.iter(|| one_invite(black_box(sample))));
    criterion.bench_function("parse an INVITE", |bench| bench.iter(|| Request::parse(black_box(sample.clone()))));
    criterion.final_summary();
}
