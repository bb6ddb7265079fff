//! Having ready what will be asked for, the most scanned first: where slugs lead, and pictures as codes are stored.
//!
//! Invariant: past all experiments. Nobody asked, so nothing is learned from it, and no arm is counted.

mod command;
mod node;
mod place;

use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::{
    app::kit::Kit,
    cache::Stocked,
    cached::Cached,
    kernel::{Clock, Ctx, Result, task::Aside},
    render::{self, Image},
    rollout::ReadOnly,
    telemetry::{Load, catalogue, handles, labels::Warmed as Label},
};

pub use command::{Pace, Summary, warm};
pub use node::Warmed;

/// A renderer with what it remembers, whichever it is.
pub trait Picture: Send + Sync {
    /// Has a picture ready in memory, and in Redis.
    fn warm<'a>(&'a self, ctx: &'a Ctx, request: &'a render::In) -> BoxFuture<'a, Result<()>>;

    /// Puts pictures into Redis, and waits for that.
    fn stock<'a>(
        &'a self,
        ctx: &'a Ctx,
        requests: &'a [render::In],
        clock: &'a dyn Clock,
    ) -> BoxFuture<'a, Result<Stocked>>;
}

impl<A> Picture for Cached<A>
where
    A: ReadOnly<In = render::In, Out = Image>,
{
    fn warm<'a>(&'a self, ctx: &'a Ctx, request: &'a render::In) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.warm(ctx, request))
    }

    fn stock<'a>(
        &'a self,
        ctx: &'a Ctx,
        requests: &'a [render::In],
        clock: &'a dyn Clock,
    ) -> BoxFuture<'a, Result<Stocked>> {
        Box::pin(self.stock(ctx, requests, clock))
    }
}

/// Both sides of the experiment.
#[derive(Clone)]
pub struct Pictures {
    control: Arc<dyn Picture>,
    candidate: Arc<dyn Picture>,
}

impl Pictures {
    #[must_use]
    pub fn new<C, N>(control: &Cached<C>, candidate: &Cached<N>) -> Self
    where
        C: ReadOnly<In = render::In, Out = Image>,
        N: ReadOnly<In = render::In, Out = Image>,
    {
        Self {
            control: Arc::new(control.clone()),
            candidate: Arc::new(candidate.clone()),
        }
    }

    /// Those that requests will be answered by. `candidate`: percent.
    fn asked(&self, candidate: u8) -> Vec<Arc<dyn Picture>> {
        let control = (candidate < 100).then(|| Arc::clone(&self.control));
        let candidate = (candidate > 0).then(|| Arc::clone(&self.candidate));
        control.into_iter().chain(candidate).collect()
    }
}

/// What a server needs to warm itself.
pub struct Warming {
    pictures: Option<Pictures>,
    aside: Aside,
    load: Arc<Load>,
    ok: metrics::Counter,
    failed: metrics::Counter,
}

impl Warming {
    pub fn new(kit: &mut Kit<'_>) -> Self {
        let count = |label: Label| handles::counter(&catalogue::CACHE_WARMED, &[label.label()]);
        Self {
            pictures: kit.pictures.take(),
            aside: kit.aside(),
            load: Arc::clone(&kit.load),
            ok: count(Label::Ok),
            failed: count(Label::Failed),
        }
    }
}
