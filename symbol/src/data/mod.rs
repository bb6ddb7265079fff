//! Content to data codewords: the first half of an encoder (ISO/IEC 18004 §7.2–7.4).
//!
//! Invariant: no other segmentation of the content into the modes that are allowed has fewer bits, and no smaller
//! version allowed would hold it.
//!
//! # Why modes change only between runs
//!
//! A run is a row of characters of a class: digits, other alphanumerics, other bytes, Kanji. For each class, the modes
//! it may be sent in have an order: each character more costs less in a cheaper mode than in a dearer one, whatever
//! stands before it. Numeric mode takes 3 or 4 bits for one more digit, alphanumeric mode 5 or 6, byte mode 8; Kanji
//! mode 13 where byte mode takes 16 or 24. (Beside FNC1, `%` is a class of its own: 11 bits in alphanumeric mode, 8 in
//! byte mode.) So where a segment ends inside a run, the neighbour in the cheaper mode can take characters over from the
//! dearer one, to the end of the run, and never a bit is lost; if the dearer segment becomes empty its header is saved. It
//! follows that some shortest segmentation has all its boundaries between runs.
//!
//! # Why one pass is enough
//!
//! From left to right, it keeps for each mode the least cost, in sixths of a bit, of all runs so far with the last in
//! that mode. The following runs cost the same whatever came before, but for the fraction of a bit that is rounded up when
//! the segment ends; rounding keeps an order, so the least cost stays the least.
//!
//! # Why three plans are enough
//!
//! Headers have the same widths in versions 1–9, 10–26 and 27–40, and never shrink: if the first class of versions
//! cannot hold its best plan, no plan for it can. Micro QR has a class per version.

use crate::{
    Content, Error, Fnc1, Level, Options, Version,
    tables::{self, Widths},
};

use self::{
    bits::Bits,
    fit::Fit,
    plan::Plans,
    runs::{Run, Runs},
    source::Source,
};

mod bits;
mod classify;
mod fit;
mod plan;
mod runs;
mod shift_jis;
mod source;
mod write;

#[cfg(test)]
mod tests;

/// No Micro QR symbol holds more bytes: M4-L has room for 35 digits.
const MICRO_BYTES: usize = 35;

/// Clears `out` and leaves the data codewords of the smallest symbol in it, terminator and padding included.
///
/// M1 and M3 end in a codeword of 4 bits: the high ones of the last byte; the low ones are 0.
pub(crate) fn data_codewords(
    content: Content<'_>,
    options: &Options,
    out: &mut Vec<u8>,
) -> Result<(Version, Level), Error> {
    let Some((first, last)) = options.declared(content) else {
        return codewords(content, options, out);
    };
    for declared in first.iter().flatten() {
        if let Ok(size) = codewords(content, declared, out) {
            return Ok(size);
        }
    }
    codewords(content, &last, out)
}

fn codewords(
    content: Content<'_>,
    options: &Options,
    out: &mut Vec<u8>,
) -> Result<(Version, Level), Error> {
    out.clear();
    check_indicator(options)?;
    let source = Source::new(content, options)?;
    let (first, last) = options.versions.ends();
    let may_be_qr = !last.is_micro();
    let only_qr = !first.is_micro() || may_be_qr && source.bytes.len() > MICRO_BYTES;
    let mut plain = match options.mode {
        Some(mode) => source.forced_runs(mode, options.fnc1.is_some())?,
        None => source.runs(options, only_qr),
    };
    let mut kanji = source.kanji_runs(options);
    let kanji = kanji.as_mut().map(Runs::as_mut);
    let mut plans = Plans::new(plain.as_mut(), kanji, options.mode);
    let fit = fit::fit(&mut plans, options, only_qr)?;
    fill(out, &source, plans.runs(fit.kanji), options, &fit);
    Ok((fit.version, fit.level))
}

/// The exclusive or of all bytes of a message, as byte mode would have them (§8.3).
pub(crate) fn parity(content: Content<'_>, options: &Options) -> Result<u8, Error> {
    let source = Source::new(content, options)?;
    Ok(source.bytes.iter().fold(0, |parity, byte| parity ^ byte))
}

fn check_indicator(options: &Options) -> Result<(), Error> {
    match options.fnc1 {
        None | Some(Fnc1::Gs1 | Fnc1::Application(0..=99 | 165..=190 | 197..=222)) => Ok(()),
        Some(Fnc1::Application(found)) => Err(Error::NotAnIndicator { found }),
    }
}

/// Headers, segments, terminator, padding (§7.4.10, §7.4.11).
fn fill(out: &mut Vec<u8>, source: &Source, runs: &[Run], options: &Options, fit: &Fit) {
    let widths = Widths::of(fit.version);
    let capacity = tables::data_bits(fit.version, fit.level).unwrap_or(0);
    out.resize(capacity.div_ceil(8), 0);
    let mut bits = Bits::new(out);
    for (header, width) in write::symbol_headers(options) {
        bits.push(header, width);
    }
    write::segments(&mut bits, source, runs, options, widths);
    bits.finish();
    // The terminator is 0, and so is the rest of the byte that it ends in, and half a codeword.
    let end = (fit.bits + widths.terminator()).div_ceil(8);
    if let Some(padding) = out.get_mut(end..capacity / 8) {
        for two in padding.chunks_mut(2) {
            two.copy_from_slice(&[0xEC, 0x11][..two.len()]);
        }
    }
}
