//! What is wrong, in the shape that each service gives it; and who may ask.

use base64ct::{Base64, Encoding as _};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use serde_json::json;

use crate::support::{
    Answer, Client, Server,
    client::{Auth, send},
    decode::decode,
    on_both,
};

on_both!(
    each_service_tells_what_is_wrong_in_its_way,
    quickchart_draws_its_errors,
    the_two_services_of_one_path_are_told_apart,
    forms_are_as_good_as_queries,
    captions_images_and_clear_grounds_are_drawn,
);

const CREATE: &str = "/v1/create-qr-code/";

async fn wrong(client: &Client, path: &str, status: u16, field: &str) -> Answer {
    let answer = client.get(path).await.expect(status);
    let text = answer.text();
    let header = answer.header("x-quickchart-error").to_owned();
    assert!(
        text.contains(field) || header.contains(field),
        "{path}: {text} {header}"
    );
    assert_eq!(answer.header("cache-control"), "no-store");
    assert!(!answer.header("x-request-id").is_empty());
    answer
}

async fn each_service_tells_what_is_wrong_in_its_way(server: Server) {
    let client = Client::anonymous(&server);
    for (query, field) in [
        ("", "data"),
        ("data=", "data"),
        ("data=%ff", "data"),
        ("data=a&size=9x9", "size"),
        ("data=a&size=1001x1001", "size"),
        ("data=a&size=200", "size"),
        ("data=a&size=1000001x1000001&format=svg", "size"),
        ("data=a&margin=51", "margin"),
        ("data=a&margin=-1", "margin"),
        ("data=a&margin=30&size=90x90", "margin"),
        ("data=a&qzone=101", "qzone"),
        ("data=a&ecc=X", "ecc"),
        ("data=a&color=red", "color"),
        ("data=a&color=256-0-0", "color"),
        ("data=a&bgcolor=%23ffffff", "bgcolor"),
        ("data=a&color=fff", "color"),
        ("data=a&format=bmp", "format"),
        ("data=a&charset-source=latin", "charset-source"),
        ("data=%E2%82%AC&charset-target=ISO-8859-1", "charset-target"),
    ] {
        let answer = wrong(&client, &format!("{CREATE}?{query}"), 400, field).await;
        assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
    }
    let long = format!("{CREATE}?data={}", "x".repeat(3000));
    wrong(&client, &long, 400, "data").await;
    for (query, field) in [
        ("chs=9x9&chl=a", "cht"),
        ("cht=lc&chs=9x9&chl=a", "cht"),
        ("cht=qr&chl=a", "chs"),
        ("cht=qr&chs=1001x10&chl=a", "chs"),
        ("cht=qr&chs=600x600&chl=a", "chs"),
        ("cht=qr&chs=0x5&chl=a", "chs"),
        ("cht=qr&chs=100x100", "chl"),
        ("cht=qr&chs=100x100&chl=a&choe=EUC-JP", "choe"),
        ("cht=qr&chs=100x100&chl=a&chld=X", "chld"),
        ("cht=qr&chs=100x100&chl=a&chld=L|x", "chld"),
        ("cht=qr&chs=100x100&chl=%E2%82%AC&choe=ISO-8859-1", "chl"),
    ] {
        for path in ["/chart", "/gchart"] {
            let answer = wrong(&client, &format!("{path}?{query}"), 400, field).await;
            assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
        }
    }
    let hostile = wrong(
        &client,
        "/chart?cht=qr&chs=100x100&choe=ISO-8859-1&chl=%E2%82%AC%3Cb%3E",
        400,
        "chl",
    )
    .await;
    assert!(!hostile.text().contains("<b>x"));
    for (query, field) in [
        ("url=%20", "url"),
        ("url=no+url", "url"),
        ("url=https://a.example&size=0", "size"),
        ("url=https://a.example&size=x", "size"),
        ("url=https://a.example&level=X", "level"),
        ("url=https://a.example&fgColor=nothing", "fgColor"),
        ("url=https://a.example&fgColor=%23ffffff", "fgColor"),
        ("url=https://a.example&margin=-2", "margin"),
    ] {
        let answer = wrong(&client, &format!("/qr?{query}"), 422, field)
            .await
            .json();
        assert_eq!(answer["error"]["code"], "unprocessable_entity");
        let page = "https://dub.co/docs/api-reference/errors#unprocessable-entity";
        assert_eq!(answer["error"]["doc_url"], page);
        assert!(answer["error"]["message"].as_str().unwrap().contains(field));
    }
}

async fn quickchart_draws_its_errors(server: Server) {
    let client = Client::anonymous(&server);
    for (query, word) in [
        ("", "missing variable `text`"),
        ("text=a&dark=nothex", "Invalid hex color: nothex"),
        ("text=a&light=12", "light"),
        ("text=a&dark=fff", "dark"),
        ("text=a&caption=%00", "caption"),
        (
            "text=a&caption=b&captionFontColor=nothing",
            "captionFontColor",
        ),
        (
            "text=a&caption=b&captionFontColor=white",
            "captionFontColor",
        ),
        (
            "text=a&centerImageUrl=https://example.org/logo.png",
            "centerImageUrl",
        ),
        (
            "text=a&centerImageUrl=data:image/png;base64,AAAA",
            "centerImageUrl",
        ),
    ] {
        let path = format!("/qr?{query}");
        let png = wrong(&client, &path, 400, word).await;
        assert_eq!(png.header("content-type"), "image/png");
        assert!(png.body.starts_with(b"\x89PNG"));
        let svg = wrong(&client, &format!("{path}&format=svg"), 400, word).await;
        assert_eq!(svg.header("content-type"), "image/svg+xml");
        assert!(svg.text().starts_with("<svg"));
    }
    // Where that service understands nothing, it takes its default.
    for query in ["size=x&margin=-3&ecLevel=X&format=bmp", "size=0", "size=-5"] {
        let png = client
            .get(&format!("/qr?text=hello&{query}"))
            .await
            .expect(200);
        assert_eq!(
            u32::from_be_bytes(png.body[16..20].try_into().unwrap()),
            150
        );
    }
    let huge = client
        .get("/qr?text=hello&size=999999999999999")
        .await
        .expect(200);
    assert_eq!(
        u32::from_be_bytes(huge.body[16..20].try_into().unwrap()),
        3000
    );
}

async fn the_two_services_of_one_path_are_told_apart(server: Server) {
    let client = Client::anonymous(&server);
    let dub = client
        .get("/qr?url=https://example.org/a&fgColor=%23123456&level=H")
        .await
        .expect(200);
    assert_eq!(dub.header("access-control-allow-origin"), "*");
    assert_eq!(
        u32::from_be_bytes(dub.body[16..20].try_into().unwrap()),
        600
    );
    assert_eq!(decode(&dub.body, "png"), "https://example.org/a");
    let host = client.get("/qr?url=example.org&margin=0").await.expect(200);
    assert_eq!(decode(&host.body, "png"), "https://example.org/");
    let both = client
        .get("/qr?url=https://example.org/a&text=a+b%2Bc&size=300")
        .await
        .expect(200);
    assert_eq!(
        decode(&both.body, "png"),
        "a+b+c",
        "a plus sign is itself there"
    );
    // With credentials the quota is that of the caller, and an answer is nobody else's.
    let known = Client::admin(&server).get("/qr?text=a").await.expect(200);
    assert_eq!(known.header("cache-control"), "private, max-age=604800");
    let unknown = Client::with(&server, Auth::Bearer("nonsense".into()));
    unknown.get("/qr?text=a").await.problem(401);
}

async fn forms_are_as_good_as_queries(server: Server) {
    let client = Client::anonymous(&server);
    let form = async |path: &str, pairs: &[(&str, &str)]| {
        let pairs = pairs.iter().map(|(name, value)| {
            let value = utf8_percent_encode(value, NON_ALPHANUMERIC).to_string();
            format!("{name}={}", value.replace("%20", "+"))
        });
        let request = client.request(Method::POST, path);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let request = request.body(pairs.collect::<Vec<_>>().join("&"));
        // A page of another site sends it.
        send(request.header("origin", "https://elsewhere.example")).await
    };
    for path in ["/v1/create-qr-code", CREATE] {
        let drawn = form(
            path,
            &[
                ("data", "größe + 1"),
                ("size", "300x300"),
                ("format", "gif"),
            ],
        )
        .await;
        assert_eq!(decode(&drawn.expect(200).body, "gif"), "größe + 1");
    }
    let query_first = form(
        "/v1/create-qr-code/?data=query",
        &[("data", "form"), ("size", "300x300")],
    )
    .await;
    assert_eq!(decode(&query_first.expect(200).body, "png"), "query");
    let chart = form(
        "/chart",
        &[("cht", "qr"), ("chs", "400x300"), ("chl", "chart")],
    )
    .await;
    assert_eq!(decode(&chart.expect(200).body, "png"), "chart");
    let quick = form("/qr", &[("text", "a b"), ("size", "300")]).await;
    assert_eq!(decode(&quick.expect(200).body, "png"), "a b");
    let object = json!({ "text": "an object", "size": 300, "format": "base64" });
    let quick = client.post("/qr", &object).await.expect(200);
    assert_eq!(quick.header("content-type"), "text/plain; charset=utf-8");
    let png = Base64::decode_vec(&quick.text()).unwrap();
    assert_eq!(decode(&png, "png"), "an object");
    let other = client
        .request(Method::POST, "/qr")
        .header("content-type", "text/plain");
    assert_eq!(send(other.body("text=a")).await.status, 415);
}

async fn captions_images_and_clear_grounds_are_drawn(server: Server) {
    let client = Client::anonymous(&server);
    let side = |png: &[u8], at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    let clear = client
        .get("/qr?text=hello&size=300&light=0000")
        .await
        .expect(200);
    // The decoders' ground is black where a picture is clear.
    let svg = client
        .get("/qr?text=hello&size=300&light=0000&format=svg")
        .await
        .expect(200);
    assert_eq!(decode(&svg.body, "svg"), "hello");
    assert!(clear.body.windows(4).any(|chunk| chunk == b"tRNS"));
    let captioned = client
        .get("/qr?text=hello&size=300&caption=Scan%20me&captionFontColor=navy")
        .await
        .expect(200);
    assert_eq!(decode(&captioned.body, "png"), "hello");
    assert!((270..=300).contains(&side(&captioned.body, 16)));
    assert!(side(&captioned.body, 20) > 300, "the caption lies below");
    let mark = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'><circle cx='4' cy='4' r='4' fill='#c00'/></svg>";
    let url = format!(
        "data:image/svg+xml;base64,{}",
        Base64::encode_string(mark.as_bytes())
    );
    for share in [
        "",
        "&centerImageSizeRatio=0.1",
        "&centerImageSizeRatio=1.0",
        "&centerImageWidth=60&centerImageHeight=50",
    ] {
        let body = json!({ "text": "https://example.org/with/a/picture", "size": 400, "centerImageUrl": url });
        let drawn = client
            .post(&format!("/qr?x=1{share}"), &body)
            .await
            .expect(200);
        assert_eq!(
            decode(&drawn.body, "png"),
            "https://example.org/with/a/picture",
            "{share}"
        );
        assert_ne!(drawn.header("x-qr-grade"), "F", "{share}");
    }
    let wrong = json!({ "text": "a", "centerImageUrl": url, "centerImageSizeRatio": 2 });
    let wrong = client.post("/qr", &wrong).await.expect(400);
    assert!(
        wrong
            .header("x-quickchart-error")
            .contains("centerImageSizeRatio")
    );
}
