//! As Unleash's Node SDK decides. That it really does is shown in `tests/it/rollout/parity.rs`.

use serde_json::{Value, json};

use super::*;
use crate::kernel::clock::from_micros;

/// The field is called `appName` in the constraint.
fn holds(field: &str, constraint: &Value) -> Result<bool, String> {
    let facts = Facts {
        app_name: field.to_owned(),
        environment: "production".to_owned(),
        now: from_micros(1_700_000_000_000_000), // 2023-11-14T22:13:20Z
    };
    let mut whole = json!({ "contextName": "appName" });
    for (key, value) in constraint.as_object().unwrap() {
        whole[key] = value.clone();
    }
    serde_json::from_value::<Constraint>(whole)
        .unwrap()
        .holds(&facts)
}

#[test]
fn texts() {
    for (field, operator, values, expected) in [
        ("qr", "IN", json!(["a", " qr "]), true),
        ("qr", "IN", json!(["QR"]), false),
        ("qr", "IN", json!([]), false),
        ("qr", "NOT_IN", json!(["qr"]), false),
        ("qr", "NOT_IN", json!([]), true),
        ("", "IN", json!([""]), false),
        ("qr-observatory", "STR_CONTAINS", json!(["x", "obs"]), true),
        ("qr-observatory", "STR_STARTS_WITH", json!(["obs"]), false),
        ("qr-observatory", "STR_STARTS_WITH", json!(["qr"]), true),
        ("qr-observatory", "STR_ENDS_WITH", json!(["TORY"]), false),
        ("qr-observatory", "STR_CONTAINS", json!([]), false),
        ("qr-observatory", "STR_CONTAINS", json!([""]), false),
        ("qr-observatory", "STR_CONTAINS", json!([" "]), true),
    ] {
        let constraint = json!({ "operator": operator, "values": values });
        let shown = constraint.to_string();
        assert_eq!(holds(field, &constraint), Ok(expected), "{shown}");
        let mut inverted = constraint;
        inverted["inverted"] = json!(true);
        assert_eq!(holds(field, &inverted), Ok(!expected), "inverted {shown}");
    }
    let any_case =
        json!({ "operator": "STR_ENDS_WITH", "values": ["TORY"], "caseInsensitive": true });
    assert_eq!(holds("qr-observaTory", &any_case), Ok(true));
}

#[test]
fn values_that_are_compared() {
    for (field, operator, value, expected) in [
        ("5", "NUM_EQ", "5.0", true),
        (" 5 ", "NUM_EQ", "5", true),
        ("", "NUM_EQ", "0", true),
        ("0x10", "NUM_EQ", "16", true),
        ("5e3", "NUM_GT", "4999.9", true),
        (".5", "NUM_LT", "1", true),
        ("5.", "NUM_GTE", "5", true),
        ("-Infinity", "NUM_LTE", "-1e300", true),
        ("inf", "NUM_GT", "1", false),
        ("nan", "NUM_LT", "1", false),
        ("five", "NUM_LT", "9", false),
        ("5", "NUM_LT", "nine", false),
        ("1.2.3", "SEMVER_EQ", "1.2.3", true),
        ("1.2.3+build", "SEMVER_EQ", "1.2.3", true),
        ("1.2.3-rc.2", "SEMVER_LT", "1.2.3-rc.10", true),
        ("1.2.3-rc", "SEMVER_GTE", "1.2.3", false),
        ("1.10.0", "SEMVER_GT", "1.9.9", true),
        ("1.2.3", "SEMVER_EQ", "v1.2.3", true),
        ("v1.2.3", "SEMVER_EQ", "1.2.3", false),
        ("1.2", "SEMVER_LT", "9.0.0", false),
        ("01.2.3", "SEMVER_LT", "9.0.0", false),
        ("1.2.3", "SEMVER_LTE", "x", false),
        ("9007199254740992.0.0", "SEMVER_GT", "1.0.0", false),
        ("anything", "DATE_AFTER", "2023-11-14T22:13:19.999Z", true),
        ("anything", "DATE_AFTER", "2023-11-14T23:13:20+01:00", false),
        ("anything", "DATE_BEFORE", "2023-11-15", true),
        ("qr-7", "REGEX", r"^qr-\d$", true),
        ("qr-7", "REGEX", "QR", false),
    ] {
        let constraint = json!({ "operator": operator, "value": value });
        assert_eq!(
            holds(field, &constraint),
            Ok(expected),
            "{field} {operator} {value}"
        );
    }
    for operator in ["NUM_EQ", "SEMVER_EQ", "DATE_AFTER", "REGEX"] {
        let without = json!({ "operator": operator, "inverted": true });
        assert_eq!(holds("1.2.3", &without), Ok(true), "{operator}");
    }
}

#[test]
fn what_cannot_be_told() {
    for constraint in [
        json!({ "operator": "DATE_AFTER", "value": "2023-11-15T00:00:00" }),
        json!({ "operator": "REGEX", "value": "(?=a)" }),
        json!({ "operator": "IN_CIDR", "values": ["10.0.0.0/8"] }),
        json!({ "operator": "in", "values": ["a"] }),
    ] {
        assert!(holds("a", &constraint).is_err(), "{constraint}");
    }
    let digits = json!({ "operator": "REGEX", "value": r"\d" });
    assert!(holds("\u{661}", &digits).is_err());
}
