//! What a caller would rather have (RFC 9110 §12.5.1).

use poem::{Request, http::header};

/// Of the media types that `find` knows, the one with the greatest quality; of equals the first. `find` gets ranges in small letters,
/// without parameters.
pub fn preferred<T>(request: &Request, find: impl Fn(&str) -> Option<T>) -> Option<T> {
    let accept = request.header(header::ACCEPT).unwrap_or_default();
    let mut best: Option<(T, f32)> = None;
    for range in accept.split(',') {
        let mut parts = range.split(';').map(str::trim);
        let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
        let quality = parts.find_map(|part| part.strip_prefix("q="));
        // A quality that is none is 0: not wanted.
        let quality = quality.map_or(1.0, |quality| quality.parse().unwrap_or(0.0));
        if quality > best.as_ref().map_or(0.0, |(_, best)| *best)
            && let Some(found) = find(&essence)
        {
            best = Some((found, quality));
        }
    }
    best.map(|(found, _)| found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greatest_quality_wins_and_none_is_not_wanted() {
        let cases = [
            ("", None),
            ("text/html, image/PNG", Some("image/png")),
            ("image/png;q=0.1, image/webp;q=0.9", Some("image/webp")),
            ("image/png;q=0", None),
            ("image/png;q=x, image/webp;q=0.001", Some("image/webp")),
            ("image/webp;v=1;q=0.5,image/png; q=0.5", Some("image/webp")),
        ];
        for (accept, expected) in cases {
            let request = Request::builder().header(header::ACCEPT, accept).finish();
            let found = preferred(&request, |essence| {
                let known = ["image/png", "image/webp"];
                known.into_iter().find(|known| *known == essence)
            });
            assert_eq!(found, expected, "{accept}");
        }
    }
}
