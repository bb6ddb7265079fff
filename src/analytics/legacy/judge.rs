//! Whether two arms counted the same.
//!
//! Invariant: a fact holds digests of an answer, never a number, an address or a user agent of it. Answers that are of
//! the same scans must be equal; ones that are not prove nothing. Nor do remembered ones: see [`Comparing::is_remembered`].
//!
//! The labels are a closed set. Tolerated:
//!
//! | label | what differs |
//! |---|---|
//! | `scans in between` | the answers, and scans were recorded after the one and before the other |
//!
//! Mismatches, the first of these that is found:
//!
//! | label | what differs |
//! |---|---|
//! | `answer` | one answered, the other refused |
//! | `refusal` | the kind of error, or the fields it names |
//! | `question` | one answered another question than the other |
//! | `shape` | start, end, interval, labels, dates, how many there are, or what they are called |
//! | `numbers` | a count, or a single scan |

use std::fmt::Debug;

use sha2::{Digest, Sha256};

use crate::{
    analytics::{Answer, Answered},
    kernel::{Kind, Result},
    rollout::{Judge as Comparing, Match, Shown},
};

/// Compares numbers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Judge;

impl Judge {
    /// What [`Match::Tolerated`] may hold.
    pub const TOLERATED: [&str; 1] = ["scans in between"];
    /// What [`Match::Mismatch`] may hold.
    pub const MISMATCHES: [&str; 5] = ["answer", "refusal", "question", "shape", "numbers"];
}

/// The parts of one answer that must agree.
#[derive(Clone, Debug)]
pub struct Fact(Seen);

#[derive(Clone, Debug)]
enum Seen {
    Answered(Box<Numbers>),
    /// The kind, and the fields.
    Refused((Kind, [u8; 32])),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Numbers {
    question: &'static str,
    recorded: u64,
    shape: [u8; 32],
    counts: [u8; 32],
}

impl Comparing<Answered> for Judge {
    type Fact = Fact;

    fn fact(&self, answer: &Result<Answered>) -> Fact {
        Fact(match answer {
            Ok(answered) => Seen::Answered(Box::new(numbers(answered))),
            Err(e) => {
                let fields: Vec<&str> = e.details().iter().map(|d| &*d.field).collect();
                Seen::Refused((e.kind(), digest(&fields)))
            }
        })
    }

    fn judge(&self, control: &Fact, candidate: &Fact) -> Match {
        match (&control.0, &candidate.0) {
            (Seen::Answered(a), Seen::Answered(b)) => counted(a, b),
            (Seen::Refused(a), Seen::Refused(b)) if a == b => Match::Same,
            (Seen::Refused(_), Seen::Refused(_)) => Match::Mismatch("refusal"),
            _ => Match::Mismatch("answer"),
        }
    }

    fn is_remembered(&self, answered: &Answered) -> bool {
        answered.cached
    }

    fn spoil(answered: Answered) -> Answered {
        answered.miscounted()
    }

    fn show(&self, answered: &Answered) -> Shown {
        Shown::text(format!("{answered:#?}"))
    }
}

fn counted(a: &Numbers, b: &Numbers) -> Match {
    if a.question != b.question {
        return Match::Mismatch("question");
    }
    let found = [
        (a.shape != b.shape).then_some("shape"),
        (a.counts != b.counts).then_some("numbers"),
    ];
    match found.into_iter().flatten().next() {
        None => Match::Same,
        // The range of all time begins with the first scan, and the length of a page depends on the scans.
        Some(_) if a.recorded != b.recorded => Match::Tolerated("scans in between"),
        Some(label) => Match::Mismatch(label),
    }
}

fn numbers(answered: &Answered) -> Numbers {
    let (question, shape, counts) = match &answered.answer {
        Answer::Timeseries(s) => (
            "timeseries",
            digest(&(
                s.start,
                s.end,
                s.interval,
                &s.labels,
                s.all.len(),
                s.genuine.len(),
            )),
            digest(&(&s.all, &s.genuine)),
        ),
        Answer::Logs { logs, total } => ("logs", digest(&logs.len()), digest(&(logs, total))),
        Answer::Devices(d) => {
            let parts = [
                &d.device_types,
                &d.device_families,
                &d.browser_families,
                &d.os_families,
            ];
            let names = parts.map(|p| p.iter().map(|(name, _)| name).collect::<Vec<_>>());
            let counts = parts.map(|p| p.iter().map(|(_, n)| n).collect::<Vec<_>>());
            ("devices", digest(&names), digest(&counts))
        }
        Answer::Timeline(t) => {
            let dates: Vec<_> = t.days.iter().map(|d| d.date).collect();
            let counts: Vec<_> = t.days.iter().map(|d| (d.all, d.genuine)).collect();
            ("timeline", digest(&dates), digest(&counts))
        }
        Answer::Summary(s) => {
            let countries: Vec<_> = s.countries.iter().map(|(name, _)| name).collect();
            ("summary", digest(&countries), digest(s))
        }
    };
    Numbers {
        question,
        recorded: answered.recorded,
        shape,
        counts,
    }
}

/// Digest of the debug text, which differs for any two different values.
fn digest(value: &impl Debug) -> [u8; 32] {
    Sha256::digest(format!("{value:?}")).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        analytics::{Devices, Timeline, Totals},
        kernel::Error,
    };

    fn devices(names: &[(&str, i64)], recorded: u64) -> Answered {
        let device_types = names.iter().map(|(name, n)| ((*name).to_owned(), *n));
        let devices = Devices {
            device_types: device_types.collect(),
            ..Devices::default()
        };
        Answered::fresh(Answer::Devices(devices), recorded)
    }

    fn judged(control: &Result<Answered>, candidate: &Result<Answered>) -> Match {
        let (a, b) = (Judge.fact(control), Judge.fact(candidate));
        let found = Judge.judge(&a, &b);
        match found {
            Match::Tolerated(label) => assert!(Judge::TOLERATED.contains(&label)),
            Match::Mismatch(label) => assert!(Judge::MISMATCHES.contains(&label)),
            Match::Same => {}
        }
        // Nothing that was counted can be read from a fact.
        assert!(!format!("{a:?}{b:?}").contains("phone-"));
        found
    }

    #[test]
    fn equal_scans_must_give_equal_numbers() {
        let one = || Ok(devices(&[("phone-a", 3), ("phone-b", 2)], 7));
        assert_eq!(judged(&one(), &one()), Match::Same);
        for (other, label) in [
            (devices(&[("phone-a", 3), ("phone-b", 1)], 7), "numbers"),
            (devices(&[("phone-b", 3), ("phone-a", 2)], 7), "shape"),
            (devices(&[("phone-a", 3)], 7), "shape"),
        ] {
            assert_eq!(judged(&one(), &Ok(other)), Match::Mismatch(label));
        }
    }

    #[test]
    fn other_scans_excuse_other_numbers_and_nothing_else() {
        let one = || Ok(devices(&[("phone-a", 3)], 7));
        let later = || Ok(devices(&[("phone-a", 4)], 8));
        let excused = Match::Tolerated("scans in between");
        assert_eq!(judged(&one(), &later()), excused);
        assert_eq!(judged(&later(), &one()), excused);
        // Only bots came: people's numbers are the same.
        let bots = Ok(devices(&[("phone-a", 3)], 9));
        assert_eq!(judged(&one(), &bots), Match::Same);
        let timeline = Ok(Answered::fresh(Answer::Timeline(Timeline::default()), 8));
        assert_eq!(judged(&one(), &timeline), Match::Mismatch("question"));
    }

    #[test]
    fn a_remembered_answer_is_of_earlier_scans_and_says_nothing_of_its_arm() {
        let remembered = devices(&[("phone-a", 3)], 7).from_cache();
        assert!(Judge.is_remembered(&remembered));
        assert!(!Judge.is_remembered(&devices(&[("phone-a", 3)], 7)));
        // Beside one that was made anew it is excused, and alike where the scans are.
        let (anew, later) = (devices(&[("phone-a", 3)], 7), devices(&[("phone-a", 4)], 8));
        assert_eq!(judged(&Ok(remembered.clone()), &Ok(anew)), Match::Same);
        let excused = Match::Tolerated("scans in between");
        assert_eq!(judged(&Ok(remembered), &Ok(later)), excused);
    }

    #[test]
    fn refusals_are_compared_by_kind_and_fields() {
        let zone = || Err(Error::invalid("time_zone", "one text"));
        let same = Err(Error::invalid("time_zone", "another"));
        assert_eq!(judged(&zone(), &same), Match::Same);
        let other = Err(Error::invalid("range", "one text"));
        assert_eq!(judged(&zone(), &other), Match::Mismatch("refusal"));
        let fault = || Err(Error::internal("broken"));
        assert_eq!(judged(&zone(), &fault()), Match::Mismatch("refusal"));
        let answer = || Ok(devices(&[], 0));
        assert_eq!(judged(&answer(), &fault()), Match::Mismatch("answer"));
        assert_eq!(judged(&fault(), &answer()), Match::Mismatch("answer"));
    }

    #[test]
    fn a_summary_is_compared_whole() {
        let summary = |bot| {
            let totals = Totals {
                bot,
                ..Totals::default()
            };
            Ok(Answered::fresh(Answer::Summary(totals), 1))
        };
        assert_eq!(judged(&summary(1), &summary(1)), Match::Same);
        assert_eq!(judged(&summary(1), &summary(2)), Match::Mismatch("numbers"));
    }
}
