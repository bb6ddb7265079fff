//! Concurrent scans that record every answer, so that a lost scan is noticed.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::task::JoinHandle;

use super::{Client, Server, client::read};

/// Scans under way until [`Load::stop`].
pub struct Load {
    stop: Arc<AtomicBool>,
    redirected: Arc<AtomicUsize>,
    workers: Vec<JoinHandle<Tally>>,
}

/// The answers to all requests.
#[derive(Debug, Default)]
pub struct Tally {
    /// `X-Request-Id` of each 302: also the id of its scan.
    pub redirected: Vec<String>,
    /// Statuses that were no 302, with how many there were of each.
    pub others: BTreeMap<u16, usize>,
    /// No connection was made: the product never saw the request.
    pub refused: usize,
    /// A connection was made and no answer came: the scan may have been recorded or not.
    pub unanswered: usize,
}

impl Tally {
    /// Every answer was a redirect.
    #[track_caller]
    pub fn assert_redirects(&self) {
        let others = &self.others;
        assert!(
            others.is_empty(),
            "answers that were no redirect: {others:?}"
        );
    }
}

impl Load {
    /// `workers` that each scan `path` again and again, through ends and restarts of the product.
    pub fn start(server: &Server, path: &str, workers: usize) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let redirected = Arc::new(AtomicUsize::new(0));
        let workers = (0..workers)
            .map(|_| {
                let worker = Worker {
                    client: Client::anonymous(server),
                    path: path.to_owned(),
                    stop: Arc::clone(&stop),
                    redirected: Arc::clone(&redirected),
                };
                tokio::spawn(worker.run())
            })
            .collect();
        Self {
            stop,
            redirected,
            workers,
        }
    }

    /// How many redirects were received so far.
    pub fn redirected(&self) -> usize {
        self.redirected.load(Ordering::Relaxed)
    }

    /// Waits until `more` redirects were received from now on.
    pub async fn progress(&self, more: usize) {
        let goal = self.redirected() + more;
        super::eventually(60, async || {
            let now = self.redirected();
            (now >= goal)
                .then_some(())
                .ok_or(format!("{now} of {goal} redirects"))
        })
        .await;
    }

    pub async fn stop(self) -> Tally {
        self.stop.store(true, Ordering::Relaxed);
        let mut sum = Tally::default();
        for worker in self.workers {
            let tally = worker.await.unwrap();
            sum.redirected.extend(tally.redirected);
            sum.refused += tally.refused;
            sum.unanswered += tally.unanswered;
            for (status, n) in tally.others {
                *sum.others.entry(status).or_default() += n;
            }
        }
        sum
    }
}

struct Worker {
    client: Client,
    path: String,
    stop: Arc<AtomicBool>,
    redirected: Arc<AtomicUsize>,
}

impl Worker {
    async fn run(self) -> Tally {
        let mut tally = Tally::default();
        while !self.stop.load(Ordering::Relaxed) {
            // A browser: what looks like a program is not counted as a person's scan.
            let request = self.client.request(reqwest::Method::GET, &self.path);
            match read(request.header("user-agent", BROWSER)).await {
                Ok(answer) if answer.status == 302 => {
                    let id = answer.header("x-request-id");
                    assert!(!id.is_empty(), "a redirect without X-Request-Id");
                    tally.redirected.push(id.to_owned());
                    self.redirected.fetch_add(1, Ordering::Relaxed);
                }
                Ok(answer) => *tally.others.entry(answer.status).or_default() += 1,
                Err(e) if e.is_connect() => {
                    tally.refused += 1;
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                Err(_) => tally.unanswered += 1,
            }
        }
        tally
    }
}

pub const BROWSER: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 \
                           (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1";
