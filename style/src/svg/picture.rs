//! Pixels within an SVG: an `<image>` that holds a PNG (RFC 2397). A caller's markup is never copied.

use base64ct::{Base64, Encoding as _};
use symbol::file::{self, Channels, Pixels};

use super::effects::attribute;
use crate::scene::{Picture, Place};

/// A `data:` URL of a PNG.
pub fn data_uri(picture: &Picture) -> Option<String> {
    let (width, height) = (picture.width_px(), picture.height_px());
    let pixels = Pixels::new(width, height, Channels::Rgba, picture.rgba().to_vec());
    let mut png = Vec::new();
    // Neither fails: a picture is smaller than what an encoder takes.
    file::png::encode(&pixels?, None, &mut png).ok()?;
    Some(format!(
        "data:image/png;base64,{}",
        Base64::encode_string(&png)
    ))
}

pub fn write(picture: &Picture, place: Place, out: &mut Vec<u8>) {
    let Some(uri) = data_uri(picture) else {
        return;
    };
    out.extend_from_slice(b"<image");
    for (name, units) in [
        ("x", place.x),
        ("y", place.y),
        ("width", place.width),
        ("height", place.height),
    ] {
        attribute(name, units, out);
    }
    out.extend_from_slice(
        br#" preserveAspectRatio="none" xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href=""#,
    );
    out.extend_from_slice(uri.as_bytes());
    out.extend_from_slice(br#""/>"#);
}
