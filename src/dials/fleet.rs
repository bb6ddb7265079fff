//! The verdict over all nodes, from the Prometheus that scrapes them.
//!
//! Invariant: e-values of different nodes are independent, so their product is one, too (Vovk, Wang 2021): logarithms
//! are added. A node that says no-go says it for all, also when it is gone; go takes all that were ever seen, unless an
//! operator has decided about one of them.

use std::{collections::BTreeMap, time::Duration};

use serde::Deserialize;

use super::files::Said;
use crate::{
    kernel::{Clock as _, Error, Kind, Result, SystemClock, Timestamp, tls},
    rollout::evidence::Test,
    telemetry::labels::Experiment,
};

const TIMEOUT: Duration = Duration::from_secs(5);

/// Prometheus' answer to an instant query, as far as it is used.
#[derive(Deserialize)]
struct Answer {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    result: Vec<Sample>,
}

#[derive(Deserialize)]
struct Sample {
    metric: BTreeMap<String, String>,
    /// Time, and the value as text.
    value: (f64, String),
}

/// By experiment and by one more label.
type Values = BTreeMap<(String, String), f64>;

/// A node that died longer ago is not missed.
const REMEMBERED: Duration = Duration::from_hours(30 * 24);
/// After a release nodes follow within two seconds; what was scraped until then was said before.
const SETTLED: Duration = Duration::from_secs(5);

/// What operators said about the past: it is on record in the audit log.
#[derive(Default)]
pub struct Decisions {
    /// When experiments were last released: what was said before does not count.
    pub released: BTreeMap<String, Timestamp>,
    /// When nodes were retired: they are not missed, and what they said before does not count.
    pub retired: BTreeMap<String, Timestamp>,
}

/// Whether nodes ever said no-go, by name; present or gone.
type Nodes = BTreeMap<String, bool>;

/// What all nodes together say of every experiment, the dead included.
///
/// # Errors
/// `Unavailable` when Prometheus does not answer as it should.
pub async fn said_by_all(url: &str, decisions: &Decisions) -> Result<Vec<Said>> {
    tls::install();
    let client = reqwest::Client::builder().timeout(TIMEOUT).build();
    let client = client.map_err(unavailable)?;
    let ask = async |query: &str, label: &str| ask(&client, url, query, label).await;
    let says = ask("sum by (experiment, verdict) (qr_verdict)", "verdict").await?;
    let logs = ask("sum by (experiment, test) (qr_evidence_log)", "test").await?;
    let thresholds = "max by (experiment, test) (qr_evidence_threshold_log)";
    let thresholds = ask(thresholds, "test").await?;
    let present = "max by (experiment, instance) (qr_verdict{verdict=\"no-go\"})";
    let present = ask(present, "instance").await?;
    let mut all = Vec::new();
    for experiment in Experiment::ALL {
        let name = experiment.label();
        let here = |node: &String| present.contains_key(&(name.to_owned(), node.clone()));
        let seen = remembered(&ask, name, decisions).await?;
        let (said, silent): (Vec<_>, Vec<_>) = seen.into_iter().partition(|(_, no_go)| *no_go);
        let past = Past {
            no_go: said.into_iter().map(|(node, _)| node).collect(),
            gone: silent
                .into_iter()
                .map(|(node, _)| node)
                .filter(|n| !here(n))
                .collect(),
        };
        all.push(judge(*experiment, (&says, &past), &logs, &thresholds));
    }
    Ok(all)
}

/// Every node that was seen since the experiment was released, or since it was itself retired.
async fn remembered(
    ask: &impl AsyncFn(&str, &str) -> Result<Values>,
    experiment: &str,
    decisions: &Decisions,
) -> Result<Nodes> {
    let now = SystemClock.now();
    let within = |since: Option<&Timestamp>, settle: Duration| {
        let passed = since.map_or(REMEMBERED, |at| now.duration_since(*at).unsigned_abs());
        passed.min(REMEMBERED).saturating_sub(settle).as_secs()
    };
    let query = async |filter: &str, seconds: u64| -> Result<Nodes> {
        let over = match seconds {
            0 => String::new(),
            seconds => format!("[{seconds}s]"),
        };
        let series =
            format!("qr_verdict{{experiment=\"{experiment}\",verdict=\"no-go\"{filter}}}{over}");
        let value = if over.is_empty() {
            series
        } else {
            format!("max_over_time({series})")
        };
        let query = format!("max by (experiment, instance) ({value})");
        let values = ask(&query, "instance").await?.into_iter();
        Ok(values
            .map(|((_, node), value)| (node, value >= 1.0))
            .collect())
    };
    let released = within(decisions.released.get(experiment), SETTLED);
    let mut nodes = query("", released).await?;
    for (node, at) in &decisions.retired {
        let retired = within(Some(at), Duration::ZERO);
        if retired < released && nodes.remove(node).is_some() {
            let filter = format!(",instance={}", serde_json::Value::from(node.as_str()));
            nodes.extend(query(&filter, retired).await?);
        }
    }
    Ok(nodes)
}

async fn ask(client: &reqwest::Client, url: &str, query: &str, label: &str) -> Result<Values> {
    let mut address = url::Url::parse(&format!("{url}/api/v1/query"))
        .map_err(|e| Error::invalid("PROMETHEUS_URL", format!("is no address: {e}")))?;
    address.query_pairs_mut().append_pair("query", query);
    let answer = client.get(address).send().await.map_err(unavailable)?;
    let answer = answer.error_for_status().map_err(unavailable)?;
    let text = answer.bytes().await.map_err(unavailable)?;
    let answer: Answer = serde_json::from_slice(&text)
        .map_err(|e| Error::caused(Kind::Unavailable, "that is no Prometheus", e))?;
    let samples = answer.data.result.into_iter().filter_map(|sample| {
        let experiment = sample.metric.get("experiment")?.clone();
        let label = sample.metric.get(label)?.clone();
        Some(((experiment, label), sample.value.1.parse().ok()?))
    });
    Ok(samples.collect())
}

fn unavailable(e: reqwest::Error) -> Error {
    Error::caused(Kind::Unavailable, "Prometheus does not answer", e)
}

/// Nodes by name.
#[derive(Default)]
struct Past {
    /// Have said no-go, and nobody has decided about it since.
    no_go: Vec<String>,
    /// Were seen, have not said no-go, and are not seen now.
    gone: Vec<String>,
}

fn judge(
    experiment: Experiment,
    (says, past): (&Values, &Past),
    logs: &Values,
    thresholds: &Values,
) -> Said {
    let name = experiment.label();
    let of = |values: &Values, label: &str| {
        let value = values.get(&(name.to_owned(), label.to_owned()));
        value.copied().unwrap_or(0.0)
    };
    let [go, hold, no_go] = ["go", "hold", "no-go"].map(|verdict| of(says, verdict));
    let nodes = go + hold + no_go;
    let failing = Test::ALL.into_iter().filter(|t| *t != Test::ErrorsPass);
    let fired = failing.into_iter().find(|test| {
        let threshold = of(thresholds, test.label());
        threshold > 0.0 && of(logs, test.label()) >= threshold
    });
    let (verdict, sentence) = match fired {
        _ if no_go >= 1.0 => ("no-go", format!("no-go: {no_go} of {nodes} nodes say so")),
        _ if !past.no_go.is_empty() => {
            let nodes = past.no_go.join(", ");
            (
                "no-go",
                format!(
                    "no-go: {nodes} said so, and nobody has decided about it since: see `flags release` and `flags retire`"
                ),
            )
        }
        Some(test) => {
            let test = test.label();
            let (log, threshold) = (of(logs, test), of(thresholds, test));
            (
                "no-go",
                format!(
                    "no-go: {test}: over {nodes} nodes ln E = {log:.1}, threshold {threshold:.1}"
                ),
            )
        }
        None if !past.gone.is_empty() => {
            let nodes = past.gone.join(" ");
            (
                "hold",
                format!(
                    "hold: seen earlier and gone: {nodes}; what they learned is unknown until they are back, or `flags retire {nodes}`"
                ),
            )
        }
        None if nodes < 1.0 => ("hold", "hold: no node is scraped".to_owned()),
        None if hold >= 1.0 => ("hold", format!("hold: {hold} of {nodes} nodes say so")),
        None => ("go", format!("go: all of {nodes} nodes say so")),
    };
    Said {
        experiment: name,
        verdict,
        sentence,
        readings: Vec::new(),
        age_seconds: None,
        is_written: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(of: &[(&str, f64)]) -> Values {
        let one =
            |(label, value): &(&str, f64)| (("render".to_owned(), (*label).to_owned()), *value);
        of.iter().map(one).collect()
    }

    fn verdict(says: &[(&str, f64)], errors: f64) -> &'static str {
        after(says, errors, &Past::default()).verdict
    }

    fn after(says: &[(&str, f64)], errors: f64, past: &Past) -> Said {
        let thresholds = values(&[("errors", 5.0), ("errors_pass", 3.0)]);
        let logs = values(&[("errors", errors), ("errors_pass", 99.0)]);
        judge(
            Experiment::Render,
            (&values(says), past),
            &logs,
            &thresholds,
        )
    }

    #[test]
    fn one_no_go_is_enough_and_go_takes_all() {
        assert_eq!(verdict(&[], 0.0), "hold");
        assert_eq!(verdict(&[("go", 3.0)], 0.0), "go");
        assert_eq!(verdict(&[("go", 2.0), ("hold", 1.0)], 0.0), "hold");
        assert_eq!(verdict(&[("go", 2.0), ("no-go", 1.0)], 0.0), "no-go");
        // No node sees enough, all together do; and what the passing test says is no reason against.
        assert_eq!(verdict(&[("hold", 3.0)], 5.1), "no-go");
        assert_eq!(verdict(&[("hold", 3.0)], 4.9), "hold");
    }

    #[test]
    fn the_dead_are_not_forgotten() {
        let past = |no_go: &[&str], gone: &[&str]| Past {
            no_go: no_go.iter().map(ToString::to_string).collect(),
            gone: gone.iter().map(ToString::to_string).collect(),
        };
        for (says, errors, past, expected) in [
            (&[("go", 2.0)][..], 0.0, past(&["c:1"], &[]), "no-go: c:1"),
            (&[("go", 2.0)], 0.0, past(&[], &["c:1"]), "hold: seen"),
            (&[("go", 2.0)], 5.1, past(&[], &["c:1"]), "no-go: errors"),
            (&[], 0.0, past(&["a:1"], &["b:1", "c:1"]), "no-go: a:1"),
            (&[], 0.0, past(&[], &["b:1", "c:1"]), "hold: seen"),
        ] {
            let said = after(says, errors, &past);
            assert!(said.sentence.starts_with(expected), "{}", said.sentence);
            assert!(said.sentence.starts_with(said.verdict));
        }
        let said = after(&[], 0.0, &past(&[], &["b:1", "c:1"])).sentence;
        assert!(said.ends_with("`flags retire b:1 c:1`"), "{said}");
    }
}
