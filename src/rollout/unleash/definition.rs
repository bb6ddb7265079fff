//! Reads from a flag's definition how it divides units, before the SDK evaluates it.
//!
//! Invariants: a flag becomes a set of buckets of one group. A strategy that cannot be evaluated here takes no unit. Where a
//! definition asks for more, there is a caveat for the operator.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::constraint::{Constraint, Facts, all_hold};

/// How one flag divides units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// What is hashed with the unit: the group of its gradual rollouts, else its name.
    pub group: String,
    /// Why the buckets do not follow the definition exactly.
    pub caveat: Option<String>,
}

const GROUPS: &str =
    "its strategies hash units with different groups; units take part that all of them would take";
const RANDOM: &str = "a strategy chooses at random; here units are sticky, and it chooses by unit";

type Segments = BTreeMap<i64, Vec<Constraint>>;

impl Definition {
    /// Reads the flag `name`, and rewrites it and its parents in the answer. A strategy whose constraints hold loses them. One
    /// whose constraints do not hold, or that cannot be evaluated here, is removed. Random choice becomes sticky, because
    /// units that change sides with every refresh would spoil the evidence of both.
    ///
    /// # Errors
    /// Which part of the answer cannot come from an Unleash server.
    pub fn take(name: &str, answer: &mut Value, facts: &Facts) -> Result<Self, String> {
        let segments = segments(answer)?;
        let features = answer.get_mut("features").and_then(Value::as_array_mut);
        let features = features.ok_or("it has no list of features")?;
        let mut definition = Self {
            group: name.to_owned(),
            caveat: None,
        };
        let of = |feature: &Value, key: &str| feature[key].as_str().map(str::to_owned);
        let own = features
            .iter()
            .find(|f| of(f, "name").as_deref() == Some(name));
        let parents = own.and_then(|f| f["dependencies"].as_array());
        let parents = parents.into_iter().flatten();
        let parents: Vec<String> = parents.filter_map(|d| of(d, "feature")).collect();
        let mut groups = Vec::new();
        for feature in features.iter_mut() {
            let known = of(feature, "name").unwrap_or_default();
            let is_own = known == name;
            if !is_own && !parents.contains(&known) {
                continue;
            }
            let Some(strategies) = feature.get_mut("strategies").and_then(Value::as_array_mut)
            else {
                continue;
            };
            if let Some(why) = decide(strategies, &segments, facts)? {
                definition
                    .caveat
                    .get_or_insert(format!("a strategy is off: {why}"));
            }
            for strategy in strategies {
                let (group, caveat) = read(&known, strategy)?;
                groups.extend(group.filter(|_| is_own));
                if let Some(caveat) = caveat {
                    definition.caveat.get_or_insert(caveat.to_owned());
                }
            }
        }
        if groups.windows(2).any(|pair| pair[0] != pair[1]) {
            definition.caveat.get_or_insert(GROUPS.to_owned());
        }
        if let Some(group) = groups.into_iter().next() {
            definition.group = group;
        }
        Ok(definition)
    }
}

fn segments(answer: &Value) -> Result<Segments, String> {
    let all = answer["segments"].as_array().into_iter().flatten();
    let one = |segment: &Value| {
        let id = segment["id"].as_i64().ok_or("a segment has no id")?;
        Ok((id, constraints(&segment["constraints"])?))
    };
    all.map(one).collect()
}

fn constraints(list: &Value) -> Result<Vec<Constraint>, String> {
    match list {
        Value::Null => Ok(Vec::new()),
        list => serde_json::from_value(list.clone()).map_err(|e| e.to_string()),
    }
}

/// Decides constraints and segments. Returns why a strategy was removed that another client may evaluate.
fn decide(
    strategies: &mut Vec<Value>,
    segments: &Segments,
    facts: &Facts,
) -> Result<Option<String>, String> {
    let had_none = strategies.is_empty();
    let mut caveat = None;
    let mut kept = Vec::new();
    for mut strategy in std::mem::take(strategies) {
        let mut all = constraints(&strategy["constraints"])?;
        let ids = strategy["segments"].as_array().into_iter().flatten();
        let ids: Vec<i64> = ids.filter_map(Value::as_i64).collect();
        all.extend(
            ids.iter()
                .filter_map(|id| segments.get(id))
                .flatten()
                .cloned(),
        );
        let holds = match all_hold(&all, facts) {
            Ok(true) if ids.iter().any(|id| !segments.contains_key(id)) => Ok(false),
            Ok(true) => supported(&strategy).map(|()| true),
            other => other,
        };
        match holds {
            Ok(true) => {
                strategy["constraints"] = json!([]);
                strategy["segments"] = json!([]);
                kept.push(strategy);
            }
            Ok(false) => {}
            Err(why) => caveat = caveat.or(Some(why)),
        }
    }
    // A flag without strategies is on for everybody.
    if kept.is_empty() && !had_none {
        let parameters = json!({ "rollout": "0", "stickiness": "default" });
        kept.push(json!({ "name": "flexibleRollout", "parameters": parameters }));
    }
    *strategies = kept;
    Ok(caveat)
}

/// # Errors
/// Why a strategy that asks for something of each request cannot be evaluated beforehand.
fn supported(strategy: &Value) -> Result<(), String> {
    match strategy["name"].as_str().unwrap_or_default() {
        "default" | "gradualRolloutUserId" | "gradualRolloutSessionId" | "gradualRolloutRandom" => {
            Ok(())
        }
        "flexibleRollout" => match strategy["parameters"]["stickiness"].as_str() {
            None
            | Some(
                "" | "default" | "random" | "userId" | "sessionId" | "appName" | "environment",
            ) => Ok(()),
            Some(other) => Err(format!("it sticks to {other}, which is not known here")),
        },
        other => Err(format!("{other} cannot be evaluated here")),
    }
}

/// The group that a strategy hashes with, if it hashes, and its caveat.
fn read(
    flag: &str,
    strategy: &mut Value,
) -> Result<(Option<String>, Option<&'static str>), String> {
    if strategy["name"] == "gradualRolloutRandom" {
        let percentage = strategy["parameters"]["percentage"].take();
        strategy["name"] = json!("flexibleRollout");
        strategy["parameters"] = json!({ "rollout": percentage, "stickiness": "random" });
    }
    let percentage = match strategy["name"].as_str() {
        Some("flexibleRollout") => "rollout",
        Some("gradualRolloutUserId" | "gradualRolloutSessionId") => "percentage",
        _ => return Ok((None, None)),
    };
    let Some(parameters) = strategy["parameters"].as_object_mut() else {
        return Err(format!("{flag} has a rollout without parameters"));
    };
    let random = parameters.get("stickiness").is_some_and(|s| s == "random");
    if random || parameters.get("stickiness").is_some_and(|s| s == "") {
        parameters.insert("stickiness".into(), json!("default"));
    }
    let text = |key| parameters.get(key).and_then(Value::as_str);
    let outside = |text: &str| text.parse::<u8>().map_or(true, |percent| percent > 100);
    // The SDK would leave the flag off, and the whole answer would pass for good.
    if text(percentage).is_some_and(outside) {
        return Err(format!("{flag} has a rollout that is not 0 to 100"));
    }
    let group = text("groupId").unwrap_or(flag).to_owned();
    Ok((Some(group), random.then_some(RANDOM)))
}

#[cfg(test)]
mod tests;
