//! A running server warms itself: after its start, or when an operator asks for some codes.
//!
//! Invariant: requests come first. Pictures are made on the thread that runs after everything else, few codes are under
//! way at once, and between them there is a pause while no processor is idle.

use std::{sync::Arc, time::Duration};

use tokio::sync::{Mutex, oneshot};

use super::Parts;
use crate::{
    cache::Glob,
    codes::{Appearance, Code, Wishes},
    dials::Rollout,
    identity::OrgId,
    kernel::{Ctx, Error, Result, Slug, clock::Instant, id::Uuid, task::BackgroundThread},
    telemetry::{
        Load, catalogue, handles,
        labels::{Experiment, Warmed as Label},
    },
};

/// Codes of one task, and how many tasks there are.
const BATCH: usize = 64;
const TASKS: usize = 2;
/// Ids of codes that are read at once, to see which match.
const LOOK: usize = 512;
/// For one batch.
const BATCH_TIME: Duration = Duration::from_secs(30);
/// How long a batch waits while the machine has no processor to spare: then it goes on all the same.
const SPARE: Duration = Duration::from_secs(1);
/// Between two lines in the log.
const LOG_INTERVAL: Duration = Duration::from_secs(10);
/// Patterns of one request, and the codes that it warms at most.
const PATTERNS: usize = 20;
const MATCHES: usize = 1000;
/// Part of a request's time that is left for its answer.
const ANSWER: Duration = Duration::from_secs(2);

/// Results.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Warmed {
    /// Codes that were meant. Those that there was no time for are neither warmed nor failed.
    pub matched: u64,
    pub warmed: u64,
    pub failed: u64,
    pub took: Duration,
}

impl Warmed {
    fn add(&mut self, ready: &[bool]) {
        let warmed = ready.iter().filter(|ready| **ready).count() as u64;
        self.warmed += warmed;
        self.failed += ready.len() as u64 - warmed;
    }
}

/// The batches that are left, and the results so far: both tasks share it.
struct Work<'a> {
    ids: std::slice::Chunks<'a, Uuid>,
    done: Warmed,
    logged: Instant,
}

/// Warms a running server. Built once.
pub struct Warmer {
    parts: Parts,
    rollout: Arc<Rollout>,
    background: BackgroundThread,
    load: Arc<Load>,
    ok: metrics::Counter,
    failed: metrics::Counter,
}

impl Warmer {
    /// `rollout` says which arms answer requests, `background` draws, `load` says whether a processor is free.
    #[must_use]
    pub fn new(
        parts: Parts,
        rollout: Arc<Rollout>,
        background: BackgroundThread,
        load: Arc<Load>,
    ) -> Self {
        let count = |label: Label| handles::counter(&catalogue::CACHE_WARMED, &[label.label()]);
        Self {
            parts,
            rollout,
            background,
            load,
            ok: count(Label::Ok),
            failed: count(Label::Failed),
        }
    }

    /// All stored codes, until `is_stopping`. Logs its progress.
    pub async fn all(&self, is_stopping: impl Fn() -> bool) {
        match self.try_all(&is_stopping).await {
            Ok(Warmed {
                matched,
                warmed,
                failed,
                took,
            }) => tracing::info!(
                codes = matched,
                warmed,
                failed,
                seconds = took.as_secs_f64(),
                codes_per_second = per_second(warmed, took),
                "the cache is warm"
            ),
            Err(e) => tracing::warn!("the cache was not warmed: {e:?}"),
        }
    }

    async fn try_all(&self, is_stopping: &impl Fn() -> bool) -> Result<Warmed> {
        let start = self.parts.clock.instant();
        self.redis_connected().await;
        let ids = self.parts.codes.most_scanned(None).await?;
        tracing::info!(codes = ids.len(), "warming the cache");
        let work = Mutex::new(Work {
            ids: ids.chunks(BATCH),
            done: Warmed {
                matched: ids.len() as u64,
                ..Warmed::default()
            },
            logged: start,
        });
        let tasks = std::iter::repeat_with(|| self.take_batches(&work, is_stopping)).take(TASKS);
        futures_util::future::join_all(tasks).await;
        let mut done = work.into_inner().done;
        done.took = self.parts.clock.instant().saturating_duration_since(start);
        Ok(done)
    }

    /// Waits up to 2 s for Redis: an image that Redis has need not be drawn.
    async fn redis_connected(&self) {
        for _ in 0..20 {
            if self.parts.tiers.redis().is_none_or(|redis| redis.usable) {
                return;
            }
            tokio::time::sleep(SPARE / 10).await;
        }
    }

    async fn take_batches(&self, work: &Mutex<Work<'_>>, is_stopping: &impl Fn() -> bool) {
        while !is_stopping() {
            let Some(ids) = work.lock().await.ids.next() else {
                return;
            };
            for _ in 0..10 {
                if !self.load.is_saturated() {
                    break;
                }
                tokio::time::sleep(SPARE / 10).await;
            }
            let start = self.parts.clock.instant();
            let ready = self.warm_batch(ids, start + BATCH_TIME).await;
            let now = self.parts.clock.instant();
            let mut work = work.lock().await;
            work.done.add(&ready);
            if now.saturating_duration_since(work.logged) > LOG_INTERVAL {
                work.logged = now;
                let Warmed {
                    matched, warmed, ..
                } = work.done;
                tracing::info!(codes = matched, warmed, "warming the cache");
            }
            drop(work);
            if self.load.is_saturated() {
                // Half of the time is for others.
                tokio::time::sleep(now.saturating_duration_since(start)).await;
            }
        }
    }

    /// Those of an organization's codes whose slug, id or title a pattern matches, the most scanned first. Without
    /// patterns: all, as far as there is time.
    ///
    /// # Errors
    /// `Invalid` for patterns that are malformed or match everything; the store's.
    pub async fn matching(
        &self,
        ctx: &Ctx,
        org: OrgId,
        patterns: Option<&[String]>,
    ) -> Result<Warmed> {
        let globs = patterns.map(parse).transpose()?;
        let start = self.parts.clock.instant();
        let until = ctx.deadline - ANSWER.min(ctx.left(start) / 4);
        let mut matched = Vec::new();
        for ids in self.parts.codes.most_scanned(Some(org)).await?.chunks(LOOK) {
            let codes = self.parts.codes.many(ids).await?;
            let own = codes.iter().filter(|code| {
                let globs = globs.as_deref();
                globs.is_none_or(|globs| means(globs, code))
            });
            matched.extend(own.map(|code| code.id));
            if matched.len() >= MATCHES || self.parts.clock.instant() > until {
                break;
            }
        }
        matched.truncate(MATCHES);
        let mut done = Warmed {
            matched: matched.len() as u64,
            ..Warmed::default()
        };
        for ids in matched.chunks(BATCH / 4) {
            if self.parts.clock.instant() > until {
                break;
            }
            done.add(&self.warm_batch(ids, ctx.deadline).await);
        }
        done.took = self.parts.clock.instant().saturating_duration_since(start);
        Ok(done)
    }

    /// Which of these are ready; one that was deleted meanwhile is.
    async fn warm_batch(&self, ids: &[Uuid], deadline: Instant) -> Vec<bool> {
        let codes = match self.parts.codes.warm(ids).await {
            Ok(codes) => codes,
            Err(e) => {
                tracing::debug!("codes were not warmed: {e:?}");
                self.failed.increment(ids.len() as u64);
                return vec![false; ids.len()];
            }
        };
        let ctx = Ctx::new(self.parts.ids.next(), deadline);
        let slugs = codes.iter().filter_map(|code| code.slug.as_deref());
        let slugs = slugs.filter_map(Slug::parse).collect();
        let pictures = self.warm_pictures(&ctx, &codes);
        let (mut ready, slugs) = tokio::join!(pictures, self.parts.redirect.warm(slugs));
        if slugs.is_err() {
            ready.fill(false);
        }
        let ok = ready.iter().filter(|ready| **ready).count();
        self.ok.increment(ok as u64);
        self.failed.increment((ready.len() - ok) as u64);
        ready
    }

    async fn warm_pictures(&self, ctx: &Ctx, codes: &[Arc<Appearance>]) -> Vec<bool> {
        let renderers = &self.parts.renderers;
        let percent = self.rollout.candidate_percent(Experiment::Render);
        let asked = renderers.asked(percent);
        let (parts, ctx, codes) = (self.parts.clone(), ctx.clone(), codes.to_vec());
        let none = vec![false; codes.len()];
        let (done, ready) = oneshot::channel();
        self.background.spawn("cache.warm", async move {
            let mut ready = Vec::with_capacity(codes.len());
            for code in &codes {
                let mut is_ready = false;
                if let Ok(request) = parts.codes.drawing(code, Wishes::default()) {
                    is_ready = true;
                    for picture in &asked {
                        is_ready &= picture.warm(&ctx, &request).await.is_ok();
                    }
                }
                ready.push(is_ready);
                tokio::task::yield_now().await;
            }
            let _ = done.send(ready);
        });
        ready.await.unwrap_or(none)
    }
}

/// Codes per second, rounded.
#[allow(clippy::cast_precision_loss)] // a figure for people
pub(super) fn per_second(codes: u64, took: Duration) -> f64 {
    (codes as f64 / took.as_secs_f64().max(1e-3)).round()
}

fn means(globs: &[Glob], code: &Code) -> bool {
    let id = code.id.to_string();
    let texts = [Some(&id), code.slug.as_ref(), code.title.as_ref()];
    let mut texts = texts.into_iter().flatten();
    texts.any(|text| globs.iter().any(|glob| glob.matches(text)))
}

fn parse(patterns: &[String]) -> Result<Vec<Glob>> {
    if patterns.is_empty() || patterns.len() > PATTERNS {
        return Err(Error::invalid("patterns", "must be 1 to 20 patterns"));
    }
    let parse = |(nth, text): (usize, &String)| {
        let field = format!("patterns[{nth}]");
        let glob = Glob::parse(&field, text)?;
        // Texts without anything in common.
        if ["", "0", "Z-_", "é ü"]
            .iter()
            .all(|text| glob.matches(text))
        {
            let message = "would match every code: leave patterns out for the most scanned ones; `qr-observatory warm` warms all";
            return Err(Error::invalid(field, message));
        }
        Ok(glob)
    };
    patterns.iter().enumerate().map(parse).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_matches_everything_is_refused_by_its_place() {
        let parsed = |patterns: &[&str]| {
            let patterns: Vec<String> = patterns.iter().map(|p| (*p).to_owned()).collect();
            parse(&patterns).map_err(|e| e.details()[0].field.to_string())
        };
        assert_eq!(parsed(&[]).unwrap_err(), "patterns");
        assert_eq!(parsed(&["a"; 21]).unwrap_err(), "patterns");
        assert_eq!(parsed(&["a*", "*"]).unwrap_err(), "patterns[1]");
        assert_eq!(parsed(&["**"]).unwrap_err(), "patterns[0]");
        assert_eq!(parsed(&["a[", "b"]).unwrap_err(), "patterns[0]");
        assert_eq!(parsed(&["", "b"]).unwrap_err(), "patterns[0]");
        assert_eq!(parsed(&["a*", "?b*"]).unwrap().len(), 2);
    }
}
