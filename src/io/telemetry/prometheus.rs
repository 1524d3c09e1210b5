//! The text of `/metrics` (Prometheus text format 0.0.4).

use std::fmt::Write;

use crate::sip::api::GatewayState;

use super::counters::Counters;
use super::tally::{Tally, Times};
use super::wait_scores::{Distribution, Errors, WaitScores};

/// What is true at the moment of asking.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gauges {
    pub calls: usize,
    pub waiting: usize,
    pub grants: usize,
    pub desks: usize,
    /// Each trunk that is asked, and whether it answers.
    pub trunks: Vec<(String, bool)>,
    /// Each trunk that we register at, and whether we are.
    pub registered: Vec<(String, bool)>,
    /// Each gateway with its trunk, and its state.
    pub gateways: Vec<(String, String, GatewayState)>,
    /// Each pool with a promise.
    pub pools: Vec<PoolGauge>,
    /// The version of the policy that holds, and of its shadow.
    pub policy: String,
    pub shadow: Option<String>,
}

/// A pool of numbers, against what is promised of it.
#[derive(Clone, Debug, PartialEq)]
pub struct PoolGauge {
    pub pool: String,
    pub numbers: usize,
    /// `None`: more than a pool may have.
    pub needed: Option<usize>,
    pub is_kept: bool,
    /// Intents an hour that it is reckoned with.
    pub per_hour: f64,
}

/// Upper bounds of the buckets, in microseconds: from a store on this machine to a phone that rings for long.
const BUCKETS_US: [u64; 19] = [
    50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 150_000, 250_000, 400_000, 1_000_000,
    2_500_000, 5_000_000, 20_000_000, 60_000_000,
];

pub(super) fn text(total: &Tally, gauges: &Gauges) -> String {
    let mut text = String::with_capacity(32 * 1024);
    stages(&mut text, total.times());
    waits(&mut text, &total.waits);
    counters(&mut text, &total.counters);
    present(&mut text, gauges);
    text
}

fn stages(text: &mut String, times: &[Times]) {
    let name = "throughline_stage_seconds";
    heading(text, name, "histogram", "From the first byte of the INVITE to each stage, and the store's round trip.");
    for times in times {
        stage(text, name, times);
    }
}

/// Cumulative buckets: each counts all that took no longer.
fn stage(text: &mut String, name: &str, times: &Times) {
    let stage = times.stage.as_str();
    let mut values = times.histogram.iter_recorded().peekable();
    let mut below = 0;
    for bound_us in BUCKETS_US {
        while let Some(value) = values.next_if(|value| value.value_iterated_to() <= bound_us * 1000) {
            below += value.count_since_last_iteration();
        }
        let le = bound_us as f64 / 1e6;
        line(text, format_args!("{name}_bucket{{stage=\"{stage}\",le=\"{le}\"}} {below}"));
    }
    let (count, sum) = (times.histogram.len(), times.sum_ns as f64 / 1e9);
    line(text, format_args!("{name}_bucket{{stage=\"{stage}\",le=\"+Inf\"}} {count}"));
    line(text, format_args!("{name}_sum{{stage=\"{stage}\"}} {sum}"));
    line(text, format_args!("{name}_count{{stage=\"{stage}\"}} {count}"));
}

/// Upper bounds in milliseconds, and in thousandths of the wait.
const WAITS_MS: [u64; 11] = [1_000, 2_000, 5_000, 10_000, 20_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000];
const SHARES: [u64; 8] = [50, 100, 150, 200, 300, 500, 1_000, 2_000];

fn waits(text: &mut String, scores: &WaitScores) {
    let waited = "throughline_wait_seconds";
    heading(text, waited, "histogram", "What calls waited that had to wait, until they were offered to an agent.");
    for (queue, score) in scores.all() {
        buckets(text, waited, &format!("queue=\"{}\"", escaped(queue.as_str())), score.waited(), &WAITS_MS);
    }
    type Part = fn(&Errors) -> &Distribution;
    let families: [(&str, &str, Part, &[u64]); 2] = [
        ("throughline_wait_error_seconds", "What the expected wait was off by.", Errors::off, &WAITS_MS),
        ("throughline_wait_error_ratio", "The same over the wait.", Errors::share, &SHARES),
    ];
    for (name, help, part, bounds) in families {
        heading(text, name, "histogram", help);
        for (queue, score) in scores.all() {
            for (estimator, errors) in score.estimators() {
                let labels = format!("queue=\"{}\",estimator=\"{estimator}\"", escaped(queue.as_str()));
                buckets(text, name, &labels, part(errors), bounds);
            }
        }
    }
}

/// Cumulative, of values in thousandths.
fn buckets(text: &mut String, name: &str, labels: &str, values: &Distribution, bounds: &[u64]) {
    let mut recorded = values.histogram.iter_recorded().peekable();
    let mut below = 0;
    for bound in bounds {
        while let Some(value) = recorded.next_if(|value| value.value_iterated_to() <= *bound) {
            below += value.count_since_last_iteration();
        }
        line(text, format_args!("{name}_bucket{{{labels},le=\"{}\"}} {below}", *bound as f64 / 1e3));
    }
    let (count, sum) = (values.histogram.len(), values.sum as f64 / 1e3);
    line(text, format_args!("{name}_bucket{{{labels},le=\"+Inf\"}} {count}"));
    line(text, format_args!("{name}_sum{{{labels}}} {sum}"));
    line(text, format_args!("{name}_count{{{labels}}} {count}"));
}

fn counters(text: &mut String, counters: &Counters) {
    let mut last = "";
    for (counter, count) in counters.all() {
        let family = counter.family();
        if family.name != last {
            heading(text, &format!("throughline_{}_total", family.name), "counter", family.help);
            last = family.name;
        }
        match family.label {
            Some(label) => {
                let value = escaped(counter.cause());
                let further = counter.further_labels();
                line(text, format_args!("throughline_{}_total{{{label}=\"{value}\"{further}}} {count}", family.name));
            }
            None => line(text, format_args!("throughline_{}_total {count}", family.name)),
        }
    }
}

fn present(text: &mut String, gauges: &Gauges) {
    let single = [
        ("throughline_calls", "Calls in progress.", gauges.calls),
        ("throughline_calls_waiting", "Calls that wait for an agent.", gauges.waiting),
        ("throughline_agents_promised", "Agents who are promised to a call or talk.", gauges.grants),
        ("throughline_desks", "Desktop connections.", gauges.desks),
    ];
    for (name, help, value) in single {
        heading(text, name, "gauge", help);
        line(text, format_args!("{name} {value}"));
    }
    let of_trunks = [
        ("throughline_trunk_reachable", "1 while a trunk answers OPTIONS.", &gauges.trunks),
        ("throughline_trunk_registered", "1 while we are registered at a trunk.", &gauges.registered),
    ];
    for (name, help, trunks) in of_trunks {
        heading(text, name, "gauge", help);
        for (trunk, is_so) in trunks {
            line(text, format_args!("{name}{{trunk=\"{}\"}} {}", escaped(trunk), u8::from(*is_so)));
        }
    }
    gateways_present(text, &gauges.gateways);
    pools_present(text, &gauges.pools);
    policies_present(text, gauges);
}

/// The version is the label: whoever draws the figures sees when another policy began.
fn policies_present(text: &mut String, gauges: &Gauges) {
    let name = "throughline_policy";
    heading(text, name, "gauge", "1 for the version of the access policy that holds, and of its shadow.");
    let policies = [("live", Some(&gauges.policy)), ("shadow", gauges.shadow.as_ref())];
    for (role, version) in policies {
        if let Some(version) = version {
            line(text, format_args!("{name}{{role=\"{role}\",version=\"{}\"}} 1", escaped(version)));
        }
    }
}

fn pools_present(text: &mut String, pools: &[PoolGauge]) {
    type Value = fn(&PoolGauge) -> Option<f64>;
    let gauges: [(&str, &str, Value); 4] = [
        ("throughline_pool_numbers", "Numbers of a pool with a promise.", |pool| Some(pool.numbers as f64)),
        ("throughline_pool_numbers_needed", "Numbers with which its promise holds.", |pool| Some(pool.needed? as f64)),
        ("throughline_pool_kept", "1 while the promise of a pool holds.", |pool| {
            Some(f64::from(u8::from(pool.is_kept)))
        }),
        ("throughline_pool_intents_per_hour", "Intents an hour that the promise is reckoned with.", |pool| {
            Some(pool.per_hour)
        }),
    ];
    for (name, help, value) in gauges {
        if !pools.is_empty() {
            heading(text, name, "gauge", help);
        }
        for pool in pools {
            if let Some(value) = value(pool) {
                line(text, format_args!("{name}{{pool=\"{}\"}} {value}", escaped(&pool.pool)));
            }
        }
    }
}

/// One line for each state, 1 for the one that holds.
fn gateways_present(text: &mut String, gateways: &[(String, String, GatewayState)]) {
    let name = "throughline_gateway_state";
    heading(text, name, "gauge", "1 for the state that a gateway of a trunk is in.");
    let states = [GatewayState::Unknown, GatewayState::Up, GatewayState::Probing, GatewayState::Down];
    for (trunk, gateway, state) in gateways {
        for one in states {
            let labels =
                format!("trunk=\"{}\",gateway=\"{}\",state=\"{}\"", escaped(trunk), escaped(gateway), one.as_str());
            line(text, format_args!("{name}{{{labels}}} {}", u8::from(one == *state)));
        }
    }
}

fn heading(text: &mut String, name: &str, kind: &str, help: &str) {
    line(text, format_args!("# HELP {name} {help}"));
    line(text, format_args!("# TYPE {name} {kind}"));
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    // A String takes everything.
    let _ = writeln!(text, "{line}");
}

/// A label's value as the format wants it.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::Duration;

    use super::*;
    use crate::base::{QueueId, Stage, TrunkId};
    use crate::io::telemetry::Counter;
    use crate::routing::Predictions;

    fn sample() -> String {
        let mut tally = Tally::new(Counters::known()).unwrap();
        tally.record(Stage::InviteToMatch, Duration::from_micros(40));
        tally.record(Stage::InviteToMatch, Duration::from_millis(2));
        let predicted = Predictions { by_position: Some(Duration::from_secs(24)), by_last_served: None };
        tally.waits.note(&QueueId::new("help"), Duration::from_secs(20), predicted);
        tally.counters.add(Counter::Admitted(TrunkId::new("carrier \"a\"")), 3);
        let gateways = vec![("carrier".to_owned(), "sip:gw.example.com".to_owned(), GatewayState::Down)];
        let trunks = vec![("carrier".to_owned(), true)];
        let pools =
            vec![PoolGauge { pool: "web".to_owned(), numbers: 40, needed: Some(63), is_kept: false, per_hour: 200.0 }];
        text(
            &tally,
            &Gauges {
                calls: 1,
                waiting: 0,
                grants: 1,
                desks: 2,
                registered: trunks.clone(),
                gateways,
                trunks,
                pools,
                policy: "00123456789a".to_owned(),
                shadow: None,
            },
        )
    }

    #[test]
    fn buckets_are_cumulative() {
        let text = sample();
        for expected in [
            r#"throughline_stage_seconds_bucket{stage="invite_to_match",le="0.00005"} 1"#,
            r#"throughline_stage_seconds_bucket{stage="invite_to_match",le="0.001"} 1"#,
            r#"throughline_stage_seconds_bucket{stage="invite_to_match",le="0.0025"} 2"#,
            r#"throughline_stage_seconds_bucket{stage="invite_to_match",le="60"} 2"#,
            r#"throughline_stage_seconds_bucket{stage="invite_to_match",le="+Inf"} 2"#,
            r#"throughline_stage_seconds_count{stage="invite_to_match"} 2"#,
            r#"throughline_calls_admitted_total{trunk="carrier \"a\""} 3"#,
            r#"throughline_fallbacks_total{cause="match-deadline"} 0"#,
            r#"throughline_trunk_reachable{trunk="carrier"} 1"#,
            r#"throughline_trunk_registered{trunk="carrier"} 1"#,
            r#"throughline_gateway_state{trunk="carrier",gateway="sip:gw.example.com",state="down"} 1"#,
            r#"throughline_gateway_state{trunk="carrier",gateway="sip:gw.example.com",state="up"} 0"#,
            "throughline_desks 2",
            r#"throughline_wait_seconds_bucket{queue="help",le="10"} 0"#,
            r#"throughline_wait_seconds_bucket{queue="help",le="30"} 1"#,
            r#"throughline_wait_error_seconds_bucket{queue="help",estimator="position",le="2"} 0"#,
            r#"throughline_wait_error_seconds_sum{queue="help",estimator="position"} 4"#,
            r#"throughline_wait_error_ratio_bucket{queue="help",estimator="position",le="0.3"} 1"#,
            r#"throughline_wait_error_ratio_count{queue="help",estimator="last-served"} 0"#,
            r#"throughline_policy{role="live",version="00123456789a"} 1"#,
            r#"throughline_pool_numbers_needed{pool="web"} 63"#,
            r#"throughline_pool_kept{pool="web"} 0"#,
        ] {
            assert!(text.lines().any(|line| line == expected), "{expected}\nis not in\n{text}");
        }
    }

    #[test]
    fn each_metric_has_one_heading_before_its_lines() {
        let text = sample();
        let mut seen = BTreeSet::new();
        let mut current = String::new();
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# TYPE ") {
                current = rest.split(' ').next().unwrap().to_owned();
                assert!(seen.insert(current.clone()), "{current} twice");
            } else if !line.starts_with('#') {
                assert!(line.starts_with(&current), "{line} under {current}");
            }
        }
    }
}
