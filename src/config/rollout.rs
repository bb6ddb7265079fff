//! Moving traffic between arms: flags, breakers, evidence.

use std::path::PathBuf;

use super::{
    Reader,
    reader::{Name, flag, name, number},
};

/// Where the percentages come from, when not from the database.
#[derive(Clone, PartialEq, Eq)]
pub struct Unleash {
    /// `UNLEASH_URL`, ending in `/api`.
    pub url: String,
    /// `UNLEASH_API_TOKEN`: a backend token.
    pub token: String,
    /// `UNLEASH_APP_NAME`.
    pub app_name: String,
    /// `UNLEASH_REFRESH_MS`.
    pub refresh_ms: u64,
}

/// Without the token: settings may be logged.
impl std::fmt::Debug for Unleash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Unleash")
            .field("url", &self.url)
            .field("app_name", &self.app_name)
            .finish_non_exhaustive()
    }
}

/// What one experiment starts with, and when its breaker opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Experiment {
    /// `USE_NEW_…_SERVICE`: whether the first percentage is 100. Unset: it is where there are no codes yet.
    pub use_new: Option<bool>,
    /// `…_CB_FAIL_MAX`: faults in a row.
    pub fail_max: u32,
    /// `…_CB_RESET_TIMEOUT`, in seconds.
    pub reset_secs: u64,
    /// `…_OBJECTIVE_MS`: slower runs count as slow.
    pub objective_ms: u64,
}

#[derive(Clone, Debug)]
pub struct Rollout {
    pub render: Experiment,
    pub validate: Experiment,
    pub analytics: Experiment,
    /// `CANARY_PERCENTAGE` with `CANARY_TESTING_ENABLED`: the first percentage of those that do not start with 100.
    pub canary_percent: Option<u8>,
    pub unleash: Option<Unleash>,
    /// `ROLLOUT_DIR`: what survives a restart: evidence, and the last good answer of Unleash.
    pub dir: PathBuf,
    /// `ROLLOUT_AUTOPILOT`: moves stages by itself.
    pub autopilot: bool,
    /// `ROLLOUT_DWELL_SECS`: how long a stage lasts at least.
    pub dwell_secs: u64,
    /// `ROLLOUT_SHADOWS`: how many run at once.
    pub shadows: usize,
    /// `ROLLOUT_SPARE_PERCENT`: of one processor, that must be idle for shadows to run.
    pub spare_percent: u8,
    /// `ROLLOUT_REHEARSALS`: operators may make candidates fail.
    pub rehearsals: bool,
    /// `PROMETHEUS_URL`: where the numbers of all nodes are, for `verdict`.
    pub prometheus_url: Option<String>,
}

impl Rollout {
    pub(super) fn read(r: &mut Reader, data_dir: &std::path::Path) -> Self {
        let canary = r.read(
            name("rollout.canary", "CANARY_TESTING_ENABLED"),
            false,
            flag,
        );
        let percent = r.read(
            name("rollout.canary_percent", "CANARY_PERCENTAGE"),
            0,
            number(0..=100),
        );
        let [render, validate, analytics] = experiments(r);
        Self {
            render,
            validate,
            analytics,
            canary_percent: canary.then_some(percent),
            unleash: unleash(r),
            dir: r.read(
                name("rollout.dir", "ROLLOUT_DIR"),
                data_dir.join("rollout"),
                |s| Ok(s.into()),
            ),
            autopilot: r.read(name("rollout.autopilot", "ROLLOUT_AUTOPILOT"), false, flag),
            dwell_secs: r.read(
                name("rollout.dwell_secs", "ROLLOUT_DWELL_SECS"),
                600,
                number(1..=604_800),
            ),
            shadows: r.read(
                name("rollout.shadows", "ROLLOUT_SHADOWS"),
                4,
                number(1..=64),
            ),
            spare_percent: r.read(
                name("rollout.spare_percent", "ROLLOUT_SPARE_PERCENT"),
                25,
                number(0..=100),
            ),
            rehearsals: r.read(
                name("rollout.rehearsals", "ROLLOUT_REHEARSALS"),
                false,
                flag,
            ),
            prometheus_url: r.read(
                name("rollout.prometheus_url", "PROMETHEUS_URL"),
                None,
                |s| url(s).map(Some),
            ),
        }
    }
}

fn experiments(r: &mut Reader) -> [Experiment; 3] {
    let render = [
        name("rollout.render_use_new", "USE_NEW_QR_GENERATION_SERVICE"),
        name("rollout.render_fail_max", "QR_GENERATION_CB_FAIL_MAX"),
        name(
            "rollout.render_reset_secs",
            "QR_GENERATION_CB_RESET_TIMEOUT",
        ),
        name("rollout.render_objective_ms", "QR_GENERATION_OBJECTIVE_MS"),
    ];
    let validate = [
        name("rollout.validate_use_new", "USE_NEW_VALIDATION_SERVICE"),
        name("rollout.validate_fail_max", "QR_VALIDATION_CB_FAIL_MAX"),
        name(
            "rollout.validate_reset_secs",
            "QR_VALIDATION_CB_RESET_TIMEOUT",
        ),
        name(
            "rollout.validate_objective_ms",
            "QR_VALIDATION_OBJECTIVE_MS",
        ),
    ];
    let analytics = [
        name("rollout.analytics_use_new", "USE_NEW_ANALYTICS_SERVICE"),
        name("rollout.analytics_fail_max", "QR_ANALYTICS_CB_FAIL_MAX"),
        name(
            "rollout.analytics_reset_secs",
            "QR_ANALYTICS_CB_RESET_TIMEOUT",
        ),
        name(
            "rollout.analytics_objective_ms",
            "QR_ANALYTICS_OBJECTIVE_MS",
        ),
    ];
    [
        experiment(r, render, 50),
        experiment(r, validate, 5),
        experiment(r, analytics, 100),
    ]
}

fn experiment(r: &mut Reader, names: [Name; 4], objective_ms: u64) -> Experiment {
    let [use_new, fail_max, reset, objective] = names;
    Experiment {
        use_new: r.read(use_new, None, |s| flag(s).map(Some)),
        fail_max: r.read(fail_max, 5, number(1..=1_000_000)),
        reset_secs: r.read(reset, 60, number(1..=86_400)),
        objective_ms: r.read(objective, objective_ms, number(1..=60_000)),
    }
}

#[allow(clippy::unnecessary_wraps)] // any text will do
fn text(value: &str) -> Result<String, String> {
    Ok(value.to_owned())
}

/// An address of a server, without a slash at its end.
fn url(value: &str) -> Result<String, String> {
    match url::Url::parse(value) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => {
            Ok(value.trim_end_matches('/').to_owned())
        }
        _ => Err(format!(
            "`{value}` is no address such as https://host:4242/api"
        )),
    }
}

fn unleash(r: &mut Reader) -> Option<Unleash> {
    let address = r.read(name("rollout.unleash_url", "UNLEASH_URL"), None, |s| {
        url(s).map(Some)
    });
    let token = r.read(
        name("rollout.unleash_api_token", "UNLEASH_API_TOKEN"),
        String::new(),
        text,
    );
    let settings = Unleash {
        url: address.clone().unwrap_or_default(),
        app_name: r.read(
            name("rollout.unleash_app_name", "UNLEASH_APP_NAME"),
            "qr-observatory".to_owned(),
            text,
        ),
        refresh_ms: r.read(
            name("rollout.unleash_refresh_ms", "UNLEASH_REFRESH_MS"),
            15_000,
            number(100..=3_600_000),
        ),
        token,
    };
    address?;
    if settings.token.is_empty() {
        r.fault(
            "UNLEASH_API_TOKEN",
            "is missing: UNLEASH_URL is set, and Unleash answers nobody without a token",
        );
    }
    Some(settings)
}
