//! An arm that remembers the answers of another arm.
//!
//! Invariant: every arm has a cache of its own, so one arm's answer is never served as another's; and an answer that
//! this call did not make says so.

use std::sync::Arc;

use crate::{
    cache::{Bounds, Local, Space},
    kernel::{Ctx, Result},
    rollout::{Arm, ReadOnly, Unit},
};

/// What the cache must know about an arm's questions and answers.
pub struct Handling<A: Arm> {
    /// Equal keys, equal answers: a digest of everything that the answer depends on.
    pub key: fn(&A::In) -> [u8; 32],
    /// Bytes that the answer holds on the heap.
    pub weigh: fn(&A::Out) -> u32,
    /// Marks an answer as served from a cache.
    pub mark: fn(A::Out) -> A::Out,
}

/// Tells how many entries and bytes there are.
pub type Size = Box<dyn Fn() -> (u64, u64) + Send + Sync>;

/// The decorator. Errors are not remembered.
pub struct Cached<A: Arm> {
    arm: A,
    key: fn(&A::In) -> [u8; 32],
    mark: fn(A::Out) -> A::Out,
    answers: Arc<Local<[u8; 32], A::Out>>,
}

impl<A: Arm<Out: Clone + Sync>> Cached<A> {
    /// `space` names the arm's answers in the metrics.
    pub fn new(arm: A, space: Space, bounds: Bounds, handling: &Handling<A>) -> Self {
        let &Handling { key, weigh, mark } = handling;
        Self {
            arm,
            key,
            mark,
            answers: Arc::new(Local::new(space, bounds, move |_, answer| weigh(answer))),
        }
    }

    /// Entries and bytes, whenever somebody asks: for a gauge.
    pub fn size(&self) -> Size {
        let answers = Arc::clone(&self.answers);
        Box::new(move || (answers.entries(), answers.bytes()))
    }
}

impl<A: Arm<Out: Clone + Sync>> Arm for Cached<A> {
    type In = A::In;
    type Out = A::Out;

    /// Concurrent calls with one key run the inner arm once, under the context of whoever came first.
    async fn run(&self, ctx: &Ctx, input: &A::In) -> Result<A::Out> {
        let key = (self.key)(input);
        let make = || self.arm.run(ctx, input);
        let found = self.answers.get_or_make(&key, make).await?;
        Ok(if found.made {
            found.value
        } else {
            (self.mark)(found.value)
        })
    }

    async fn run_anew(&self, ctx: &Ctx, input: &A::In) -> Result<A::Out> {
        self.arm.run_anew(ctx, input).await
    }

    fn recalls(&self, input: &A::In) -> bool {
        self.answers.holds(&(self.key)(input))
    }
}

impl<A: ReadOnly<Out: Clone + Sync>> ReadOnly for Cached<A> {
    const NAME: &'static str = A::NAME;

    fn unit(question: &A::In) -> Unit {
        A::unit(question)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{Clock as _, Error, SystemClock, task};
    use std::{
        sync::atomic::{AtomicU32, Ordering},
        time::Duration,
    };

    /// Answers with how often it ran, and whether from a cache. Refuses odd numbers.
    struct Counting(Arc<AtomicU32>);

    impl Arm for Counting {
        type In = u8;
        type Out = (u32, bool);

        async fn run(&self, _: &Ctx, input: &u8) -> Result<(u32, bool)> {
            let runs = self.0.fetch_add(1, Ordering::Relaxed) + 1;
            tokio::time::sleep(Duration::from_millis(5)).await;
            if input % 2 == 1 {
                return Err(Error::invalid("n", "must be even"));
            }
            Ok((runs, false))
        }
    }

    fn cached() -> (Arc<Cached<Counting>>, Arc<AtomicU32>) {
        let runs = Arc::new(AtomicU32::new(0));
        let bounds = Bounds {
            bytes: 100_000,
            ttl: Duration::from_mins(1),
        };
        let handling = Handling {
            key: |n| [*n; 32],
            weigh: |_| 0,
            mark: |(runs, _)| (runs, true),
        };
        let arm = Counting(Arc::clone(&runs));
        let cached = Cached::new(arm, Space::RenderEngine, bounds, &handling);
        (Arc::new(cached), runs)
    }

    fn ctx() -> Ctx {
        Ctx::new(uuid::Uuid::nil(), SystemClock.instant())
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_thousand_at_once_run_the_arm_once() {
        let (cached, runs) = cached();
        let marked = Arc::new(AtomicU32::new(0));
        let calls: Vec<_> = (0..1000)
            .map(|_| {
                let (cached, marked) = (Arc::clone(&cached), Arc::clone(&marked));
                task::spawn("call", async move {
                    let (_, from_cache) = cached.run(&ctx(), &2).await.unwrap();
                    marked.fetch_add(u32::from(from_cache), Ordering::Relaxed);
                })
            })
            .collect();
        for call in calls {
            call.await.unwrap();
        }
        assert_eq!(runs.load(Ordering::Relaxed), 1);
        assert_eq!(marked.load(Ordering::Relaxed), 999);
    }

    #[tokio::test]
    async fn a_hit_is_marked() {
        let (cached, _) = cached();
        assert_eq!(cached.run(&ctx(), &2).await.unwrap(), (1, false));
        assert_eq!(cached.run(&ctx(), &2).await.unwrap(), (1, true));
        assert_eq!(cached.run(&ctx(), &4).await.unwrap(), (2, false));
    }

    #[tokio::test]
    async fn an_error_is_not_remembered() {
        let (cached, runs) = cached();
        for _ in 0..2 {
            assert!(cached.run(&ctx(), &1).await.is_err());
        }
        assert_eq!(runs.load(Ordering::Relaxed), 2);
    }
}
