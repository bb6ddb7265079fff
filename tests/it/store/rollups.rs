//! Rollups: equal to the rows, whatever is recorded, in whatever order, by whatever release, beside a rebuild.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use qr_observatory::{
    analytics::{
        Answer, Answered, Asked, Period, Question, Range, Rollups, Totals,
        legacy::{Judge, Rows},
    },
    kernel::{
        Clock, Ctx, Error, Kind, SystemClock, Timestamp,
        clock::Instant,
        id::{Ids, Uuid},
    },
    rollout::{Arm, Judge as _, Match},
    store::{
        Store,
        organizations::Organizations,
        scans::{AgentId, Country, Excluded, ScanRow},
    },
};
use sea_orm::{ConnectionTrait, Statement};

use super::{
    databases::{self, Fresh, at, clock, ids, on_both, told},
    record::{agent, new_code, scan},
};
use crate::support::dice::Dice;

on_both!(
    both_arms_count_the_same,
    a_settled_question_has_the_answer_of_the_question,
    a_rebuild_changes_nothing,
    a_rebuild_beside_recorders_counts_each_scan_once,
    answers_while_scans_arrive_are_never_a_mismatch,
    scans_of_the_release_before_are_noticed,
    scans_from_before_the_migration_are_counted_after_it,
    visitors_are_counted_once_a_day_and_forgotten,
    deleting_a_code_takes_its_rollups,
    a_summary_tells_people_bots_and_countries,
);

const DAY_S: i64 = 24 * 60 * 60;
const ZONES: &str = "UTC Europe/Berlin America/New_York Asia/Kathmandu Asia/Kolkata Australia/Lord_Howe \
    Pacific/Chatham America/St_Johns";

/// A scan of any kind within a year before `now`, or shortly after it; many at the edges of quarters.
fn any_scan(dice: &mut Dice, ids: &Ids, code_id: Uuid, now_s: i64) -> ScanRow {
    let back = match dice.roll(4) {
        0 => dice.below(370 * DAY_S),
        1 => dice.below(8 * DAY_S),
        2 => dice.below(1800) - 900,
        _ => (now_s % 900) + 900 * dice.below(400),
    };
    ScanRow {
        genuine: dice.roll(2) == 0,
        excluded: match dice.roll(8) {
            0 => Some(Excluded::Bot),
            1 => Some(Excluded::Head),
            2 => Some(Excluded::Prefetch),
            _ => None,
        },
        agent: (dice.roll(9) > 0).then(|| AgentId(dice.below(9))),
        country: Country::parse(dice.pick(&[&b"DE"[..], b"FR", b""])),
        placement_id: None,
        ..scan(ids, code_id, now_s - back)
    }
}

fn questions(code_id: Uuid, now: Timestamp) -> Vec<Question> {
    let ranges = [
        Range::Today,
        Range::Yesterday,
        Range::Last7Days,
        Range::Last30Days,
        Range::ThisMonth,
        Range::LastMonth,
        Range::AllTime,
    ];
    let mut all: Vec<Question> = ranges
        .map(|range| Question::Timeseries {
            code_id,
            range,
            now,
        })
        .into();
    for time_zone in ZONES.split_whitespace() {
        for period in [Period::Days7, Period::Days30, Period::Days90, Period::Year] {
            all.push(Question::Timeline {
                code_id,
                period,
                time_zone: time_zone.into(),
                now,
            });
        }
    }
    for genuine_only in [false, true] {
        all.push(Question::Devices {
            code_id,
            genuine_only,
        });
        all.push(Question::Logs {
            code_id,
            offset: 1,
            limit: 20,
            genuine_only,
        });
    }
    all
}

fn ctx() -> Ctx {
    Ctx::new(ids().next(), SystemClock.instant())
}

struct Arms {
    control: Rows,
    candidate: Rollups,
}

impl Arms {
    fn new(store: &Store) -> Self {
        Self {
            control: Rows::new(store.clone()),
            candidate: Rollups::new(store.clone()),
        }
    }

    async fn ask(&self, question: Question) -> [Result<Answered, Error>; 2] {
        let asked: Asked = Arc::new(question);
        let ctx = ctx();
        [
            self.control.run(&ctx, &asked).await,
            self.candidate.run(&ctx, &asked).await,
        ]
    }

    /// Everything must be equal, and is returned.
    async fn agree(&self, code_id: Uuid, now: Timestamp) -> Vec<Answer> {
        let mut answers = Vec::new();
        for question in questions(code_id, now) {
            let asked = format!("{question:?}");
            let [control, candidate] = self.ask(question).await;
            let found = judged(&control, &candidate);
            let (control, candidate) = (control.unwrap(), candidate.unwrap());
            assert_eq!(control.answer, candidate.answer, "{asked}");
            assert_eq!(found, Match::Same, "{asked}");
            answers.push(candidate.answer);
        }
        answers
    }

    async fn summary(&self, code_id: Uuid, now: Timestamp) -> Totals {
        let range = Range::Last30Days;
        let question = Question::Summary {
            code_id,
            range,
            now,
        };
        let [control, candidate] = self.ask(question).await;
        assert_eq!(control.unwrap_err().kind(), Kind::Unsupported);
        match candidate.unwrap().answer {
            Answer::Summary(totals) => totals,
            other => panic!("{other:?}"),
        }
    }

    async fn is_unsupported(&self, code_id: Uuid) -> bool {
        let question = Question::Devices {
            code_id,
            genuine_only: false,
        };
        let [_, candidate] = self.ask(question).await;
        candidate.is_err_and(|e| e.kind() == Kind::Unsupported)
    }
}

fn judged(control: &Result<Answered, Error>, candidate: &Result<Answered, Error>) -> Match {
    Judge.judge(&Judge.fact(control), &Judge.fact(candidate))
}

/// Scans in random batches; some are delivered twice.
async fn record_all(store: &Store, dice: &mut Dice, scans: &[ScanRow]) {
    let systems = [(1, "iOS"), (2, "Android"), (3, "iOS"), (4, "")];
    let agents = systems.map(|(id, os)| agent(id, os));
    let mut from = 0;
    while from < scans.len() {
        let to = (from + 1 + dice.index(60)).min(scans.len());
        let back = from.saturating_sub(dice.index(5));
        store.scans.record(&scans[back..to], &agents).await.unwrap();
        from = to;
    }
}

async fn both_arms_count_the_same(db: &Fresh) {
    let ids = ids();
    let arms = Arms::new(db);
    for seed in 0..4 {
        let mut dice = Dice(seed);
        let codes = [new_code(db, &ids).await, new_code(db, &ids).await];
        // Around the year: days of 23 and of 25 hours are among them.
        let now_s = dice.below(300 * DAY_S) + DAY_S;
        let scans: Vec<ScanRow> = (0..400)
            .map(|_| {
                let code = dice.pick(&codes);
                any_scan(&mut dice, &ids, code, now_s)
            })
            .collect();
        record_all(db, &mut dice, &scans).await;
        for code in codes {
            arms.agree(code, at(now_s)).await;
        }
    }
    // A code that nobody scanned, and none at all.
    arms.agree(new_code(db, &ids).await, at(0)).await;
    arms.agree(ids.next(), at(0)).await;
}

/// As long as nothing was scanned after it was asked.
async fn a_settled_question_has_the_answer_of_the_question(db: &Fresh) {
    let ids = ids();
    let arms = Arms::new(db);
    for seed in 0..6 {
        let mut dice = Dice(seed);
        let code = new_code(db, &ids).await;
        let day_s = dice.below(300) * DAY_S + DAY_S;
        // In the middle of a day, and at both ends of one: also of a month's, in UTC and elsewhere.
        let now = match seed {
            0 => at(day_s),
            1 => at(31 * DAY_S) - Duration::from_micros(1),
            2 => at(31 * DAY_S),
            _ => at(day_s + dice.below(DAY_S)),
        };
        let now_s = now.as_second() - at(0).as_second();
        let scans = (0..150).map(|_| any_scan(&mut dice, &ids, code, now_s));
        let mut scans: Vec<ScanRow> = scans.filter(|scan| scan.at <= now).collect();
        scans.push(ScanRow {
            at: now,
            ..scan(&ids, code, now_s)
        });
        record_all(db, &mut dice, &scans).await;
        let summary = |range| Question::Summary {
            code_id: code,
            range,
            now,
        };
        let summaries = [Range::Today, Range::Last7Days, Range::AllTime].map(summary);
        for question in questions(code, now).into_iter().chain(summaries) {
            let raw = arms.ask(question.clone()).await;
            let at_end = arms.ask(question.at_end_of_day()).await;
            for (raw, at_end) in raw.into_iter().zip(at_end) {
                match (raw, at_end) {
                    (Ok(raw), Ok(at_end)) => {
                        let shown = question.answer_from_end_of_day(at_end.answer);
                        assert_eq!(raw.answer, shown, "{question:?}");
                    }
                    (raw, at_end) => assert_eq!(judged(&raw, &at_end), Match::Same),
                }
            }
        }
    }
}

async fn a_rebuild_changes_nothing(db: &Fresh) {
    let (ids, mut dice) = (ids(), Dice(7));
    let arms = Arms::new(db);
    let code = new_code(db, &ids).await;
    let scans: Vec<ScanRow> = (0..500)
        .map(|_| any_scan(&mut dice, &ids, code, 50 * DAY_S))
        .collect();
    record_all(db, &mut dice, &scans).await;
    let now = at(50 * DAY_S);
    let before = (arms.agree(code, now).await, arms.summary(code, now).await);
    let mut told = 0;
    let counted = db.scans.rebuild(code, |rows| told += rows).await.unwrap();
    assert_eq!((counted, told), (500, 500));
    let after = (arms.agree(code, now).await, arms.summary(code, now).await);
    assert_eq!(before, after);
    assert_eq!(db.scans.rebuild(ids.next(), |_| {}).await.unwrap(), 0);
}

async fn a_rebuild_beside_recorders_counts_each_scan_once(db: &Fresh) {
    let (ids, mut dice) = (ids(), Dice(8));
    let code = new_code(db, &ids).await;
    // More than one step, and many in one microsecond.
    let mut scans: Vec<ScanRow> = (0..12_000)
        .map(|_| any_scan(&mut dice, &ids, code, 50 * DAY_S))
        .collect();
    for row in &mut scans[..9000] {
        row.at = at(40 * DAY_S);
    }
    let (first, second) = scans.split_at(10_000);
    for batch in first.chunks(2500) {
        db.scans.record(batch, &[]).await.unwrap();
    }
    let recording = async {
        let mut dice = Dice(9);
        record_all(db, &mut dice, second).await;
    };
    let rebuilding = async {
        for _ in 0..3 {
            db.scans.rebuild(code, |_| {}).await.unwrap();
        }
    };
    let again = async { db.scans.rebuild(code, |_| {}).await.unwrap() };
    tokio::join!(recording, rebuilding, again);
    assert_eq!(db.scans.count_incomplete().await.unwrap(), 0);
    Arms::new(db).agree(code, at(50 * DAY_S)).await;
}

async fn answers_while_scans_arrive_are_never_a_mismatch(db: &Fresh) {
    let (ids, mut dice) = (ids(), Dice(10));
    let code = new_code(db, &ids).await;
    let now = at(50 * DAY_S);
    let scans: Vec<ScanRow> = (0..600)
        .map(|_| any_scan(&mut dice, &ids, code, 50 * DAY_S))
        .collect();
    let store = db.store.clone();
    let recording = tokio::spawn(async move {
        for batch in scans.chunks(3) {
            store.scans.record(batch, &[]).await.unwrap();
        }
    });
    let arms = Arms::new(db);
    let (mut same, mut tolerated) = (0, 0);
    while !recording.is_finished() {
        for question in questions(code, now) {
            let asked = format!("{question:?}");
            let [control, candidate] = arms.ask(question).await;
            match judged(&control, &candidate) {
                Match::Same => same += 1,
                Match::Tolerated("scans in between") => tolerated += 1,
                other => panic!("{other:?}: {asked}: {control:?} {candidate:?}"),
            }
        }
    }
    recording.await.unwrap();
    assert!(same + tolerated > 0);
    arms.agree(code, now).await;
}

/// As the release before stores a scan.
async fn insert_as_before(db: &Fresh, row: &ScanRow) {
    let raw = sea_orm::Database::connect(&db.settings.url).await.unwrap();
    let backend = raw.get_database_backend();
    let sql = "INSERT INTO scans (id, code_id, at_us, genuine, excluded, address, referer, agent_id) \
               VALUES ($1, $2, $3, $4, NULL, NULL, NULL, NULL)";
    let values = [
        row.id.into(),
        row.code_id.into(),
        row.at.as_microsecond().into(),
        row.genuine.into(),
    ];
    raw.execute_raw(Statement::from_sql_and_values(backend, sql, values))
        .await
        .unwrap();
    raw.close().await.unwrap();
}

async fn scans_of_the_release_before_are_noticed(db: &Fresh) {
    let ids = ids();
    let arms = Arms::new(db);
    let (code, fresh) = (new_code(db, &ids).await, new_code(db, &ids).await);
    db.scans.record(&[scan(&ids, code, 5)], &[]).await.unwrap();
    let before = db.scans.snapshot(code).await.unwrap().recorded();
    for code in [code, fresh] {
        insert_as_before(db, &scan(&ids, code, 10)).await;
        assert!(arms.is_unsupported(code).await);
    }
    // It is a scan like any other to who compares two answers.
    let after = db.scans.snapshot(code).await.unwrap().recorded();
    assert_eq!(after, before + 1);
    // What this release records meanwhile is not lost, and makes nothing complete.
    db.scans.record(&[scan(&ids, code, 20)], &[]).await.unwrap();
    assert!(arms.is_unsupported(code).await);
    let mut incomplete = vec![code, fresh];
    incomplete.sort();
    assert_eq!(db.scans.incomplete(None, 10).await.unwrap(), incomplete);
    for code in incomplete {
        db.scans.complete(code, |_| {}).await.unwrap();
        arms.agree(code, at(1000)).await;
    }
    assert_eq!(db.scans.count_incomplete().await.unwrap(), 0);
}

async fn scans_from_before_the_migration_are_counted_after_it(db: &Fresh) {
    let ids = ids();
    let arms = Arms::new(db);
    let (code, empty) = (new_code(db, &ids).await, new_code(db, &ids).await);
    let scans = [scan(&ids, code, 5), scan(&ids, code, DAY_S)];
    db.scans.record(&scans, &[]).await.unwrap();
    db.migrations().down(6).await.unwrap();
    db.migrations().up().await.unwrap();
    assert!(arms.is_unsupported(code).await);
    assert!(!arms.is_unsupported(empty).await);
    // Delivered again, and a new one: nothing is counted twice.
    let later = scan(&ids, code, 90);
    let batch = [scans[0].clone(), later];
    let done = db.scans.record(&batch, &[]).await.unwrap();
    assert_eq!((done.stored, done.duplicates), (1, 1));
    assert_eq!(db.scans.complete(code, |_| {}).await.unwrap(), 3);
    arms.agree(code, at(2 * DAY_S)).await;
}

/// Stands where it is put.
struct Stopped(Mutex<Timestamp>);

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }

    fn instant(&self) -> Instant {
        SystemClock.instant()
    }
}

async fn visitors_are_counted_once_a_day_and_forgotten(db: &Fresh) {
    let ids = ids();
    let clock = Arc::new(Stopped(Mutex::new(at(3600))));
    let put = |seconds| *clock.0.lock().unwrap() = at(seconds);
    let store = Store::connect(&db.settings, clock.clone()).await.unwrap();
    let other_node = Store::connect(&db.settings, clock.clone()).await.unwrap();
    let arms = Arms::new(&store);
    let (code, other) = (new_code(db, &ids).await, new_code(db, &ids).await);
    let visit = |code, address: Option<&str>, seconds| ScanRow {
        address: address.map(str::to_owned),
        agent: Some(AgentId(1)),
        ..scan(&ids, code, seconds)
    };
    let visitors = async |code, seconds| arms.summary(code, at(seconds)).await.visitors;
    let bot = ScanRow {
        excluded: Some(Excluded::Bot),
        ..visit(code, Some("198.51.103.0"), 40)
    };
    let batch = [
        visit(code, Some("198.51.100.0"), 10),
        visit(code, Some("198.51.100.0"), 20),
        visit(code, Some("198.51.101.0"), 30),
        visit(code, None, 30),
        visit(other, Some("198.51.100.0"), 30),
        bot,
    ];
    store.scans.record(&batch, &[]).await.unwrap();
    let again = [visit(code, Some("198.51.101.0"), 50)];
    other_node.scans.record(&again, &[]).await.unwrap();
    assert_eq!(visitors(code, 3600).await, 2);
    assert_eq!(visitors(other, 3600).await, 1);
    store.scans.rebuild(code, |_| {}).await.unwrap();
    assert_eq!(visitors(code, 3600).await, 2);
    assert!(!store.scans.forget_keys().await.unwrap());

    // Just after midnight yesterday's scans still come in.
    put(DAY_S + 60);
    let late = [
        visit(code, Some("198.51.102.0"), DAY_S - 1),
        visit(code, Some("198.51.100.0"), DAY_S + 1),
    ];
    store.scans.record(&late, &[]).await.unwrap();
    assert_eq!(visitors(code, DAY_S + 60).await, 4);
    assert!(!store.scans.forget_keys().await.unwrap());

    put(DAY_S + 3601);
    assert!(store.scans.forget_keys().await.unwrap());
    store.scans.forget_visitors().await.unwrap();
    store.scans.forget_visitors().await.unwrap();
    assert_eq!(count(db, "rollup_visits").await, 2);
    assert_eq!(count(db, "rollup_visitors").await, 1);
    assert_eq!(count(db, "visitor_keys").await, 1);
    assert_eq!(visitors(code, DAY_S + 3601).await, 4);
    let too_late = [visit(code, Some("198.51.109.0"), DAY_S - 2)];
    store.scans.record(&too_late, &[]).await.unwrap();
    store.scans.rebuild(code, |_| {}).await.unwrap();
    assert_eq!(visitors(code, DAY_S + 3601).await, 4);
    arms.agree(code, at(DAY_S + 3601)).await;
}

async fn count(db: &Fresh, table: &str) -> i64 {
    let raw = sea_orm::Database::connect(&db.settings.url).await.unwrap();
    let sql = format!("SELECT COUNT(*) FROM {table}");
    let ask = Statement::from_string(raw.get_database_backend(), sql);
    let row = raw.query_one_raw(ask).await.unwrap().unwrap();
    raw.close().await.unwrap();
    row.try_get_by(0).unwrap()
}

async fn deleting_a_code_takes_its_rollups(db: &Fresh) {
    let ids = ids();
    let (code, other) = (new_code(db, &ids).await, new_code(db, &ids).await);
    // Today, so that there are visitors.
    for code in [code, other] {
        let row = ScanRow {
            at: clock().now(),
            ..scan(&ids, code, 0)
        };
        db.scans.record(&[row], &[]).await.unwrap();
    }
    let tables = ["rollup_state", "rollup_days", "rollup_visitors"];
    for table in tables {
        assert_eq!(count(db, table).await, 2, "{table}");
    }
    assert!(
        db.codes
            .delete(Organizations::DEFAULT, code, &told())
            .await
            .unwrap()
    );
    for table in tables {
        assert_eq!(count(db, table).await, 1, "{table}");
    }
}

async fn a_summary_tells_people_bots_and_countries(db: &Fresh) {
    let ids = ids();
    let code = new_code(db, &ids).await;
    let mut batch = Vec::new();
    for (country, excluded, n) in [
        ("DE", None, 3),
        ("FR", None, 2),
        ("", None, 1),
        ("DE", Some(Excluded::Bot), 4),
        ("", Some(Excluded::Head), 1),
        ("", Some(Excluded::Prefetch), 2),
    ] {
        batch.extend((0..n).map(|n| ScanRow {
            country: Country::parse(country.as_bytes()),
            placement_id: None,
            excluded,
            genuine: n == 0,
            ..scan(&ids, code, 10 * DAY_S)
        }));
    }
    db.scans.record(&batch, &[]).await.unwrap();
    let arms = Arms::new(db);
    let expected = Totals {
        people: 6,
        genuine: 3,
        head: 1,
        prefetch: 2,
        bot: 4,
        // The day was over when they came.
        visitors: 0,
        countries: vec![("DE".to_owned(), 3), ("FR".to_owned(), 2)],
    };
    assert_eq!(arms.summary(code, at(10 * DAY_S + 60)).await, expected);
    assert_eq!(arms.summary(code, at(60 * DAY_S)).await, Totals::default());
}
