//! Limits of what the product accepts. A limit stands here once, with its reason.

/// Characters in a code's content (CONTRACT §3). A version 40 symbol at level L holds 2 953 bytes.
pub const CONTENT_CHARS: usize = 2048;
/// Characters in a target URL: what browsers and proxies agree to carry.
pub const TARGET_CHARS: usize = 2048;
/// Characters in a title (CONTRACT §3).
pub const TITLE_CHARS: usize = 100;
/// Characters in a description (CONTRACT §3).
pub const DESCRIPTION_CHARS: usize = 500;
/// Bytes of a slug in `/r/{slug}`; longer ones cannot exist, so they are not looked up.
pub const SLUG_BYTES: usize = 64;
/// Bytes of a `User-Agent` that are kept with a scan; real ones stay below 300.
pub const USER_AGENT_BYTES: usize = 512;
/// Bytes of a `Referer` that are kept with a scan.
pub const REFERER_BYTES: usize = 512;
/// Pixels along one side of a raster image: 100 in at 72 dpi, or 8 in at 1200 dpi, and 300 MB of RGB.
pub const IMAGE_PX: u32 = 10_000;
