//! What survives a restart, what does not, and what `flags` and `verdict` say of it.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::{
    ALL, RENDER, VALIDATE, candidate, code, crowd::crowd, draw, look, order, path, refused, set,
};
use crate::support::{
    Client, Database, Server, Setup, command::Says as _, eventually, process::free_port,
};

/// What one test counted.
fn evidence(experiment: &Value, test: &str) -> Value {
    let all = experiment["evidence"].as_array().unwrap();
    all.iter().find(|e| e["test"] == test).unwrap().clone()
}

fn kept(server: &Server) -> PathBuf {
    server.path("data/rollout/validate.json")
}

fn set_aside(server: &Server, name: &str) -> usize {
    let files = std::fs::read_dir(server.path("data/rollout")).unwrap();
    let names = files.map(|f| f.unwrap().file_name().into_string().unwrap());
    let start = format!("{name}.corrupt-");
    names.filter(|n| n.starts_with(&start)).count()
}

/// Fifty runs of the validating candidate.
async fn learn(client: &Client) {
    candidate(client, VALIDATE, 100).await;
    for n in 0..50 {
        assert_eq!(path(&refused(client, n).await, "validate"), "candidate");
    }
}

#[tokio::test]
async fn evidence_survives_a_restart() {
    let mut server = Setup::on(Database::Sqlite)
        .env("ROLLOUT_DIR", "elsewhere")
        .start()
        .await;
    let client = Client::admin(&server);
    learn(&client).await;
    let before = look(&client, VALIDATE).await;
    let passes = evidence(&before, "errors_pass");
    assert!(passes["log"].as_f64() > Some(0.0), "{passes}");
    server.stop().await;
    server.start().await;
    let after = look(&client, VALIDATE).await;
    assert_eq!(after["evidence"], before["evidence"]);
    assert_eq!(after["override"], Value::Null);
    assert!(server.path("elsewhere/validate.json").exists());

    // A crash costs two seconds of it at most.
    for n in 50..60 {
        refused(&client, n).await;
    }
    let learned = evidence(&look(&client, VALIDATE).await, "errors_pass");
    tokio::time::sleep(std::time::Duration::from_millis(2500)).await;
    server.kill().await;
    server.start().await;
    let kept = evidence(&look(&client, VALIDATE).await, "errors_pass");
    assert_eq!(kept, learned);

    // A release is for those who have looked: it begins anew, also after a restart.
    order(&client, VALIDATE, "release", json!({})).await;
    let released = evidence(&look(&client, VALIDATE).await, "errors_pass");
    assert_eq!(released["log"], 0.0);
    server.stop().await;
    server.start().await;
    let kept = evidence(&look(&client, VALIDATE).await, "errors_pass");
    assert_eq!(kept, released);
}

/// Everything that a disk may make of a file.
fn damages(good: &[u8]) -> [(&'static str, Vec<u8>); 4] {
    let text = String::from_utf8(good.to_vec()).unwrap();
    let mut flipped = good.to_vec();
    flipped[good.len() / 2] ^= 1;
    let changed = text.replace("\"candidate\":50", "\"candidate\":0");
    let other = b"{}\n44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a\n";
    [
        ("garbage", vec![0xff; 300]),
        ("a bit flipped", flipped),
        ("another checksum", changed.into_bytes()),
        ("another file's", other.to_vec()),
    ]
}

#[tokio::test]
async fn damaged_evidence_is_set_aside_and_its_experiment_held_at_control() {
    let mut server = Setup::on(Database::Sqlite).start().await;
    let client = Client::admin(&server);
    let id = code(&client).await;
    learn(&client).await;
    candidate(&client, RENDER, 100).await;
    server.stop().await;
    let good = std::fs::read(kept(&server)).unwrap();
    for (n, (what, bytes)) in damages(&good).into_iter().enumerate() {
        assert_ne!(bytes, good, "{what}");
        std::fs::write(kept(&server), bytes).unwrap();
        server.start().await;
        let held = look(&client, VALIDATE).await;
        assert_eq!(held["override"]["kind"], "damaged", "{what}: {held}");
        assert_eq!(held["override"]["by"], "this node");
        assert_eq!(held["candidate_percent"], 100, "what is set stays");
        assert_eq!(evidence(&held, "errors_pass")["log"], 0.0);
        assert_eq!(path(&refused(&client, 1).await, "validate"), "control");
        // Its neighbour is well.
        assert_eq!(look(&client, RENDER).await["override"], Value::Null);
        let image = draw(&client, &id, u32::try_from(n).unwrap()).await;
        assert_eq!(path(&image, "render"), "candidate");
        // Until somebody looks: a restart is nobody.
        if n == 0 {
            server.stop().await;
            server.start().await;
            let held = look(&client, VALIDATE).await;
            assert_eq!(held["override"]["kind"], "damaged", "again: {held}");
        }
        // What they decide is in force.
        let decided = if n % 2 == 0 {
            order(&client, VALIDATE, "release", json!({})).await
        } else {
            candidate(&client, VALIDATE, 100).await
        };
        assert_eq!(decided["override"], Value::Null, "{what}: {decided}");
        assert_eq!(path(&refused(&client, 2).await, "validate"), "candidate");
        server.stop().await;
    }
    server.start().await;
    let well = look(&client, VALIDATE).await;
    assert_eq!(well["override"], Value::Null, "{well}");
    assert!(set_aside(&server, "validate.json") >= 1);
    assert_eq!(set_aside(&server, "render.json"), 0);
    let log = server.log();
    assert!(log.contains("was set aside"), "{log}");
}

#[tokio::test]
async fn without_any_flags_everything_goes_to_the_control() {
    let mut server = Setup::on(Database::Sqlite)
        .env("USE_NEW_QR_GENERATION_SERVICE", "true")
        .start()
        .await;
    let client = Client::admin(&server);
    let id = code(&client).await;
    assert_eq!(path(&draw(&client, &id, 1).await, "render"), "candidate");
    server.stop().await;
    let nobody = format!("http://127.0.0.1:{}/api", free_port());
    server.set("UNLEASH_URL", nobody);
    server.set("UNLEASH_API_TOKEN", "token");
    server.set("UNLEASH_REFRESH_MS", "500");
    for damaged in [false, true] {
        if damaged {
            let file = server.path("data/rollout/flags.json");
            std::fs::write(file, "{\"flagged\":").unwrap();
        }
        server.start().await;
        let all = look(&client, ALL).await;
        assert_eq!(all["flags"]["source"], "unleash");
        assert_eq!(all["flags"]["state"], "absent");
        assert_eq!(all["flags"]["age_seconds"], Value::Null);
        for experiment in all["experiments"].as_array().unwrap() {
            assert_eq!(experiment["override"]["kind"], "no_flags", "{experiment}");
            assert_eq!(experiment["candidate_percent"], 0);
        }
        assert_eq!(path(&draw(&client, &id, 2).await, "render"), "control");
        let health = client.get("/health").await.expect(200).json();
        assert_eq!(health["checks"]["flags"]["status"], "warn", "{health}");
        // A kill is possible all the same, and a release does not make flags.
        let killed = order(&client, RENDER, "kill", json!({})).await;
        assert_eq!(killed["override"]["kind"], "killed");
        let released = order(&client, RENDER, "release", json!({})).await;
        assert_eq!(released["override"]["kind"], "no_flags");
        server.stop().await;
        assert_eq!(set_aside(&server, "flags.json"), usize::from(damaged));
    }
}

/// `verdict`: its exit code, and what it prints as JSON.
fn verdict(server: &Server, experiment: &str) -> (i32, Value) {
    let output = server.run(&["verdict", experiment, "--json"]);
    let all: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (output.status.code().unwrap(), all["experiments"][0].clone())
}

#[tokio::test]
async fn verdicts_are_exit_codes() {
    let mut server = Setup::on(Database::Sqlite)
        .env("ROLLOUT_REHEARSALS", "true")
        .env("ROLLOUT_DWELL_SECS", "1")
        .env("QR_VALIDATION_CB_RESET_TIMEOUT", "1")
        .prepare();
    // Nothing is known of a server that never ran.
    for arguments in [&["verdict"][..], &["verdict", "render"]] {
        server.run_to(3, arguments).says("render: hold");
    }
    server.run_to(1, &["verdict", "renderer"]);
    server.start().await;
    let client = Client::admin(&server);
    let says = async |code: i32, verdict_is: &str| {
        eventually(15, async || {
            let (status, said) = verdict(&server, "validate");
            let right = status == code && said["verdict"] == verdict_is;
            right
                .then_some(said.clone())
                .ok_or(format!("{status} {said}"))
        })
        .await
    };
    let asked = client.clone();
    let ask = move |n| {
        let client = asked.clone();
        async move { refused(&client, n).await }
    };
    // One bad candidate makes the worst of all.
    set(&client, VALIDATE, json!({ "candidate_percent": 25 })).await;
    let drill = json!({ "fault": "error", "seconds": 600, "reason": "to see it" });
    order(&client, VALIDATE, "rehearse", drill).await;
    let goes = async || {
        let now = look(&client, VALIDATE).await;
        (now["verdict"]["verdict"] == "no-go").then_some(now)
    };
    let (now, answers) = crowd(2, 100_000, ask.clone(), goes).await;
    let sentence = &now["verdict"]["sentence"];
    println!("no-go after {} requests: {sentence}", answers.len());
    let said = says(4, "no-go").await;
    let sentence = said["sentence"].as_str().unwrap();
    assert!(sentence.starts_with("no-go: errors: "), "{said}");
    assert_eq!(evidence(&said, "errors")["fired"], true, "{said}");
    server.run_to(4, &["verdict"]);
    assert_eq!(verdict(&server, "render").0, 3);

    // It is mended, and somebody has looked.
    order(&client, VALIDATE, "rehearse", json!({ "fault": "none" })).await;
    order(&client, VALIDATE, "release", json!({})).await;
    set(&client, VALIDATE, json!({ "breaker": "closed" })).await;
    // Fresh data, and too little of it.
    learn(&client).await;
    let said = eventually(10, async || {
        let (status, said) = verdict(&server, "validate");
        let sentence = said["sentence"].as_str().unwrap_or_default();
        let fresh = status == 3 && sentence.contains("more requests") && !sentence.contains("0 %;");
        fresh.then_some(said.clone()).ok_or(said.to_string())
    })
    .await;
    assert!(said["age_seconds"].as_u64() <= Some(10), "{said}");
    assert_eq!(said["evidence"].as_array().unwrap().len(), 7, "{said}");

    // Enough of it: at 100 % that is 3 504 runs without a fault, and a second in which the breaker is closed.
    let goes = async || {
        let now = look(&client, VALIDATE).await;
        (now["verdict"]["verdict"] == "go").then_some(now)
    };
    let (now, answers) = crowd(4, 100, ask, goes).await;
    let sentence = &now["verdict"]["sentence"];
    println!("go after {} requests: {sentence}", answers.len());
    assert!(answers.len() + 50 >= 3_500);
    let said = says(0, "go").await;
    let sentence = said["sentence"].as_str().unwrap();
    assert!(sentence.starts_with("go: "), "{said}");

    // Also while no server runs.
    server.stop().await;
    assert_eq!(verdict(&server, "validate").0, 0);
}

#[tokio::test]
async fn flags_are_listed_and_set_without_a_server() {
    let mut server = Setup::on(Database::Sqlite).prepare();
    assert!(server.run(&["migrate", "up"]).status.success());
    let nothing = server.run_json(&["flags", "list", "--json"]);
    assert_eq!(nothing, json!({ "experiments": [] }));
    server.start().await;
    let set = server.run_json(&["flags", "set", "render", "--candidate", "30", "--json"]);
    assert_eq!(set["candidate_percent"], 30);
    let listed = server.run_json(&["flags", "list", "--json"]);
    let all = listed["experiments"].as_array().unwrap();
    let render = all.iter().find(|e| e["experiment"] == "render").unwrap();
    assert_eq!(render["candidate_percent"], 30);
    assert_eq!(render["shadow_percent"], 0);
    assert_eq!(render["killed"], false);
    assert_eq!(render["breaker"], "auto");
    assert_eq!(render["version"], 2);
    assert_eq!(render["changed_by"], "command line");
    assert_eq!(render["reason"], Value::Null);
    server.run_to(0, &["flags", "list"]).says("EXPERIMENT|30 %");

    for (arguments, code) in [
        ("set render", 2),
        ("set render --candidate 101", 2),
        ("set render --candidate -1", 2),
        ("set render --shadow x", 2),
        ("set renderer --candidate 1", 2),
        ("set render --candidate 1 --reason LONG", 1),
        ("kill render --reason LONG", 1),
        ("kill", 2),
        ("kill render --all", 2),
    ] {
        let arguments = format!("flags {arguments}").replace("LONG", &"x".repeat(501));
        let arguments: Vec<&str> = arguments.split(' ').collect();
        let output = server.run(&arguments);
        assert_eq!(output.status.code(), Some(code), "{output:?}");
        assert!(!output.stderr.is_empty());
    }
    assert_eq!(server.run_json(&["flags", "list", "--json"]), listed);
    server.stop().await;
    // A kill that is told to nobody is in force from the next start on.
    server.run_json(&["flags", "kill", "render", "--reason", "at night", "--json"]);
    server.start().await;
    let killed = look(&Client::admin(&server), RENDER).await;
    assert_eq!(killed["override"]["why"], "at night");
}
