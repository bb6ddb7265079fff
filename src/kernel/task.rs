//! Background work. A task has a name, and a panic in it is logged instead of vanishing.

use std::future::Future;

use tokio::task::JoinHandle;

/// Runs `work` in the background. Keep the handle if its end matters: dropping it does not stop the task.
#[allow(clippy::disallowed_methods)] // the one place
pub fn spawn<F>(name: &'static str, work: F) -> JoinHandle<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    let inner = tokio::spawn(work);
    tokio::spawn(async move {
        if let Err(e) = inner.await
            && e.is_panic()
        {
            tracing::error!(task = name, "a background task panicked and is gone: {e}");
        }
    })
}
