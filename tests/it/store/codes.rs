//! Codes: stored, found, listed, changed, removed.

use qr_observatory::{
    kernel::Kind,
    store::{
        codes::{Change, Code, CodeKind, Counters, ListQuery, Sort},
        organizations::Organizations,
    },
};
use uuid::Uuid;

use super::databases::{self, Fresh, at, code, ids, on_both, told, told_at};

const ORG: Uuid = Organizations::DEFAULT;

on_both!(
    what_was_stored_comes_back,
    a_slug_is_taken_once,
    a_slug_resolves,
    a_change_changes_what_it_names,
    a_change_keeps_search_and_counters,
    a_code_is_removed_once,
    pages_are_complete_and_in_order,
    wildcards_are_taken_literally,
    search_ignores_case_beyond_ascii,
    titles_sort_the_same_everywhere,
    absurd_pages_are_empty,
    text_with_a_nul_is_refused,
    many_writers_do_not_collide,
    the_most_scanned_come_first,
    many_are_read_in_the_order_asked_for,
);

fn query() -> ListQuery {
    ListQuery {
        limit: 100,
        ..ListQuery::default()
    }
}

fn titled(id: Uuid, title: &str) -> Code {
    Code {
        title: Some(title.to_owned()),
        ..code(id)
    }
}

async fn found(db: &Fresh, search: &str) -> Vec<String> {
    let query = ListQuery {
        search: Some(search.to_owned()),
        sort: Sort::Title,
        ..query()
    };
    let (codes, total) = db.codes.list(ORG, &query).await.unwrap();
    assert_eq!(total, codes.len() as u64);
    codes.into_iter().filter_map(|c| c.title).collect()
}

async fn what_was_stored_comes_back(db: &Fresh) {
    let ids = ids();
    let full = Code {
        kind: CodeKind::Static,
        content: Some("WIFI:S:\u{1f4f6};;".to_owned()),
        slug: None,
        target: None,
        title: Some("Öffnung".to_owned()),
        description: Some(String::new()),
        enabled: false,
        updated_at: at(7),
        counters: Counters {
            scans: 5,
            last_scan_at: Some(at(9)),
            genuine_scans: 2,
            first_genuine_scan_at: Some(at(3)),
            last_genuine_scan_at: Some(at(4)),
        },
        ..code(ids.next())
    };
    for code in [full, code(ids.next())] {
        db.codes.insert(&code, vec![], &told()).await.unwrap();
        let found = db.codes.get(ORG, code.id).await.unwrap();
        assert_eq!(found.as_ref(), Some(&code));
        assert_eq!(db.codes.get(ids.next(), code.id).await.unwrap(), None);
    }
    assert_eq!(db.codes.get(ORG, ids.next()).await.unwrap(), None);
    assert_eq!(db.codes.count().await.unwrap(), 2);
}

async fn a_slug_is_taken_once(db: &Fresh) {
    let ids = ids();
    let first = code(ids.next());
    db.codes.insert(&first, vec![], &told()).await.unwrap();
    let second = Code {
        slug: first.slug.clone(),
        ..code(ids.next())
    };
    let refused = db.codes.insert(&second, vec![], &told()).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Conflict, "{refused:?}");
    assert!(!refused.message().contains("slug"));
    let foreign = Code {
        org_id: ids.next(),
        ..code(ids.next())
    };
    let refused = db
        .codes
        .insert(&foreign, vec![], &told())
        .await
        .unwrap_err();
    assert_eq!(refused.kind(), Kind::NotFound, "{refused:?}");
}

async fn a_slug_resolves(db: &Fresh) {
    let code = code(ids().next());
    db.codes.insert(&code, vec![], &told()).await.unwrap();
    let slug = code.slug.clone().unwrap();
    let found = db.codes.resolve(&slug).await.unwrap().unwrap();
    assert_eq!(found.code_id, code.id);
    assert_eq!(found.kind, CodeKind::Dynamic);
    assert_eq!(found.target, code.target);
    assert!(found.enabled);
    for unknown in ["", "nope", "a\0b", &slug.to_uppercase()] {
        assert_eq!(db.codes.resolve(unknown).await.unwrap(), None);
    }
}

async fn a_change_changes_what_it_names(db: &Fresh) {
    let ids = ids();
    let code = titled(ids.next(), "before");
    db.codes.insert(&code, vec![], &told()).await.unwrap();
    let change = Change {
        target: Some("https://example.org/new".to_owned()),
        title: Some(String::new()),
        enabled: Some(false),
        ..Change::default()
    };
    let expected = Code {
        target: change.target.clone(),
        title: None,
        enabled: false,
        updated_at: at(60),
        ..code.clone()
    };
    let changed = db.codes.update(ORG, code.id, &change, told_at(60)).await;
    assert_eq!(changed.unwrap().as_ref(), Some(&expected));
    assert_eq!(db.codes.get(ORG, code.id).await.unwrap(), Some(expected));
    for (org, id) in [(ORG, ids.next()), (ids.next(), code.id)] {
        let unknown = db.codes.update(org, id, &change, told_at(60)).await;
        assert_eq!(unknown.unwrap(), None);
    }
}

async fn a_change_keeps_search_and_counters(db: &Fresh) {
    let code = Code {
        description: Some("lobby poster".to_owned()),
        counters: Counters {
            scans: 3,
            ..Counters::default()
        },
        ..titled(ids().next(), "Old Name")
    };
    db.codes.insert(&code, vec![], &told()).await.unwrap();
    let change = Change {
        title: Some("New Name".to_owned()),
        ..Change::default()
    };
    let changed = db.codes.update(ORG, code.id, &change, told_at(1)).await;
    assert_eq!(changed.unwrap().unwrap().counters.scans, 3);
    assert_eq!(found(db, "old name").await, [""; 0]);
    assert_eq!(found(db, "new name").await, ["New Name"]);
    assert_eq!(found(db, "LOBBY").await, ["New Name"]);
}

async fn a_code_is_removed_once(db: &Fresh) {
    let code = code(ids().next());
    db.codes.insert(&code, vec![], &told()).await.unwrap();
    assert!(
        !db.codes
            .delete(ids().next(), code.id, &told())
            .await
            .unwrap()
    );
    assert!(db.codes.delete(ORG, code.id, &told()).await.unwrap());
    assert!(!db.codes.delete(ORG, code.id, &told()).await.unwrap());
    let entries = db.audit.list(None, 0, 10).await.unwrap();
    assert_eq!(entries.len(), 2, "made and removed, once each");
}

async fn pages_are_complete_and_in_order(db: &Fresh) {
    use Sort::{CreatedAt, Id, Kind, LastScanAt, ScanCount, Slug, Title};
    let ids = ids();
    for n in 0..23 {
        // Ties in every order, and codes of other kinds.
        let code = Code {
            created_at: at(n / 5),
            kind: [CodeKind::Dynamic, CodeKind::Static][usize::from(n % 4 == 0)],
            title: (n % 3 > 0).then(|| format!("title {}", n % 3)),
            counters: Counters {
                scans: n % 2,
                last_scan_at: (n % 2 > 0).then(|| at(100 - n)),
                ..Counters::default()
            },
            ..code(ids.next())
        };
        db.codes.insert(&code, vec![], &told()).await.unwrap();
    }
    for sort in [CreatedAt, ScanCount, Title, Id, Kind, LastScanAt, Slug] {
        for descending in [false, true] {
            let whole = ListQuery {
                sort,
                descending,
                ..query()
            };
            let (all, total) = db.codes.list(ORG, &whole).await.unwrap();
            assert_eq!((all.len(), total), (23, 23));
            let mut paged = Vec::new();
            for offset in (0..23).step_by(7) {
                let page = ListQuery {
                    offset,
                    limit: 7,
                    ..whole.clone()
                };
                let (codes, total) = db.codes.list(ORG, &page).await.unwrap();
                assert_eq!(total, 23);
                paged.extend(codes);
            }
            assert_eq!(paged, all, "{sort:?} {descending}");
            let mut sorted = all.clone();
            sorted.sort_by(|a, b| match sort {
                Sort::CreatedAt => (a.created_at, a.id).cmp(&(b.created_at, b.id)),
                Sort::ScanCount => (a.counters.scans, a.id).cmp(&(b.counters.scans, b.id)),
                Sort::Title => (&a.title, a.id).cmp(&(&b.title, b.id)),
                Sort::Id => a.id.cmp(&b.id),
                Sort::Kind => (a.kind.label(), a.id).cmp(&(b.kind.label(), b.id)),
                Sort::Slug => (&a.slug, a.id).cmp(&(&b.slug, b.id)),
                _ => {
                    let scanned = |c: &Code| (c.counters.last_scan_at, c.id);
                    scanned(a).cmp(&scanned(b))
                }
            });
            if descending {
                sorted.reverse();
            }
            assert_eq!(all, sorted, "{sort:?} {descending}");
        }
    }
    let only = ListQuery {
        kind: Some(CodeKind::Static),
        ..query()
    };
    assert_eq!(db.codes.list(ORG, &only).await.unwrap().1, 6);
    assert_eq!(db.codes.list(ids.next(), &query()).await.unwrap().1, 0);
}

async fn wildcards_are_taken_literally(db: &Fresh) {
    let ids = ids();
    for title in ["100%", "100x", "a_b", "axb", r"back\slash", "it's"] {
        db.codes
            .insert(&titled(ids.next(), title), vec![], &told())
            .await
            .unwrap();
    }
    assert_eq!(found(db, "0%").await, ["100%"]);
    assert_eq!(found(db, "%").await, ["100%"]);
    assert_eq!(found(db, "a_b").await, ["a_b"]);
    assert_eq!(found(db, r"\").await, [r"back\slash"]);
    assert_eq!(found(db, "t's").await, ["it's"]);
    assert_eq!(found(db, "").await.len(), 6);
    assert_eq!(found(db, "\0").await, [""; 0]);
}

async fn search_ignores_case_beyond_ascii(db: &Fresh) {
    let ids = ids();
    let wanted = Code {
        description: Some("ÉCOLE Straße".to_owned()),
        ..titled(ids.next(), "x")
    };
    db.codes.insert(&wanted, vec![], &told()).await.unwrap();
    for search in ["école", "École", "strasse", "sTRAßE"] {
        let expected: &[&str] = if search == "strasse" { &[] } else { &["x"] };
        assert_eq!(found(db, search).await, expected, "{search}");
    }
    assert_eq!(found(db, "EXAMPLE.COM").await, ["x"]);
    assert_eq!(found(db, &wanted.slug.unwrap()[4..12]).await, ["x"]);
}

async fn titles_sort_the_same_everywhere(db: &Fresh) {
    let ids = ids();
    for title in ["b", "B", "a", "é", "Z", "_"] {
        db.codes
            .insert(&titled(ids.next(), title), vec![], &told())
            .await
            .unwrap();
    }
    assert_eq!(found(db, "").await, ["B", "Z", "_", "a", "b", "é"]);
}

async fn absurd_pages_are_empty(db: &Fresh) {
    db.codes
        .insert(&code(ids().next()), vec![], &told())
        .await
        .unwrap();
    for (offset, limit) in [(u64::MAX, 10), (0, 0), (u64::MAX, u64::MAX)] {
        let query = ListQuery {
            offset,
            limit,
            ..query()
        };
        let (codes, total) = db.codes.list(ORG, &query).await.unwrap();
        assert_eq!((codes.len(), total), (0, 1));
    }
}

async fn text_with_a_nul_is_refused(db: &Fresh) {
    let code = titled(ids().next(), "a\0b");
    let refused = db.codes.insert(&code, vec![], &told()).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Invalid);
    assert_eq!(refused.details()[0].field, "title");
}

async fn many_writers_do_not_collide(db: &Fresh) {
    let ids = ids();
    let inserts = (0..40).map(|_| {
        let code = code(ids.next());
        async move {
            db.codes.insert(&code, vec![], &told()).await?;
            let change = Change {
                title: Some("t".to_owned()),
                ..Change::default()
            };
            db.codes.update(ORG, code.id, &change, told_at(1)).await
        }
    });
    for done in futures_util::future::join_all(inserts).await {
        assert!(done.unwrap().is_some());
    }
}

async fn the_most_scanned_come_first(db: &Fresh) {
    let ids = ids();
    let mut stored = Vec::new();
    for (scans, made) in [(5, 0), (0, 3), (9, 1), (0, 4)] {
        let mut code = code(ids.next());
        (code.counters.scans, code.created_at) = (scans, at(made));
        db.codes.insert(&code, vec![], &told()).await.unwrap();
        stored.push(code.id);
    }
    let expected = [2, 0, 3, 1].map(|n| stored[n]);
    assert_eq!(db.codes.most_scanned(None).await.unwrap(), expected);
    assert_eq!(db.codes.most_scanned(Some(ORG)).await.unwrap(), expected);
    let nobody = db.codes.most_scanned(Some(Uuid::nil())).await.unwrap();
    assert!(nobody.is_empty(), "{nobody:?}");
}

async fn many_are_read_in_the_order_asked_for(db: &Fresh) {
    let ids = ids();
    let mut stored = Vec::new();
    for _ in 0..700 {
        let code = code(ids.next());
        db.codes.insert(&code, vec![], &told()).await.unwrap();
        stored.push(code);
    }
    let mut asked: Vec<Uuid> = stored.iter().rev().map(|code| code.id).collect();
    asked.insert(3, Uuid::from_u128(1));
    let found = db.codes.many(&asked).await.unwrap();
    stored.reverse();
    assert_eq!(found, stored);
    assert!(db.codes.many(&[]).await.unwrap().is_empty());

    let slugs = stored.iter().filter_map(|code| code.slug.as_deref());
    let mut slugs: Vec<&str> = slugs.collect();
    slugs.extend(["unknown", "with\0nul"]);
    let resolved = db.codes.resolve_many(&slugs).await.unwrap();
    assert_eq!(resolved.len(), stored.len());
    for slug in [slugs[0], slugs[699]] {
        let one = db.codes.resolve(slug).await.unwrap();
        assert_eq!(one.as_ref(), resolved.get(slug));
    }
}
