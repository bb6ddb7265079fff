//! The rollback: kills, sees that the candidate is out of it, puts binary and backup back, and says what to do where it
//! cannot.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    EXPERIMENTS, ROLLBACK, dials, ended, executable, experiment, liar, script, script_path, text,
};
use crate::support::{
    Client, Database, Server, Setup,
    codes::total,
    command::Says as _,
    on_both,
    postgres::{OwnPostgres, signal},
    process::{PASSWORD, free_port},
};

on_both!(every_experiment_is_killed_and_a_second_run_says_so);

const BINARY: &str = env!("CARGO_BIN_EXE_qr-observatory");

/// With its log in a folder that goes away.
fn rollback(url: &str, folder: &Path) -> Command {
    let mut command = script(ROLLBACK, url, PASSWORD);
    command.arg("--log").arg(folder.join("rollback.log"));
    command
}

fn of(server: &Server) -> Command {
    rollback(&server.url(), &server.path(""))
}

async fn killed(client: &Client) -> Vec<String> {
    let mut found = Vec::new();
    for name in EXPERIMENTS {
        if experiment(client, name).await["override"]["kind"] == "killed" {
            found.push(name.to_owned());
        }
    }
    found
}

async fn every_experiment_is_killed_and_a_second_run_says_so(server: Server) {
    let client = Client::admin(&server);
    dials(&client, 50).await;
    let mut command = of(&server);
    command.args(["--yes", "--since", "2026-01-31T03:00:00Z"]);
    let said = ended(command.args(["--reason", "game day"]), 0);
    for name in EXPERIMENTS {
        said.says(&format!("kill {name}"));
    }
    said.says("share|render 20 control|every step passed|min to recovery|rolled back");
    assert_eq!(killed(&client).await, EXPERIMENTS);
    assert_eq!(total(&client).await, 0);
    let log = client.get("/api/rollout/audit").await.json();
    assert_eq!(log["items"][0]["action"], "rollout.kill", "{log}");
    assert_eq!(log["items"][0]["reason"], "game day", "{log}");
    let written = fs::read_to_string(server.path("rollback.log")).unwrap();
    for line in written.lines() {
        let time = line.get(..24).unwrap_or_default();
        assert!(time.starts_with("20") && time.ends_with('Z'), "{line}");
    }
    // There is nothing left to agree to, and nothing is written to the audit log.
    ended(&mut of(&server), 0).says("already rolled back|was rolled back already");
    let items = |log: &Value| log["items"].as_array().unwrap().len();
    let again = client.get("/api/rollout/audit").await.json();
    assert_eq!(items(&again), items(&log), "{again}");
}

#[tokio::test]
async fn one_experiment_is_killed_and_the_others_stay() {
    let server = Setup::on(Database::Sqlite).start().await;
    let client = Client::admin(&server);
    dials(&client, 100).await;
    let render = ["--yes", "--no-smoke", "--experiment", "render"];
    ended(of(&server).args(render), 0);
    assert_eq!(killed(&client).await, ["render"]);
    let mut command = of(&server);
    ended(command.args(["--yes", "--experiment", "fender"]), 2).says("fender|render");
}

#[tokio::test]
async fn nothing_is_changed_by_looking_or_without_a_yes() {
    let server = Setup::on(Database::Sqlite).start().await;
    let client = Client::admin(&server);
    dials(&client, 50).await;
    ended(of(&server).arg("--dry-run"), 0)
        .says("would    kill analytics, render, validate|dial 50 %");
    ended(&mut of(&server), 2).says("--yes");
    assert_eq!(killed(&client).await, [""; 0]);
    let log = client.get("/api/rollout/audit").await.json();
    assert!(!log.to_string().contains("rollout.kill"), "{log}");
    assert_eq!(total(&client).await, 0);
}

#[tokio::test]
async fn without_a_server_it_is_done_on_the_database() {
    let mut server = Setup::on(Database::Sqlite).start().await;
    let client = Client::admin(&server);
    dials(&client, 50).await;
    server.stop().await;
    let folder = server.path("");
    let mut command = of(&server);
    command.args(["--yes", "--program", BINARY, "--directory"]);
    ended(command.arg(&folder), 0).says("on the database|the database says: 0 %|skipped  smoke");
    server.start().await;
    assert_eq!(killed(&Client::admin(&server)).await, EXPERIMENTS);
    ended(&mut of(&server), 0).says("already rolled back|every step passed");
}

#[test]
fn where_neither_can_be_reached_it_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let nobody = format!("http://127.0.0.1:{}", free_port());
    let mut command = rollback(&nobody, folder.path());
    command.args(["--yes", "--program", BINARY, "--directory"]);
    ended(command.arg(folder.path()), 3).says(
        "FAILED   kill render|FAILED   kill validate|nothing listens on|by hand: |NOT rolled back",
    );
}

/// A kill needs no database to be in force where it is made.
#[tokio::test]
async fn while_the_database_is_away_a_kill_holds_on_this_node() {
    let own = OwnPostgres::start();
    let server = Setup::on(Database::Sqlite)
        .env("DATABASE_URL", &own.url)
        .env("DATABASE_TIMEOUT_MS", "1000");
    let server = server.start().await;
    let client = Client::admin(&server);
    dials(&client, 50).await;
    own.freeze();
    let mut command = of(&server);
    command.args(["--yes", "--no-smoke", "--program", BINARY]);
    let command = command.env("DATABASE_URL", &own.url);
    let command = command.env("DATABASE_TIMEOUT_MS", "1000");
    let output = command.output().unwrap();
    own.thaw();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    text(&output).says("in force on this node, and not written down|the server says: 0 %");
    assert_eq!(killed(&client).await, EXPERIMENTS);
}

#[tokio::test]
async fn a_candidate_that_still_answers_is_seen() {
    let server = Setup::on(Database::Sqlite).start().await;
    let client = Client::admin(&server);
    let liar = liar(server.port, "candidate answers");
    let mut command = rollback(&liar.url, &server.path(""));
    ended(command.args(["--yes", "--settle", "2"]), 4)
        .says("FAILED   observed|20 answers of the candidate of render|by hand: ");
    assert_eq!(total(&client).await, 0);
}

#[tokio::test]
async fn a_smoke_test_that_fails_is_not_hidden() {
    let server = Setup::on(Database::Sqlite).start().await;
    let liar = liar(server.port, "may be stored");
    let mut command = rollback(&liar.url, &server.path(""));
    ended(command.arg("--yes"), 8).says("FAILED   redirect|FAILED   smoke|by hand: ");
    assert_eq!(killed(&Client::admin(&server)).await, EXPERIMENTS);
}

#[test]
fn what_does_not_fit_together_is_refused_before_anything_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let nobody = format!("http://127.0.0.1:{}", free_port());
    let file = folder.path().join("backup");
    fs::write(&file, "x").unwrap();
    let file = file.to_str().unwrap();
    for line in [
        "--binary PRODUCT",
        "--binary PRODUCT --previous-binary PRODUCT",
        "--binary PRODUCT --previous-binary /bin/true --restart-command true",
        "--binary PRODUCT --previous-binary /nowhere --restart-command true",
        "--backup FILE",
        "--backup FILE --restart-command true",
        "--backup /nowhere --stop-command true --start-command true",
        "--stop-command true",
        "--restart-command MISSING",
        "--since yesterday",
        "--since 2999-01-01T00:00:00Z",
        "--directory /nowhere",
        "--program /nowhere",
        "--frobnicate",
    ] {
        let arguments = line.split(' ').map(|word| match word {
            "PRODUCT" => BINARY,
            "FILE" => file,
            "MISSING" => "no-such-program now",
            word => word,
        });
        let mut command = rollback(&nobody, folder.path());
        let said = ended(command.arg("--yes").args(arguments), 2);
        assert_eq!(said.lines().count(), 1, "{line}: {said}");
    }
    let help = ended(rollback(&nobody, folder.path()).arg("--help"), 0);
    help.says("--previous-binary|8    rolled back, but the smoke test failed");
}

/// An installation with scripts to start and stop it, as systemd would; ended when dropped.
struct Installation {
    dir: TempDir,
    port: u16,
}

impl Installation {
    async fn start() -> Self {
        let (dir, port) = (tempfile::tempdir().unwrap(), free_port());
        let it = Self { dir, port };
        fs::copy(BINARY, it.path("product")).unwrap();
        let folder = it.dir.path().display();
        let settings = format!(
            "ADMIN_PASSWORD={PASSWORD} BIND=127.0.0.1:{port} BASE_URL=http://127.0.0.1:{port}"
        );
        for (name, does) in [
            (
                "with-settings",
                format!("exec env {settings} ./product \"$@\""),
            ),
            (
                "start",
                "./with-settings serve >>log 2>&1 </dev/null &\necho $! >pid".to_owned(),
            ),
            (
                "stop",
                "kill $(cat pid)\nwhile kill -0 $(cat pid) 2>/dev/null; do sleep 0.05; done"
                    .to_owned(),
            ),
            ("restart", "./stop\nexec ./start".to_owned()),
        ] {
            executable(&it.path(name), format!("#!/bin/sh\ncd {folder}\n{does}\n"));
        }
        // Another file that is the same product: what comes after the sections is not read.
        let previous = [&fs::read(BINARY).unwrap()[..], b"previous"].concat();
        executable(&it.path("previous"), previous);
        Command::new(it.path("start")).status().unwrap();
        it.ready().await;
        it
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn rollback(&self) -> Command {
        let mut command = rollback(&self.url(), self.dir.path());
        command.arg("--yes").current_dir(self.dir.path());
        command
    }

    async fn ready(&self) {
        let end = Instant::now() + Duration::from_secs(30);
        while reqwest::get(format!("{}/health/ready", self.url()))
            .await
            .is_err()
        {
            assert!(Instant::now() < end, "it did not become ready");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn turn(&self, method: reqwest::Method, path: &str, body: &Value) -> Value {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let request = http.request(method, format!("{}{path}", self.url()));
        let answer = request
            .basic_auth("admin", Some(PASSWORD))
            .json(body)
            .send();
        let answer = answer.await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.json().await.unwrap()
    }

    /// What was replaced.
    fn replaced(&self) -> Vec<PathBuf> {
        let files = fs::read_dir(self.dir.path()).unwrap();
        let files = files.map(|entry| entry.unwrap().path());
        files
            .filter(|file| file.to_string_lossy().contains("product.replaced-"))
            .collect()
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        if let Ok(pid) = fs::read_to_string(self.path("pid")) {
            signal("KILL", &[pid.trim().parse().unwrap()]);
        }
    }
}

fn same(one: &Path, other: &Path) -> bool {
    fs::read(one).unwrap() == fs::read(other).unwrap()
}

const RENDER: &str = "/api/rollout/render";

#[tokio::test]
async fn the_previous_binary_takes_its_place_and_the_replaced_one_is_kept() {
    qr_observatory::kernel::tls::install();
    let it = Installation::start().await;
    let dial = json!({ "candidate_percent": 50 });
    it.turn(reqwest::Method::PUT, RENDER, &dial).await;
    let swap = |restart: &str| {
        let mut command = it.rollback();
        command.args(["--binary", "product", "--previous-binary", "previous"]);
        command.args(["--ready-timeout", "20", "--restart-command", restart]);
        command
    };
    // A command that restarts nothing is not believed; the file was replaced nevertheless, and that is said.
    let mut idle = swap("true");
    ended(idle.args(["--ready-timeout", "1"]), 7).says(
        "FAILED   ready|the process of before still answers|to have it back: mv product.replaced-",
    );
    let replaced = it.replaced();
    assert_eq!(replaced.len(), 1, "{replaced:?}");
    assert!(same(&replaced[0], Path::new(BINARY)));
    fs::rename(&replaced[0], it.path("product")).unwrap();

    ended(&mut swap("./restart"), 0).says(
        "ok       binary|ok       restart|ok       ready|every step passed|rolled back; the log is",
    );
    assert!(same(&it.path("product"), &it.path("previous")));
    let replaced = it.replaced();
    assert_eq!(replaced.len(), 1, "{replaced:?}");
    assert!(same(&replaced[0], Path::new(BINARY)));
    // And once more: it is there already.
    ended(&mut swap("./restart"), 0).says("product is previous already|already rolled back");
    assert_eq!(it.replaced().len(), 1);
}

/// The dials in a backup are as old as it is: what is restored must not bring the candidate back.
#[tokio::test]
async fn a_restored_backup_stays_rolled_back() {
    qr_observatory::kernel::tls::install();
    let it = Installation::start().await;
    let dial = json!({ "candidate_percent": 50 });
    it.turn(reqwest::Method::PUT, RENDER, &dial).await;
    // The scripts without what restores, so that the product is asked for it; and a product that can.
    let scripts = it.path("scripts");
    fs::create_dir(&scripts).unwrap();
    let copied = Command::new("cp")
        .args(["-r", &script_path("operation"), &script_path(ROLLBACK)])
        .arg(&scripts)
        .status();
    assert!(copied.unwrap().success());
    let folder = it.dir.path().display();
    let data = format!("{folder}/data/qr-observatory.db");
    executable(
        &it.path("program"),
        format!(
            "#!/bin/sh\nif [ \"$1\" = restore ]; then\n  [ \"$3\" = --force ] && rm -f {data}-wal {data}-shm && \
             cp \"$2\" {data}; exit\nfi\nexec {folder}/with-settings \"$@\"\n"
        ),
    );
    // A copy of a stopped server's database.
    Command::new(it.path("stop")).status().unwrap();
    fs::copy(&data, it.path("backup.db")).unwrap();
    Command::new(it.path("start")).status().unwrap();
    it.ready().await;

    let with = |program: &str, stop: &str| {
        let mut command = Command::new(scripts.join(ROLLBACK));
        let words = "--yes --log rollback.log --backup backup.db --start-command ./start --ready-timeout 20";
        command
            .args(words.split(' '))
            .args([
                "--url",
                &it.url(),
                "--program",
                program,
                "--stop-command",
                stop,
            ])
            .env_clear()
            .env("PATH", std::env::var("PATH").unwrap())
            .env("QR_PASSWORD", PASSWORD)
            .current_dir(it.dir.path());
        command
    };
    // A server that does not stop is not restored under.
    let mut command = with("./program", "true");
    ended(command.args(["--ready-timeout", "1"]), 7).says("FAILED   stopped|nothing was restored");
    ended(&mut with("./program", "./stop"), 0)
        .says("ok       backup|ok       kill again|ok       start|every step passed");
    let now = it.turn(reqwest::Method::GET, RENDER, &json!(null)).await;
    assert_eq!(now["override"]["kind"], "killed", "{now}");
    assert_eq!(now["candidate_percent"], 50, "{now}");
    // A backup that is refused: the server is not started on what may be half of it, and that is said.
    executable(
        &it.path("refuses"),
        "#!/bin/sh\n[ \"$1\" = restore ] && echo it is damaged && exit 1\nexec ./program \"$@\"\n",
    );
    ended(&mut with("./refuses", "./stop"), 6)
        .says("FAILED   backup|it is damaged|by hand: the server is stopped|./start");
}
