//! `GET /api/organizations/{org_id}/qr-codes/{qr_id}/timeline`.

use std::sync::Arc;

use poem::{Result, web::Data};
use poem_openapi::{
    Enum, Object, OpenApi,
    param::{Path, Query},
    payload::Json,
};

use super::parse_id;
use crate::{
    analytics::{Answer, Day, Period, Question},
    app::App,
    http::{api::Group, may::May},
    identity::act,
    kernel::{Ctx, Error},
};

pub struct Timeline;

#[derive(Clone, Copy, Default, Enum)]
enum PeriodName {
    #[default]
    #[oai(rename = "7d")]
    Days7,
    #[oai(rename = "30d")]
    Days30,
    #[oai(rename = "90d")]
    Days90,
    #[oai(rename = "1y")]
    Year,
}

impl From<PeriodName> for Period {
    fn from(name: PeriodName) -> Self {
        match name {
            PeriodName::Days7 => Self::Days7,
            PeriodName::Days30 => Self::Days30,
            PeriodName::Days90 => Self::Days90,
            PeriodName::Year => Self::Year,
        }
    }
}

/// A day of the organization's time zone.
#[derive(Object)]
#[oai(rename = "TimelineDay")]
struct DayShape {
    /// `YYYY-MM-DD`.
    date: String,
    /// Scans by people.
    count: i64,
}

#[derive(Object)]
#[oai(rename = "Timeline")]
struct Shape {
    period: PeriodName,
    /// Ascending, up to and with today, no gaps.
    data: Vec<DayShape>,
}

#[OpenApi(tag = "Group::Analytics")]
impl Timeline {
    /// Scans by people per day
    #[oai(
        path = "/api/organizations/:org_id/qr-codes/:qr_id/timeline",
        method = "get",
        operation_id = "get_code_timeline"
    )]
    #[allow(clippy::too_many_arguments)] // the dialect's parameters
    async fn timeline(
        &self,
        app: Data<&Arc<App>>,
        ctx: Data<&Ctx>,
        may: May<act::ViewAnalytics>,
        /// The organization's UUID
        org_id: Path<String>,
        /// The code's UUID
        qr_id: Path<String>,
        #[oai(default)] period: Query<PeriodName>,
    ) -> Result<Json<Shape>> {
        let _ = org_id;
        let code_id = parse_id("qr_id", &qr_id)?;
        app.codes.appearance(may.organization(), code_id).await?;
        let organization = app.auth.organizations.get(may.organization()).await?;
        let question = Question::Timeline {
            code_id,
            period: period.0.into(),
            time_zone: organization.time_zone.into(),
            now: app.clock.now(),
        };
        let Answer::Timeline(timeline) = app.analyze(&ctx, question).await? else {
            let message = "an analytics arm answered another question than was asked";
            return Err(Error::internal(message).into());
        };
        let shape = |day: Day| DayShape {
            date: day.date.to_string(),
            count: day.all,
        };
        Ok(Json(Shape {
            period: period.0,
            data: timeline.days.into_iter().map(shape).collect(),
        }))
    }
}
