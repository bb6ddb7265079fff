//! The smoke test: passes where all is well, ends at the step that is not, and leaves nothing behind.

use std::{
    fs,
    os::unix::fs::symlink,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{SMOKE, dials, ended, executable, liar, release, script, text};
use crate::support::{
    Client, Database, Server, Setup,
    codes::{create_dynamic, total},
    command::Says as _,
    eventually, on_both,
    postgres::{OwnPostgres, signal},
    process::{PASSWORD, free_port},
    proxy::answering,
};

on_both!(it_passes_on_either_arm_and_leaves_nothing);

/// In their order.
const STEPS: &str = "reach ready health credentials create refusal images etag redirect counted update analytics rollout \
    gone metrics";

fn smoke(url: &str) -> Command {
    script(SMOKE, url, PASSWORD)
}

/// With waits that are too short for anybody but a product without neighbours.
fn hasty(url: &str) -> Command {
    let mut command = smoke(url);
    command.args(["--wait", "2", "--wait-target", "2", "--timeout", "4"]);
    command
}

async fn it_passes_on_either_arm_and_leaves_nothing(server: Server) {
    let client = Client::admin(&server);
    create_dynamic(&client).await;
    for (percent, side) in [(0, "control"), (100, "candidate")] {
        dials(&client, percent).await;
        let output = smoke(&server.url()).arg("--json").output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", text(&output));
        let lines: Vec<Value> = String::from_utf8_lossy(&output.stdout)
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let passed: Vec<&str> = lines
            .iter()
            .filter(|l| l["status"] == "ok" && l["step"] != "end")
            .map(|l| l["step"].as_str().unwrap())
            .collect();
        assert_eq!(passed.join(" "), STEPS, "{lines:?}");
        let of = |step: &str| {
            let line = lines.iter().find(|l| l["step"] == step).unwrap();
            line["detail"].as_str().unwrap().to_owned()
        };
        let read = "png svg jpeg jpg webp: both symbols read";
        assert_eq!(of("images"), read, "{lines:?}");
        for name in super::EXPERIMENTS {
            of("rollout").says(&format!("{name} {percent} %"));
        }
        assert_eq!(of("rollout").matches(&format!(" {side}")).count(), 3);
        // What was there before is there still, and nothing else.
        assert_eq!(total(&client).await, 1);
    }
}

/// The lie, the exit code, and words of the output.
const LIES: [(&str, i32, &str); 20] = [
    ("not ready", 4, "FAILED   ready|503"),
    ("unhealthy", 4, "FAILED   health|disk: fail: 3 MiB free"),
    ("garbage", 5, "FAILED   credentials|[1, 2"),
    ("open", 5, "FAILED   credentials|without credentials 401"),
    ("takes nonsense", 6, "FAILED   refusal|201"),
    ("torn image", 7, "FAILED   images|a webp of the static code"),
    (
        "no image",
        7,
        "FAILED   images|image_format=svg|500|a defect",
    ),
    ("other text", 7, "FAILED   images|another text"),
    ("never 304", 7, "FAILED   etag|304"),
    ("hangs", 7, "FAILED   images|did not answer within 4 s"),
    ("may be stored", 8, "FAILED   redirect|no-store"),
    ("elsewhere", 8, "FAILED   redirect|https://example.org/"),
    ("not counted", 8, "FAILED   counted|scan_count 0"),
    ("counts HEAD", 8, "FAILED   counted|scan_count 3"),
    ("stale", 8, "FAILED   update|within 2 s"),
    ("no logs", 9, "FAILED   analytics|scan-logs"),
    ("other shape", 9, "FAILED   analytics|documented shape"),
    ("counters stand", 10, "FAILED   metrics|qr_redirects_total"),
    ("candidate answers", 11, "FAILED   rollout|share is 0 %"),
    ("undead", 6, "FAILED   gone|404 for a code that was deleted"),
];

async fn are_found_and_nothing_is_left(lies: &[(&str, i32, &str)]) {
    let server = Setup::on(Database::Sqlite).start().await;
    let client = Client::admin(&server);
    for (lie, code, words) in lies {
        let liar = liar(server.port, lie);
        let said = ended(&mut hasty(&liar.url), *code);
        said.says(words);
        if *lie != "undead" {
            assert_eq!(total(&client).await, 0, "{lie}: {said}");
        }
    }
}

#[tokio::test]
async fn lies_about_health_codes_and_images_are_found_by_their_steps() {
    are_found_and_nothing_is_left(&LIES[..10]).await;
}

#[tokio::test]
async fn lies_about_redirects_scans_and_rollouts_are_found_by_their_steps() {
    are_found_and_nothing_is_left(&LIES[10..]).await;
}

#[tokio::test]
async fn an_open_breaker_fails_and_a_killed_experiment_is_told() {
    let server = Setup::on(Database::Sqlite).start().await;
    let client = Client::admin(&server);
    let open = json!({ "breaker": "open" });
    client.put("/api/rollout/render", &open).await.expect(200);
    ended(&mut hasty(&server.url()), 11).says("FAILED   rollout|render: open|forced");
    // The breaker of what is killed says nothing about what callers get.
    let kill = json!({ "reason": "on game day" });
    let path = "/api/rollout/render/kill";
    client.post(path, &kill).await.expect(200);
    ended(&mut hasty(&server.url()), 0).says("render is killed: on game day (admin");
    assert_eq!(total(&client).await, 0);
    release(&client).await;
}

#[tokio::test]
async fn who_is_not_let_in_is_told_why() {
    let server = Setup::on(Database::Sqlite).start().await;
    ended(&mut script(SMOKE, &server.url(), "wrong"), 5)
        .says("FAILED   credentials|401|user admin is not known");
    // A file's first line, and a key.
    let file = server.path("password");
    fs::write(&file, format!("{PASSWORD}\n")).unwrap();
    let mut command = script(SMOKE, &server.url(), "wrong");
    ended(command.arg("--password-file").arg(&file), 0).says("user admin may look");
    let key = server.run_json(&["keys", "create", "--name", "smoke", "--json"]);
    let key = key["key"].as_str().unwrap_or_else(|| panic!("{key}"));
    let mut command = script(SMOKE, &server.url(), "");
    ended(command.env("QR_API_KEY", key), 0).says("an API key may look");
}

#[test]
fn who_is_not_there_or_somebody_else_is_told_within_seconds() {
    let closed = format!("http://127.0.0.1:{}", free_port());
    let page: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n<h1>It works!</h1>";
    let other: &[u8] =
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{\"status\":\"ok\"}";
    let torn = b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{";
    let not_it = "it is not qr-observatory";
    let silent = "took the connection and did not answer within 2 s";
    for (url, words) in [
        (closed, "nothing listens on"),
        ("http://nowhere.invalid".into(), "nowhere.invalid"),
        (answering(b""), silent),
        (answering(page), &format!("It works!|{not_it}")),
        (answering(other), &format!("/openapi.json|{not_it}")),
        (
            answering(b"SSH-2.0-OpenSSH_9.2\r\n"),
            "does not speak HTTP: SSH-2.0",
        ),
        (answering(torn), "in the middle of an answer"),
    ] {
        let start = Instant::now();
        let said = ended(smoke(&url).args(["--timeout", "2"]), 3);
        said.says("FAILED   reach|FAILED at reach");
        said.says(words);
        assert!(start.elapsed() < Duration::from_secs(20), "{url}: {said}");
    }
}

#[test]
fn what_is_not_understood_is_refused_and_help_names_the_exit_codes() {
    let wrong = "--frobnicate|--timeout 0|--timeout never|--older 3|--target nowhere|--password-file /nowhere|\
        --metrics-url ftp://127.0.0.1";
    for arguments in wrong.split('|') {
        let said = ended(smoke("http://127.0.0.1:1").args(arguments.split(' ')), 2);
        assert_eq!(said.lines().count(), 1, "{said}");
    }
    ended(&mut smoke("http://admin:secret@127.0.0.1"), 2);
    ended(&mut script(SMOKE, "http://127.0.0.1:1", ""), 2).says("credentials are needed");
    let help = ended(smoke("http://127.0.0.1:1").arg("--help"), 0);
    help.says("--dry-run|--sweep|13   no decoder");
}

#[test]
fn a_dry_run_asks_nobody() {
    let nobody = format!("http://127.0.0.1:{}", free_port());
    let said = ended(smoke(&nobody).arg("--dry-run"), 0);
    for step in STEPS.split(' ') {
        said.says(&format!("planned  {step}"));
    }
}

#[tokio::test]
async fn a_database_that_says_nothing_fails_health() {
    let own = OwnPostgres::start();
    let server = Setup::on(Database::Sqlite).env("DATABASE_URL", &own.url);
    let server = server.start().await;
    own.freeze();
    let start = Instant::now();
    let said = ended(&mut smoke(&server.url()), 4);
    let took = start.elapsed();
    own.thaw();
    said.says("FAILED   health|database: fail|503");
    assert!(took < Duration::from_secs(20), "{took:?}: {said}");
}

/// Stopped while it waits for an image, it deletes what it made; killed, the next one says so, and `--sweep` does it.
#[tokio::test]
async fn stopped_halfway_it_cleans_up_and_killed_it_is_swept_up_after() {
    let server = Setup::on(Database::Sqlite).start().await;
    let client = Client::admin(&server);
    create_dynamic(&client).await;
    let liar = liar(server.port, "hangs");
    for (name, code, left) in [("TERM", Some(130), 1), ("KILL", None, 3)] {
        let mut command = smoke(&liar.url);
        let mut child = command
            .args(["--timeout", "60", "--quiet"])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        eventually(20, async || {
            let now = total(&client).await;
            (now == 3).then_some(()).ok_or(format!("{now} codes"))
        })
        .await;
        let line = fs::read(format!("/proc/{}/cmdline", child.id())).unwrap();
        let line = String::from_utf8_lossy(&line);
        assert!(
            line.contains("smoke.py") && !line.contains(PASSWORD),
            "{line}"
        );
        signal(name, &[child.id()]);
        let status = child.wait().unwrap();
        assert_eq!(status.code(), code, "{name}");
        assert_eq!(total(&client).await, left, "{name}");
    }
    ended(&mut smoke(&server.url()), 0).says("2 codes of other runs are there");
    ended(smoke(&server.url()).arg("--sweep"), 0).says("0 codes deleted; 2 younger than 5 min");
    ended(smoke(&server.url()).args(["--sweep", "--older", "0"]), 0).says("2 codes deleted");
    assert_eq!(total(&client).await, 1);
}

#[tokio::test]
async fn what_cannot_be_deleted_is_named() {
    let mut server = Setup::on(Database::Sqlite).start().await;
    let client = Client::admin(&server);
    let liar = liar(server.port, "hangs");
    let mut command = smoke(&liar.url);
    let child = command
        .args(["--timeout", "3"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    eventually(20, async || {
        let now = total(&client).await;
        (now == 2).then_some(()).ok_or(format!("{now} codes"))
    })
    .await;
    server.kill().await;
    let output = child.wait_with_output().unwrap();
    // At an image, or just before.
    let code = output.status.code();
    assert!(matches!(code, Some(6 | 7)), "{code:?}: {}", text(&output));
    text(&output).says("FAILED   clean up|--sweep");
}

#[tokio::test]
async fn without_decoders_it_says_so() {
    let server = Setup::on(Database::Sqlite).start().await;
    let bare = server.path("bare");
    fs::create_dir(&bare).unwrap();
    // Not what only chooses a Python: that needs more of the PATH.
    let find =
        "import shutil, sys; print(sys.executable, *map(shutil.which, sys.argv[1:]), sep='\\n')";
    let found = Command::new("python3")
        .args(["-c", find, "bash", "dirname", "realpath"])
        .output();
    let found = String::from_utf8(found.unwrap().stdout).unwrap();
    for (tool, path) in ["python3", "bash", "dirname", "realpath"]
        .iter()
        .zip(found.lines())
    {
        symlink(path, bare.join(tool)).unwrap();
    }
    let blind = || {
        let mut command = Command::new(bare.join("bash"));
        command
            .arg(super::script_path(SMOKE))
            .args(["--url", &server.url()])
            .env_clear()
            .env("PATH", &bare)
            .env("QR_PASSWORD", PASSWORD);
        command
    };
    ended(&mut blind(), 0).says("not decoded|zbarimg is missing");
    ended(blind().arg("--require-decoders"), 13).says("zbarimg (Debian: zbar-tools)|rsvg-convert");
    // One that reads something else is not believed either.
    executable(&bare.join("zbarimg"), "#!/bin/sh\necho something else\n");
    ended(&mut blind(), 7).says("FAILED   images|something else");
}

#[tokio::test]
async fn metrics_that_are_not_shown_are_skipped_with_the_reason() {
    let hidden = Setup::on(Database::Sqlite).env("METRICS_TOKEN", "a-token");
    let server = hidden.start().await;
    ended(&mut smoke(&server.url()), 0).says("skipped  metrics|they ask for METRICS_TOKEN");
    let mut command = smoke(&server.url());
    ended(command.env("METRICS_TOKEN", "a-token"), 0).says("ok       metrics");
    // Where they were named, they are wanted.
    let url = format!("http://127.0.0.1:{}/metrics", free_port());
    let mut command = smoke(&server.url());
    ended(command.args(["--metrics-url", &url]), 10).says("FAILED   metrics");
    assert_eq!(total(&Client::admin(&server)).await, 0);
}
