//! The operators' page in a real browser, beside a candidate that draws wrong pictures.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::support::{
    Client, Database, Setup,
    codes::{API, create_dynamic},
    process::PASSWORD,
    unleash::node,
};

const RENDER: &str = "/api/rollout/render";
/// Shadows only run while a processor is free, and other work may leave none.
const SHADOW: Duration = Duration::from_secs(30);
const BROWSER: Duration = Duration::from_mins(2);

/// Draws until both arms have drawn something different. `false` if the machine was too busy for that all the time.
async fn mismatch(admin: &Client) -> bool {
    let dial = json!({ "candidate_percent": 0, "shadow_percent": 100 });
    admin.put(RENDER, &dial).await.expect(200);
    let drill = json!({ "fault": "wrong", "percent": 100, "seconds": 300 });
    let rehearse = format!("{RENDER}/rehearse");
    admin.post(&rehearse, &drill).await.expect(200);
    let code = create_dynamic(admin).await;
    let end = Instant::now() + SHADOW;
    for n in 0.. {
        // What was drawn before is remembered, and not drawn again.
        let image = format!("{API}/{}/image?fill_color=%23{n:06x}", code.id);
        admin.get(&image).await.expect(200);
        let shadow = &admin.get(RENDER).await.expect(200).json()["shadow"];
        if !shadow["examples"].as_array().unwrap().is_empty() {
            return true;
        }
        if Instant::now() > end {
            let shed = shadow["shed"].as_u64();
            assert_eq!(
                shed,
                Some(n + 1),
                "a shadow ran and found nothing: {shadow}"
            );
            break;
        }
    }
    false
}

fn browser(url: String, mismatch: bool) -> Command {
    let mut script = node(include_str!("../node/rollout_page.mjs"));
    script
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("BASE_URL", url)
        .env("USER", "admin")
        .env("PASSWORD", PASSWORD)
        .env("EXPECT_MISMATCH", if mismatch { "1" } else { "0" });
    script
}

#[tokio::test]
async fn an_operator_sees_turns_and_kills_in_a_browser() {
    let server = Setup::on(Database::Sqlite)
        .env("ROLLOUT_REHEARSALS", "true")
        .start()
        .await;
    let mismatch = mismatch(&Client::admin(&server)).await;
    if !mismatch {
        eprintln!("no processor was free for a shadow: the page is tested without a mismatch");
    }
    let script = tokio::process::Command::from(browser(server.url(), mismatch))
        .kill_on_drop(true)
        .output();
    let said = tokio::time::timeout(BROWSER, script).await;
    let said = said.expect("the browser did not come to an end").unwrap();
    let out = String::from_utf8_lossy(&said.stdout);
    let err = String::from_utf8_lossy(&said.stderr);
    assert!(said.status.success(), "{out}\n{err}");
}
