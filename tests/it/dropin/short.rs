//! `/r/{slug}/qr-code`: the symbol of a short URL, as Shlink draws it.

use crate::support::{
    Client, Server,
    codes::{API, counted, create_dynamic, create_static, get},
    decode::decode,
    measure::{Picture, measure},
    on_both,
};

on_both!(
    the_symbol_says_the_short_url_and_is_no_scan,
    what_leads_nowhere_has_no_symbol,
    values_are_understood_as_that_service_does,
);

async fn the_symbol_says_the_short_url_and_is_no_scan(server: Server) {
    let admin = Client::admin(&server);
    let client = Client::anonymous(&server);
    let code = create_dynamic(&admin).await;
    let path = format!("{}/qr-code", code.shared);
    let png = client.get(&path).await.expect(200);
    let text = decode(&png.body, "png");
    assert!(
        text.ends_with(&code.genuine) && text.starts_with("http"),
        "{text}"
    );
    assert_eq!(png.header("cache-control"), "private, max-age=300");
    assert!(!png.header("x-qr-grade").is_empty());
    let svg = client
        .get(&format!("{path}?format=SVG&margin=20"))
        .await
        .expect(200);
    assert_eq!(decode(&svg.body, "svg"), text);
    client.head(&path).await.expect(200);
    // One scan that is one: no other was counted before it.
    client.get(&code.genuine).await.expect(302);
    counted(&admin, &code.id, 1, 1).await;
    assert_eq!(get(&admin, &code.id).await["scan_count"], 1);
}

async fn what_leads_nowhere_has_no_symbol(server: Server) {
    let admin = Client::admin(&server);
    let client = Client::anonymous(&server);
    for slug in ["unknown1", "a%20b", "%ff", "x".repeat(65).as_str()] {
        let answer = client.get(&format!("/r/{slug}/qr-code")).await;
        assert_eq!(answer.status, 404, "{slug}");
    }
    let page = client.get("/r/unknown1/qr-code").await.expect(404);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    let code = create_dynamic(&admin).await;
    let path = format!("{}/qr-code", code.shared);
    client.get(&path).await.expect(200);
    admin
        .delete(&format!("{API}/{}", code.id))
        .await
        .expect(204);
    client.get(&path).await.expect(404);
    create_static(&admin, "text").await;
    let deeper = client.get(&format!("{path}/300")).await;
    assert_eq!(deeper.status, 404);
}

async fn values_are_understood_as_that_service_does(server: Server) {
    let code = create_dynamic(&Client::admin(&server)).await;
    let client = Client::anonymous(&server);
    let black = ([0; 3], [255; 3]);
    let cases = [
        ("", 300, 0, black),
        ("?size=400&margin=10", 420, 10, black),
        ("?size=5000", 1000, 0, black),
        ("?size=10&margin=40", 130, 40, black),
        ("?size=x&margin=10px", 50, 0, black),
        (
            "?size=250&margin=-5&errorCorrection=h&roundBlockSize=false",
            250,
            0,
            black,
        ),
        (
            "?color=123a6b&bgColor=%23fffacd",
            300,
            0,
            ([18, 58, 107], [255, 250, 205]),
        ),
        ("?color=zzz&bgColor=12", 300, 0, black),
        ("?color=fff", 300, 0, black),
        ("?format=bmp&errorCorrection=x", 300, 0, black),
    ];
    let mut pictures = Vec::new();
    for (query, ..) in cases {
        let path = format!("{}/qr-code{query}", code.shared);
        pictures.push(client.get(&path).await.expect(200).body);
    }
    let pictures: Vec<_> = pictures
        .into_iter()
        .zip(cases)
        .map(|(bytes, (.., (dark, light)))| Picture {
            bytes,
            format: "png",
            dark,
            light,
        })
        .collect();
    for (found, (query, width, margin, _)) in measure(&pictures).iter().zip(cases) {
        assert_eq!((found.width, found.height), (width, width), "{query}");
        assert!(found.left >= margin, "{query}: {found:?}");
        let rest = width - 2 * margin - found.across;
        assert!(
            f64::from(rest) < f64::from(found.across) / found.module + 1.0,
            "{query}: {found:?}"
        );
        let text = found.text.as_deref().unwrap_or_default();
        assert!(text.ends_with(&code.genuine), "{query}: {found:?}");
    }
}
