//! What a code does beside leading to one target, and how that lies in the database.
//!
//! Invariant: a plan that cannot be read hides its code. It may hold a password, and must not be taken for none.

use sea_orm::DbErr;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::kernel::{Timestamp, clock::from_micros};

/// What a rule may name as a device: kinds of machines, and systems.
pub const DEVICES: [&str; 8] = [
    "mobile", "tablet", "desktop", "ios", "android", "windows", "macos", "linux",
];

/// As JSON an object of these fields; one that is absent has its default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Plan {
    /// Before this the code leads nowhere. In microseconds, as all times here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starts_at_us: Option<i64>,
    /// From this on it leads nowhere any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at_us: Option<i64>,
    /// Other targets for some visits; the first that fits wins.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
    /// Targets to come, by their time.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub schedule: Vec<Scheduled>,
    /// The query of the scanned address goes along to the target.
    #[serde(skip_serializing_if = "is_false")]
    pub forward_query: bool,
    /// After so many scans by people it leads nowhere any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_scans: Option<i64>,
    /// Argon2id, in PHC format.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_hash: Option<String>,
}

/// Another target for some visits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    pub when: When,
    pub target: String,
}

/// All of what is given must hold; in a list, one of its items.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct When {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub device: Vec<String>,
    /// Language tags (RFC 5646), in lower case.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub language: Vec<String>,
    /// ISO 3166-1 alpha-2, in upper case.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub country: Vec<String>,
    /// Minutes since midnight, inclusive. Both or none of `from` and `to`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_min: Option<u16>,
    /// Exclusive. Before `from_min`: on the next day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_min: Option<u16>,
    /// IANA zone of the two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
}

/// A target from a time on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scheduled {
    pub at_us: i64,
    pub target: String,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
const fn is_false(flag: &bool) -> bool {
    !*flag
}

impl Plan {
    /// The last of the schedule that has begun.
    #[must_use]
    pub fn target_at(&self, now: Timestamp) -> Option<&str> {
        let now = now.as_microsecond();
        let begun = self.schedule.iter().filter(|next| next.at_us <= now);
        begun
            .max_by_key(|next| next.at_us)
            .map(|next| &*next.target)
    }

    #[must_use]
    pub fn starts_at(&self) -> Option<Timestamp> {
        self.starts_at_us.map(from_micros)
    }

    #[must_use]
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at_us.map(from_micros)
    }

    /// Every target that it may lead to.
    pub fn targets_mut(&mut self) -> impl Iterator<Item = &mut String> {
        let rules = self.rules.iter_mut().map(|rule| &mut rule.target);
        rules.chain(self.schedule.iter_mut().map(|next| &mut next.target))
    }

    pub(super) fn of_column(text: Option<&str>) -> Result<Self, DbErr> {
        let unreadable = |e| DbErr::Type(format!("codes.plan: {e}"));
        text.map_or(Ok(Self::default()), |text| {
            serde_json::from_str(text).map_err(unreadable)
        })
    }

    /// NULL for a code without any.
    pub(super) fn to_column(&self) -> Option<String> {
        let is_some = *self != Self::default();
        is_some.then(|| serde_json::to_string(self).ok()).flatten()
    }

    /// For the audit log: the hash of a password is not in it.
    pub(super) fn told(&self) -> Value {
        let mut told = json!(Self {
            password_hash: None,
            ..self.clone()
        });
        if self.password_hash.is_some()
            && let Some(fields) = told.as_object_mut()
        {
            fields.insert("has_password".to_owned(), true.into());
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_target_that_has_begun_is_in_force() {
        let next = |at_us, target: &str| Scheduled {
            at_us,
            target: target.to_owned(),
        };
        let plan = Plan {
            schedule: vec![next(20, "b"), next(10, "a"), next(30, "c")],
            ..Plan::default()
        };
        for (now, target) in [(9, None), (10, Some("a")), (29, Some("b")), (99, Some("c"))] {
            assert_eq!(plan.target_at(from_micros(now)), target, "{now}");
        }
    }

    #[test]
    fn a_column_is_read_as_it_is_written() {
        assert_eq!(Plan::default().to_column(), None);
        let plan = Plan {
            forward_query: true,
            max_scans: Some(3),
            password_hash: Some("secret".to_owned()),
            ..Plan::default()
        };
        let column = plan.to_column().unwrap();
        assert_eq!(
            column,
            r#"{"forward_query":true,"max_scans":3,"password_hash":"secret"}"#
        );
        assert_eq!(Plan::of_column(Some(&column)).unwrap(), plan);
        assert!(!plan.told().to_string().contains("secret"));
        // What it says is not known, so the code is not shown.
        assert!(Plan::of_column(Some("{\"max_scans\":\"x\"}")).is_err());
    }
}
