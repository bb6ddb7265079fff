//! From two looks to a file, and back to gauges.

use std::fmt::Write as _;

use super::*;
use crate::{config::server::Server, kernel::Secret};

/// 60 s of one route, and as many runs of one control.
pub(super) fn baseline(requests: u64, p95: f64) -> Baseline {
    let duration_seconds = Quantiles {
        p50: p95 / 2.0,
        p95,
        p99: p95 * 1.2,
    };
    #[allow(clippy::cast_precision_loss)]
    let route = Route {
        requests,
        request_rate: requests as f64 / 60.0,
        error_ratio: 0.0,
        duration_seconds,
    };
    let runs = Runs {
        runs: requests,
        duration_seconds,
    };
    Baseline {
        format: FORMAT.to_owned(),
        captured_at_seconds: 1_700_000_000,
        window_seconds: 60.0,
        url: "http://127.0.0.1:3002/metrics".to_owned(),
        version: "0.1.0".to_owned(),
        routes: [("/r/{slug}".to_owned(), route)].into(),
        arms: [("render".to_owned(), runs)].into(),
    }
}

fn window() -> Window {
    Window {
        captured_at_seconds: 1_700_000_060,
        seconds: 60.0,
        url: "http://127.0.0.1:3002/metrics".to_owned(),
    }
}

/// A process that answered `/r/{slug}` so often, of these so often with a 503; and looked at its metrics.
fn scrape(started: f64, ok: u32, failed: u32) -> Scrape {
    let mut text = format!("process_start_time_seconds {started}\n");
    for (route, status, n) in [
        ("/r/{slug}", "302", ok),
        ("/r/{slug}", "503", failed),
        ("/metrics", "200", 7 + ok),
        ("/health", "200", 7 + ok),
    ] {
        let labels = format!("http_route=\"{route}\",http_response_status_code=\"{status}\"");
        for part in ["_bucket{le=\"0.001\",", "_bucket{le=\"+Inf\",", "_count{"] {
            let name = catalogue_name();
            writeln!(text, "{name}{part}{labels}}} {n}").unwrap();
        }
    }
    Scrape::parse(&text)
}

fn catalogue_name() -> &'static str {
    crate::telemetry::catalogue::HTTP_DURATION.name
}

#[test]
fn the_difference_of_two_looks_is_the_baseline() {
    let seen = Baseline::between(&scrape(5.0, 100, 0), &scrape(5.0, 690, 10), window()).unwrap();
    let route = &seen.routes["/r/{slug}"];
    assert_eq!(route.requests, 600);
    assert!((route.request_rate - 10.0).abs() < 1e-9);
    assert!((route.error_ratio - 10.0 / 600.0).abs() < 1e-9);
    assert!((route.duration_seconds.p95 - 0.000_95).abs() < 1e-9);
    assert!(!seen.routes.contains_key("/metrics"));
    assert!(seen.routes.contains_key("/health"), "its speed counts");
    assert!(
        (seen.traffic_rate() - 10.0).abs() < 1e-9,
        "it is no traffic"
    );
}

#[test]
fn a_restart_and_silence_are_refused() {
    let why = |before: &Scrape, after: &Scrape| {
        let e = Baseline::between(before, after, window()).unwrap_err();
        assert_eq!(e.kind(), Kind::Conflict);
        e.message().to_owned()
    };
    let restarted = "was restarted";
    assert!(why(&scrape(5.0, 1, 0), &scrape(65.0, 9, 0)).contains(restarted));
    // So fast that the clock does not tell.
    assert!(why(&scrape(5.0, 9, 0), &scrape(5.0, 1, 0)).contains(restarted));
    let (mut before, mut after) = (scrape(5.0, 0, 0), scrape(5.0, 9, 0));
    for scrape in [&mut before, &mut after] {
        scrape.routes.remove("/r/{slug}");
    }
    assert!(why(&before, &after).contains("no traffic"));
}

#[test]
fn a_file_comes_back_as_it_was_and_keeps_what_it_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    assert_eq!(read(&data).unwrap(), None);
    let (first, second) = (baseline(60, 0.5), baseline(120, 0.25));
    file::write(&data, &first).unwrap();
    assert_eq!(read(&data).unwrap(), Some(first.clone()));
    file::write(&data, &second).unwrap();
    assert_eq!(read(&data).unwrap(), Some(second));
    let previous = std::fs::read(data.join("baseline.previous.json")).unwrap();
    assert_eq!(
        serde_json::from_slice::<Baseline>(&previous).unwrap(),
        first
    );
    let left = std::fs::read_dir(&data).unwrap().count();
    assert_eq!(left, 2, "something half written stays");
}

#[test]
fn what_is_no_baseline_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let good = serde_json::to_value(baseline(100, 0.1)).unwrap();
    let with = |path: &str, value: serde_json::Value| {
        let mut changed = good.clone();
        *changed.pointer_mut(path).unwrap() = value;
        changed.to_string()
    };
    for text in [
        String::new(),
        "{".to_owned(),
        "[]".to_owned(),
        good.to_string()[..100].to_owned(),
        with("/format", "qr-observatory baseline 2".into()),
        with("/window_seconds", (-1).into()),
        with("/captured_at_seconds", 0.into()),
        with("/routes/~1r~1{slug}/error_ratio", 1.5.into()),
        with("/routes/~1r~1{slug}/duration_seconds/p95", (-0.1).into()),
        with("/arms/render/duration_seconds/p50", 9.into()),
        good.to_string().replace("/r/{slug}", "r"),
        good.to_string().replace("/r/{slug}", &"/r".repeat(200)),
    ] {
        std::fs::write(dir.path().join("baseline.json"), &text).unwrap();
        assert!(read(dir.path()).is_err(), "{text}");
    }
    std::fs::write(dir.path().join("baseline.json"), good.to_string()).unwrap();
    assert!(read(dir.path()).unwrap().is_some());
}

#[test]
fn a_server_is_found_by_its_settings() {
    let shown = |variables: &[(&str, &str)], url: Option<&str>| {
        let server = Server::for_test(variables);
        Source::of(&server, url).map(|source| source.shown())
    };
    let own = |variables: &[(&str, &str)]| shown(variables, None);
    assert_eq!(own(&[]).unwrap(), "http://127.0.0.1:3002/metrics");
    let token = ("METRICS_TOKEN", "t");
    let everywhere = own(&[("BIND", "0.0.0.0:80"), token]).unwrap();
    assert_eq!(everywhere, "http://127.0.0.1/metrics");
    let apart = own(&[("BIND", "0.0.0.0:80"), ("METRICS_BIND", "[::]:9000")]).unwrap();
    assert_eq!(apart, "http://[::1]:9000/metrics");
    // It serves none.
    assert!(own(&[("BIND", "0.0.0.0:80")]).is_err());
    assert!(own(&[("METRICS_ENABLED", "false")]).is_err());

    let said = |url: &str| shown(&[("METRICS_ENABLED", "false")], Some(url));
    assert_eq!(said("http://qr:81").unwrap(), "http://qr:81/metrics");
    assert_eq!(said("https://me:pw@qr/m").unwrap(), "https://qr/m");
    for url in ["", "qr:81", "ftp://qr", "file:///etc/passwd", "http://"] {
        assert!(said(url).is_err(), "{url}");
    }
}

#[test]
fn a_token_is_not_printed() {
    let mut server = Server::for_test(&[]);
    server.metrics_token = Some(Secret::from("hunter2"));
    let source = Source::of(&server, None).unwrap();
    assert!(!format!("{source:?}").contains("hunter2"));
}
