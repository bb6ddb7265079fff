//! An image whose query was checked before is answered as one that is asked for the first time.
//!
//! A request with a `Content-Length` always takes the long way: each question is asked in both ways.

use proptest::{
    collection::vec,
    prelude::{Just, Strategy, any},
    prop_oneof,
    sample::select,
    strategy::ValueTree as _,
    test_runner::TestRunner,
};
use reqwest::Method;
use serde_json::json;

use crate::support::{
    Answer, Client, Server,
    client::{Auth, send},
    codes::{API, create_dynamic, create_static},
    on_both,
};

on_both!(
    both_ways_answer_alike,
    a_deleted_code_is_unknown_at_once,
    only_valid_credentials_are_known
);

const QUESTIONS: usize = 150;
/// Of headers that are the request's own.
const OWN: [&str; 2] = ["x-request-id", "date"];

/// `name=value`, right and wrong, spelled in more than one way.
fn parameter() -> impl Strategy<Value = String> {
    let names = [
        "image_format",
        "size",
        "border",
        "fill_color",
        "back_color",
        "image_quality",
        "error_level",
        "include_logo",
        "svg_title",
        "physical_size",
        "physical_unit",
        "dpi",
        "unknown",
        "siz%65",
    ];
    let values = [
        "png",
        "svg",
        "jpeg",
        "jpg",
        "webp",
        "PNG",
        "4",
        "10",
        "0",
        "51",
        "-1",
        "%31%30",
        "%23112233",
        "%23abc",
        "#fff",
        "red",
        "h",
        "l",
        "true",
        "false",
        "a+b",
        "a%20b",
        "%C3%A4",
        "%ff",
        "",
        "in",
        "2.5",
        "300",
        "%00",
    ];
    let wild = "[ -~]{0,12}".prop_filter("no fragment", |text| !text.contains('#'));
    let value = prop_oneof![5 => select(values.to_vec()).prop_map(str::to_owned), 1 => wild];
    (select(names.to_vec()), value, any::<bool>()).prop_map(|(name, value, is_bare)| {
        if is_bare && value.is_empty() {
            name.to_owned()
        } else {
            format!("{name}={value}")
        }
    })
}

fn query() -> impl Strategy<Value = String> {
    let parameters = vec(parameter(), 0..5).prop_map(|all| format!("?{}", all.join("&")));
    prop_oneof![1 => Just(String::new()), 1 => Just("?".to_owned()), 12 => parameters]
}

async fn ask(client: &Client, path: &str, condition: Option<&str>, long: bool) -> Answer {
    let mut request = client.request(Method::GET, path);
    if long {
        request = request.header("content-length", "0");
    }
    if let Some(condition) = condition {
        request = request.header("if-none-match", condition);
    }
    send(request).await
}

fn assert_alike(long: &Answer, known: &Answer, what: &str) {
    assert_eq!(long.status, known.status, "{what}: {}", known.text());
    let [one, other] = [long, known].map(|answer| {
        let mut headers = answer.headers.clone();
        for name in OWN {
            headers.remove(name);
        }
        headers
    });
    assert_eq!(one, other, "{what}");
    if long.status == 200 {
        assert_eq!(long.body, known.body, "{what}");
    }
}

async fn both_ways_answer_alike(server: Server) {
    let client = Client::admin(&server);
    let dynamic = create_dynamic(&client).await.id;
    let text = create_static(&client, "https://example.com/é").await;
    let codes = [dynamic, text["id"].as_str().unwrap().to_owned()];
    let mut runner = TestRunner::deterministic();
    let strategy = (
        select(codes.to_vec()),
        query(),
        any::<bool>(),
        any::<bool>(),
    );
    let mut succeeded = 0;
    for _ in 0..QUESTIONS {
        let question = strategy.new_tree(&mut runner).unwrap().current();
        let (id, query, is_upper, is_conditional) = question;
        let id = if is_upper { id.to_uppercase() } else { id };
        let path = format!("{API}/{id}/image{query}");
        let first = ask(&client, &path, None, false).await;
        let etag = first.header("etag").to_owned();
        let condition = is_conditional
            .then_some(&*etag)
            .filter(|tag| !tag.is_empty());
        let long = ask(&client, &path, condition, true).await;
        for _ in 0..2 {
            assert_alike(&long, &ask(&client, &path, condition, false).await, &path);
        }
        succeeded += u32::from(first.status == 200);
    }
    assert!((20..130).contains(&succeeded), "{succeeded} were images");
}

async fn a_deleted_code_is_unknown_at_once(server: Server) {
    let client = Client::admin(&server);
    let id = create_dynamic(&client).await.id;
    let path = format!("{API}/{id}/image?image_format=svg");
    for _ in 0..3 {
        ask(&client, &path, None, false).await.expect(200);
    }
    client.delete(&format!("{API}/{id}")).await.expect(204);
    ask(&client, &path, None, false).await.problem(404);
}

async fn only_valid_credentials_are_known(server: Server) {
    let client = Client::admin(&server);
    let id = create_dynamic(&client).await.id;
    let path = format!("{API}/{id}/image");
    for _ in 0..3 {
        ask(&client, &path, None, false).await.expect(200);
    }
    let wrong = [
        Auth::None,
        Auth::Basic("admin".into(), "wrong".into()),
        Auth::Bearer("wrong".into()),
        Auth::ApiKey("wrong".into()),
    ];
    for auth in wrong {
        let stranger = Client::with(&server, auth);
        ask(&stranger, &path, None, false).await.problem(401);
    }
    // A spelling that is not ours goes to the router, which takes it.
    client
        .get(&format!("{API}/{{{id}}}/image"))
        .await
        .expect(200);
    client.post(&path, &json!({})).await.problem(405);
    let head = client.head(&path).await.expect(200);
    assert!(head.body.is_empty());
}
