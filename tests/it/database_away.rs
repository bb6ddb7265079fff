//! A database that is there and says nothing: people are sent on, nothing is lost, the backlog drains.
//! `DB_AWAY_SECS=600 scripts/test integration -- database_away` for a long one.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;

use crate::support::{
    Client, Database, Setup,
    client::send,
    codes::{API, TARGET, create_dynamic},
    load::{BROWSER, Load},
    postgres::OwnPostgres,
    rows::{assert_nothing_lost, drained},
};

#[tokio::test]
async fn remembered_redirects_do_not_notice() {
    let away =
        std::env::var("DB_AWAY_SECS").map_or(5, |n| n.parse().expect("DB_AWAY_SECS: a number"));
    let own = OwnPostgres::start();
    // Remembered for less long than the database is away: even a stale target is better than none.
    let server = Setup::on(Database::Sqlite)
        .env("DATABASE_URL", &own.url)
        .env("DATABASE_TIMEOUT_MS", "1000")
        .env("REDIRECT_CACHE_TTL_MS", "2000");
    let server = server.start().await;
    let admin = Client::admin(&server);
    let code = create_dynamic(&admin).await;
    let unseen = create_dynamic(&admin).await;
    let mut known = Vec::new();
    for _ in 0..20 {
        known.push(create_dynamic(&admin).await);
    }
    let rules = json!([{ "when": { "device": "ios" }, "target": "https://example.com/ios" }]);
    let plan = json!({ "target": TARGET, "rules": rules, "max_scans": 1000, "tags": ["plan"] });
    let planned = admin.post("/api/v2/codes", &plan).await.expect(201).json();
    let planned_id = planned["id"].as_str().unwrap();
    let planned = format!("/r/{}", planned["slug"].as_str().unwrap());
    let scan_planned = async || {
        let scan = admin.request(reqwest::Method::GET, &planned);
        let answer = send(scan.header("user-agent", BROWSER)).await.expect(302);
        assert_eq!(answer.header("location"), "https://example.com/ios");
    };
    scan_planned().await;
    let load = Load::start(&server, &code.genuine, 4);
    load.progress(100).await;
    let ask_all = async || {
        let asked = join_all(known.iter().map(|code| admin.get(&code.shared))).await;
        assert!(asked.iter().all(|answer| answer.status == 302));
    };
    ask_all().await;
    tokio::time::sleep(Duration::from_millis(2100)).await;
    // Each is asked for anew while others change: none of them may be forgotten for that.
    let change = async {
        for code in &known[..5] {
            let to = json!({ "redirect_url": "https://example.com/new" });
            admin
                .put(&format!("{API}/{}", code.id), &to)
                .await
                .expect(200);
        }
    };
    tokio::join!(ask_all(), change);
    ask_all().await;
    // The last word, and nobody has scanned since: what it says is known all the same.
    let last = json!({ "redirect_url": "https://example.com/last" });
    admin
        .put(&format!("{API}/{}", known[0].id), &last)
        .await
        .expect(200);
    tokio::time::sleep(Duration::from_secs(1)).await;

    own.freeze();
    let before = load.redirected();
    // What nobody has asked for cannot be known now, and that is said within the deadline.
    admin.get(&unseen.shared).await.problem(503);
    for (nth, code) in known.iter().enumerate() {
        let answer = admin.get(&code.shared).await.expect(302);
        let location = answer.header("location");
        let expected = match nth {
            0 => "https://example.com/last",
            1..5 => "https://example.com/new",
            _ => TARGET,
        };
        assert_eq!(location, expected);
    }
    // Nobody can say how often it was scanned: that keeps nobody from the target.
    scan_planned().await;
    // Not a wait for something: this is how long the fault lasts.
    tokio::time::sleep(Duration::from_secs(away)).await;
    load.progress(50).await;
    let meanwhile = load.redirected() - before;
    own.thaw();

    load.progress(50).await;
    let tally = load.stop().await;
    assert!(
        meanwhile >= 50,
        "only {meanwhile} redirects while the database was away"
    );
    tally.assert_redirects();
    assert_eq!((tally.refused, tally.unanswered), (0, 0));
    // Only the scans of the load are counted below.
    drained(&admin).await;
    for code in &known {
        admin
            .delete(&format!("{API}/{}", code.id))
            .await
            .expect(204);
    }
    let of_plan = format!("/api/v2/codes/{planned_id}");
    admin.delete(&of_plan).await.expect(204);
    assert_nothing_lost(&server, &code.id, &tally).await;
    assert_eq!(admin.get(&unseen.shared).await.status, 302);
}
