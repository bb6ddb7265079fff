//! Each bad field is named, whatever stands in it.

use super::*;
use crate::validate::cases;
use proptest::prelude::*;

/// The bad fields, in order.
fn bad(submission: &Submission) -> Vec<String> {
    let mut findings = Findings::default();
    check(submission, &mut findings);
    let details = findings.0.into_iter();
    details.map(|d| d.field.into_owned()).collect()
}

#[test]
fn each_bad_field_is_named() {
    for (submission, fields) in cases::all() {
        assert_eq!(bad(&submission), fields, "{submission:?}");
    }
}

proptest! {
    #[test]
    fn no_value_panics(a in ".{0,12}", b in "#?[0-9a-fé]{0,9}", n: i64) {
        let style = Style {
            fill_color: Some(a.clone()), back_color: Some(b),
            size: Some(n), border: Some(n), error_level: Some(a.clone()),
        };
        bad(&Submission { content: Some(a), style, ..Submission::default() });
    }
}
