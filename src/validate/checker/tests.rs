//! Verdicts on whole submissions.

use super::*;
use crate::validate::{
    Concern, Purpose, Reason, Style,
    cases::{self, submitted},
};

fn checker() -> Checker {
    Checker::new(Rules::new::<&str>("http://localhost:3002", &[], false).unwrap())
}

#[tokio::test]
async fn a_target_belongs_to_a_dynamic_code() {
    cases::purposes(&checker(), true).await;
}

#[test]
fn everything_wrong_is_said_at_once() {
    let submission = Submission {
        title: Some("t".repeat(101)),
        style: Style {
            border: Some(1),
            size: Some(0),
            ..Style::default()
        },
        ..submitted(Purpose::CreateDynamic, Some("http://127.0.0.1"))
    };
    let verdict = checker().verdict(&submission);
    assert_eq!(verdict.concerns, [Concern::QuietZone { modules: 1 }]);
    assert_eq!(
        verdict.reasons,
        [Reason::Address, Reason::Length, Reason::Range]
    );
    let error = verdict.into_result().unwrap_err();
    let fields: Vec<_> = error.details().iter().map(|d| d.field.as_ref()).collect();
    assert_eq!(fields, ["redirect_url", "title", "size"]);
    assert!(error.message().contains("loopback"), "{error}");
}

#[test]
fn concerns_refuse_nothing() {
    let verdict = checker().verdict(&submitted(
        Purpose::CreateDynamic,
        Some("https://kapı.example"),
    ));
    assert!(verdict.is_accepted());
    assert_eq!(
        verdict.target.as_deref(),
        Some("https://xn--kap-lua.example/")
    );
    assert_eq!(verdict.concerns.len(), 1);
    assert_eq!(verdict.concerns[0].field(), "redirect_url");
}
