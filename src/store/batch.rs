//! Look-ups that wait at the same time become one query.
//!
//! Invariants: a look-up waits for no other one, only for a free worker; under load that is when others gather. Each is answered:
//! with what the query found, with the query's error, or at once with `Unavailable` when too many wait. One whose caller has
//! gone away is not asked for.

use std::{collections::HashMap, hash::Hash, sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use tokio::sync::{Mutex, mpsc, oneshot};

use super::failure;
use crate::{
    kernel::{Error, Kind, Result, task},
    telemetry::trace,
};

/// Queries under way at once.
const WORKERS: usize = 2;
/// Keys of one query.
const MOST: usize = 256;
/// Look-ups that wait at most: some megabytes.
const QUEUE: usize = 32_768;

/// Values of these keys, in any order; a key without one is left out.
pub(super) type Read<K, V> =
    Box<dyn Fn(Vec<K>) -> BoxFuture<'static, Result<HashMap<K, V>>> + Send + Sync>;

struct Waiting<K, V> {
    key: K,
    answer: oneshot::Sender<Result<Option<V>>>,
}

/// Cheap to clone. Its workers end with the last clone.
pub(super) struct Batch<K, V> {
    operation: &'static str,
    queue: mpsc::Sender<Waiting<K, V>>,
    timeout: Duration,
}

impl<K, V> Clone for Batch<K, V> {
    fn clone(&self) -> Self {
        Self {
            operation: self.operation,
            queue: self.queue.clone(),
            timeout: self.timeout,
        }
    }
}

impl<K, V> Batch<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// Must be called within a runtime, which the queries run on. `operation`: its name in traces;
    /// `timeout`: for an answer, queue and query together.
    pub fn new(operation: &'static str, timeout: Duration, read: Read<K, V>) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let (waiting, read) = (Arc::new(Mutex::new(waiting)), Arc::new(read));
        for _ in 0..WORKERS {
            let (waiting, read) = (Arc::clone(&waiting), Arc::clone(&read));
            drop(task::spawn(operation, async move {
                let mut taken: Vec<Waiting<K, V>> = Vec::with_capacity(MOST);
                while waiting.lock().await.recv_many(&mut taken, MOST).await > 0 {
                    answer(&read, &mut taken).await;
                }
            }));
        }
        Self {
            operation,
            queue,
            timeout,
        }
    }

    /// # Errors
    /// Those of the query; `Unavailable` when too many look-ups wait, or one waits too long.
    pub async fn get(&self, key: K) -> Result<Option<V>> {
        let (answer, answered) = oneshot::channel();
        let full = |_| Error::new(Kind::Unavailable, "too many look-ups wait for the database");
        self.queue.try_send(Waiting { key, answer }).map_err(full)?;
        let gone = |_| Error::internal("a look-up was given up");
        let answered = trace::of_store(("sql", self.operation), answered);
        match tokio::time::timeout(self.timeout, answered).await {
            Ok(answered) => answered.map_err(gone)?,
            Err(elapsed) => Err(failure::unavailable(elapsed)),
        }
    }
}

async fn answer<K, V>(read: &Read<K, V>, taken: &mut Vec<Waiting<K, V>>)
where
    K: Hash + Eq + Clone,
    V: Clone,
{
    taken.retain(|waiting| !waiting.answer.is_closed());
    let mut keys: Vec<K> = taken.iter().map(|waiting| waiting.key.clone()).collect();
    let Some(last) = keys.last().cloned() else {
        return;
    };
    // Filled up to a power of four: a few texts of the query, so that each is prepared once.
    let fourfold = |length: &usize| Some(length * 4);
    let mut lengths = std::iter::successors(Some(1), fourfold).take_while(|length| *length < MOST);
    let length = lengths.find(|length| *length >= keys.len());
    keys.resize(length.unwrap_or(MOST), last);
    let found = read(keys).await;
    for Waiting { key, answer } in taken.drain(..) {
        let answered = found.as_ref().map(|found| found.get(&key).cloned());
        // The caller may have gone meanwhile.
        let _ = answer.send(answered.map_err(Error::clone));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::{FutureExt as _, future::join_all};
    use std::sync::{
        Mutex as Plain,
        atomic::{AtomicBool, Ordering},
    };
    use tokio::sync::Semaphore;

    struct Source {
        batch: Batch<u32, u32>,
        queries: Arc<Plain<Vec<Vec<u32>>>>,
        fails: Arc<AtomicBool>,
        permits: Arc<Semaphore>,
    }

    /// Knows even numbers, and their halves. Each query needs a permit.
    fn source(permits: usize) -> Source {
        let queries = Arc::new(Plain::new(Vec::new()));
        let (fails, permits) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(Semaphore::new(permits)),
        );
        let read = {
            let (queries, fails, permits) = (queries.clone(), fails.clone(), permits.clone());
            move |keys: Vec<u32>| {
                queries.lock().unwrap().push(keys.clone());
                let (fails, permits) = (fails.clone(), permits.clone());
                async move {
                    permits.acquire().await.unwrap().forget();
                    if fails.load(Ordering::Relaxed) {
                        return Err(Error::new(Kind::Unavailable, "away"));
                    }
                    let even = keys.into_iter().filter(|key| key % 2 == 0);
                    Ok(even.map(|key| (key, key / 2)).collect())
                }
                .boxed()
            }
        };
        Source {
            batch: Batch::new("test", Duration::from_secs(5), Box::new(read)),
            queries,
            fails,
            permits,
        }
    }

    #[tokio::test]
    async fn those_that_wait_are_one_query() {
        let source = source(0);
        let asked = join_all((0..1000).map(|key| source.batch.get(key)));
        let release = async {
            while source.queries.lock().unwrap().len() < WORKERS {
                tokio::task::yield_now().await;
            }
            source.permits.add_permits(1000);
        };
        let (answers, ()) = tokio::join!(asked, release);
        for (key, answer) in (0..1000).zip(answers) {
            assert_eq!(answer.unwrap(), (key % 2 == 0).then_some(key / 2));
        }
        let queries = source.queries.lock().unwrap();
        assert!(queries.len() <= 6, "{} queries", queries.len());
        let is_power = |keys: &Vec<u32>| [1, 4, 16, 64, 256].contains(&keys.len());
        assert!(queries.iter().all(is_power));
    }

    #[tokio::test]
    async fn an_error_is_for_those_of_its_query() {
        let source = source(usize::MAX >> 4);
        source.fails.store(true, Ordering::Relaxed);
        let failed = join_all((0..10).map(|key| source.batch.get(key))).await;
        assert!(
            failed
                .iter()
                .all(|f| f.as_ref().unwrap_err().kind() == Kind::Unavailable)
        );
        source.fails.store(false, Ordering::Relaxed);
        assert_eq!(source.batch.get(8).await.unwrap(), Some(4));
    }

    #[tokio::test]
    async fn a_full_queue_refuses_and_those_who_left_are_not_asked_for() {
        let source = source(0);
        let mut waiting: Vec<_> = (0..)
            .map(|key| Box::pin(source.batch.get(key)))
            .take(QUEUE + 1)
            .collect();
        let refused = waiting
            .iter_mut()
            .filter_map(futures_util::FutureExt::now_or_never);
        let refused: Vec<_> = refused.map(|answer| answer.unwrap_err().kind()).collect();
        assert_eq!(refused, [Kind::Unavailable]);
        waiting.drain(10..);
        source.permits.add_permits(1000);
        for get in waiting {
            get.await.unwrap();
        }
        let queries = source.queries.lock().unwrap();
        assert_eq!(queries.iter().map(Vec::len).sum::<usize>(), 16);
    }
}
