//! Rows and their lines: there and back, and nothing that panics.

use proptest::prelude::*;

use super::*;

fn layout(kinds: &[Kind]) -> TableLayout {
    TableLayout {
        name: "things",
        columns: kinds.iter().map(|k| Column::new("thing", *k)).collect(),
        key: vec![0],
    }
}

const KINDS: [Kind; 6] = [
    Kind::Uuid,
    Kind::Bytes,
    Kind::Bool,
    Kind::I16,
    Kind::I64,
    Kind::Text,
];

fn cells() -> impl Strategy<Value = Row> {
    let some = (
        any::<u128>().prop_map(|n| Cell::Uuid(Uuid::from_u128(n))),
        any::<Vec<u8>>().prop_map(Cell::Bytes),
        any::<bool>().prop_map(Cell::Bool),
        any::<i16>().prop_map(|n| Cell::Int(n.into())),
        any::<i64>().prop_map(Cell::Int),
        any::<String>().prop_map(Cell::Text),
    );
    let empty = any::<[bool; 6]>();
    (some, empty).prop_map(|((a, b, c, d, e, f), empty)| {
        let cells = [a, b, c, d, e, f].into_iter().zip(empty);
        cells
            .map(|(cell, empty)| if empty { Cell::Null } else { cell })
            .collect()
    })
}

proptest! {
    #[test]
    fn a_row_survives_being_written(row in cells()) {
        let layout = layout(&KINDS);
        let line = line(&row).unwrap();
        prop_assert!(!line.contains('\n'));
        prop_assert_eq!(super::row(line.as_bytes(), &layout), Ok(row));
    }

    #[test]
    fn any_bytes_are_a_row_or_refused(bytes: Vec<u8>, kinds in prop::sample::subsequence(&KINDS[..], 0..6)) {
        let _ = super::row(&bytes, &layout(&kinds));
    }

    #[test]
    fn what_is_read_has_one_spelling(text in "\\[(-?[0-9]{1,6}|true|null|\"[a-zA-Z0-9+/=]{0,8}\")\\]", n in 0_usize..6) {
        if let Ok(row) = super::row(text.as_bytes(), &layout(&[KINDS[n]])) {
            // -0 is a number, and no whole one of ours.
            prop_assert_eq!(line(&row).unwrap(), text);
        }
    }
}

#[test]
fn values_of_another_kind_are_refused() {
    for (text, kind) in [
        ("1", Kind::Bool),
        ("40000", Kind::I16),
        ("1.5", Kind::I64),
        ("9223372036854775808", Kind::I64),
        ("\"x\"", Kind::I64),
        ("\"A\"", Kind::Bytes),
        ("\"019B7FCC-0000-7000-8000-000000000000\"", Kind::Uuid),
        ("\"019b7fcc000070008000000000000000\"", Kind::Uuid),
        ("{}", Kind::Text),
        ("1", Kind::Text),
    ] {
        let line = format!("[{text}]");
        assert!(row(line.as_bytes(), &layout(&[kind])).is_err(), "{text}");
    }
    let two = layout(&[Kind::I64, Kind::I64]);
    assert!(row(b"[1]", &two).is_err());
    assert!(row(b"[1,2,3]", &two).is_err());
    assert!(row(b"[1,2] ", &two).is_ok());
}
