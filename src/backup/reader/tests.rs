//! Files that are whole, and every way not to be.

use std::io::Write as _;

use flate2::{Compression, GzBuilder, bufread::GzDecoder};
use proptest::prelude::*;

use super::*;
use crate::{
    backup::{format::GZIP_HEAD, writer::Writer},
    kernel::id::Uuid,
    store::backup::Cell,
};

fn header() -> Header {
    Header {
        format: VERSION,
        version: "0.1.0".to_owned(),
        schema: "m0001_organizations".to_owned(),
        database: "sqlite".to_owned(),
        taken_at: "2026-01-01T00:00:00Z".to_owned(),
        unknown_migrations: Vec::new(),
        left_out: Vec::new(),
    }
}

/// A whole file with `rows` organizations.
fn file(rows: u128) -> Vec<u8> {
    let header = header();
    let mut writer = Writer::new(Vec::new(), &header).unwrap();
    let (layouts, first) = format::layouts(&header.schema).unwrap();
    for layout in &layouts {
        writer.begin(layout).unwrap();
        if layout.name == "organizations" {
            let row = |n| {
                let id = Cell::Uuid(Uuid::from_u128(n));
                vec![
                    id,
                    Cell::Text(format!("number {n}")),
                    Cell::Text("UTC".into()),
                ]
            };
            writer
                .rows(&(0..rows).map(row).collect::<Vec<_>>())
                .unwrap();
        }
        writer.end().unwrap();
    }
    writer.finish(first).unwrap().0
}

fn read(bytes: &[u8]) -> Result<(u64, String)> {
    let mut reader = Reader::new(Path::new("x"), bytes)?;
    let mut rows = 0;
    while let Some(piece) = reader.next()? {
        if let Piece::Rows(some) = piece {
            assert!(some.len() <= BATCH as usize);
            rows += some.len() as u64;
        }
    }
    Ok((rows, reader.digest()))
}

/// The content of the file, in other layers.
fn repacked(change: impl FnOnce(String) -> String) -> Vec<u8> {
    let mut text = String::new();
    let packed = file(3);
    GzDecoder::new(packed.as_slice())
        .read_to_string(&mut text)
        .unwrap();
    let mut gzip = GzBuilder::new().write(Vec::new(), Compression::default());
    gzip.write_all(change(text).as_bytes()).unwrap();
    gzip.finish().unwrap()
}

#[test]
fn a_whole_file_is_read() {
    assert_eq!(read(&file(2500)).unwrap().0, 2500);
    assert_eq!(read(&file(0)).unwrap().0, 0);
    assert_eq!(
        read(&repacked(|text| text)).unwrap(),
        read(&file(3)).unwrap()
    );
}

#[test]
fn every_shorter_file_is_refused() {
    let whole = file(40);
    for end in 0..whole.len() {
        assert!(read(&whole[..end]).is_err(), "{end} of {}", whole.len());
    }
}

#[test]
fn every_flipped_byte_is_refused() {
    let whole = file(40);
    for at in 0..whole.len() {
        let mut flipped = whole.clone();
        flipped[at] ^= 0xff;
        assert!(read(&flipped).is_err(), "{at} of {}", whole.len());
    }
}

#[test]
fn whatever_follows_is_refused() {
    let whole = file(3);
    assert!(read(&[&whole[..], b"\n"].concat()).is_err());
    assert!(read(&[&whole[..], &whole[..]].concat()).is_err());
    assert!(read(&repacked(|text| text + "\n")).is_err());
}

/// As `gzip` packs a file.
fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzBuilder::new()
        .filename("all.backup")
        .mtime(1)
        .write(Vec::new(), Compression::default());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

/// Gives a byte at a time, as a slow pipe may.
struct Drip<'a>(&'a [u8]);

impl Read for Drip<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let n = into.len().min(1);
        self.0.read(&mut into[..n])
    }
}

#[test]
fn what_was_packed_again_or_unpacked_is_read() {
    let whole = file(40);
    let expected = read(&whole).unwrap();
    let (once, mut plain) = (packed(&whole), Vec::new());
    GzDecoder::new(whole.as_slice())
        .read_to_end(&mut plain)
        .unwrap();
    for found in [&once, &packed(&once), &plain] {
        assert_eq!(read(found).unwrap(), expected);
        let mut slow = Reader::new(Path::new("x"), BufReader::new(Drip(found))).unwrap();
        while slow.next().unwrap().is_some() {}
        assert_eq!(slow.contents().bytes, found.len() as u64);
        for end in 0..found.len() {
            assert!(read(&found[..end]).is_err(), "{end} of {}", found.len());
        }
        assert!(read(&[&found[..], b"x"].concat()).is_err());
    }
    // What follows within a layer is not missed either.
    assert!(read(&packed(&[&whole[..], b"x"].concat())).is_err());
    let said = |bytes: &[u8]| read(bytes).unwrap_err().message().to_owned();
    let often = (0..9).fold(whole.clone(), |inner, _| packed(&inner));
    assert!(
        said(&often).contains("more than 3 times"),
        "{}",
        said(&often)
    );
    // Its head would hide a flipped bit of ours.
    assert!(said(&packed(&plain)).contains("gunzip -c FILE"));
    assert!(said(b"\x28\xb5\x2f\xfd").contains("zstd"));
}

#[test]
fn what_was_changed_by_hand_is_refused_with_its_place() {
    let refused = |change: fn(String) -> String| {
        let e = read(&repacked(change)).unwrap_err();
        assert_eq!(e.kind(), Kind::Invalid, "{e}");
        e.message().to_owned()
    };
    let said = refused(|t| t.replace("number 1", "number 7"));
    assert!(
        said.contains("organizations") && said.contains("digest"),
        "{said}"
    );
    let said = refused(|t| t.replace("[\"00000000-0000-0000-0000-000000000001\"", "[1"));
    assert!(said.contains("line 10") && said.contains("id"), "{said}");
    let cut = |t: String| {
        let without = t.split_inclusive('\n').filter(|l| !l.contains("number 2"));
        without.collect()
    };
    let said = refused(cut);
    assert!(said.contains("2 rows were found, and 3"), "{said}");
    // With what only the whole's digest knows.
    let said = refused(|t| t.replace("2026-01-01", "2026-01-02"));
    assert!(said.contains("whole"), "{said}");
    let said = refused(|t| t.replace("backup\":1", "backup\":2"));
    assert!(said.contains("format is 2"), "{said}");
    let said = refused(|t| t.replace("\"time_zone text\"", "\"time_zone bytes\""));
    assert!(said.contains("table organizations"), "{said}");
    refused(|t| t.replace("qr_observatory_backup", "other_backup"));
}

#[test]
fn a_newer_schema_is_another_refusal() {
    let e = read(&repacked(|t| {
        t.replace("m0001_organizations", "m9999_novelty")
    }));
    let e = e.unwrap_err();
    assert_eq!(e.kind(), crate::kernel::Kind::Conflict);
    assert!(e.message().contains("m9999_novelty"), "{e}");
}

proptest! {
    #[test]
    fn any_bytes_are_refused(bytes: Vec<u8>) {
        prop_assert!(read(&bytes).is_err());
        prop_assert!(read(&[&GZIP_HEAD[..], &bytes].concat()).is_err());
    }

    #[test]
    fn any_text_in_the_right_shell_is_refused(text in "(\\PC|\n|\\{\"end\":|\\[1\\]){0,200}") {
        prop_assert!(read(&repacked(|_| text)).is_err());
    }

    #[test]
    fn a_flipped_bit_changes_nothing_unseen(at in 0_usize..400, bit in 0_u8..8) {
        let mut flipped = file(5);
        let n = flipped.len();
        flipped[at % n] ^= 1 << bit;
        // A bit of padding before the end means nothing.
        if let Ok(read_anyway) = read(&flipped) {
            prop_assert_eq!(read_anyway, read(&file(5)).unwrap());
        }
    }
}
