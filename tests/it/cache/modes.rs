//! One suite over every deployment: what one node made is the others', and what changed is nobody's.

use std::time::{Duration, Instant};

use qr_observatory::{cache::Remote, config::Config};

use crate::support::{
    codes::TARGET,
    command::{Says as _, text},
    eventually,
};

use super::{
    deployed::Deployed,
    node::{Node, forgetful, setup},
};

/// How long another node may serve what changed.
const WITHIN: Duration = Duration::from_secs(1);
const PREFIX: &str = "the-tests.qr";

#[tokio::test]
async fn standalone() {
    suite(Deployed::standalone().await).await;
}

#[tokio::test]
async fn tls() {
    suite(Deployed::tls().await).await;
}

#[tokio::test]
async fn cluster() {
    suite(Deployed::cluster().await).await;
}

#[tokio::test]
async fn sentinel() {
    suite(Deployed::sentinel().await).await;
}

/// Of docs/CACHE.md, for this prefix.
fn documented_rights() -> Vec<String> {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/CACHE.md");
    let page = std::fs::read_to_string(page).unwrap();
    let rules = page.lines().find_map(|l| l.strip_prefix("ACL SETUSER qr "));
    let rules = rules.unwrap().replace("qr_engine_v2", PREFIX);
    rules.split(' ').map(str::to_owned).collect()
}

async fn suite(redis: Deployed) {
    let rights = documented_rights();
    let rights: Vec<&str> = rights.iter().map(String::as_str).collect();
    redis.set_user("qr", &rights).await;
    let mut settings = redis.settings();
    settings.retain(|(name, _)| *name != "REDIS_PASSWORD");
    settings.push(("REDIS_USERNAME", "qr".to_owned()));
    settings.push(("REDIS_PASSWORD", "secret".to_owned()));
    let node = || setup(&settings).env("REDIS_PREFIX", PREFIX);
    let here = Node::start(node()).await;
    let mut there = here.beside(node()).await;
    for node in [&here, &there] {
        let detail = node.health("pass").await;
        assert_eq!(detail, format!("{}, in use", redis.mode()));
        node.in_use().await;
    }
    what_one_made_is_the_others(&redis, &here, &there).await;
    what_changed_is_nobodys(&here, &there).await;
    let keys = redis.keys().await;
    let foreign = keys.iter().find(|k| !k.starts_with(PREFIX));
    assert!(foreign.is_none() && keys.len() > 5, "{keys:?}");
    what_was_made_outlives_the_process(&mut there).await;

    // Asked again and again with nothing in memory, and never refused.
    let cold = here.beside(forgetful(node())).await;
    cold.in_use().await;
    let id = cold.text("again and again").await;
    let first = cold.image(&id, "").await;
    arrived(&cold, &id, "", "render_legacy").await;
    for _ in 0..20 {
        assert_eq!(cold.image(&id, "").await.body, first.body);
    }
    assert!(cold.redis_hits("render_legacy").await >= 20);
    let doctor = |node: &Node| text(&node.server.run(&["doctor"]));
    doctor(&here).says("redis|answers and takes values");
    // Redis ends subscriptions that are not allowed any more.
    redis.set_user("qr", &["resetchannels", "-smembers"]).await;
    let channel = format!("&{PREFIX}:changes");
    let detail = here.health("warn").await;
    let has = |words: &str| detail.contains(words);
    assert!(has("do not arrive") || has(&channel), "{detail}");
    doctor(&here).says(&format!("{channel} +smembers"));
}

/// Each of the documented rights is needed by some deployment, and is named when it is missing.
#[tokio::test]
async fn a_missing_right_is_named() {
    let redis = Deployed::standalone().await;
    let rights = documented_rights();
    let granted: Vec<&str> = rights.iter().map(String::as_str).collect();
    let mut settings = redis.settings();
    settings.push(("REDIS_USERNAME", "qr".to_owned()));
    settings.push(("REDIS_PREFIX", PREFIX.to_owned()));
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("empty.toml");
    std::fs::write(&file, "").unwrap();
    let pairs = settings
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value));
    let settings = Config::load(Some(&file), pairs).unwrap().redis;
    let examine = async || match Remote::examine(&settings).await {
        Ok(_) => "nothing".to_owned(),
        Err(e) => e.message().to_owned(),
    };
    // Those of other deployments.
    let needed = rights
        .iter()
        .filter(|rule| !["+role", "+cluster"].contains(&rule.as_str()));
    for rule in needed {
        let (taken, named) = match rule.split_at(1) {
            ("+", command) => (format!("-{command}"), rule.clone()),
            ("~", _) => ("resetkeys".to_owned(), rule.clone()),
            ("&", _) => ("resetchannels".to_owned(), rule.clone()),
            _ => continue,
        };
        redis.set_user("qr", &granted).await;
        assert_eq!(examine().await, "nothing");
        redis.set_user("qr", &[&taken]).await;
        let missing = examine().await;
        missing.says(&format!("ACL SETUSER … {named} ("));
    }
}

/// Asked until Redis gives it: writes are nobody's to wait for.
async fn arrived(node: &Node, id: &str, query: &str, space: &str) {
    eventually(10, async || {
        let before = node.redis_hits(space).await;
        node.image(id, query).await;
        let after = node.redis_hits(space).await;
        (after > before).then_some(()).ok_or("no hit".to_owned())
    })
    .await;
}

/// Waits until a key that contains this is there.
async fn kept(redis: &Deployed, part: &str) -> Vec<String> {
    eventually(10, async || {
        let mut keys = redis.keys().await;
        keys.retain(|k| k.contains(part) && !k.contains(":members:"));
        match keys.len() {
            0 => Err(format!("no key contains {part}")),
            _ => Ok(keys),
        }
    })
    .await
}

async fn what_one_made_is_the_others(redis: &Deployed, here: &Node, there: &Node) {
    let code = here.dynamic().await;
    let of_code = format!(":render_legacy:{{code-{}}}:", code.id);
    for query in ["image_format=png&size=7", "image_format=svg"] {
        let before = kept_of(redis, &of_code).await;
        let made = here.image(&code.id, query).await;
        eventually(10, async || match kept_of(redis, &of_code).await {
            now if now > before => Ok(()),
            _ => Err(format!("{query} is not in Redis")),
        })
        .await;
        let hits = there.redis_hits("render_legacy").await;
        let fetched = there.image(&code.id, query).await;
        assert_eq!(fetched.body, made.body, "{query}");
        for header in ["etag", "content-type"] {
            assert_eq!(fetched.header(header), made.header(header), "{query}");
        }
        assert!(!fetched.header("etag").is_empty());
        assert_eq!(there.redis_hits("render_legacy").await, hits + 1);
        // From memory now: Redis is not asked.
        let asked = there.counted(&[("tier", "redis")]).await;
        assert_eq!(there.image(&code.id, query).await.body, made.body);
        assert_eq!(there.counted(&[("tier", "redis")]).await, asked);
        if query.contains("svg") {
            stored_deflated(redis, &of_code, made.body.len()).await;
        }
    }
    assert_eq!(here.leads(&code.shared).await, TARGET);
    kept(redis, ":slug:{slug-").await;
    let hits = there.redis_hits("slug").await;
    assert_eq!(there.leads(&code.shared).await, TARGET);
    assert_eq!(there.redis_hits("slug").await, hits + 1);
}

async fn kept_of(redis: &Deployed, part: &str) -> usize {
    let keys = redis.keys().await;
    keys.iter().filter(|k| k.contains(part)).count()
}

/// One of these keys has a body that is marked as deflated, and is much shorter than the picture.
async fn stored_deflated(redis: &Deployed, part: &str, length: usize) {
    let mut found = Vec::new();
    for key in kept(redis, part).await {
        let flags = redis.ask(&["GETRANGE", &key, "20", "20"]).await;
        let stored = redis.ask(&["STRLEN", &key]).await;
        let stored: usize = stored.trim().parse().unwrap();
        found.push((flags.starts_with('\u{1}'), stored));
    }
    let is_short = |(is, stored): &(bool, usize)| *is && *stored < length / 2;
    assert!(found.iter().any(is_short), "{length}: {found:?}");
}

async fn what_changed_is_nobodys(here: &Node, there: &Node) {
    let mut slowest = Duration::ZERO;
    for round in 0..5 {
        // In the memory of both.
        let code = here.dynamic().await;
        for node in [here, there] {
            assert_eq!(node.leads(&code.shared).await, TARGET);
            node.image(&code.id, "image_format=svg").await;
        }
        let target = format!("https://example.org/{round}");
        here.retarget(&code.id, &target).await;
        assert_eq!(here.leads(&code.shared).await, target, "at once");
        let took = until(async || there.leads(&code.shared).await == target).await;
        let code_path = format!("/api/v1/qr/{}", code.id);
        here.delete(&code_path).await.expect(204);
        let path = super::node::image(&code.id, "image_format=svg");
        assert_eq!(here.get(&path).await.status, 404, "at once");
        let gone = async || {
            there.get(&path).await.status == 404 && there.get(&code.shared).await.status == 404
        };
        slowest = slowest.max(took).max(until(gone).await);
    }
    println!("the other node knew after {slowest:?} at most");
    assert!(slowest <= WITHIN, "{slowest:?}");
}

/// How long it took.
async fn until(is: impl AsyncFn() -> bool) -> Duration {
    let start = Instant::now();
    eventually(10, async || is().await.then_some(()).ok_or(String::new())).await;
    start.elapsed()
}

async fn what_was_made_outlives_the_process(node: &mut Node) {
    let id = node.text("before the restart").await;
    let made = node.image(&id, "image_format=svg&size=9").await;
    let code = node.dynamic().await;
    node.leads(&code.shared).await;
    node.server.stop().await;
    node.server.start().await;
    node.in_use().await;
    let fetched = node.image(&id, "image_format=svg&size=9").await;
    assert_eq!(fetched.body, made.body);
    assert_eq!(fetched.header("etag"), made.header("etag"));
    assert_eq!(node.leads(&code.shared).await, TARGET);
    assert_eq!(node.redis_hits("render_legacy").await, 1);
    // The start may have asked for it as well, and for others.
    assert!(node.redis_hits("slug").await >= 1);
}
