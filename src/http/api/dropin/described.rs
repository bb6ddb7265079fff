//! The parameters of dialects in the OpenAPI document. They are read by hand, because a wrong one is answered in the shape of its
//! service.

use serde_json::{Value, json};

const CREATE: &[(&str, &str)] = &[
    ("data", "Text of the symbol; must be given"),
    (
        "size",
        "`<width>x<height>` in pixels, 10x10 to 1000x1000 (200x200); of an SVG or EPS in units, to 1000000x1000000",
    ),
    ("charset-source", "Of `data`: UTF-8 or ISO-8859-1 (UTF-8)"),
    (
        "charset-target",
        "In the symbol: UTF-8 or ISO-8859-1 (UTF-8)",
    ),
    ("ecc", "L, M, Q or H (L)"),
    ("color", "`255-0-0`, `f00` or `ff0000` (0-0-0)"),
    ("bgcolor", "In the same spellings (255-255-255)"),
    (
        "margin",
        "Pixels within `size`, 0 to 50 (1); not of an SVG or EPS",
    ),
    ("qzone", "Modules of quiet zone, 0 to 100 (0)"),
    ("format", "png, gif, jpeg, jpg, svg or eps (png)"),
];

const READ: &[(&str, &str)] = &[("outputformat", "json or xml (json)")];

const FETCH: &[(&str, &str)] = &[
    ("fileurl", "Refused"),
    ("outputformat", "json or xml (json)"),
];

const QR: &[(&str, &str)] = &[
    ("text", "Text of the symbol, as QuickChart has it"),
    ("format", "png, svg or base64 (png)"),
    ("size", "Width in pixels, at most 3000 (150; of Dub 600)"),
    ("margin", "Modules of quiet zone, at most 100 (4; of Dub 2)"),
    ("ecLevel", "L, M, Q or H (M, with a centre image H)"),
    (
        "dark",
        "Hexadecimal digits, with opacity if there are 4 or 8 (000)",
    ),
    ("light", "In the same spelling; 0000 is clear (fff)"),
    ("caption", "Text beneath the symbol"),
    ("captionFontColor", "A colour of CSS (black)"),
    (
        "centerImageUrl",
        "A `data:` URL of a PNG, JPEG, WebP or SVG file; no other URL",
    ),
    (
        "centerImageSizeRatio",
        "Of the symbol's width, 0.0 to 1.0 (0.3, which is also the most)",
    ),
    ("centerImageWidth", "In pixels, before the ratio"),
    ("centerImageHeight", "In pixels, before the ratio"),
    (
        "url",
        "Content of the symbol, as Dub has it; instead of `text`",
    ),
    ("level", "Of Dub: L, M, Q or H (L)"),
    ("fgColor", "Of Dub: a colour of CSS (#000000)"),
    ("bgColor", "Of Dub: a colour of CSS (#FFFFFF)"),
    (
        "includeMargin",
        "Of Dub: false is `margin` 0, if that is left out (true)",
    ),
];

const CHART: &[(&str, &str)] = &[
    ("cht", "qr; must be given"),
    (
        "chs",
        "`<width>x<height>` in pixels, each at most 1000, at most 300000 in all; must be given",
    ),
    ("chl", "Text of the symbol; must be given"),
    (
        "choe",
        "UTF-8, Shift_JIS or ISO-8859-1 in the symbol (UTF-8)",
    ),
    (
        "chld",
        "`<level>|<margin>`: L, M, Q or H, and rows of quiet zone (L|4)",
    ),
];

const SHORT: &[(&str, &str)] = &[
    ("size", "In pixels, 50 to 1000, without the margin (300)"),
    ("format", "png or svg (png)"),
    ("margin", "In pixels around it (0)"),
    ("errorCorrection", "L, M, Q or H (L)"),
    ("roundBlockSize", "Modules are always whole pixels"),
    ("color", "Hexadecimal digits (#000000)"),
    ("bgColor", "In the same spelling (#ffffff)"),
];

/// Path, method, parameters with their descriptions.
type Operation = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
);

const OPERATIONS: [Operation; 9] = [
    ("/v1/create-qr-code", "get", CREATE),
    ("/v1/create-qr-code", "post", CREATE),
    ("/v1/read-qr-code", "get", FETCH),
    ("/v1/read-qr-code", "post", READ),
    ("/qr", "get", QR),
    ("/qr", "post", QR),
    ("/chart", "get", CHART),
    ("/gchart", "get", CHART),
    ("/r/{slug}/qr-code", "get", SHORT),
];

/// Adds them to the operations that are declared.
pub fn describe(document: &mut Value) {
    for (path, method, parameters) in OPERATIONS {
        let described = parameters.iter().map(|(name, description)| {
            json!({
                "name": name, "in": "query", "required": false,
                "schema": {"type": "string"}, "description": description,
            })
        });
        let operation = &mut document["paths"][path][method];
        let mut all = operation["parameters"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        all.extend(described);
        operation["parameters"] = all.into();
    }
}

/// Whether a path, as the document spells it, is one of these.
pub fn is_described(path: &str) -> bool {
    OPERATIONS.iter().any(|(each, ..)| *each == path)
}
