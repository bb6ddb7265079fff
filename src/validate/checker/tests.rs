//! Verdicts on whole submissions.

use super::*;
use crate::{
    kernel::{Clock as _, SystemClock},
    validate::{Concern, Purpose, Reason, Style},
};
use std::sync::Arc;

fn checker() -> Checker {
    Checker::new(Rules::new::<&str>("http://localhost:3002", &[], false).unwrap())
}

fn submitted(purpose: Purpose, redirect_url: Option<&str>) -> Submission {
    Submission {
        purpose,
        content: Some("x".into()),
        redirect_url: redirect_url.map(str::to_owned),
        ..Submission::default()
    }
}

#[tokio::test]
async fn a_target_belongs_to_a_dynamic_code() {
    use Purpose::{CreateDynamic, CreateStatic, UpdateDynamic, UpdateStatic};
    let url = Some("https://example.com");
    let ctx = Ctx::new(uuid::Uuid::nil(), SystemClock.instant());
    for (purpose, given, reason, target) in [
        (CreateStatic, None, None, false),
        (CreateStatic, url, Some(Reason::Misplaced), false),
        (UpdateStatic, None, None, false),
        (UpdateStatic, url, Some(Reason::Misplaced), false),
        (CreateDynamic, None, Some(Reason::Missing), false),
        (CreateDynamic, url, None, true),
        (UpdateDynamic, None, None, false),
        (UpdateDynamic, url, None, true),
        (
            UpdateDynamic,
            Some("ftp://a.org"),
            Some(Reason::Scheme),
            false,
        ),
    ] {
        let submission = Arc::new(submitted(purpose, given));
        let verdict = checker().run(&ctx, &submission).await.unwrap();
        let reasons: Vec<_> = reason.into_iter().collect();
        assert_eq!(verdict.reasons, reasons, "{purpose:?} {given:?}");
        assert_eq!(verdict.target.is_some(), target, "{purpose:?} {given:?}");
        assert_eq!(verdict.is_accepted(), reason.is_none());
        assert_eq!(verdict.into_result().is_ok(), reason.is_none());
    }
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
