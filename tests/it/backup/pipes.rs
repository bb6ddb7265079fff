//! `-`, as shells have it: a backup on standard output, a restore from standard input; and backups that were packed again.

use std::io::{Read as _, Write as _};

use flate2::{Compression, GzBuilder};
use serde_json::Value;

use super::{Server, backup, contents, fill, refused, text};
use crate::support::{Database, Setup, on_both};

on_both!(a_pipe_carries_a_backup);

/// As `gzip` does it.
fn gzip(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzBuilder::new()
        .filename(name)
        .mtime(1_767_225_600)
        .write(Vec::new(), Compression::default());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

fn names(server: &Server, folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(server.path(folder)).unwrap();
    let names = entries.map(|e| e.unwrap().file_name().into_string().unwrap());
    names.collect()
}

async fn a_pipe_carries_a_backup(mut server: Server) {
    fill(&server).await;
    let taken = backup(&server, "all.backup");
    let before = contents(&server).await;
    let streamed = server.run(&["backup", "-"]);
    assert!(streamed.status.success(), "{}", text(&streamed));
    let told = String::from_utf8(streamed.stderr).unwrap();
    assert!(told.contains(taken["digest"].as_str().unwrap()), "{told}");
    assert!(!names(&server, "").iter().any(|name| name.starts_with('-')));
    let file = streamed.stdout;
    let json = server.run(&["backup", "-", "--json"]);
    let json: Value = serde_json::from_slice(&json.stderr).unwrap();
    assert_eq!(
        (&json["digest"], &json["rows"]),
        (&taken["digest"], &taken["rows"])
    );

    // Whole, plain, packed once more, unpacked.
    let mut plain = Vec::new();
    let gunzip = flate2::read::GzDecoder::new(file.as_slice()).read_to_end(&mut plain);
    gunzip.unwrap();
    let again = gzip("all.backup", &file);
    for input in [&file, &again, &gzip("all.backup.gz", &again), &plain] {
        let output = server.pipe(&["restore", "-", "--check", "--json"], input);
        assert!(output.status.success(), "{}", text(&output));
        let checked: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(checked["digest"], taken["digest"]);
        assert_eq!(checked["bytes"], input.len());
    }
    std::fs::write(server.path("all.backup.gz"), &again).unwrap();
    server.run_json(&["restore", "all.backup.gz", "--check", "--json"]);

    // While it runs, and what is cut off: nothing changes and nothing stays.
    server.stop().await;
    let cut = server.pipe(&["restore", "-", "--force"], &again[..again.len() / 2]);
    assert_eq!(cut.status.code(), Some(1));
    assert!(
        text(&cut).contains("standard input is refused"),
        "{}",
        text(&cut)
    );
    assert_eq!(contents(&server).await, before);
    let restored = server.pipe(&["restore", "-", "--force", "--json"], &again);
    assert!(restored.status.success(), "{}", text(&restored));
    assert_eq!(contents(&server).await, before);
    let left = names(&server, "data");
    assert!(
        !left.iter().any(|name| name.contains("standard")),
        "{left:?}"
    );
    server.start().await;
}

#[test]
fn other_shells_are_named() {
    let server = Setup::on(Database::Sqlite).prepare();
    for (head, named) in [
        (&b"\x28\xb5\x2f\xfd rest"[..], "zstd"),
        (b"\xfd7zXZ\0 rest", "xz"),
        (b"BZh91AY", "bzip2"),
        (b"PK\x03\x04", "zip"),
        (&gzip("x", b"BZh91AY"), "bzip2"),
        (
            &gzip("x", b"{\"qr_observatory_backup\":1}"),
            "another program",
        ),
        (&gzip("x", b"hello"), "no backup of ours"),
        (b"", "empty"),
    ] {
        std::fs::write(server.path("file"), head).unwrap();
        refused(&server, &["restore", "file"], named);
        let output = server.pipe(&["restore", "-"], head);
        assert_eq!(output.status.code(), Some(1), "{named}");
        assert!(text(&output).contains(named), "{named}: {}", text(&output));
    }
    let settings = server.pipe(&["--config", "-", "doctor"], b"[server]\nnovelty = 1\n");
    assert_eq!(settings.status.code(), Some(2));
    assert!(text(&settings).contains("novelty"), "{}", text(&settings));
    let both = server.pipe(&["--config", "-", "restore", "-"], b"");
    assert_eq!(both.status.code(), Some(2), "{}", text(&both));
}
