//! Files that are cut off, flipped, foreign, or whole and impossible.

use std::io::{Read as _, Write as _};

use flate2::{Compression, GzBuilder, read::GzDecoder};
use qr_observatory::kernel::id::hex;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{backup, contents, fill, path, refused};
use crate::support::{Database, Server, Setup, on_both};

on_both!(
    what_is_damaged_changes_nothing,
    what_cannot_be_stored_changes_nothing
);

/// Names in a folder.
fn names(server: &Server) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(server.path("data"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        // Readers of a test come and go.
        .filter(|name| !name.ends_with("-wal") && !name.ends_with("-shm"))
        .collect();
    names.sort();
    names
}

async fn what_is_damaged_changes_nothing(mut server: Server) {
    fill(&server).await;
    backup(&server, "all.backup");
    server.stop().await;
    let before = (contents(&server).await, names(&server));
    let whole = std::fs::read(server.path("all.backup")).unwrap();
    let n = whole.len();
    let (begin, end) = ([0, 1, 9, 10, 11], [n - 9, n - 8, n - 1]);
    let middle = [n / 4, n / 2, n - n / 4];
    for cut in begin.into_iter().chain(middle).chain(end) {
        std::fs::write(server.path("cut"), &whole[..cut]).unwrap();
        refused(&server, &["restore", "cut", "--check"], "refused");
        refused(&server, &["restore", "cut", "--force"], "refused");
    }
    for at in [0, 3, 5, 9, 12, n / 5, n / 3, n / 2, n - 20, n - 7, n - 1] {
        let mut flipped = whole.clone();
        flipped[at] ^= 0xff;
        std::fs::write(server.path("cut"), &flipped).unwrap();
        refused(&server, &["restore", "cut", "--force"], "refused");
    }
    assert_eq!((contents(&server).await, names(&server)), before);
    // Nor does it begin anything where nothing is.
    let fresh = Setup::on(Database::Sqlite).prepare();
    refused(&fresh, &["restore", &path(&server, "cut")], "refused");
    assert!(!fresh.path("data").exists());
    server.start().await;
}

pub fn unpacked(file: &std::path::Path) -> String {
    let mut text = String::new();
    let packed = std::fs::File::open(file).unwrap();
    GzDecoder::new(packed).read_to_string(&mut text).unwrap();
    text
}

/// With every count and digest made right again.
pub fn pack(file: &std::path::Path, lines: &[String]) {
    let mut out: Vec<String> = Vec::new();
    let (mut rows, mut all, mut sums) = (Vec::new(), 0, Vec::new());
    for line in lines {
        let value: Value = serde_json::from_str(line).unwrap();
        let mut line = line.clone();
        if value.is_array() {
            rows.push(line.clone());
        } else if let Some(name) = value["end"].as_str() {
            let (n, sum) = (rows.len(), digest(&rows));
            line = format!("{{\"end\":\"{name}\",\"rows\":{n},\"sha256\":\"{sum}\"}}");
            sums.push(format!("{name} {n} {sum}"));
            all += n;
            rows.clear();
        } else if value["complete"].is_boolean() {
            let (tables, own, sha256) = (sums.len(), digest(&sums[3..]), digest(&out));
            line = format!(
                "{{\"complete\":true,\"tables\":{tables},\"rows\":{all},\"digest\":\"{own}\",\"sha256\":\"{sha256}\"}}"
            );
        }
        out.push(line);
    }
    let file = std::fs::File::create(file).unwrap();
    let mut gzip = GzBuilder::new().write(file, Compression::default());
    gzip.write_all(joined(&out).as_bytes()).unwrap();
    gzip.finish().unwrap();
}

fn joined(lines: &[String]) -> String {
    lines.iter().flat_map(|l| [l.as_str(), "\n"]).collect()
}

fn digest(lines: &[String]) -> String {
    hex(&Sha256::digest(joined(lines)))
}

/// Only the database finds out, when nearly everything is stored.
async fn what_cannot_be_stored_changes_nothing(mut server: Server) {
    fill(&server).await;
    backup(&server, "all.backup");
    server.stop().await;
    let before = (contents(&server).await, names(&server));
    let lines = unpacked(&server.path("all.backup"));
    let lines: Vec<String> = lines.lines().map(str::to_owned).collect();
    let own = server.path("own");
    pack(&own, &lines);
    assert_eq!(unpacked(&own), unpacked(&server.path("all.backup")));
    server.run_json(&["restore", "own", "--check", "--json"]);
    let dial = lines
        .iter()
        .position(|l| l.starts_with("[\"render\""))
        .unwrap();
    let mut twice = lines.clone();
    twice.insert(dial, lines[dial].clone());
    let mut unknown = lines.clone();
    unknown[dial] = lines[dial].replace("\"render\",5", "\"render\",null");
    for changed in [twice, unknown] {
        pack(&own, &changed);
        server.run_json(&["restore", "own", "--check", "--json"]);
        refused(&server, &["restore", "own", "--force"], "");
        assert_eq!((contents(&server).await, names(&server)), before);
    }
    if server.database_url().starts_with("postgres") {
        let left = "SELECT COUNT(*) FROM pg_namespace WHERE nspname ~ '^(restoring|replaced)'";
        let left = crate::support::postgres::sql(&server.database_url(), left);
        assert_eq!(left.trim(), "0");
    }
    server.start().await;
}
