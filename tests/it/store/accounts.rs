//! Users, keys, roles and the audit log.

use qr_observatory::{
    kernel::Kind,
    store::{
        audit::Entry,
        keys::{ApiKey, Owner},
        organizations::{Organization, Organizations, Role, Source},
        sessions::Session,
        users::User,
    },
};
use uuid::Uuid;

use super::databases::{self, Fresh, at, ids, on_both};

on_both!(
    a_user_is_found_by_name,
    a_key_is_found_until_it_is_revoked,
    a_role_can_change,
    a_session_ends_with_the_users_epoch_and_its_role,
    two_owners_who_demote_each_other_leave_one,
    the_audit_log_is_newest_first
);

fn user(id: Uuid, name: &str) -> User {
    User {
        id,
        name: name.to_owned(),
        password_hash: "$argon2id$x".to_owned(),
        has_password: true,
        epoch: 0,
        created_at: at(0),
    }
}

fn entry(id: Uuid, s: i64) -> Entry {
    Entry {
        id,
        at: at(s),
        actor: "test".to_owned(),
        action: "test.change".to_owned(),
        subject: "user:x".to_owned(),
        reason: None,
        detail: None,
        org_id: None,
        via: None,
    }
}

fn session(id: Uuid, of: &User, org_id: Uuid) -> Session {
    Session {
        id,
        user_id: of.id,
        org_id,
        epoch: of.epoch,
        created_at: at(0),
        seen_at: at(0),
        expires_at: at(100),
        stepped_up_at: None,
        how: "password".to_owned(),
        idp_sid: None,
        agent: "browser".to_owned(),
        address: None,
    }
}

async fn a_user_is_found_by_name(db: &Fresh) {
    let ids = ids();
    let admin = user(ids.next(), "admin");
    db.users.insert(&admin).await.unwrap();
    assert_eq!(db.users.find("admin").await.unwrap().as_ref(), Some(&admin));
    for name in ["Admin", "", "admin\0", "nobody"] {
        assert_eq!(db.users.find(name).await.unwrap(), None);
    }
    let twin = db.users.insert(&user(ids.next(), "admin")).await;
    assert_eq!(twin.unwrap_err().kind(), Kind::Conflict);
    let why = entry(ids.next(), 1);
    let users = &db.users;
    assert!(users.set_password(&admin, "new", &why).await.unwrap());
    // Of somebody who read the user before that, and of nobody.
    for late in [admin.clone(), user(ids.next(), "ghost")] {
        let other = entry(ids.next(), 2);
        assert!(!users.set_password(&late, "x", &other).await.unwrap());
    }
    let changed = db.users.find("admin").await.unwrap().unwrap();
    assert_eq!((changed.password_hash.as_str(), changed.epoch), ("new", 1));
    // What changed nothing is in no log.
    assert_eq!(db.audit.list(None, 0, 9).await.unwrap(), [why]);
}

async fn a_key_is_found_until_it_is_revoked(db: &Fresh) {
    let ids = ids();
    let owner = user(ids.next(), "admin");
    db.users.insert(&owner).await.unwrap();
    let mut key = ApiKey {
        id: ids.next(),
        user_id: owner.id,
        user: "admin".to_owned(),
        org_id: Organizations::DEFAULT,
        name: "ci".to_owned(),
        prefix: "0123abcd".to_owned(),
        scopes: Some("codes:read".to_owned()),
        created_at: at(0),
        expires_at: Some(at(9)),
        last_used_at: None,
        revoked_at: None,
    };
    let (hash, keys) = ([0xab; 32], &db.keys);
    let why = |s| entry(ids.next(), s);
    assert!(
        !keys.insert(&key, &hash, &why(0)).await.unwrap(),
        "no member"
    );
    let (org, joining) = (Organizations::DEFAULT, why(0));
    let joined = db
        .organizations
        .join(org, owner.id, Role::Member, Source::Local, &joining);
    joined.await.unwrap();
    assert!(keys.insert(&key, &hash, &why(0)).await.unwrap());
    let again = ApiKey {
        id: ids.next(),
        ..key.clone()
    };
    let again = keys.insert(&again, &hash, &why(0)).await.unwrap_err();
    assert_eq!(again.kind(), Kind::Conflict);
    assert_eq!(keys.find(&hash).await.unwrap(), Some(key.clone()));
    assert_eq!(keys.find(&[0; 32]).await.unwrap(), None);
    keys.touch(key.id, at(5)).await.unwrap();
    for s in [3, 4] {
        keys.use_scope(key.id, "codes:read", at(s)).await.unwrap();
    }
    assert_eq!(
        keys.scopes_used(key.id, at(4)).await.unwrap(),
        ["codes:read"]
    );
    assert!(keys.scopes_used(key.id, at(5)).await.unwrap().is_empty());

    let own = Owner::User(owner.id);
    for foreign in [Owner::User(ids.next()), Owner::Organization(ids.next())] {
        assert!(!keys.revoke(key.id, foreign, &why(6)).await.unwrap());
    }
    assert!(keys.revoke(key.id, own, &why(6)).await.unwrap());
    assert!(!keys.revoke(key.id, own, &why(7)).await.unwrap());
    assert_eq!(keys.find(&hash).await.unwrap(), None);
    key.last_used_at = Some(at(5));
    key.revoked_at = Some(at(6));
    assert_eq!(keys.of_user(owner.id).await.unwrap(), [key.clone()]);
    let org = keys.of_organization(Organizations::DEFAULT).await.unwrap();
    assert_eq!(org, [key]);
    assert!(keys.of_organization(ids.next()).await.unwrap().is_empty());
}

async fn a_session_ends_with_the_users_epoch_and_its_role(db: &Fresh) {
    let ids = ids();
    let owner = user(ids.next(), "owner");
    let member = user(ids.next(), "member");
    let org = Organization {
        id: ids.next(),
        name: "Library".to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        business_code: None,
    };
    let why = || entry(ids.next(), 1);
    for user in [&owner, &member] {
        db.users.insert(user).await.unwrap();
    }
    let orgs = &db.organizations;
    orgs.insert(&org, owner.id, &why()).await.unwrap();
    let joining = why();
    let joined = orgs.join(org.id, member.id, Role::Analyst, Source::Local, &joining);
    joined.await.unwrap();
    let begin = async |hash: u8, user: &User| {
        let new = session(ids.next(), user, org.id);
        let begun = db.sessions.insert(&new, &[hash; 32], None, &why()).await;
        assert!(begun.unwrap());
        new
    };
    let found = async |hash: u8| {
        let found = db.sessions.find(&[hash; 32], at(1), at(-1)).await.unwrap();
        found.map(|(session, name)| (session.id, name))
    };
    let first = begin(1, &member).await;
    assert_eq!(found(1).await, Some((first.id, "member".to_owned())));
    let late = db.sessions.find(&[1; 32], at(100), at(-1)).await.unwrap();
    assert_eq!(late, None, "expired");
    let idle = db.sessions.find(&[1; 32], at(1), at(0)).await.unwrap();
    assert_eq!(idle, None, "idle");

    // Goes on under another token, once.
    let next = session(ids.next(), &member, org.id);
    let next_why = why();
    let go_on = || {
        db.sessions
            .insert(&next, &[2; 32], Some(&[1; 32]), &next_why)
    };
    assert!(go_on().await.unwrap());
    assert!(!go_on().await.unwrap());
    assert_eq!(found(1).await, None);

    let given = (Role::Manager, Source::Local);
    assert!(
        orgs.set_role(org.id, member.id, given, &why())
            .await
            .unwrap()
    );
    assert_eq!(found(2).await, None, "the role changed");
    begin(3, &member).await;
    db.sessions.end_all(member.id, &why()).await.unwrap();
    assert_eq!(found(3).await, None);
    // Of a sign-in that read the user before: an older epoch.
    let late = session(ids.next(), &member, org.id);
    let refused = db.sessions.insert(&late, &[4; 32], None, &why()).await;
    assert!(!refused.unwrap());
    let other = session(ids.next(), &member, org.id);
    assert!(!db.sessions.end(owner.id, other.id, &why()).await.unwrap());

    let last = (Role::Admin, Source::Local);
    assert!(!orgs.set_role(org.id, owner.id, last, &why()).await.unwrap());
    assert!(!orgs.remove(org.id, owner.id, &why()).await.unwrap());
    let passed = orgs.transfer(org.id, owner.id, ids.next(), &why()).await;
    assert!(!passed.unwrap(), "to nobody");
    let passed = orgs.transfer(org.id, owner.id, member.id, &why()).await;
    assert!(passed.unwrap());
    let role = async |user: &User| orgs.role(org.id, user.id).await.unwrap();
    assert_eq!(role(&owner).await, Some(Role::Admin));
    assert_eq!(role(&member).await, Some(Role::Owner));
    assert!(orgs.remove(org.id, owner.id, &why()).await.unwrap());
    assert_eq!(role(&owner).await, None);
    assert!(orgs.delete(org.id, &why()).await.unwrap());
    assert!(!orgs.delete(org.id, &why()).await.unwrap());
    assert_eq!(
        db.sessions.count().await.unwrap(),
        0,
        "with the organization"
    );
}

async fn two_owners_who_demote_each_other_leave_one(db: &Fresh) {
    let ids = ids();
    let org = Organizations::DEFAULT;
    let owners = [user(ids.next(), "a"), user(ids.next(), "b")];
    for owner in &owners {
        db.users.insert(owner).await.unwrap();
        let why = entry(ids.next(), 1);
        let joined = db
            .organizations
            .join(org, owner.id, Role::Owner, Source::Local, &why);
        joined.await.unwrap();
    }
    for _ in 0..20 {
        let entries = [entry(ids.next(), 1), entry(ids.next(), 1)];
        let demote = |nth: usize| {
            let given = (Role::Admin, Source::Local);
            db.organizations
                .set_role(org, owners[nth].id, given, &entries[nth])
        };
        let (a, b) = tokio::join!(demote(0), demote(1));
        assert!(a.unwrap() != b.unwrap(), "exactly one of them");
        for owner in &owners {
            let given = (Role::Owner, Source::Local);
            let why = entry(ids.next(), 2);
            let back = db.organizations.set_role(org, owner.id, given, &why);
            assert!(back.await.unwrap());
        }
    }
}

async fn a_role_can_change(db: &Fresh) {
    let ids = ids();
    let org = Organizations::DEFAULT;
    let member = user(ids.next(), "m");
    db.users.insert(&member).await.unwrap();
    assert_eq!(db.organizations.role(org, member.id).await.unwrap(), None);
    for role in Role::ALL {
        let why = entry(ids.next(), 1);
        let joined = db
            .organizations
            .join(org, member.id, role, Source::Local, &why);
        joined.await.unwrap();
        let found = db.organizations.role(org, member.id).await.unwrap();
        assert_eq!(found, Some(role));
    }
    let why = entry(ids.next(), 1);
    let nobody = db
        .organizations
        .join(org, ids.next(), Role::Member, Source::Local, &why);
    assert_eq!(nobody.await.unwrap_err().kind(), Kind::NotFound);
    assert_eq!(db.organizations.get(ids.next()).await.unwrap(), None);
}

async fn the_audit_log_is_newest_first(db: &Fresh) {
    let ids = ids();
    let mut entries = Vec::new();
    for n in 0..5 {
        let entry = Entry {
            id: ids.next(),
            at: at(n / 2),
            actor: "admin".to_owned(),
            action: "rollout.kill".to_owned(),
            subject: ["render", "validate"][usize::from(n == 3)].to_owned(),
            reason: (n > 1).then(|| "p99".to_owned()),
            detail: (n > 2).then(|| r#"{"candidate":0}"#.to_owned()),
            org_id: (n > 3).then_some(Organizations::DEFAULT),
            via: Some("basic".to_owned()),
        };
        db.audit.append(&entry).await.unwrap();
        entries.insert(0, entry);
    }
    assert_eq!(db.audit.list(None, 0, 100).await.unwrap(), entries);
    assert_eq!(db.audit.list(None, 1, 2).await.unwrap(), entries[1..3]);
    let one = db.audit.list(Some("validate"), 0, 9).await.unwrap();
    assert_eq!(one, entries[1..2]);
    assert_eq!(db.audit.list(Some("\0"), 0, 9).await.unwrap(), []);
    let org = Organizations::DEFAULT;
    let concerns = db.audit.of_organization(org, None, 9).await.unwrap();
    assert_eq!(concerns, entries[..1]);
    let before = db.audit.of_organization(org, Some(entries[0].id), 9);
    assert_eq!(before.await.unwrap(), []);
    let twice = db.audit.append(&entries[0]).await.unwrap_err();
    assert_eq!(twice.kind(), Kind::Conflict);
}
