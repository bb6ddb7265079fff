//! Checks everything that is configured, in the order in which a start needs it, and says what to do.

use std::{path::Path, sync::Arc, time::Duration};

use super::operate;
use crate::{
    cache::Remote,
    codes::made_under,
    config::Config,
    dials::Source,
    health::{self, Status},
    kernel::{Clock, Error, SharedClock, SystemClock},
    scans::open_spool,
    store::{Store, migrations::Version},
};

pub use health::Status as Verdict;

const NO_DATABASE: &str =
    "Check DATABASE_URL, that the server runs, and that this user may connect.";

/// One thing that was looked at.
pub struct Finding {
    pub name: &'static str,
    pub verdict: Status,
    pub detail: String,
    /// What to do; empty when there is nothing to do.
    pub advice: &'static str,
}

impl Finding {
    fn new(name: &'static str, verdict: Status, detail: String, advice: &'static str) -> Self {
        Self {
            name,
            verdict,
            detail,
            advice,
        }
    }

    fn warning(name: &'static str, detail: String, advice: &'static str) -> Self {
        Self::new(name, Status::Warn, detail, advice)
    }
}

fn finding(name: &'static str, result: Result<String, String>, advice: &'static str) -> Finding {
    match result {
        Ok(detail) => Finding::new(name, Status::Pass, detail, ""),
        Err(detail) => Finding::new(name, Status::Fail, detail, advice),
    }
}

/// Looks at all of them; a failed one does not keep the others from being looked at.
pub async fn examine(settings: &Config) -> Vec<Finding> {
    let clock: SharedClock = Arc::new(SystemClock);
    let mut findings = vec![settings_read(settings), data_dir(&settings.server.data_dir)];
    let disk = health::disk(&settings.server.data_dir);
    let advice = match disk.status {
        Status::Pass => "",
        Status::Warn | Status::Fail => "Free some space: scans are spooled there.",
    };
    findings.push(Finding::new("disk", disk.status, disk.detail, advice));
    match operate::open(settings, &clock).await {
        Ok(store) => {
            findings.push(database(&store, &*clock).await);
            findings.push(schema(&store).await);
            findings.push(administrator(settings, &store).await);
            findings.push(printed(settings, &store).await);
        }
        Err(e) => findings.push(finding("database", Err(whole(&e)), NO_DATABASE)),
    }
    findings.push(spool(settings, &clock).await);
    findings.extend(redis(settings).await);
    findings.extend(unleash(settings, &*clock).await);
    findings.extend(single_sign_on(settings, &*clock).await);
    findings.push(port(settings).await);
    findings.push(base_url(settings));
    findings.push(metrics(settings));
    findings
}

/// An error and its causes.
fn whole(e: &Error) -> String {
    format!("{e} {}", e.chain()).trim().to_owned()
}

fn settings_read(settings: &Config) -> Finding {
    if settings.ignored.is_empty() {
        return finding("settings", Ok("all understood".to_owned()), "");
    }
    let ignored = settings.ignored.join(", ");
    let detail = format!("set, but without effect in this release: {ignored}");
    let advice = "Remove them, or wait for the release that acts on them.";
    Finding::warning("settings", detail, advice)
}

fn data_dir(folder: &Path) -> Finding {
    let probe = || {
        std::fs::create_dir_all(folder)?;
        let file = folder.join(".doctor");
        std::fs::write(&file, b"probe")?;
        std::fs::remove_file(&file)
    };
    let result = probe().map(|()| format!("{} can be written", folder.display()));
    let result = result.map_err(|e| format!("{}: {e}", folder.display()));
    let advice = "Make the folder writable for this user, or set DATA_DIR.";
    finding("data directory", result, advice)
}

async fn database(store: &Store, clock: &dyn Clock) -> Finding {
    let result = health::ping(store, clock).await;
    let through = if store.is_pooled() {
        ", through a pooler in transaction mode: the server does not end statements that take too long"
    } else {
        ""
    };
    let answers = |t: Duration| format!("answers in {:.1} ms{through}", t.as_secs_f64() * 1000.0);
    let result = result.map(answers).map_err(|e| format!("{e:?}"));
    finding("database", result, NO_DATABASE)
}

async fn schema(store: &Store) -> Finding {
    let versions = match store.migrations().status().await {
        Ok(versions) => versions,
        Err(e) => {
            let advice = "Run `qr-observatory migrate status`.";
            return finding("schema", Err(format!("{e:?}")), advice);
        }
    };
    let names = |which: fn(&Version) -> bool| {
        let names = versions.iter().filter(|v| which(v));
        names.map(|v| v.name.as_str()).collect::<Vec<_>>()
    };
    let (unknown, pending) = (names(|v| !v.known), names(|v| !v.applied));
    let (detail, advice) = if !unknown.is_empty() {
        (
            format!("newer than this release: {}", unknown.join(", ")),
            "Install the release that applied them. This one works on it, but its backups lack what is new.",
        )
    } else if !pending.is_empty() {
        (
            format!("{} migration(s) pending", pending.len()),
            "The next start applies them, or run `qr-observatory migrate up`.",
        )
    } else {
        return finding("schema", Ok("up to date".to_owned()), "");
    };
    Finding::warning("schema", detail, advice)
}

async fn administrator(settings: &Config, store: &Store) -> Finding {
    let user = &settings.auth.admin_user;
    if let Ok(Some(_)) = store.users.find(user).await {
        return finding("administrator", Ok(format!("`{user}` exists")), "");
    }
    let detail = format!("`{user}` does not exist yet");
    Finding::warning("administrator", detail, "The next start makes it.")
}

/// What the symbols of stored codes say, as far as is known.
async fn printed(settings: &Config, store: &Store) -> Finding {
    let server = &settings.server;
    let is_known =
        |base: &String| *base == server.base_url || server.former_base_urls.contains(base);
    let counted = match made_under::codes_by_base(store).await {
        Ok(counted) => counted,
        Err(e) => return finding("printed codes", Err(format!("{e:?}")), ""),
    };
    let is_other = |(base, codes): &(&String, &u64)| **base != server.base_url && **codes > 0;
    let others: Vec<_> = counted.iter().filter(is_other).collect();
    if others.is_empty() {
        return finding("printed codes", Ok("all say BASE_URL".to_owned()), "");
    }
    let each = others
        .iter()
        .map(|(base, codes)| format!("{codes} say {base}"));
    let detail = each.collect::<Vec<_>>().join(", ");
    if others.iter().all(|(base, _)| is_known(base)) {
        return finding("printed codes", Ok(detail), "");
    }
    let detail = format!("{detail}; BASE_URL is {}", server.base_url);
    let advice = "What is printed does not change: keep those addresses leading here, and name them in FORMER_BASE_URLS.";
    Finding::warning("printed codes", detail, advice)
}

async fn spool(settings: &Config, clock: &SharedClock) -> Finding {
    let look = async { open_spool(&settings.scans, clock).await?.backlog().await };
    let result = look.await;
    let result = result.map(|(_, scans)| format!("{scans} scan(s) wait"));
    let advice = "Check that SCAN_SPOOL's folder is writable and on a local disk.";
    finding("scan spool", result.map_err(|e| format!("{e:?}")), advice)
}

/// Only where it is configured.
async fn redis(settings: &Config) -> Option<Finding> {
    let looked = Remote::examine(&settings.redis).await;
    let result = looked.map_err(|e| whole(&e));
    let advice =
        "Everything works without it, only colder. See docs/CACHE.md, \"When something is wrong\".";
    Some(finding("redis", result.transpose()?, advice))
}

/// Only where it is configured.
async fn unleash(settings: &Config, clock: &dyn Clock) -> Option<Finding> {
    settings.rollout.unleash.as_ref()?;
    let asked = match Source::new(&settings.rollout) {
        Ok(source) => source.refresh(clock.now()).await.map(drop),
        Err(e) => Err(e),
    };
    let result = asked.map(|()| "answers with flags".to_owned());
    let advice = "Check UNLEASH_URL (it ends in /api) and UNLEASH_API_TOKEN (a backend token).";
    Some(finding("unleash", result.map_err(|e| whole(&e)), advice))
}

/// Only where it is configured. Names what to register at the provider, also while that is away.
async fn single_sign_on(settings: &Config, clock: &dyn Clock) -> Option<Finding> {
    const NAME: &str = "single sign-on";
    let settings = settings.single_sign_on.as_ref()?;
    let register = format!(
        "to register there: redirect URI {}, back-channel logout URL {}",
        settings.provider.redirect_uri, settings.back_channel_logout_uri
    );
    let asked = match oidc::Provider::new(settings.provider.clone()) {
        Ok(provider) => provider.metadata(clock.now().as_second()).await,
        Err(e) => Err(e),
    };
    let metadata = match asked {
        Ok(metadata) => metadata,
        Err(e) => {
            let advice = match e {
                oidc::Error::IssuerDiffers { .. } => {
                    "Set OIDC_ISSUER to exactly what the provider calls itself, a slash at the end included."
                }
                _ => {
                    "Check OIDC_ISSUER, and that this machine reaches the provider. Passwords and sessions work without it."
                }
            };
            return Some(finding(NAME, Err(format!("{e}; {register}")), advice));
        }
    };
    let lacks = |list: &Option<Vec<String>>, known: &[&str]| {
        let has = |list: &Vec<String>| list.iter().any(|one| known.contains(&one.as_str()));
        list.as_ref().is_some_and(|list| !has(list))
    };
    let algorithms = ["RS256", "PS256", "ES256", "EdDSA"];
    let mut gaps = Vec::new();
    if lacks(&metadata.code_challenge_methods_supported, &["S256"]) {
        gaps.push("it does not check PKCE with S256");
    }
    if lacks(&metadata.id_token_signing_alg_values_supported, &algorithms) {
        gaps.push("it signs with none of RS256, PS256, ES256, EdDSA");
    }
    if !metadata.backchannel_logout_supported {
        gaps.push("it does not end sessions here when somebody signs out there");
    }
    if gaps.is_empty() {
        let detail = format!("{} answers; {register}", metadata.issuer);
        return Some(finding(NAME, Ok(detail), ""));
    }
    let detail = format!("{}: {}; {register}", metadata.issuer, gaps.join(", "));
    Some(Finding::warning(NAME, detail, "See docs/SIGN_IN.md."))
}

async fn port(settings: &Config) -> Finding {
    let bind = settings.server.bind;
    match tokio::net::TcpListener::bind(bind).await {
        Ok(_) => finding("port", Ok(format!("{bind} is free")), ""),
        Err(e) => {
            let advice = "If this product is already running there, all is well; else set BIND to another port.";
            Finding::warning("port", format!("{bind}: {e}"), advice)
        }
    }
}

fn base_url(settings: &Config) -> Finding {
    let url = &settings.server.base_url;
    let local = ["//localhost", "//127.", "//[::1]"];
    if local.iter().any(|l| url.contains(l)) && !settings.server.bind.ip().is_loopback() {
        let advice =
            "Set BASE_URL to the address that phones can reach, before anything is printed.";
        return Finding::warning("base URL", format!("symbols will say {url}"), advice);
    }
    finding("base URL", Ok(format!("symbols say {url}/r/…")), "")
}

fn metrics(settings: &Config) -> Finding {
    let server = &settings.server;
    let detail = match (server.metrics_bind, server.metrics_on_main()) {
        (Some(address), _) => format!("served on {address}"),
        (None, true) => "served on the main port".to_owned(),
        (None, false) => {
            let detail = "not served: the main port is public".to_owned();
            return Finding::warning("metrics", detail, "Set METRICS_TOKEN or METRICS_BIND.");
        }
    };
    finding("metrics", Ok(detail), "")
}
