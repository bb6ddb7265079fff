//! Changes at every moment, and then a source that is away.

use super::*;
use crate::kernel::{Clock as _, Error, Kind, SystemClock};

const A: &str = "a";
const B: &str = "b";
const KEY: u32 = 1;

type Targets = Revalidating<u32, &'static str>;

/// The source of all keys: away.
fn targets() -> Arc<Targets> {
    let clock: SharedClock = Arc::new(SystemClock);
    let keys = Keys {
        space: Space::Slug,
        name: |_| unreachable!("no pattern is used"),
        changes: true,
    };
    let bounds = Bounds {
        bytes: 1 << 20,
        life: crate::cache::Life::fixed(Duration::from_hours(1)),
    };
    let how = Revalidation {
        source: Box::new(|_| Box::pin(async { Err(is_away()) })),
        fresh: Duration::ZERO,
        key: |_| None,
        outlives_change: |target: &&str| !target.is_empty(),
        weigh: |_, _| 0,
    };
    Revalidating::new(keys, bounds, None, how, clock)
}

fn is_away() -> Error {
    Error::new(Kind::Unavailable, "the source is away")
}

async fn answer(target: &'static str) -> Result<Dated<&'static str>> {
    tokio::task::yield_now().await;
    Ok(Dated {
        value: target,
        fresh_until: SystemClock.instant(),
        epoch: 0,
    })
}

async fn away() -> Result<Dated<&'static str>> {
    tokio::task::yield_now().await;
    Err(is_away())
}

/// The value that a caller gets now.
async fn get(known: &Targets, key: u32) -> Result<&'static str> {
    match known.now.get(&key).await {
        Some(known) => Ok(known.value),
        None => known.make(&key, away).await,
    }
}

/// Lets everything run that was begun.
async fn idle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn changes_of_others_lose_no_key_that_is_revalidated() {
    const CODES: u32 = 400;
    let known = targets();
    for n in 0..CODES {
        known.make(&n, || answer(A)).await.unwrap();
    }
    for n in 0..CODES {
        // Of a code that is remembered, and of one that is not.
        let others = async {
            known.changed((n + 1) % CODES, away()).await;
            known.changed(CODES + n, away()).await;
        };
        let (found, ()) = tokio::join!(known.remake(&n, answer(A)), others);
        found.unwrap();
    }
    idle().await;
    for n in 0..CODES {
        let found = get(&known, n).await;
        assert_eq!(found.unwrap(), A, "{n}");
    }
}

#[tokio::test]
async fn a_change_is_seen_whatever_was_under_way() {
    let known = targets();
    known.make(&KEY, || answer(A)).await.unwrap();
    // A refresh that read the old state ends after the change.
    let (old, ()) = tokio::join!(known.remake(&KEY, answer(A)), known.changed(KEY, answer(B)));
    assert_eq!(old.unwrap(), A);
    idle().await;
    assert_eq!(get(&known, KEY).await.unwrap(), B);
    // A caller after the change does not wait for one of before.
    let (began, go_on) = (tokio::sync::Notify::new(), tokio::sync::Notify::new());
    known.now.invalidate(&KEY).await;
    let before = known.make(&KEY, || async {
        began.notify_one();
        go_on.notified().await;
        answer(B).await
    });
    let after = async {
        began.notified().await;
        known.changed(KEY, away()).await;
        let found = known.make(&KEY, || answer(A)).await;
        go_on.notify_one();
        found.unwrap()
    };
    let (_, after) = tokio::join!(before, after);
    assert_eq!(after, A);
    idle().await;
    assert_eq!(get(&known, KEY).await.unwrap(), A);
}

#[tokio::test]
async fn the_value_of_before_a_change_serves_only_while_the_source_is_away() {
    let known = targets();
    known.make(&KEY, || answer(A)).await.unwrap();
    for _ in 0..3 {
        known.changed(KEY, away()).await;
        idle().await;
        assert_eq!(get(&known, KEY).await.unwrap(), A);
    }
    assert!(!known.now.holds(&KEY), "it is asked for each time");
    assert_eq!(known.make(&KEY, || answer(B)).await.unwrap(), B);
    assert!(known.before.peek(&KEY).await.is_none());
    // A code that was deleted is gone.
    known.changed(KEY, answer("")).await;
    idle().await;
    assert_eq!(get(&known, KEY).await.unwrap(), "");
    // That it was unknown is no answer once a code was made.
    known.changed(KEY, away()).await;
    idle().await;
    assert_eq!(
        get(&known, KEY).await.unwrap_err().kind(),
        Kind::Unavailable
    );
}

#[test]
fn a_key_is_asked_for_by_one_and_the_turn_comes_back() {
    let running = Running::default();
    let turn = Turn::take(&running, &KEY);
    assert!(turn.is_some());
    assert!(Turn::take(&running, &KEY).is_none());
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _turn = turn;
        panic!("while asking");
    }));
    assert!(panicked.is_err());
    assert!(Turn::take(&running, &KEY).is_some());
}
