//! What must hold of every symbol, whatever was asked for: for property tests and for fuzz/.
//!
//! Invariant: any bytes are an input.

use arbitrary::{Arbitrary as _, Result, Unstructured};
use symbol::{
    Append, Content, Cpu, Declare, Eci, Error, Fnc1, Level, Mask, Mode, Options, Version, Versions,
    encode, encode_on, read,
};

fn version(u: &mut Unstructured<'_>) -> Result<Version> {
    let number = u.int_in_range(0..=43)?;
    Ok(Version::qr(number)
        .or(Version::micro(number.saturating_sub(39)))
        .unwrap_or(Version::MIN))
}

fn options(u: &mut Unstructured<'_>) -> Result<Options> {
    Ok(Options {
        level: *u.choose(&Level::ALL)?,
        boost: u.arbitrary()?,
        versions: match u.int_in_range(0..=5)? {
            0 => Versions::Micro,
            1 => Versions::MicroOrQr,
            2 => Versions::Exactly(version(u)?),
            _ => Versions::Qr,
        },
        mask: Mask::new(u.int_in_range(0..=15)?),
        mode: Mode::ALL.get(u.int_in_range(0..=9)?).copied(),
        kanji: u.arbitrary()?,
        declare_utf8: [Declare::Auto, Declare::Always, Declare::Never]
            .get(u.int_in_range(0..=5)?)
            .copied(),
        eci: match u.int_in_range(0..=9)? {
            0 => Some(Eci::UTF_8),
            1 => Some(Eci::LATIN_1),
            2 => Some(Eci::SHIFT_JIS),
            3 => Eci::new(u.int_in_range(0..=999_999)?),
            _ => None,
        },
        fnc1: match u.int_in_range(0..=9)? {
            0 => Some(Fnc1::Gs1),
            1 => Some(Fnc1::Application(u.arbitrary()?)),
            _ => None,
        },
        append: match u.int_in_range(0..=9)? {
            0 => Append::new(
                u.int_in_range(0..=15)?,
                u.int_in_range(2..=16)?,
                u.arbitrary()?,
            ),
            _ => None,
        },
    })
}

/// Every symbol is the same on every CPU, has what was asked for, and says what was put in. Every refusal says why.
pub fn check(bytes: &[u8]) {
    let mut u = Unstructured::new(bytes);
    let Ok(options) = options(&mut u) else { return };
    let as_text = bool::arbitrary(&mut u).unwrap_or(true);
    let rest = u.take_rest();
    match str::from_utf8(rest) {
        Ok(text) if as_text => check_content(Content::Text(text), &options),
        _ => check_content(Content::Bytes(rest), &options),
    }
}

fn check_content(content: Content<'_>, options: &Options) {
    let symbol = match encode(content, options) {
        Ok(symbol) => symbol,
        Err(error) => return check_refusal(&error),
    };
    for cpu in Cpu::available() {
        assert_eq!(
            encode_on(cpu, content, options).as_ref(),
            Ok(&symbol),
            "{cpu}"
        );
    }
    assert!(symbol.level() >= options.level || symbol.version() == Version::MICRO_MIN);
    assert!(options.mask.is_none_or(|mask| mask == symbol.mask()));
    if let Versions::Exactly(version) = options.versions {
        assert_eq!(symbol.version(), version);
    }
    let Ok(reading) = read::read(symbol.matrix()) else {
        panic!("a symbol that was just made does not read");
    };
    assert_eq!(reading.symbol, symbol);
    assert!(reading.blocks.iter().all(|block| block.errors == 0));
    assert_eq!(reading.append, options.append);
    assert_eq!(reading.fnc1, options.fnc1);
    if options.fnc1.is_some() {
        // Its `%` and GS stand for each other in ways that depend on the mode: the unit tests know.
        return;
    }
    match content {
        Content::Text(text) if is_understood(options.eci) => assert_eq!(reading.text(), text),
        Content::Text(_) => (),
        Content::Bytes(bytes) => assert_eq!(reading.bytes(), bytes),
    }
}

/// Whether a reader knows how the characters are coded.
fn is_understood(eci: Option<Eci>) -> bool {
    eci.is_none_or(|eci| [Eci::UTF_8, Eci::LATIN_1, Eci::SHIFT_JIS].contains(&eci))
}

fn check_refusal(error: &Error) {
    assert!(!error.to_string().is_empty());
    if let Error::TooLong {
        needed_bits,
        available_bits,
        level,
        fits,
        ..
    } = error
    {
        assert!(needed_bits > available_bits);
        assert!(fits.is_none_or(|fits| fits < *level));
    }
}
