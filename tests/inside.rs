//! What happens inside calls, with sipp as a carrier and as phones: late offers, reliable provisional answers, UPDATE, keys in INFO,
//! session timers. They need the Debian packages that `tests/run` installs.

mod support;

use std::net::SocketAddr;
use std::time::Duration;

use support::folder::Folder;
use support::ports;
use support::process::PATIENCE;
use support::server::{self, Phone, Server, Setup};
use support::sipp::{self, Carrier, Counted, Dialled};

const PROGRAM: &str = env!("CARGO_BIN_EXE_throughline");
const CALLER: &str = "+12015550123";

/// One call of this carrier to phones that play this scenario, all through our server; `known`: to an agent, else to the IVR.
fn check(carrier: &str, phones: &str, known: bool, more: fn(Setup) -> Setup) {
    let folder = Folder::new(carrier.trim_end_matches(".xml"));
    let phones_at: SocketAddr = ports::udp();
    let far = sipp::phones("phones", &folder, phones, phones_at);
    let agents = vec![("agent0".to_owned(), Phone::Static(phones_at))];
    let server = Server::start(PROGRAM.as_ref(), &folder, &more(Setup::new(agents, phones_at)));
    let _desks = server.desks(&folder, 1, 50);
    let number = if known { server.register(CALLER)["number"].clone() } else { "+12015550100".into() };
    let calls = [Dialled::new(number.as_str().unwrap_or_default(), CALLER)];
    let (from, hold) = (ports::udp_at(server::CARRIER), Duration::from_millis(300));
    let run = Carrier { scenario: carrier, from, to: server.sip, calls: &calls, count: 1, per_second: 1, hold };
    let mut sipp = sipp::carrier("carrier", &folder, &run);
    let counted = sipp.finish(PATIENCE);
    assert_eq!(counted, Counted { good: 1, failed: 0 }, "{carrier}: {}{}", sipp.errors(), far.errors());
    let call = &server.ended_calls(1, PATIENCE)[0];
    let outcome = if known { "talked" } else { "fell-back" };
    assert_eq!((&call["outcome"], &call["ended_by"]), (&outcome.into(), &"caller".into()), "{call}");
    assert_eq!(far.errors(), "");
}

#[test]
fn a_carrier_without_an_offer_reaches_an_agent_and_asks_for_one_again() {
    check("carrier_late.xml", "phone_late.xml", true, |setup| setup);
}

#[test]
fn a_carrier_that_requires_reliable_answers_hears_the_ivr_early_and_presses_a_key() {
    check("carrier_reliable.xml", "phone_early.xml", false, |setup| setup);
}

#[test]
fn a_session_is_refreshed_in_its_time() {
    let short = |setup| Setup { sip: "session_expires_s = 4\nmin_se_s = 2\n".to_owned(), ..setup };
    check("carrier_timer.xml", "phone.xml", true, short);
}
