//! `docs/PERMISSIONS.md` is the policy, as it was reviewed: whoever changes a line of the one changes the other.

use std::fmt::Write;

use qr_observatory::identity::{
    Action,
    policy::{Proof, at_least},
};

use crate::docs::{GENERATED, same};

#[test]
fn the_permissions_are_those_that_were_reviewed() {
    same("docs/PERMISSIONS.md", &page());
}

fn page() -> String {
    let mut out = format!(
        "{GENERATED}\n\n# Permissions\n\n\
         What each role may do in its organization, as `src/identity/policy.rs` decides it. A key needs the scope, too, and never does\n\
         more than its user's role. Rows marked *installation* concern the whole installation: only roles in the organization of the\n\
         installation count, whatever somebody owns elsewhere. In the OpenAPI document each operation names its action as `x-action`.\n\
         How to sign in, and what to do when locked out: [SIGN_IN.md](SIGN_IN.md).\n\n\
         | action | owner | admin | manager | analyst | member | scope of a key | how |\n\
         |---|---|---|---|---|---|---|---|\n"
    );
    for action in Action::ALL {
        let rule = action.rule();
        let allowed = at_least(rule.role);
        let marks: Vec<&str> = qr_observatory::identity::Role::ALL
            .iter()
            .map(|role| if allowed.contains(role) { "✓" } else { "" })
            .collect();
        let (scope, how) = match rule.proof {
            Proof::Any(Some(scope)) => (scope.label(), "any"),
            Proof::Any(None) => ("none needed", "any"),
            Proof::Fresh(scope) => (
                scope.label(),
                "session: password within 10 minutes; Basic; key",
            ),
            Proof::Person => ("no key", "session or Basic"),
            Proof::Session => ("no key", "session"),
            Proof::FreshSession => ("no key", "session: password within 10 minutes"),
        };
        let place = if rule.installation {
            " *installation*"
        } else {
            ""
        };
        let _ = writeln!(
            out,
            "| `{}`{place} | {} | {scope} | {how} |",
            action.label(),
            marks.join(" | ")
        );
    }
    out
}
