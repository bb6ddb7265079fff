//! Background work. A task has a name, and a panic in it is logged instead of vanishing.

use std::{
    future::Future,
    panic::AssertUnwindSafe,
    sync::{Arc, Weak},
    time::Duration,
};

use futures_util::{FutureExt, future::BoxFuture};
use parking_lot::Mutex;
use tokio::{runtime::Builder, task::JoinHandle};

use super::{Error, Kind, Result};

/// The lowest priority that a thread may have (setpriority(2)).
const LOWEST: i32 = 19;

/// Runs `work` in the background. Keep the handle if its end matters: dropping it does not stop the task.
#[allow(clippy::disallowed_methods)] // the one place
pub fn spawn<F>(name: &'static str, work: F) -> JoinHandle<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    tokio::spawn(logged(name, work))
}

async fn logged(name: &'static str, work: impl Future<Output = ()>) {
    // The panic hook has already logged the message and the place.
    if AssertUnwindSafe(work).catch_unwind().await.is_err() {
        tracing::error!(task = name, "a background task panicked and is gone");
    }
}

/// A thread of its own, at the lowest priority, for work that nobody waits for: whoever serves a request gets the processor
/// first. What such work moves to threads that may block runs at that priority, too. It looks for work from time to time:
/// to wake it would cost the one who brings it more than the rest together. Clones share it; with the last of them it
/// ends, and what runs on it is dropped.
#[derive(Clone)]
pub struct Aside(Arc<Mutex<Vec<BoxFuture<'static, ()>>>>);

/// How often it is looked for work: while there is some, and later.
const LOOK_BUSY: Duration = Duration::from_millis(1);
const LOOK_IDLE: Duration = Duration::from_millis(20);
/// Looks without work after which there is none.
const PATIENCE: u32 = 1000;

impl Aside {
    /// # Errors
    /// `Internal` when the operating system has no thread left.
    pub fn start(name: &str) -> Result<Self> {
        let unable = |e| Error::caused(Kind::Internal, "a thread could not be started", e);
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(unable)?;
        let brought = Arc::default();
        let looking = look(Arc::downgrade(&brought));
        let run = move || {
            // Where it is refused, the work is done at the common priority.
            let _ = rustix::process::nice(LOWEST);
            runtime.block_on(looking);
        };
        let thread = std::thread::Builder::new().name(name.to_owned());
        thread.spawn(run).map_err(unable)?;
        Ok(Self(brought))
    }

    /// As [`spawn`], there and soon.
    pub fn spawn<F>(&self, name: &'static str, work: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let mut brought = self.0.lock();
        brought.push(Box::pin(logged(name, work)));
    }
}

#[allow(clippy::disallowed_methods)] // what is brought has its name already
async fn look(brought: Weak<Mutex<Vec<BoxFuture<'static, ()>>>>) {
    let mut in_vain = PATIENCE;
    while let Some(brought) = brought.upgrade() {
        let work = std::mem::take(&mut *brought.lock());
        drop(brought);
        in_vain = if work.is_empty() {
            in_vain.saturating_add(1)
        } else {
            0
        };
        for one in work {
            drop(tokio::spawn(one));
        }
        let pause = if in_vain < PATIENCE {
            LOOK_BUSY
        } else {
            LOOK_IDLE
        };
        tokio::time::sleep(pause).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::oneshot;

    #[tokio::test]
    async fn work_aside_is_done_until_nobody_wants_it() {
        let aside = Aside::start("test").unwrap();
        let (tell, told) = oneshot::channel();
        let (name, clone) = (
            std::thread::current().name().map(str::to_owned),
            aside.clone(),
        );
        drop(aside);
        clone.spawn("works", async move {
            let _ = tell.send(std::thread::current().name().map(str::to_owned));
        });
        assert_ne!(told.await.unwrap(), name);
        let (tell, dropped) = oneshot::channel::<()>();
        clone.spawn("waits", async move {
            std::future::pending::<()>().await;
            drop(tell);
        });
        drop(clone);
        assert!(dropped.await.is_err());
    }
}
