//! Symbols of zint, for what qrcodegen lacks: Micro QR, Kanji, FNC1, structured append.
//!
//! Each golden says how it was made, in a form a shell takes. zxing-cpp reads the same text from each of them.

use super::*;

struct Golden {
    version: Version,
    level: Level,
    mask: Option<u8>,
    text: String,
    matrix: Matrix,
}

fn goldens() -> Vec<Golden> {
    let all = include_str!("../../../tests/goldens/zint.txt");
    all.split("\n\n").map(golden).collect()
}

/// A command; version, level, mask or `-`, and text; then the modules.
fn golden(block: &str) -> Golden {
    let lines: Vec<_> = block.lines().collect();
    let words: Vec<_> = lines[1].splitn(4, ' ').collect();
    let version = words[0].strip_prefix('M').map_or_else(
        || Version::qr(words[0].parse().unwrap()),
        |number| Version::micro(number.parse().unwrap()),
    );
    let rows = &lines[2..];
    Golden {
        version: version.unwrap(),
        level: Level::ALL["LMQH".find(words[1]).unwrap()],
        mask: words[2].parse().ok(),
        text: words[3].replace('␝', "\x1D"),
        matrix: Matrix::from_fn(rows.len(), |x, y| rows[y].as_bytes()[x] == b'#'),
    }
}

/// Micro QR ones, for damage.
pub fn micro() -> Vec<Matrix> {
    let micro = goldens()
        .into_iter()
        .filter(|golden| golden.version.is_micro());
    micro.map(|golden| golden.matrix).collect()
}

#[test]
fn symbols_of_zint_are_read() {
    for golden in goldens() {
        let reading = read(&golden.matrix).unwrap();
        assert_eq!(reading.text(), golden.text);
        assert_eq!(
            (reading.symbol.version, reading.symbol.level),
            (golden.version, golden.level)
        );
        let mask = golden.mask.and_then(Mask::new);
        assert!(
            mask.is_none_or(|mask| mask == reading.symbol.mask),
            "{}",
            golden.text
        );
        assert!(is_clean(&reading, &golden.matrix), "{}", golden.text);
    }
}

/// Annex I.3, with its own codewords.
#[test]
fn annex_i_3_is_read_down_to_its_codewords() {
    let version = Version::micro(2).unwrap();
    let golden = goldens()
        .into_iter()
        .find(|golden| golden.version == version)
        .unwrap();
    let order = VersionLayout::of(version).order();
    let mask = Mask::new(1).unwrap();
    let bits =
        order.map(|(x, y)| golden.matrix.is_dark(x, y) != unmask::turns_over(version, mask, x, y));
    let plan = Blocks::of(version, Level::L).unwrap();
    assert_eq!(
        plan.collect(bits),
        [[0x40, 0x18, 0xAC, 0xC3, 0x00, 0x86, 0x0D, 0x22, 0xAE, 0x30]]
    );
}

#[test]
fn headers_of_zint_are_read() {
    let reading = |text: &str| {
        let golden = goldens()
            .into_iter()
            .find(|golden| golden.text.starts_with(text));
        read(&golden.unwrap().matrix).unwrap()
    };
    assert_eq!(reading("APPENDED").append, crate::Append::new(2, 5, 171));
    assert_eq!(reading("0109501101530003").fnc1, Some(crate::Fnc1::Gs1));
    let eci = |text: &str| {
        reading(text)
            .segments
            .iter()
            .map(|segment| segment.eci.map(crate::Eci::assignment))
            .next_back()
            .flatten()
    };
    assert_eq!(eci("Ünï ∀"), Some(26));
    assert_eq!(eci("点 ﾃ"), Some(20));
    assert_eq!(eci("点茗点茗点茗"), None);
}
