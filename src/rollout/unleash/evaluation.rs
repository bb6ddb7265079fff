//! From flags as the SDK decides them to shares: each bucket of a flag is asked for once, per refresh.
//!
//! Invariant: a bucket is in a share only if the SDK takes every unit of it that was tried.

use unleash_client::{Context, client::FeatureKey};

use super::{constraint::Facts, definition::Definition};
use crate::rollout::share::{Share, bucket};

/// A flag's name, as the SDK wants it.
#[derive(Clone, Copy, Debug)]
pub struct Key(pub &'static str);

impl FeatureKey for Key {
    fn name(self) -> &'static str {
        self.0
    }
}

pub type Client = unleash_client::Client<Key>;

/// Units tried per bucket. Two that disagree show that the flag depends on more than the bucket.
const PROBES: usize = 3;
const BUCKETS: usize = 100;

const UNEVEN: &str = "it depends on more than the units' bucket; units take part in buckets that it takes as a whole";

/// The flag's share, and why it is not exact, if it is not. A flag that is off, archived or unknown has no buckets.
pub fn share(
    client: &Client,
    key: Key,
    definition: &Definition,
    facts: &Facts,
) -> (Share, Option<String>) {
    let mut mask = 0_u128;
    let mut caveat = definition.caveat.clone();
    for (bit, units) in representatives(&definition.group).iter().enumerate() {
        let taken = units
            .iter()
            .filter(|unit| takes(client, key, unit, facts))
            .count();
        if taken == PROBES {
            mask |= 1 << bit;
        } else if taken > 0 {
            caveat.get_or_insert(UNEVEN.to_owned());
        }
    }
    (Share::of(mask, &definition.group), caveat)
}

/// The SDK's decision about one unit. Takes the SDK's lock: never on a request's path.
pub fn takes(client: &Client, key: Key, unit: &str, facts: &Facts) -> bool {
    let context = Context {
        user_id: Some(unit.to_owned()),
        // Without a session the strategies that look at it would choose at random.
        session_id: Some(unit.to_owned()),
        app_name: facts.app_name.clone(),
        environment: facts.environment.clone(),
        ..Context::default()
    };
    client.is_enabled(key, Some(&context), false)
}

/// Units of every bucket: about a thousand numbers have to be tried.
fn representatives(group: &str) -> Vec<Vec<String>> {
    let mut found = vec![Vec::new(); BUCKETS];
    let mut missing = BUCKETS * PROBES;
    for unit in (0_u32..).map(|n| n.to_string()) {
        if missing == 0 {
            break;
        }
        let units = &mut found[bucket(group, &unit) as usize - 1];
        if units.len() < PROBES {
            units.push(unit);
            missing -= 1;
        }
    }
    found
}

#[cfg(test)]
mod tests;
