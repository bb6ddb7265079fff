//! `GET /api/v1/qr/{id}/analytics/…`.

use std::{collections::BTreeMap, sync::Arc};

use poem::{Result, web::Data};
use poem_openapi::{
    Enum, Object, OpenApi,
    param::{Path, Query},
    payload::Json,
};
use uuid::Uuid;

use super::{page_size, parse_id};
use crate::{
    analytics::{Answer, Question, Range},
    app::App,
    http::{
        api::Group,
        bounds::{self, Within},
        may::May,
    },
    identity::{OrgId, act},
    kernel::{Ctx, Error},
};

pub struct Analytics;

#[derive(Clone, Copy, Default, Enum)]
enum TimeRange {
    #[oai(rename = "today")]
    Today,
    #[oai(rename = "yesterday")]
    Yesterday,
    #[default]
    #[oai(rename = "last7days")]
    Last7Days,
    #[oai(rename = "last30days")]
    Last30Days,
    #[oai(rename = "thisMonth")]
    ThisMonth,
    #[oai(rename = "lastMonth")]
    LastMonth,
    #[oai(rename = "allTime")]
    AllTime,
}

impl From<TimeRange> for Range {
    fn from(range: TimeRange) -> Self {
        match range {
            TimeRange::Today => Self::Today,
            TimeRange::Yesterday => Self::Yesterday,
            TimeRange::Last7Days => Self::Last7Days,
            TimeRange::Last30Days => Self::Last30Days,
            TimeRange::ThisMonth => Self::ThisMonth,
            TimeRange::LastMonth => Self::LastMonth,
            TimeRange::AllTime => Self::AllTime,
        }
    }
}

/// Scans by people per hour, day, week or month (UTC), without gaps.
#[derive(Object)]
struct ScanTimeseries {
    labels: Vec<String>,
    datasets: Datasets,
    /// `hour`, `day`, `week` or `month`.
    interval: String,
    time_range: TimeRange,
    start_date: String,
    end_date: String,
}

/// One number per label.
#[derive(Object)]
struct Datasets {
    all_scans: Vec<i64>,
    genuine_scans: Vec<i64>,
}

/// One scan.
#[derive(Object)]
#[allow(clippy::struct_excessive_bools)] // the dialect's fields
struct ScanLog {
    id: Uuid,
    scanned_at: String,
    is_genuine_scan: bool,
    /// Reason why it does not count as a person's: `head`, `prefetch` or `bot`.
    excluded: Option<String>,
    device_family: String,
    os_family: String,
    os_version: String,
    browser_family: String,
    browser_version: String,
    is_mobile: bool,
    is_tablet: bool,
    is_pc: bool,
    is_bot: bool,
}

/// One page of scans, newest first.
#[derive(Object)]
struct ScanLogPage {
    items: Vec<ScanLog>,
    total: u64,
    /// This page, from 1.
    page: u64,
    page_size: u64,
}

/// How often each value occurs among scans by people; the five most frequent.
#[derive(Object)]
struct DeviceStats {
    device_types: BTreeMap<String, i64>,
    device_families: BTreeMap<String, i64>,
    browser_families: BTreeMap<String, i64>,
    os_families: BTreeMap<String, i64>,
}

#[OpenApi(tag = "Group::Analytics")]
impl Analytics {
    /// Scans over time
    #[oai(
        path = "/api/v1/qr/:id/analytics/scan-timeseries",
        method = "get",
        operation_id = "get_scan_timeseries"
    )]
    async fn timeseries(
        &self,
        app: Data<&Arc<App>>,
        ctx: Data<&Ctx>,
        may: May<act::ViewAnalytics>,
        /// The code's UUID
        id: Path<String>,
        #[oai(default)] time_range: Query<TimeRange>,
    ) -> Result<Json<ScanTimeseries>> {
        let code_id = known(&app, may.organization(), &id).await?;
        let range = time_range.0.into();
        let Answer::Timeseries(series) = app
            .analyze(
                &ctx,
                Question::Timeseries {
                    code_id,
                    range,
                    now: app.clock.now(),
                },
            )
            .await?
        else {
            return Err(unasked().into());
        };
        Ok(Json(ScanTimeseries {
            labels: series.labels,
            datasets: Datasets {
                all_scans: series.all,
                genuine_scans: series.genuine,
            },
            interval: series.interval.label().to_owned(),
            time_range: time_range.0,
            start_date: series.start.to_string(),
            end_date: series.end.to_string(),
        }))
    }

    /// Single scans, newest first
    #[oai(
        path = "/api/v1/qr/:id/analytics/scan-logs",
        method = "get",
        operation_id = "list_scans"
    )]
    #[allow(clippy::too_many_arguments)] // the dialect's parameters
    async fn logs(
        &self,
        app: Data<&Arc<App>>,
        ctx: Data<&Ctx>,
        may: May<act::ViewScans>,
        /// The code's UUID
        id: Path<String>,
        #[oai(default = "first")] page: Query<Within<bounds::Page>>,
        /// Scans on a page
        #[oai(default = "page_size")]
        limit: Query<Within<bounds::PageSize>>,
        /// Only scans of the symbol itself
        #[oai(default)]
        genuine_only: Query<bool>,
    ) -> Result<Json<ScanLogPage>> {
        let code_id = known(&app, may.organization(), &id).await?;
        let (page, limit) = (page.0.0, limit.0.0);
        let question = Question::Logs {
            code_id,
            offset: (page - 1) * limit,
            limit,
            genuine_only: genuine_only.0,
        };
        let Answer::Logs { logs, total } = app.analyze(&ctx, question).await? else {
            return Err(unasked().into());
        };
        let items = logs.into_iter().map(shown).collect();
        Ok(Json(ScanLogPage {
            items,
            total,
            page,
            page_size: limit,
        }))
    }

    /// Devices, operating systems and browsers
    #[oai(
        path = "/api/v1/qr/:id/analytics/device-stats",
        method = "get",
        operation_id = "get_device_stats"
    )]
    async fn devices(
        &self,
        app: Data<&Arc<App>>,
        ctx: Data<&Ctx>,
        may: May<act::ViewAnalytics>,
        /// The code's UUID
        id: Path<String>,
        /// Only scans of the symbol itself
        #[oai(default)]
        genuine_only: Query<bool>,
    ) -> Result<Json<DeviceStats>> {
        let code_id = known(&app, may.organization(), &id).await?;
        let question = Question::Devices {
            code_id,
            genuine_only: genuine_only.0,
        };
        let Answer::Devices(devices) = app.analyze(&ctx, question).await? else {
            return Err(unasked().into());
        };
        Ok(Json(DeviceStats {
            device_types: devices.device_types.into_iter().collect(),
            device_families: devices.device_families.into_iter().collect(),
            browser_families: devices.browser_families.into_iter().collect(),
            os_families: devices.os_families.into_iter().collect(),
        }))
    }
}

fn first() -> Within<bounds::Page> {
    Within::new(1)
}

/// The code's id, if the caller's organization has such a code.
async fn known(app: &App, org: OrgId, id: &str) -> Result<Uuid, Error> {
    let id = parse_id(id)?;
    app.codes.appearance(org, id).await?;
    Ok(id)
}

fn unasked() -> Error {
    Error::internal("an analytics arm answered another question than was asked")
}

fn shown(log: crate::analytics::ScanLog) -> ScanLog {
    use crate::analytics::DeviceType;
    let agent = log.agent;
    let is = |device| agent.as_ref().is_some_and(|a| a.device_type == device);
    let (mobile, tablet, pc) = (
        is(DeviceType::Mobile),
        is(DeviceType::Tablet),
        is(DeviceType::Pc),
    );
    let text = |part: fn(&crate::analytics::Agent) -> &str| {
        agent.as_ref().map_or("Unknown", part).to_owned()
    };
    ScanLog {
        id: log.id,
        scanned_at: log.at.to_string(),
        is_genuine_scan: log.genuine,
        excluded: log.excluded.map(|e| e.label().to_owned()),
        device_family: text(|a| &a.device_family),
        os_family: text(|a| &a.os_family),
        os_version: agent
            .as_ref()
            .map_or_else(String::new, |a| a.os_version.clone()),
        browser_family: text(|a| &a.browser_family),
        browser_version: agent
            .as_ref()
            .map_or_else(String::new, |a| a.browser_version.clone()),
        is_mobile: mobile,
        is_tablet: tablet,
        is_pc: pc,
        is_bot: log.excluded == Some(crate::analytics::Excluded::Bot) || is(DeviceType::Bot),
    }
}
