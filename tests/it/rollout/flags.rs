//! Flags from a real Unleash server: the dial is followed, decisions are those of Unleash's own clients, and no fault
//! changes anything.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use qr_observatory::{
    kernel::{Clock, Kind, SystemClock},
    rollout::{
        Share,
        unleash::{Settings, Snapshot, Unleash},
    },
};
use serde_json::{Value, json};
use unleash_client::{ClientBuilder, Context, client::FeatureKey};

use crate::support::{
    eventually,
    proxy::{Fault, Proxy},
    unleash::{TOKEN, UnleashServer},
};

const FLAG: &str = "qr.render.candidate";
const REFRESH_MS: u64 = 1000;
/// The exchange ends after the time to the next refresh; this machine has other things to do, too.
const WITHIN: Duration = Duration::from_millis(REFRESH_MS + 1000);

fn source(url: &str, folder: &Path) -> Unleash {
    Unleash::new(&Settings {
        url: url.parse().unwrap(),
        token: TOKEN.to_owned(),
        app_name: "qr-observatory".to_owned(),
        refresh_ms: REFRESH_MS,
        file: folder.join("flags.json"),
    })
    .unwrap()
}

async fn refresh(source: &Unleash) -> Snapshot {
    source.refresh(SystemClock.now()).await.unwrap()
}

/// Candidate and shadow of each experiment.
fn percents(snapshot: &Snapshot) -> Vec<u8> {
    let shares = snapshot.shares.iter();
    let both = shares.flat_map(|(_, f)| [&f.candidate, &f.shadow]);
    both.map(Share::percent_taken).collect()
}

fn candidate(snapshot: &Snapshot) -> &Share {
    &snapshot.shares[0].1.candidate
}

fn units() -> Vec<String> {
    let mixed = |n: u64| u128::from(n).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    let digest = |n: u64| format!("{:064x}", mixed(n));
    let id = |n: u64| uuid::Uuid::from_u128(u128::from(n) << 64 | 0x7000_8000).to_string();
    (0..5000).flat_map(|n| [digest(n), id(n)]).collect()
}

#[tokio::test]
async fn a_refresh_follows_the_dial() {
    let server = UnleashServer::start().await;
    let folder = tempfile::tempdir().unwrap();
    let source = source(&server.url(), folder.path());
    assert_eq!(percents(&refresh(&source).await), [0; 6]);
    for percent in [0, 25, 100, 50] {
        server.set(FLAG, percent).await;
        let snapshot = refresh(&source).await;
        assert_eq!(candidate(&snapshot), &Share::percent(percent, FLAG));
    }
    server.set("qr.analytics.shadow", 7).await;
    assert_eq!(percents(&refresh(&source).await), [50, 0, 0, 0, 0, 7]);
    server.turn_off(FLAG).await;
    assert_eq!(percents(&refresh(&source).await), [0, 0, 0, 0, 0, 7]);
    server.set(FLAG, 30).await;
    server.archive("qr.analytics.shadow").await;
    assert_eq!(percents(&refresh(&source).await), [30, 0, 0, 0, 0, 0]);
    // It writes down who registered every 20 s.
    eventually(30, async || {
        let path = "/api/admin/metrics/applications";
        let known = server.admin("GET", path, Value::Null).await;
        let ours = known["applications"][0]["appName"] == "qr-observatory";
        ours.then_some(()).ok_or(known.to_string())
    })
    .await;
}

#[derive(Clone, Copy, Debug)]
struct Key;

impl FeatureKey for Key {
    fn name(self) -> &'static str {
        FLAG
    }
}

/// As everybody uses the Rust SDK: its own transport, one question per decision.
async fn decisions_of_rust(server: &UnleashServer, units: &[String]) -> Vec<bool> {
    let client = ClientBuilder::default()
        .into_client(&server.url(), "decide", "one", Some(TOKEN.to_owned()))
        .unwrap();
    let endpoint = unleash_client::api::features_endpoint(&server.url());
    let features = client.http.get_json(&endpoint, None).await.unwrap();
    client.memoize(features).unwrap();
    let context = |unit: &String| Context {
        user_id: Some(unit.clone()),
        session_id: Some(unit.clone()),
        ..Context::default()
    };
    let decide = |unit| client.is_enabled(Key, Some(&context(unit)), false);
    units.iter().map(decide).collect()
}

#[tokio::test]
async fn ten_thousand_units_go_where_other_clients_send_them() {
    let server = UnleashServer::start().await;
    let folder = tempfile::tempdir().unwrap();
    let source = source(&server.url(), folder.path());
    let gradual = |percent: &str, group: &str, stickiness: &str| {
        json!({ "name": "flexibleRollout", "parameters": {
            "rollout": percent, "groupId": group, "stickiness": stickiness,
        }})
    };
    let units = units();
    for strategies in [
        vec![gradual("25", FLAG, "default")],
        vec![
            gradual("5", "another", "userId"),
            gradual("40", "another", "sessionId"),
        ],
    ] {
        server.set_strategies(FLAG, &strategies).await;
        let snapshot = refresh(&source).await;
        let share = candidate(&snapshot);
        let ours: Vec<bool> = units.iter().map(|unit| share.takes(unit)).collect();
        let taken = ours.iter().filter(|taken| **taken).count();
        assert!((2000..4500).contains(&taken), "{taken} of {}", units.len());
        let rust = decisions_of_rust(&server, &units).await;
        assert!(ours == rust, "{strategies:?}");
        let node = server.decisions_of_node(FLAG, &units);
        assert!(ours == node, "{strategies:?}");
    }
    super::parity::holds(&server).await;
}

#[tokio::test]
async fn faults_change_nothing() {
    let mut server = UnleashServer::start().await;
    server.set(FLAG, 25).await;
    let proxy = Proxy::before(server.port).await;
    let url = format!("http://127.0.0.1:{}/api", proxy.port);
    let folder = tempfile::tempdir().unwrap();
    let source = source(&url, folder.path());
    let mut good = refresh(&source).await;
    assert_eq!(percents(&good), [25, 0, 0, 0, 0, 0]);

    let flags = r#"{"version":2,"features":[]}"#;
    let padding = "x".repeat(10 << 20);
    let huge = format!(r#"{{"version":2,"features":[],"padding":"{padding}"}}"#);
    let unended = b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{\"version\":2";
    let elsewhere = "302 Found\r\nlocation: /api/client/features";
    let mut faults = vec![
        Fault::BlackHole,
        Fault::Delay(Duration::from_secs(5)),
        Fault::Refuse,
        Fault::Reset,
        Fault::Garbage([0xff; 500].as_slice().into()),
        Fault::Garbage(unended.as_slice().into()),
    ];
    for body in [
        "<!doctype html><title>Sign in</title>",
        &flags[..20],
        "{}",
        r#"{"version":2,"features":[{"name":7}]}"#,
        r#"{"version":"two","features":[]}"#,
        "",
        &huge,
    ] {
        faults.push(Fault::http("200 OK", body));
    }
    // Flags in them, so that only the status says that they are none.
    for status in ["500 Internal Server Error", "401 Unauthorized", elsewhere] {
        faults.push(Fault::http(status, flags));
    }
    let stored = || self::source(&url, folder.path()).load(SystemClock.now());
    for (n, fault) in faults.into_iter().enumerate() {
        // The first two do not answer.
        let kind = [Kind::Timeout, Kind::Unavailable][usize::from(n > 1)];
        proxy.set(fault.clone()).await;
        let shown = format!("{fault:?}").chars().take(120).collect::<String>();
        let start = Instant::now();
        let error = source.refresh(SystemClock.now()).await.unwrap_err();
        assert!(start.elapsed() < WITHIN, "{shown}: {:?}", start.elapsed());
        assert_eq!(error.kind(), kind, "{shown}: {error:?}");
        assert!(!format!("{error:?}").contains(TOKEN), "{error:?}");
        assert_eq!(stored().as_ref(), Some(&good), "{shown}");
        proxy.set(Fault::Pass).await;
        let after = refresh(&source).await;
        assert_eq!(after.shares, good.shares, "{shown}");
        good = stored().unwrap();
    }

    server.stop();
    let error = source.refresh(SystemClock.now()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Timeout);
    server.cont();
    assert_eq!(refresh(&source).await.shares, good.shares);
    server.kill();
    let error = source.refresh(SystemClock.now()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable);
    assert_eq!(stored().unwrap().shares, good.shares);
}
