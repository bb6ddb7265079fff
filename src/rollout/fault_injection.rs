//! Makes a candidate fail on purpose, so that operators see before it matters that its faults reach no caller.
//!
//! Invariant: every injection ends by itself.

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

/// How a run fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// An error of kind `Internal`.
    Error,
    Panic,
    /// An error of kind `Unsupported`.
    Unsupported,
    /// No answer, ever.
    Hang,
    /// The right answer, ten times as slow.
    Slow,
    /// A wrong answer: [`super::Judge::spoil`].
    Wrong,
}

/// Which fault, how often, how long.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FaultInjection {
    pub fault: Fault,
    /// Of the runs, 1 to 100.
    pub percent: u8,
    pub lasting: Duration,
}

/// Holds the current injection of one experiment. Cheap to clone.
#[derive(Clone)]
pub struct FaultInjector {
    current: Arc<RwLock<Option<(FaultInjection, Instant)>>>,
    runs: Arc<AtomicU64>,
    clock: SharedClock,
}

impl FaultInjector {
    #[must_use]
    pub fn new(clock: SharedClock) -> Self {
        Self {
            current: Arc::default(),
            runs: Arc::default(),
            clock,
        }
    }

    /// Replaces the current injection; `None` ends it.
    pub fn set(&self, injection: Option<FaultInjection>) {
        let now = self.clock.instant();
        *self.current.write() = injection.map(|i| (i, now + i.lasting));
    }

    /// The fault of the next run, if it must fail.
    fn due(&self) -> Option<Fault> {
        let (injection, until) = (*self.current.read())?;
        if self.clock.instant() >= until {
            return None;
        }
        // Evenly: the n-th run fails when n percents pass a whole number.
        let n = self.runs.fetch_add(1, Ordering::Relaxed);
        let percent = u64::from(injection.percent);
        ((n + 1) * percent / 100 > n * percent / 100).then_some(injection.fault)
    }
}

/// An arm that fails when its [`FaultInjector`] says so.
pub struct FaultInjecting<A: Arm> {
    arm: A,
    injector: FaultInjector,
    spoil: fn(A::Out) -> A::Out,
}

impl<A: Arm> FaultInjecting<A> {
    /// `spoil` makes an answer wrong.
    pub fn new(arm: A, injector: FaultInjector, spoil: fn(A::Out) -> A::Out) -> Self {
        Self {
            arm,
            injector,
            spoil,
        }
    }

    async fn with<F>(&self, run: impl FnOnce() -> F) -> Result<A::Out>
    where
        F: Future<Output = Result<A::Out>>,
    {
        match self.injector.due() {
            None => run().await,
            Some(Fault::Error) => Err(Error::internal("an injected error")),
            Some(Fault::Unsupported) => {
                Err(Error::new(Kind::Unsupported, "an injected lack of support"))
            }
            #[allow(clippy::panic)] // the injected fault
            Some(Fault::Panic) => panic!("an injected panic"),
            Some(Fault::Hang) => std::future::pending().await,
            Some(Fault::Slow) => {
                let clock = &self.injector.clock;
                let start = clock.instant();
                let answer = run().await;
                // A timer cannot measure less than a millisecond.
                let took = (clock.instant() - start).max(Duration::from_millis(1));
                tokio::time::sleep(took * 9).await;
                answer
            }
            Some(Fault::Wrong) => run().await.map(self.spoil),
        }
    }
}

impl<A: Arm> Arm for FaultInjecting<A> {
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

impl<A: ReadOnly> ReadOnly for FaultInjecting<A> {
    const NAME: &'static str = A::NAME;

    fn unit(question: &A::In) -> Unit {
        A::unit(question)
    }
}
