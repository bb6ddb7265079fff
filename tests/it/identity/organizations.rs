//! Organizations: making, sharing and leaving them; images and timelines below their paths.

use serde_json::{Value, json};

use super::{INSTALLATION, organization, text, user};
use crate::support::{
    Client, Server,
    client::Auth,
    codes::{API, TARGET, counted, create_dynamic, create_static},
    decode::decode,
    on_both,
    process::PASSWORD,
};

on_both!(
    people_are_invited_and_roles_are_given_up_to_ones_own,
    an_organization_is_handed_over_and_deleted_with_its_codes,
    images_and_timelines_are_those_of_the_contract,
    changes_of_codes_and_caches_are_told,
);

async fn members(client: &Client, org: &str) -> Vec<(String, String)> {
    let list = client
        .get(&format!("/api/organizations/{org}/members"))
        .await;
    let list = list.expect(200).json();
    let items = list["items"].as_array().unwrap().iter();
    items
        .map(|m| (text(&m["name"]), text(&m["role"])))
        .collect()
}

async fn member_id(client: &Client, org: &str, name: &str) -> String {
    let list = client
        .get(&format!("/api/organizations/{org}/members"))
        .await
        .json();
    let found = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|m| m["name"] == name);
    text(&found.unwrap()["user_id"])
}

async fn people_are_invited_and_roles_are_given_up_to_ones_own(server: Server) {
    let owner = Client::signed_in(&server, "admin", PASSWORD).await;
    let org = organization(&owner, "Library").await;
    let at = |rest: &str| format!("/api/organizations/{org}{rest}");
    let invite = async |client: &Client, role: &str| {
        let body = json!({ "role": role, "note": "for the desk" });
        client.post(&at("/invitations"), &body).await
    };
    let made = invite(&owner, "admin").await.expect(201).json();
    let path = format!("/api/invitations/{}", text(&made["token"]));
    let anonymous = Client::anonymous(&server);
    // Mail scanners look; that changes nothing.
    for _ in 0..3 {
        let offer = anonymous.get(&path).await.expect(200).json();
        assert_eq!(
            (text(&offer["organization"]), text(&offer["role"])),
            ("Library".into(), "admin".into())
        );
    }
    let accept = async |path: &str, name: &str, password: &str| {
        let body = json!({ "username": name, "password": password, "role": "owner" });
        anonymous.post(path, &body).await
    };
    accept(&path, "ada", "too short").await.problem(422);
    accept(&path, "a:b", "correct-horse-staple")
        .await
        .problem(422);
    accept(&path, "admin", "not the admin's word")
        .await
        .problem(401);
    for counterfeit in [
        "command line",
        "adm\u{200b}in",
        "\u{0430}dmin",
        "a\u{202e}b",
        " admin",
    ] {
        accept(&path, counterfeit, "correct-horse-staple")
            .await
            .problem(422);
    }
    let password = "correct-horse-staple";
    let accepted = accept(&path, "ada", password).await.expect(200).json();
    assert_eq!(
        accepted["organization"]["role"], "admin",
        "no role by the body: {accepted}"
    );
    accept(&path, "eve", "another-long-sentence")
        .await
        .problem(404);
    anonymous.get(&path).await.problem(404);
    anonymous.get("/api/invitations/0123").await.problem(404);

    let ada = Client::signed_in(&server, "ada", password).await;
    assert_eq!(
        ada.get("/api/session").await.json()["organization"]["id"],
        org.as_str()
    );
    invite(&ada, "owner").await.problem(403);
    let made = invite(&ada, "member").await.expect(201).json();
    let bo_path = format!("/api/invitations/{}", text(&made["token"]));
    // Somebody who is signed in accepts without a word.
    let bo_password = user(&server, "bo", "member");
    let bo = Client::signed_in(&server, "bo", &bo_password).await;
    bo.post(&bo_path, &json!({})).await.expect(200);
    let revoked = invite(&ada, "member").await.json();
    let id = text(&revoked["id"]);
    ada.delete(&at(&format!("/invitations/{id}")))
        .await
        .expect(204);
    ada.delete(&at(&format!("/invitations/{id}")))
        .await
        .problem(404);
    let path = format!("/api/invitations/{}", text(&revoked["token"]));
    anonymous.get(&path).await.problem(404);
    assert_eq!(members(&ada, &org).await.len(), 3);
    roles_are_given_up_to_ones_own(&server, &org, (&owner, &ada), bo_password).await;
}

async fn roles_are_given_up_to_ones_own(
    server: &Server,
    org: &str,
    (owner, ada): (&Client, &Client),
    bo_password: String,
) {
    let at = |rest: &str| format!("/api/organizations/{org}{rest}");
    let (bo_id, owner_id) = (
        member_id(ada, org, "bo").await,
        member_id(ada, org, "admin").await,
    );
    let role = async |client: &Client, id: &str, role: &str| {
        let body = json!({ "role": role, "reason": "summer" });
        client.patch(&at(&format!("/members/{id}")), &body).await
    };
    role(ada, &bo_id, "manager").await.expect(200);
    role(ada, &bo_id, "owner").await.problem(403);
    role(ada, &owner_id, "member").await.problem(403);
    role(owner, &owner_id, "member").await.problem(409);
    role(ada, &bo_id, "king").await.problem(422);
    for other in [json!(0), json!(null), json!([])] {
        let path = at(&format!("/members/{bo_id}"));
        let refused = ada
            .patch(&path, &json!({ "role": other }))
            .await
            .problem(422);
        assert_eq!(refused["errors"][0]["field"], "role", "{refused}");
    }
    // A link dies with the right of whoever made it.
    let made = ada
        .post(&at("/invitations"), &json!({ "role": "admin" }))
        .await
        .expect(201)
        .json();
    let link = format!("/api/invitations/{}", text(&made["token"]));
    let anonymous = Client::anonymous(server);
    anonymous.get(&link).await.expect(200);
    let ada_id = member_id(owner, org, "ada").await;
    role(owner, &ada_id, "manager").await.expect(200);
    anonymous.get(&link).await.problem(404);
    role(owner, &ada_id, "admin").await.expect(200);
    let ada = &Client::signed_in(server, "ada", "correct-horse-staple").await;
    role(ada, "nonsense", "member").await.problem(422);
    ada.delete(&at(&format!("/members/{owner_id}")))
        .await
        .problem(403);
    // A page that was open meanwhile: its next request is as the new role has it.
    let basic = Client::with(server, Auth::Basic("bo".into(), bo_password));
    basic.get(&at("/members")).await.expect(200);
    role(ada, &bo_id, "member").await.expect(200);
    basic.get(&at("/members")).await.problem(403);
    ada.delete(&at(&format!("/members/{bo_id}?reason=left")))
        .await
        .expect(204);
    basic.get(&at("")).await.problem(403);
    ada.delete(&at(&format!("/members/{bo_id}")))
        .await
        .problem(404);

    let audit = owner.get(&at("/audit")).await.expect(200).json();
    let actions: Vec<String> = audit["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| text(&e["action"]))
        .collect();
    for expected in [
        "member.remove",
        "member.role",
        "invitation.accept",
        "invitation.revoke",
        "invitation.create",
        "organization.create",
    ] {
        assert!(
            actions.iter().any(|a| a == expected),
            "{expected}: {actions:?}"
        );
    }
    let page = owner.get(&at("/audit?limit=2")).await.expect(200).json();
    let next = owner
        .get(&at(&format!(
            "/audit?limit=2&before={}",
            text(&page["next"])
        )))
        .await
        .json();
    assert_eq!(next["items"][0], audit["items"][2]);
}

async fn an_organization_is_handed_over_and_deleted_with_its_codes(server: Server) {
    let owner = Client::signed_in(&server, "admin", PASSWORD).await;
    let org = organization(&owner, "Annex").await;
    let at = |rest: &str| format!("/api/organizations/{org}{rest}");
    let moved = owner
        .put("/api/session/organization", &json!({ "id": org }))
        .await
        .expect(200);
    let owner = Client::with(&server, moved.session());
    let code = create_dynamic(&owner).await;
    let anonymous = Client::anonymous(&server);
    anonymous.get(&code.genuine).await.expect(302);
    owner
        .patch(&at(""), &json!({ "time_zone": "Mars/Olympus" }))
        .await
        .problem(422);
    owner
        .patch(&at(""), &json!({ "name": "" }))
        .await
        .problem(422);
    let changed = owner
        .patch(&at(""), &json!({ "name": "Annex 2" }))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (text(&changed["name"]), text(&changed["time_zone"])),
        ("Annex 2".into(), "Europe/Berlin".into())
    );

    let invited = owner
        .post(&at("/invitations"), &json!({ "role": "member" }))
        .await
        .expect(201)
        .json();
    let path = format!("/api/invitations/{}", text(&invited["token"]));
    let word = "nine-quiet-harbours";
    // Nobody is called like another, but for capitals.
    let alike = json!({ "username": "ADMIN", "password": word });
    anonymous.post(&path, &alike).await.problem(422);
    anonymous
        .post(&path, &json!({ "username": "cy", "password": word }))
        .await
        .expect(200);
    let cy = member_id(&owner, &org, "cy").await;
    owner.post(&at("/leave"), &json!({})).await.problem(409);
    let unknown = json!({ "user_id": "00000000-0000-7000-8000-000000000000" });
    owner.post(&at("/transfer"), &unknown).await.problem(404);
    owner
        .post(&at("/transfer"), &json!({ "user_id": cy }))
        .await
        .expect(204);
    let cy = Client::signed_in(&server, "cy", word).await;
    assert_eq!(
        cy.get("/api/session").await.json()["organization"]["role"],
        "owner"
    );
    // The one who handed it over is an admin, whose session here ended.
    let former = Client::signed_in(&server, "admin", PASSWORD).await;
    former
        .request(reqwest::Method::DELETE, &at(""))
        .json(&json!({ "name": "Annex 2" }))
        .send()
        .await
        .unwrap();
    let delete = async |client: &Client, name: &str| {
        let request = client.request(reqwest::Method::DELETE, &at(""));
        crate::support::client::send(request.json(&json!({ "name": name }))).await
    };
    delete(&former, "Annex 2").await.problem(403);
    delete(&cy, "Annex").await.problem(422);
    delete(&cy, "Annex 2").await.expect(204);
    anonymous.get(&code.genuine).await.problem(404);
    cy.get(API).await.problem(401);
    former.get(&at("")).await.problem(403);
    let log = format!("/api/organizations/{INSTALLATION}/audit?limit=10");
    let log = former.get(&log).await.expect(200).text();
    assert!(log.contains("organization.delete") && log.contains("Annex 2"));
    let own = former.get("/api/organizations").await.json();
    assert_eq!(own["items"].as_array().unwrap().len(), 1);
    let path = format!("/api/organizations/{INSTALLATION}");
    let request = former.request(reqwest::Method::DELETE, &path);
    let refused = crate::support::client::send(request.json(&json!({ "name": "Default" }))).await;
    refused.problem(409);
}

async fn images_and_timelines_are_those_of_the_contract(server: Server) {
    let admin = Client::admin(&server);
    let code = create_dynamic(&admin).await;
    let at = |rest: &str| format!("/api/organizations/{INSTALLATION}{rest}");
    let image = |query: &str| at(&format!("/qr-codes/{}/image{query}", code.id));
    let png = admin.get(&image("")).await.expect(200);
    assert_eq!(png.header("content-type"), "image/png");
    assert!(decode(&png.body, "png").contains("/r/"));
    assert_eq!(image::load_from_memory(&png.body).unwrap().width(), 300);
    let etag = png.header("etag").to_owned();
    let request = admin
        .request(reqwest::Method::GET, &image(""))
        .header("if-none-match", &etag);
    let unchanged = crate::support::client::send(request).await;
    assert_eq!((unchanged.status, unchanged.body.len()), (304, 0));
    let large = admin
        .get(&image("?size=2000&error_correction=H"))
        .await
        .expect(200);
    assert_eq!(image::load_from_memory(&large.body).unwrap().width(), 2000);
    let svg = admin.get(&image("?format=svg")).await.expect(200);
    assert!(svg.text().starts_with("<svg") || svg.text().starts_with("<?xml"));
    for bad in [
        "?size=99",
        "?size=2001",
        "?size=x",
        "?format=gif",
        "?error_correction=X",
    ] {
        admin.get(&image(bad)).await.problem(422);
    }
    admin
        .get(&at("/qr-codes/nonsense/image"))
        .await
        .problem(422);
    admin
        .get(&at("/qr-codes/00000000-0000-7000-8000-000000000000/image"))
        .await
        .problem(404);
    admin
        .get("/api/organizations/nonsense/qr-codes/x/image")
        .await
        .problem(422);
    Client::anonymous(&server)
        .get("/api/organizations/nonsense/qr-codes/x/image")
        .await
        .problem(401);

    admin.get(&at("/qr-business/image")).await.problem(404);
    let business = json!({ "business_code": code.id });
    admin.patch(&at(""), &business).await.expect(200);
    let drawn = admin.get(&at("/qr-business/image")).await.expect(200);
    assert_eq!(image::load_from_memory(&drawn.body).unwrap().width(), 500);
    let foreign = json!({ "business_code": "00000000-0000-7000-8000-000000000000" });
    admin.patch(&at(""), &foreign).await.problem(404);
    admin
        .patch(&at(""), &json!({ "business_code": Value::Null }))
        .await
        .expect(200);
    admin.get(&at("/qr-business/image")).await.problem(404);

    let anonymous = Client::anonymous(&server);
    for _ in 0..3 {
        anonymous.get(&code.genuine).await.expect(302);
    }
    counted(&admin, &code.id, 3, 3).await;
    let timeline = |query: &str| at(&format!("/qr-codes/{}/timeline{query}", code.id));
    for (query, period, days) in [
        ("", "7d", 7),
        ("?period=30d", "30d", 30),
        ("?period=90d", "90d", 90),
        ("?period=1y", "1y", 365),
    ] {
        let answer = admin.get(&timeline(query)).await.expect(200).json();
        assert_eq!(answer["period"], period);
        let data = answer["data"].as_array().unwrap();
        assert_eq!(data.len(), days);
        assert!(data.is_sorted_by_key(|day| text(&day["date"])));
        assert_eq!(
            data.iter()
                .map(|day| day["count"].as_i64().unwrap())
                .sum::<i64>(),
            3
        );
    }
    admin.get(&timeline("?period=2d")).await.problem(422);
    let static_code = create_static(&admin, "text").await;
    let path = at(&format!("/qr-codes/{}/timeline", text(&static_code["id"])));
    admin.get(&path).await.expect(200);
}

/// Who let a poster lead elsewhere; and nothing about what was refused.
async fn changes_of_codes_and_caches_are_told(server: Server) {
    let admin = Client::admin(&server);
    let code = create_dynamic(&admin).await;
    let path = format!("{API}/{}", code.id);
    let moved = json!({ "redirect_url": "https://example.com/b" });
    admin.put(&path, &moved).await.expect(200);
    let refused = json!({ "redirect_url": "javascript:alert(1)" });
    admin.put(&path, &refused).await.problem(422);
    admin.delete(&path).await.expect(204);
    admin.delete(&path).await.problem(404);
    let all = json!({ "pattern": "slug:*" });
    let clear = "/api/v2/qr/cache/clear";
    admin.post(clear, &all).await.expect(200);
    let broken = json!({ "pattern": "[" });
    admin.post(clear, &broken).await.problem(422);
    let audit = format!("/api/organizations/{INSTALLATION}/audit?limit=4");
    let log = admin.get(&audit).await.expect(200).json();
    let items = log["items"].as_array().unwrap();
    let told: Vec<Value> = items
        .iter()
        .map(|e| json!([e["actor"], e["via"], e["action"], e["subject"]]))
        .collect();
    let subject = format!("code:{}", code.id);
    let expected = json!([
        ["admin", "basic", "cache.clear", "slug:*"],
        ["admin", "basic", "code.delete", subject],
        ["admin", "basic", "code.edit", subject],
        ["admin", "basic", "code.create", subject],
    ]);
    assert_eq!(Value::from(told), expected);
    let detail: Value = serde_json::from_str(&text(&items[2]["detail"])).unwrap();
    let expected = json!({
        "before": { "target": TARGET },
        "after": { "target": "https://example.com/b" },
    });
    assert_eq!(detail, expected);
    let made: Value = serde_json::from_str(&text(&items[3]["detail"])).unwrap();
    assert_eq!(format!("/r/{}", text(&made["slug"])), code.shared);
    // A change that changes nothing is none.
    let code = create_static(&admin, "about a person").await;
    let path = format!("{API}/{}", text(&code["id"]));
    admin.put(&path, &json!({})).await.expect(200);
    let log = admin.get(&audit).await.json();
    let last = &log["items"][0];
    assert_eq!(text(&last["action"]), "code.create");
    assert!(!log.to_string().contains("person"), "{log}");
}
