//! Users, keys, roles and the audit log.

use qr_observatory::{
    kernel::Kind,
    store::{
        audit::Entry,
        organizations::{Organizations, Role},
        users::{ApiKey, User},
    },
};
use uuid::Uuid;

use super::databases::{self, Fresh, at, ids, on_both};

on_both!(
    a_user_is_found_by_name,
    a_key_is_found_until_it_is_revoked,
    a_role_can_change,
    the_audit_log_is_newest_first
);

fn user(id: Uuid, name: &str) -> User {
    User {
        id,
        name: name.to_owned(),
        password_hash: "$argon2id$x".to_owned(),
        created_at: at(0),
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
    assert!(db.users.set_password(admin.id, "new").await.unwrap());
    assert!(!db.users.set_password(ids.next(), "new").await.unwrap());
    let changed = db.users.find("admin").await.unwrap().unwrap();
    assert_eq!(changed.password_hash, "new");
}

async fn a_key_is_found_until_it_is_revoked(db: &Fresh) {
    let ids = ids();
    let owner = user(ids.next(), "admin");
    db.users.insert(&owner).await.unwrap();
    let mut key = ApiKey {
        id: ids.next(),
        user_id: owner.id,
        name: "ci".to_owned(),
        prefix: "0123abcd".to_owned(),
        created_at: at(0),
        last_used_at: None,
        revoked_at: None,
    };
    let hash = [0xab; 32];
    db.users.insert_key(&key, &hash).await.unwrap();
    let again = ApiKey {
        id: ids.next(),
        ..key.clone()
    };
    let again = db.users.insert_key(&again, &hash).await.unwrap_err();
    assert_eq!(again.kind(), Kind::Conflict);

    let found = db.users.find_key(&hash).await.unwrap();
    assert_eq!(found, Some((key.clone(), owner.clone())));
    assert_eq!(db.users.find_key(&[0; 32]).await.unwrap(), None);
    db.users.touch_key(key.id, at(5)).await.unwrap();
    let foreign = db.users.revoke_key(ids.next(), key.id, at(6)).await;
    assert!(!foreign.unwrap());
    assert!(db.users.revoke_key(owner.id, key.id, at(6)).await.unwrap());
    assert!(!db.users.revoke_key(owner.id, key.id, at(7)).await.unwrap());
    assert_eq!(db.users.find_key(&hash).await.unwrap(), None);
    key.last_used_at = Some(at(5));
    key.revoked_at = Some(at(6));
    assert_eq!(db.users.list_keys(owner.id).await.unwrap(), [key]);
}

async fn a_role_can_change(db: &Fresh) {
    let ids = ids();
    let org = Organizations::DEFAULT;
    let member = user(ids.next(), "m");
    db.users.insert(&member).await.unwrap();
    assert_eq!(db.organizations.role(org, member.id).await.unwrap(), None);
    for role in Role::ALL {
        db.organizations.join(org, member.id, role).await.unwrap();
        let found = db.organizations.role(org, member.id).await.unwrap();
        assert_eq!(found, Some(role));
    }
    let nobody = db.organizations.join(org, ids.next(), Role::Member).await;
    assert_eq!(nobody.unwrap_err().kind(), Kind::Internal);
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
        };
        db.audit.append(&entry).await.unwrap();
        entries.insert(0, entry);
    }
    assert_eq!(db.audit.list(None, 0, 100).await.unwrap(), entries);
    assert_eq!(db.audit.list(None, 1, 2).await.unwrap(), entries[1..3]);
    let one = db.audit.list(Some("validate"), 0, 9).await.unwrap();
    assert_eq!(one, entries[1..2]);
    assert_eq!(db.audit.list(Some("\0"), 0, 9).await.unwrap(), []);
    let twice = db.audit.append(&entries[0]).await.unwrap_err();
    assert_eq!(twice.kind(), Kind::Conflict);
}
