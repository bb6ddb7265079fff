//! Limits of what the product accepts. A limit stands here once, with its reason.

use std::ops::RangeInclusive;

/// Characters in a code's content. A version 40 symbol at level L holds 2 953 bytes.
pub const CONTENT_CHARS: usize = 2048;
/// Characters in a target URL: what browsers and proxies agree to carry.
pub const TARGET_CHARS: usize = 2048;
/// Characters in a title.
pub const TITLE_CHARS: usize = 100;
/// Characters in a description.
pub const DESCRIPTION_CHARS: usize = 500;
/// Bytes of a slug in `/r/{slug}`; longer ones cannot exist, so they are not looked up.
pub const SLUG_BYTES: usize = 64;
/// Bytes of a `User-Agent` that are kept with a scan; real ones stay below 300.
pub const USER_AGENT_BYTES: usize = 512;
/// Bytes of a `Referer` that are kept with a scan.
pub const REFERER_BYTES: usize = 512;
/// Pixels along one side of a raster image: 100 in at 72 dpi, or 8 in at 1200 dpi, and 300 MB of RGB.
pub const IMAGE_PX: u32 = 10_000;
/// The same of an image with effects, of which a pixel takes some 40 bytes while it is made.
pub const EFFECTS_PX: u32 = 3_000;
/// Pixels in one step of a code's size (dialect v1).
pub const STEP_PX: u32 = 25;
/// A code's size in steps of [`STEP_PX`].
pub const SIZE_STEPS: RangeInclusive<u8> = 1..=50;
/// A code's size if nothing else is asked for.
pub const DEFAULT_SIZE_STEPS: u8 = 10;
/// Modules of quiet zone around a symbol. Fewer than [`QUIET_ZONE_MODULES`] is the caller's choice.
pub const BORDER_MODULES: RangeInclusive<u8> = 0..=20;
/// The same of what is drawn at all: dialects of other services have wider ones.
pub const DRAWN_BORDER_MODULES: RangeInclusive<u8> = 0..=100;
/// Light modules around a symbol that readers count on (ISO/IEC 18004 §9.1), and the border if nothing else is asked for.
pub const QUIET_ZONE_MODULES: u8 = 4;
/// Width of a symbol in dialect v2, in pixels.
pub const STYLED_PX: RangeInclusive<i64> = 100..=2000;
/// Width of a preview, in pixels.
pub const PREVIEW_PX: RangeInclusive<i64> = 100..=500;
/// Modules of quiet zone in dialect v2.
pub const MARGIN_MODULES: RangeInclusive<u8> = 0..=10;
/// Colours of a gradient.
pub const GRADIENT_COLORS: RangeInclusive<usize> = 2..=5;
/// Quality of a JPEG.
pub const QUALITY: RangeInclusive<u8> = 1..=100;
/// Width of an image on paper, in its unit.
pub const PHYSICAL_SIZE: RangeInclusive<f64> = 0.1..=100.0;
/// Pixels per inch of an image on paper.
pub const DPI: RangeInclusive<u16> = 72..=1200;
/// Bytes of a symbol's content: decimal digits in version 40 at level L (ISO/IEC 18004 table 7). No mode holds more.
pub const SYMBOL_BYTES: usize = 7089;
/// Versions of QR and of Micro QR (ISO/IEC 18004 §5.3.1).
pub const VERSIONS: RangeInclusive<u8> = 1..=40;
pub const MICRO_VERSIONS: RangeInclusive<u8> = 1..=4;
/// Data mask patterns of QR and of Micro QR (ISO/IEC 18004 §7.8.2).
pub const MASKS: RangeInclusive<u8> = 0..=7;
pub const MICRO_MASKS: RangeInclusive<u8> = 0..=3;
/// Symbols of one message (ISO/IEC 18004 §8).
pub const APPENDED_SYMBOLS: RangeInclusive<u8> = 2..=16;
pub const APPEND_INDICES: RangeInclusive<u8> = 0..=15;
/// Number of a page of a list.
pub const PAGES: RangeInclusive<u64> = 1..=1_000_000_000;
/// Codes or scans on one page of a list.
pub const PAGE_ITEMS: RangeInclusive<u64> = 1..=100;
/// Characters of the text that a list is searched for.
pub const SEARCH_CHARS: usize = 200;
/// Symbols of one batch.
pub const BATCH_SYMBOLS: RangeInclusive<usize> = 1..=1000;
/// The same in dialect v3, whose answers are one JSON document.
pub const BATCH_STRUCTURED: RangeInclusive<usize> = 1..=50;
/// Of those, drawn at the same time.
pub const BATCH_AT_ONCE: RangeInclusive<usize> = 1..=100;
/// Bytes of all files of a batch that is answered as one JSON document.
pub const BATCH_BYTES: usize = 32 << 20;
/// Pixels of a module, where a dialect asks for that.
pub const MODULE_PX: RangeInclusive<i64> = 1..=50;

/// An event's name, and an attendee's.
pub const EVENT_NAME_CHARS: usize = 200;
pub const REGISTRATION_CHARS: usize = 64;
pub const GATE_CHARS: usize = 60;
pub const NONCE_CHARS: usize = 64;
/// Old tokens are longer than ours.
pub const TOKEN_CHARS: usize = 4096;
