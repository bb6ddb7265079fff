//! Answers about scans: what they are called, and how they lie in the second tier.
//!
//! Invariant: bytes that are not an answer of the key's kind, whole and in itself consistent, are none.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{
    analytics::{
        Answer, Answered, Asked, Date, Day, Devices, Interval, Question, Timeline, Timeseries,
        Totals,
    },
    cache::{Body, CacheKind, Tag},
    cached::{Handling, Key},
    kernel::Timestamp,
    rollout::Arm,
};

/// Answers to settled questions. Single scans are not remembered: a page of them is asked for once.
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
    let (kind, text) = match question {
        Question::Timeseries { range, now, .. } => {
            let text = format!("{range:?} {}", now.as_nanosecond());
            (CacheKind::Timeseries, text)
        }
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
        Question::Summary { range, now, .. } => {
            let text = format!("{range:?} {}", now.as_nanosecond());
            (CacheKind::Summary, text)
        }
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

type Counts = Vec<(String, i64)>;

/// An answer as it is stored. A release that changes it changes a field's name.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    recorded: u64,
    answer: Kept,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
enum Kept {
    Timeseries {
        start_us: i64,
        end_us: i64,
        interval: String,
        labels: Vec<String>,
        all: Vec<i64>,
        genuine: Vec<i64>,
    },
    Devices {
        device_types: Counts,
        device_families: Counts,
        browser_families: Counts,
        os_families: Counts,
    },
    Timeline {
        dates: Vec<String>,
        all: Vec<i64>,
        genuine: Vec<i64>,
    },
    Summary {
        people: i64,
        genuine: i64,
        head: i64,
        prefetch: i64,
        bot: i64,
        visitors: i64,
        countries: Counts,
    },
}

fn encode(answered: &Answered) -> Option<Body> {
    let answer = match answered.answer.clone() {
        Answer::Timeseries(s) => Kept::Timeseries {
            start_us: s.start.as_microsecond(),
            end_us: s.end.as_microsecond(),
            interval: s.interval.label().to_owned(),
            labels: s.labels,
            all: s.all,
            genuine: s.genuine,
        },
        Answer::Devices(d) => Kept::Devices {
            device_types: d.device_types,
            device_families: d.device_families,
            browser_families: d.browser_families,
            os_families: d.os_families,
        },
        Answer::Timeline(t) => Kept::Timeline {
            dates: t.days.iter().map(|d| d.date.to_string()).collect(),
            all: t.days.iter().map(|d| d.all).collect(),
            genuine: t.days.iter().map(|d| d.genuine).collect(),
        },
        Answer::Summary(s) => Kept::Summary {
            people: s.people,
            genuine: s.genuine,
            head: s.head,
            prefetch: s.prefetch,
            bot: s.bot,
            visitors: s.visitors,
            countries: s.countries,
        },
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
    let (kind, answer) = read(stored.answer)?;
    (kind == key.kind).then(|| Answered::fresh(answer, stored.recorded))
}

/// With its kind.
fn read(kept: Kept) -> Option<(CacheKind, Answer)> {
    Some(match kept {
        Kept::Timeseries {
            start_us,
            end_us,
            interval,
            labels,
            all,
            genuine,
        } => {
            let is_whole = all.len() == labels.len() && genuine.len() == labels.len();
            let series = Timeseries {
                start: Timestamp::from_microsecond(start_us).ok()?,
                end: Timestamp::from_microsecond(end_us).ok()?,
                interval: Interval::ALL.into_iter().find(|i| i.label() == interval)?,
                labels: is_whole.then_some(labels)?,
                all,
                genuine,
            };
            (CacheKind::Timeseries, Answer::Timeseries(series))
        }
        Kept::Devices {
            device_types,
            device_families,
            browser_families,
            os_families,
        } => {
            let devices = Devices {
                device_types,
                device_families,
                browser_families,
                os_families,
            };
            (CacheKind::Devices, Answer::Devices(devices))
        }
        Kept::Timeline {
            dates,
            all,
            genuine,
        } => (
            CacheKind::Timeline,
            Answer::Timeline(timeline(&dates, &all, &genuine)?),
        ),
        Kept::Summary {
            people,
            genuine,
            head,
            prefetch,
            bot,
            visitors,
            countries,
        } => {
            let totals = Totals {
                people,
                genuine,
                head,
                prefetch,
                bot,
                visitors,
                countries,
            };
            (CacheKind::Summary, Answer::Summary(totals))
        }
    })
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
