//! How busy the machine is with other things: bounds of time hold for the product, not for what else runs here.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::task::JoinHandle;

/// Measured until it is dropped.
pub struct Lag {
    slowest_us: Arc<AtomicU64>,
    measuring: JoinHandle<()>,
}

impl Lag {
    pub fn start() -> Self {
        let slowest_us = Arc::new(AtomicU64::new(0));
        let measuring = tokio::spawn(measure(Arc::clone(&slowest_us)));
        Self {
            slowest_us,
            measuring,
        }
    }

    /// How late a task was woken at most. Some milliseconds on a quiet machine.
    pub fn slowest(&self) -> Duration {
        Duration::from_micros(self.slowest_us.load(Ordering::Relaxed))
    }
}

impl Drop for Lag {
    fn drop(&mut self) {
        self.measuring.abort();
    }
}

async fn measure(slowest_us: Arc<AtomicU64>) {
    const NAP: Duration = Duration::from_millis(10);
    loop {
        let start = Instant::now();
        tokio::time::sleep(NAP).await;
        let late = start.elapsed().saturating_sub(NAP);
        slowest_us.fetch_max(u64::try_from(late.as_micros()).unwrap(), Ordering::Relaxed);
    }
}
