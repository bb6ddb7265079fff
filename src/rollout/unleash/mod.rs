//! Flags from an Unleash server, through its Rust SDK: `docs/adr/0010-unleash-sdk.md`.
//!
//! Invariant: only a whole, well-formed answer changes flags. Otherwise the last good flags stay, in memory and on disk.

mod constraint;
mod definition;
mod evaluation;
mod snapshot;
mod transport;

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;
use serde_json::Value;
use unleash_client::{ClientBuilder, api::features_endpoint};
use url::Url;
use uuid::Uuid;

use self::{
    constraint::Facts,
    definition::Definition,
    evaluation::{Client, Key},
    transport::Bounded,
};
use super::{
    dial::{Shares, flag_name},
    state_file::StateFile,
};
use crate::{
    kernel::{Error, Kind, Result, Timestamp, tls},
    telemetry::labels::{Experiment, Flag},
};

pub use snapshot::Snapshot;

/// Bounds of an exchange with the server; between them it may take as long as a refresh interval.
const TIMEOUT_MIN: Duration = Duration::from_millis(500);
const TIMEOUT_MAX: Duration = Duration::from_secs(5);
/// The state file is also renewed when nothing changed, so that a restart knows the age of its flags.
const SAVE_EVERY_S: i64 = 60;

const NO_TRUST: &str = "Unleash is to be reached by https, and this machine's CA certificates cannot be read: \
    install ca-certificates, or name a file in SSL_CERT_FILE";
const NO_FLAGS: &str = "Unleash did not answer with flags";

/// Where the flags are, and who asks for them.
#[derive(Clone)]
pub struct Settings {
    /// Of the client API, e.g. `https://unleash.example/api`.
    pub url: Url,
    /// A backend token, `<project>:<environment>.<secret>`.
    pub token: String,
    /// The name of this application on the server.
    pub app_name: String,
    /// From one refresh to the next.
    pub refresh_ms: u64,
    /// The state file of the last good flags.
    pub file: PathBuf,
}

/// An Unleash server. A background task asks it, never a request.
pub struct Unleash(Arc<Inner>);

struct Inner {
    client: Client,
    endpoint: String,
    refresh_ms: u64,
    file: StateFile,
    /// The content of the file.
    written: Mutex<Option<Snapshot>>,
    app_name: String,
    environment: String,
    /// The caveats that were logged.
    logged: Mutex<BTreeMap<String, String>>,
    registered: AtomicBool,
}

impl Unleash {
    /// Does not connect.
    ///
    /// # Errors
    /// If the server is to be reached by https, and the machine has no certificates to trust.
    pub fn new(settings: &Settings) -> Result<Self> {
        tls::install();
        let refresh = Duration::from_millis(settings.refresh_ms);
        let timeout = refresh.clamp(TIMEOUT_MIN, TIMEOUT_MAX);
        let transport = Bounded::new(timeout, settings.url.scheme() == "https")
            .map_err(|e| Error::caused(Kind::Internal, NO_TRUST, e))?;
        let client = ClientBuilder::default()
            .interval(settings.refresh_ms)
            // The SDK would report the evaluations of a refresh as requests.
            .disable_metric_submission()
            .into_client_with_transport(
                settings.url.as_str(),
                &settings.app_name,
                &Uuid::new_v4().to_string(),
                Some(settings.token.clone()),
                Arc::new(transport),
            )
            .map_err(|e| Error::caused(Kind::Internal, "the SDK refused its settings", e))?;
        Ok(Self(Arc::new(Inner {
            client,
            endpoint: features_endpoint(settings.url.as_str()),
            refresh_ms: settings.refresh_ms,
            file: StateFile::at(&settings.file),
            written: Mutex::default(),
            app_name: settings.app_name.clone(),
            environment: environment(&settings.token).to_owned(),
            logged: Mutex::default(),
            registered: AtomicBool::new(false),
        })))
    }

    /// Fetches the flags and writes them to the state file. Takes at most 5 s.
    ///
    /// # Errors
    /// `Timeout` or `Unavailable` if the server did not answer with flags; then nothing changed.
    pub async fn refresh(&self, now: Timestamp) -> Result<Snapshot> {
        let inner = self.0.clone();
        let answer: Value = inner
            .client
            .http
            .get_json(&inner.endpoint, Some(inner.refresh_ms))
            .await
            .map_err(no_answer)?;
        // Evaluating thousands of flags takes a processor for a while, and writing them waits for the disk.
        let work = tokio::task::spawn_blocking(move || {
            let snapshot = inner.evaluate(answer, now)?;
            inner.save(&snapshot);
            Ok(snapshot)
        });
        let snapshot = work
            .await
            .map_err(|e| Error::caused(Kind::Internal, "evaluating flags failed", e))??;
        self.register().await;
        Ok(snapshot)
    }

    /// The flags that were fetched last, before this process started.
    #[must_use]
    pub fn load(&self, now: Timestamp) -> Option<Snapshot> {
        let snapshot: Snapshot = self.0.file.read(now)?;
        *self.0.written.lock() = Some(snapshot.clone());
        Some(snapshot)
    }

    /// Registers the application, once. Flags do not depend on it.
    async fn register(&self) {
        let registered = &self.0.registered;
        if registered.load(Ordering::Relaxed) {
            return;
        }
        match self.0.client.register().await {
            Ok(()) => registered.store(true, Ordering::Relaxed),
            Err(e) => tracing::debug!("Unleash did not take the registration: {e}"),
        }
    }
}

impl Inner {
    fn evaluate(&self, mut answer: Value, fetched_at: Timestamp) -> Result<Snapshot> {
        let facts = Facts {
            app_name: self.app_name.clone(),
            environment: self.environment.clone(),
            now: fetched_at,
        };
        let mut definitions = Vec::new();
        for key in keys() {
            let definition = Definition::take(key.0, &mut answer, &facts).map_err(garbage)?;
            definitions.push((key, definition));
        }
        let features = serde_json::from_value(answer).map_err(garbage)?;
        self.client.memoize(features).map_err(garbage)?;
        let mut caveats = BTreeMap::new();
        let mut of_flags = definitions.iter().map(|(key, definition)| {
            let (share, caveat) = evaluation::share(&self.client, *key, definition, &facts);
            caveats.extend(caveat.map(|caveat| (key.0.to_owned(), caveat)));
            share
        });
        let mut next = |experiment| {
            let (candidate, shadow) = (of_flags.next()?, of_flags.next()?);
            Some((experiment, Shares { candidate, shadow }))
        };
        let shares = Experiment::ALL.iter().filter_map(|e| next(*e)).collect();
        self.warn(&caveats);
        Ok(Snapshot {
            shares,
            caveats,
            fetched_at,
        })
    }

    /// Logs each caveat once, until it is gone or another one.
    fn warn(&self, caveats: &BTreeMap<String, String>) {
        let mut logged = self.logged.lock();
        for (flag, caveat) in caveats {
            if logged.get(flag) != Some(caveat) {
                tracing::warn!(flag, "is not followed exactly: {caveat}");
            }
        }
        logged.clone_from(caveats);
    }

    fn save(&self, snapshot: &Snapshot) {
        let mut written = self.written.lock();
        let fresh = written.as_ref().is_some_and(|old| {
            let age_s = snapshot.fetched_at.as_second() - old.fetched_at.as_second();
            let same = old.shares == snapshot.shares && old.caveats == snapshot.caveats;
            same && (0..SAVE_EVERY_S).contains(&age_s)
        });
        if fresh {
            return;
        }
        match self.file.write(snapshot) {
            Ok(()) => *written = Some(snapshot.clone()),
            // They are in force; only a restart would miss them.
            Err(e) => tracing::warn!(
                "the flags cannot be written down, a restart would forget them: {e:?}"
            ),
        }
    }
}

/// In the order of experiments, the candidate's before the shadow's.
fn keys() -> impl Iterator<Item = Key> {
    Experiment::ALL.iter().flat_map(|experiment| {
        [Flag::Candidate, Flag::Shadow].map(|flag| Key(flag_name(*experiment, flag)))
    })
}

/// The environment of a token, `<project>:<environment>.<secret>`; `default` where it names none, as in other SDKs.
fn environment(token: &str) -> &str {
    let named = token
        .split_once(':')
        .and_then(|(_, rest)| rest.split_once('.'));
    match named {
        Some((environment, _)) if !matches!(environment, "" | "*") => environment,
        _ => "default",
    }
}

fn no_answer(e: anyhow::Error) -> Error {
    let late = e
        .downcast_ref::<reqwest::Error>()
        .is_some_and(reqwest::Error::is_timeout);
    let kind = if late {
        Kind::Timeout
    } else {
        Kind::Unavailable
    };
    Error::caused(kind, NO_FLAGS, e)
}

fn garbage(e: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::caused(Kind::Unavailable, NO_FLAGS, e)
}

#[cfg(test)]
mod tests;
