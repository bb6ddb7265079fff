//! Background work. A task has a name, and a panic in it is logged instead of vanishing.

use std::{future::Future, panic::AssertUnwindSafe};

use futures_util::{FutureExt, future::BoxFuture};
use tokio::{
    runtime::Builder,
    sync::mpsc::{self, UnboundedReceiver, UnboundedSender},
    task::JoinHandle,
};

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

/// How a thread shares the processors with those that serve requests.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Priority {
    /// Requests get the processor first.
    Lowest,
    /// As much of a processor as any other thread.
    Common,
}

/// A thread for background work, whose tasks do not queue with those of requests. Blocking work of its tasks runs at its priority,
/// too. Clones share the thread. It ends with the last clone, and drops what still runs on it.
#[derive(Clone)]
pub struct BackgroundThread(UnboundedSender<BoxFuture<'static, ()>>);

impl BackgroundThread {
    /// # Errors
    /// `Internal` when the operating system has no thread left.
    pub fn start(name: &str, priority: Priority) -> Result<Self> {
        let unable = |e| Error::caused(Kind::Internal, "a thread could not be started", e);
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(unable)?;
        let (work, received) = mpsc::unbounded_channel();
        let run = move || {
            if priority == Priority::Lowest {
                // Where it is refused, the work is done at the common priority.
                let _ = rustix::process::nice(LOWEST);
            }
            runtime.block_on(run_all(received));
        };
        let thread = std::thread::Builder::new().name(name.to_owned());
        thread.spawn(run).map_err(unable)?;
        Ok(Self(work))
    }

    /// As [`spawn`], on this thread.
    pub fn spawn<F>(&self, name: &'static str, work: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        // The thread lives as long as this sender.
        let _ = self.0.send(Box::pin(logged(name, work)));
    }
}

#[allow(clippy::disallowed_methods)] // the work has its name already
async fn run_all(mut received: UnboundedReceiver<BoxFuture<'static, ()>>) {
    while let Some(work) = received.recv().await {
        drop(tokio::spawn(work));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::oneshot;

    #[tokio::test]
    async fn work_aside_is_done_until_nobody_wants_it() {
        let background = BackgroundThread::start("test", Priority::Lowest).unwrap();
        let (tell, told) = oneshot::channel();
        let (name, clone) = (
            std::thread::current().name().map(str::to_owned),
            background.clone(),
        );
        drop(background);
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
