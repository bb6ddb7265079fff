//! The verdict over all nodes, from the Prometheus that scrapes them.
//!
//! Invariant: e-values of different nodes are independent, so their product is one, too (Vovk, Wang 2021): logarithms
//! are added. A node that says no-go says it for all; go takes all of them.

use std::{collections::BTreeMap, time::Duration};

use serde::Deserialize;

use super::files::Said;
use crate::{
    kernel::{Error, Kind, Result, tls},
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

/// What all nodes together say of every experiment.
///
/// # Errors
/// `Unavailable` when Prometheus does not answer as it should.
pub async fn said_by_all(url: &str) -> Result<Vec<Said>> {
    tls::install();
    let client = reqwest::Client::builder().timeout(TIMEOUT).build();
    let client = client.map_err(unavailable)?;
    let ask = async |query: &str, label: &str| ask(&client, url, query, label).await;
    let says = ask("sum by (experiment, verdict) (qr_verdict)", "verdict").await?;
    let logs = ask("sum by (experiment, test) (qr_evidence_log)", "test").await?;
    let thresholds = "max by (experiment, test) (qr_evidence_threshold_log)";
    let thresholds = ask(thresholds, "test").await?;
    let one = |experiment: &Experiment| judge(*experiment, &says, &logs, &thresholds);
    Ok(Experiment::ALL.iter().map(one).collect())
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

fn judge(experiment: Experiment, says: &Values, logs: &Values, thresholds: &Values) -> Said {
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
        _ if nodes < 1.0 => ("hold", "hold: no node is scraped".to_owned()),
        _ if no_go >= 1.0 => ("no-go", format!("no-go: {no_go} of {nodes} nodes say so")),
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
        let thresholds = values(&[("errors", 5.0), ("errors_pass", 3.0)]);
        let logs = values(&[("errors", errors), ("errors_pass", 99.0)]);
        judge(Experiment::Render, &values(says), &logs, &thresholds).verdict
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
}
