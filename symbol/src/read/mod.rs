//! From modules to text: the reference decode of ISO/IEC 18004 §12, for modules that are exactly in place.
//!
//! Invariant: shares no code with the encoder but its tables of blocks, so that each checks the other; and
//! no panic on any matrix.

use crate::{Level, Matrix, Symbol, Version};

mod bch;
mod bits;
mod blocks;
mod characters;
mod correction;
mod decoded;
mod format;
mod galois;
mod layout;
mod message;
mod text;
mod unmask;
mod unreadable;
mod version;

pub use decoded::{Block, Damage, DecodedSymbol, Segment};
pub use unreadable::{Fault, Unreadable};

use blocks::Blocks;
use format::Format;
use layout::VersionLayout;

/// Reads a symbol that is upright, without its quiet zone: `true` modules are dark.
///
/// # Errors
///
/// Where more is damaged than ISO/IEC 18004 lets a reader correct, or the message is malformed.
pub fn read(matrix: &Matrix) -> Result<DecodedSymbol, Unreadable> {
    read_around(matrix, &Matrix::from_rows(Vec::new()))
}

/// As [`read`], for a symbol whose `hidden` modules are under a logo. A hidden codeword takes half as much capacity as a
/// wrong one. A block that cannot be corrected that way is corrected as if nothing were hidden.
///
/// # Errors
///
/// As [`read`].
pub fn read_around(matrix: &Matrix, hidden: &Matrix) -> Result<DecodedSymbol, Unreadable> {
    let modules = matrix.modules();
    let version = version::of_size(modules).ok_or(Unreadable::Size { modules })?;
    if !version::is_confirmed(matrix, version) {
        return Err(Unreadable::Version { expected: version });
    }
    let mut first_fault = None;
    for format in format::candidates(matrix, version) {
        match read_as(matrix, hidden, version, format) {
            Ok(reading) => return Ok(reading),
            Err(fault) => first_fault = first_fault.or(Some(fault)),
        }
    }
    Err(first_fault.unwrap_or(Unreadable::Format))
}

fn read_as(
    matrix: &Matrix,
    hidden: &Matrix,
    version: Version,
    format: Format,
) -> Result<DecodedSymbol, Unreadable> {
    let plan = Blocks::of(version, format.level).ok_or(Unreadable::Format)?;
    let order = || VersionLayout::of(version).order();
    let unmasked = order()
        .map(|(x, y)| matrix.is_dark(x, y) != unmask::turns_over(version, format.mask, x, y));
    let read = plan.collect(unmasked);
    let covered = order().map(|(x, y)| hidden.is_dark(x, y));
    let covered = plan.collect(covered);

    let (mut blocks, mut corrected) = (Vec::new(), Vec::new());
    for (index, (read, covered)) in read.iter().zip(&covered).enumerate() {
        let (block, codewords) = correct(&plan, read, covered).ok_or(Unreadable::Block {
            index,
            block_count: plan.count(),
            capacity: plan.capacity(),
        })?;
        blocks.push(block);
        corrected.push(codewords);
    }

    let (data, bits) = plan.message(&corrected);
    let message = message::parse(version, &data, bits)
        .map_err(|(at, fault)| Unreadable::Data { at, fault })?;
    let symbol = Symbol {
        matrix: draw(version, format, plan.lay_out(&corrected)),
        version,
        level: format.level,
        mask: format.mask,
    };
    Ok(DecodedSymbol {
        damage: Damage::of(matrix, &symbol),
        symbol,
        segments: message.segments,
        append: message.append,
        fnc1: message.fnc1,
        blocks,
    })
}

/// Of each error correction block of such a symbol: how many of its codewords have a module in `modules`, and the capacity
/// that [`Block`] tells. Empty if the version does not have the level.
#[must_use]
pub fn codewords_in(version: Version, level: Level, modules: &Matrix) -> Vec<(usize, usize)> {
    let Some(plan) = Blocks::of(version, level) else {
        return Vec::new();
    };
    let order = VersionLayout::of(version).order();
    let blocks = plan.collect(order.map(|(x, y)| modules.is_dark(x, y)));
    let touched = |block: &Vec<u8>| block.iter().filter(|codeword| **codeword != 0).count();
    blocks
        .iter()
        .map(|block| (touched(block), plan.capacity()))
        .collect()
}

/// `covered`: not 0 where the codeword is hidden.
fn correct(plan: &Blocks, read: &[u8], covered: &[u8]) -> Option<(Block, Vec<u8>)> {
    let hidden: Vec<_> = (0..read.len())
        .filter(|&place| covered[place] != 0)
        .collect();
    let ways = [&hidden[..], &[]];
    let (hidden, corrected) = ways.into_iter().find_map(|hidden| {
        let corrected = correction::correct(read, plan.check(), hidden, plan.capacity())?;
        Some((hidden.len(), corrected))
    })?;
    let block = Block {
        data: read.len() - plan.check(),
        check: plan.check(),
        capacity: plan.capacity(),
        hidden,
        errors: corrected.errors,
    };
    Some((block, corrected.codewords))
}

/// The symbol around `bits`, which are not masked yet. Remainder bits are 0 (§7.7.3).
fn draw(version: Version, format: Format, bits: impl Iterator<Item = bool>) -> Matrix {
    let layout = VersionLayout::of(version);
    let bits = layout.order().zip(bits.chain(std::iter::repeat(false)));
    let data = bits.filter(|&((x, y), bit)| bit != unmask::turns_over(version, format.mask, x, y));
    let data = data.map(|(place, _)| place);
    layout.with(
        data.chain(format.dark(version))
            .chain(version::dark(version)),
    )
}

#[cfg(test)]
mod tests;
