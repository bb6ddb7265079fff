//! Definitions as servers write them, and as they do not.

use super::*;
use crate::kernel::clock::from_micros;

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

fn facts() -> Facts {
    Facts {
        app_name: "qr-observatory".to_owned(),
        environment: "production".to_owned(),
        now: from_micros(1_700_000_000_000_000),
    }
}

fn taken(name: &str, answer: &mut Value) -> Result<Definition, String> {
    Definition::take(name, answer, &facts())
}

fn take(strategies: &Value) -> Result<Definition, String> {
    taken(FLAG, &mut answer(strategies))
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
    let unknown = taken("qr.validate.shadow", &mut answer(&json!([gradual("team")])));
    assert_eq!(unknown.unwrap().group, "qr.validate.shadow");
}

fn constrained(constraints: &Value) -> Value {
    let mut strategy = gradual(FLAG);
    strategy["constraints"] = constraints.clone();
    strategy
}

/// What is left of the strategies, and why something is gone.
fn left(strategies: &Value) -> (Value, Option<String>) {
    let mut answer = answer(strategies);
    answer["segments"] = json!([
        { "id": 1, "constraints": [{ "contextName": "environment", "operator": "IN", "values": ["production"] }] },
        { "id": 2, "constraints": [{ "contextName": "region", "operator": "NOT_IN", "values": ["eu"] }] },
    ]);
    let caveat = taken(FLAG, &mut answer).unwrap().caveat;
    (answer["features"][1]["strategies"].take(), caveat)
}

#[test]
fn what_cannot_be_evaluated_takes_nobody_and_is_told() {
    let named = |name: &str| json!({ "name": name, "parameters": {} });
    let sticky = |field: &str| {
        let mut strategy = gradual(FLAG);
        strategy["parameters"]["stickiness"] = json!(field);
        strategy
    };
    let on = |field: &str, operator: &str| {
        constrained(
            &json!([{ "contextName": field, "operator": operator, "values": ["a"], "value": "1" }]),
        )
    };
    let segmented = |id: i32| {
        let mut strategy = gradual(FLAG);
        strategy["segments"] = json!([id]);
        strategy
    };
    for (strategy, caveat) in [
        (named("userWithId"), Some("userWithId")),
        (named("remoteAddress"), Some("remoteAddress")),
        (named("applicationHostname"), Some("applicationHostname")),
        (named("ourOwn"), Some("ourOwn")),
        (sticky("companyId"), Some("companyId")),
        (on("userId", "NOT_IN"), Some("users")),
        (on("sessionId", "STR_CONTAINS"), Some("users")),
        (on("region", "NOT_IN"), Some("region")),
        (on("currentTime", "NUM_LT"), Some("currentTime")),
        (on("appName", "SOUNDS_LIKE"), Some("SOUNDS_LIKE")),
        (segmented(2), Some("region")),
        // These are known not to hold.
        (on("appName", "IN"), None),
        (on("environment", "NUM_EQ"), None),
        (segmented(3), None),
    ] {
        let (strategies, told) = left(&json!([strategy]));
        assert_eq!(strategies[0]["parameters"]["rollout"], "0", "{strategy}");
        assert_eq!(strategies.as_array().unwrap().len(), 1);
        match caveat {
            None => assert_eq!(told, None, "{strategy}"),
            Some(word) => assert!(told.unwrap().contains(word), "{strategy}"),
        }
        // Others go on.
        let (strategies, _) = left(&json!([strategy, gradual("b")]));
        assert_eq!(strategies.as_array().unwrap().len(), 1);
        assert_eq!(strategies[0]["parameters"]["rollout"], "25", "{strategy}");
    }
    for strategy in [on("appName", "NOT_IN"), segmented(1), gradual(FLAG)] {
        let (strategies, told) = left(&json!([strategy]));
        assert_eq!(strategies[0]["parameters"]["rollout"], "25", "{strategy}");
        assert_eq!(told, None, "{strategy}");
    }
    assert_eq!(left(&json!([])), (json!([]), None));
}

#[test]
fn one_constraint_that_does_not_hold_is_enough_to_know() {
    let unknown = json!({ "contextName": "region", "operator": "IN", "values": ["eu"] });
    let wrong = json!({ "contextName": "appName", "operator": "IN", "values": ["other"] });
    for both in [json!([unknown, wrong]), json!([wrong, unknown])] {
        assert_eq!(left(&json!([constrained(&both)])).1, None);
    }
}

#[test]
fn several_groups_have_a_caveat() {
    let caveat = take(&json!([gradual("a"), gradual("b")])).unwrap().caveat;
    assert_eq!(caveat.as_deref(), Some(GROUPS));
    // Not where one of them is off.
    let off = constrained(&json!([{ "contextName": "appName", "operator": "IN", "values": [] }]));
    let definition = take(&json!([off, gradual("b")])).unwrap();
    assert_eq!((definition.group.as_str(), definition.caveat), ("b", None));
}

#[test]
fn a_parent_that_cannot_be_evaluated_is_off_too() {
    let mut answer = json!({ "version": 2, "features": [
        { "name": "parent", "enabled": true, "strategies": [{ "name": "userWithId", "parameters": { "userIds": "a" } }] },
        { "name": FLAG, "enabled": true, "strategies": [gradual(FLAG)],
          "dependencies": [{ "feature": "parent", "enabled": true }] },
    ]});
    assert!(taken(FLAG, &mut answer).unwrap().caveat.is_some());
    let strategies = &answer["features"][0]["strategies"];
    assert_eq!(strategies[0]["parameters"]["rollout"], "0");
}

#[test]
fn random_becomes_sticky() {
    let mut random = gradual(FLAG);
    random["parameters"]["stickiness"] = json!("random");
    let old = json!({ "name": "gradualRolloutRandom", "parameters": { "percentage": "25" } });
    for strategy in [random, old] {
        let mut answer = answer(&json!([strategy]));
        let definition = taken(FLAG, &mut answer).unwrap();
        assert_eq!(definition.caveat.as_deref(), Some(RANDOM));
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
    for constraints in [json!("x"), json!([7]), json!([{ "operator": "IN" }])] {
        assert!(take(&json!([constrained(&constraints)])).is_err());
    }
    for mut answer in [
        json!(null),
        json!([]),
        json!({}),
        json!({ "features": {} }),
        json!("x"),
    ] {
        assert!(taken(FLAG, &mut answer).is_err(), "{answer}");
    }
}
