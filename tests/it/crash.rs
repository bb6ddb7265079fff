//! `kill -9` under load: no scan whose redirect was received is missing, none is there twice.
//! `KILL_ROUNDS=200 scripts/test integration -- crash` for a long run. And writes that fail: `scripts/fault_campaign`.

use crate::support::{
    Client, Database, Server, Setup, codes::create_dynamic, command::text, load::Load, on_both,
    rows::assert_nothing_lost,
};

/// The script's exit code where neither strace nor a mount is allowed.
const NOT_RUN: i32 = 77;

/// Some of the rounds of the whole campaign, on SQLite: system calls that fail, and a full disk.
#[tokio::test]
async fn nothing_acknowledged_is_lost_when_writes_fail() {
    let server = Setup::on(Database::Sqlite).prepare();
    let output = server.script("fault_campaign", &["--quick"]);
    if output.status.code() == Some(NOT_RUN) {
        eprintln!("skipped: {}", text(&output));
        return;
    }
    assert!(output.status.success(), "{}", text(&output));
}

on_both!(killed_again_and_again);

async fn killed_again_and_again(mut server: Server) {
    let rounds =
        std::env::var("KILL_ROUNDS").map_or(8, |n| n.parse().expect("KILL_ROUNDS: a number"));
    let code = create_dynamic(&Client::admin(&server)).await;
    let load = Load::start(&server, &code.genuine, 6);
    for round in 0..rounds {
        // Not always at the same point of what goes on inside.
        load.progress(50 + 37 * (round % 7)).await;
        server.kill().await;
        server.start().await;
    }
    load.progress(50).await;
    let tally = load.stop().await;
    tally.assert_redirects();
    assert_nothing_lost(&server, &code.id, &tally).await;
}
