//! Answers are read as they are written, and nothing else is read as one.

use std::{collections::HashSet, sync::Arc};

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{
    analytics::{Interval, Period},
    kernel::clock::from_micros,
};

const NOW_US: i64 = 1_770_000_000_000_000;

fn micros() -> impl Strategy<Value = Timestamp> {
    (0..NOW_US).prop_map(from_micros)
}

fn counts() -> impl Strategy<Value = Vec<(String, i64)>> {
    proptest::collection::vec((".{0,12}", any::<i64>()), 0..6)
}

fn series() -> impl Strategy<Value = Answer> {
    let points = proptest::collection::vec((".{0,8}", any::<i64>(), any::<i64>()), 0..40);
    (micros(), micros(), 0usize..4, points).prop_map(|(start, end, interval, points)| {
        Answer::Timeseries(Timeseries {
            start,
            end,
            interval: Interval::ALL[interval],
            labels: points.iter().map(|(label, ..)| label.clone()).collect(),
            all: points.iter().map(|(_, all, _)| *all).collect(),
            genuine: points.iter().map(|(.., genuine)| *genuine).collect(),
        })
    })
}

fn timeline() -> impl Strategy<Value = Answer> {
    let date = (-9999i16..=9999, 1i8..=12, 1i8..=28).prop_map(|(y, m, d)| Date::constant(y, m, d));
    let day = (date, any::<i64>(), any::<i64>());
    let days = day.prop_map(|(date, all, genuine)| Day { date, all, genuine });
    let days = proptest::collection::vec(days, 0..40);
    days.prop_map(|days| Answer::Timeline(Timeline { days }))
}

fn devices() -> impl Strategy<Value = Answer> {
    (counts(), counts(), counts(), counts()).prop_map(|(types, families, browsers, systems)| {
        Answer::Devices(Devices {
            device_types: types,
            device_families: families,
            browser_families: browsers,
            os_families: systems,
        })
    })
}

fn summary() -> impl Strategy<Value = Answer> {
    (any::<[i64; 6]>(), counts()).prop_map(|(n, countries)| {
        Answer::Summary(Totals {
            people: n[0],
            genuine: n[1],
            head: n[2],
            prefetch: n[3],
            bot: n[4],
            visitors: n[5],
            countries,
        })
    })
}

fn answered() -> impl Strategy<Value = Answered> {
    let answer = prop_oneof![series(), timeline(), devices(), summary()];
    (answer, any::<u64>()).prop_map(|(answer, recorded)| Answered::fresh(answer, recorded))
}

const fn kind(answer: &Answer) -> CacheKind {
    match answer {
        Answer::Timeseries(_) => CacheKind::Timeseries,
        Answer::Devices(_) => CacheKind::Devices,
        Answer::Timeline(_) => CacheKind::Timeline,
        Answer::Summary(_) | Answer::Logs { .. } => CacheKind::Summary,
    }
}

fn key_of(kind: CacheKind) -> Key {
    Key {
        digest: [0; 32],
        tag: None,
        kind,
    }
}

fn body(bytes: impl Into<Vec<u8>>) -> Body {
    Body {
        bytes: bytes.into().into(),
        etag: String::new(),
        is_text: true,
    }
}

proptest! {
    #[test]
    fn answers_are_read_as_they_are_written(answered in answered()) {
        let body = encode(&answered).unwrap();
        let own = kind(&answered.answer);
        for kind in [CacheKind::Timeseries, CacheKind::Devices, CacheKind::Timeline, CacheKind::Summary] {
            let read = decode(&key_of(kind), body.clone());
            prop_assert_eq!(read, (kind == own).then(|| answered.clone()));
        }
    }

    #[test]
    fn damaged_bytes_are_no_answer_or_another_whole_one(answered in answered(), cut in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let (bytes, key) = (encode(&answered).unwrap().bytes, key_of(kind(&answered.answer)));
        let at = cut.index(bytes.len());
        prop_assert_eq!(decode(&key, body(&bytes[..at])), None);
        let mut changed = bytes.to_vec();
        changed[at] = byte;
        if let Some(Answered { answer: Answer::Timeseries(s), .. }) = decode(&key, body(changed)) {
            prop_assert!(s.labels.len() == s.all.len() && s.all.len() == s.genuine.len());
        }
    }
}

#[test]
fn odd_bytes_are_no_answer() {
    let of = |kind, text: &str| decode(&key_of(kind), body(text));
    let good =
        r#"{"recorded":1,"answer":{"timeline":{"dates":["2026-01-01"],"all":[1],"genuine":[0]}}}"#;
    assert!(of(CacheKind::Timeline, good).is_some());
    for (old, new) in [
        ("\"all\":[1]", "\"all\":[1,2]"),
        ("\"all\":[1]", "\"all\":[\"1\"]"),
        ("2026-01-01", "2026-02-30"),
        ("\"recorded\":1", "\"recorded\":-1"),
        ("\"recorded\":1", "\"recorded\":1,\"more\":1"),
        ("\"genuine\":[0]", "\"genuine\":[0],\"more\":[0]"),
        ("timeline", "logs"),
        ("}}}", "}}} "),
    ] {
        let odd = good.replace(old, new);
        // Only blanks behind it change nothing.
        assert_eq!(
            of(CacheKind::Timeline, &odd).is_some(),
            new == "}}} ",
            "{odd}"
        );
    }
    let tagged = Body {
        etag: "\"x\"".to_owned(),
        ..body(good)
    };
    assert_eq!(decode(&key_of(CacheKind::Timeline), tagged), None);
    for bad in ["", "null", "[]", "{}"] {
        assert_eq!(of(CacheKind::Timeline, bad), None);
    }
    let logs = Answered::fresh(
        Answer::Logs {
            logs: Vec::new(),
            total: 0,
        },
        0,
    );
    assert_eq!(encode(&logs), None);
}

#[test]
fn keys_tell_questions_apart() {
    let mut keys = HashSet::new();
    let mut is_new = |question: &Question| keys.insert(key(question).unwrap().digest);
    let now = from_micros(NOW_US);
    for code_id in [Uuid::from_u128(1), Uuid::from_u128(2)] {
        for genuine_only in [false, true] {
            assert!(is_new(&Question::Devices {
                code_id,
                genuine_only
            }));
        }
        for (range, now) in [
            (Range::Today, now),
            (Range::AllTime, now),
            (Range::Today, now + std::time::Duration::from_micros(1)),
        ] {
            assert!(is_new(&Question::Timeseries {
                code_id,
                range,
                now
            }));
            assert!(is_new(&Question::Summary {
                code_id,
                range,
                now
            }));
        }
        for (period, zone) in [
            (Period::Days7, "UTC"),
            (Period::Year, "UTC"),
            (Period::Year, "Europe/Rome"),
        ] {
            let time_zone = Arc::from(zone);
            assert!(is_new(&Question::Timeline {
                code_id,
                period,
                time_zone,
                now
            }));
        }
    }
    let logs = Question::Logs {
        code_id: Uuid::nil(),
        offset: 0,
        limit: 1,
        genuine_only: false,
    };
    assert_eq!(key(&logs), None);
    let tag = key(&Question::Devices {
        code_id: Uuid::from_u128(1),
        genuine_only: true,
    });
    assert_eq!(tag.unwrap().tag, Some(Tag::Scans(Uuid::from_u128(1))));
}
