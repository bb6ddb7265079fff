//! A payment is read back line by line.

use symbol::{
    Level, Version,
    payload::{Epc, EpcVersion, Remittance},
};

use super::{built, code, input::Input};

fn epc(input: &mut Input<'_>) -> Epc {
    let bic = input.pick(&["BPOTBEB1", "bhbl dehh xxx", "SHORT", "A;\nB"]);
    let purpose = input.pick(&["CHAR", "gdds", "TOOLONG", "\n"]);
    Epc {
        version: input.pick(&[EpcVersion::V1, EpcVersion::V2]),
        bic: input.maybe(|_| bic.to_owned()),
        name: input.text(),
        iban: input.iban(),
        amount_cents: input.maybe(|input| input.number(0..=120_000_000_000)),
        purpose: input.one_in(3).then(|| purpose.to_owned()),
        remittance: match input.number(0..=2) {
            0 => Remittance::None,
            1 => Remittance::Reference(input.reference()),
            _ => Remittance::Text(input.text()),
        },
        information: input.maybe(Input::text),
    }
}

/// ISO/IEC 7064 MOD 97-10 over one long number, as it is defined.
fn is_mod_97(code: &str) -> bool {
    let turned = format!("{}{}", &code[4..], &code[..4]);
    let digits: String = turned
        .chars()
        .map(|c| c.to_digit(36).unwrap().to_string())
        .collect();
    digits
        .bytes()
        .fold(0, |sum, digit| (sum * 10 + u32::from(digit - b'0')) % 97)
        == 1
}

pub fn check(bytes: &[u8]) -> bool {
    let epc = epc(&mut Input::new(bytes));
    let result = epc.build();
    if let Ok(payload) = &result {
        assert_eq!(payload.limits().level, Some(Level::M));
        assert_eq!(payload.limits().version_max, Version::qr(13));
    }
    let Some(out) = built(result) else {
        return false;
    };
    assert!(out.len() <= 331 && !out.ends_with('\n'), "{out}");
    let mut lines: Vec<&str> = out.split('\n').collect();
    assert!(lines.len() <= 12, "{out}");
    lines.resize(12, "");
    let version = if epc.version == EpcVersion::V1 {
        "001"
    } else {
        "002"
    };
    assert_eq!(lines[..4], ["BCD", version, "1", "SCT"]);
    assert_eq!(lines[4], epc.bic.as_deref().map(code).unwrap_or_default());
    assert_eq!(lines[5], epc.name);
    assert_eq!(lines[6], code(&epc.iban));
    assert!(is_mod_97(lines[6]), "{out}");
    let cents = lines[7]
        .strip_prefix("EUR")
        .map(|amount| amount.replace('.', "").parse().unwrap());
    assert_eq!(cents, epc.amount_cents);
    assert!(
        lines[7].is_empty() || lines[7].as_bytes()[lines[7].len() - 3] == b'.',
        "{out}"
    );
    assert_eq!(
        lines[8],
        epc.purpose
            .map(|code| code.to_ascii_uppercase())
            .unwrap_or_default()
    );
    match &epc.remittance {
        Remittance::None => assert_eq!(lines[9..11], ["", ""]),
        Remittance::Text(text) => assert_eq!(lines[9..11], ["", text.as_str()]),
        Remittance::Reference(text) if lines[9].starts_with("RF") => {
            assert_eq!(lines[9..11], [code(text).as_str(), ""]);
            assert!(is_mod_97(lines[9]), "{out}");
        }
        Remittance::Reference(text) => assert_eq!(lines[9..11], [text.as_str(), ""]),
    }
    assert_eq!(lines[11], epc.information.unwrap_or_default());
    true
}
