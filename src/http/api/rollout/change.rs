//! `PUT /api/rollout/{experiment}`, and `POST` of `kill`, `release` and `rehearse` below it.

use std::sync::Arc;

use poem::{Request, Result, http::HeaderMap, web::Data};
use poem_openapi::{Enum, Object, OpenApi, param::Path};
use serde::Deserialize;

use super::{by, look::ExperimentAnswer, report::ForcedBreaker};
use crate::{
    app::App,
    dials::{DialChange, FaultRequest},
    http::{
        api::Group,
        extract::{Input, Optional},
        may::May,
    },
    identity::act,
    kernel::{Error, Kind},
    rollout::fault_injection::Fault,
};

pub struct Change;

/// New settings of an experiment. Absent fields stay.
#[derive(Deserialize, Object)]
#[oai(rename = "Dial")]
#[serde(deny_unknown_fields)]
struct DialBody {
    /// Units that the candidate answers.
    #[oai(validator(minimum(value = "0"), maximum(value = "100")))]
    candidate_percent: Option<i64>,
    /// Units for which it runs as a shadow beside the control.
    #[oai(validator(minimum(value = "0"), maximum(value = "100")))]
    shadow_percent: Option<i64>,
    /// `auto`, or the state that an operator set.
    breaker: Option<ForcedBreaker>,
    /// For the audit log.
    #[oai(validator(max_length = 500))]
    reason: Option<String>,
}

/// Reason.
// Nothing that is in a body besides must keep a kill from happening.
#[derive(Default, Deserialize, Object)]
struct Reason {
    /// For the audit log.
    #[oai(validator(max_length = 500))]
    reason: Option<String>,
}

/// The kind of fault.
#[derive(Clone, Copy, Deserialize, Enum)]
#[serde(rename_all = "lowercase")]
#[oai(rename_all = "lowercase", rename = "Fault")]
enum FaultName {
    None,
    Error,
    Panic,
    Unsupported,
    Hang,
    Slow,
    Wrong,
}

impl FaultName {
    fn fault(self) -> Option<Fault> {
        Some(match self {
            Self::None => return None,
            Self::Error => Fault::Error,
            Self::Panic => Fault::Panic,
            Self::Unsupported => Fault::Unsupported,
            Self::Hang => Fault::Hang,
            Self::Slow => Fault::Slow,
            Self::Wrong => Fault::Wrong,
        })
    }
}

/// An injected fault of a candidate.
#[derive(Deserialize, Object)]
#[oai(rename = "Drill")]
#[serde(deny_unknown_fields)]
struct InjectionBody {
    fault: FaultName,
    /// Of the candidate's runs.
    #[serde(default = "hundred")]
    #[oai(
        default = "hundred",
        validator(minimum(value = "1"), maximum(value = "100"))
    )]
    percent: i64,
    /// Seconds after which it ends by itself.
    #[serde(default = "minute")]
    #[oai(
        default = "minute",
        validator(minimum(value = "1"), maximum(value = "600"))
    )]
    seconds: i64,
    #[oai(validator(max_length = 500))]
    reason: Option<String>,
}

#[OpenApi(tag = "Group::Rollout")]
impl Change {
    /// Change the dial
    ///
    /// With `If-Match`, only if the dial has not changed since: else 412.
    #[oai(
        path = "/api/rollout/:experiment",
        method = "put",
        operation_id = "set_experiment_dial"
    )]
    async fn set(
        &self,
        app: Data<&Arc<App>>,
        request: &Request,
        may: May<act::ChangeRollout>,
        /// `render`, `validate` or `analytics`
        experiment: Path<String>,
        body: Input<DialBody>,
    ) -> Result<ExperimentAnswer> {
        let entry = app.rollout.entry(&experiment)?;
        let expected = expected(request.headers())?;
        let wanted = DialChange {
            candidate_percent: body.0.candidate_percent,
            shadow_percent: body.0.shadow_percent,
            breaker: body.0.breaker.map(Into::into),
        };
        let by = by(may.caller(), body.0.reason);
        app.rollout.set(entry, wanted, expected, &by).await?;
        Ok(ExperimentAnswer::of(&app, &experiment)?)
    }

    /// Send everything to the control, at once
    #[oai(
        path = "/api/rollout/:experiment/kill",
        method = "post",
        operation_id = "kill_candidate"
    )]
    async fn kill(
        &self,
        app: Data<&Arc<App>>,
        may: May<act::ChangeRollout>,
        /// `render`, `validate` or `analytics`
        experiment: Path<String>,
        body: Optional<Reason>,
    ) -> Result<ExperimentAnswer> {
        let entry = app.rollout.entry(&experiment)?;
        app.rollout
            .kill(entry, &by(may.caller(), body.0.reason))
            .await?;
        Ok(ExperimentAnswer::of(&app, &experiment)?)
    }

    /// Lift a kill
    ///
    /// The percentages are in force again; the evidence begins anew.
    #[oai(
        path = "/api/rollout/:experiment/release",
        method = "post",
        operation_id = "release_candidate"
    )]
    async fn release(
        &self,
        app: Data<&Arc<App>>,
        may: May<act::ChangeRollout>,
        /// `render`, `validate` or `analytics`
        experiment: Path<String>,
        body: Optional<Reason>,
    ) -> Result<ExperimentAnswer> {
        let entry = app.rollout.entry(&experiment)?;
        app.rollout
            .release(entry, &by(may.caller(), body.0.reason))
            .await?;
        Ok(ExperimentAnswer::of(&app, &experiment)?)
    }

    /// Make the candidate fail on purpose: callers must not notice
    ///
    /// Only with `ROLLOUT_REHEARSALS=true`.
    #[oai(
        path = "/api/rollout/:experiment/rehearse",
        method = "post",
        operation_id = "rehearse_failure"
    )]
    async fn rehearse(
        &self,
        app: Data<&Arc<App>>,
        may: May<act::ChangeRollout>,
        /// `render`, `validate` or `analytics`
        experiment: Path<String>,
        body: Input<InjectionBody>,
    ) -> Result<ExperimentAnswer> {
        let entry = app.rollout.entry(&experiment)?;
        let wanted = body.0.fault.fault().map(|fault| FaultRequest {
            fault,
            percent: body.0.percent,
            seconds: body.0.seconds,
        });
        let by = by(may.caller(), body.0.reason);
        app.rollout.inject_faults(entry, wanted, &by).await?;
        Ok(ExperimentAnswer::of(&app, &experiment)?)
    }
}

fn hundred() -> i64 {
    100
}

fn minute() -> i64 {
    60
}

/// The version in `If-Match` (RFC 9110 §13.1.1); `None` when any will do.
fn expected(headers: &HeaderMap) -> Result<Option<i64>, Error> {
    let Some(value) = headers.get("if-match") else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    let tag = text.strip_prefix('"').and_then(|t| t.strip_suffix('"'));
    let version = tag.and_then(|t| t.parse().ok());
    version.map(Some).ok_or_else(|| {
        Error::new(
            Kind::PreconditionFailed,
            "If-Match must be the ETag of this experiment, such as \"7\"",
        )
    })
}
