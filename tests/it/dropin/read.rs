//! `/v1/read-qr-code`: pictures that are read, and hostile ones that are not.

use std::time::{Duration, Instant};

use image::{DynamicImage, GrayImage, ImageFormat, Luma};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Client, Server, client::send, on_both};

on_both!(
    pictures_are_read_in_each_format,
    nothing_is_fetched,
    hostile_pictures_are_refused_at_once,
);

const READ: &str = "/v1/read-qr-code/";

async fn upload(client: &Client, path: &str, file: Vec<u8>) -> Answer {
    let head = "Content-Disposition: form-data; name=\"file\"; filename=\"symbol.png\"\r\nContent-Type: image/png";
    parts(
        client,
        path,
        &[
            (
                "Content-Disposition: form-data; name=\"MAX_FILE_SIZE\"",
                b"1048576",
            ),
            (head, &file),
        ],
    )
    .await
}

/// A multipart body (RFC 7578) of heads and contents.
async fn parts(client: &Client, path: &str, parts: &[(&str, &[u8])]) -> Answer {
    let mut body = Vec::new();
    for (head, content) in parts {
        body.extend_from_slice(format!("--boundary\r\n{head}\r\n\r\n").as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--boundary--\r\n");
    let request = client.request(Method::POST, path);
    let request = request.header("content-type", "multipart/form-data; boundary=boundary");
    send(request.body(body)).await
}

fn symbol(answer: &Answer) -> Value {
    let json = answer.json();
    assert_eq!(json[0]["type"], "qrcode");
    json[0]["symbol"][0].clone()
}

async fn pictures_are_read_in_each_format(server: Server) {
    let client = Client::anonymous(&server);
    for text in [
        "https://example.org/?a=<b>&c=\"d\"",
        "größe €",
        "0123456789",
    ] {
        for format in ["png", "gif", "jpeg"] {
            let data = utf8_percent_encode(text, NON_ALPHANUMERIC);
            let path =
                format!("/v1/create-qr-code/?data={data}&size=300x300&qzone=4&format={format}");
            let file = client.get(&path).await.expect(200).body;
            let answer = upload(&client, READ, file.clone()).await.expect(200);
            assert_eq!(
                symbol(&answer),
                json!({ "seq": 0, "data": text, "error": null })
            );
            let xml = upload(&client, &format!("{READ}?outputformat=xml"), file)
                .await
                .expect(200);
            assert_eq!(xml.header("content-type"), "application/xml; charset=utf-8");
            let escaped = text
                .replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;")
                .replace('"', "&quot;");
            assert!(
                xml.text().contains(&format!("<data>{escaped}</data>")),
                "{}",
                xml.text()
            );
        }
    }
    // In the other character sets, on a clear ground, light on dark, and larger than what is searched.
    for (path, text) in [
        (
            "/v1/create-qr-code/?data=Gr%FC%DFe&charset-source=ISO-8859-1&charset-target=ISO-8859-1&qzone=4",
            "Grüße",
        ),
        (
            "/chart?cht=qr&chs=300x300&chl=%E6%97%A5%E6%9C%AC%E8%AA%9E&choe=Shift_JIS",
            "日本語",
        ),
        ("/qr?text=clear&light=0000&size=200", "clear"),
        ("/qr?text=inverted&dark=fff&light=000&size=200", "inverted"),
        ("/qr?text=large&size=2900", "large"),
    ] {
        let file = client.get(path).await.expect(200).body;
        let answer = upload(&client, READ, file).await.expect(200);
        assert_eq!(symbol(&answer)["data"], text, "{path}");
    }
    let blank = png(&GrayImage::from_pixel(200, 200, Luma([255])));
    let answer = upload(&client, READ, blank).await.expect(200);
    assert_eq!(
        symbol(&answer),
        json!({ "seq": 0, "data": null, "error": "could not find/read QR Code" })
    );
}

async fn nothing_is_fetched(server: Server) {
    let client = Client::anonymous(&server);
    let address = "http://127.0.0.1:1/symbol.png";
    let path = format!("{READ}?fileurl={address}");
    for answer in [
        client.get(&path).await,
        send(client.request(Method::POST, &path)).await,
        parts(
            &client,
            READ,
            &[(
                "Content-Disposition: form-data; name=\"fileurl\"",
                address.as_bytes(),
            )],
        )
        .await,
    ] {
        let answer = answer.expect(400);
        let why = symbol(&answer)["error"].as_str().unwrap().to_owned();
        assert!(why.contains("upload it as file"), "{why}");
    }
    let nothing = send(client.request(Method::POST, READ)).await.expect(400);
    assert!(
        symbol(&nothing)["error"]
            .as_str()
            .unwrap()
            .contains("must be given")
    );
}

fn png(picture: &GrayImage) -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    DynamicImage::ImageLuma8(picture.clone())
        .write_to(&mut file, ImageFormat::Png)
        .unwrap();
    file.into_inner()
}

/// The same file with another size in its header, and its checksum.
fn declaring(width: u32, height: u32) -> Vec<u8> {
    let mut file = png(&GrayImage::new(8, 8));
    file[16..20].copy_from_slice(&width.to_be_bytes());
    file[20..24].copy_from_slice(&height.to_be_bytes());
    let mut crc = flate2::Crc::new();
    crc.update(&file[12..29]);
    file[29..33].copy_from_slice(&crc.sum().to_be_bytes());
    file
}

/// Finder patterns as close as they can be.
fn crowd(side: u32) -> Vec<u8> {
    let is_dark = |v: u32, u: u32| {
        let (x, y) = (v % 8, u % 8);
        let ring = x.max(y) == 6 || x.min(y) == 0;
        x < 7 && y < 7 && (ring || ((2..5).contains(&x) && (2..5).contains(&y)))
    };
    png(&GrayImage::from_fn(side, side, |x, y| {
        Luma([if is_dark(x, y) { 0 } else { 255 }])
    }))
}

/// Memory that the process ever had.
fn peak_bytes(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    let kib: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    kib << 10
}

async fn hostile_pictures_are_refused_at_once(server: Server) {
    let client = Client::anonymous(&server);
    let good = client
        .get("/v1/create-qr-code/?data=a&size=400x400&qzone=4")
        .await
        .expect(200)
        .body;
    let jpeg = client
        .get("/v1/create-qr-code/?data=a&size=400x400&format=jpg")
        .await
        .expect(200)
        .body;
    let mut gif = b"GIF89a".to_vec();
    gif.extend([
        0x50, 0xC3, 0x50, 0xC3, 0xF0, 0, 0, 0, 0, 0, 255, 255, 255, 0x2C, 0, 0, 0, 0, 0x50, 0xC3,
        0x50, 0xC3, 0, 2, 2, 0x4C, 1, 0, 0x3B,
    ]);
    let mut huge_jpeg = jpeg.clone();
    let sof = huge_jpeg
        .windows(2)
        .position(|two| two == [0xFF, 0xC0])
        .unwrap();
    huge_jpeg[sof + 5..sof + 9].copy_from_slice(&[0xC3, 0x50, 0xC3, 0x50]);
    let polyglot = [b"%PDF-1.4\n".as_slice(), &good].concat();
    // Nothing but zeros, as many as are decoded at most; it has no symbol.
    let bomb = png(&GrayImage::new(6000, 6000));
    assert!(bomb.len() < 200_000, "{}", bomb.len());
    let before = peak_bytes(&server);
    for (name, file, statuses) in [
        (
            "50 000 pixels in a PNG",
            declaring(50_000, 50_000),
            &[413][..],
        ),
        ("50 000 pixels in a GIF", gif, &[413]),
        ("50 000 pixels in a JPEG", huge_jpeg, &[400, 413]),
        ("a size of zero", declaring(0, 8), &[400]),
        ("more than is declared", declaring(4000, 4000), &[400]),
        ("a cut PNG", good[..good.len() / 2].to_vec(), &[400]),
        ("a cut JPEG", jpeg[..jpeg.len() / 2].to_vec(), &[400]),
        ("a polyglot", polyglot, &[400]),
        ("a text", b"no picture".to_vec(), &[400]),
        ("nothing", Vec::new(), &[400]),
        ("a crowd", crowd(1000), &[400]),
        ("a bomb", bomb, &[200]),
    ] {
        let started = Instant::now();
        let answer = upload(&client, READ, file).await;
        let took = started.elapsed();
        eprintln!("{name}: {} in {took:?}: {}", answer.status, answer.text());
        assert!(
            statuses.contains(&answer.status),
            "{name}: {}",
            answer.text()
        );
        assert!(symbol(&answer)["data"].is_null(), "{name}");
        // What is searched takes some twenty times as long in a build that is not optimised.
        let is_searched = ["a crowd", "a bomb"].contains(&name);
        let most = Duration::from_secs(if is_searched { 10 } else { 1 });
        assert!(took < most, "{name}: {took:?}");
    }
    let large = upload(&client, READ, vec![0; 2 << 20]).await;
    assert_eq!(large.status, 413);
    let grown = peak_bytes(&server).saturating_sub(before);
    eprintln!("memory grew by {} MiB", grown >> 20);
    assert!(grown < 150 << 20, "{grown}");
}
