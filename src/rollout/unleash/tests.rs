//! What is kept, without a server. With one: `tests/it/unleash.rs`.

use tempfile::TempDir;

use super::*;
use crate::{kernel::clock::from_micros, rollout::Share};

fn settings(folder: &TempDir) -> Settings {
    Settings {
        // The discard port: nobody is there.
        url: "http://127.0.0.1:9/api".parse().unwrap(),
        token: "default:development.secret".to_owned(),
        app_name: "qr-observatory".to_owned(),
        refresh_ms: 1000,
        file: folder.path().join("flags.json"),
    }
}

fn at(second: i64) -> Timestamp {
    from_micros(second * 1_000_000 + 123_456)
}

fn answer(percent: u8) -> Value {
    serde_json::json!({ "version": 2, "features": [{
        "name": "qr.render.shadow", "enabled": true, "strategies": [{
            "name": "flexibleRollout",
            "parameters": { "rollout": percent.to_string(), "stickiness": "default", "groupId": "g" },
        }],
    }]})
}

#[test]
fn flags_outlive_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let unleash = Unleash::new(&settings(&folder)).unwrap();
    assert_eq!(unleash.load(at(1)), None);
    let snapshot = unleash.0.evaluate(answer(25), at(1)).unwrap();
    let shares: Vec<u8> = snapshot
        .shares
        .iter()
        .flat_map(|(_, f)| [f.candidate.percent_taken(), f.shadow.percent_taken()])
        .collect();
    assert_eq!(shares, [0, 25, 0, 0, 0, 0]);
    unleash.0.save(&snapshot);
    let again = Unleash::new(&settings(&folder)).unwrap();
    assert_eq!(again.load(at(9)), Some(snapshot));
}

#[test]
fn the_environment_is_the_tokens() {
    for (token, expected) in [
        ("default:development.secret", "development"),
        ("*:production.a.b", "production"),
        ("*:*.secret", "default"),
        ("default:.secret", "default"),
        ("legacy-secret", "default"),
        ("proxy-a:b", "default"),
    ] {
        assert_eq!(environment(token), expected, "{token}");
    }
}

/// What an operator is told of flags, also after a restart without a server.
#[test]
fn caveats_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let unleash = Unleash::new(&settings(&folder)).unwrap();
    let mut constrained = answer(25);
    let strategy = &mut constrained["features"][0]["strategies"][0];
    let constraint = |field, values: &[&str]| serde_json::json!([{ "contextName": field, "operator": "NOT_IN", "values": values }]);
    strategy["constraints"] = constraint("appName", &["qr-observatory"]);
    let snapshot = unleash.0.evaluate(constrained.clone(), at(1)).unwrap();
    assert_eq!(snapshot.shares[0].1.shadow.percent_taken(), 0);
    assert!(snapshot.caveats.is_empty());
    constrained["features"][0]["strategies"][0]["constraints"] = constraint("userId", &["a"]);
    let snapshot = unleash.0.evaluate(constrained, at(2)).unwrap();
    assert_eq!(snapshot.shares[0].1.shadow.percent_taken(), 0);
    assert!(snapshot.caveats["qr.render.shadow"].contains("users"));
    unleash.0.save(&snapshot);
    let again = Unleash::new(&settings(&folder)).unwrap();
    assert_eq!(again.load(at(9)), Some(snapshot));
}

#[test]
fn the_file_is_written_when_something_changed_or_it_grows_old() {
    let folder = tempfile::tempdir().unwrap();
    let unleash = Unleash::new(&settings(&folder)).unwrap();
    let kept_at = |percent, second| {
        let snapshot = unleash.0.evaluate(answer(percent), at(second)).unwrap();
        unleash.0.save(&snapshot);
        let other = Unleash::new(&settings(&folder)).unwrap();
        other.load(at(second)).unwrap().fetched_at
    };
    assert_eq!(kept_at(25, 1000), at(1000));
    assert_eq!(kept_at(25, 1010), at(1000));
    assert_eq!(kept_at(26, 1011), at(1011));
    assert_eq!(kept_at(26, 1070), at(1011));
    assert_eq!(kept_at(26, 1071), at(1071));
    assert_eq!(kept_at(26, 900), at(900), "the clock was set back");
}

#[test]
fn what_is_no_answer_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let unleash = Unleash::new(&settings(&folder)).unwrap();
    unleash.0.evaluate(answer(25), at(1)).unwrap();
    let mut wrong = answer(25);
    wrong["features"][0]["enabled"] = serde_json::json!("yes");
    for garbage in [wrong, serde_json::json!({}), answer(101), Value::Null] {
        assert!(unleash.0.evaluate(garbage, at(2)).is_err());
        let facts = Facts {
            app_name: "qr-observatory".to_owned(),
            environment: "development".to_owned(),
            now: at(2),
        };
        let key = Key("qr.render.shadow");
        let share = evaluation::takes(&unleash.0.client, key, "7", &facts);
        let group = Share::percent(25, "g");
        assert_eq!(share, group.takes("7"), "the SDK's own state stays, too");
    }
}

#[tokio::test]
async fn nobody_there_is_a_fault_without_a_secret_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let unleash = Unleash::new(&settings(&folder)).unwrap();
    let error = unleash.refresh(at(1)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable);
    assert!(!format!("{error:?}").contains("secret"), "{error:?}");
    assert_eq!(unleash.load(at(1)), None);
}

#[test]
fn the_file_of_a_release_with_other_flags_is_not_guessed_at() {
    let text = r#"{"fetched_at_us":1,"flags":{"qr.render.candidate":{"group":"g","mask":"f"}}}"#;
    assert!(serde_json::from_str::<Snapshot>(text).is_err());
}
