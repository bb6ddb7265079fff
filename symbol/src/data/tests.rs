//! What is written reads back, and could not be shorter.
//!
//! Invariant: readers and planners here share no code with those tested.

use proptest::prelude::*;

use super::data_codewords;
use crate::{
    Append, Content, Declare, Eci, Error, Feature, Fnc1, Level, Mask, Mode, Options, Unencodable,
    Version, Versions,
    tables::{self, Widths},
};

mod naive;
mod peers;
mod reader;

fn encode(content: Content<'_>, options: &Options) -> Result<(Vec<u8>, Version, Level), Error> {
    let mut out = vec![0xFF; 7];
    data_codewords(content, options, &mut out).map(|(version, level)| (out, version, level))
}

#[test]
fn declared_text_is_one_segment_of_utf_8_behind_its_eci() {
    let options = Options {
        declare_utf8: Some(Declare::Auto),
        ..Options::default()
    };
    let said = |text: &str, options: &Options| {
        let (data, version, level) = encode(text.into(), options).unwrap();
        let message = read(&data, version, level);
        let modes: Vec<_> = message.segments.iter().map(|&(mode, _)| mode).collect();
        (message.eci, modes)
    };
    let byte = vec![Mode::Byte];
    for text in [
        "é",
        "Ж",
        "点",
        "WIFI:T:WPA;S:Müller;P:PASSWORT1234567890;;",
        "🙂12345678901234567890",
    ] {
        assert_eq!(said(text, &options), (Some(26), byte.clone()), "{text}");
    }
    // ASCII is the same in every character set.
    let (eci, modes) = said("example12345678901234567890", &options);
    assert_eq!((eci, modes), (None, vec![Mode::Byte, Mode::Numeric]));
    // 2331 bytes fit into 40-M, and 2330 behind an ECI.
    let long = |bytes: usize| "a".repeat(bytes - 2) + "é";
    assert_eq!(said(&long(2330), &options), (Some(26), byte.clone()));
    assert_eq!(said(&long(2331), &options), (None, byte.clone()));
    // Longer still: as short as possible, as before.
    let digits = "1".repeat(3000) + "é";
    assert_eq!(said(&digits, &options).1, [Mode::Numeric, Mode::Byte]);
    assert_eq!(
        encode(long(2332).as_str().into(), &options),
        encode(long(2332).as_str().into(), &Options::default())
    );
    // Micro QR has no ECI, and what is forced stays forced.
    let micro = Options {
        versions: Versions::Micro,
        level: Level::L,
        ..options.clone()
    };
    assert_eq!(said("é", &micro), (None, byte));
    let forced = Options {
        mode: Some(Mode::Kanji),
        ..options
    };
    assert_eq!(said("点", &forced), (None, vec![Mode::Kanji]));
}

#[test]
fn utf_8_is_declared_always_or_never_where_that_is_asked_for() {
    let with = |declare| Options {
        declare_utf8: Some(declare),
        ..Options::default()
    };
    let said = |text: &str, options: &Options| {
        let (data, version, level) = encode(text.into(), options)?;
        let message = read(&data, version, level);
        let modes: Vec<_> = message.segments.iter().map(|&(mode, _)| mode).collect();
        Ok((message.eci, modes))
    };
    let (always, never) = (with(Declare::Always), with(Declare::Never));
    let digits = "example12345678901234567890";
    let byte = vec![Mode::Byte];
    for text in ["é", "点", "Wi-Fi", digits] {
        assert_eq!(said(text, &always), Ok((Some(26), byte.clone())), "{text}");
    }
    for text in ["é", "点", "Müller 12345678901234567890"] {
        assert_eq!(said(text, &never), Ok((None, byte.clone())), "{text}");
    }
    let shortest = vec![Mode::Byte, Mode::Numeric];
    assert_eq!(said(digits, &never), Ok((None, shortest)));
    // In one segment of bytes this fits into no symbol.
    let long = "1".repeat(3000) + "é";
    let several = vec![Mode::Numeric, Mode::Byte];
    assert_eq!(said(&long, &always), Ok((Some(26), several.clone())));
    assert_eq!(said(&long, &never), Ok((None, several)));
    let micro = Options {
        versions: Versions::Micro,
        ..always
    };
    let refused = Error::NotInVersion {
        version: Version::MICRO_MAX,
        feature: Feature::Eci,
    };
    assert_eq!(said("é", &micro), Err(refused));
}

fn read(codewords: &[u8], version: Version, level: Level) -> reader::Message {
    reader::read(
        codewords,
        tables::data_bits(version, level).unwrap(),
        version,
    )
}

/// Characters of a kind in a row, as text has them.
fn row() -> impl Strategy<Value = String> {
    let long = || prop_oneof![4 => 0_usize..9, 2 => 0_usize..30, 1 => 0_usize..200];
    let of = |class: &str| proptest::string::string_regex(class).unwrap();
    let classes = [
        "[0-9]",
        "[A-Z]",
        "[0-9A-Z $%*+\\-./:]",
        "[a-z]",
        "[%\\x1D]",
        "[a-z0-9./:?=&]",
        "[亜漢字かなカナ、。Α-Ωа-я]",
        "[～①＼￥−ｱ-ﾝ¥]",
        "[à-ÿ]",
        "[\\x00-\\x7F]",
        "[äß€😀]",
    ];
    let row = (0..classes.len(), long())
        .prop_flat_map(move |(class, len)| prop::collection::vec(of(classes[class]), len));
    row.prop_map(|row| row.concat())
}

pub(super) fn text() -> impl Strategy<Value = String> {
    let rows = prop_oneof![6 => 0_usize..4, 3 => 0_usize..12, 1 => 0_usize..60];
    rows.prop_flat_map(|rows| prop::collection::vec(row(), rows))
        .prop_map(|rows| rows.concat())
}

fn version() -> impl Strategy<Value = Version> {
    prop_oneof![
        (1_u8..=4).prop_map(|number| Version::micro(number).unwrap()),
        (1_u8..=40).prop_map(|number| Version::qr(number).unwrap()),
    ]
}

fn versions() -> impl Strategy<Value = Versions> {
    prop_oneof![
        4 => Just(Versions::Qr),
        1 => Just(Versions::Micro),
        1 => Just(Versions::MicroOrQr),
        2 => version().prop_map(Versions::Exactly),
        2 => (version(), version()).prop_map(|(a, b)| Versions::Between(a.min(b), a.max(b))),
    ]
}

fn rarely<T: Clone + std::fmt::Debug>(
    some: impl Strategy<Value = T>,
) -> impl Strategy<Value = Option<T>> {
    prop::option::weighted(0.15, some)
}

fn options() -> impl Strategy<Value = Options> {
    let eci = prop_oneof![
        Just(Eci::UTF_8),
        Just(Eci::LATIN_1),
        Just(Eci::SHIFT_JIS),
        (0_u32..=999_999).prop_map(|number| Eci::new(number).unwrap()),
    ];
    let fnc1 = prop_oneof![Just(Fnc1::Gs1), any::<u8>().prop_map(Fnc1::Application)];
    let append = (2_u8..=16, any::<u8>(), any::<u8>()).prop_map(|(total, position, parity)| {
        Append::new(position % total, total, parity).unwrap()
    });
    let level = prop::sample::select(&Level::ALL[..]);
    let first = (level, any::<bool>(), versions(), rarely(0_u8..8));
    let second = (
        rarely(prop::sample::select(&Mode::ALL[..])),
        any::<bool>(),
        prop::option::weighted(0.3, eci),
        prop::option::weighted(0.3, fnc1),
        rarely(append),
    );
    (first, second).prop_map(
        |((level, boost, versions, mask), (mode, kanji, eci, fnc1, append))| Options {
            level,
            boost,
            versions,
            mask: mask.and_then(Mask::new),
            mode,
            kanji,
            declare_utf8: None,
            eci,
            fnc1,
            append,
        },
    )
}

fn from_shift_jis(bytes: &[u8]) -> Vec<u8> {
    let (text, _, bad) = encoding_rs::SHIFT_JIS.decode(bytes);
    assert!(!bad);
    text.into_owned().into_bytes()
}

/// What a reader of the symbol would make of it.
fn check_read_back(content: Content, options: &Options, message: &reader::Message) {
    assert_eq!(message.eci, options.eci.map(Eci::assignment));
    assert_eq!(message.fnc1, options.fnc1);
    let append = options
        .append
        .map(|a| (a.position(), a.total(), a.parity()));
    assert_eq!(message.append, append);
    let has_bytes = options.mode.is_none_or(|mode| mode == Mode::Byte);
    match (content, options.eci.filter(|_| has_bytes)) {
        (Content::Bytes(bytes), _) => assert_eq!(message.bytes(<[u8]>::to_vec), bytes),
        (Content::Text(text), Some(Eci::LATIN_1)) => {
            let bytes = message.bytes(|_| panic!("Kanji"));
            assert_eq!(
                bytes
                    .iter()
                    .map(|&byte| char::from(byte))
                    .collect::<String>(),
                text
            );
        }
        (Content::Text(text), Some(Eci::SHIFT_JIS)) => {
            let bytes = message.bytes(<[u8]>::to_vec);
            assert_eq!(from_shift_jis(&bytes), text.as_bytes());
        }
        (Content::Text(text), _) => assert_eq!(message.bytes(from_shift_jis), text.as_bytes()),
    }
    // Neither unlabelled bytes nor bytes labelled otherwise stand beside Kanji.
    let mut modes = message.segments.iter().map(|&(mode, _)| mode);
    if options.mode.is_none() && modes.any(|mode| mode == Mode::Kanji) {
        let ascii = |(mode, bytes): &(Mode, Vec<u8>)| *mode == Mode::Kanji || bytes.is_ascii();
        let all_ascii = message.segments.iter().all(ascii) && !content.as_bytes().contains(&b'~');
        assert!(options.eci.map_or(all_ascii, |eci| eci == Eci::SHIFT_JIS));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn text_reads_back(text in text(), options in options()) {
        let content = Content::Text(&text);
        if let Ok((codewords, version, level)) = encode(content, &options) {
            check_read_back(content, &options, &read(&codewords, version, level));
        }
    }

    #[test]
    fn bytes_read_back(bytes in prop::collection::vec(any::<u8>(), 0..400), options in options()) {
        let content = Content::Bytes(&bytes);
        if let Ok((codewords, version, level)) = encode(content, &options) {
            let message = read(&codewords, version, level);
            check_read_back(content, &options, &message);
            let kanji = message.segments.iter().any(|&(mode, _)| mode == Mode::Kanji);
            prop_assert_eq!(kanji, options.mode == Some(Mode::Kanji) && !bytes.is_empty());
        }
    }

    #[test]
    fn no_segmentation_is_shorter_and_no_version_smaller(text in text(), options in options()) {
        let readings = naive::readings(&text, &options);
        let headers = options.append.map_or(0, |_| 20)
            + options.fnc1.map_or(0, |fnc1| if fnc1 == Fnc1::Gs1 { 4 } else { 12 })
            + options.eci.map_or(0, |eci| match eci.assignment() {
                0..128 => 12,
                128..16384 => 20,
                _ => 28,
            });
        let least = |version| {
            let least = |reading: &Vec<_>| naive::least_bits(reading, Widths::of(version), options.mode);
            readings.iter().filter_map(least).min().map(|bits| bits as usize + headers)
        };
        let micro_can = headers == 0 && options.mask.is_none_or(|mask| mask.reference() < 4);
        let fits = |version: Version, level| {
            (micro_can || !version.is_micro())
                && least(version).zip(tables::data_bits(version, level)).is_some_and(|(a, b)| a <= b)
        };
        let allowed: Vec<Version> = match options.versions {
            Versions::Qr => Version::all_qr().collect(),
            Versions::Micro => Version::all_micro().collect(),
            Versions::MicroOrQr => Version::all_micro().chain(Version::all_qr()).collect(),
            Versions::Exactly(version) => vec![version],
            Versions::Between(first, last) => {
                let all = Version::all_micro().chain(Version::all_qr());
                all.filter(|version| (first..=last).contains(version)).collect()
            }
        };
        let smallest = allowed.iter().copied().find(|&version| fits(version, options.level));
        match encode(Content::Text(&text), &options) {
            Ok((codewords, version, level)) => {
                prop_assert_eq!(Some(version), smallest);
                prop_assert_eq!(Some(read(&codewords, version, level).bits), least(version));
                let strongest = Level::ALL.into_iter().rev().find(|&level| fits(version, level));
                let expected = if options.boost { strongest } else { Some(options.level) };
                prop_assert_eq!(Some(level), expected);
            }
            Err(Error::TooLong { needed_bits, available_bits, level, version, fits: weaker }) => {
                prop_assert_eq!(smallest, None);
                prop_assert_eq!(version, *allowed.last().unwrap());
                prop_assert_eq!(least(version), Some(needed_bits));
                prop_assert_eq!(tables::data_bits(version, options.level), Some(available_bits));
                prop_assert!(needed_bits > available_bits && level == options.level);
                let expected = Level::ALL.into_iter().rev().find(|&l| l < level && fits(version, l));
                prop_assert_eq!(weaker, expected);
            }
            Err(Error::NotInVersion { version, .. }) => {
                prop_assert_eq!(smallest, None);
                prop_assert!(version.is_micro() && version == *allowed.last().unwrap());
            }
            // Of such, the naive planner knows nothing; other tests do.
            Err(Error::NotInMode { .. } | Error::NotInCharset { .. } | Error::NotAnIndicator { .. }) => {}
        }
    }
}

fn hex(content: &str, options: &Options) -> String {
    let (codewords, ..) = encode(content.into(), options).unwrap();
    codewords
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect::<Vec<_>>()
        .join(" ")
}

/// Annex I.
#[test]
fn the_standards_own_examples() {
    let qr = Options {
        versions: Versions::Exactly(Version::MIN),
        ..Options::default()
    };
    assert_eq!(
        hex("01234567", &qr),
        "10 20 0C 56 61 80 EC 11 EC 11 EC 11 EC 11 EC 11"
    );
    let micro = Options {
        versions: Versions::Micro,
        level: Level::L,
        ..Options::default()
    };
    assert_eq!(hex("01234567", &micro), "40 18 AC C3 00");
}

#[test]
fn empty_content_is_all_padding() {
    for versions in [Versions::Qr, Versions::Micro] {
        let options = Options {
            level: Level::L,
            versions,
            ..Options::default()
        };
        let (codewords, version, level) = encode("".into(), &options).unwrap();
        assert_eq!(version.number(), 1);
        assert_eq!(read(&codewords, version, level).bits, 0);
    }
}

#[test]
fn errors_say_what_and_where() {
    let with = |change: fn(&mut Options)| {
        let mut options = Options::default();
        change(&mut options);
        options
    };
    let error = |text: &str, options: &Options| encode(text.into(), options).unwrap_err();
    let latin = with(|options| options.eci = Some(Eci::LATIN_1));
    assert_eq!(
        error("é€", &latin).to_string(),
        "ISO-8859-1 cannot hold '€' (U+20AC) at byte 2; UTF-8 can"
    );
    let numeric = with(|options| options.mode = Some(Mode::Numeric));
    assert_eq!(
        error("12é", &numeric),
        Error::NotInMode {
            mode: Mode::Numeric,
            at: 2,
            found: Unencodable::Character('é')
        }
    );
    let kanji = with(|options| options.mode = Some(Mode::Kanji));
    let odd = encode(Content::Bytes(b"\x88\x9F\x88"), &kanji).unwrap_err();
    assert_eq!(
        odd,
        Error::NotInMode {
            mode: Mode::Kanji,
            at: 2,
            found: Unencodable::Byte(0x88)
        }
    );
    let tiny = with(|options| options.versions = Versions::Micro);
    assert_eq!(
        error(&"1".repeat(31), &tiny).to_string(),
        "the content needs 113 bits, but version M4 at level M has 112: 1 bits (1 bytes) too long; it fits at level L"
    );
    let labelled =
        with(|options| (options.versions, options.eci) = (Versions::Micro, Some(Eci::UTF_8)));
    assert_eq!(
        error("1", &labelled),
        Error::NotInVersion {
            version: Version::MICRO_MAX,
            feature: Feature::Eci
        }
    );
    let indicator = with(|options| options.fnc1 = Some(Fnc1::Application(100)));
    assert_eq!(error("1", &indicator), Error::NotAnIndicator { found: 100 });
    let whole = error(&"a".repeat(3000), &Options::default()).to_string();
    assert!(whole.ends_with("it fits at no weaker level"), "{whole}");
}
