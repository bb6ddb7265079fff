//! Every described operation × everybody who may ask, against the real process. What is expected is read from
//! `docs/PERMISSIONS.md`, so that a policy that was weakened by mistake fails here, too.

use std::{collections::BTreeMap, path::Path};

use reqwest::Method;
use serde_json::{Value, json};

use super::{INSTALLATION, ROLES, key, organization, user};
use crate::support::{
    Client, Server,
    client::{Auth, send},
    codes::{create_dynamic, create_static},
    on_both,
};

on_both!(
    every_operation_answers_everybody_as_the_permissions_say,
    what_belongs_to_others_is_unknown
);

/// What needs no credentials. `/r/{slug}` and the like are no operations of the API's.
const PUBLIC: [&str; 15] = [
    "GET /.well-known/jwks.json",
    "GET /api/invitations/{token}",
    "GET /api/session/callback",
    "GET /api/session/methods",
    "GET /api/session/single-sign-on",
    "GET /health",
    "GET /health/live",
    "GET /health/ready",
    "GET /metrics",
    "GET /r/{slug}",
    "HEAD /r/{slug}",
    "POST /api/invitations/{token}",
    "POST /api/session",
    "POST /api/session/back-channel-logout",
    "POST /r/{slug}",
];

/// A line of the table.
#[derive(Debug)]
struct Permission {
    roles: Vec<String>,
    scope: String,
    how: String,
    installation: bool,
}

fn permissions() -> BTreeMap<String, Permission> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/PERMISSIONS.md");
    let page = std::fs::read_to_string(file).unwrap();
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let roles = ROLES.iter().zip(&cells[2..7]);
        let allowed = roles.filter(|(_, mark)| **mark == "✓");
        let action = cells[1].split('`').nth(1).unwrap().to_owned();
        let permission = Permission {
            roles: allowed.map(|(role, _)| (*role).to_owned()).collect(),
            scope: cells[7].to_owned(),
            how: cells[8].to_owned(),
            installation: cells[1].contains("*installation*"),
        };
        (action, permission)
    })
    .collect()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    Not,
    Session,
    Basic,
    /// With these scopes; `None`: whatever the role allows.
    Key(Option<&'static str>),
}

/// Somebody who asks.
struct Asker {
    name: String,
    client: Client,
    known: Known,
    role: &'static str,
    /// Of another organization, which is the asker's own.
    elsewhere: bool,
    /// To sign in again where an operation ended the session.
    password: String,
}

struct Operation {
    method: Method,
    path: String,
    template: String,
    action: Option<String>,
    optional: bool,
}

impl Operation {
    fn ends_sessions(&self) -> bool {
        let ends = [
            "DELETE /api/session",
            "DELETE /api/account/sessions",
            "POST /api/session/step-up",
            "PUT /api/session/organization",
        ];
        ends.contains(&self.name().as_str())
    }

    fn name(&self) -> String {
        format!("{} {}", self.method, self.template)
    }
}

async fn operations(client: &Client, id: &str) -> Vec<Operation> {
    let document = client.get("/openapi.json").await.json();
    let mut all = Vec::new();
    for (template, methods) in document["paths"].as_object().unwrap() {
        let path = template
            .replace("{org_id}", INSTALLATION)
            .replace("{experiment}", "render")
            .replace("{qr_id}", id)
            .replace(
                "{id}",
                if template.starts_with("/api/v1") {
                    id
                } else {
                    "00000000-0000-7000-8000-000000000000"
                },
            )
            .replace("{user_id}", "00000000-0000-7000-8000-000000000000")
            .replace("{side}", "control");
        for (method, operation) in methods.as_object().unwrap() {
            let security = operation["security"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            all.push(Operation {
                method: method.to_uppercase().parse().unwrap(),
                path: path.clone(),
                template: template.clone(),
                action: operation["x-action"].as_str().map(str::to_owned),
                optional: security.iter().any(|s| *s == json!({})),
            });
        }
    }
    // What takes the askers' membership away comes last.
    all.sort_by_key(|o| {
        (
            o.template.ends_with("/leave"),
            o.template.starts_with("/api/account/sessions"),
        )
    });
    all
}

async fn askers(server: &Server) -> Vec<Asker> {
    let admin = Client::signed_in(server, "admin", crate::support::process::PASSWORD).await;
    let mut all = vec![Asker {
        name: "nobody".to_owned(),
        client: Client::anonymous(server),
        known: Known::Not,
        role: "",
        elsewhere: false,
        password: String::new(),
    }];
    let (_, revoked) = key(&admin, &["codes:read"]).await;
    let (text, id) = key(&admin, &["codes:read", "codes:write"]).await;
    assert_ne!(revoked, id);
    let path = format!("/api/account/keys/{id}");
    admin.delete(&path).await.expect(204);
    all.push(Asker {
        name: "a revoked key".to_owned(),
        client: Client::with(server, Auth::Bearer(text)),
        known: Known::Not,
        role: "",
        elsewhere: false,
        password: String::new(),
    });
    for role in ROLES {
        let name = format!("the {role}");
        let password = user(server, &name, role);
        let session = Client::signed_in(server, &name, &password).await;
        let asker = |client, known| Asker {
            name: name.clone(),
            client,
            known,
            role,
            elsewhere: false,
            password: password.clone(),
        };
        for scope in ["codes:read", "ops:write", "members:write"] {
            // Not every role can have each; then there is no such asker.
            let body = json!({ "name": "narrow", "scopes": [scope] });
            let made = session.post("/api/account/keys", &body).await;
            if made.status == 201 {
                let text = made.json()["key"].as_str().unwrap().to_owned();
                let client = Client::with(server, Auth::ApiKey(text));
                all.push(asker(client, Known::Key(Some(scope))));
            }
        }
        let made = server.run_json(&[
            "keys", "create", "--name", "wide", "--user", &name, "--json",
        ]);
        let wide = Auth::Bearer(made["key"].as_str().unwrap().to_owned());
        all.push(asker(Client::with(server, wide), Known::Key(None)));
        let basic = Auth::Basic(name.clone(), password.clone());
        all.push(asker(Client::with(server, basic), Known::Basic));
        all.push(asker(session, Known::Session));
    }
    // Owns an organization, and is nobody in the installation's.
    let password = user(server, "stranger", "member");
    let stranger = Client::signed_in(server, "stranger", &password).await;
    organization(&stranger, "Elsewhere").await;
    server.run_to(0, &["users", "remove", "stranger"]);
    for known in [Known::Session, Known::Basic] {
        let client = if known == Known::Basic {
            Client::with(server, Auth::Basic("stranger".into(), password.clone()))
        } else {
            Client::signed_in(server, "stranger", &password).await
        };
        all.push(Asker {
            name: "stranger".to_owned(),
            client,
            known,
            role: "owner",
            elsewhere: true,
            password: password.clone(),
        });
    }
    all
}

/// 401, 403, or 0: it may.
fn expected(operation: &Operation, permission: &Permission, asker: &Asker) -> u16 {
    if asker.known == Known::Not {
        let anonymous = asker.name == "nobody";
        return if operation.optional && anonymous {
            0
        } else {
            401
        };
    }
    let in_path = operation.template.starts_with("/api/organizations/");
    let has_place = !(asker.elsewhere && (in_path || permission.installation));
    let has_role = permission.roles.iter().any(|role| role == asker.role);
    let is_person = asker.known == Known::Session || asker.known == Known::Basic;
    let known = match (permission.how.as_str(), asker.known) {
        (_, Known::Key(scopes)) if permission.scope != "no key" => {
            permission.scope == "none needed" || scopes.is_none_or(|one| one == permission.scope)
        }
        (how, Known::Session) => how.contains("session") || how == "any",
        (how, Known::Basic) => how.contains("Basic") || how == "any",
        _ => false,
    };
    debug_assert!(is_person || matches!(asker.known, Known::Key(_)));
    if has_place && has_role && known {
        0
    } else {
        403
    }
}

async fn every_operation_answers_everybody_as_the_permissions_say(server: Server) {
    let admin = Client::admin(&server);
    let code = create_static(&admin, "text").await;
    let operations = operations(&admin, code["id"].as_str().unwrap()).await;
    let public = operations.iter().filter(|o| o.action.is_none());
    let mut public: Vec<String> = public.map(Operation::name).collect();
    public.sort_unstable();
    assert_eq!(public, PUBLIC, "what needs no action");
    let permissions = permissions();
    let mut askers = askers(&server).await;
    let (mut cases, mut wrong) = (0, Vec::new());
    for operation in operations.iter().filter(|o| o.action.is_some()) {
        let permission = &permissions[operation.action.as_ref().unwrap()];
        for asker in &mut askers {
            // Each of the three ways of a user can leave once.
            if operation.template.ends_with("/leave") && asker.known == Known::Basic {
                continue;
            }
            let request = asker
                .client
                .request(operation.method.clone(), &operation.path);
            let request = if operation.method.is_safe() {
                request
            } else {
                request
                    .header("content-type", "application/json")
                    .body("{}")
            };
            // A stream of events never ends.
            let request = request.timeout(std::time::Duration::from_secs(20));
            let status = if operation.template.ends_with("/events") {
                request.send().await.unwrap().status().as_u16()
            } else {
                send(request).await.status
            };
            let expects = expected(operation, permission, asker);
            let is_right = match expects {
                0 => status != 401 && status != 403 && status < 500,
                refusal => status == refusal,
            };
            cases += 1;
            if !is_right {
                wrong.push(format!(
                    "{} by {} ({:?}): {status}, expected {expects}",
                    operation.name(),
                    asker.name,
                    asker.known
                ));
            }
            if operation.ends_sessions() && asker.known == Known::Session {
                asker.client = Client::signed_in(&server, &asker.name, &asker.password).await;
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {cases}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(cases > 1000, "{cases}");
    eprintln!("{cases} cases");
}

async fn what_belongs_to_others_is_unknown(server: Server) {
    let admin = Client::signed_in(&server, "admin", crate::support::process::PASSWORD).await;
    let code = create_dynamic(&admin).await.id;
    let password = user(&server, "other", "member");
    let other = Client::signed_in(&server, "other", &password).await;
    let theirs = organization(&other, "Other").await;
    server.run_to(0, &["users", "remove", "other"]);
    let other = Client::signed_in(&server, "other", &password).await;
    let own = create_dynamic(&other).await.id;
    other.get(&format!("/api/v1/qr/{own}")).await.expect(200);
    let unknown = "00000000-0000-7000-8000-000000000000";
    let same = async |method: &Method, template: &str, ids: [&str; 2]| {
        let ask = async |id: &str| {
            let path = template.replace("{}", id);
            let request = other.request(method.clone(), &path);
            let answer =
                send(request.json(&json!({ "redirect_url": "https://example.com/x" }))).await;
            let mut body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            body["request_id"] = Value::Null;
            (answer.status, body)
        };
        let (foreign, nothing) = (ask(ids[0]).await, ask(ids[1]).await);
        assert_eq!(foreign, nothing, "{method} {template}");
        assert!([403, 404].contains(&foreign.0), "{template}: {foreign:?}");
    };
    for (method, template) in [
        (Method::GET, "/api/v1/qr/{}"),
        (Method::PUT, "/api/v1/qr/{}"),
        (Method::DELETE, "/api/v1/qr/{}"),
        (Method::GET, "/api/v1/qr/{}/image"),
        (Method::GET, "/api/v1/qr/{}/analytics/scan-timeseries"),
        (Method::GET, "/api/v1/qr/{}/analytics/scan-logs"),
        (Method::GET, "/api/v1/qr/{}/analytics/device-stats"),
    ] {
        same(&method, template, [&code, unknown]).await;
        let beside = format!("/api/organizations/{theirs}/qr-codes/{{}}/image");
        same(&Method::GET, &beside, [&code, unknown]).await;
        let beside = format!("/api/organizations/{theirs}/qr-codes/{{}}/timeline");
        same(&Method::GET, &beside, [&code, unknown]).await;
    }
    // An organization that is not theirs, and one that is nobody's.
    for (method, below) in [
        (Method::GET, ""),
        (Method::PATCH, ""),
        (Method::DELETE, ""),
        (Method::GET, "/members"),
        (Method::GET, "/invitations"),
        (Method::GET, "/keys"),
        (Method::GET, "/audit"),
        (Method::GET, "/qr-business/image"),
    ] {
        let template = format!("/api/organizations/{{}}{below}");
        same(&method, &template, [INSTALLATION, unknown]).await;
    }
    other
        .put("/api/session/organization", &json!({ "id": INSTALLATION }))
        .await
        .problem(403);
    let list = other.get("/api/v1/qr").await.expect(200).json();
    assert_eq!(list["total"], 1, "{list}");
    // And the other way round: the admin of the installation sees nothing of theirs.
    admin.get(&format!("/api/v1/qr/{own}")).await.problem(404);
    admin
        .get(&format!("/api/organizations/{theirs}"))
        .await
        .problem(403);
}
