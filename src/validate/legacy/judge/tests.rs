//! The two arms beside each other, and each label once.

use std::sync::{Arc, LazyLock};

use futures_util::FutureExt as _;
use proptest::{prelude::*, test_runner::Config};

use super::*;
use crate::{
    kernel::{Ctx, Error, SystemClock, error::Detail},
    rollout::{Arm as _, Judge as _},
    validate::{Checker, Purpose, Rules, Style, Submission, legacy::Validator},
};

const BASE: &str = "https://qr.example.com/codes";

fn rules() -> Rules {
    Rules::new::<&str>(BASE, &[], false).unwrap()
}

/// Both arms under the same rules.
struct Arms {
    control: Validator,
    candidate: Checker,
    ctx: Ctx,
}

impl Arms {
    fn new(rules: &Rules) -> Self {
        use crate::kernel::Clock as _;
        Self {
            control: Validator::new(rules.clone()),
            candidate: Checker::new(rules.clone()),
            ctx: Ctx::new(uuid::Uuid::nil(), SystemClock.instant()),
        }
    }

    /// What each of them says. Neither ever waits.
    fn asked(&self, submission: &Submission) -> [Result<Verdict>; 2] {
        let input = Arc::new(submission.clone());
        let control = self.control.run(&self.ctx, &input).now_or_never();
        let candidate = self.candidate.run(&self.ctx, &input).now_or_never();
        [control, candidate].map(Option::unwrap)
    }
}

fn judge(control: &Result<Verdict>, candidate: &Result<Verdict>) -> Match {
    let facts = [control, candidate].map(|answer| Judge.fact(answer));
    let found = Judge.judge(&facts[0], &facts[1]);
    match found {
        Match::Same => {}
        Match::Tolerated(label) => assert!(Judge::TOLERATED.contains(&label), "{label}"),
        Match::Mismatch(label) => assert!(Judge::MISMATCHES.contains(&label), "{label}"),
    }
    found
}

fn compared(submission: &Submission) -> Match {
    let [control, candidate] = Arms::new(&rules()).asked(submission);
    judge(&control, &candidate)
}

fn to(url: &str) -> Submission {
    Submission {
        purpose: Purpose::CreateDynamic,
        redirect_url: Some(url.to_owned()),
        ..Submission::default()
    }
}

fn holding(content: String) -> Submission {
    Submission {
        content: Some(content),
        ..Submission::default()
    }
}

#[test]
fn what_the_arms_decide_differently_has_a_label() {
    use Match::{Mismatch, Same, Tolerated};
    for (submission, found) in [
        (to("https://example.com/a?b=c"), Same),
        (to("https://пример.рф/"), Same),
        (to("ftp://example.com"), Same),
        (to("https://аррӏе.com"), Mismatch("lookalike refused")),
        (to("https://pаypal.com"), Mismatch("lookalike refused")),
        (to("https://[4000::1]/"), Mismatch("address refused")),
        (to("https://168.63.129.16/"), Mismatch("address refused")),
        (
            to("https://qr.example.com//codes/r/1"),
            Mismatch("loop refused"),
        ),
        (
            to("http://qr.example.com:443/codes/r/1"),
            Mismatch("loop refused"),
        ),
        (holding("点".repeat(1000)), Mismatch("content accepted")),
        (holding("a".repeat(2049)), Same),
        (holding("é".repeat(1166)), Tolerated("wording")),
        (
            Submission {
                title: Some("t".repeat(101)),
                ..to("https://аррӏе.com")
            },
            Tolerated("more fields"),
        ),
    ] {
        assert_eq!(compared(&submission), found, "{submission:?}");
    }
}

fn verdict(fields: &[&'static str], target: Option<&str>) -> Verdict {
    let detail = |field: &&'static str| Detail {
        field: (*field).into(),
        message: "is bad".into(),
    };
    Verdict {
        details: fields.iter().map(detail).collect(),
        target: target.map(str::to_owned),
        ..Verdict::default()
    }
}

#[test]
fn fields_and_targets_must_agree() {
    use Match::{Mismatch, Same, Tolerated};
    for (control, candidate, found) in [
        ((&[][..], None), (&[][..], None), Same),
        (
            (&["a", "b"], None),
            (&["b", "a", "b"], None),
            Tolerated("wording"),
        ),
        (
            (&["b"], None),
            (&["b", "a"], None),
            Tolerated("more fields"),
        ),
        ((&[], Some("a")), (&[], Some("b")), Mismatch("target")),
        ((&["a"], Some("a")), (&["a"], None), Mismatch("target")),
        ((&["a"], None), (&["b"], None), Mismatch("fields")),
        ((&["a", "b"], None), (&["b"], None), Mismatch("fields")),
        ((&["a"], None), (&[], None), Mismatch("accepted")),
        ((&[], None), (&["a"], None), Mismatch("refused")),
    ] {
        let [control, candidate] = [control, candidate].map(|(f, target)| Ok(verdict(f, target)));
        assert_eq!(
            judge(&control, &candidate),
            found,
            "{control:?} {candidate:?}"
        );
    }
}

#[test]
fn failures_are_told_apart_by_their_kind() {
    let failed = |e: Error| Err::<Verdict, _>(e);
    let internal = failed(Error::internal("m"));
    let other = failed(Error::not_found("m"));
    assert_eq!(judge(&internal, &failed(Error::internal("n"))), Match::Same);
    for answer in [Ok(verdict(&[], None)), other] {
        assert_eq!(judge(&internal, &answer), Match::Mismatch("failure"));
        assert_eq!(judge(&answer, &internal), Match::Mismatch("failure"));
    }
}

#[test]
fn a_fact_holds_no_payload() {
    let submission = Submission {
        title: Some("secret".repeat(20)),
        ..to("https://secret.example/secret")
    };
    for answer in Arms::new(&rules()).asked(&submission) {
        let fact = format!("{:?}", Judge.fact(&answer));
        assert!(!fact.contains("secret"), "{fact}");
    }
}

fn maybe<T: std::fmt::Debug>(some: impl Strategy<Value = T>) -> impl Strategy<Value = Option<T>> {
    proptest::option::of(some)
}

fn ordinary_url() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => "https?://([a-z]{1,8}\\.){1,2}(com|de|example)(:[0-9]{2,4})?(/[a-zA-Z0-9%äñ._~-]{0,8}){0,4}(\\?[a-z]=[a-z0-9&+]{0,9})?(#[a-z]{0,4})?",
        1 => "https?://[a-zäöüßéñ]{3,9}\\.(com|de)/",
        1 => "https?://[0-9]{1,3}(\\.[0-9]{1,3}){3}/",
        1 => "(ftp://|javascript:|//|mailto:)?[a-z]{1,9}(@[a-z]{2}\\.com)?",
    ]
}

/// What people send: mostly right, now and then wrong.
fn ordinary() -> impl Strategy<Value = Submission> {
    let purpose = prop_oneof![
        Just(Purpose::CreateStatic),
        Just(Purpose::CreateDynamic),
        Just(Purpose::UpdateStatic),
        Just(Purpose::UpdateDynamic),
    ];
    let content = prop_oneof![
        6 => "[ -~]{1,80}",
        2 => "\\PC{0,40}",
        1 => "[0-9]{1,2100}",
        1 => "[a-zé]{1000,2060}",
    ];
    let color =
        || maybe(prop_oneof![8 => "#[0-9a-fA-F]{6}", 2 => "#[0f]{3}", 1 => "[a-z#0-9]{0,9}"]);
    let texts = (
        maybe(content),
        maybe(ordinary_url()),
        maybe("\\PC{0,110}"),
        maybe(".{0,60}"),
    );
    let style = (
        color(),
        color(),
        maybe(-1..60_i64),
        maybe(-1..24_i64),
        maybe("[lmqhLMQHx]"),
    );
    (purpose, texts, style).prop_map(|(purpose, texts, style)| Submission {
        purpose,
        content: texts.0,
        redirect_url: texts.1,
        title: texts.2,
        description: texts.3,
        style: Style {
            fill_color: style.0,
            back_color: style.1,
            size: style.2,
            border: style.3,
            error_level: style.4,
        },
    })
}

/// Spellings of hosts and paths that one arm may see through and the other not.
fn strange() -> impl Strategy<Value = String> {
    let host = prop_oneof![
        "[0-9a-fx.]{1,16}",
        "\\[[0-9a-f:.]{2,20}\\]",
        "[a-zа-яα-ω]{1,8}\\.(com|ru|рф|gr)",
        "\\PC{1,12}\\.\\PC{2,3}",
        "(qr\\.example\\.com|QR\\.EXAMPLE\\.com)\\.?",
        "(a\\.)?(localhost|local|internal|home\\.arpa|nas)\\.?",
    ];
    let path = prop_oneof!["(//?(codes|r|\\.\\.|%72|%2e|%2F|1)){0,5}/?", "/\\PC{0,10}"];
    (
        "https?://",
        maybe("[a-z]?:?[a-z]?@"),
        host,
        maybe(":(80|443|[0-9]{1,5})"),
        path,
    )
        .prop_map(|(scheme, user, host, port, path)| {
            let [user, port] = [user, port].map(Option::unwrap_or_default);
            format!("{scheme}{user}{host}{port}{path}")
        })
}

proptest! {
    #![proptest_config(Config::with_cases(2500))]

    #[test]
    fn on_ordinary_submissions_the_arms_agree(submission in ordinary()) {
        static ARMS: LazyLock<Arms> = LazyLock::new(|| Arms::new(&rules()));
        let [control, candidate] = ARMS.asked(&submission);
        let found = judge(&control, &candidate);
        prop_assert!(!matches!(found, Match::Mismatch(_)), "{:?}: {:?} {:?}", found, control, candidate);
    }

    #[test]
    fn on_strange_targets_the_candidate_only_refuses_more_and_says_why(url in strange(), lenient: bool) {
        static ARMS: LazyLock<[Arms; 2]> = LazyLock::new(|| {
            let rules = |lenient| Rules::new::<&str>(BASE, &[], lenient).unwrap();
            [false, true].map(|lenient| Arms::new(&rules(lenient)))
        });
        let [control, candidate] = ARMS[usize::from(lenient)].asked(&to(&url));
        let found = judge(&control, &candidate);
        let known = ["lookalike refused", "address refused", "loop refused"];
        if let Match::Mismatch(label) = found {
            prop_assert!(known.contains(&label), "{:?}: {:?} {:?}", found, control, candidate);
        }
    }
}
