//! Dialects of other services, for their callers to change one host name: `docs/MOVING.md`.
//!
//! Invariant: a dialect has no logic of its own. It parses its names into the one `render::Spec`, and gives answers and errors the
//! shape that its service gives them.

mod answer;
mod charset;
mod colour;
mod described;
mod dub;
pub mod google;
mod params;
pub mod qr;
pub mod qrserver;
mod quickchart;
pub mod read;
pub mod shlink;

pub use described::{describe, is_described};

use poem::{Request, http::uri::PathAndQuery};

/// Without the slash at the end that some services have, which the router does not know. Only of paths that are described here.
pub fn without_slash(request: &mut Request) {
    let path = request.uri().path();
    let Some(short) = path.strip_suffix('/').filter(|short| is_described(short)) else {
        return;
    };
    let query = request
        .uri()
        .query()
        .map_or(String::new(), |query| format!("?{query}"));
    let target: Result<PathAndQuery, _> = format!("{short}{query}").try_into();
    let mut parts = request.uri().clone().into_parts();
    parts.path_and_query = target.ok();
    if let Ok(uri) = parts.try_into() {
        *request.uri_mut() = uri;
    }
}

/// `<width>x<height>`.
fn width_and_height(text: &str) -> Option<[u32; 2]> {
    let (width, height) = text.split_once(['x', 'X'])?;
    let px = |digits: &str| digits.trim().parse().ok();
    Some([px(width)?, px(height)?])
}
