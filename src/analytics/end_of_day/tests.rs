//! A question at the end of its day has the answer of the question itself, whatever clocks do.

use std::sync::Arc;

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{
    analytics::{Period, calendar::Calendar, timeline::Days},
    store::scans::Bucket,
};

const RANGES: [Range; 7] = [
    Range::Today,
    Range::Yesterday,
    Range::Last7Days,
    Range::Last30Days,
    Range::ThisMonth,
    Range::LastMonth,
    Range::AllTime,
];
/// Clocks put back at midnight (Sao Paulo, St Johns), a day that never was (Apia), half an hour (Lord Howe).
const ZONES: [&str; 8] = [
    "UTC",
    "Europe/Berlin",
    "America/Sao_Paulo",
    "America/St_Johns",
    "America/Havana",
    "Pacific/Apia",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
];

/// Any time since 2000, and more often one near midnight, where days and months change and clocks are turned.
fn moment() -> impl Strategy<Value = Timestamp> {
    let edges = [
        "2010-11-07T02:31:00Z",
        "2010-11-07T03:30:00Z",
        "2011-12-30T10:00:00Z",
        "2018-02-18T02:00:00Z",
        "2018-11-04T03:00:00Z",
        "2026-03-29T01:00:00Z",
        "2026-10-25T01:00:00Z",
        "2026-11-01T05:00:00Z",
        "2026-01-31T23:59:59.999999Z",
        "2026-03-01T00:00:00Z",
    ];
    let edges = edges.map(|t| t.parse::<Timestamp>().unwrap().as_microsecond());
    let near = (
        proptest::sample::select(edges.to_vec()),
        -7_200_000_000i64..7_200_000_000,
    )
        .prop_map(|(edge, off)| edge + off);
    let exact = (proptest::sample::select(edges.to_vec()), -1i64..=1).prop_map(|(e, off)| e + off);
    let any = 946_684_800_000_000i64..1_893_456_000_000_000;
    prop_oneof![near, exact, any].prop_map(from_micros)
}

fn timeseries(range: Range, now: Timestamp) -> Question {
    Question::Timeseries {
        code_id: Uuid::nil(),
        range,
        now,
    }
}

fn timeline(zone: &str, now: Timestamp) -> Question {
    Question::Timeline {
        code_id: Uuid::nil(),
        period: Period::Days7,
        time_zone: Arc::from(zone),
        now,
    }
}

fn asked_at(question: &Question) -> Timestamp {
    match question {
        Question::Timeseries { now, .. }
        | Question::Timeline { now, .. }
        | Question::Summary { now, .. } => *now,
        Question::Logs { .. } | Question::Devices { .. } => panic!("has no time"),
    }
}

/// One scan in each microsecond that is given.
fn counted(days: &Days, scans: &[Timestamp]) -> super::super::Timeline {
    let mut timeline = days.empty();
    for stretch in days.stretches() {
        let within = scans
            .iter()
            .filter(|t| **t >= stretch.from && **t < stretch.to);
        let buckets = within.map(|t| {
            let past_us = t.as_microsecond() - stretch.from.as_microsecond();
            let start_us = past_us / stretch.width_us * stretch.width_us;
            Bucket {
                start: from_micros(stretch.from.as_microsecond() + start_us),
                all: 1,
                genuine: 0,
            }
        });
        stretch.fill(&mut timeline, buckets.collect());
    }
    timeline
}

proptest! {
    #[test]
    fn a_series_has_the_same_points_until_its_day_ends(
        now in moment(),
        back_us in 0i64..80_000_000_000_000,
        which in 0usize..7,
    ) {
        let question = timeseries(RANGES[which], now);
        let moved = question.at_end_of_day();
        let end = asked_at(&moved);
        prop_assert!(end >= now);
        prop_assert_eq!(moved.at_end_of_day(), moved);
        let first = Some(from_micros(now.as_microsecond() - back_us));
        for first in [None, first] {
            let (raw, at_end) = (Calendar::new(RANGES[which], now, first), Calendar::new(RANGES[which], end, first));
            prop_assert_eq!(raw.start, at_end.start);
            prop_assert_eq!(raw.width_us(), at_end.width_us());
            // Whatever was scanned until now is counted at the same point, or by neither.
            let start = raw.start.max(first.unwrap_or(raw.start));
            let scans = [start, now, from_micros(start.as_microsecond().midpoint(now.as_microsecond()))];
            let buckets = |c: &Calendar| {
                let within = scans.iter().filter(|t| **t >= c.start && **t < c.end);
                let buckets = within.map(|t| {
                    let past = (t.as_microsecond() - c.start.as_microsecond()) / c.width_us();
                    let start = from_micros(c.start.as_microsecond() + past * c.width_us());
                    Bucket { start, all: 1, genuine: 0 }
                });
                Answer::Timeseries(c.series(buckets.collect()))
            };
            prop_assert_eq!(buckets(&raw), question.answer_from_end_of_day(buckets(&at_end)));
        }
    }

    #[test]
    fn a_timeline_has_the_same_days_until_its_day_ends(now in moment(), back_us in 0i64..700_000_000_000, which in 0usize..8) {
        let question = timeline(ZONES[which], now);
        let moved = question.at_end_of_day();
        let end = asked_at(&moved);
        prop_assert!(end >= now);
        prop_assert_eq!(moved.at_end_of_day(), moved);
        let days = |now| Days::new(Period::Days7, ZONES[which], now).unwrap();
        let scans = [now, from_micros(now.as_microsecond() - back_us), from_micros(now.as_microsecond() - back_us / 7)];
        prop_assert_eq!(counted(&days(now), &scans), counted(&days(end), &scans));
    }
}

#[test]
fn a_days_questions_are_one_until_midnight() {
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let day = ["2026-03-15T00:00:00Z", "2026-03-15T23:59:59.999999Z"].map(at);
    for range in RANGES {
        let [first, last] = day.map(|now| timeseries(range, now).at_end_of_day());
        assert_eq!(first, last);
        assert_eq!(asked_at(&first), day[1]);
        let next = timeseries(range, at("2026-03-16T00:00:00Z")).at_end_of_day();
        assert_ne!(first, next);
    }
    // A day of 25 hours.
    let berlin = ["2026-10-24T22:00:00Z", "2026-10-25T22:59:59.999999Z"].map(at);
    let [first, last] = berlin.map(|now| timeline("Europe/Berlin", now).at_end_of_day());
    assert_eq!(first, last);
    assert_eq!(asked_at(&first), berlin[1]);
    assert_ne!(
        first,
        timeline("Europe/Berlin", at("2026-10-25T23:00:00Z")).at_end_of_day()
    );
    let nowhere = timeline("Mars/Olympus", day[0]);
    assert_eq!(nowhere.at_end_of_day(), nowhere, "left to be refused");
}

#[test]
fn a_series_shows_when_it_was_asked() {
    let now: Timestamp = "2026-03-15T10:30:00Z".parse().unwrap();
    let ends = |range| {
        let question = timeseries(range, now);
        let end = asked_at(&question.at_end_of_day());
        let series = Calendar::new(range, end, None).series(Vec::new());
        match question.answer_from_end_of_day(Answer::Timeseries(series)) {
            Answer::Timeseries(series) => series.end,
            _ => panic!("a series"),
        }
    };
    for range in RANGES {
        assert_eq!(
            ends(range),
            Calendar::new(range, now, None).end,
            "{range:?}"
        );
    }
}
