//! Whole calls through a running server: browsers and telephones as callers and agents, with sound that is listened to.

use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;
use throughline::base::{AgentId, Wall};
use throughline::desktop::SessionId;
use throughline::desktop::pass::{Pass, PassKeys};
use tokio::task::block_in_place;

use super::browser::Browser;
use super::phone::Phone;
use super::support::folder::Folder;
use super::support::ports;
use super::support::process::{PATIENCE, Process};
use super::support::server::{self, Server, Setup};
use super::ua::Ua;

const PROGRAM: &str = env!("CARGO_BIN_EXE_throughline");
const CALLER: &str = "+12015550123";
const AGENT: &str = "agent0";
const COLLEAGUE: &str = "agent1";
const REALM: &str = "voice.example.com";
const CALLERS_TONE: u32 = 1000;
const AGENTS_TONE: u32 = 600;

/// A server with one agent and their desk, and the number to dial.
struct World {
    server: Server,
    number: String,
    intent: Value,
    _desks: Vec<Process>,
    _folder: Folder,
}

impl World {
    /// The agent's phone is a telephone at this address, else in the browser.
    async fn start(name: &'static str, phone: Option<SocketAddr>) -> (World, Option<Ua>) {
        World::with_colleague(name, phone, None).await
    }

    /// The same, with a second agent whose phone is a telephone at that address.
    async fn with_colleague(
        name: &'static str,
        phone: Option<SocketAddr>,
        colleague: Option<SocketAddr>,
    ) -> (World, Option<Ua>) {
        let folder = Folder::new(name);
        let phone = phone.map_or(server::Phone::Browser, server::Phone::Static);
        let is_browser = matches!(phone, server::Phone::Browser);
        let colleague = colleague.map(|at| (COLLEAGUE.to_owned(), server::Phone::Static(at)));
        let agents: Vec<_> = [(AGENT.to_owned(), phone)].into_iter().chain(colleague).collect();
        let desks = agents.len();
        let setup = Setup::new(agents, ports::udp());
        let server = block_in_place(|| Server::start(PROGRAM.as_ref(), &folder, &setup));
        let agent = if is_browser { Some(agents_browser(&server).await) } else { None };
        let (mut sitting, intent) = block_in_place(|| (vec![server.desks(&folder, 1, 50)], server.register(CALLER)));
        sitting.extend((1..desks).map(|place| block_in_place(|| server.later_desk(&folder, place, 50))));
        let number = intent["number"].as_str().expect("a number").to_owned();
        (World { server, number, intent, _desks: sitting, _folder: folder }, agent)
    }

    /// Where the carrier, or whoever calls in its place, dials.
    fn target(&self) -> String {
        format!("sip:{}@{}", self.number, self.server.sip)
    }

    async fn carrier(&self) -> Ua {
        Ua::udp(ports::udp_at(server::CARRIER), self.server.sip).await
    }

    fn record(&self) -> Value {
        block_in_place(|| self.server.ended_calls(1, PATIENCE).remove(0))
    }
}

fn from() -> String {
    format!("sip:{CALLER}@{}", server::CARRIER)
}

/// The agent's phone, registered over a websocket with a pass as the desk has it.
async fn agents_browser(server: &Server) -> Ua {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970");
    let expires = Wall(now.as_millis() as u64 + 300_000);
    let pass = Pass { agent: AgentId::new(AGENT), session: SessionId(1), expires };
    let token = PassKeys::new(vec![(1, vec![0x5a; 32])]).sign(&pass).expect("a pass");
    let mut phone = Ua::websocket(server.http, token.as_str()).await;
    phone.register(AGENT, REALM).await;
    phone
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trunk_reaches_an_agent_in_the_browser_holds_and_comes_back() {
    let (world, agent) = World::start("trunk-to-browser", None).await;
    let mut agent = agent.expect("a browser");
    let (telephone, browser) = (Phone::start().await, Browser::new(true).await);
    let mut carrier = world.carrier().await;
    let (target, from, offer) = (world.target(), from(), telephone.sdp());
    let (answered, ()) = tokio::join!(carrier.invite(&target, &from, &offer), async {
        let invited = agent.invited().await;
        assert!(invited.offer().contains("UDP/TLS/RTP/SAVPF") && invited.offer().contains("a=setup:actpass"));
        let answer = browser.answer(invited.offer()).await;
        agent.answer(&invited, &answer).await;
    });
    assert_eq!(answered.0, 200);
    assert!(answered.1.contains("RTP/AVP 0") && !answered.1.contains("ice-"), "{}", answered.1);
    telephone.send_to_described(&answered.1);
    browser.connected().await;
    telephone.hum(CALLERS_TONE);
    browser.hum(AGENTS_TONE);
    browser.hears(CALLERS_TONE).await;
    telephone.hears(AGENTS_TONE).await;
    telephone.press('4');
    browser.press('9');
    browser.hears_key('4').await;
    telephone.hears_key('9').await;

    // The agent's page holds and comes back; the caller is told, the browser's stream is the same.
    let held = browser.offer_held(true).await;
    let (answer, ()) = tokio::join!(agent.reinvite(&held), async {
        let asked = carrier.reinvited().await;
        assert!(asked.offer().contains("a=sendonly"), "{}", asked.offer());
        carrier.answer(&asked, &telephone.sdp().replace("a=fmtp", "a=recvonly\r\na=fmtp")).await;
    });
    browser.take_answer(&answer).await;
    let talking = browser.offer_held(false).await;
    let (answer, ()) = tokio::join!(agent.reinvite(&talking), async {
        let asked = carrier.reinvited().await;
        carrier.answer(&asked, &telephone.sdp()).await;
    });
    browser.take_answer(&answer).await;
    telephone.hum(1400);
    browser.hum(500);
    browser.hears(1400).await;
    telephone.hears(500).await;
    let streams: std::collections::BTreeSet<u32> = browser.packets().iter().map(|packet| packet.header.ssrc).collect();
    assert_eq!(streams.len(), 1, "one stream through hold and back");

    carrier.bye().await;
    agent.hung_up().await;
    let record = world.record();
    assert_eq!((&record["outcome"], &record["ended_by"]), (&"talked".into(), &"caller".into()), "{record}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customers_page_reaches_an_agents_telephone() {
    let at = ports::udp();
    let (world, _) = World::start("browser-to-phone", Some(at)).await;
    let mut agent = Ua::udp(at, world.server.sip).await;
    let token = world.intent["token"].as_str().expect("a token").to_owned();
    let mut page = Ua::websocket(world.server.http, &token).await;
    let (telephone, browser) = (Phone::start().await, Browser::new(true).await);
    let offer = browser.offer().await;
    let target = format!("sip:call@{REALM}");
    let (answered, ()) = tokio::join!(page.invite(&target, "sip:anonymous@anonymous.invalid", &offer), async {
        let invited = agent.invited().await;
        let offer = invited.offer();
        assert!(offer.contains("RTP/AVP 0 101") && !offer.contains("opus") && !offer.contains("ice-"), "{offer}");
        telephone.send_to_described(offer);
        agent.answer(&invited, &telephone.sdp()).await;
    });
    assert_eq!(answered.0, 200, "{}", answered.1);
    assert!(answered.1.contains("a=setup:passive") && answered.1.contains("a=ice-lite"), "{}", answered.1);
    browser.take_answer(&answered.1).await;
    browser.connected().await;
    browser.hum(CALLERS_TONE);
    telephone.hum(AGENTS_TONE);
    browser.hears(AGENTS_TONE).await;
    telephone.hears(CALLERS_TONE).await;
    agent.bye().await;
    page.hung_up().await;
    let record = world.record();
    assert_eq!((&record["outcome"], &record["ended_by"]), (&"talked".into(), &"agent".into()), "{record}");
}

/// A customer's page that talks with an agent's.
struct Pair {
    page: Ua,
    customer: Browser,
    agent: Ua,
    desk: Browser,
}

async fn two_browsers(world: &World, agent: Option<Ua>) -> Pair {
    let mut agent = agent.expect("a browser");
    let token = world.intent["token"].as_str().expect("a token").to_owned();
    let mut page = Ua::websocket(world.server.http, &token).await;
    let (customer, desk) = (Browser::new(true).await, Browser::new(true).await);
    let offer = customer.offer().await;
    let target = format!("sip:call@{REALM}");
    let (answered, ()) = tokio::join!(page.invite(&target, "sip:anonymous@anonymous.invalid", &offer), async {
        let invited = agent.invited().await;
        let answer = desk.answer(invited.offer()).await;
        agent.answer(&invited, &answer).await;
    });
    assert_eq!(answered.0, 200, "{}", answered.1);
    customer.take_answer(&answered.1).await;
    customer.connected().await;
    desk.connected().await;
    Pair { page, customer, agent, desk }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_browsers_talk_in_opus() {
    let (world, agent) = World::start("browser-to-browser", None).await;
    let Pair { mut page, customer, mut agent, desk } = two_browsers(&world, agent).await;
    customer.send_opus(0x41);
    desk.send_opus(0x42);
    customer.hears_opus(0x42).await;
    desk.hears_opus(0x41).await;
    page.bye().await;
    agent.hung_up().await;
}

/// Two browsers have Opus; a telephone has not, and nothing is converted here.
#[tokio::test(flavor = "multi_thread")]
async fn an_agent_in_the_browser_passes_a_browser_on_to_a_telephone_and_back() {
    let at = ports::udp();
    let (world, agent) = World::with_colleague("browser-passed-on", None, Some(at)).await;
    let (mut colleague, telephone) = (Ua::udp(at, world.server.sip).await, Phone::start().await);
    let Pair { mut page, customer, mut agent, desk } = two_browsers(&world, agent).await;
    customer.send_opus(0x41);
    desk.hears_opus(0x41).await;

    agent.refer(&format!("sip:{COLLEAGUE}@{REALM}")).await;
    let invited = colleague.invited().await;
    let offer = invited.offer();
    assert!(offer.contains("RTP/AVP 0 101") && !offer.contains("opus"), "{offer}");
    telephone.send_to_described(offer);
    colleague.answer(&invited, &telephone.sdp()).await;
    let asked = page.reinvited().await;
    assert!(asked.offer().contains("UDP/TLS/RTP/SAVPF 0 101"), "{}", asked.offer());
    let answer = customer.answer(asked.offer()).await;
    page.answer(&asked, &answer).await;
    agent.hung_up().await;
    customer.hum(CALLERS_TONE);
    telephone.hum(AGENTS_TONE);
    telephone.hears(CALLERS_TONE).await;
    customer.hears(AGENTS_TONE).await;

    let back = Browser::new(true).await;
    block_in_place(|| until_available(&world.server));
    colleague.refer(&format!("sip:{AGENT}@{REALM}")).await;
    let invited = agent.invited().await;
    assert!(invited.offer().contains("UDP/TLS/RTP/SAVPF 0 101"), "{}", invited.offer());
    let answer = back.answer(invited.offer()).await;
    agent.answer(&invited, &answer).await;
    colleague.hung_up().await;
    back.connected().await;
    back.hum(AGENTS_TONE + 200);
    back.hears(CALLERS_TONE).await;
    customer.hears(AGENTS_TONE + 200).await;
    page.bye().await;
    agent.hung_up().await;
}

/// The trunk speaks IPv4 and the telephone IPv6, and the other way round; each gets an address of its own family.
#[tokio::test(flavor = "multi_thread")]
async fn two_families_of_addresses_hear_each_other() {
    across("four-to-six", server::CARRIER, "::1").await;
    across("six-to-four", "::1", "127.0.0.1").await;
}

async fn across(name: &'static str, carrier: &str, phone: &str) {
    let folder = Folder::new(name);
    let (at, six) = (ports::udp_at(phone), ports::udp_at("::1"));
    let mut setup = Setup::new(vec![(AGENT.to_owned(), server::Phone::Static(at))], ports::udp());
    (setup.binds, setup.carrier, setup.media) = (vec![six.to_string()], carrier.to_owned(), "127.0.0.1,::1".to_owned());
    let server = block_in_place(|| Server::start(PROGRAM.as_ref(), &folder, &setup));
    let _desk = block_in_place(|| server.desks(&folder, 1, 50));
    let intent = block_in_place(|| server.register(CALLER));
    let ours = |host: &str| if host.contains(':') { six } else { server.sip };
    let connection = |host: &str| if host.contains(':') { "c=IN IP6 ::1" } else { "c=IN IP4 127.0.0.1" };
    let mut caller = Ua::udp(ports::udp_at(carrier), ours(carrier)).await;
    let mut agent = Ua::udp(at, ours(phone)).await;
    let (near, far) = (Phone::start_at(ours(carrier).ip()).await, Phone::start_at(ours(phone).ip()).await);
    let target = format!("sip:{}@{}", intent["number"].as_str().expect("a number"), ours(carrier));
    let (from, offer) = (from(), near.sdp());
    let (answered, ()) = tokio::join!(caller.invite(&target, &from, &offer), async {
        let invited = agent.invited().await;
        assert!(invited.offer().contains(connection(phone)), "{}", invited.offer());
        far.send_to_described(invited.offer());
        agent.answer(&invited, &far.sdp()).await;
    });
    assert_eq!(answered.0, 200, "{}", answered.1);
    assert!(answered.1.contains(connection(carrier)), "{}", answered.1);
    near.send_to_described(&answered.1);
    near.hum(CALLERS_TONE);
    far.hum(AGENTS_TONE);
    near.hears(AGENTS_TONE).await;
    far.hears(CALLERS_TONE).await;
    caller.bye().await;
    agent.hung_up().await;
}

/// The agent has written up the call that they passed on.
fn until_available(server: &Server) {
    super::support::process::eventually("an agent who is free", PATIENCE, || {
        (server.agents_in("available") >= 1).then_some(())
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_whose_browser_never_comes_is_hung_up_by_name() {
    let at = ports::udp();
    let (world, _) = World::start("never-comes", Some(at)).await;
    let mut agent = Ua::udp(at, world.server.sip).await;
    let mut carrier = world.carrier().await;
    let (telephone, browser) = (Phone::start().await, Browser::new(false).await);
    let offer = browser.offer().await;
    let (target, from) = (world.target(), from());
    let (answered, ()) = tokio::join!(carrier.invite(&target, &from, &offer), async {
        let invited = agent.invited().await;
        agent.answer(&invited, &telephone.sdp()).await;
    });
    assert_eq!(answered.0, 200, "{}", answered.1);
    let (bye, _) = tokio::join!(carrier.hung_up(), agent.hung_up());
    assert!(bye.contains("no ICE check came"), "{bye}");
    let record = world.record();
    assert_eq!(record["ended_by"], "silence", "{record}");
}

#[tokio::test(flavor = "multi_thread")]
async fn descriptions_that_lack_something_get_488_with_its_name() {
    let (world, _) = World::start("lacking", Some(ports::udp())).await;
    let browser = Browser::new(false).await;
    let offer = browser.offer().await;
    let without = |name: &str| {
        let kept = offer.lines().filter(|line| !line.starts_with(&format!("a={name}")));
        kept.map(|line| format!("{line}\r\n")).collect::<String>()
    };
    for name in ["fingerprint", "rtcp-mux", "ice-pwd"] {
        let mut carrier = world.carrier().await;
        let (status, _) = carrier.invite(&world.target(), &from(), &without(name)).await;
        assert_eq!(status, 488, "without {name}");
    }
    let ended = block_in_place(|| world.server.ended_calls(3, PATIENCE));
    assert!(ended.iter().all(|call| call["outcome"] == "refused"), "{ended:?}");
}
