//! The table says what it has to; `docs/PERMISSIONS.md` is its golden, and `tests/it/permissions.rs` asks the process itself.

use super::*;
use crate::{
    identity::caller::{KeyUse, SessionUse},
    kernel::id::Uuid,
};

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn caller(role: Role, org: Uuid, via: Via) -> Caller {
    Caller::new(Uuid::nil(), "somebody".to_owned(), (org, role), via)
}

fn session(age_s: i64) -> Via {
    let at = NOW.checked_sub(std::time::Duration::from_secs(age_s.unsigned_abs()));
    Via::Session(SessionUse {
        id: Uuid::nil(),
        stepped_up_at: at.ok(),
    })
}

fn key(scopes: Option<Scopes>) -> Via {
    Via::Key(KeyUse {
        id: Uuid::nil(),
        scopes,
        expires_at: None,
    })
}

fn may(role: Role, via: Via, action: Action) -> bool {
    let here = caller(role, Organizations::DEFAULT, via);
    decide(&here, action, NOW) == Decision::Allowed
}

#[test]
fn a_higher_role_may_whatever_a_lower_one_may() {
    for action in Action::ALL {
        let allowed = Role::ALL.map(|role| may(role, session(1), action));
        assert!(
            allowed.is_sorted_by(|higher, lower| higher >= lower),
            "{action:?}"
        );
        assert!(allowed[0], "an owner may do everything: {action:?}");
    }
}

#[test]
fn owning_some_organization_turns_no_dial_of_the_installation() {
    let elsewhere = Uuid::max();
    let mut installation = 0;
    for action in Action::ALL {
        let owner = caller(Role::Owner, elsewhere, session(1));
        let decision = decide(&owner, action, NOW);
        if action.rule().installation {
            assert!(
                matches!(decision, Decision::NotInInstallation(_)),
                "{action:?}"
            );
            installation += 1;
        } else {
            assert_eq!(decision, Decision::Allowed, "{action:?}");
        }
    }
    assert_eq!(installation, 4);
}

#[test]
fn a_key_does_what_its_scopes_say_and_never_more_than_its_role() {
    for action in Action::ALL {
        let none = key(Some(Scopes::default()));
        let all = key(Some(Scope::ALL.into_iter().collect()));
        let role = action.rule().role;
        match action.rule().proof {
            Any(Some(scope)) | Fresh(scope) => {
                let one = key(Some([scope].into_iter().collect()));
                assert!(may(role, one.clone(), action), "{action:?}");
                assert!(may(role, key(None), action), "{action:?}");
                let here = caller(role, Organizations::DEFAULT, none);
                assert_eq!(decide(&here, action, NOW), Decision::NeedsScope(scope));
                for lower in Role::ALL.iter().filter(|r| !at_least(role).contains(r)) {
                    assert!(!may(*lower, one.clone(), action), "{lower:?} {action:?}");
                    assert!(!may(*lower, key(None), action), "{lower:?} {action:?}");
                }
            }
            Any(None) => assert!(may(role, none, action), "{action:?}"),
            Person | Session | FreshSession => {
                assert!(!may(Role::Owner, all, action), "{action:?}");
                assert!(!may(Role::Owner, key(None), action), "{action:?}");
            }
        }
    }
}

#[test]
fn a_proof_is_fresh_for_ten_minutes() {
    for action in [
        Action::MakeKey,
        Action::DeleteOrganization,
        Action::RemoveMember,
    ] {
        assert!(may(Role::Owner, session(599), action));
        for stale in [
            session(600),
            Via::Session(SessionUse {
                id: Uuid::nil(),
                stepped_up_at: None,
            }),
        ] {
            let owner = caller(Role::Owner, Organizations::DEFAULT, stale);
            assert_eq!(
                decide(&owner, action, NOW),
                Decision::NeedsStepUp,
                "{action:?}"
            );
        }
    }
    assert!(may(Role::Member, session(100_000), Action::ViewCodes));
}

#[test]
fn the_scopes_of_a_role_are_those_that_its_actions_need() {
    for role in Role::ALL {
        for installation in [false, true] {
            let scopes = scopes_of(role, installation);
            for action in Action::ALL {
                let rule = action.rule();
                let (Any(Some(scope)) | Fresh(scope)) = rule.proof else {
                    continue;
                };
                if at_least(rule.role).contains(&role) && (installation || !rule.installation) {
                    assert!(scopes.has(scope), "{role:?} lacks {scope:?} for {action:?}");
                }
            }
        }
    }
    assert!(!scopes_of(Role::Owner, false).has(Scope::OpsRead));
    assert_eq!(
        scopes_of(Role::Member, true).to_string(),
        "codes:read render events:checkin"
    );
}

#[test]
fn scopes_are_read_as_they_are_written() {
    let all: Scopes = Scope::ALL.into_iter().collect();
    assert_eq!(Scopes::parse(&all.to_string()), all);
    assert_eq!(
        Scopes::parse("codes:read  future:scope"),
        [Scope::CodesRead].into_iter().collect()
    );
    assert_eq!(Scopes::parse(""), Scopes::default());
}
