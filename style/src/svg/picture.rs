//! Pixels within an SVG: an `<image>` that holds a PNG (RFC 2397). A caller's markup is never copied.

use base64ct::{Base64, Encoding as _};
use symbol::file::{self, Channels, Pixels, number};

use crate::{
    geometry::MODULE,
    scene::{Picture, Place},
};

pub fn write(picture: &Picture, place: Place, out: &mut Vec<u8>) {
    let (width, height) = (picture.width_px(), picture.height_px());
    let pixels = Pixels::new(width, height, Channels::Rgba, picture.rgba().to_vec());
    let mut png = Vec::new();
    // Neither fails: a picture is smaller than what an encoder takes.
    if pixels.is_none_or(|pixels| file::png::encode(&pixels, None, &mut png).is_err()) {
        return;
    }
    out.extend_from_slice(b"<image");
    let places = [
        (" x=", place.x),
        (" y=", place.y),
        (" width=", place.width),
        (" height=", place.height),
    ];
    for (name, units) in places {
        out.extend_from_slice(name.as_bytes());
        out.push(b'"');
        number::decimal(
            out,
            (f64::from(units) / f64::from(MODULE) * 1e4).round() / 1e4,
        );
        out.push(b'"');
    }
    out.extend_from_slice(br#" preserveAspectRatio="none" xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="data:image/png;base64,"#);
    out.extend_from_slice(Base64::encode_string(&png).as_bytes());
    out.extend_from_slice(br#""/>"#);
}
