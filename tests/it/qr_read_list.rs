//! `GET /api/v1/qr` and `GET /api/v1/qr/{id}`.

use serde_json::{Value, json};

use crate::support::{
    Client, Server,
    codes::{API, counted, create_dynamic, create_static},
    load::BROWSER,
    on_both,
};

on_both!(
    an_empty_list_is_a_list,
    pages_hold_everything_once,
    lists_are_filtered_searched_and_sorted,
    bad_list_parameters_are_named,
    unknown_codes_are_404,
);

async fn list(client: &Client, query: &str) -> Value {
    let path = format!("{API}?{query}");
    client.get(&path).await.expect(200).json()
}

fn contents(list: &Value) -> Vec<&str> {
    let items = list["items"].as_array().unwrap().iter();
    items.map(|i| i["content"].as_str().unwrap()).collect()
}

async fn an_empty_list_is_a_list(server: Server) {
    let answer = Client::admin(&server).get(API).await.expect(200).json();
    let empty = json!({ "items": [], "total": 0, "page": 1, "page_size": 10 });
    assert_eq!(answer, empty);
}

async fn pages_hold_everything_once(server: Server) {
    let client = Client::admin(&server);
    for n in 0..25 {
        create_static(&client, &format!("text {n:02}")).await;
    }
    let mut seen = Vec::new();
    for (skip, page, size) in [(0, 1, 10), (10, 2, 10), (20, 3, 5)] {
        let answer = list(&client, &format!("skip={skip}&limit=10")).await;
        assert_eq!(answer["total"], 25);
        assert_eq!(answer["page"], page, "{answer}");
        assert_eq!(answer["page_size"], 10);
        let found = contents(&answer);
        assert_eq!(found.len(), size);
        seen.extend(found.iter().map(ToString::to_string));
    }
    seen.sort();
    let all: Vec<String> = (0..25).map(|n| format!("text {n:02}")).collect();
    assert_eq!(seen, all);
    assert_eq!(list(&client, "skip=25").await["items"], json!([]));
    assert_eq!(contents(&list(&client, "limit=100").await).len(), 25);
}

async fn lists_are_filtered_searched_and_sorted(server: Server) {
    let client = Client::admin(&server);
    for (content, title) in [
        ("first", "Beta"),
        ("second_100%", "Alpha"),
        ("third", "Gamma"),
    ] {
        let body = json!({ "content": content, "title": title });
        client.post("/api/v1/qr/static", &body).await.expect(201);
    }
    let dynamic = create_dynamic(&client).await;
    let scan = client.request(reqwest::Method::GET, &dynamic.genuine);
    scan.header("user-agent", BROWSER).send().await.unwrap();
    counted(&client, &dynamic.id, 1, 1).await;

    assert_eq!(list(&client, "qr_type=static").await["total"], 3);
    assert_eq!(list(&client, "qr_type=dynamic").await["total"], 1);
    let search = async |text: &str| list(&client, &format!("search={text}")).await["total"].clone();
    assert_eq!(search("third").await, 1, "by content");
    // By a part of the title, whatever its case.
    assert_eq!(search("alph").await, 1);
    // What matches anything in SQL is a character like any other here.
    assert_eq!(search("%25").await, 1);
    assert_eq!(search("_").await, 1);
    assert_eq!(search("nowhere").await, 0);

    let by_title = list(&client, "qr_type=static&sort_by=title").await;
    assert_eq!(contents(&by_title), ["second_100%", "first", "third"]);
    let back = list(&client, "qr_type=static&sort_by=title&sort_desc=true").await;
    assert_eq!(contents(&back), ["third", "first", "second_100%"]);
    let by_age = list(&client, "qr_type=static&sort_by=created_at&sort_desc=true").await;
    assert_eq!(contents(&by_age), ["third", "second_100%", "first"]);
    let by_scans = list(&client, "sort_by=scan_count&sort_desc=true").await;
    assert_eq!(by_scans["items"][0]["id"], dynamic.id.as_str());
    let by_type = list(&client, "sort_by=qr_type&sort_desc=false").await;
    assert_eq!(by_type["items"][0]["id"], dynamic.id.as_str());
    // Ids grow with time.
    let by_id = list(&client, "sort_by=id").await;
    assert_eq!(by_id, list(&client, "sort_by=created_at").await);
    let of_the_dynamic_code = "last_scan_at genuine_scan_count first_genuine_scan_at last_genuine_scan_at \
        redirect_url short_id";
    for field in of_the_dynamic_code.split_whitespace() {
        let sorted = list(&client, &format!("sort_by={field}&sort_desc=true")).await;
        assert_eq!(sorted["items"][0]["id"], dynamic.id.as_str(), "{field}");
    }
    assert_eq!(list(&client, "sort_by=description").await["total"], 4);
}

async fn bad_list_parameters_are_named(server: Server) {
    let client = Client::admin(&server);
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=ten", "limit"),
        ("skip=-1", "skip"),
        ("skip=99999999999999999999999999", "skip"),
        ("qr_type=animated", "qr_type"),
        ("sort_by=password", "sort_by"),
        ("sort_desc=maybe", "sort_desc"),
    ] {
        client.get(&format!("{API}?{query}")).await.invalid(field);
    }
}

async fn unknown_codes_are_404(server: Server) {
    let client = Client::admin(&server);
    create_static(&client, "something").await;
    let unknown = "00000000-0000-7000-8000-000000000000 not-a-uuid 1 %00 %ff%fe ..%2F..%2Fetc%2Fpasswd '%20OR%20'1'='1";
    for id in unknown.split(' ') {
        for what in ["", "/image"] {
            client.get(&format!("{API}/{id}{what}")).await.problem(404);
        }
    }
}
