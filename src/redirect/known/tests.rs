//! Changes at every moment, and then a database that is away.

use super::*;
use crate::kernel::{Clock as _, Error, Kind, SystemClock, id::Uuid};
use http::HeaderValue;

fn slug(n: u32) -> Slug {
    Slug::parse(&format!("{n:08x}")).unwrap()
}

fn leads_to(target: &str) -> Remembered {
    Remembered {
        destination: destination(target),
        fresh_until: SystemClock.instant(),
        doubts: 0,
    }
}

fn destination(target: &str) -> Destination {
    match target {
        "" => Destination::Nowhere,
        target => Destination::Target {
            code_id: Uuid::nil(),
            location: HeaderValue::from_str(target).unwrap(),
        },
    }
}

async fn answer(target: &str) -> Result<Remembered> {
    tokio::task::yield_now().await;
    Ok(leads_to(target))
}

async fn away() -> Result<Remembered> {
    tokio::task::yield_now().await;
    Err(Error::new(Kind::Unavailable, "the database is away"))
}

/// What a scan gets now.
async fn scan(known: &Known, slug: &Slug) -> Result<Destination> {
    match known.now.get(slug).await {
        Some(known) => Ok(known.destination),
        None => known.make(slug, away).await,
    }
}

/// Lets everything run that was begun.
async fn idle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn changes_of_others_lose_no_slug_that_is_asked_for_anew() {
    const CODES: u32 = 400;
    let known = Arc::new(Known::new(1 << 20));
    for n in 0..CODES {
        known
            .make(&slug(n), || answer("https://a.example/"))
            .await
            .unwrap();
    }
    for n in 0..CODES {
        // Of a code that is remembered, and of one that is not.
        let others = async {
            known.changed(slug((n + 1) % CODES), away()).await;
            known.changed(slug(CODES + n), away()).await;
        };
        let (slug, a) = (slug(n), answer("https://a.example/"));
        let (found, ()) = tokio::join!(known.remake(&slug, a), others);
        found.unwrap();
    }
    idle().await;
    for n in 0..CODES {
        let found = scan(&known, &slug(n)).await;
        assert_eq!(found.unwrap(), destination("https://a.example/"), "{n}");
    }
}

#[tokio::test]
async fn a_change_is_seen_whatever_was_under_way() {
    let known = Arc::new(Known::new(1 << 20));
    let (a, b, slug) = ("https://a.example/", "https://b.example/", slug(1));
    known.make(&slug, || answer(a)).await.unwrap();
    // A refresh that read the old state ends after the change.
    let (old, ()) = tokio::join!(
        known.remake(&slug, answer(a)),
        known.changed(slug.clone(), answer(b))
    );
    assert_eq!(old.unwrap().destination, destination(a));
    idle().await;
    assert_eq!(scan(&known, &slug).await.unwrap(), destination(b));
    // And somebody who asks after the change does not wait for one who asked before.
    let (began, go_on) = (tokio::sync::Notify::new(), tokio::sync::Notify::new());
    known.now.invalidate(&slug).await;
    let before = known.make(&slug, || async {
        began.notify_one();
        go_on.notified().await;
        answer(b).await
    });
    let after = async {
        began.notified().await;
        known.changed(slug.clone(), away()).await;
        let found = known.make(&slug, || answer(a)).await;
        go_on.notify_one();
        found.unwrap()
    };
    let (_, after) = tokio::join!(before, after);
    assert_eq!(after, destination(a));
    idle().await;
    assert_eq!(scan(&known, &slug).await.unwrap(), destination(a));
}

#[tokio::test]
async fn what_was_before_a_change_serves_only_while_nobody_answers() {
    let known = Arc::new(Known::new(1 << 20));
    let (a, b, slug) = ("https://a.example/", "https://b.example/", slug(1));
    known.make(&slug, || answer(a)).await.unwrap();
    for _ in 0..3 {
        known.changed(slug.clone(), away()).await;
        idle().await;
        assert_eq!(scan(&known, &slug).await.unwrap(), destination(a));
    }
    assert!(!known.now.holds(&slug), "it is asked for each time");
    assert_eq!(
        known.make(&slug, || answer(b)).await.unwrap(),
        destination(b)
    );
    assert!(known.before.peek(&slug).await.is_none());
    // A code that was deleted is gone.
    known.changed(slug.clone(), answer("")).await;
    idle().await;
    assert_eq!(scan(&known, &slug).await.unwrap(), Destination::Nowhere);
    // That it was unknown is no answer once a code was made.
    known.changed(slug.clone(), away()).await;
    idle().await;
    assert_eq!(
        scan(&known, &slug).await.unwrap_err().kind(),
        Kind::Unavailable
    );
}
