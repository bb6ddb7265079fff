//! `scripts/backup.sh` and `scripts/restore.sh`, as an operator runs them.

use super::{contents, fill, text};
use crate::support::{Database, Server, Setup, on_both};

on_both!(a_night_and_a_morning);

#[track_caller]
fn run(server: &Server, name: &str, arguments: &[&str], code: i32) -> String {
    let output = server.script(name, arguments);
    let said = text(&output);
    assert_eq!(
        output.status.code(),
        Some(code),
        "{name} {arguments:?}: {said}"
    );
    said
}

fn backups(server: &Server) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(server.path("backups"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != ".lock")
        .collect();
    names.sort();
    names
}

async fn a_night_and_a_morning(mut server: Server) {
    fill(&server).await;
    let dry = run(&server, "backup.sh", &["--dry-run"], 0);
    assert!(
        dry.contains("would make") && !server.path("backups").exists(),
        "{dry}"
    );
    let made = run(&server, "backup.sh", &[], 0);
    assert!(made.contains("restored and compared"), "{made}");
    let [name] = backups(&server).try_into().unwrap();
    assert!(name.ends_with(".verified.backup"), "{name}");
    assert!(made.contains(&name), "{made}");
    let before = contents(&server).await;

    let file = format!("backups/{name}");
    // Nobody said yes; somebody did, while it runs.
    run(&server, "restore.sh", &["--force", &file], 3);
    let refused = run(&server, "restore.sh", &["--force", "--yes", &file], 1);
    assert!(refused.contains("nothing was changed"), "{refused}");
    server.stop().await;
    run(&server, "restore.sh", &["--yes", &file], 1);
    let dry = run(&server, "restore.sh", &["--force", "--dry-run", &file], 0);
    assert!(
        dry.contains("nothing was changed") && dry.contains("holds"),
        "{dry}"
    );
    let restored = run(&server, "restore.sh", &["--force", "--yes", &file], 0);
    assert!(restored.contains("to go back"), "{restored}");
    assert_eq!(contents(&server).await, before);
    server.start().await;
}

#[tokio::test]
async fn the_oldest_go_and_the_newest_verified_stays() {
    let server = Setup::on(Database::Sqlite).start().await;
    std::fs::create_dir(server.path("backups")).unwrap();
    let old = [
        "qr-observatory-20250101T000000Z.verified.backup",
        "qr-observatory-20250102T000000Z.verified.backup",
        "qr-observatory-20250103T000000Z.backup",
        "qr-observatory-20250104T000000Z.backup",
    ];
    let others = [
        "mine.backup",
        "qr-observatory-20250101T000000Z.backup.old",
        "notes",
    ];
    for name in old.iter().chain(&others) {
        std::fs::write(server.path("backups").join(name), "x").unwrap();
    }
    run(&server, "backup.sh", &["--no-verify", "--keep", "2"], 0);
    let left = backups(&server);
    for name in others {
        assert!(left.iter().any(|l| l == name), "{name} went: {left:?}");
    }
    let ours: Vec<&String> = left
        .iter()
        .filter(|l| !others.contains(&l.as_str()))
        .collect();
    // The one that was made, the one before it, and the newest verified one.
    assert_eq!(ours.len(), 3, "{left:?}");
    assert_eq!((ours[0].as_str(), ours[1].as_str()), (old[1], old[3]));
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let server = Setup::on(Database::Sqlite).prepare();
    for (name, arguments, code) in [
        ("backup.sh", &["--help"][..], 0),
        ("restore.sh", &["--help"], 0),
        ("backup.sh", &["--frobnicate"], 2),
        ("backup.sh", &["--keep", "0"], 2),
        ("backup.sh", &["--keep"], 2),
        ("backup.sh", &["--min-free", "99999999"], 3),
        // There is no database yet.
        ("backup.sh", &[], 1),
        ("restore.sh", &[], 2),
        ("restore.sh", &["a", "b"], 2),
        ("restore.sh", &["--yes", "nothing"], 1),
        // Standard input is empty here.
        ("restore.sh", &["--yes", "-"], 1),
        ("restore.sh", &["--binary", "/nowhere", "x"], 2),
    ] {
        let text = run(&server, name, arguments, code);
        assert!(!text.trim().is_empty(), "{name} {arguments:?}");
    }
    assert!(!server.path("data").exists());
}
