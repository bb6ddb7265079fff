//! Backups while codes are made and scanned.

use std::collections::BTreeSet;

use super::{Client, create_dynamic, drained, ended, path};
use crate::support::{
    Database, Server, Setup,
    codes::get,
    load::{Load, Tally},
    on_both,
    rows::scan_ids,
};

on_both!(no_answered_scan_is_missing);

fn ids(tally: &Tally) -> BTreeSet<String> {
    assert!(
        tally.others.is_empty() && tally.unanswered == 0,
        "{tally:?}"
    );
    tally
        .redirected
        .iter()
        .map(|id| id.replace('-', ""))
        .collect()
}

async fn no_answered_scan_is_missing(server: Server) {
    let client = Client::admin(&server);
    let code = create_dynamic(&client).await;
    let mut answered = BTreeSet::new();
    let (stop, mut stopped) = tokio::sync::oneshot::channel();
    let maker = {
        let client = client.clone();
        tokio::spawn(async move {
            let mut made = Vec::new();
            while stopped.try_recv().is_err() {
                made.push(create_dynamic(&client).await);
            }
            made
        })
    };
    let mut backups = Vec::new();
    for round in 0..3 {
        let load = Load::start(&server, &code.genuine, 6);
        load.progress(200).await;
        answered.extend(ids(&load.stop().await));
        // Everything in `answered` was answered before this begins; what comes meanwhile may be in it or not.
        let load = Load::start(&server, &code.genuine, 6);
        load.progress(20).await;
        let name = format!("{round}.backup");
        ended(server.begin(&["backup", &name])).await;
        backups.push((name, answered.clone()));
        load.progress(20).await;
        answered.extend(ids(&load.stop().await));
    }
    stop.send(()).unwrap();
    let made = maker.await.unwrap();
    assert!(!made.is_empty());

    for ((name, before), to) in
        backups
            .into_iter()
            .zip([Database::Sqlite, Database::Postgres, Database::Sqlite])
    {
        let mut fresh = Setup::on(to).prepare();
        let restored = fresh.run_json(&["restore", &path(&server, &name), "--json"]);
        assert!(restored["rows"].as_u64() > Some(200), "{restored}");
        fresh.start().await;
        let client = Client::admin(&fresh);
        drained(&client).await;
        let rows = scan_ids(&fresh).await;
        let unique: BTreeSet<String> = rows.iter().cloned().collect();
        assert_eq!(unique.len(), rows.len(), "a scan is there twice");
        let missing = before.difference(&unique).count();
        assert_eq!(missing, 0, "of {} scans that were answered", before.len());
        assert!(unique.is_subset(&answered), "a scan came from nowhere");
        let counted = get(&client, &code.id).await;
        assert_eq!(counted["scan_count"], rows.len());
        client.get(&code.shared).await.expect(302);
    }
}
