//! How content becomes codewords, in this dialect's words.

use poem_openapi::Object;
use serde::Deserialize;
use symbol::{Append, Fnc1, Mask};

use super::options::Options;
use crate::{
    http::{
        api::{faults::Faults, payloads::Said},
        bounds::{self, Within},
    },
    kernel::limits::{MICRO_VERSIONS, VERSIONS},
    render::{Encoding, Spec},
};

/// The place of a symbol among those that carry one message together (ISO/IEC 18004 §8).
#[derive(Clone, Deserialize, Object)]
#[oai(rename = "StructuredAppend")]
#[serde(deny_unknown_fields)]
pub struct AppendOptions {
    /// From 0
    pub index: Option<Within<bounds::AppendIndex>>,
    pub total: Option<Within<bounds::AppendTotal>>,
    /// The exclusive or of all bytes of the whole message, the same in each of its symbols
    pub parity: Option<Within<bounds::Parity>>,
}

/// A letter of an application indicator is sent as its code plus this (ISO/IEC 18004 §7.4.9.3).
const LETTER: u8 = 100;

pub fn encoding(options: &Options, faults: &mut Faults) -> Encoding {
    Encoding {
        versions: versions(options, faults),
        mask: faults
            .number("mask", options.mask.as_ref())
            .and_then(Mask::new),
        mode: faults.word("mode", options.mode.as_ref()),
        charset: faults.word("eci", options.eci.as_ref()).unwrap_or_default(),
        fnc1: options.fnc1.as_deref().and_then(|text| fnc1(text, faults)),
        append: (options.structured_append.as_ref()).and_then(|place| append(place, faults)),
        boost: options.boost_level.unwrap_or(false),
    }
}

/// Puts the content into a symbol, with what its format demands of that.
pub fn say(said: Said, options: &Options, spec: &mut Spec, faults: &mut Faults) {
    spec.content = said.bytes;
    if said.gs1 {
        if options.fnc1.is_some() {
            faults.add("fnc1", "must be left out with a payload of kind gs1");
        }
        spec.encoding.fnc1 = Some(Fnc1::Gs1);
    }
    if let Some(level) = said.limits.level {
        let is_other = options.error_correction.is_some() && spec.level != level;
        if is_other || options.boost_level == Some(true) {
            let field = if is_other {
                "errorCorrection"
            } else {
                "boostLevel"
            };
            let level = level.label().to_ascii_uppercase();
            faults.add(
                field,
                format!("must be left out: this payload has {level} only"),
            );
        }
        spec.level = level;
    }
    if let Some(largest) = said.limits.version_max.filter(|_| !spec.micro) {
        let (least, most) = spec
            .encoding
            .versions
            .unwrap_or((*VERSIONS.start(), largest.number()));
        if least > largest.number() {
            let field = options.version.as_ref().map_or("minVersion", |_| "version");
            faults.add(
                field,
                format!("must be at most {largest} with this payload"),
            );
        }
        spec.encoding.versions = Some((least, most.min(largest.number())));
    }
}

fn versions(options: &Options, faults: &mut Faults) -> Option<(u8, u8)> {
    let only: Option<u8> = faults.number("version", options.version.as_ref());
    let least = faults.number("minVersion", options.min_version.as_ref());
    let most = faults.number("maxVersion", options.max_version.as_ref());
    if let Some(only) = only {
        for (field, is_given) in [
            ("minVersion", least.is_some()),
            ("maxVersion", most.is_some()),
        ] {
            if is_given {
                faults.add(field, "must be left out with version");
            }
        }
        return Some((only, only));
    }
    let all = if options.micro == Some(true) {
        MICRO_VERSIONS
    } else {
        VERSIONS
    };
    let is_range = least.is_some() || most.is_some();
    is_range.then(|| (least.unwrap_or(*all.start()), most.unwrap_or(*all.end())))
}

/// `gs1`, or an application indicator of AIM: two digits, or a letter.
fn fnc1(text: &str, faults: &mut Faults) -> Option<Fnc1> {
    let found = match text.as_bytes() {
        b"gs1" => Some(Fnc1::Gs1),
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => {
            Some(Fnc1::Application((tens - b'0') * 10 + (ones - b'0')))
        }
        [letter] if letter.is_ascii_alphabetic() => Some(Fnc1::Application(letter + LETTER)),
        _ => None,
    };
    if found.is_none() {
        let message = "must be gs1, or an application indicator of AIM: two digits, or a letter";
        faults.add("fnc1", message);
    }
    found
}

fn append(place: &AppendOptions, faults: &mut Faults) -> Option<Append> {
    for (field, is_given) in [
        ("structuredAppend.index", place.index.is_some()),
        ("structuredAppend.total", place.total.is_some()),
        ("structuredAppend.parity", place.parity.is_some()),
    ] {
        if !is_given {
            faults.add(field, "must be given");
        }
    }
    let index: u8 = faults.number("structuredAppend.index", place.index.as_ref())?;
    let total: u8 = faults.number("structuredAppend.total", place.total.as_ref())?;
    let parity = faults.number("structuredAppend.parity", place.parity.as_ref())?;
    if index >= total {
        faults.add("structuredAppend.index", "must be less than total");
    }
    Append::new(index, total, parity)
}
