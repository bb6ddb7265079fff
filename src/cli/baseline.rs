//! `qr-observatory baseline capture|show|calibrate`.

use std::{io::IsTerminal, process::ExitCode, time::Duration};

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::output;
use crate::{
    baseline::{self, Calibration, Progress, Quantiles, Row, Source},
    config::Config,
    kernel::{Clock as _, Error, Kind, Result, SystemClock, Timestamp},
};

/// How a server does on a usual day; alerts and the go/no-go board compare with it
#[derive(Args)]
pub struct Baseline {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Measure the running server and store that as the baseline
    Capture {
        #[command(flatten)]
        watch: Watch,
    },
    /// Show the stored baseline
    Show {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Measure, compare with the baseline and the alerts' thresholds, and propose thresholds; changes nothing
    Calibrate {
        #[command(flatten)]
        watch: Watch,
    },
}

#[derive(Args)]
struct Watch {
    /// How long to observe: 90s, 10m, 1h; 1 s to 24 h
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = time)]
    duration: Duration,
    /// URL of the server or its metrics (default: from the settings)
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// `90s`, `10m`, `1h`; a number alone is of seconds.
fn time(text: &str) -> Result<Duration, String> {
    let end = text.find(|c: char| !c.is_ascii_digit());
    let (number, unit) = text.split_at(end.unwrap_or(text.len()));
    let seconds = match unit {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => 0,
    };
    let number: Option<u64> = number.parse().ok();
    let seconds = number.and_then(|n| n.checked_mul(seconds));
    match seconds {
        Some(seconds @ 1..=86_400) => Ok(Duration::from_secs(seconds)),
        _ => Err("must be 1s to 24h, such as 90s, 10m or 1h".to_owned()),
    }
}

impl Baseline {
    pub async fn run(&self, settings: &Config) -> Result<ExitCode> {
        let dir = &settings.server.data_dir;
        match &self.action {
            Action::Capture { watch } => {
                let source = watch.begin(settings)?;
                let target = (&source, watch.duration);
                let seen = baseline::capture(dir, target, &SystemClock, tell).await;
                end();
                show(&seen?, watch.json);
            }
            Action::Show { json } => {
                let none = || {
                    let message = "there is no baseline yet: `qr-observatory baseline capture`";
                    Error::new(Kind::NotFound, message)
                };
                show(&baseline::read(dir)?.ok_or_else(none)?, *json);
            }
            Action::Calibrate { watch } => {
                // Before minutes are spent on observing.
                let stored = baseline::read(dir)?;
                let source = watch.begin(settings)?;
                let seen = baseline::observe(&source, watch.duration, &SystemClock, tell).await;
                end();
                propose(&baseline::calibrate(seen?, stored), watch.json);
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Watch {
    fn begin(&self, settings: &Config) -> Result<Source> {
        let source = Source::of(&settings.server, self.url.as_deref())?;
        let seconds = self.duration.as_secs();
        output::complain(&format!("observing {} for {seconds} s", source.shown()));
        Ok(source)
    }
}

/// Progress; once a minute where standard error is no terminal.
fn tell(progress: Progress) {
    let (done, of) = (progress.done.as_secs(), progress.of.as_secs());
    let text = format!("{done} of {of} s, {} requests", progress.requests);
    if std::io::stderr().is_terminal() {
        output::bar(done, of, &text);
    } else if done > 0 && done.is_multiple_of(60) {
        output::complain(&text);
    }
}

fn end() {
    if std::io::stderr().is_terminal() {
        output::complain("");
    }
}

fn show(seen: &baseline::Baseline, json: bool) {
    if json {
        output::json(seen);
        return;
    }
    let now = SystemClock.now().as_second();
    output::say(&format!(
        "captured {}, {} ago, for {:.0} s, from {} ({})",
        Timestamp::from_second(seen.captured_at_seconds).unwrap_or_default(),
        age(now - seen.captured_at_seconds),
        seen.window_seconds,
        seen.url,
        seen.version
    ));
    output::say("");
    let mut rows = Vec::new();
    for (name, route) in &seen.routes {
        let rate = format!("{:.2}/s", route.request_rate);
        let errors = format!("{:.3} %", route.error_ratio * 100.0);
        let counts = [route.requests.to_string(), rate, errors];
        rows.push(line(name, counts, &route.duration_seconds));
    }
    for (name, runs) in &seen.arms {
        let name = format!("control of {name}");
        let rest = [runs.runs.to_string(), String::new(), String::new()];
        rows.push(line(&name, rest, &runs.duration_seconds));
    }
    let header = ["ROUTE", "REQUESTS", "RATE", "5XX", "P50", "P95", "P99"];
    output::table(header, &rows);
    let guessed: Vec<&str> = seen.guessed().collect();
    if !guessed.is_empty() {
        output::complain(&format!(
            "fewer than {} requests, so that P99 is a guess: {}",
            baseline::ENOUGH,
            guessed.join(", ")
        ));
    }
}

fn line(name: &str, counts: [String; 3], q: &Quantiles) -> [String; 7] {
    let [requests, rate, errors] = counts;
    let [p50, p95, p99] = [q.p50, q.p95, q.p99].map(seconds);
    [name.to_owned(), requests, rate, errors, p50, p95, p99]
}

/// With three digits that count.
fn seconds(value: f64) -> String {
    match value {
        v if v < 0.001 => format!("{:.1} µs", v * 1e6),
        v if v < 1.0 => format!("{:.2} ms", v * 1e3),
        v => format!("{v:.2} s"),
    }
}

fn age(seconds: i64) -> String {
    match seconds {
        ..120 => format!("{} s", seconds.max(0)),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

fn propose(found: &Calibration, json: bool) {
    if json {
        let rows: Vec<Value> = found.rows.iter().map(shown).collect();
        output::json(&json!({
            "observed": found.observed,
            "baseline": found.stored,
            "thresholds": rows,
            "too_few_requests": found.skipped,
        }));
        return;
    }
    if found.stored.is_none() {
        output::complain("there is no baseline yet: compared with the alerts' own thresholds only");
    }
    let value = |row: &Row, v: Option<f64>| match (v, row.unit) {
        (None, _) => "–".to_owned(),
        (Some(v), "s") => seconds(v),
        (Some(v), _) => format!("{v:.1}/s"),
    };
    let cells = |row: &Row| {
        let change = row.change().map(|c| format!("{:+.0} %", c * 100.0));
        [
            row.alert.to_owned(),
            row.of.clone(),
            value(row, Some(row.observed)),
            value(row, row.baseline),
            value(row, row.threshold),
            value(row, row.proposed),
            change.unwrap_or_else(|| "–".to_owned()),
            if row.beyond { "beyond" } else { "" }.to_owned(),
        ]
    };
    let rows: Vec<[String; 8]> = found.rows.iter().map(cells).collect();
    let header = [
        "ALERT", "OF", "NOW", "BASELINE", "IN FORCE", "PROPOSED", "CHANGE", "",
    ];
    output::table(header, &rows);
    if !found.skipped.is_empty() {
        output::complain(&format!(
            "fewer than {} requests, so that nothing is proposed: {}",
            baseline::ENOUGH,
            found.skipped.join(", ")
        ));
    }
}

fn shown(row: &Row) -> Value {
    json!({
        "alert": row.alert,
        "of": row.of,
        "unit": row.unit,
        "observed": row.observed,
        "baseline": row.baseline,
        "in_force": row.threshold,
        "proposed": row.proposed,
        "change": row.change(),
        "beyond": row.beyond,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        for (text, expected) in [("90s", 90), ("90", 90), ("10m", 600), ("24h", 86_400)] {
            assert_eq!(time(text), Ok(Duration::from_secs(expected)), "{text}");
        }
        let wrong = "|s|0|25h|-1s|1.5h|1d|1 h|99999999999999999999s|9999999999999999h|é";
        for text in wrong.split('|') {
            assert!(time(text).is_err(), "{text}");
        }
    }

    #[test]
    fn durations_are_shown_in_what_fits_them() {
        assert_eq!(seconds(0.000_012_34), "12.3 µs");
        assert_eq!(seconds(0.012_34), "12.34 ms");
        assert_eq!(seconds(1.5), "1.50 s");
    }
}
