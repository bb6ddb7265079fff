//! Which role claims give, and why.

use serde_json::{Value, json};

use crate::{DEFAULT_ROLE_CLAIMS, Decision, RoleMap, Verdict};

const RANKS: [&str; 4] = ["viewer", "analyst", "admin", "owner"];
const RULES: &str = "qr-admins=admin, qr-analysts=analyst";

fn verdict(rules: &str, paths: &str, claims: Value) -> Verdict {
    let map = RoleMap::parse(rules, paths, "my.client", &RANKS).unwrap();
    let Value::Object(claims) = claims else {
        panic!("{claims}")
    };
    map.decide(&claims)
}

fn decided(claims: Value) -> Decision {
    verdict(RULES, DEFAULT_ROLE_CLAIMS, claims).decision
}

fn role(role: &str, why: &str) -> Decision {
    Decision::Role {
        role: role.to_owned(),
        why: why.to_owned(),
    }
}

#[test]
fn no_claim_keeps_and_an_empty_one_revokes() {
    for absent in [
        json!({}),
        json!({ "groups": null }),
        json!({ "realm_access": {} }),
    ] {
        assert_eq!(decided(absent.clone()), Decision::Absent, "{absent}");
    }
    for empty in [
        json!({ "groups": [] }),
        json!({ "groups": "" }),
        json!({ "groups": ["others", 1] }),
        json!({ "groups": { "qr-admins": true } }),
        json!({ "realm_access": { "roles": [] } }),
    ] {
        assert_eq!(decided(empty.clone()), Decision::NoMatch, "{empty}");
    }
}

#[test]
fn the_highest_role_of_all_claims_wins() {
    let all = json!({
        "groups": ["qr-analysts"],
        "realm_access": { "roles": ["offline_access"] },
        "resource_access": { "my.client": { "roles": ["qr-admins"] }, "other": { "roles": [] } },
    });
    let why = "resource_access.my.client.roles contains qr-admins";
    assert_eq!(decided(all), role("admin", why));
    let both = json!({ "groups": ["qr-admins", "qr-analysts"] });
    assert_eq!(decided(both), role("admin", "groups contains qr-admins"));
    // A role of another client's is none here.
    let other = json!({ "resource_access": { "other": { "roles": ["qr-admins"] } } });
    assert_eq!(decided(other), Decision::Absent);
}

#[test]
fn one_slash_in_front_does_not_count() {
    assert_eq!(
        decided(json!({ "groups": "/qr-admins" })),
        role("admin", "groups contains qr-admins")
    );
    assert_eq!(
        decided(json!({ "groups": "//qr-admins" })),
        Decision::NoMatch
    );
    assert_eq!(
        decided(json!({ "groups": "/team/qr-admins" })),
        Decision::NoMatch
    );
    let path = verdict(
        "/team/qr=owner",
        "groups",
        json!({ "groups": ["/team/qr"] }),
    );
    assert_eq!(path.decision, role("owner", "groups contains team/qr"));
    // Case counts.
    assert_eq!(decided(json!({ "groups": "QR-admins" })), Decision::NoMatch);
}

#[test]
fn names_of_claims_may_have_dots() {
    let name = "https://example.org/roles";
    let flat = verdict("a=viewer", name, json!({ name: ["a"] }));
    assert_eq!(
        flat.decision,
        role("viewer", "https://example.org/roles contains a")
    );
    let nested = json!({ "x.y": { "z": ["a"] }, "x": { "y": 1 } });
    assert_eq!(
        verdict("a=viewer", "x.y.z", nested).decision,
        role("viewer", "x.y.z contains a")
    );
    let path = ["a."; 30].concat();
    assert_eq!(
        verdict("a=viewer", &path, json!({ "a": 1 })).decision,
        Decision::Absent
    );
}

#[test]
fn a_dry_run_says_why() {
    let claims = json!({ "groups": ["/qr-admins", "others"], "realm_access": { "roles": [] } });
    let verdict = verdict(RULES, DEFAULT_ROLE_CLAIMS, claims);
    let steps = verdict.steps.iter().map(ToString::to_string);
    let expected = [
        "groups: /qr-admins → admin (qr-admins=admin)",
        "groups: others → - (no rule for it)",
        "realm_access.roles: - → - (no group in it)",
        "resource_access.my.client.roles: - → - (no such claim)",
    ];
    assert_eq!(steps.collect::<Vec<_>>(), expected);
}

#[test]
fn settings_are_checked() {
    for (rules, paths, why) in [
        ("qr-admins", "groups", "\"qr-admins\" is not group=role"),
        ("=admin", "groups", "\"=admin\" is not group=role"),
        ("a=", "groups", "\"a=\" is not group=role"),
        (
            "a=boss",
            "groups",
            "\"boss\" is no role; roles are viewer, analyst, admin, owner",
        ),
        (
            "a=admin,/a=viewer",
            "groups",
            "the group \"a\" has two roles",
        ),
        ("a=admin", " , ", "no claim is named"),
    ] {
        let error = RoleMap::parse(rules, paths, "qr", &RANKS).unwrap_err();
        assert_eq!(error.to_string(), why);
    }
    // No rules: a provider that only says who somebody is.
    assert!(RoleMap::parse("", "groups", "qr", &RANKS).is_ok());
    let named = verdict("cn=qr=viewer", "groups", json!({ "groups": ["cn=qr"] }));
    assert_eq!(named.decision, role("viewer", "groups contains cn=qr"));
}
