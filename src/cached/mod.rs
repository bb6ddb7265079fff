//! An arm that caches the answers of another arm.
//!
//! Invariant: every arm has a cache of its own, so one arm's answer is never served as another's; an answer that comes from the
//! cache is marked.

mod answers;
mod images;

use std::sync::Arc;

use crate::{
    cache::{Body, Bounds, CacheKind, Filled, Life, Name, Shape, Space, Tag, Tiered, Tiers},
    kernel::{Clock, Ctx, Result, id::hex},
    rollout::{Arm, ReadOnly, Unit},
};

pub use answers::answers;
pub use images::images;

/// The cache key of a question. The arm and its version are part of the name in Redis.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// Of everything that the answer depends on.
    pub digest: [u8; 32],
    /// The thing whose change makes the answer stale.
    pub tag: Option<Tag>,
    pub kind: CacheKind,
}

/// The key of a question; `None` for one whose answer is not cached.
pub type KeyOf<A> = Box<dyn Fn(&<A as Arm>::In) -> Option<Key> + Send + Sync>;

/// How the questions and answers of one arm are cached.
pub struct Handling<A: Arm> {
    pub key: KeyOf<A>,
    /// Bytes that the answer holds on the heap.
    pub weigh: fn(&A::Out) -> u32,
    /// Marks an answer as served from a cache.
    pub mark: fn(A::Out) -> A::Out,
    /// For Redis; `None` for an answer that is not shared.
    pub encode: fn(&A::Out) -> Option<Body>,
    /// `None` for bytes that are no answer.
    pub decode: fn(&Key, Body) -> Option<A::Out>,
}

/// How the answers of one arm are cached.
#[derive(Clone, Copy, Debug)]
pub struct CacheSettings {
    /// Names the arm's answers in the metrics.
    pub space: Space,
    /// Memory for them.
    pub bytes: u64,
    pub life: Life,
    /// Whether the answer to a question can change.
    pub changes: bool,
}

/// The decorator. Errors are not cached.
pub struct Cached<A: Arm> {
    arm: Arc<A>,
    key: Arc<KeyOf<A>>,
    mark: fn(A::Out) -> A::Out,
    answers: Arc<Tiered<Key, A::Out>>,
}

/// Clones share the arm and its cache.
impl<A: Arm> Clone for Cached<A> {
    fn clone(&self) -> Self {
        Self {
            arm: Arc::clone(&self.arm),
            key: Arc::clone(&self.key),
            mark: self.mark,
            answers: Arc::clone(&self.answers),
        }
    }
}

impl<A: ReadOnly<Out: Clone + Sync>> Cached<A> {
    pub fn new(arm: A, tiers: &Tiers, settings: CacheSettings, handling: Handling<A>) -> Self {
        let shape = Shape {
            space: settings.space,
            name: name::<A>,
            changes: settings.changes,
            kind: |key: &Key| key.kind,
            encode: handling.encode,
            decode: handling.decode,
            fresh: settings.life.longest,
        };
        let bounds = Bounds {
            bytes: settings.bytes,
            life: settings.life,
        };
        Self {
            arm: Arc::new(arm),
            key: Arc::new(handling.key),
            mark: handling.mark,
            answers: tiers.cache(shape, bounds, handling.weigh),
        }
    }

    /// Puts an answer into memory before it is asked for.
    ///
    /// # Errors
    /// The arm's.
    pub async fn warm(&self, ctx: &Ctx, input: &A::In) -> Result<()> {
        let Some(key) = (self.key)(input) else {
            return Ok(());
        };
        let make = || self.arm.run(ctx, input);
        self.answers.warm(&key, make).await
    }

    /// Puts answers into Redis, not into memory, and waits until Redis has them.
    ///
    /// # Errors
    /// `Unavailable` when Redis takes no values.
    pub async fn bulk_fill(
        &self,
        ctx: &Ctx,
        inputs: &[A::In],
        clock: &dyn Clock,
    ) -> Result<Filled> {
        let Some(second) = self.answers.second() else {
            return Ok(Filled::default());
        };
        let keyed: Vec<(&A::In, Key)> = inputs
            .iter()
            .filter_map(|input| Some((input, (self.key)(input)?)))
            .collect();
        let keys: Vec<Key> = keyed.iter().map(|(_, key)| key.clone()).collect();
        let mut fill = second.begin_bulk_fill(&keys).await?;
        for (nth, (input, _)) in keyed.iter().enumerate() {
            if !fill.wants(nth) {
                fill.skip();
                continue;
            }
            let start = clock.instant();
            let made = self.arm.run(ctx, input).await;
            let took = clock.instant().saturating_duration_since(start);
            fill.add(nth, &made, took);
        }
        fill.finish().await
    }
}

fn name<A: ReadOnly>(key: &Key) -> Name {
    Name {
        tag: key.tag.clone(),
        rest: format!("{}-{}", A::NAME, hex(&key.digest)),
    }
}

impl<A: Arm<Out: Clone + Sync>> Arm for Cached<A> {
    type In = A::In;
    type Out = A::Out;

    /// Concurrent calls with one key run the inner arm once, under the context of the first.
    async fn run(&self, ctx: &Ctx, input: &A::In) -> Result<A::Out> {
        let Some(key) = (self.key)(input) else {
            return self.arm.run(ctx, input).await;
        };
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

    fn supports(&self, input: &A::In) -> bool {
        self.arm.supports(input)
    }

    fn recalls(&self, input: &A::In) -> bool {
        (self.key)(input).is_some_and(|key| self.answers.holds(&key))
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
    use crate::kernel::{Error, SystemClock, task};
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

    impl ReadOnly for Counting {
        const NAME: &'static str = "counting-1";

        fn unit(question: &u8) -> Unit {
            Unit::Id(uuid::Uuid::from_u128(u128::from(*question)))
        }
    }

    /// Caches all but 6.
    fn cached() -> (Arc<Cached<Counting>>, Arc<AtomicU32>) {
        let runs = Arc::new(AtomicU32::new(0));
        let settings = CacheSettings {
            space: Space::RenderEngine,
            bytes: 100_000,
            life: Life::by_use(Duration::from_mins(1)),
            changes: false,
        };
        let key = |n: &u8| Key {
            digest: [*n; 32],
            tag: None,
            kind: CacheKind::Png,
        };
        let handling = Handling {
            key: Box::new(move |n| (*n != 6).then(|| key(n))),
            weigh: |_| 0,
            mark: |(runs, _)| (runs, true),
            encode: |_| None,
            decode: |_, _| None,
        };
        let arm = Counting(Arc::clone(&runs));
        let clock: crate::kernel::SharedClock = Arc::new(SystemClock);
        let cached = Cached::new(arm, &Tiers::in_memory(&clock), settings, handling);
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
        assert!(cached.recalls(&4) && !cached.recalls(&8));
    }

    #[tokio::test]
    async fn a_question_without_a_key_is_not_cached() {
        let (cached, _) = cached();
        assert_eq!(cached.run(&ctx(), &6).await.unwrap(), (1, false));
        assert_eq!(cached.run(&ctx(), &6).await.unwrap(), (2, false));
        assert!(!cached.recalls(&6));
    }

    #[tokio::test]
    async fn an_error_is_not_cached() {
        let (cached, runs) = cached();
        for _ in 0..2 {
            assert!(cached.run(&ctx(), &1).await.is_err());
        }
        assert_eq!(runs.load(Ordering::Relaxed), 2);
    }
}
