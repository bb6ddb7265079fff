//! An arm that can be told to fail: for finding out, before it matters, that a candidate's faults reach nobody.
//!
//! Invariant: what is rehearsed ends by itself.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use parking_lot::RwLock;

use super::{Arm, ReadOnly, Unit};
use crate::kernel::{Ctx, Error, Kind, Result, SharedClock, clock::Instant};

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    Error,
    Panic,
    /// It says that it cannot do this.
    Unsupported,
    /// It never answers.
    Hang,
    /// Ten times as slow.
    Slow,
    /// It answers, but wrongly.
    Wrong,
}

/// What is being rehearsed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drill {
    pub mishap: Mishap,
    /// Of the runs, 1 to 100.
    pub percent: u8,
    pub until: Instant,
}

/// Where a drill is set, and looked up by the arm. Cheap to clone.
#[derive(Clone)]
pub struct Drills {
    now: Arc<RwLock<Option<Drill>>>,
    runs: Arc<AtomicU64>,
    clock: SharedClock,
}

impl Drills {
    #[must_use]
    pub fn new(clock: SharedClock) -> Self {
        Self {
            now: Arc::default(),
            runs: Arc::default(),
            clock,
        }
    }

    /// `None` ends it at once.
    pub fn set(&self, drill: Option<(Mishap, u8, Duration)>) {
        let drill = drill.map(|(mishap, percent, lasting)| Drill {
            mishap,
            percent,
            until: self.clock.instant() + lasting,
        });
        *self.now.write() = drill;
    }

    /// What is being rehearsed, and for how long still.
    #[must_use]
    pub fn current(&self) -> Option<Drill> {
        let drill = *self.now.read();
        drill.filter(|d| self.clock.instant() < d.until)
    }

    fn due(&self) -> Option<Mishap> {
        let drill = self.current()?;
        // Evenly: the n-th run fails when n percents pass a whole number.
        let n = self.runs.fetch_add(1, Ordering::Relaxed);
        let percent = u64::from(drill.percent);
        ((n + 1) * percent / 100 > n * percent / 100).then_some(drill.mishap)
    }
}

/// The arm, or what a drill makes of it.
pub struct Rehearsal<A: Arm> {
    arm: A,
    drills: Drills,
    spoil: fn(A::Out) -> A::Out,
}

impl<A: Arm> Rehearsal<A> {
    /// `spoil` makes an answer wrong.
    pub fn new(arm: A, drills: Drills, spoil: fn(A::Out) -> A::Out) -> Self {
        Self { arm, drills, spoil }
    }

    async fn with<F>(&self, run: impl FnOnce() -> F) -> Result<A::Out>
    where
        F: Future<Output = Result<A::Out>>,
    {
        match self.drills.due() {
            None => run().await,
            Some(Mishap::Error) => Err(Error::internal("a rehearsed error")),
            Some(Mishap::Unsupported) => {
                Err(Error::new(Kind::Unsupported, "a rehearsed lack of support"))
            }
            #[allow(clippy::panic)] // it is what is being rehearsed
            Some(Mishap::Panic) => panic!("a rehearsed panic"),
            Some(Mishap::Hang) => std::future::pending().await,
            Some(Mishap::Slow) => {
                let clock = &self.drills.clock;
                let start = clock.instant();
                let answer = run().await;
                // A timer's millisecond is the least that can be told apart.
                let took = (clock.instant() - start).max(Duration::from_millis(1));
                tokio::time::sleep(took * 9).await;
                answer
            }
            Some(Mishap::Wrong) => run().await.map(self.spoil),
        }
    }
}

impl<A: Arm> Arm for Rehearsal<A> {
    type In = A::In;
    type Out = A::Out;

    async fn run(&self, ctx: &Ctx, input: &A::In) -> Result<A::Out> {
        self.with(|| self.arm.run(ctx, input)).await
    }

    async fn run_anew(&self, ctx: &Ctx, input: &A::In) -> Result<A::Out> {
        self.with(|| self.arm.run_anew(ctx, input)).await
    }

    fn supports(&self, input: &A::In) -> bool {
        self.arm.supports(input)
    }

    fn recalls(&self, input: &A::In) -> bool {
        self.arm.recalls(input)
    }
}

impl<A: ReadOnly> ReadOnly for Rehearsal<A> {
    const NAME: &'static str = A::NAME;

    fn unit(question: &A::In) -> Unit {
        A::unit(question)
    }
}
