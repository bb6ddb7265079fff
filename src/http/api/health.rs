//! `GET /health`, `/health/live`, `/health/ready`.

use std::{collections::BTreeMap, sync::Arc};

use poem::web::Data;
use poem_openapi::{ApiResponse, Enum, Object, OpenApi, payload::Json};

use super::Group;
use crate::{
    app::{App, Phase},
    health::Status,
};

pub struct Health;

/// Health and metrics.
#[derive(Enum)]
#[oai(rename_all = "lowercase")]
enum Overall {
    Healthy,
    Degraded,
    Unhealthy,
}

#[derive(Enum)]
#[oai(rename_all = "lowercase", rename = "CheckStatus")]
enum Part {
    Pass,
    Warn,
    Fail,
}

#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct Check {
    status: Part,
    /// Milliseconds that the check took, where it needs another system.
    latency_ms: Option<f64>,
    /// In words.
    detail: String,
}

#[derive(Object)]
struct HealthReport {
    status: Overall,
    version: String,
    /// Seconds since the start.
    uptime_seconds: u64,
    /// `database`, `redis`, `flags`, `scans`, `memory`, `disk`.
    checks: BTreeMap<String, Check>,
}

#[derive(ApiResponse)]
enum HealthAnswer {
    /// Healthy or degraded: it serves.
    #[oai(status = 200)]
    Serving(Json<HealthReport>),
    /// Unhealthy: a part that is needed to manage codes failed. Cached redirects still work.
    #[oai(status = 503)]
    Unhealthy(Json<HealthReport>),
}

#[derive(Object)]
struct Alive {
    /// `ok`, `starting` or `draining`.
    status: String,
}

#[derive(ApiResponse)]
enum Ready {
    /// Send requests.
    #[oai(status = 200)]
    Yes(Json<Alive>),
    /// Send no new requests: it is still starting, or stopping.
    #[oai(status = 503)]
    No(Json<Alive>),
}

#[OpenApi(tag = "Group::Operation")]
#[allow(clippy::unused_async)] // the framework wants handlers to be async
impl Health {
    /// Health of all parts
    #[oai(path = "/health", method = "get", operation_id = "get_health")]
    async fn health(&self, app: Data<&Arc<App>>) -> HealthAnswer {
        let report = app.health().await;
        let (status, serving) = match report.overall() {
            Status::Pass => (Overall::Healthy, true),
            Status::Warn => (Overall::Degraded, true),
            Status::Fail => (Overall::Unhealthy, false),
        };
        let checks = report.checks().into_iter().map(|(name, check)| {
            let status = match check.status {
                Status::Pass => Part::Pass,
                Status::Warn => Part::Warn,
                Status::Fail => Part::Fail,
            };
            let check = Check {
                status,
                latency_ms: check.latency_ms,
                detail: check.detail.clone(),
            };
            (name.to_owned(), check)
        });
        let report = Json(HealthReport {
            status,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            uptime_seconds: report.uptime.as_secs(),
            checks: checks.collect(),
        });
        if serving {
            HealthAnswer::Serving(report)
        } else {
            HealthAnswer::Unhealthy(report)
        }
    }

    /// Whether the process runs
    #[oai(path = "/health/live", method = "get", operation_id = "get_liveness")]
    async fn live(&self) -> Json<Alive> {
        Json(Alive {
            status: "ok".to_owned(),
        })
    }

    /// Whether to send requests here
    ///
    /// Does not depend on the database: while it is away, cached redirects are still answered.
    #[oai(path = "/health/ready", method = "get", operation_id = "get_readiness")]
    async fn ready(&self, app: Data<&Arc<App>>) -> Ready {
        let alive = |status: &str| {
            Json(Alive {
                status: status.to_owned(),
            })
        };
        match app.phase() {
            Phase::Starting => Ready::No(alive("starting")),
            Phase::Serving => Ready::Yes(alive("ok")),
            Phase::Draining => Ready::No(alive("draining")),
        }
    }
}
