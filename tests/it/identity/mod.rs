//! Users, organizations, roles, sessions, keys, limits.
//!
//! What must not work, and the test that tries it:
//!
//! | attack | test |
//! |---|---|
//! | any operation by nobody, a lower role, another organization, a revoked, a narrow or a wide key | `matrix` |
//! | ids of others that answer otherwise than unknown ones | `matrix::what_belongs_to_others_is_unknown` |
//! | credential stuffing | `limits::credential_stuffing_keeps_nobody_from_signing_in` |
//! | addresses forged in `X-Forwarded-For` and `Forwarded`, a rotating IPv6 /64 | `limits::no_header_makes_another_client_of_one` |
//! | slugs swept | `limits::a_sweep_of_slugs_is_refused_and_readers_of_real_codes_are_not` |
//! | session fixation, an old cookie after a new sign-in | `guarded::a_planted_token_is_never_taken_on` |
//! | a cookie after sign-out, switch, step-up | `sessions::a_person_signs_in_goes_on_and_out` |
//! | a cookie without `__Host-` over TLS | `sessions::over_tls_the_cookie_is_bound_to_the_host` |
//! | cross-site form and fetch, a token of another session | `guarded::a_session_is_only_used_by_pages_of_ours`, `cross_site` |
//! | a GET that writes | `guarded::a_session_is_only_used_by_pages_of_ours` |
//! | a role or organization in a body (mass assignment) | `sessions`, `organizations` |
//! | a key in an address | `sessions::a_key_does_what_its_scopes_say` |
//! | names told by time, lines forged in the log | `guarded::a_wrong_name_takes_as_long_…` |
//! | what was taken away, used on another node | `revoked` |
//! | a role that changed while a page is open | `organizations::roles_are_given_up_to_ones_own` |
//! | a sign-in at a provider used twice, late, or in another browser; another provider's answer; an open redirect | `single_sign_on::refused::a_sign_in_ends_once_in_its_own_browser` |
//! | a token for somebody else, by another key, too old or too new | `single_sign_on::refused::what_the_provider_signs_is_checked` |
//! | a name or an e-mail address that is somebody else's here | `single_sign_on::nobody_becomes_a_local_user` |
//! | a logout token used twice, or made up | `single_sign_on::the_provider_ends_sessions` |
//! | a policy that was weakened by mistake | `docs`, `matrix` |

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
