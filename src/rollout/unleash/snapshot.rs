//! All flags at one moment, and how they are written down.
//!
//! Invariant: what was written by a release that knew other flags is no snapshot: nothing is guessed.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::collections::BTreeMap;

use crate::{
    kernel::{Timestamp, clock::from_micros},
    rollout::{
        Share,
        dial::{Flagged, flag_name},
    },
    telemetry::labels::{Experiment, Flag},
};

/// What a server said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Of every experiment.
    pub flagged: Vec<(Experiment, Flagged)>,
    /// By flag: what of it is not followed, or only approximately.
    pub caveats: BTreeMap<String, String>,
    /// When.
    pub fetched_at: Timestamp,
}

impl Snapshot {
    fn shares(&self) -> impl Iterator<Item = (&'static str, &Share)> {
        self.flagged.iter().flat_map(|(experiment, flagged)| {
            [
                (flag_name(*experiment, Flag::Candidate), &flagged.candidate),
                (flag_name(*experiment, Flag::Shadow), &flagged.shadow),
            ]
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    /// Microseconds since 1970.
    fetched_at_us: i64,
    /// By the flag's name.
    flags: BTreeMap<String, Buckets>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    caveats: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Buckets {
    group: String,
    /// Bit 0 is bucket 1; hexadecimal, because JSON's numbers end at 53 bits for many readers.
    mask: String,
}

impl Serialize for Snapshot {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let buckets = |share: &Share| Buckets {
            group: share.group().to_owned(),
            mask: format!("{:025x}", share.mask()),
        };
        let flags = self.shares().map(|(n, s)| (n.to_owned(), buckets(s)));
        Written {
            fetched_at_us: self.fetched_at.as_microsecond(),
            flags: flags.collect(),
            caveats: self.caveats.clone(),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Snapshot {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut written = Written::deserialize(deserializer)?;
        let mut take = |experiment, flag| {
            let name = flag_name(experiment, flag);
            let buckets = written.flags.remove(name);
            let buckets = buckets.ok_or_else(|| D::Error::missing_field(name))?;
            let mask = u128::from_str_radix(&buckets.mask, 16).map_err(D::Error::custom)?;
            Ok(Share::of(mask, &buckets.group))
        };
        let mut flagged = Vec::new();
        for experiment in Experiment::ALL {
            let candidate = take(*experiment, Flag::Candidate)?;
            let shadow = take(*experiment, Flag::Shadow)?;
            flagged.push((*experiment, Flagged { candidate, shadow }));
        }
        Ok(Self {
            flagged,
            caveats: written.caveats,
            fetched_at: from_micros(written.fetched_at_us),
        })
    }
}
