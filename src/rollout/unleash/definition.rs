//! What a flag's definition says about how it divides units, read before the SDK evaluates it.
//!
//! Invariant: what is kept of a flag is a set of buckets of one group; where a definition asks for more than that, the
//! operator is told.

use serde_json::{Value, json};

/// How one flag divides units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// What is hashed with the unit: the group of its gradual rollouts, else its name.
    pub group: String,
    /// Why the buckets are not all that it asks for.
    pub caveat: Option<&'static str>,
}

const GROUPS: &str =
    "its strategies hash units with different groups; units take part that all of them would take";
const RANDOM: &str = "a strategy chooses at random; here units are sticky, and it chooses by unit";
const SINGLE: &str =
    "a strategy or constraint names single users; units are in or out by their bucket only";

impl Definition {
    /// Of the flag `name`. Random choice is replaced by sticky in the answer, in place: a unit that changed sides with
    /// every refresh would spoil the evidence of both.
    ///
    /// # Errors
    /// What in it cannot come from an Unleash server.
    pub fn take(name: &str, answer: &mut Value) -> Result<Self, String> {
        let features = answer.get_mut("features").and_then(Value::as_array_mut);
        let features = features.ok_or("it has no list of features")?;
        let mut definition = Self {
            group: name.to_owned(),
            caveat: None,
        };
        let mut groups = Vec::new();
        let named =
            |feature: &&mut Value| feature.get("name").and_then(Value::as_str) == Some(name);
        let strategies = features
            .iter_mut()
            .find(named)
            .and_then(|feature| feature.get_mut("strategies")?.as_array_mut());
        for strategy in strategies.into_iter().flatten() {
            let (group, caveat) = read(name, strategy)?;
            groups.extend(group);
            definition.caveat = caveat.or(definition.caveat);
        }
        if groups.windows(2).any(|pair| pair[0] != pair[1]) {
            definition.caveat = Some(GROUPS);
        }
        if let Some(group) = groups.into_iter().next() {
            definition.group = group;
        }
        Ok(definition)
    }
}

/// The group that a strategy hashes with, if it hashes, and what is special about it.
fn read(
    flag: &str,
    strategy: &mut Value,
) -> Result<(Option<String>, Option<&'static str>), String> {
    let single = strategy["name"] == "userWithId" || constrained_by_user(strategy);
    let mut caveat = single.then_some(SINGLE);
    if strategy["name"] == "gradualRolloutRandom" {
        let percentage = strategy["parameters"]["percentage"].take();
        strategy["name"] = json!("flexibleRollout");
        strategy["parameters"] = json!({ "rollout": percentage, "stickiness": "random" });
    }
    let percentage = match strategy["name"].as_str() {
        Some("flexibleRollout") => "rollout",
        Some("gradualRolloutUserId" | "gradualRolloutSessionId") => "percentage",
        _ => return Ok((None, caveat)),
    };
    let Some(parameters) = strategy["parameters"].as_object_mut() else {
        return Err(format!("{flag} has a rollout without parameters"));
    };
    if parameters.get("stickiness").is_some_and(|s| s == "random") {
        parameters.insert("stickiness".into(), json!("default"));
        caveat = caveat.or(Some(RANDOM));
    }
    let text = |key| parameters.get(key).and_then(Value::as_str);
    let outside = |text: &str| text.parse::<u8>().map_or(true, |percent| percent > 100);
    // The SDK would leave the flag off, and the whole answer would pass for good.
    if text(percentage).is_some_and(outside) {
        return Err(format!("{flag} has a rollout that is not 0 to 100"));
    }
    Ok((Some(text("groupId").unwrap_or(flag).to_owned()), caveat))
}

/// Constraints on anything else (environment, application, time) say the same of every unit.
fn constrained_by_user(strategy: &Value) -> bool {
    let constraints = strategy["constraints"].as_array();
    let fields = constraints.into_iter().flatten().map(|c| &c["contextName"]);
    fields
        .into_iter()
        .any(|f| f == "userId" || f == "sessionId")
}

#[cfg(test)]
mod tests;
