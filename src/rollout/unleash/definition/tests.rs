//! Definitions as servers write them, and as they do not.

use super::*;

const FLAG: &str = "qr.render.candidate";

fn answer(strategies: &Value) -> Value {
    json!({ "version": 2, "features": [
        { "name": "other", "enabled": true, "strategies": [] },
        { "name": FLAG, "enabled": true, "strategies": strategies },
    ]})
}

fn gradual(group: &str) -> Value {
    json!({ "name": "flexibleRollout", "parameters": {
        "rollout": "25", "stickiness": "default", "groupId": group,
    }})
}

fn take(strategies: &Value) -> Result<Definition, String> {
    Definition::take(FLAG, &mut answer(strategies))
}

#[test]
fn the_group_is_the_rollouts_own_else_the_flags_name() {
    let cases = [
        (json!([]), FLAG),
        (json!([{ "name": "default" }]), FLAG),
        (json!([gradual("team")]), "team"),
        (
            json!([{ "name": "default" }, gradual("team"), gradual("team")]),
            "team",
        ),
        (
            json!([{ "name": "flexibleRollout", "parameters": { "rollout": "5" } }]),
            FLAG,
        ),
        (
            json!([{ "name": "gradualRolloutUserId", "parameters": { "percentage": "5", "groupId": "g" } }]),
            "g",
        ),
    ];
    for (strategies, group) in cases {
        let expected = Definition {
            group: group.to_owned(),
            caveat: None,
        };
        assert_eq!(take(&strategies), Ok(expected), "{strategies}");
    }
    let unknown = Definition::take("qr.validate.shadow", &mut answer(&json!([gradual("team")])));
    assert_eq!(unknown.unwrap().group, "qr.validate.shadow");
}

#[test]
fn what_buckets_cannot_say_has_a_caveat() {
    let mut constrained = gradual(FLAG);
    constrained["constraints"] =
        json!([{ "contextName": "userId", "operator": "IN", "values": ["a"] }]);
    let mut elsewhere = gradual(FLAG);
    elsewhere["constraints"] =
        json!([{ "contextName": "environment", "operator": "IN", "values": ["a"] }]);
    let cases = [
        (json!([gradual("a"), gradual("b")]), Some(GROUPS)),
        (
            json!([{ "name": "userWithId", "parameters": { "userIds": "a,b" } }]),
            Some(SINGLE),
        ),
        (json!([constrained]), Some(SINGLE)),
        (json!([elsewhere]), None),
    ];
    for (strategies, caveat) in cases {
        assert_eq!(take(&strategies).unwrap().caveat, caveat, "{strategies}");
    }
}

#[test]
fn random_becomes_sticky() {
    let mut random = gradual(FLAG);
    random["parameters"]["stickiness"] = json!("random");
    let old = json!({ "name": "gradualRolloutRandom", "parameters": { "percentage": "25" } });
    for strategy in [random, old] {
        let mut answer = answer(&json!([strategy]));
        let definition = Definition::take(FLAG, &mut answer).unwrap();
        assert_eq!(definition.caveat, Some(RANDOM));
        assert_eq!(definition.group, FLAG);
        let strategy = &answer["features"][1]["strategies"][0];
        assert_eq!(strategy["name"], "flexibleRollout");
        assert_eq!(strategy["parameters"]["rollout"], "25");
        assert_eq!(strategy["parameters"]["stickiness"], "default");
    }
}

#[test]
fn what_no_server_says_is_refused() {
    for percent in ["101", "-1", "", "all", "25.5", "NaN"] {
        let mut strategy = gradual(FLAG);
        strategy["parameters"]["rollout"] = json!(percent);
        assert!(take(&json!([strategy])).is_err(), "{percent}");
    }
    assert!(take(&json!([{ "name": "flexibleRollout" }])).is_err());
    for mut answer in [
        json!(null),
        json!([]),
        json!({}),
        json!({ "features": {} }),
        json!("x"),
    ] {
        assert!(Definition::take(FLAG, &mut answer).is_err(), "{answer}");
    }
}
