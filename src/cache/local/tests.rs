//! The first tier makes one value per miss, and caches neither errors nor stale values.

use super::*;
use crate::telemetry::Recorder;
use std::{
    sync::{Arc, atomic::AtomicU32},
    time::Duration,
};
use tokio::sync::Notify;

const BOUNDS: Bounds = Bounds {
    bytes: 100_000,
    life: Life::fixed(Duration::from_mins(1)),
};

fn cache(bounds: Bounds) -> Arc<Local<String, Arc<str>>> {
    let weigh = |k: &String, v: &Arc<str>| u32::try_from(k.len() + v.len()).unwrap();
    Arc::new(Local::new(Space::Slug, bounds, weigh))
}

async fn value(text: &str) -> Result<Arc<str>> {
    tokio::task::yield_now().await;
    Ok(text.into())
}

#[tokio::test]
async fn hits_and_misses_are_counted_once_each() {
    let recorder = Recorder::install(true).unwrap();
    let cache = cache(BOUNDS);
    assert_eq!(cache.get("a").await, None);
    let first = cache.get_or_make("a", || value("1")).await.unwrap();
    let again = cache.get_or_make("a", || value("2")).await.unwrap();
    assert!(first.made && !again.made);
    assert_eq!(again.value.as_ref(), "1");
    assert_eq!(cache.get("a").await.as_deref(), Some("1"));
    let text = recorder.render();
    for (result, n) in [("hit", 2), ("miss", 2)] {
        let line = format!(
            r#"qr_cache_requests_total{{tier="memory",space="slug",result="{result}"}} {n}"#
        );
        assert!(text.contains(&line), "{text}");
    }
}

#[tokio::test]
async fn an_error_reaches_everybody_and_is_not_kept() {
    let cache = cache(BOUNDS);
    let runs = AtomicU32::new(0);
    let fail = || async {
        runs.fetch_add(1, Ordering::Relaxed);
        tokio::task::yield_now().await;
        Err(Error::not_found("gone"))
    };
    let (a, b) = tokio::join!(cache.get_or_make("a", fail), cache.get_or_make("a", fail));
    assert_eq!(a.unwrap_err().message(), "gone");
    assert_eq!(b.unwrap_err().message(), "gone");
    assert_eq!(runs.load(Ordering::Relaxed), 1);
    assert!(cache.get_or_make("a", || value("1")).await.unwrap().made);
}

#[tokio::test]
async fn another_takes_over_when_the_maker_goes_away() {
    let cache = cache(BOUNDS);
    let never = cache.get_or_make("a", std::future::pending);
    let never = tokio::time::timeout(Duration::from_millis(5), never).await;
    assert!(never.is_err());
    let next = cache.get_or_make("a", || value("1"));
    let next = tokio::time::timeout(Duration::from_secs(5), next).await;
    assert!(next.unwrap().unwrap().made);
}

#[tokio::test]
async fn what_was_begun_before_an_invalidation_is_not_kept_nor_given_to_who_asks_after_it() {
    for asks_after in [false, true] {
        let cache = cache(BOUNDS);
        let (begun, go_on) = (Notify::new(), Notify::new());
        let slow = cache.get_or_make("a", || async {
            begun.notify_one();
            go_on.notified().await;
            value("old").await
        });
        let next = async {
            begun.notified().await;
            cache.invalidate("a").await;
            if asks_after {
                let new = cache.get_or_make("a", || value("new")).await.unwrap();
                assert_eq!(&*new.value, "new");
            }
            go_on.notify_one();
        };
        let (old, ()) = tokio::join!(slow, next);
        assert_eq!(&*old.unwrap().value, "old");
        let kept = asks_after.then_some("new");
        assert_eq!(cache.get("a").await.as_deref(), kept);
    }
}

#[tokio::test]
async fn a_change_of_one_thing_lets_what_is_made_about_others_be_kept() {
    let tag = |key: &String| Some(Tag::Slug(key.as_str().into()));
    let tagged: Local<String, Arc<str>> = Local::tagged(Space::Slug, BOUNDS, |_, _| 0, tag);
    for i in 0..100 {
        let (own, other) = (format!("own-{i}"), format!("other-{i}"));
        let plain = cache(BOUNDS);
        let making = plain.get_or_make(own.as_str(), || async {
            plain.invalidate(other.as_str()).await;
            value("new").await
        });
        making.await.unwrap();
        let remade = plain.remake(own.clone(), async {
            plain.invalidate(other.as_str()).await;
            value("new").await
        });
        remade.await.unwrap();
        assert!(plain.holds(own.as_str()));

        let change = |name: &str| Tag::Slug(name.into());
        let making = tagged.get_or_make(own.as_str(), || async {
            tagged.invalidate_tag(&change(&other)).await;
            value("new").await
        });
        making.await.unwrap();
        assert!(tagged.holds(own.as_str()));
        let remade = tagged.remake(own.clone(), async {
            tagged.invalidate_tag(&change(&own)).await;
            value("old").await
        });
        remade.await.unwrap();
        assert!(!tagged.holds(own.as_str()));
    }
}

#[tokio::test]
async fn bytes_and_time_are_bounded() {
    let small = cache(Bounds {
        bytes: 5_000,
        ..BOUNDS
    });
    for i in 0..100 {
        let text = "x".repeat(300);
        small
            .get_or_make(format!("k{i}").as_str(), || value(&text))
            .await
            .unwrap();
    }
    small.catch_up().await;
    let (entries, bytes) = small.size();
    assert!(
        bytes <= 5_000 && (1..=10).contains(&entries),
        "{entries}: {bytes}"
    );

    let brief = cache(Bounds {
        life: Life::fixed(Duration::from_millis(20)),
        ..BOUNDS
    });
    brief.get_or_make("a", || value("1")).await.unwrap();
    tokio::time::sleep(Duration::from_millis(60)).await;
    assert_eq!(brief.get("a").await, None);
}
