//! Symbols on demand, for whoever compares them: records in, matrices out.
//!
//! Invariant: one answer per record, in order, also where the encoder refuses.
//!
//! In: u8 family (0 QR, 1 Micro QR), u8 level (1..=4: L M Q H), u8 version (0: smallest), u8 mask (0: the encoder's
//! choice, else reference + 1), u32 little-endian: lowest 31 bits the length, highest bit set for text; the bytes.
//! Out: u8 modules along one side, then as many rows of (modules + 7) / 8 bytes, lowest bit leftmost. Where the encoder
//! refuses: u8 0, u8 length, the reason.

use std::io::{self, BufReader, BufWriter, Read, Write};

use benches::{
    ours::{self, Content, Declare, Level, Mask, Matrix, Mode, Options, Version, Versions},
    peers,
};
use qrcode::{EcLevel, QrCode};
use qrcodegen::{QrSegment, Version as GenVersion};

struct Record {
    micro: bool,
    level: Level,
    version: u8,
    mask: Option<Mask>,
    is_text: bool,
    bytes: Vec<u8>,
}

pub fn serve(who: &str) -> Result<(), String> {
    let encode: fn(&Record) -> Result<Matrix, String> = match who {
        "ours" => |record| by_us(record, None, None),
        "auto" => |record| by_us(record, Some(Declare::Auto), None),
        "always" => |record| by_us(record, Some(Declare::Always), None),
        "never" => |record| by_us(record, Some(Declare::Never), None),
        "byte" => |record| by_us(record, None, Some(Mode::Byte)),
        "kanji" => |record| by_us(record, None, Some(Mode::Kanji)),
        "qrcodegen" => by_qrcodegen,
        "qrcode" => by_qrcode,
        _ => return Err(format!("nobody here is called {who}")),
    };
    let mut input = BufReader::new(io::stdin().lock());
    let mut output = BufWriter::new(io::stdout().lock());
    let mut run = || -> io::Result<()> {
        while let Some(record) = read(&mut input)? {
            answer(&mut output, encode(&record))?;
        }
        output.flush()
    };
    run().map_err(|error| error.to_string())
}

/// `None` at the end.
fn read(input: &mut impl Read) -> io::Result<Option<Record>> {
    let mut head = [0; 8];
    match input.read_exact(&mut head) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        done => done?,
    }
    let [family, level, version, mask, length @ ..] = head;
    let length = u32::from_le_bytes(length);
    let mut bytes = vec![0; (length & 0x7fff_ffff) as usize];
    input.read_exact(&mut bytes)?;
    Ok(Some(Record {
        micro: family == 1,
        level: Level::ALL[usize::from(level.clamp(1, 4)) - 1],
        version,
        mask: mask.checked_sub(1).and_then(Mask::new),
        is_text: length >> 31 == 1,
        bytes,
    }))
}

fn answer(output: &mut impl Write, matrix: Result<Matrix, String>) -> io::Result<()> {
    match matrix {
        Ok(matrix) => {
            let modules = matrix.modules();
            // At most 177.
            output.write_all(&[u8::try_from(modules).unwrap_or_default()])?;
            matrix.rows().iter().try_for_each(|row| {
                let bytes = row.map(u64::to_le_bytes).concat();
                output.write_all(&bytes[..modules.div_ceil(8)])
            })
        }
        Err(why) => {
            let why = &why.as_bytes()[..why.len().min(255)];
            output.write_all(&[0, u8::try_from(why.len()).unwrap_or_default()])?;
            output.write_all(why)
        }
    }
}

fn by_us(
    record: &Record,
    declare_utf8: Option<Declare>,
    mode: Option<Mode>,
) -> Result<Matrix, String> {
    let content = match std::str::from_utf8(&record.bytes) {
        Ok(text) if record.is_text => Content::Text(text),
        _ => Content::Bytes(&record.bytes),
    };
    let versions = match (record.version, record.micro) {
        (0, false) => Versions::Qr,
        (0, true) => Versions::Micro,
        (number, false) => Versions::Exactly(Version::qr(number).ok_or("no such version")?),
        (number, true) => Versions::Exactly(Version::micro(number).ok_or("no such version")?),
    };
    let options = Options {
        level: record.level,
        mask: record.mask,
        versions,
        declare_utf8,
        mode,
        ..Options::default()
    };
    let symbol = ours::encode(content, &options).map_err(|error| error.to_string())?;
    Ok(symbol.matrix().clone())
}

/// One segment for everything: the crate knows no better.
fn by_qrcodegen(record: &Record) -> Result<Matrix, String> {
    let segments = match std::str::from_utf8(&record.bytes) {
        Ok(text) => QrSegment::make_segments(text),
        Err(_) => vec![QrSegment::make_bytes(&record.bytes)],
    };
    let (first, last) = match record.version {
        0 => (GenVersion::MIN, GenVersion::MAX),
        number => (GenVersion::new(number), GenVersion::new(number)),
    };
    let mask = record
        .mask
        .map(|mask| qrcodegen::Mask::new(mask.reference()));
    let level = peers::level(record.level);
    qrcodegen::QrCode::encode_segments_advanced(&segments, level, first, last, mask, false)
        .map(|code| peers::qrcodegen_matrix(&code))
        .map_err(|error| error.to_string())
}

/// Smallest QR version, and a mask of its own choice.
fn by_qrcode(record: &Record) -> Result<Matrix, String> {
    let level = match record.level {
        Level::L => EcLevel::L,
        Level::M => EcLevel::M,
        Level::Q => EcLevel::Q,
        Level::H => EcLevel::H,
    };
    let code = QrCode::with_error_correction_level(&record.bytes, level)
        .map_err(|error| error.to_string())?;
    let (modules, colours) = (code.width(), code.to_colors());
    let is_dark = |x: usize, y: usize| colours[y * modules + x] == qrcode::Color::Dark;
    Ok(Matrix::from_fn(modules, is_dark))
}
