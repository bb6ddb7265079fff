//! The Prometheus text format, as far as it is needed to ask for a value.

use std::collections::BTreeMap;

use super::{Client, eventually};

/// One line of `/metrics`.
#[derive(Debug)]
pub struct Sample {
    pub name: String,
    pub labels: BTreeMap<String, String>,
    pub value: f64,
}

/// One answer of `/metrics`.
pub struct Scrape(pub Vec<Sample>);

impl Scrape {
    pub async fn of(client: &Client) -> Self {
        let answer = client.get("/metrics").await.expect(200);
        assert!(answer.header("content-type").starts_with("text/plain"));
        Self::parse(&answer.text())
    }

    /// Waits until `name label=value …` is there with a value that fits.
    pub async fn until(client: &Client, seconds: u64, series: &str, fits: impl Fn(f64) -> bool) {
        eventually(seconds, async || match Self::of(client).await.at(series) {
            Some(value) if fits(value) => Ok(()),
            value => Err(format!("{series} is {value:?}")),
        })
        .await;
    }

    pub fn parse(text: &str) -> Self {
        let lines = text
            .lines()
            .filter(|l| !l.is_empty() && !l.starts_with('#'));
        Self(lines.map(sample).collect())
    }

    /// The sum over every series with this name and these labels (among others); `None` when there is none.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let values: Vec<f64> = self.named(name, labels).map(|s| s.value).collect();
        (!values.is_empty()).then(|| values.iter().sum())
    }

    /// The same of `name label=value …`.
    pub fn at(&self, series: &str) -> Option<f64> {
        let mut words = series.split(' ');
        let name = words.next().unwrap();
        let labels: Vec<_> = words.map(|w| w.split_once('=').unwrap()).collect();
        self.sum(name, &labels)
    }

    fn named<'a>(
        &'a self,
        name: &'a str,
        labels: &'a [(&str, &str)],
    ) -> impl Iterator<Item = &'a Sample> {
        self.0.iter().filter(move |s| {
            let has = |(k, v): &(&str, &str)| s.labels.get(*k).map(String::as_str) == Some(*v);
            s.name == name && labels.iter().all(has)
        })
    }
}

fn sample(line: &str) -> Sample {
    let (series, value) = line
        .rsplit_once(' ')
        .unwrap_or_else(|| panic!("no value: {line}"));
    let (name, rest) = series.split_once('{').unwrap_or((series, "}"));
    let mut labels = BTreeMap::new();
    let mut rest = rest
        .strip_suffix('}')
        .unwrap_or_else(|| panic!("not closed: {line}"));
    while let Some((label, after)) = rest.split_once("=\"") {
        // No label value of ours holds a quote.
        let (value, after) = after.split_once('"').unwrap();
        labels.insert(label.to_owned(), value.to_owned());
        rest = after.trim_start_matches(',');
    }
    let value = value.parse().unwrap_or_else(|e| panic!("{line}: {e}"));
    Sample {
        name: name.to_owned(),
        labels,
        value,
    }
}

#[test]
fn samples_are_read() {
    let text = "# HELP a b\na{x=\"1\",y=\"/r/:slug\"} 2\na{x=\"2\",y=\"<unmatched>\"} 3.5\nb 7\n";
    let scrape = Scrape::parse(text);
    assert_eq!(scrape.sum("a", &[]), Some(5.5));
    assert_eq!(scrape.sum("a", &[("y", "/r/:slug")]), Some(2.0));
    assert_eq!(scrape.sum("a", &[("y", "/")]), None);
    assert_eq!(scrape.sum("b", &[]), Some(7.0));
    assert_eq!(scrape.at("b"), Some(7.0));
    assert_eq!(scrape.at("a x=1 y=/r/:slug"), Some(2.0));
}
