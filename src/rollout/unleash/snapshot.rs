//! All flags at one moment, and their form in a state file.
//!
//! Invariant: a file of a release that knew other flags is refused as a whole.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::collections::BTreeMap;

use crate::{
    kernel::{Timestamp, clock::from_micros},
    rollout::{
        Share,
        dial::{Shares, flag_name},
    },
    telemetry::labels::{Experiment, Flag},
};

/// The flags of one answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Of every experiment.
    pub shares: Vec<(Experiment, Shares)>,
    /// By flag: which part of its definition is not followed, or only approximately.
    pub caveats: BTreeMap<String, String>,
    /// When the answer came.
    pub fetched_at: Timestamp,
}

impl Snapshot {
    fn by_name(&self) -> impl Iterator<Item = (&'static str, &Share)> {
        self.shares.iter().flat_map(|(experiment, shares)| {
            [
                (flag_name(*experiment, Flag::Candidate), &shares.candidate),
                (flag_name(*experiment, Flag::Shadow), &shares.shadow),
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
        let flags = self.by_name().map(|(n, s)| (n.to_owned(), buckets(s)));
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
        let mut shares = Vec::new();
        for experiment in Experiment::ALL {
            let candidate = take(experiment, Flag::Candidate)?;
            let shadow = take(experiment, Flag::Shadow)?;
            shares.push((experiment, Shares { candidate, shadow }));
        }
        Ok(Self {
            shares,
            caveats: written.caveats,
            fetched_at: from_micros(written.fetched_at_us),
        })
    }
}
