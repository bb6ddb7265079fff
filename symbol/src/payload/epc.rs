//! SEPA credit transfers, for banking applications ("Girocode").
//!
//! Invariant: element n is on line n, no element has a line break, and nothing follows the last element that says
//! something.

use super::{
    Limits, Payload, check,
    error::{Checked, Error, Faults, Wrong},
    iban,
};
use crate::{Level, Version};

/// A payment in euro (EPC069-12 v2.1). The symbol has level M and at most version 13, and its text at most 331 bytes, as
/// the guidelines demand: see [`Payload::limits`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Epc {
    pub version: EpcVersion,
    /// Of the beneficiary's bank: 8 or 11 letters and digits (ISO 9362). Must be there in version 1.
    pub bic: Option<String>,
    /// Of the beneficiary: 1..=70 characters.
    pub name: String,
    /// Of the beneficiary (ISO 13616), spaces allowed. Its check digits and, in SEPA, its length must fit.
    pub iban: String,
    /// Euro cents, 1..=99 999 999 999. `None`: the payer fills it in.
    pub amount_cents: Option<u64>,
    /// A code of ISO 20022's external code list, 1..=4 letters and digits: `CHAR`.
    pub purpose: Option<String>,
    pub remittance: Remittance,
    /// From the beneficiary to the payer: 1..=70 characters.
    pub information: Option<String>,
}

/// How the beneficiary identifies the payment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Remittance {
    #[default]
    None,
    /// 1..=35 characters. One that begins with `RF` must be a valid creditor reference (ISO 11649), spaces allowed; others
    /// are of a country's own kind.
    Reference(String),
    /// 1..=140 characters.
    Text(String),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EpcVersion {
    /// `001`: for payments that leave the European Economic Area; a BIC is needed.
    V1,
    /// `002`: inside the European Economic Area.
    #[default]
    V2,
}

impl Epc {
    /// The whole text.
    const BYTES_MAX: usize = 331;

    /// Limits of the symbol.
    const LIMITS: Limits = Limits {
        level: Some(Level::M),
        version_max: Version::qr(13),
    };

    /// # Errors
    /// Names `bic`, `name`, `iban`, `amount_cents`, `purpose`, `remittance`, `information`; `payload` if all together
    /// are too long.
    pub fn build(&self) -> Result<Payload, Error> {
        let mut faults = Faults::default();
        let version = match self.version {
            EpcVersion::V1 => "001",
            EpcVersion::V2 => "002",
        };
        if self.version == EpcVersion::V1 && self.bic.is_none() {
            let right = "must be there in version 1; version 2 needs none";
            faults.add("bic", Wrong::new("is missing", right));
        }
        let bic = faults.keep_some("bic", self.bic.as_deref(), bic);
        let name = faults.keep("name", check::line(&self.name, 70));
        let iban = faults.keep("iban", iban::iban(&self.iban));
        let amount = self
            .amount_cents
            .map(|cents| faults.keep("amount_cents", amount(cents)));
        let purpose = faults.keep_some("purpose", self.purpose.as_deref(), purpose);
        let (reference, text) = match &self.remittance {
            Remittance::None => (None, None),
            Remittance::Reference(text) => (Some(faults.keep("remittance", reference(text))), None),
            Remittance::Text(text) => (
                None,
                Some(faults.keep("remittance", check::line(text, 140))),
            ),
        };
        let information = self.information.as_deref();
        let information =
            faults.keep_some("information", information, |text| check::line(text, 70));

        // 1: the text is UTF-8. SCT: SEPA credit transfer.
        let mut elements: Vec<String> = ["BCD", version, "1", "SCT"].map(str::to_owned).into();
        let optional = [
            bic,
            Some(name),
            Some(iban),
            amount,
            purpose,
            reference,
            text,
            information,
        ];
        elements.extend(optional.map(Option::unwrap_or_default));
        let text = elements.join("\n");
        let text = text.trim_end_matches('\n').to_owned();
        faults.keep("payload", check::at_most_bytes(&text, Self::BYTES_MAX));
        faults.finish_with(text, Self::LIMITS, false)
    }
}

fn bic(text: &str) -> Checked<String> {
    let bic = check::code(text);
    let bytes = bic.as_bytes();
    let is_good = matches!(bytes.len(), 8 | 11)
        && bytes.iter().all(u8::is_ascii_alphanumeric)
        && bytes[4..6].iter().all(u8::is_ascii_alphabetic);
    if is_good {
        Ok(bic)
    } else {
        let right = "must be 8 or 11 letters and digits such as BPOTBEB1";
        Err(Wrong::new("is no BIC", right))
    }
}

/// Always with two decimals: a dot is the separator, and some banks read one decimal as cents.
fn amount(cents: u64) -> Checked<String> {
    if !matches!(cents, 1..=99_999_999_999) {
        let right = "must be 1 to 99999999999, which is 0.01 to 999999999.99 euro";
        return Err(Wrong::new("is out of range", right));
    }
    Ok(format!("EUR{}.{:02}", cents / 100, cents % 100))
}

fn purpose(text: &str) -> Checked<String> {
    if matches!(text.len(), 1..=4) && text.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Ok(text.to_ascii_uppercase());
    }
    Err(Wrong::new(
        "is no purpose code",
        "must be 1 to 4 letters and digits such as CHAR",
    ))
}

fn reference(text: &str) -> Checked<String> {
    if check::code(text).starts_with("RF") {
        return iban::creditor_reference(text);
    }
    check::line(text, 35)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn red_cross() -> Epc {
        Epc {
            version: EpcVersion::V1,
            bic: Some("BPOTBEB1".into()),
            name: "Red Cross of Belgium".into(),
            iban: "BE72 0000 0000 1616".into(),
            amount_cents: Some(100),
            purpose: Some("CHAR".into()),
            remittance: Remittance::Text("Urgency fund".into()),
            information: Some("Sample EPC QR code".into()),
        }
    }

    fn build(epc: &Epc) -> Result<String, String> {
        epc.build()
            .map(Payload::into_text)
            .map_err(|e| e.to_string())
    }

    #[test]
    fn example_of_the_guidelines() {
        let payload = red_cross().build().unwrap();
        assert_eq!(
            payload.text(),
            "BCD\n001\n1\nSCT\nBPOTBEB1\nRed Cross of Belgium\nBE72000000001616\nEUR1.00\nCHAR\n\nUrgency fund\n\
             Sample EPC QR code"
        );
        assert_eq!(payload.limits().level, Some(Level::M));
        assert_eq!(payload.limits().version_max, Version::qr(13));
    }

    #[test]
    fn what_is_left_out_leaves_a_line_but_not_at_the_end() {
        let mut epc = Epc {
            name: "Franz Mustermänn".into(),
            iban: "DE71110220330123456789".into(),
            ..Epc::default()
        };
        assert_eq!(
            build(&epc).unwrap(),
            "BCD\n002\n1\nSCT\n\nFranz Mustermänn\nDE71110220330123456789"
        );
        epc.amount_cents = Some(99_999_999_999);
        epc.remittance = Remittance::Reference("RF18 5390 0754 7034".into());
        assert_eq!(
            build(&epc).unwrap(),
            "BCD\n002\n1\nSCT\n\nFranz Mustermänn\nDE71110220330123456789\nEUR999999999.99\n\nRF18539007547034"
        );
    }

    #[test]
    fn every_bad_field_is_named() {
        let epc = Epc {
            bic: None,
            name: "a\nb".into(),
            iban: "DE00".into(),
            amount_cents: Some(0),
            purpose: Some("DONATE".into()),
            remittance: Remittance::Reference("RF99".into()),
            information: Some(String::new()),
            ..red_cross()
        };
        let error = epc.build().unwrap_err();
        let fields: Vec<_> = error.faults().iter().map(|f| f.field.as_ref()).collect();
        assert_eq!(
            fields,
            [
                "bic",
                "name",
                "iban",
                "amount_cents",
                "purpose",
                "remittance",
                "information"
            ]
        );
    }

    #[test]
    fn the_whole_is_limited() {
        let epc = Epc {
            name: "é".repeat(70),
            remittance: Remittance::Text("é".repeat(140)),
            ..red_cross()
        };
        assert_eq!(
            build(&epc).unwrap_err(),
            "payload is 494 bytes long; must be at most 331"
        );
    }
}
