//! 200 requests to each of three services over their documented parameters. Each picture is measured, and read by zbar and by
//! zxing-cpp.

use std::fmt::Write as _;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::support::{
    Client, Database, Server, Setup,
    dice::Dice,
    measure::{Measured, Picture, measure},
};

const REQUESTS: usize = 200;

/// What a service's documentation promises of one request.
struct Promise {
    query: String,
    text: String,
    size: [u32; 2],
    /// Pixels that are not the symbol's nor its quiet zone's, on each side.
    margin_px: u32,
    /// Modules of quiet zone.
    zone: u32,
    format: &'static str,
    dark: [u8; 3],
    light: [u8; 3],
}

const DARK: [[u8; 3]; 5] = [
    [0, 0, 0],
    [18, 58, 107],
    [90, 0, 60],
    [0, 70, 0],
    [51, 51, 51],
];
const LIGHT: [[u8; 3]; 4] = [
    [255, 255, 255],
    [255, 250, 205],
    [204, 238, 255],
    [240, 240, 240],
];
const LEVELS: [&str; 4] = ["L", "M", "Q", "H"];

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

fn hex([r, g, b]: [u8; 3]) -> String {
    format!("{r:02x}{g:02x}{b:02x}")
}

fn text(dice: &mut Dice) -> String {
    let kind = dice.roll(4);
    let length = 1 + dice.index(50);
    match kind {
        0 => format!(
            "https://example.org/{}?a=1&b=%20+x#{length}",
            dice.roll(1_000_000)
        ),
        1 => (0..length)
            .map(|_| dice.pick(&['0', '1', '7', '9']))
            .collect(),
        2 => (0..length)
            .map(|_| dice.pick(&['A', 'Z', '-', ':', '/', '5']))
            .collect(),
        _ => {
            (0..=length / 3)
                .map(|_| dice.pick(&['é', 'ß', 'a', ' ', '€', 'Ж', '日', '+']))
                .collect::<String>()
                + "."
        }
    }
}

/// The module is as wide as it can be, and what is left over goes to the quiet zone.
// Pixels of a picture.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn check(promise: &Promise, found: &Measured) {
    let asked = &promise.query;
    assert_eq!(
        [found.width, found.height],
        promise.size,
        "{asked}: {found:?}"
    );
    assert_eq!(
        found.text.as_deref(),
        Some(&*promise.text),
        "{asked}: {found:?}"
    );
    assert_eq!(
        found.zbar.as_deref(),
        Some(&*promise.text),
        "{asked}: {found:?}"
    );
    let kind = match promise.format {
        "svg" | "eps" => "PNG".to_owned(),
        other => other.to_uppercase(),
    };
    assert_eq!(found.format, kind, "{asked}");
    let slack = if promise.format == "jpeg" { 12 } else { 0 };
    let is_near = |a: [u8; 3], b: [u8; 3]| a.iter().zip(b).all(|(a, b)| a.abs_diff(b) <= slack);
    // Without any quiet zone the first pixel is the symbol's.
    let is_around = found.left > 0 && found.top > 0;
    assert!(
        !is_around || is_near(found.ground, promise.light),
        "{asked}: {found:?}"
    );
    assert!(is_near(found.ink, promise.dark), "{asked}: {found:?}");
    assert_eq!(found.across, found.down, "{asked}: {found:?}");
    let module = found.module.round() as u32;
    let modules = (f64::from(found.across) / found.module).round() as u32;
    assert_eq!(modules % 4, 1, "{asked}: {found:?}");
    let side = promise.size[0].min(promise.size[1]) - 2 * promise.margin_px;
    if promise.format == "eps" {
        // Its modules need not be whole pixels.
        let wide = f64::from(side) / f64::from(modules + 2 * promise.zone);
        assert!((found.module - wide).abs() < 0.5, "{asked}: {found:?}");
        return;
    }
    assert_eq!(
        module,
        side / (modules + 2 * promise.zone),
        "{asked}: {found:?}"
    );
    assert_eq!(found.across, module * modules, "{asked}: {found:?}");
    let [left, top] = promise.size.map(|px| (px - module * modules) / 2);
    assert!(
        found.left.abs_diff(left) <= 1 && found.top.abs_diff(top) <= 1,
        "{asked}: {found:?}"
    );
    let least = promise.margin_px + promise.zone * module;
    assert!(
        found.left >= least && found.top >= least,
        "{asked}: {found:?}"
    );
}

async fn hold(server: &Server, path: &str, promises: Vec<Promise>) {
    let client = Client::anonymous(server);
    let mut pictures = Vec::new();
    for promise in &promises {
        let answer = client
            .get(&format!("{path}?{}", promise.query))
            .await
            .expect(200);
        assert!(!answer.header("x-qr-grade").is_empty());
        assert_eq!(answer.header("cache-control"), "public, max-age=604800");
        let media_type = match promise.format {
            "svg" => "image/svg+xml",
            "eps" => "application/postscript",
            other => &format!("image/{other}"),
        };
        assert_eq!(
            answer.header("content-type"),
            media_type,
            "{}",
            promise.query
        );
        pictures.push(Picture {
            bytes: answer.body,
            format: promise.format,
            dark: promise.dark,
            light: promise.light,
        });
    }
    let measured = measure(&pictures);
    for (promise, found) in promises.iter().zip(&measured) {
        check(promise, found);
    }
    eprintln!("{path}: {} pictures", measured.len());
}

fn server() -> Setup {
    Setup::on(Database::Sqlite)
}

#[tokio::test]
async fn qrserver_draws_as_its_documentation_says() {
    let mut dice = Dice(1);
    let promises = (0..REQUESTS).map(|_| {
        let text = text(&mut dice);
        let mut query = format!("data={}", encoded(&text));
        let word = dice.pick(&["png", "gif", "jpeg", "jpg", "svg", "eps", ""]);
        let format = match word {
            "" => "png",
            "jpg" => "jpeg",
            word => word,
        };
        let is_vector = matches!(format, "svg" | "eps");
        let mut side = 200;
        if dice.percent(90) {
            side = 330 + u32::try_from(dice.roll(600)).unwrap();
            write!(query, "&size={side}x{side}").unwrap();
        }
        let mut margin_px = 1;
        if dice.percent(60) {
            margin_px = u32::try_from(dice.roll(if side == 200 { 4 } else { 51 })).unwrap();
            write!(query, "&margin={margin_px}").unwrap();
        }
        let mut zone = 0;
        if dice.percent(60) {
            zone = u32::try_from(dice.roll(if side == 200 { 3 } else { 12 })).unwrap();
            write!(query, "&qzone={zone}").unwrap();
        }
        let (dark, light) = (dice.pick(&DARK), dice.pick(&LIGHT));
        let [r, g, b] = dark;
        let color = if dice.percent(50) {
            hex(dark)
        } else {
            format!("{r}-{g}-{b}")
        };
        write!(query, "&color={color}&bgcolor={}", hex(light)).unwrap();
        if !word.is_empty() {
            write!(query, "&format={word}").unwrap();
        }
        if dice.percent(70) {
            // At the default size only short texts have modules that are wide enough for zbar.
            let level = if side == 200 { "L" } else { dice.pick(&LEVELS) };
            write!(query, "&ecc={level}").unwrap();
        }
        if dice.percent(20) {
            query.push_str("&charset-source=UTF-8&charset-target=utf-8");
        }
        Promise {
            query,
            text,
            size: [side; 2],
            margin_px: if is_vector { 0 } else { margin_px },
            zone,
            format,
            dark,
            light,
        }
    });
    let promises = promises.collect();
    let server = server().start().await;
    hold(&server, "/v1/create-qr-code/", promises).await;
}

#[tokio::test]
async fn quickchart_draws_as_its_documentation_says() {
    let mut dice = Dice(2);
    let promises = (0..REQUESTS).map(|_| {
        let text = text(&mut dice);
        let mut query = format!("text={}", encoded(&text));
        let mut size = 150;
        if dice.percent(90) {
            size = 330 + u32::try_from(dice.roll(600)).unwrap();
            write!(query, "&size={size}").unwrap();
        }
        let mut zone = 4;
        if dice.percent(60) {
            zone = u32::try_from(dice.roll(if size == 150 { 5 } else { 12 })).unwrap();
            write!(query, "&margin={zone}").unwrap();
        }
        let format = dice.pick(&["png", "svg"]);
        write!(query, "&format={format}").unwrap();
        if size == 150 {
            query.push_str("&ecLevel=L");
        } else if dice.percent(70) {
            write!(query, "&ecLevel={}", dice.pick(&LEVELS)).unwrap();
        }
        let (mut dark, mut light) = ([0; 3], [255; 3]);
        if dice.percent(60) {
            (dark, light) = (dice.pick(&DARK), dice.pick(&LIGHT));
            let opaque = if dice.percent(30) { "ff" } else { "" };
            write!(query, "&dark={}{opaque}&light={}", hex(dark), hex(light)).unwrap();
        }
        Promise {
            query,
            text,
            size: [size; 2],
            margin_px: 0,
            zone,
            format,
            dark,
            light,
        }
    });
    let promises = promises.collect();
    let server = server().start().await;
    hold(&server, "/qr", promises).await;
}

#[tokio::test]
async fn google_draws_as_its_documentation_says() {
    let mut dice = Dice(3);
    let promises = (0..REQUESTS).map(|_| {
        let text = text(&mut dice);
        let [width, height] = [0; 2].map(|_| 300 + u32::try_from(dice.roll(240)).unwrap());
        let mut query = format!("cht=qr&chs={width}x{height}&chl={}", encoded(&text));
        let mut zone = 4;
        match dice.roll(4) {
            0 => {}
            1 => write!(query, "&chld={}", dice.pick(&LEVELS)).unwrap(),
            2 => {
                zone = u32::try_from(dice.roll(8)).unwrap();
                write!(query, "&chld=%7C{zone}").unwrap();
            }
            _ => {
                zone = u32::try_from(dice.roll(8)).unwrap();
                write!(query, "&chld={}|{zone}", dice.pick(&LEVELS)).unwrap();
            }
        }
        if dice.percent(30) {
            query.push_str("&choe=UTF-8");
        } else if text.is_ascii() && dice.percent(30) {
            write!(query, "&choe={}", dice.pick(&["Shift_JIS", "ISO-8859-1"])).unwrap();
        }
        Promise {
            query,
            text,
            size: [width, height],
            margin_px: 0,
            zone,
            format: "png",
            dark: [0; 3],
            light: [255; 3],
        }
    });
    let promises = promises.collect();
    let server = server().start().await;
    hold(&server, "/chart", promises).await;
}
