//! The configuration of the demo: a file like any other, written for this run, with keys that are drawn anew.

use std::fmt::Write as _;
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::path::Path;

use crate::app::desk::Login;
use crate::app::key;

use super::DemoArgs;

/// The number in every advertisement: not leased to anybody.
pub const PUBLIC_NUMBER: &str = "+12015550100";
/// The agent whose desk the story shows.
pub const ANNA: &str = "anna";
/// The agent whose phone is the desk's page: whoever tries the demo.
pub const DANA: &str = "dana";

const CROWD: usize = 60;
/// Area codes whose 555-0100 to 0199 are leased; all of them are for fiction.
const AREAS: std::ops::Range<u32> = 300..310;

/// The file's text, and the secrets that it only has hashes of.
pub struct DemoConfig {
    pub text: String,
    pub api_key: String,
    /// May look only.
    pub board_key: String,
    tokens: Vec<(String, String)>,
}

impl DemoConfig {
    /// `phones`, `ivr` and `telephone`: where the agents' phones, the IVR and the customer's telephone listen; `origins`: the shop's.
    pub fn new(
        args: &DemoArgs,
        folder: &Path,
        (phones, ivr, telephone): (SocketAddr, SocketAddr, SocketAddr),
        origins: &[String],
    ) -> io::Result<DemoConfig> {
        let (api_key, board_key) = (key::draw()?, key::draw()?);
        let crowd = (1..=CROWD).map(|n| format!("agent{n:02}"));
        let names = [ANNA, DANA].map(str::to_owned).into_iter().chain(crowd);
        let tokens = names.map(|name| Ok((name, key::draw()?))).collect::<io::Result<Vec<_>>>()?;
        let sip = if args.sip_port == 0 { free_port()? } else { args.sip_port };
        let mut text = server((sip, args.http_port), args.media_address, folder, (ivr, telephone), origins);
        text += &keys(&api_key, &board_key, &key::draw()?);
        for (name, token) in &tokens {
            text += &agent(name, token, phones);
        }
        Ok(DemoConfig { text, api_key, board_key, tokens })
    }

    pub fn login(&self, agent: &str) -> Login {
        let token = self.tokens.iter().find(|(name, _)| name == agent).map(|(_, token)| token.clone());
        Login { agent: agent.to_owned(), token: token.unwrap_or_default() }
    }

    /// Everybody but Anna, and Dana, whose desk is a page.
    pub fn crowd(&self) -> Vec<Login> {
        let others = self.tokens.iter().filter(|(name, _)| name != ANNA && name != DANA);
        others.map(|(agent, token)| Login { agent: agent.clone(), token: token.clone() }).collect()
    }

    /// Those who work by themselves.
    pub fn agents(&self) -> usize {
        self.tokens.len() - 1
    }
}

/// Contact and Via name the port, so it must be known before the server starts.
fn free_port() -> io::Result<u16> {
    Ok(UdpSocket::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

fn server(
    (sip, http): (u16, u16),
    media: IpAddr,
    folder: &Path,
    (ivr, telephone): (SocketAddr, SocketAddr),
    origins: &[String],
) -> String {
    let numbers = AREAS.map(|area| format!("\"+1{area}5550100..+1{area}5550199\"")).collect::<Vec<_>>().join(", ");
    format!(
        r#"# The demo's configuration, written by `throughline demo`.
[sip]
bind = ["127.0.0.1:{sip}"]

[http]
bind = "127.0.0.1:{http}"
origins = {origins:?}

[media]
bind = "{media}"
advertised = "{media}"

[store]
embedded = "{folder}/intents.db"

[history]
file = "{folder}/history.db"

[log]
filter = "warn"

[[trunks]]
name = "carrier"
networks = ["127.0.0.1"]
region = "US"
fallback = {{ sip = "sip:{{dialled}}@{ivr}" }}
gateways = [{{ uri = "sip:{telephone}", keep_alive = false }}]

[callback]
trunk = "carrier"
from = "{PUBLIC_NUMBER}"
allow = ["+1201555"]
hours = ["mon-sun 00:00-24:00"]
again_after_s = 60

[[pools]]
name = "web"
numbers = [{numbers}]
quarantine_s = 2

[intents]
pool = "web"
region = "US"

[routing]
skills = ["parcels"]
default_queue = "delivery"

[[queues]]
name = "delivery"
requires = {{ parcels = 3 }}
wrap_up_s = 60

[access]
default = {{ answer = "self-service", because = "we do not know this caller" }}

[[access.rules]]
name = "resellers help themselves"
when = {{ domain = ["reseller.example.net"] }}
answer = "self-service"
because = "resellers use the partner portal"

[[access.rules]]
name = "invoices in writing"
when = {{ reason = ["billing/invoice"] }}
answer = "self-service"
because = "questions about invoices are answered in writing"

[[access.rules]]
name = "urgent"
when = {{ min_level = "V1", min_urgency = "elevated" }}
answer = "human"
priority = 10
because = "you need us now"

[[access.rules]]
name = "returns in their turn"
when = {{ min_level = "V1", reason = ["return"] }}
answer = "callback"
queue = "delivery"
because = "nothing is lost by waiting a little: we call you, or write to us"

[[access.rules]]
name = "known customers"
when = {{ min_level = "V1" }}
answer = "human"
because = "a customer of ours"
"#,
        folder = folder.display(),
    )
}

fn keys(api_key: &str, board_key: &str, signing: &str) -> String {
    format!(
        r#"
[[api_keys]]
id = "shop"
sha256 = "{}"
scopes = ["register", "read"]

[[api_keys]]
id = "board"
sha256 = "{}"
scopes = ["read"]

[[token_keys]]
id = 1
secret = "{signing}"
"#,
        key::sha256(api_key),
        key::sha256(board_key),
    )
}

fn agent(name: &str, token: &str, phones: SocketAddr) -> String {
    let mut text = String::new();
    let phone = match name {
        DANA => "{ browser = true }".to_owned(),
        _ => format!("{{ contact = \"sip:{name}@{phones}\" }}"),
    };
    // Writing to a String cannot fail.
    let _ = write!(
        text,
        "\n[[agents]]\nname = \"{name}\"\nskills = {{ parcels = 5 }}\ntoken_sha256 = \"{}\"\nphone = {phone}\n",
        key::sha256(token)
    );
    text
}
