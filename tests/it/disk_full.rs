//! A disk that takes nothing for a while: what was answered is there afterwards, also without a restart, and what could
//! not be written was refused. A limit on the size of files stands for the disk: it fails every write of the process,
//! also those within COMMIT, and needs no rights.

use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde_json::json;

use crate::support::{
    Client, Database, Server, Setup,
    codes::{self, create_dynamic},
    eventually,
    load::Load,
    rows::{assert_nothing_lost, drained},
};

fn limit_files(server: &Server, bytes: Option<u64>) {
    let limit = Rlimit {
        current: bytes,
        maximum: None,
    };
    let pid = Pid::from_raw(server.pid().cast_signed()).unwrap();
    prlimit(Some(pid), Resource::Fsize, limit).unwrap();
}

async fn health(client: &Client) -> String {
    let answer = client.get("/health").await;
    answer.json()["checks"]["database"]["status"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn sqlite_loses_nothing_that_it_acknowledged() {
    let setup = Setup::on(Database::Sqlite).env("SCAN_ACK_TIMEOUT_MS", "100");
    let mut server = setup.start().await;
    let admin = Client::admin(&server);
    let code = create_dynamic(&admin).await;
    let path = format!("{}/{}", codes::API, code.id);
    let dynamic = format!("{}/dynamic", codes::API);
    let target = json!({ "redirect_url": "https://example.com/" });
    let mut kept = vec![code.id.clone()];
    let load = Load::start(&server, &code.genuine, 2);
    load.progress(20).await;
    for round in 0..3 {
        limit_files(&server, Some(1));
        let title = json!({ "title": format!("full {round}") });
        for _ in 0..3 {
            admin.put(&path, &title).await.problem(503);
            admin.post(&dynamic, &target).await.problem(503);
            load.progress(5).await;
        }
        assert_eq!(health(&admin).await, "fail");

        limit_files(&server, None);
        eventually(20, async || match health(&admin).await {
            status if status == "pass" => Ok(()),
            status => Err(status),
        })
        .await;
        let title = format!("fits {round}");
        admin
            .put(&path, &json!({ "title": title }))
            .await
            .expect(200);
        kept.push(create_dynamic(&admin).await.id);
        load.progress(20).await;
        assert_eq!(codes::get(&admin, &code.id).await["title"], title);
    }
    let tally = load.stop().await;
    drained(&admin).await;
    server.kill().await;
    server.start().await;
    let admin = Client::admin(&server);
    for id in &kept {
        admin.get(&format!("{}/{id}", codes::API)).await.expect(200);
    }
    assert_nothing_lost(&server, &code.id, &tally).await;
}
