//! Users, organizations, roles, sessions, keys, limits.

mod docs;
mod guarded;
mod limits;
mod matrix;
mod organizations;
mod revoked;
mod sessions;
mod single_sign_on;

use serde_json::{Value, json};

use crate::support::{Client, Server};

pub const ROLES: [&str; 5] = ["owner", "admin", "manager", "analyst", "member"];

/// The id of the organization that every installation has.
pub const INSTALLATION: &str = "01900000-0000-7000-8000-000000000001";

/// A user of the command line's making, and the password.
pub fn user(server: &Server, name: &str, role: &str) -> String {
    let made = server.run(&["users", "create", name, "--role", role]);
    assert!(made.status.success(), "{made:?}");
    String::from_utf8(made.stdout).unwrap().trim().to_owned()
}

/// An organization that the caller owns.
pub async fn organization(client: &Client, name: &str) -> String {
    let body = json!({ "name": name, "time_zone": "Europe/Berlin" });
    let made = client.post("/api/organizations", &body).await;
    text(&made.expect(201).json()["id"])
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A key of the caller's, with these scopes.
pub async fn key(client: &Client, scopes: &[&str]) -> (String, String) {
    let body = json!({ "name": "test", "scopes": scopes });
    let made = client.post("/api/account/keys", &body).await.expect(201);
    (text(&made.json()["key"]), text(&made.json()["id"]))
}
