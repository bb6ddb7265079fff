//! How often somebody may ask, and that this harms nobody else.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;
use tokio::task::JoinSet;

use super::{key, user};
use crate::support::{
    Answer, Client, Database, Server, Setup,
    client::{Auth, send},
    codes::{API, create_dynamic},
    eventually,
    metrics::Scrape,
    process::PASSWORD,
    redis::{RedisServer, RedisSetup},
};

/// With the limits that an installation has, behind a proxy on this machine.
async fn limited() -> Server {
    let names = ["SIGN_IN", "API", "RENDER", "MISSES", "LINKS"];
    let setup = Setup::on(Database::Sqlite).env("TRUSTED_PROXIES", "127.0.0.1");
    let setup = names
        .iter()
        .fold(setup, |s, name| s.without(&format!("LIMIT_{name}")));
    setup.start().await
}

async fn from(client: &Client, address: &str, method: Method, path: &str) -> Answer {
    let request = client.request(method, path);
    send(request.header("x-forwarded-for", address)).await
}

/// The wait that a 429 tells, in seconds.
#[track_caller]
fn retry_after(answer: &Answer) -> u64 {
    answer.problem(429);
    let seconds = answer.header("retry-after").parse().unwrap();
    assert!(seconds >= 1);
    seconds
}

/// `SWEEP=100000` for all that must be shown.
#[tokio::test]
async fn a_sweep_of_slugs_is_refused_and_readers_of_real_codes_are_not() {
    let slugs: u32 = std::env::var("SWEEP").map_or(3000, |n| n.parse().unwrap());
    let server = limited().await;
    let code = create_dynamic(&Client::admin(&server)).await;
    let anonymous = Client::anonymous(&server);
    let (start, mut unknown, mut refused) = (Instant::now(), 0, 0);
    for n in 0..slugs {
        let answer = from(&anonymous, "192.0.2.7", Method::GET, &format!("/r/{n:08x}")).await;
        match answer.status {
            404 => unknown += 1,
            429 => {
                retry_after(&answer);
                refused += 1;
            }
            other => panic!("{other}"),
        }
        if n % 100 == 0 {
            // The same class room.
            from(&anonymous, "192.0.2.7", Method::GET, &code.genuine)
                .await
                .expect(302);
        }
    }
    let seconds = u32::try_from(start.elapsed().as_secs()).unwrap() + 1;
    assert!(
        (60..=60 + seconds).contains(&unknown),
        "{unknown} unknown, {refused} refused"
    );
    from(&anonymous, "192.0.2.8", Method::GET, "/r/00000000")
        .await
        .problem(404);
    let scrape = Scrape::of(&Client::admin(&server)).await;
    let limited = scrape.sum("qr_rate_limited_total", &[("limit", "miss")]);
    let limited = limited.unwrap();
    assert!((limited - f64::from(refused)).abs() < 0.5, "{limited}");
}

#[tokio::test]
async fn rendering_and_keys_have_quotas_that_answers_tell() {
    let server = limited().await;
    let anonymous = Client::anonymous(&server);
    let preview = "/api/v2/qr/preview?data=a";
    let first = from(&anonymous, "192.0.2.7", Method::GET, preview)
        .await
        .expect(200);
    assert_eq!(first.header("ratelimit-policy"), "\"render\";q=60;w=60");
    assert_eq!(first.header("ratelimit"), "\"render\";r=29;t=1");
    let mut statuses = Vec::new();
    for _ in 0..60 {
        statuses.push(
            from(&anonymous, "192.0.2.7", Method::GET, preview)
                .await
                .status,
        );
    }
    assert!(
        statuses.iter().filter(|s| **s == 429).count() > 10,
        "{statuses:?}"
    );
    from(&anonymous, "192.0.2.9", Method::GET, preview)
        .await
        .expect(200);

    let admin = Client::signed_in(&server, "admin", PASSWORD).await;
    let (text, _) = key(&admin, &["codes:read"]).await;
    let reader = Client::with(&server, Auth::Bearer(text));
    let answer = reader.get(API).await.expect(200);
    assert_eq!(answer.header("ratelimit-policy"), "\"api\";q=600;w=60");
    let mut asked = 1;
    let refused = loop {
        let answer = reader.get(API).await;
        asked += 1;
        if answer.status == 429 {
            break answer;
        }
        assert!(asked < 2000, "no limit");
    };
    assert!(asked >= 600, "{asked}");
    tokio::time::sleep(Duration::from_secs(retry_after(&refused))).await;
    reader.get(API).await.expect(200);
    admin.get(API).await.expect(200);
}

#[tokio::test]
async fn wrong_passwords_of_a_neighbour_keep_no_key_and_no_session_out() {
    let server = limited().await;
    let admin = Client::signed_in(&server, "admin", PASSWORD).await;
    let (text, _) = key(&admin, &["codes:read"]).await;
    let invited = json!({ "role": "member" });
    let path = format!("/api/organizations/{}/invitations", super::INSTALLATION);
    let invited = admin.post(&path, &invited).await.expect(201).json();
    let link = format!("/api/invitations/{}", invited["token"].as_str().unwrap());
    let anonymous = Client::anonymous(&server);
    let guess = json!({ "username": "admin", "password": "wrong-but-long-enough" });
    // Also by way of an invitation, which checks passwords, too.
    let mut statuses = Vec::new();
    for n in 0..14 {
        let path = if n % 2 == 0 { "/api/session" } else { &link };
        statuses.push(anonymous.post(path, &guess).await.status);
    }
    assert_eq!(
        statuses.iter().filter(|s| **s == 401).count(),
        10,
        "{statuses:?}"
    );
    assert_eq!(statuses[13], 429);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let reader = Client::with(&server, Auth::Bearer(text));
    reader.get(API).await.expect(200);
    admin.get(API).await.expect(200);
    admin.delete("/api/session").await.expect(204);
}

#[tokio::test]
async fn no_header_makes_another_client_of_one() {
    // Nobody is trusted: what the header says does not count.
    let setup = Setup::on(Database::Sqlite).without("LIMIT_SIGN_IN");
    let server = setup.start().await;
    let attempt = async |server: &Server, name: &str, value: &str| {
        let body = json!({ "username": "admin", "password": "wrong" });
        let request = Client::anonymous(server).request(Method::POST, "/api/session");
        send(request.header(name, value).json(&body)).await.status
    };
    let mut statuses = Vec::new();
    for n in 0..14 {
        statuses.push(attempt(&server, "x-forwarded-for", &format!("198.51.100.{n}:80")).await);
    }
    assert_eq!(
        statuses.iter().filter(|s| **s == 401).count(),
        10,
        "{statuses:?}"
    );
    assert_eq!(statuses[13], 429);
    // A trusted proxy names the client, in every spelling; what the client sent before it does not count.
    let server = limited().await;
    let mut statuses = Vec::new();
    for value in [
        "203.0.113.9",
        "203.0.113.9:4711",
        "\"203.0.113.9\"",
        "1.1.1.1, 203.0.113.9",
        "garbage, 203.0.113.9:1",
        "::ffff:203.0.113.9",
        "[::ffff:203.0.113.9]:80",
        "2.2.2.2,203.0.113.9",
        " 203.0.113.9 ",
        "x, y, 203.0.113.9",
        "3.3.3.3, 203.0.113.9",
        "203.0.113.9:9",
    ] {
        statuses.push(attempt(&server, "x-forwarded-for", value).await);
    }
    assert_eq!(statuses[..10], [401; 10]);
    assert_eq!(statuses[10..], [429; 2]);
    // IPv6: whoever has a /64 is one client.
    let mut refused = 0;
    for n in 0..20 {
        refused += u32::from(
            attempt(
                &server,
                "forwarded",
                &format!("for=\"[2001:db8:7:7::{n:x}]:443\""),
            )
            .await
                == 429,
        );
    }
    assert_eq!(refused, 10);
}

/// `STUFFING=10000` for all that must be shown.
#[tokio::test]
async fn credential_stuffing_keeps_nobody_from_signing_in() {
    let attempts: usize = std::env::var("STUFFING").map_or(1500, |n| n.parse().unwrap());
    let server = limited().await;
    let password = user(&server, "ada", "member");
    let client = Client::anonymous(&server);
    let mut attack = JoinSet::new();
    for lane in 0..20 {
        let client = client.clone();
        attack.spawn(async move {
            let (mut wrong, mut refused) = (0, 0);
            for n in 0..attempts / 20 {
                let address = format!("198.51.100.{}", (n * 20 + lane) % 100);
                let body = json!({ "username": format!("user-{lane}-{n}"), "password": format!("guess{n}") });
                let request = client.request(Method::POST, "/api/session");
                match send(request.header("x-forwarded-for", address).json(&body)).await.status {
                    401 => wrong += 1,
                    429 => refused += 1,
                    other => panic!("{other}"),
                }
            }
            (wrong, refused)
        });
    }
    let mut times = Vec::new();
    while times.len() < 40 {
        let start = Instant::now();
        let body = json!({ "username": "ada", "password": password });
        let request = client.request(Method::POST, "/api/session");
        send(request.header("x-forwarded-for", "203.0.113.1").json(&body))
            .await
            .expect(200);
        times.push(start.elapsed());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let results = attack.join_all().await;
    let (wrong, refused) = results.iter().fold((0, 0), |(a, b), (c, d)| (a + c, b + d));
    times.sort_unstable();
    let (median, worst) = (times[times.len() / 2], times[times.len() - 1]);
    eprintln!("{wrong} wrong, {refused} refused; sign-ins took {median:?}, at most {worst:?}");
    assert!(wrong <= 100 * 10 + 40, "ten for each address: {wrong}");
    assert!(worst < Duration::from_secs(5), "{worst:?}");
}

#[tokio::test]
async fn two_nodes_count_together_and_each_by_itself_when_redis_dies() {
    let mut redis = RedisServer::start(RedisSetup::default()).await;
    let base = "http://qr.example.com";
    let setup = || {
        let setup = Setup::on(Database::Postgres).env("BASE_URL", base);
        setup.env("REDIS_URL", redis.url()).env("LIMIT_API", "60")
    };
    let one = setup().start().await;
    let other = setup()
        .env("DATABASE_URL", one.database_url())
        .start()
        .await;
    let made = one.run_json(&["keys", "create", "--name", "shared", "--json"]);
    let key = Auth::Bearer(made["key"].as_str().unwrap().to_owned());
    let clients = [&one, &other].map(|node| Client::with(node, key.clone()));
    // Half of the quota on each of them, and soon neither lets anything through.
    for _ in 0..40 {
        for client in &clients {
            client.get(API).await;
        }
    }
    eventually(5, async || {
        let statuses = [
            clients[0].get(API).await.status,
            clients[1].get(API).await.status,
        ];
        if statuses == [429; 2] {
            Ok(())
        } else {
            Err(format!("{statuses:?}"))
        }
    })
    .await;
    redis.kill();
    // Each goes on by itself, and refuses what is too much for it alone.
    eventually(20, async || match clients[0].get(API).await.status {
        200 => Ok(()),
        other => Err(other.to_string()),
    })
    .await;
    let mut statuses = Vec::new();
    for _ in 0..80 {
        statuses.push(clients[0].get(API).await.status);
    }
    assert!(statuses.contains(&429), "it failed open: {statuses:?}");
}
