//! The verdict over all nodes, from the Prometheus that scrapes them.
//!
//! Invariant: e-values of different nodes are independent, so their product is an e-value (Vovk, Wang 2021): logarithms
//! are added. One node's no-go is a no-go, also after the node is gone. A go needs every node that was ever seen, except
//! those that an operator released or retired.

use std::{collections::BTreeMap, time::Duration};

use serde::Deserialize;

use super::files::ReportedVerdict;
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

/// Nodes that were last seen longer ago do not count.
const REMEMBERED: Duration = Duration::from_hours(30 * 24);
/// Nodes follow a release within two seconds. Samples from before do not count.
const RELEASE_LAG: Duration = Duration::from_secs(5);

/// Decisions of operators, from the audit log.
#[derive(Default)]
pub struct Decisions {
    /// By experiment: earlier verdicts do not count.
    pub released: BTreeMap<String, Timestamp>,
    /// By node: it is not waited for, and its earlier verdicts do not count.
    pub retired: BTreeMap<String, Timestamp>,
}

/// By name, present or gone: whether the node ever said no-go.
type Nodes = BTreeMap<String, bool>;

/// The verdict of all nodes about every experiment, including nodes that are gone.
///
/// # Errors
/// `Unavailable` when Prometheus does not answer as it should.
pub async fn verdicts_of_all_nodes(
    url: &str,
    decisions: &Decisions,
) -> Result<Vec<ReportedVerdict>> {
    tls::install();
    let client = reqwest::Client::builder().timeout(TIMEOUT).build();
    let client = client.map_err(unavailable)?;
    let ask = async |query: &str, label: &str| ask(&client, url, query, label).await;
    let thresholds = "max by (experiment, test) (qr_evidence_threshold_log)";
    let scraped = Scraped {
        says: ask("sum by (experiment, verdict) (qr_verdict)", "verdict").await?,
        logs: ask("sum by (experiment, test) (qr_evidence_log)", "test").await?,
        thresholds: ask(thresholds, "test").await?,
    };
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
        all.push(judge(experiment, &scraped, &past));
    }
    Ok(all)
}

/// Every node that was seen since the experiment was released, or since the node was retired.
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
    let released = within(decisions.released.get(experiment), RELEASE_LAG);
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
    /// Said no-go, and were neither released nor retired since.
    no_go: Vec<String>,
    /// Seen earlier without a no-go, and not seen now.
    gone: Vec<String>,
}

/// Answers of Prometheus, summed over all nodes.
struct Scraped {
    /// Nodes by verdict.
    says: Values,
    /// By test.
    logs: Values,
    /// By test.
    thresholds: Values,
}

fn judge(experiment: Experiment, scraped: &Scraped, past: &Past) -> ReportedVerdict {
    let name = experiment.label();
    let of = |values: &Values, label: &str| {
        let value = values.get(&(name.to_owned(), label.to_owned()));
        value.copied().unwrap_or(0.0)
    };
    let [go, hold, no_go] = ["go", "hold", "no-go"].map(|verdict| of(&scraped.says, verdict));
    let nodes = go + hold + no_go;
    let failing = Test::ALL.into_iter().filter(|t| *t != Test::ErrorsPass);
    let fired = failing.into_iter().find(|test| {
        let threshold = of(&scraped.thresholds, test.label());
        threshold > 0.0 && of(&scraped.logs, test.label()) >= threshold
    });
    let (verdict, why) = match fired {
        _ if no_go >= 1.0 => ("no-go", format!("{no_go} of {nodes} nodes say so")),
        _ if !past.no_go.is_empty() => (
            "no-go",
            format!(
                "{} said so, and nobody has decided about it since: see `flags release` and `flags retire`",
                past.no_go.join(", ")
            ),
        ),
        Some(test) => {
            let test = test.label();
            let (log, threshold) = (of(&scraped.logs, test), of(&scraped.thresholds, test));
            let why =
                format!("{test}: over {nodes} nodes ln E = {log:.1}, threshold {threshold:.1}");
            ("no-go", why)
        }
        None if !past.gone.is_empty() => {
            let nodes = past.gone.join(" ");
            (
                "hold",
                format!(
                    "seen earlier and gone: {nodes}; what they learned is unknown until they are back, or `flags retire {nodes}`"
                ),
            )
        }
        None if nodes < 1.0 => ("hold", "no node is scraped".to_owned()),
        None if hold >= 1.0 => ("hold", format!("{hold} of {nodes} nodes say so")),
        None => ("go", format!("all of {nodes} nodes say so")),
    };
    ReportedVerdict {
        experiment: name,
        verdict,
        sentence: format!("{verdict}: {why}"),
        readings: Vec::new(),
        age_seconds: None,
        server_runs: None,
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

    fn after(says: &[(&str, f64)], errors: f64, past: &Past) -> ReportedVerdict {
        let scraped = Scraped {
            says: values(says),
            logs: values(&[("errors", errors), ("errors_pass", 99.0)]),
            thresholds: values(&[("errors", 5.0), ("errors_pass", 3.0)]),
        };
        judge(Experiment::Render, &scraped, past)
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
