//! One answer of `/metrics`, as far as a baseline is made of it.
//!
//! Invariant: any text is read without a panic. A line that is no sample says nothing; it never makes another one wrong.

use std::collections::BTreeMap;

use super::Histogram;
use crate::telemetry::{catalogue, labels::Side};

/// Counters of one route since the process started, all methods together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counted {
    pub requests: f64,
    /// Of these, 5xx.
    pub failures: f64,
    pub duration: Histogram,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scrape {
    /// When the process started, Unix time in seconds. Without it the text is not from this product.
    pub started: Option<f64>,
    pub version: String,
    pub routes: BTreeMap<String, Counted>,
    /// The control's runs, by experiment.
    pub arms: BTreeMap<String, Histogram>,
}

impl Scrape {
    /// Reads the Prometheus text format (exposition format 0.0.4).
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut scrape = Self::default();
        for sample in text.lines().filter_map(Sample::parse) {
            scrape.take(&sample);
        }
        scrape
    }

    fn take(&mut self, sample: &Sample) {
        if sample.name == catalogue::PROCESS_START.name {
            self.started = Some(sample.value);
        } else if sample.name == catalogue::BUILD_INFO.name {
            sample.label("version").clone_into(&mut self.version);
        } else if let Some(part) = sample.name.strip_prefix(catalogue::HTTP_DURATION.name) {
            let route = sample.label("http_route");
            if route.is_empty() {
                return;
            }
            let counted = self.routes.entry(route.to_owned()).or_default();
            match part {
                "_bucket" => counted.duration.add(sample.bound(), sample.value),
                "_count" => {
                    counted.requests += sample.value;
                    if sample.label("http_response_status_code").starts_with('5') {
                        counted.failures += sample.value;
                    }
                }
                _ => {}
            }
        } else if let Some("_bucket") = sample.name.strip_prefix(catalogue::ARM_DURATION.name)
            && sample.label("arm") == Side::Control.label()
        {
            let experiment = sample.label("experiment").to_owned();
            let runs = self.arms.entry(experiment).or_default();
            runs.add(sample.bound(), sample.value);
        }
    }
}

/// One line, with a value that a counter may have.
struct Sample<'a> {
    name: &'a str,
    labels: Vec<(&'a str, String)>,
    value: f64,
}

impl<'a> Sample<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let line = line.trim();
        if line.starts_with('#') {
            return None;
        }
        let end = line.find(|c: char| c == '{' || c.is_whitespace())?;
        let (name, rest) = line.split_at(end);
        let (labels, rest) = match rest.strip_prefix('{') {
            Some(inner) => labels(inner)?,
            None => (Vec::new(), rest),
        };
        // A timestamp may follow.
        let value: f64 = rest.split_whitespace().next()?.parse().ok()?;
        let sound = value.is_finite() && value >= 0.0;
        sound.then_some(Self {
            name,
            labels,
            value,
        })
    }

    /// Its value; empty where there is none, which means the same.
    fn label(&self, name: &str) -> &str {
        let found = self.labels.iter().find(|l| l.0 == name);
        found.map_or("", |l| &l.1)
    }

    fn bound(&self) -> f64 {
        self.label("le").parse().unwrap_or(f64::NAN)
    }
}

/// What a `{` opened, and what follows its `}`.
fn labels(mut text: &str) -> Option<(Vec<(&str, String)>, &str)> {
    let mut found = Vec::new();
    loop {
        text = text.trim_start_matches([' ', ',']);
        if let Some(rest) = text.strip_prefix('}') {
            return Some((found, rest));
        }
        let (name, after) = text.split_once("=\"")?;
        let (value, rest) = quoted(after)?;
        found.push((name.trim(), value));
        text = rest;
    }
}

/// A label's value, and what follows its closing quote.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => match chars.next()?.1 {
                'n' => value.push('\n'),
                escaped => value.push(escaped),
            },
            _ => value.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEXT: &str = r#"# HELP http_server_request_duration_seconds x
# TYPE http_server_request_duration_seconds histogram
http_server_request_duration_seconds_bucket{http_request_method="GET",http_route="/r/{slug}",http_response_status_code="302",le="0.001"} 8
http_server_request_duration_seconds_bucket{http_request_method="GET",http_route="/r/{slug}",http_response_status_code="302",le="+Inf"} 9
http_server_request_duration_seconds_sum{http_request_method="GET",http_route="/r/{slug}",http_response_status_code="302"} 0.5
http_server_request_duration_seconds_count{http_request_method="GET",http_route="/r/{slug}",http_response_status_code="302"} 9
http_server_request_duration_seconds_bucket{http_request_method="HEAD",http_route="/r/{slug}",http_response_status_code="503",le="0.001"} 0
http_server_request_duration_seconds_bucket{http_request_method="HEAD",http_route="/r/{slug}",http_response_status_code="503",le="+Inf"} 1
http_server_request_duration_seconds_count{http_request_method="HEAD",http_route="/r/{slug}",http_response_status_code="503"} 1 1700000000000
qr_arm_duration_seconds_bucket{experiment="render",arm="control",le="+Inf"} 4
qr_arm_duration_seconds_bucket{experiment="render",arm="candidate",le="+Inf"} 99
qr_arm_duration_secondsish_bucket{experiment="render",arm="control",le="+Inf"} 99
qr_build_info{version="0.1.0"} 1
process_start_time_seconds 1700000000.25
"#;

    #[test]
    fn what_counts_is_read() {
        let scrape = Scrape::parse(TEXT);
        assert_eq!(scrape.started, Some(1_700_000_000.25));
        assert_eq!(scrape.version, "0.1.0");
        assert_eq!(scrape.routes.len(), 1);
        let route = &scrape.routes["/r/{slug}"];
        assert!((route.requests, route.failures) == (10.0, 1.0), "{route:?}");
        let mut sum = Histogram::default();
        sum.add(0.001, 8.0);
        sum.add(f64::INFINITY, 10.0);
        assert_eq!(route.duration, sum, "methods and statuses are added");
        assert!((scrape.arms["render"].count() - 4.0).abs() < 1e-9);
        assert_eq!(scrape.arms.len(), 1);
    }

    #[test]
    fn labels_are_unescaped() {
        let sample = Sample::parse(r#"a{ x="q\"}\\\n" , y="" } 1.5"#).unwrap();
        assert_eq!(sample.label("x"), "q\"}\\\n");
        assert_eq!(sample.label("y"), "");
        assert!(Sample::parse(r#"a{x="open} 1"#).is_none());
        assert!(Sample::parse("a NaN").is_none() && Sample::parse("a -1").is_none());
    }

    /// Pieces of the format, in any order: closer to it than random text.
    fn almost() -> impl Strategy<Value = String> {
        let piece = prop::sample::select(vec![
            "http_server_request_duration_seconds",
            "_bucket",
            "_count",
            "{",
            "}",
            "http_route",
            "=",
            "\"",
            "/r/{slug}",
            ",",
            "le",
            "\\",
            " ",
            "+Inf",
            "NaN",
            "-1",
            "1e999",
            "0.5",
            "\n",
            "#",
            "é",
        ]);
        prop::collection::vec(piece, 0..60).prop_map(|p| p.concat())
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in any::<String>()) {
            let _ = Scrape::parse(&text);
        }

        #[test]
        fn almost_the_format_is_read(text in almost()) {
            let _ = Scrape::parse(&text);
        }

        #[test]
        fn what_is_torn_off_is_read(at in 0..TEXT.len()) {
            if let Some(text) = TEXT.get(..at) {
                let _ = Scrape::parse(text);
            }
        }
    }
}
