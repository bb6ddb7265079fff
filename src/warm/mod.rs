//! Fills the caches before requests come, the most scanned codes first: targets of slugs, and images of codes as they are stored.
//!
//! Invariant: it bypasses all experiments. No request waits for it, so it adds nothing to the evidence and counts for no arm.

mod command;
mod node;
mod progress;

use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::{
    cache::{Filled, Tiers},
    cached::Cached,
    codes::Codes,
    kernel::{Clock, Ctx, Result, SharedClock, id::Ids},
    redirect::Redirect,
    render::{self, Rendered},
    rollout::ReadOnly,
};

pub use command::{Fill, Pace, Summary};
pub use node::{Warmed, Warmer};

/// A renderer with what it remembers, whichever it is.
pub trait Picture: Send + Sync {
    /// Has a picture ready in memory, and in Redis.
    fn warm<'a>(&'a self, ctx: &'a Ctx, request: &'a render::In) -> BoxFuture<'a, Result<()>>;

    /// Puts pictures into Redis, and waits for that.
    fn bulk_fill<'a>(
        &'a self,
        ctx: &'a Ctx,
        requests: &'a [render::In],
        clock: &'a dyn Clock,
    ) -> BoxFuture<'a, Result<Filled>>;
}

impl<A> Picture for Cached<A>
where
    A: ReadOnly<In = render::In, Out = Rendered>,
{
    fn warm<'a>(&'a self, ctx: &'a Ctx, request: &'a render::In) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.warm(ctx, request))
    }

    fn bulk_fill<'a>(
        &'a self,
        ctx: &'a Ctx,
        requests: &'a [render::In],
        clock: &'a dyn Clock,
    ) -> BoxFuture<'a, Result<Filled>> {
        Box::pin(self.bulk_fill(ctx, requests, clock))
    }
}

/// Both arms of the experiment, past it.
#[derive(Clone)]
pub struct Renderers {
    control: Arc<dyn Picture>,
    candidate: Arc<dyn Picture>,
}

impl Renderers {
    #[must_use]
    pub fn new<C, N>(control: &Cached<C>, candidate: &Cached<N>) -> Self
    where
        C: ReadOnly<In = render::In, Out = Rendered>,
        N: ReadOnly<In = render::In, Out = Rendered>,
    {
        Self {
            control: Arc::new(control.clone()),
            candidate: Arc::new(candidate.clone()),
        }
    }

    /// The arms that answer requests when `candidate` percent go to the candidate.
    #[must_use]
    pub fn asked(&self, candidate: u8) -> Vec<Arc<dyn Picture>> {
        let control = (candidate < 100).then(|| Arc::clone(&self.control));
        let candidate = (candidate > 0).then(|| Arc::clone(&self.candidate));
        control.into_iter().chain(candidate).collect()
    }
}

/// What both ways of warming need.
#[derive(Clone)]
pub struct Parts {
    pub codes: Arc<Codes>,
    pub redirect: Arc<Redirect>,
    pub renderers: Renderers,
    pub tiers: Arc<Tiers>,
    pub ids: Arc<Ids>,
    pub clock: SharedClock,
}
