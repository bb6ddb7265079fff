//! From content to a finished symbol.

use std::cell::RefCell;

use fearless_simd::Level as Features;

use crate::{
    Content, Cpu, Error, Level, Options, Symbol, Version, data::data_codewords, draw::draw,
};

thread_local! {
    /// Data codewords: at most 2956 bytes a thread.
    static DATA: RefCell<Vec<u8>> = RefCell::default();
}

/// Makes the smallest symbol that holds the content (ISO/IEC 18004 §7.1), with everything this CPU has.
///
/// # Errors
/// See [`Error`].
pub fn encode<'a>(content: impl Into<Content<'a>>, options: &Options) -> Result<Symbol, Error> {
    encode_with(Features::new(), content.into(), options)
}

/// Like [`encode`], with no more than some CPU features. The symbol is the same.
///
/// # Errors
/// See [`Error`].
pub fn encode_on<'a>(
    cpu: Cpu,
    content: impl Into<Content<'a>>,
    options: &Options,
) -> Result<Symbol, Error> {
    encode_with(cpu.level(), content.into(), options)
}

/// The version and the level of the symbol that [`encode`] makes, without drawing it.
///
/// # Errors
/// Those of [`encode`].
pub fn measure<'a>(
    content: impl Into<Content<'a>>,
    options: &Options,
) -> Result<(Version, Level), Error> {
    DATA.with_borrow_mut(|data| data_codewords(content.into(), options, data))
}

fn encode_with(
    features: Features,
    content: Content<'_>,
    options: &Options,
) -> Result<Symbol, Error> {
    DATA.with_borrow_mut(|data| {
        let size = data_codewords(content, options, data)?;
        Ok(draw(features, size, options.mask, data))
    })
}

#[cfg(test)]
mod tests;
