//! Background work. A task has a name, and a panic in it is logged instead of vanishing.

use std::{future::Future, panic::AssertUnwindSafe};

use futures_util::FutureExt;
use tokio::task::JoinHandle;

/// Runs `work` in the background. Keep the handle if its end matters: dropping it does not stop the task.
#[allow(clippy::disallowed_methods)] // the one place
pub fn spawn<F>(name: &'static str, work: F) -> JoinHandle<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    tokio::spawn(async move {
        // The panic hook has already logged the message and the place.
        if AssertUnwindSafe(work).catch_unwind().await.is_err() {
            tracing::error!(task = name, "a background task panicked and is gone");
        }
    })
}
