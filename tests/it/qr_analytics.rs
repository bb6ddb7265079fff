//! `GET /api/v1/qr/{id}/analytics/…`: scan-timeseries, scan-logs, device-stats.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    Client, Server,
    client::send,
    codes::{API, Dynamic, counted, create_dynamic, create_static},
    load::BROWSER,
    on_both,
};

on_both!(
    timeseries_have_every_range,
    logs_page_and_filter,
    devices_are_told_apart,
    bad_parameters_are_named,
    unknown_codes_are_404,
);

const DESKTOP: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
                       Chrome/126.0.0.0 Safari/537.36";

/// Two genuine scans by a phone and a shared link opened on a desktop.
async fn scanned(client: &Client) -> Dynamic {
    let code = create_dynamic(client).await;
    for (path, agent) in [
        (&code.genuine, BROWSER),
        (&code.genuine, BROWSER),
        (&code.shared, DESKTOP),
    ] {
        let scan = client.request(Method::GET, path);
        send(scan.header("user-agent", agent)).await.expect(302);
    }
    counted(client, &code.id, 3, 2).await;
    code
}

async fn analytics(client: &Client, code: &Dynamic, what: &str) -> Value {
    let path = format!("{API}/{}/analytics/{what}", code.id);
    client.get(&path).await.expect(200).json()
}

fn sum(list: &Value) -> u64 {
    let numbers = list.as_array().unwrap().iter();
    numbers.map(|n| n.as_u64().unwrap()).sum()
}

async fn timeseries_have_every_range(server: Server) {
    let client = Client::admin(&server);
    let code = scanned(&client).await;
    for (range, interval, scans) in [
        ("today", "hour", 3),
        ("yesterday", "hour", 0),
        ("last7days", "day", 3),
        ("last30days", "day", 3),
        ("thisMonth", "day", 3),
        ("lastMonth", "day", 0),
        ("allTime", "", 3),
    ] {
        let query = format!("scan-timeseries?time_range={range}");
        let series = analytics(&client, &code, &query).await;
        let labels = series["labels"].as_array().unwrap().len();
        let all = &series["datasets"]["all_scans"];
        let genuine = &series["datasets"]["genuine_scans"];
        assert!(labels > 0, "{range}: {series}");
        assert_eq!(all.as_array().unwrap().len(), labels, "{range}: a gap");
        assert_eq!(genuine.as_array().unwrap().len(), labels, "{range}: a gap");
        assert_eq!(sum(all), scans, "{range}: {series}");
        assert_eq!(sum(genuine), scans.min(2), "{range}: {series}");
        assert_eq!(series["time_range"], range);
        let named = series["interval"].as_str().unwrap();
        // How finely all time is cut depends on how long that is.
        let intervals = if range == "allTime" {
            &["hour", "day", "week", "month"][..]
        } else {
            &[interval]
        };
        assert!(intervals.contains(&named), "{range}: {series}");
        let date =
            |field: &str| -> jiff::Timestamp { series[field].as_str().unwrap().parse().unwrap() };
        assert!(date("start_date") < date("end_date"), "{range}: {series}");
    }
    let default = analytics(&client, &code, "scan-timeseries").await;
    assert_eq!(default["time_range"], "last7days");
    // Today and the seven days before it, as clients of the dialect know it.
    assert_eq!(default["labels"].as_array().unwrap().len(), 8);
}

async fn logs_page_and_filter(server: Server) {
    let client = Client::admin(&server);
    let code = scanned(&client).await;
    let log = analytics(&client, &code, "scan-logs").await;
    for (field, value) in [("total", 3), ("page", 1), ("page_size", 10)] {
        assert_eq!(log[field], value, "{log}");
    }
    let items = log["items"].as_array().unwrap();
    assert_eq!(items.len(), 3);
    let times: Vec<jiff::Timestamp> = items
        .iter()
        .map(|i| i["scanned_at"].as_str().unwrap().parse().unwrap())
        .collect();
    // The newest is first.
    assert!(times.is_sorted_by(|a, b| a >= b), "{log}");

    let first = |genuine: bool| items.iter().find(|i| i["is_genuine_scan"] == genuine);
    let (shared, phone) = (first(false).unwrap(), first(true).unwrap());
    assert_eq!(shared["is_pc"], true, "{shared}");
    assert_eq!(shared["is_mobile"], false, "{shared}");
    for field in ["is_mobile", "is_tablet", "is_pc", "is_bot"] {
        assert_eq!(phone[field], field == "is_mobile", "{field}: {phone}");
    }
    for field in ["id", "device_family", "os_family", "browser_family"] {
        let is_told = phone[field].as_str().is_some_and(|s| !s.is_empty());
        assert!(is_told, "{field}: {phone}");
    }

    let second = analytics(&client, &code, "scan-logs?page=2&limit=2").await;
    assert_eq!(second["items"].as_array().unwrap().len(), 1);
    assert_eq!(second["page"], 2);
    assert_eq!(second["page_size"], 2);
    let genuine = analytics(&client, &code, "scan-logs?genuine_only=true").await;
    assert_eq!(genuine["total"], 2);
}

async fn devices_are_told_apart(server: Server) {
    let client = Client::admin(&server);
    let code = scanned(&client).await;
    let total = |v: &Value| -> u64 {
        let counts = v.as_object().unwrap().values();
        counts.map(|n| n.as_u64().unwrap()).sum()
    };
    for (query, scans) in [("", 3), ("?genuine_only=true", 2)] {
        let stats = analytics(&client, &code, &format!("device-stats{query}")).await;
        for part in [
            "device_types",
            "device_families",
            "browser_families",
            "os_families",
        ] {
            assert_eq!(total(&stats[part]), scans, "{part}: {stats}");
        }
    }
    let types = analytics(&client, &code, "device-stats").await["device_types"].clone();
    let seen = types.as_object().unwrap().values().filter(|n| **n != 0);
    assert_eq!(seen.count(), 2, "{types}");
}

async fn bad_parameters_are_named(server: Server) {
    let client = Client::admin(&server);
    let code = create_dynamic(&client).await;
    for (query, field) in [
        ("scan-timeseries?time_range=forever", "time_range"),
        ("scan-logs?page=0", "page"),
        ("scan-logs?page=x", "page"),
        ("scan-logs?page=99999999999999999999", "page"),
        ("scan-logs?limit=0", "limit"),
        ("scan-logs?limit=1000000", "limit"),
        ("scan-logs?genuine_only=perhaps", "genuine_only"),
        ("device-stats?genuine_only=perhaps", "genuine_only"),
    ] {
        let path = format!("{API}/{}/analytics/{query}", code.id);
        client.get(&path).await.invalid(field);
    }
    // Far behind the end is an empty page, however far.
    let far = analytics(&client, &code, "scan-logs?page=1000000").await;
    assert_eq!(far["items"], json!([]));
}

async fn unknown_codes_are_404(server: Server) {
    let client = Client::admin(&server);
    for what in ["scan-timeseries", "scan-logs", "device-stats"] {
        for id in ["00000000-0000-7000-8000-000000000000", "not-a-uuid"] {
            let path = format!("{API}/{id}/analytics/{what}");
            client.get(&path).await.problem(404);
        }
    }
    // A static code has no scans, which is an answer.
    let fixed = create_static(&client, "text").await;
    let id = fixed["id"].as_str().unwrap();
    let path = format!("{API}/{id}/analytics/scan-logs");
    assert_eq!(client.get(&path).await.expect(200).json()["total"], 0);
}
