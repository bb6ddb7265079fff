//! Flags from an Unleash server, through its Rust SDK: `docs/adr/0010-unleash-sdk.md`.
//!
//! Invariant: only a whole, well-formed answer changes anything. Whatever else happens, the last good flags stay, in
//! memory and on disk.

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
    dial::{Flagged, flag_name},
    kept::Kept,
};
use crate::{
    kernel::{Error, Kind, Result, Timestamp, tls},
    telemetry::labels::{Experiment, Flag},
};

pub use snapshot::Snapshot;

/// Bounds of an exchange with the server; between them it is the time from one refresh to the next.
const TIMEOUT_MIN: Duration = Duration::from_millis(500);
const TIMEOUT_MAX: Duration = Duration::from_secs(5);
/// The kept file is also renewed when nothing changed, so that a restart knows how old its flags are.
const KEEP_EVERY_S: i64 = 60;

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
    /// How this product is called among the server's applications.
    pub app_name: String,
    /// From one refresh to the next.
    pub refresh_ms: u64,
    /// Where the last good flags are kept.
    pub file: PathBuf,
}

/// The source. Asked from time to time, never by a request.
pub struct Unleash(Arc<Inner>);

struct Inner {
    client: Client,
    endpoint: String,
    refresh_ms: u64,
    kept: Kept,
    /// What the file holds.
    written: Mutex<Option<Snapshot>>,
    app_name: String,
    environment: String,
    /// The caveats that the log has.
    told: Mutex<BTreeMap<String, String>>,
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
            // The SDK would count the questions of a refresh, which are no requests.
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
            kept: Kept::at(&settings.file),
            written: Mutex::default(),
            app_name: settings.app_name.clone(),
            environment: environment(&settings.token).to_owned(),
            told: Mutex::default(),
            registered: AtomicBool::new(false),
        })))
    }

    /// Fetches the flags, and keeps them for the next start. Takes at most 5 s, mostly waiting.
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
        // Compiling thousands of flags takes a core for a while, and keeping them waits for the disk.
        let work = tokio::task::spawn_blocking(move || {
            let snapshot = inner.evaluate(answer, now)?;
            inner.keep(&snapshot);
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
        let snapshot: Snapshot = self.0.kept.read(now)?;
        *self.0.written.lock() = Some(snapshot.clone());
        Some(snapshot)
    }

    /// Tells the server who asks, once. Flags do not depend on it.
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
        let mut shares = definitions.iter().map(|(key, definition)| {
            let (share, caveat) = evaluation::share(&self.client, *key, definition, &facts);
            caveats.extend(caveat.map(|caveat| (key.0.to_owned(), caveat)));
            share
        });
        let mut next = |experiment| {
            let (candidate, shadow) = (shares.next()?, shares.next()?);
            Some((experiment, Flagged { candidate, shadow }))
        };
        let flagged = Experiment::ALL.iter().filter_map(|e| next(*e)).collect();
        self.warn(&caveats);
        Ok(Snapshot {
            flagged,
            caveats,
            fetched_at,
        })
    }

    /// Logs each caveat once, until it is gone or another one.
    fn warn(&self, caveats: &BTreeMap<String, String>) {
        let mut told = self.told.lock();
        for (flag, caveat) in caveats {
            if told.get(flag) != Some(caveat) {
                tracing::warn!(flag, "is not followed exactly: {caveat}");
            }
        }
        told.clone_from(caveats);
    }

    fn keep(&self, snapshot: &Snapshot) {
        let mut written = self.written.lock();
        let fresh = written.as_ref().is_some_and(|old| {
            let age_s = snapshot.fetched_at.as_second() - old.fetched_at.as_second();
            let same = old.flagged == snapshot.flagged && old.caveats == snapshot.caveats;
            same && (0..KEEP_EVERY_S).contains(&age_s)
        });
        if fresh {
            return;
        }
        match self.kept.write(snapshot) {
            Ok(()) => *written = Some(snapshot.clone()),
            // They are good all the same; only a restart would miss them.
            Err(e) => tracing::warn!("the flags were not kept: {e:?}"),
        }
    }
}

/// In the order of experiments, the candidate's before the shadow's.
fn keys() -> impl Iterator<Item = Key> {
    Experiment::ALL.iter().flat_map(|experiment| {
        [Flag::Candidate, Flag::Shadow].map(|flag| Key(flag_name(*experiment, flag)))
    })
}

/// Of a token, `<project>:<environment>.<secret>`; `default` where it names none, as other SDKs say.
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
