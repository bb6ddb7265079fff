//! Generated strategies and constraints, on a real Unleash server: what is followed here is what Unleash's Node SDK decides,
//! and what is not followed is told.
//!
//! `PARITY_FLAGS` (default 40) flags are made, and each is looked at in five contexts. 2000 gave the figures of
//! docs/adr/0010-unleash-sdk.md; `--nocapture` prints them.

use futures_util::{StreamExt, stream};
use qr_observatory::{
    kernel::{Clock, SystemClock},
    rollout::{
        Share,
        unleash::{Settings, Unleash},
    },
};
use serde_json::{Value, json};

use crate::support::{
    dice::Dice,
    proxy::{Fault, Proxy},
    unleash::{TOKEN, UnleashServer, ask_node},
};

/// The flags that are read, under whose names others are shown to us.
const OURS: [&str; 6] = [
    "qr.render.candidate",
    "qr.render.shadow",
    "qr.validate.candidate",
    "qr.validate.shadow",
    "qr.analytics.candidate",
    "qr.analytics.shadow",
];
/// The application's name and the environment.
const CONTEXTS: [(&str, &str); 10] = [
    ("qr-observatory", "development"),
    ("QR-Observatory", "production"),
    ("qr", "default"),
    ("1.2.3", "Staging"),
    ("1.2.3-rc.1", "7"),
    ("1.10.0", "development"),
    ("v1.2.3", "production"),
    ("42", "7"),
    (" -3.5", "default"),
    ("0x10", "İstanbul"),
];

/// As the Admin API takes it.
fn constraint(dice: &mut Dice) -> Value {
    let field = match dice.next() % 20 {
        0..=10 => "appName",
        11..=16 => "environment",
        17 => "region",
        18 => dice.pick(&["userId", "sessionId"]),
        _ => "currentTime",
    };
    let word = |dice: &mut Dice, words: &'static str| {
        let words: Vec<&str> = words.split(' ').collect();
        dice.pick(&words)
    };
    // Operators, and the values that they compare with.
    let kinds = [
        ("IN NOT_IN STR_CONTAINS STR_STARTS_WITH STR_ENDS_WITH", ""),
        (
            "NUM_EQ NUM_GT NUM_GTE NUM_LT NUM_LTE",
            "42 42.0 -3.5 1e3 16 0 0.5 7",
        ),
        (
            "SEMVER_EQ SEMVER_GT SEMVER_LT SEMVER_GTE SEMVER_LTE",
            "1.2.3 1.2.3-rc.1 1.2.3-rc.10 1.10.0 2.0.0 0.0.1",
        ),
        ("REGEX", r"^qr obs.*y$ ^\d+ (?i)QR [A-Z] ^$ rc|dev"),
        (
            "DATE_AFTER DATE_BEFORE",
            "2020-01-01T00:00:00.000Z 2135-06-01T12:00:00.000Z 2021-01-01 2135-06-01T12:00:00+02:00",
        ),
    ];
    let (operators, operands) = kinds[dice.pick(&[0, 0, 0, 0, 1, 1, 2, 2, 3, 4])];
    let operator = word(dice, operators);
    let value = (!operands.is_empty()).then(|| word(dice, operands));
    let texts =
        "qr|qr-observatory|QR-OBSERVATORY|development| production |1.2.3|42|obs|TORY|v1|ing";
    let texts: Vec<&str> = texts.split('|').collect();
    let values: Vec<&str> = (0..=dice.next() % 3).map(|_| dice.pick(&texts)).collect();
    let mut constraint = json!({
        "contextName": field,
        "operator": operator,
        "inverted": operator != "REGEX" && dice.percent(30),
        "caseInsensitive": dice.percent(40),
    });
    match value {
        Some(value) => constraint["value"] = json!(value),
        None => constraint["values"] = json!(values),
    }
    constraint
}

fn strategies(dice: &mut Dice, flag: &str, segments: &[i64]) -> Vec<Value> {
    let one = |dice: &mut Dice| {
        let rollout = dice.pick(&["0", "1", "30", "50", "99", "100"]);
        let stickiness = match dice.next() % 12 {
            0 => "companyId",
            1 => "appName",
            2 => "sessionId",
            3 => "userId",
            _ => "default",
        };
        let (name, parameters) = match dice.next() % 20 {
            0..=2 => ("default", json!({})),
            3 => ("userWithId", json!({ "userIds": "unit-1,unit-2" })),
            4 => ("remoteAddress", json!({ "IPs": "10.0.0.1" })),
            _ => {
                let parameters =
                    json!({ "rollout": rollout, "stickiness": stickiness, "groupId": flag });
                ("flexibleRollout", parameters)
            }
        };
        let constraints: Vec<Value> = (0..dice.pick(&[0, 1, 1, 2]))
            .map(|_| constraint(dice))
            .collect();
        let mut strategy =
            json!({ "name": name, "parameters": parameters, "constraints": constraints });
        if dice.percent(15) {
            strategy["segments"] = json!([dice.pick(segments)]);
        }
        strategy
    };
    (0..=dice.next() % 3).map(|_| one(dice)).collect()
}

/// Makes the flags; the server's word on what it refuses.
async fn make(server: &UnleashServer, count: u64) -> usize {
    let segment = async |nth: i64| {
        let constraints: Vec<Value> = (0..2)
            .map(|n| constraint(&mut Dice(u64::MAX - (nth * 2 + n).unsigned_abs())))
            .collect();
        let body = json!({ "name": format!("segment-{nth}"), "constraints": constraints });
        let made = server.try_admin("POST", "/api/admin/segments", body).await;
        made.unwrap()["id"].as_i64().unwrap()
    };
    let mut segments = Vec::new();
    for nth in 0..8 {
        segments.push(segment(nth).await);
    }
    let flags = stream::iter(0..count).map(async |nth| {
        let flag = format!("parity-{nth}");
        server.create(&flag).await;
        let dice = &mut Dice(nth);
        let mut refused = 0;
        for strategy in strategies(dice, &flag, &segments) {
            refused += usize::from(server.add_strategy(&flag, strategy).await.is_err());
        }
        server.turn_on(&flag).await;
        refused
    });
    let refused: Vec<usize> = flags.buffer_unordered(6).collect().await;
    refused.iter().sum()
}

struct Case {
    flag: String,
    context: (&'static str, &'static str),
    share: Share,
    caveat: Option<String>,
}

/// What becomes of each flag here, six at a time.
async fn ours(server: &UnleashServer, answer: &Value, count: u64) -> Vec<Case> {
    let stub = Proxy::before(server.port).await;
    let url = format!("http://127.0.0.1:{}/api", stub.port);
    let folder = tempfile::tempdir().unwrap();
    let mut cases = Vec::new();
    for (nth, (app_name, environment)) in CONTEXTS.into_iter().enumerate() {
        let source = Unleash::new(&Settings {
            url: url.parse().unwrap(),
            token: format!("default:{environment}.secret"),
            app_name: app_name.to_owned(),
            refresh_ms: 5000,
            file: folder.path().join(format!("{nth}.json")),
        })
        .unwrap();
        let flags: Vec<String> = (0..count)
            .filter(|flag| (flag + nth as u64).is_multiple_of(2))
            .map(|flag| format!("parity-{flag}"))
            .collect();
        for six in flags.chunks(OURS.len()) {
            let all = answer["features"].as_array().unwrap();
            let shown = six.iter().zip(OURS).map(|(flag, name)| {
                let mut feature = all.iter().find(|f| f["name"] == **flag).unwrap().clone();
                feature["name"] = json!(name);
                feature
            });
            let mut batch = answer.clone();
            batch["features"] = shown.collect();
            stub.set(Fault::http("200 OK", &batch.to_string())).await;
            let snapshot = source.refresh(SystemClock.now()).await.unwrap();
            let shares = snapshot.shares.iter();
            let shares = shares.flat_map(|(_, f)| [f.candidate.clone(), f.shadow.clone()]);
            for ((flag, name), share) in six.iter().zip(OURS).zip(shares) {
                cases.push(Case {
                    flag: flag.clone(),
                    context: (app_name, environment),
                    share,
                    caveat: snapshot.caveats.get(name).cloned(),
                });
            }
        }
    }
    cases
}

pub async fn holds(server: &UnleashServer) {
    #[allow(clippy::disallowed_methods)] // A test has no config.
    let count = std::env::var("PARITY_FLAGS").map_or(40, |text| text.parse().unwrap());
    let refused = make(server, count).await;
    let answer = server.told(&format!("parity-{}", count - 1)).await;
    let cases = ours(server, &answer, count).await;
    let units: Vec<String> = (0..12).map(|n| format!("unit-{n}")).collect();
    let asked = cases.iter().map(|case| {
        let (app_name, environment) = case.context;
        json!({ "flag": case.flag, "appName": app_name, "environment": environment })
    });
    let task = json!({ "url": server.url(), "token": TOKEN, "units": units });
    let script = include_str!("../../node/unleash_parity.mjs");
    let theirs = ask_node(script, &task, &asked.collect::<Value>().to_string());
    let theirs: Vec<&str> = theirs.lines().collect();
    assert_eq!(theirs.len(), cases.len());
    let (mut taken, mut told, mut wrong) = (0, 0, Vec::new());
    for (case, theirs) in cases.iter().zip(theirs) {
        let ours = units.iter().map(|unit| case.share.takes(unit));
        let theirs = theirs.chars().map(|c| c == '1');
        let mut pairs = ours.zip(theirs);
        taken += usize::from(case.share.percent_taken() > 0);
        told += usize::from(case.caveat.is_some());
        // What is left out here may be on there; never the other way round.
        let fits = match case.caveat {
            None => pairs.all(|(ours, theirs)| ours == theirs),
            Some(_) => pairs.all(|(ours, theirs)| !ours || theirs),
        };
        if !fits {
            let all = answer["features"].as_array().unwrap();
            let feature = all.iter().find(|f| f["name"] == *case.flag).unwrap();
            wrong.push(format!("{:?} {:?} {feature}", case.context, case.caveat));
        }
    }
    let (count, mistakes) = (cases.len(), wrong.len());
    eprintln!(
        "{count} cases: {taken} on for somebody, {told} with a caveat, {mistakes} wrong; {refused} strategies were refused by the server"
    );
    wrong.truncate(5);
    assert_eq!(mistakes, 0, "{}", wrong.join("\n"));
    // Most of it is decided, and to either side.
    assert!(taken * 4 > count && taken * 10 < count * 9, "{taken}");
    assert!(told * 2 < cases.len(), "{told}");
}
