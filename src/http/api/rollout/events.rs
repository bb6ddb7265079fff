//! `GET /api/rollout/events`: the report, again after each change (server-sent events, HTML §9.2).

use std::{sync::Arc, time::Duration};

use futures_util::stream::{self, BoxStream, StreamExt};
use poem::{Request, Result};
use poem_openapi::{OpenApi, payload::EventStream, types::ToJSON};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::report::{self, RolloutReport};
use crate::{
    app::App,
    http::{
        api::Group,
        may::{May, context, credentials, still_may},
    },
    identity::{Action, Kept, act},
    kernel::{Ctx, Error, Kind},
};

/// Between two looks for a change.
const EVERY: Duration = Duration::from_secs(1);
const HEARTBEAT: Duration = Duration::from_secs(10);

/// Streams at once: each makes a report once a second.
const STREAMS: usize = 32;

pub struct Events {
    streams: Arc<Semaphore>,
}

impl Events {
    pub fn new() -> Self {
        Self {
            streams: Arc::new(Semaphore::new(STREAMS)),
        }
    }
}

#[OpenApi(tag = "Group::Rollout")]
#[allow(clippy::unused_async)] // the framework's handlers are
impl Events {
    /// Every experiment, again whenever something changed
    ///
    /// `text/event-stream`; each message is an answer of `GET /api/rollout`. At most one a second.
    #[oai(
        path = "/api/rollout/events",
        method = "get",
        operation_id = "watch_experiments"
    )]
    async fn events(
        &self,
        request: &Request,
        _may: May<act::ViewRollout>,
    ) -> Result<EventStream<BoxStream<'static, RolloutReport>>> {
        let Ok(place) = Arc::clone(&self.streams).try_acquire_owned() else {
            let message = "too many pages follow the rollouts: close one, or ask GET /api/rollout";
            return Err(Error::new(Kind::RateLimited, message).into());
        };
        let (app, ctx) = context(request)?;
        let follower = Follower {
            app: Arc::clone(app),
            ctx: ctx.apart(),
            kept: credentials(request, app).map(|found| found.kept()),
            _place: place,
        };
        let reports = stream::unfold((follower, None), |(follower, last)| async move {
            let (report, seen) = follower.changed(last).await?;
            Some((report, (follower, Some(seen))))
        });
        Ok(EventStream::new(reports.boxed()).keep_alive(HEARTBEAT))
    }
}

/// A page that follows the rollouts.
struct Follower {
    app: Arc<App>,
    ctx: Ctx,
    /// `None` for the start's own request.
    kept: Option<Kept>,
    _place: OwnedSemaphorePermit,
}

impl Follower {
    /// The next report that differs from the last one; `None` when the process stops, or the caller may no longer look.
    async fn changed(&self, last: Option<String>) -> Option<(RolloutReport, String)> {
        let mut waits = last.is_some();
        loop {
            if waits {
                tokio::time::sleep(EVERY).await;
            }
            waits = true;
            if self.app.is_draining() || !self.still_may().await {
                return None;
            }
            let report = report::all(&self.app.rollout).ok()?;
            let text = without_ages(&report);
            if last.as_ref() != Some(&text) {
                return Some((report, text));
            }
        }
    }

    async fn still_may(&self) -> bool {
        let Some(kept) = &self.kept else { return true };
        let asked = still_may(&self.app, &self.ctx, kept, Action::ViewRollout);
        Box::pin(asked).await
    }
}

/// For the comparison: an age alone is no change.
fn without_ages(report: &RolloutReport) -> String {
    let mut json = report.to_json().unwrap_or_default();
    json["flags"]["age_seconds"] = serde_json::Value::Null;
    json.to_string()
}
