//! Name servers: each question is asked on a task of its own, so that none of them holds up a call.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use hickory_resolver::config::{NameServerConfig, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::rr::{RData, RecordType};
use hickory_resolver::{Resolver, TokioResolver};

use crate::base::limits::{RESOLVE_NOTHING_KEPT_MAX, RESOLVE_QUESTION_PATIENCE};
use crate::sip::resolve::{Failed, Found, Kind, Question, Record, name_of};

/// The name servers; without any, every name leads nowhere.
#[derive(Clone)]
pub struct Names(Option<TokioResolver>);

impl Names {
    /// Those that are given, or else those of the system (`/etc/resolv.conf`).
    pub fn new(servers: &[SocketAddr]) -> Names {
        let builder = if servers.is_empty() {
            Resolver::builder_tokio().ok()
        } else {
            let config = ResolverConfig::from_name_servers(servers.iter().map(server).collect());
            Some(Resolver::builder_with_config(config, TokioRuntimeProvider::default()))
        };
        let resolver = builder.and_then(|mut builder| {
            let options = builder.options_mut();
            // What is remembered, and for how long, is the engine's business.
            options.cache_size = 0;
            options.attempts = 2;
            options.timeout = RESOLVE_QUESTION_PATIENCE / 2;
            builder.build().ok()
        });
        if resolver.is_none() {
            tracing::warn!("there is no name server: SIP hosts with a name cannot be reached; see [sip] name_servers");
        }
        Names(resolver)
    }

    /// Asks, and waits no longer than the engine does.
    pub async fn ask(&self, question: &Question) -> Result<Found, Failed> {
        let Some(resolver) = &self.0 else { return Err(Failed) };
        // Without the dot the system's search domains would be tried too; for names of one word that is what is meant.
        let dot = if question.name.contains('.') { "." } else { "" };
        let name = format!("{}{dot}", question.name);
        let answer = tokio::time::timeout(RESOLVE_QUESTION_PATIENCE, look_up(resolver, question.kind, &name));
        answer.await.unwrap_or(Err(Failed))
    }
}

fn server(address: &SocketAddr) -> NameServerConfig {
    let mut server = NameServerConfig::udp_and_tcp(address.ip());
    server.connections.iter_mut().for_each(|connection| connection.port = address.port());
    server
}

async fn look_up(resolver: &TokioResolver, kind: Kind, name: &str) -> Result<Found, Failed> {
    let answer = match kind {
        Kind::Naptr => resolver.lookup(name, RecordType::NAPTR).await,
        Kind::Srv => resolver.lookup(name, RecordType::SRV).await,
        Kind::Address => {
            let found = resolver.lookup_ip(name).await;
            return found.map_or_else(nothing, |found| Ok(addresses(found.iter(), found.valid_until())));
        }
    };
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => return nothing(error),
    };
    let records = answer.answers().iter().filter_map(|record| read(&record.data)).collect();
    Ok(Found { records, life: left(answer.valid_until()) })
}

fn addresses(found: impl Iterator<Item = std::net::IpAddr>, until: Instant) -> Found {
    Found { records: found.map(Record::Address).collect(), life: left(until) }
}

fn left(until: Instant) -> Duration {
    until.saturating_duration_since(Instant::now())
}

/// That there is nothing is an answer; anything else is none.
fn nothing(error: NetError) -> Result<Found, Failed> {
    match error {
        NetError::Dns(DnsError::NoRecordsFound(none)) => {
            let life =
                none.negative_ttl.map_or(RESOLVE_NOTHING_KEPT_MAX, |seconds| Duration::from_secs(seconds.into()));
            Ok(Found { records: Vec::new(), life })
        }
        _other => Err(Failed),
    }
}

fn read(data: &RData) -> Option<Record> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match data {
        RData::NAPTR(naptr) => Some(Record::Naptr {
            order: naptr.order,
            preference: naptr.preference,
            flags: text(&naptr.flags),
            service: text(&naptr.services),
            replacement: name_of(&naptr.replacement.to_ascii()).unwrap_or_default(),
        }),
        RData::SRV(srv) => Some(Record::Srv {
            priority: srv.priority,
            weight: srv.weight,
            port: srv.port,
            target: name_of(&srv.target.to_ascii()).unwrap_or_default(),
        }),
        // Aliases on the way, and whatever else was not asked for.
        _other => None,
    }
}
