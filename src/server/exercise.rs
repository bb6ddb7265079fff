//! Asks every kind of request once before the node is ready: pages are read in, connections opened, statements prepared. So
//! the first request after a start is as fast as the hundredth.
//!
//! Invariants: it changes nothing. It adds to no count of requests, answers or runs, so no rate and no verdict changes; the
//! database counts its queries, and caches keep the targets. It ends after [`TIME`] even if a dependency hangs.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use poem::{Endpoint, Response};

use crate::{
    analytics::{Question, Range},
    app::App,
    codes::{Code, ListQuery, Sort},
    http::Door,
    kernel::{Ctx, Result, Slug},
    render::{Faults, Format, Request, Spec},
    validate::{Purpose, Submission},
};

/// For all of it: a database that is slow to answer must not keep a node from serving what it can.
const TIME: Duration = Duration::from_secs(5);
/// At the same time, so that several threads and database connections get warm.
const WALKS: usize = 4;
/// Of stored codes, the most scanned.
const CODES: u64 = 2;
/// Drawn and validated where no code is stored.
const TARGET: &str = "https://example.com/";

/// Asks all of it, through `routes`.
pub async fn exercise<E>(app: &Arc<App>, routes: Arc<E>)
where
    E: Endpoint<Output = Response> + 'static,
{
    let start = app.clock.instant();
    let outcome = tokio::time::timeout(TIME, exercise_all(app, routes)).await;
    let took = app.clock.instant().saturating_duration_since(start);
    let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    match outcome {
        Ok(Ok(())) => tracing::info!(took_ms, "warm: ready for requests"),
        Ok(Err(e)) => tracing::warn!(took_ms, "ready, but the first requests will be slow: {e:?}"),
        Err(_) => tracing::warn!(
            took_ms,
            "ready, but the first requests will be slow: what they need does not answer"
        ),
    }
}

async fn exercise_all<E>(app: &Arc<App>, routes: Arc<E>) -> Result<()>
where
    E: Endpoint<Output = Response> + 'static,
{
    let mut ctx = Ctx::new(app.ids.next(), app.clock.instant() + TIME);
    ctx.exercise = true;
    let who = app.auth.exercise(&ctx, &app.settings.auth).await?;
    let query = ListQuery {
        limit: CODES,
        sort: Sort::ScanCount,
        descending: true,
        ..ListQuery::default()
    };
    let (codes, _) = app.codes.list(who.organization(), &query).await?;
    let door = Door::open(routes, who.clone());
    let walks = (0..WALKS).map(|_| walk(app, &ctx, &codes, &door));
    join_all(walks).await.into_iter().collect()
}

async fn walk(app: &App, ctx: &Ctx, codes: &[Code], door: &Door) -> Result<()> {
    for path in paths(codes) {
        // An answer of any kind will do: a code may be gone by now.
        let _ = door.get(&path).await;
    }
    for slug in codes.iter().filter_map(|c| Slug::parse(c.slug.as_deref()?)) {
        app.redirect.resolve(slug).await?;
    }
    let submission = Submission {
        purpose: Purpose::CreateDynamic,
        redirect_url: Some(TARGET.to_owned()),
        ..Submission::default()
    };
    app.validate(ctx, &Arc::new(submission)).await?;
    if codes.is_empty() {
        without_codes(app, ctx).await?;
    }
    Ok(())
}

/// Asks the arms directly, where no stored code can be asked for over HTTP.
async fn without_codes(app: &App, ctx: &Ctx) -> Result<()> {
    for format in Format::ON_SCREENS {
        let spec = Spec {
            format,
            ..Spec::new(TARGET)
        };
        let request = Request::new(spec).map_err(Faults::into_error)?;
        app.render(ctx, &Arc::new(request)).await?;
    }
    let question = Question::Timeseries {
        code_id: app.ids.next(),
        range: Range::Last7Days,
        now: app.clock.now(),
    };
    app.analyze(ctx, question).await.map(drop)
}

/// The paths that are requested.
fn paths(codes: &[Code]) -> Vec<String> {
    let mut paths = vec!["/health/live".to_owned(), "/api/v1/qr".to_owned()];
    for code in codes {
        let code_path = format!("/api/v1/qr/{}", code.id);
        let formats = Format::ON_SCREENS.map(|f| format!("/image?image_format={}", f.label()));
        let statistics = ["scan-timeseries", "scan-logs", "device-stats"];
        let statistics = statistics.map(|s| format!("/analytics/{s}"));
        let below = formats.into_iter().chain(statistics);
        paths.extend(below.map(|rest| format!("{code_path}{rest}")));
        paths.push(code_path);
    }
    paths
}
