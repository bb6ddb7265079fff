//! Keys of answers about scans, and their format in Redis.
//!
//! Invariant: only bytes that are a whole and consistent answer of the key's kind are read.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{
    analytics::{
        Answer, Answered, Asked, Date, Day, Devices, Question, Range, Timeline, Timeseries, Totals,
    },
    cache::{Body, CacheKind, Tag},
    cached::{Handling, Key},
    kernel::Timestamp,
    rollout::Arm,
};

/// For questions at the end of a day. Single scans are not cached: a page of them is asked for once.
#[must_use]
pub fn answers<A>() -> Handling<A>
where
    A: Arm<In = Asked, Out = Answered>,
{
    Handling {
        key: Box::new(|question| key(question)),
        weigh: Answered::weight,
        mark: Answered::from_cache,
        encode,
        decode,
    }
}

fn key(question: &Question) -> Option<Key> {
    let of_range = |range: &Range, now: &Timestamp| format!("{range:?} {}", now.as_nanosecond());
    let (kind, text) = match question {
        Question::Timeseries { range, now, .. } => (CacheKind::Timeseries, of_range(range, now)),
        Question::Devices { genuine_only, .. } => (CacheKind::Devices, genuine_only.to_string()),
        Question::Timeline {
            period,
            time_zone,
            now,
            ..
        } => {
            let text = format!("{period:?} {} {time_zone}", now.as_nanosecond());
            (CacheKind::Timeline, text)
        }
        Question::Summary { range, now, .. } => (CacheKind::Summary, of_range(range, now)),
        Question::Logs { .. } => return None,
    };
    let code_id = question.code_id();
    let text = format!("{} {code_id} {text}", kind.label());
    Some(Key {
        digest: Sha256::digest(text).into(),
        tag: Some(Tag::Scans(code_id)),
        kind,
    })
}

/// An answer in Redis. A release that changes it changes a field's name.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    recorded: u64,
    answer: StoredAnswer,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
enum StoredAnswer {
    Timeseries(Timeseries),
    Devices(Devices),
    Timeline {
        dates: Vec<String>,
        all: Vec<i64>,
        genuine: Vec<i64>,
    },
    Summary(Totals),
}

fn encode(answered: &Answered) -> Option<Body> {
    let answer = match answered.answer.clone() {
        Answer::Timeseries(series) => StoredAnswer::Timeseries(series),
        Answer::Devices(devices) => StoredAnswer::Devices(devices),
        Answer::Timeline(t) => StoredAnswer::Timeline {
            dates: t.days.iter().map(|d| d.date.to_string()).collect(),
            all: t.days.iter().map(|d| d.all).collect(),
            genuine: t.days.iter().map(|d| d.genuine).collect(),
        },
        Answer::Summary(totals) => StoredAnswer::Summary(totals),
        Answer::Logs { .. } => return None,
    };
    let stored = Stored {
        recorded: answered.recorded,
        answer,
    };
    Some(Body {
        bytes: serde_json::to_vec(&stored).ok()?.into(),
        etag: String::new(),
        is_text: true,
    })
}

#[allow(clippy::needless_pass_by_value)] // as the cache hands it over
fn decode(key: &Key, body: Body) -> Option<Answered> {
    if !body.etag.is_empty() {
        return None;
    }
    let stored: Stored = serde_json::from_slice(&body.bytes).ok()?;
    let answer = match (key.kind, stored.answer) {
        (CacheKind::Timeseries, StoredAnswer::Timeseries(s)) => {
            let points = s.labels.len();
            let is_whole = s.all.len() == points && s.genuine.len() == points;
            is_whole.then_some(Answer::Timeseries(s))?
        }
        (CacheKind::Devices, StoredAnswer::Devices(devices)) => Answer::Devices(devices),
        (
            CacheKind::Timeline,
            StoredAnswer::Timeline {
                dates,
                all,
                genuine,
            },
        ) => Answer::Timeline(timeline(&dates, &all, &genuine)?),
        (CacheKind::Summary, StoredAnswer::Summary(totals)) => Answer::Summary(totals),
        _ => return None,
    };
    Some(Answered::fresh(answer, stored.recorded))
}

fn timeline(dates: &[String], all: &[i64], genuine: &[i64]) -> Option<Timeline> {
    if all.len() != dates.len() || genuine.len() != dates.len() {
        return None;
    }
    let days = dates.iter().zip(all).zip(genuine);
    let days = days.map(|((date, all), genuine)| {
        Some(Day {
            date: date.parse::<Date>().ok()?,
            all: *all,
            genuine: *genuine,
        })
    });
    Some(Timeline {
        days: days.collect::<Option<_>>()?,
    })
}

#[cfg(test)]
mod tests;
