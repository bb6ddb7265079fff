//! Shares against the SDK's own word, for any strategies.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};
use unleash_client::{
    ClientBuilder,
    http::{Request, Response, Transport},
};

use super::*;
use crate::kernel::clock::from_micros;

const KEY: Key = Key("qr.render.candidate");

struct Nobody;

impl Transport for Nobody {
    fn execute<'a, 'b>(
        &'a self,
        _: Request,
    ) -> std::pin::Pin<Box<dyn Future<Output = anyhow::Result<Response>> + Send + 'b>>
    where
        'a: 'b,
        Self: 'b,
    {
        Box::pin(async { anyhow::bail!("nobody is there") })
    }
}

fn facts() -> Facts {
    Facts {
        app_name: "qr-observatory".to_owned(),
        environment: "development".to_owned(),
        now: from_micros(0),
    }
}

/// A client that was told this, and its share.
fn told(features: &Value) -> (Client, Share, Option<String>) {
    let client: Client = ClientBuilder::default()
        .into_client_with_transport("http://unleash", "app", "id", None, Arc::new(Nobody))
        .unwrap();
    let mut answer = json!({ "version": 2, "features": features });
    let definition = Definition::take(KEY.0, &mut answer, &facts()).unwrap();
    client
        .memoize(serde_json::from_value(answer).unwrap())
        .unwrap();
    let (share, caveat) = share(&client, KEY, &definition, &facts());
    (client, share, caveat)
}

fn flag(enabled: bool, strategies: &Value) -> Value {
    json!([{ "name": KEY.0, "enabled": enabled, "strategies": strategies }])
}

fn gradual(percent: u8, group: &str) -> Value {
    json!({ "name": "flexibleRollout", "parameters": {
        "rollout": percent.to_string(), "stickiness": "default", "groupId": group,
    }})
}

#[test]
fn before_the_first_answer_and_for_flags_that_are_off_nobody_takes_part() {
    for features in [
        json!([]),
        flag(false, &json!([gradual(100, KEY.0)])),
        flag(true, &json!([gradual(0, KEY.0)])),
    ] {
        let (_, share, caveat) = told(&features);
        assert_eq!((share.percent_taken(), caveat), (0, None), "{features}");
    }
}

#[test]
fn percentages_are_the_lowest_buckets() {
    for percent in [1, 5, 25, 50, 99, 100] {
        let (_, share, caveat) = told(&flag(true, &json!([gradual(percent, KEY.0)])));
        assert_eq!((share, caveat), (Share::percent(percent, KEY.0), None));
    }
    for strategies in [
        json!([]),
        json!([{ "name": "default" }]),
        json!([gradual(5, "x"), { "name": "default" }]),
    ] {
        assert_eq!(told(&flag(true, &strategies)).1.percent_taken(), 100);
    }
}

#[test]
fn what_depends_on_more_than_the_bucket_takes_whole_buckets_only() {
    let two = json!([gradual(10, KEY.0), gradual(50, "another")]);
    let (client, share, caveat) = told(&flag(true, &two));
    assert!(caveat.is_some());
    assert!((10..60).contains(&share.percent_taken()), "{share:?}");
    for unit in (0..10_000).map(|n| format!("unit-{n}")) {
        if bucket(KEY.0, &unit) <= 10 {
            assert!(share.takes(&unit) && takes(&client, KEY, &unit, &facts()));
        }
    }
    // A parent divides by its own name, which the flag's definition does not say.
    let parent = json!([
        { "name": "parent", "enabled": true, "strategies": [gradual(50, "parent")] },
        { "name": KEY.0, "enabled": true, "strategies": [gradual(50, KEY.0)],
          "dependencies": [{ "feature": "parent", "enabled": true }] },
    ]);
    let (_, share, caveat) = told(&parent);
    assert_eq!(caveat.as_deref(), Some(UNEVEN));
    assert!(share.percent_taken() < 50);
}

#[test]
fn random_choice_is_the_same_at_every_refresh() {
    let mut random = gradual(25, KEY.0);
    random["parameters"]["stickiness"] = json!("random");
    let features = flag(true, &json!([random]));
    assert_eq!(told(&features).1, Share::percent(25, KEY.0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn shares_decide_as_the_sdk_does(
        percents in proptest::collection::vec(0_u8..=100, 1..4),
        group in "[a-zA-Z0-9._-]{1,40}",
        user in any::<bool>(),
        units in proptest::collection::vec("[a-zA-Z0-9._:/ -]{1,64}", 100),
    ) {
        let name = if user { "gradualRolloutUserId" } else { "gradualRolloutSessionId" };
        let mut strategies: Vec<Value> = percents.iter().map(|p| gradual(*p, &group)).collect();
        strategies.push(json!({ "name": name, "parameters": { "percentage": "3", "groupId": group } }));
        let (client, share, caveat) = told(&flag(true, &json!(strategies)));
        prop_assert_eq!(caveat, None);
        for unit in units {
            prop_assert_eq!(share.takes(&unit), takes(&client, KEY, &unit, &facts()), "{}", unit);
        }
    }
}
