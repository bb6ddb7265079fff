//! The first start of a product that was given no password.

use std::os::unix::fs::PermissionsExt;

use crate::support::{
    Client, Database, Setup,
    client::Auth,
    codes::{API, create_static, total},
};

#[tokio::test]
async fn a_generated_password_is_told_once_and_kept_for_the_owner() {
    for database in [Database::Sqlite, Database::Postgres] {
        let mut server = Setup::on(database).without("ADMIN_PASSWORD").start().await;
        let file = server.path("data/initial-admin-password");
        let password = std::fs::read_to_string(&file).unwrap().trim().to_owned();
        assert!(password.len() >= 16, "{password:?} can be guessed");
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{mode:o}");

        let client = Client::with(&server, Auth::Basic("admin".into(), password.clone()));
        create_static(&client, "text").await;
        assert_eq!(
            server.log().matches(&password).count(),
            1,
            "{}",
            server.log()
        );

        server.stop().await;
        server.start().await;
        assert_eq!(
            server.log().matches(&password).count(),
            1,
            "{}",
            server.log()
        );
        assert_eq!(
            total(&client).await,
            1,
            "{database:?}: the data or the password is another one"
        );
    }
}

#[tokio::test]
async fn a_given_password_is_written_nowhere() {
    let server = Setup::on(Database::Sqlite)
        .env("ADMIN_USER", "curator")
        .start()
        .await;
    assert!(!server.path("data/initial-admin-password").exists());
    let password = crate::support::process::PASSWORD;
    assert!(!server.log().contains(password));
    let client = Client::with(&server, Auth::Basic("curator".into(), password.into()));
    client.get(API).await.expect(200);
    Client::admin(&server).get(API).await.problem(401);
}
