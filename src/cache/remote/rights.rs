//! The rights (ACL) that the user of Redis needs, and those that are missing.
//!
//! Invariant: a probe changes only keys of its own, which expire.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use redis::{Cmd, RedisError, RedisResult, Value, aio::MultiplexedConnection};

use super::{Remote, endpoints::Endpoints, prober::PROBE_MS};
use crate::{
    cache::name::{Names, Tag},
    config::redis::{Deployment, Node},
    kernel::{Error, Kind, clock::Instant, id::Uuid},
};

/// Whether the server refused for lack of a right, by itself or within a script.
pub(super) fn is_denied(error: &RedisError) -> bool {
    let text = error.to_string();
    error.code() == Some("NOPERM")
        || [
            "NOPERM",
            // The driver drops the code of a refused SELECT.
            "no permissions to run",
            "ACL failure",
            "can't run this command",
            "can't access",
        ]
        .iter()
        .any(|words| text.contains(words))
}

/// The missing rights of all masters, as `ACL SETUSER` spells them. Each master has rights of its own.
pub(super) async fn missing(
    endpoints: &Endpoints,
    names: &Names,
    stats: bool,
) -> RedisResult<BTreeSet<String>> {
    let masters = match endpoints.masters().await {
        Err(e) if is_denied(&e) => return Ok(BTreeSet::from([rule(&e, names)])),
        masters => masters?,
    };
    let mut missing = BTreeSet::new();
    for master in masters {
        let looked = match endpoints.connect(&master).await {
            Ok(mut connection) => {
                let probes = probes(names, &endpoints.access.deployment, stats);
                let denied = denied(&mut connection, &probes).await?;
                [denied, subscribe(endpoints, &master, names).await?].concat()
            }
            Err(e) if is_denied(&e) => vec![e],
            Err(e) => return Err(e),
        };
        missing.extend(looked.iter().map(|e| rule(e, names)));
    }
    Ok(missing)
}

async fn subscribe(
    endpoints: &Endpoints,
    node: &Node,
    names: &Names,
) -> RedisResult<Vec<RedisError>> {
    let mut channel = endpoints.client(node)?.get_async_pubsub().await?;
    match channel.subscribe(names.channel()).await {
        Err(e) if is_denied(&e) => Ok(vec![e]),
        done => done.map(|()| Vec::new()),
    }
}

/// Every command that is used, on keys of the probe.
fn probes(names: &Names, deployment: &Deployment, stats: bool) -> Vec<Cmd> {
    let probe = Uuid::new_v4();
    // One slot for both.
    let tag = Tag::Slug(format!("probe-{probe}").into());
    let (key, set) = (names.generation(&tag), names.members(&tag));
    let message = format!("{probe} changed {tag}");
    let life = PROBE_MS.to_string();
    let probes: &[(bool, &str, &[&str])] = &[
        (true, "PING", &[]),
        (true, "SET", &[&key, "1", "PX", &life]),
        (true, "GET", &[&key]),
        (true, "MGET", &[&key]),
        (true, "SADD", &[&set, &key]),
        (true, "PEXPIRE", &[&set, &life]),
        (true, "SMEMBERS", &[&set]),
        (true, "UNLINK", &[&key, &set]),
        (true, "EVAL", &["return 1", "0"]),
        (true, "TIME", &[]),
        (true, "PUBLISH", &[&names.channel(), &message]),
        (true, "SCAN", &["0", "MATCH", &key]),
        (stats, "INFO", &["memory"]),
        (stats, "DBSIZE", &[]),
        (
            matches!(deployment, Deployment::Cluster(_)),
            "CLUSTER",
            &["SLOTS"],
        ),
        (
            matches!(deployment, Deployment::Sentinel { .. }),
            "ROLE",
            &[],
        ),
    ];
    let used = probes.iter().filter(|(is_used, ..)| *is_used);
    used.map(|(_, command, arguments)| {
        let mut cmd = redis::cmd(command);
        cmd.arg(*arguments);
        cmd
    })
    .collect()
}

/// The refusals for lack of a right. Other refusals, such as a cluster's for a key of another node, are found by other checks: Redis
/// checks rights before the slot.
async fn denied(
    connection: &mut MultiplexedConnection,
    probes: &[Cmd],
) -> RedisResult<Vec<RedisError>> {
    let mut pipe = redis::pipe();
    pipe.ignore_errors();
    for probe in probes {
        pipe.add_command(probe.clone());
    }
    let answers: Vec<RedisResult<Value>> = pipe.query_async(connection).await?;
    Ok(answers
        .into_iter()
        .filter_map(Result::err)
        .filter(is_denied)
        .collect())
}

/// The right that is missing. Redis says "… to run the 'eval' command", "… to access a channel", "… one of the keys …".
fn rule(error: &RedisError, names: &Names) -> String {
    let text = error.to_string();
    let command = text
        .split_once("run the '")
        .and_then(|(_, rest)| rest.split_once('\''));
    match command {
        Some((command, _)) => format!("+{}", command.to_lowercase()),
        None if text.contains("channel") => format!("&{}", names.channel()),
        None => format!("~{}", names.matching("*")),
    }
}

/// An error for operators.
pub(super) fn lacking(rules: impl IntoIterator<Item = String>) -> Error {
    let rules: Vec<String> = rules.into_iter().collect();
    let message = format!(
        "the user of Redis lacks rights: ACL SETUSER … {} (docs/CACHE.md)",
        rules.join(" ")
    );
    Error::new(Kind::Unavailable, message)
}

/// Rights that were missing in use, with the last time. Other commands may work.
#[derive(Default)]
pub(super) struct Denied(BTreeMap<String, Instant>);

/// A right that was not refused for so long counts as granted.
const REMEMBERED: Duration = Duration::from_secs(10);

impl Denied {
    /// Returns whether it is new.
    fn add(&mut self, rule: String, now: Instant) -> bool {
        self.0.insert(rule, now).is_none()
    }

    pub(super) fn explained(&self, now: Instant) -> Option<Error> {
        let recent = |at: &Instant| now.saturating_duration_since(*at) < REMEMBERED;
        let rules: Vec<String> = self
            .0
            .iter()
            .filter(|(_, at)| recent(at))
            .map(|(r, _)| r.clone())
            .collect();
        (!rules.is_empty()).then(|| lacking(rules))
    }
}

impl Remote {
    /// Notes a refusal for lack of a right, and logs it once.
    pub(super) fn note_denied(&self, error: &RedisError) {
        if !is_denied(error) {
            return;
        }
        let rule = rule(error, &self.names);
        let is_new = self
            .state
            .lock()
            .denied
            .add(rule.clone(), self.clock.instant());
        if is_new {
            tracing::warn!("{}: {error}", lacking([rule]).message());
        }
    }
}

#[cfg(test)]
mod tests {
    use redis::ErrorKind;

    use super::*;
    use crate::kernel::{Clock as _, SystemClock};

    #[test]
    fn a_refusal_names_the_missing_right() {
        let names = Names::new("qr");
        // Redis 7 and Redis 6.
        for (text, granted) in [
            (
                "User a has no permissions to run the 'subscribe' command",
                "+subscribe",
            ),
            (
                "this user has no permissions to run the 'eval' command or its subcommand",
                "+eval",
            ),
            (
                "User a has no permissions to run the 'cluster|slots' command",
                "+cluster|slots",
            ),
            ("No permissions to access a channel", "&qr:changes"),
            (
                "this user has no permissions to access one of the channels used as arguments",
                "&qr:changes",
            ),
            ("No permissions to access a key", "~qr:*"),
            (
                "this user has no permissions to access one of the keys used as arguments",
                "~qr:*",
            ),
        ] {
            let error = refused(&format!("NOPERM {text}"));
            assert!(is_denied(&error), "{text}");
            assert_eq!(rule(&error, &names), granted, "{text}");
        }
        let script =
            "ACL failure in script: User a has no permissions to run the 'publish' command";
        assert!(is_denied(&refused(script)));
        assert_eq!(rule(&refused(script), &names), "+publish");
        assert!(!is_denied(&refused("MOVED 1 a:1")));
    }

    #[tokio::test]
    async fn a_granted_right_is_no_longer_missing() {
        let (mut denied, start) = (Denied::default(), SystemClock.instant());
        assert!(denied.explained(start).is_none());
        assert!(denied.add("+eval".to_owned(), start));
        assert!(!denied.add("+eval".to_owned(), start));
        let error = denied.explained(start).unwrap();
        assert!(error.message().contains("ACL SETUSER … +eval"), "{error:?}");
        assert!(denied.explained(start + REMEMBERED).is_none());
    }

    fn refused(text: &str) -> RedisError {
        RedisError::from((ErrorKind::Extension, "refused", text.to_owned()))
    }
}
