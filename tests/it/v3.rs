//! `/api/v3/qr`: a symbol in parts. A page is assembled from the answer alone, and other projects draw and read it.

use std::fmt::Write as _;

use base64ct::{Base64, Encoding as _};
use serde_json::{Value, json};

use crate::support::{
    Client, Server,
    decode::{by_zxing, decode, drawn_by_librsvg, file_of},
    on_both,
};

on_both!(
    parts_are_the_picture_that_v2_draws,
    every_eye_has_parts_and_colours_of_its_own,
    enhanced_says_more,
    a_file_comes_beside_the_parts,
    what_is_wrong_is_named_in_this_dialect,
    a_batch_is_in_order_and_bounded,
    previews_and_validation_speak_snake_case,
);

const GENERATE: &str = "/api/v3/qr/generate";
const TEXT: &str = "https://example.org/r/1234abcd?scan_ref=qr";

async fn parts(client: &Client, customization: &Value) -> Value {
    let body = json!({ "data": TEXT, "options": { "customization": customization } });
    let answer = client.post(GENERATE, &body).await.expect(200).json();
    assert_eq!(answer["success"], true);
    answer["data"].clone()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// An element of an object with the fields `path`, `fill`, `stroke` and so on.
fn path(of: &Value) -> String {
    let mut element = format!(r#"<path d="{}""#, text(&of["path"]));
    for (field, attribute) in [
        ("fill", "fill"),
        ("stroke", "stroke"),
        ("stroke_width", "stroke-width"),
        ("stroke_linecap", "stroke-linecap"),
        ("stroke_linejoin", "stroke-linejoin"),
        ("opacity", "opacity"),
    ] {
        match &of[field] {
            Value::Null if field == "fill" => element += r#" fill="none""#,
            Value::Null => {}
            Value::String(word) => write!(element, r#" {attribute}="{word}""#).unwrap(),
            number => write!(element, r#" {attribute}="{number}""#).unwrap(),
        }
    }
    element + "/>"
}

fn image(of: &Value) -> String {
    format!(
        r#"<image x="{}" y="{}" width="{}" height="{}" preserveAspectRatio="none" xlink:href="{}"/>"#,
        of["x"],
        of["y"],
        of["width"],
        of["height"],
        text(&of["href"])
    )
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn gradient(of: &Value) -> String {
    let kind = text(&of["gradient_type"]);
    let mut element = format!(
        r#"<{kind}Gradient id="{}" gradientUnits="userSpaceOnUse""#,
        text(&of["id"])
    );
    for place in ["x1", "y1", "x2", "y2", "cx", "cy", "r"] {
        if let Some(number) = of[place].as_f64() {
            write!(element, r#" {place}="{number}""#).unwrap();
        }
    }
    element.push('>');
    for stop in list(&of["stops"]) {
        let (offset, color) = (&stop["offset"], text(&stop["color"]));
        write!(element, r#"<stop offset="{offset}" stop-color="{color}"/>"#).unwrap();
    }
    element + &format!("</{kind}Gradient>")
}

/// Filters as the document describes them: shadows beneath symbol and logo, blur over all.
fn filter(of: &Value) -> String {
    let mut element = format!(
        r#"<filter id="{}" filterUnits="userSpaceOnUse" x="-50" y="-50" width="500" height="500" color-interpolation-filters="sRGB">"#,
        text(&of["id"])
    );
    if of["type"] == "blur" {
        let deviation = &of["std_deviation"];
        return element + &format!(r#"<feGaussianBlur stdDeviation="{deviation}"/></filter>"#);
    }
    let mut merged = String::new();
    for (n, shadow) in list(&of["shadows"]).enumerate() {
        write!(
            element,
            r#"<feGaussianBlur in="SourceAlpha" stdDeviation="{}"/><feOffset dx="{}" dy="{}" result="b{n}"/><feFlood flood-color="{}" flood-opacity="{}"/><feComposite in2="b{n}" operator="in" result="c{n}"/>"#,
            shadow["std_deviation"], shadow["dx"], shadow["dy"], text(&shadow["color"]), shadow["opacity"]
        )
        .unwrap();
        write!(merged, r#"<feMergeNode in="c{n}"/>"#).unwrap();
    }
    element + &format!(r#"<feMerge>{merged}<feMergeNode in="SourceGraphic"/></feMerge></filter>"#)
}

/// What a page would draw.
fn assembled(data: &Value) -> String {
    let view_box = text(&data["view_box"]);
    let mut sides = view_box.split(' ').skip(2);
    let (width, height) = (sides.next().unwrap(), sides.next().unwrap());
    let mut svg = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="{view_box}"><defs>"#
    );
    let mut groups = [String::new(), String::new()];
    for definition in list(&data["definitions"]) {
        let group = || format!(r#" filter="url(#{})""#, text(&definition["id"]));
        match text(&definition["type"]) {
            "gradient" => svg += &gradient(definition),
            "shadows" => groups[1] = group(),
            _ => groups[0] = group(),
        }
        if definition["type"] != "gradient" {
            svg += &filter(definition);
        }
    }
    svg += "</defs>";
    let styles = &data["styles"];
    if let Some(fill) = styles["background"]["fill"].as_str() {
        let opacity = styles["background"]["opacity"].as_f64().unwrap_or(1.0);
        write!(
            svg,
            r#"<rect width="{width}" height="{height}" fill="{fill}" opacity="{opacity}"/>"#
        )
        .unwrap();
    }
    write!(svg, "<g{}><g{}>", groups[0], groups[1]).unwrap();
    svg.extend(list(&data["strokes"]).map(path));
    if data["data_paths"].is_null() {
        let fill = &styles["data"]["fill"];
        svg += &path(&json!({ "path": data["path_data"], "fill": fill }));
    }
    svg.extend(list(&data["data_paths"]).map(path));
    for eye in list(&data["eyes"]) {
        svg += &path(&json!({ "path": eye["border_path"], "fill": eye["border_color"] }));
        if !eye["center_path"].is_null() {
            svg += &path(&json!({ "path": eye["center_path"], "fill": eye["center_color"] }));
        }
    }
    let overlays = &data["overlays"];
    if let Some(logo) = overlays["logo"].as_object() {
        svg.extend(logo.get("plate").map(path));
        svg += &image(&logo["image"]);
    }
    svg += "</g>";
    svg.extend(list(&overlays["frame"]["paths"]).map(path));
    svg += "</g>";
    svg.extend(list(&overlays["images"]).map(image));
    svg + "</svg>"
}

/// Share of the pixels whose colours differ by more than a tenth, and the mean difference of all, 0 to 255.
fn difference(a: &[u8], b: &[u8]) -> (f64, f64) {
    // Whole pixels of a version 3 symbol: a plain SVG asks for edges that are not blurred.
    let [a, b] = [a, b].map(|svg| drawn_by_librsvg(svg, 37 * 16));
    assert_eq!(a.dimensions(), b.dimensions());
    let mut far = 0;
    let mut sum = 0_u64;
    for (a, b) in a.pixels().zip(b.pixels()) {
        let each = a.0.iter().zip(b.0).map(|(a, b)| a.abs_diff(b));
        let most = each.max().unwrap();
        far += u32::from(most > 25);
        sum += u64::from(most);
    }
    let pixels = f64::from(a.width() * a.height());
    #[allow(clippy::cast_precision_loss)]
    (f64::from(far) / pixels, sum as f64 / pixels)
}

fn logo() -> String {
    let svg = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><circle cx="5" cy="5" r="5" fill="#c02"/></svg>"##;
    Base64::encode_string(svg.as_bytes())
}

/// A style in the words of this dialect, and in those of v2.
fn styles() -> Vec<(Value, Value)> {
    let two = ["#123a6b", "#0a5c3c"];
    let mut styles = vec![(json!({}), json!({}))];
    for pattern in [
        "square",
        "dots",
        "rounded",
        "vertical",
        "horizontal",
        "diamond",
        "circular",
        "star",
        "cross",
        "random",
        "wave",
        "mosaic",
    ] {
        styles.push((
            json!({ "data_pattern": pattern }),
            json!({ "dataPattern": pattern }),
        ));
    }
    for kind in ["linear", "radial", "diagonal", "conic", "diamond", "spiral"] {
        for pattern in ["square", "dots"] {
            styles.push((
                json!({ "data_pattern": pattern, "gradient": { "gradient_type": kind, "colors": two } }),
                json!({ "dataPattern": pattern, "gradient": { "type": kind, "colors": two } }),
            ));
        }
    }
    styles.push((
        json!({
            "eye_border_style": "rounded_square", "eye_center_style": "circle",
            "colors": { "foreground": "#112233", "background": "#ffffee" },
            "eye_colors": { "outer": "#003366", "inner": "#006633", "top_right": "#660033" },
        }),
        json!({
            "eyeBorder": "rounded-square", "eyeCenter": "circle", "foregroundColor": "#112233", "backgroundColor": "#ffffee",
            "eyeColors": { "outer": "#003366", "inner": "#006633", "topRight": "#660033" },
        }),
    ));
    let stroke = json!({ "color": "#456", "width": 0.2, "opacity": 0.5 });
    styles.push((
        json!({ "gradient": { "type": "linear", "colors": two, "apply_to_eyes": false, "stroke_style": stroke } }),
        json!({ "gradient": { "type": "linear", "colors": two, "applyToEyes": false, "strokeStyle": stroke } }),
    ));
    styles.push((
        json!({ "logo": { "data": logo(), "size_percentage": 18, "background": "#ffe", "shape": "circle" } }),
        json!({ "logo": { "data": logo(), "size": 18, "background": "#ffe", "shape": "circle" } }),
    ));
    styles.push((
        json!({ "frame": { "frame_type": "badge", "text": "Σκάναρέ με", "color": "#123a6b", "text_position": "top" } }),
        json!({ "frame": { "type": "badge", "text": "Σκάναρέ με", "color": "#123a6b", "textPosition": "top" } }),
    ));
    styles.push((
        json!({ "effects": [{ "type": "shadow", "blur_radius": 0.5 }, { "type": "glow", "intensity": 0.2 }, { "type": "blur" }] }),
        json!({ "effects": [{ "type": "shadow", "blurRadius": 0.5 }, { "type": "glow", "intensity": 0.2 }, { "type": "blur" }] }),
    ));
    let vintage = json!([{ "type": "vintage" }, { "type": "noise", "intensity": 0.2 }]);
    styles.push((json!({ "effects": vintage }), json!({ "effects": vintage })));
    let ring = "M0 0h7v7h-7zM1 1v5h5v-5zM2 2h3v3h-3z";
    styles.push((
        json!({ "eye_shape": "custom", "eye_path": ring, "colors": { "background": "transparent" } }),
        json!({ "eyeShape": "custom", "eyePath": ring, "backgroundColor": "transparent" }),
    ));
    styles
}

async fn parts_are_the_picture_that_v2_draws(server: Server) {
    let client = Client::admin(&server);
    let mut others = Vec::new();
    for (ours, theirs) in styles() {
        // A mask that is asked for is drawn by the one arm that can; the other may choose another one for plain squares.
        let options = json!({ "mask": 2, "customization": ours });
        let answer = client
            .post(GENERATE, &json!({ "data": TEXT, "options": options }))
            .await;
        let assembled = assembled(&answer.expect(200).json()["data"]);
        // Plain squares are whole pixels wide there, and what is left over goes to the margin: 37 modules of 50 pixels leave nothing.
        // Of a framed one width and height are rounded to pixels, which is little of so many.
        let mut theirs = theirs;
        theirs["size"] = json!(37 * 50);
        theirs["mask"] = json!(2);
        let body = json!({ "data": TEXT, "options": theirs });
        let answer = client
            .post("/api/v2/qr/generate", &body)
            .await
            .expect(200)
            .json();
        let (far, mean) = difference(assembled.as_bytes(), &file_of(&answer));
        if far > 0.005 || mean > 1.0 {
            others.push(format!("{ours}: {far} {mean}"));
        }
        assert_eq!(decode(assembled.as_bytes(), "svg"), TEXT, "{ours}");
    }
    assert!(others.is_empty(), "{others:#?}");
}

async fn every_eye_has_parts_and_colours_of_its_own(server: Server) {
    let client = Client::admin(&server);
    let colors = json!({ "inner": "#006633", "top_right": "#660033" });
    let data = parts(&client, &json!({ "eye_colors": colors })).await;
    let eyes: Vec<_> = list(&data["eyes"])
        .map(|eye| {
            ["type", "border_color", "center_color"].map(|field| text(&eye[field]).to_owned())
        })
        .collect();
    assert_eq!(
        eyes,
        [
            ["top_left", "#000000", "#006633"],
            ["top_right", "#660033", "#660033"],
            ["bottom_left", "#000000", "#006633"],
        ]
    );
    let facts = [
        "version",
        "error_correction",
        "quiet_zone",
        "total_modules",
        "micro",
    ];
    let facts = facts.map(|field| data[field].clone());
    assert_eq!(
        facts,
        [json!(3), json!("M"), json!(4), json!(29 * 29), json!(false)]
    );
    // Version 3: all but three finder patterns with separators, timing, one alignment pattern, format information and the dark module.
    assert_eq!(data["data_modules"], 567);
    assert_eq!(data["view_box"], "0 0 37 37");
    // Half of the answers of pages that draw many symbols would be these.
    for absent in ["data_paths", "strokes", "scannability", "file"] {
        assert!(data[absent].is_null(), "{absent}");
    }
    let micro = json!({ "data": "HELLO", "options": { "micro": true, "margin": 2 } });
    let answer = client.post(GENERATE, &micro).await.expect(200).json();
    assert_eq!(list(&answer["data"]["eyes"]).count(), 1);
    let svg = assembled(&answer["data"]);
    assert_eq!(by_zxing(svg.as_bytes(), "svg").as_deref(), Some("HELLO"));
    // A gradient that is switched off is none.
    let off = json!({ "gradient": { "enabled": false, "colors": ["#123"] } });
    assert_eq!(parts(&client, &off).await["definitions"], json!([]));
}

async fn enhanced_says_more(server: Server) {
    let client = Client::anonymous(&server);
    let options = json!({ "margin": 2, "customization": { "eye_shape": "leaf" } });
    let body = json!({ "data": TEXT, "options": options });
    let answer = client.post("/api/v3/qr/enhanced", &body).await.expect(200);
    let json = answer.json();
    let graded = &json["data"]["scannability"];
    assert_eq!(answer.header("X-QR-Grade"), graded["grade"]);
    assert_eq!(graded["grade"], "D");
    let fixed = list(&graded["fixes"]).map(|fix| text(&fix["option"]).to_owned());
    for option in fixed {
        assert!(
            !option.contains(|c: char| c.is_ascii_uppercase()),
            "{option}"
        );
    }
    let metadata = &json["data"]["metadata"];
    for (field, value) in [
        ("quiet_zone", json!(2)),
        ("total_modules", json!(841)),
        ("modules_per_side", json!(29)),
        ("data_length", json!(TEXT.len())),
        ("error_correction_capacity", json!(0.15)),
        ("engine_version", json!(env!("CARGO_PKG_VERSION"))),
    ] {
        assert_eq!(metadata[field], value, "{field}");
    }
    assert!(metadata["generation_time_ms"].as_f64().unwrap() > 0.0);
    let share = metadata["dark_share"].as_f64().unwrap();
    assert!((0.3..0.7).contains(&share), "{share}");
    // Equal questions have equal hashes, others have not.
    let hash = async |body: &Value| {
        let answer = client.post(GENERATE, body).await.expect(200).json();
        text(&answer["data"]["metadata"]["content_hash"]).to_owned()
    };
    assert_eq!(hash(&body).await, text(&metadata["content_hash"]));
    let mut other = body.clone();
    other["options"]["mask"] = json!(3);
    assert_ne!(hash(&other).await, text(&metadata["content_hash"]));
    // Both refuse what is worse than was asked for, and name what would help.
    let strict = json!({ "data": TEXT, "options": { "strict": true, "customization": { "eye_shape": "diamond" } } });
    for path in [GENERATE, "/api/v3/qr/enhanced"] {
        client
            .post(path, &strict)
            .await
            .invalid("customization.eye_shape");
    }
}

async fn a_file_comes_beside_the_parts(server: Server) {
    let client = Client::admin(&server);
    let style = json!({ "data_pattern": "rounded" });
    for (format, field) in [("svg", "svg"), ("png", "image"), ("text", "text")] {
        let customization = if format == "text" {
            json!({})
        } else {
            style.clone()
        };
        let options = json!({ "format": format, "size": 400, "customization": customization });
        let answer = client
            .post(GENERATE, &json!({ "data": TEXT, "options": options }))
            .await;
        let file = &answer.expect(200).json()["data"]["file"];
        assert_eq!(file["format"], format);
        assert!(file[field].is_string(), "{file}");
        if format != "text" {
            assert_eq!(file["width"], 400);
            assert_eq!(decode(&file_of(file), format), TEXT);
        }
    }
    let inked =
        json!({ "format": "text", "customization": { "colors": { "foreground": "#123456" } } });
    let answer = client
        .post(GENERATE, &json!({ "data": TEXT, "options": inked }))
        .await;
    let concerns = "ignored;field=customization.colors.foreground";
    assert_eq!(answer.expect(200).header("X-QR-Concerns"), concerns);
}

/// Fields that are wrong, and options for each.
fn wrong() -> Vec<(&'static str, Value)> {
    vec![
        ("size", json!({ "size": 99 })),
        ("margin", json!({ "margin": 11 })),
        ("error_correction", json!({ "error_correction": "X" })),
        ("min_version", json!({ "min_version": 9, "max_version": 2 })),
        (
            "structured_append.total",
            json!({ "structured_append": { "index": 0, "parity": 0 } }),
        ),
        ("color_space", json!({ "color_space": "cmyk" })),
        ("physical_unit", json!({ "physical_size": 3 })),
        (
            "customization.eye_shape",
            json!({ "customization": { "eye_shape": "blob" } }),
        ),
        (
            "customization.eye_path",
            json!({ "customization": { "eye_path": "M0 0" } }),
        ),
        (
            "customization.eye_border_style",
            json!({ "customization": { "eye_border_style": "x" } }),
        ),
        (
            "customization.eye_center_style",
            json!({ "customization": { "eye_center_style": "x" } }),
        ),
        (
            "customization.data_pattern",
            json!({ "customization": { "data_pattern": "" } }),
        ),
        (
            "customization.colors.foreground",
            json!({ "customization": { "colors": { "foreground": "red" } } }),
        ),
        (
            "customization.colors.foreground",
            json!({ "customization": { "colors": { "foreground": "#fff" } } }),
        ),
        (
            "customization.eye_colors.top_left",
            json!({ "customization": { "eye_colors": { "top_left": "x" } } }),
        ),
        (
            "customization.gradient.gradient_type",
            json!({ "customization": { "gradient": { "type": "x", "colors": ["#123", "#456"] } } }),
        ),
        (
            "customization.gradient.colors",
            json!({ "customization": { "gradient": {} } }),
        ),
        (
            "customization.gradient.center_x",
            json!({ "customization": { "gradient": { "colors": ["#123", "#456"], "center_x": 2 } } }),
        ),
        (
            "customization.logo.data",
            json!({ "customization": { "logo": {} } }),
        ),
        (
            "customization.logo.size_percentage",
            json!({ "customization": { "logo": { "data": logo(), "size": 31 } } }),
        ),
        (
            "customization.frame.frame_type",
            json!({ "customization": { "frame": { "type": "x" } } }),
        ),
        (
            "customization.frame.text_position",
            json!({ "customization": { "frame": { "text_position": "x" } } }),
        ),
        (
            "customization.effects.blur_radius",
            json!({ "customization": { "effects": [{ "type": "glow", "blur_radius": 1 }] } }),
        ),
        (
            "format",
            json!({ "format": "text", "customization": { "data_pattern": "dots" } }),
        ),
    ]
}

async fn what_is_wrong_is_named_in_this_dialect(server: Server) {
    let client = Client::admin(&server);
    for (field, options) in wrong() {
        let answer = client
            .post(GENERATE, &json!({ "data": TEXT, "options": options }))
            .await;
        let problem = answer.text();
        answer.invalid(field);
        for theirs in [
            "eyeShape",
            "backgroundColor",
            "foregroundColor",
            "maxVersion",
            "textPosition",
        ] {
            assert!(!problem.contains(theirs), "{problem}");
        }
    }
    for (field, options) in [
        ("options.size", json!({ "size": "large" })),
        ("options.eyeShape", json!({ "eyeShape": "dot" })),
        (
            "options.customization.gradient.colors",
            json!({ "customization": { "gradient": { "colors": "#123" } } }),
        ),
        (
            "options.customization.logo.size_percentage",
            json!({ "customization": { "logo": { "size_percentage": "x" } } }),
        ),
    ] {
        client
            .post(GENERATE, &json!({ "data": TEXT, "options": options }))
            .await
            .invalid(field);
    }
    client.post(GENERATE, &json!({})).await.invalid("data");
    client
        .post(GENERATE, &json!({ "data": "x".repeat(3000) }))
        .await
        .invalid("data");
    client
        .post(GENERATE, &json!({ "data": "" }))
        .await
        .invalid("data");
}

async fn a_batch_is_in_order_and_bounded(server: Server) {
    let client = Client::admin(&server);
    let path = "/api/v3/qr/batch";
    let code = |n: usize| json!({ "data": format!("badge {n}"), "options": { "customization": { "data_pattern": "dots" } } });
    let mut codes: Vec<_> = (0..50).map(code).collect();
    codes[7]["options"]["customization"]["eye_shape"] = json!("potato");
    let answer = client
        .post(path, &json!({ "codes": codes }))
        .await
        .expect(200)
        .json();
    let summary = &answer["summary"];
    let counted = ["total", "successful", "failed", "skipped"].map(|field| summary[field].clone());
    assert_eq!(counted, [json!(50), json!(49), json!(1), json!(0)]);
    assert!(summary["processing_time_ms"].as_f64().unwrap() > 0.0);
    for (n, result) in list(&answer["results"]).enumerate() {
        assert_eq!(
            (&result["index"], &result["success"]),
            (&json!(n), &json!(n != 7))
        );
    }
    let failure = &answer["results"][7]["error"];
    assert_eq!(failure["errors"][0]["field"], "customization.eye_shape");
    for n in [0, 49] {
        let data = &answer["results"][n]["data"];
        assert_eq!(data["scannability"]["grade"], "A");
        assert_eq!(
            decode(assembled(data).as_bytes(), "svg"),
            format!("badge {n}")
        );
    }
    let options = json!({ "stop_on_error": true, "include_metadata": false });
    let stopped = json!({ "codes": codes, "options": options });
    let field = "codes[7].options.customization.eye_shape";
    client.post(path, &stopped).await.invalid(field);
    let bare = json!({ "codes": [code(0)], "options": options });
    let bare = client.post(path, &bare).await.expect(200).json();
    assert!(bare["results"][0]["data"]["metadata"].is_null());
    codes.push(code(50));
    client
        .post(path, &json!({ "codes": codes }))
        .await
        .invalid("codes");
    client
        .post(path, &json!({ "codes": [] }))
        .await
        .invalid("codes");
    let many = json!({ "codes": [code(0)], "options": { "max_concurrent": 0 } });
    client
        .post(path, &many)
        .await
        .invalid("options.max_concurrent");
}

async fn previews_and_validation_speak_snake_case(server: Server) {
    let client = Client::admin(&server);
    let query = "data=hello&eye_shape=rounded_square&data_pattern=dots&fg_color=%23123456&size=300";
    let answer = client
        .get(&format!("/api/v3/qr/preview?{query}"))
        .await
        .expect(200);
    assert_eq!(
        (answer.header("content-type"), answer.header("x-qr-grade")),
        ("image/svg+xml", "D")
    );
    assert_eq!(decode(answer.text().as_bytes(), "svg"), "hello");
    for (query, field) in [
        ("data=x&fg_color=red", "fg_color"),
        ("data=x&bg_color=%23000000", "bg_color"),
        ("data=x&size=501", "size"),
        ("data=x&eye_shape=blob", "eye_shape"),
        ("data=", "data"),
        ("", "data"),
    ] {
        client
            .get(&format!("/api/v3/qr/preview?{query}"))
            .await
            .invalid(field);
    }
    let ask = async |options: Value| {
        let body = json!({ "data": TEXT, "options": options });
        client
            .post("/api/v3/qr/validate", &body)
            .await
            .expect(200)
            .json()
    };
    let good = ask(json!({ "margin": 2 })).await;
    assert_eq!(
        (&good["valid"], &good["details"]["data_length"]),
        (&json!(true), &json!(TEXT.len()))
    );
    assert_eq!(good["suggestions"][0], "margin 4 would make the grade A");
    let wrong = ask(json!({ "customization": { "eye_path": "M0 0" } })).await;
    assert_eq!(wrong["valid"], false);
    assert_eq!(wrong["errors"][0]["option"], "customization.eye_path");
    assert_eq!(
        wrong["errors"][0]["message"],
        "needs customization.eye_shape custom"
    );
}
