//! The operators' page in a real browser, beside a candidate that draws wrong pictures.

use std::{process::Command, time::Duration};

use serde_json::json;

use crate::support::{
    Client, Database, Setup,
    codes::{API, create_dynamic},
    eventually,
    process::PASSWORD,
    unleash::node,
};

const RENDER: &str = "/api/rollout/render";
/// The candidate only runs while a processor is free, and other tests run beside this one.
const SHADOW: u64 = 40;
const BROWSER: Duration = Duration::from_secs(120);

/// Draws until both arms have drawn something different.
async fn mismatch(admin: &Client) {
    let dial = json!({ "candidate_percent": 0, "shadow_percent": 100 });
    admin.put(RENDER, &dial).await.expect(200);
    let drill = json!({ "fault": "wrong", "percent": 100, "seconds": 300 });
    let rehearse = format!("{RENDER}/rehearse");
    admin.post(&rehearse, &drill).await.expect(200);
    let code = create_dynamic(admin).await;
    let drawn = std::sync::atomic::AtomicU32::new(0);
    eventually(SHADOW, async || {
        // What was drawn before is remembered, and not drawn again.
        let n = drawn.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let image = format!("{API}/{}/image?fill_color=%23{n:06x}", code.id);
        admin.get(&image).await.expect(200);
        let shadow = &admin.get(RENDER).await.expect(200).json()["shadow"];
        let examples = shadow["examples"].as_array().unwrap();
        (!examples.is_empty())
            .then_some(())
            .ok_or(shadow.to_string())
    })
    .await;
}

fn browser(url: String) -> Command {
    let mut script = node(include_str!("../node/rollout_page.mjs"));
    script
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("BASE_URL", url)
        .env("USER", "admin")
        .env("PASSWORD", PASSWORD)
        .env("EXPECT_MISMATCH", "1");
    script
}

#[tokio::test]
async fn an_operator_sees_turns_and_kills_in_a_browser() {
    let server = Setup::on(Database::Sqlite)
        .env("ROLLOUT_REHEARSALS", "true")
        .start()
        .await;
    mismatch(&Client::admin(&server)).await;
    let script = tokio::process::Command::from(browser(server.url()))
        .kill_on_drop(true)
        .output();
    let said = tokio::time::timeout(BROWSER, script).await;
    let said = said.expect("the browser did not come to an end").unwrap();
    let out = String::from_utf8_lossy(&said.stdout);
    let err = String::from_utf8_lossy(&said.stderr);
    assert!(said.status.success(), "{out}\n{err}");
}
