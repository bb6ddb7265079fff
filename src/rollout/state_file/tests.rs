//! What a reader may find, after whatever happened to the file.

use std::os::unix::fs::PermissionsExt;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::kernel::clock::from_micros;

const NOW_S: i64 = 1_700_000_000;

fn now() -> Timestamp {
    from_micros(NOW_S * 1_000_000)
}

fn state_file(folder: &TempDir) -> StateFile {
    StateFile::at(folder.path().join("state/flags.json"))
}

fn names(folder: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(folder.path().join("state")).unwrap();
    let mut names: Vec<String> = entries
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn what_was_written_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = state_file(&folder);
    assert_eq!(file.read::<Vec<u32>>(now()), None);
    for value in [vec![1, 2, 3], vec![], vec![7]] {
        file.write(&value).unwrap();
        assert_eq!(file.read::<Vec<u32>>(now()), Some(value));
    }
    assert_eq!(names(&folder), ["flags.json"]);
}

#[test]
fn a_write_that_was_cut_short_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = state_file(&folder);
    file.write(&vec![1]).unwrap();
    // As a crash before the rename leaves it.
    fs::write(file.with_suffix(".new"), b"[2").unwrap();
    assert_eq!(file.read::<Vec<u32>>(now()), Some(vec![1]));
    file.write(&vec![3]).unwrap();
    assert_eq!(file.read::<Vec<u32>>(now()), Some(vec![3]));
    assert_eq!(names(&folder), ["flags.json"]);
}

#[test]
fn a_reader_beside_a_writer_sees_whole_writes_only() {
    let folder = tempfile::tempdir().unwrap();
    let file = state_file(&folder);
    file.write(&vec![0_u32; 1000]).unwrap();
    std::thread::scope(|scope| {
        let writer =
            scope.spawn(|| (1..200).for_each(|n: u32| file.write(&vec![n; 1000]).unwrap()));
        while !writer.is_finished() {
            let value = file.read::<Vec<u32>>(now()).unwrap();
            assert!(value.iter().all(|n| *n == value[0]));
        }
    });
    assert_eq!(names(&folder), ["flags.json"]);
}

#[test]
fn another_shape_is_set_aside() {
    let folder = tempfile::tempdir().unwrap();
    let file = state_file(&folder);
    file.write(&"a text").unwrap();
    assert_eq!(file.read::<Vec<u32>>(now()), None);
    assert_eq!(names(&folder), [format!("flags.json.corrupt-{NOW_S}")]);
    file.write(&vec![5]).unwrap();
    assert_eq!(file.read::<Vec<u32>>(now()), Some(vec![5]));
}

#[test]
fn a_folder_in_its_place_is_nothing_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    let file = state_file(&folder);
    fs::create_dir_all(&file.path).unwrap();
    assert_eq!(file.read::<Vec<u32>>(now()), None);
    assert_eq!(file.write(&vec![1]).unwrap_err().kind(), Kind::Unavailable);
    assert_eq!(file.read::<Vec<u32>>(now()), None);
    // Root may write anywhere, so no permission is tested here.
    assert!(fs::metadata(&file.path).unwrap().permissions().mode() & 0o200 != 0);
}

proptest! {
    #[test]
    fn damage_anywhere_is_found(at in 0_usize..1000, change in 1_u8..=255, cut in any::<bool>()) {
        let folder = tempfile::tempdir().unwrap();
        let file = state_file(&folder);
        file.write(&vec!["flag"; 20]).unwrap();
        let mut bytes = fs::read(&file.path).unwrap();
        let at = at % bytes.len();
        if cut { bytes.truncate(at) } else { bytes[at] ^= change }
        fs::write(&file.path, &bytes).unwrap();
        prop_assert_eq!(file.read::<Vec<String>>(now()), None);
        prop_assert_eq!(names(&folder), [format!("flags.json.corrupt-{NOW_S}")]);
        prop_assert_eq!(fs::read(folder.path().join("state").join(&names(&folder)[0])).unwrap(), bytes);
    }
}
