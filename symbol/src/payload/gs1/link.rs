//! A web address that says what an item is.
//!
//! Invariant: the path says the GTIN in 14 digits and its qualifiers in the standard's order; only unreserved characters
//! of a value stay bare, so no value can end its place.

use super::{
    super::{
        Payload,
        error::{Checked, Error, Faults, Wrong},
        escape, url,
    },
    Gs1Element, ai, value,
};

/// A GS1 Digital Link URI for a trade item (GS1 Digital Link Standard: URI Syntax 1.2 §4), uncompressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gs1Link {
    /// Where the link leads: `https://id.gs1.org`, or an address of one's own with or without a path, but without query
    /// and fragment. No segment of the path may be an AI.
    pub stem: String,
    /// 8, 12, 13 or 14 digits with their check digit.
    pub gtin: String,
    /// AI 22, consumer product variant: 1..=20 characters of set 82.
    pub variant: Option<String>,
    /// AI 10, batch or lot: 1..=20 characters of set 82.
    pub lot: Option<String>,
    /// AI 21, serial number: 1..=20 characters of set 82.
    pub serial: Option<String>,
    /// AI 235, extension that a third party controls: 1..=28 characters of set 82. Not together with the three above.
    pub extension: Option<String>,
    /// What describes the item (`17`, `3103`, …), at most 20, each AI once. They come out in the order of their AIs.
    pub attributes: Vec<Gs1Element>,
}

/// The resolver of GS1, and nothing else.
impl Default for Gs1Link {
    fn default() -> Self {
        Self {
            stem: "https://id.gs1.org".to_owned(),
            gtin: String::new(),
            variant: None,
            lot: None,
            serial: None,
            extension: None,
            attributes: Vec::new(),
        }
    }
}

impl Gs1Link {
    /// # Errors
    /// Names `stem`, `gtin`, `variant`, `lot`, `serial`, `extension`, `attributes`, `attributes[0].ai`,
    /// `attributes[0].value`.
    pub fn build(&self) -> Result<Payload, Error> {
        let mut faults = Faults::default();
        let mut text = faults.keep("stem", stem(&self.stem));
        text.push_str("/01/");
        text.push_str(&faults.keep("gtin", gtin(&self.gtin)));
        if self.extension.is_some()
            && (self.variant.is_some() || self.lot.is_some() || self.serial.is_some())
        {
            let right = "must be left out beside variant, lot or serial";
            faults.add(
                "extension",
                Wrong::new("is another kind of qualifier", right),
            );
        }
        let qualifiers = [
            ("variant", "22", &self.variant),
            ("lot", "10", &self.lot),
            ("serial", "21", &self.serial),
            ("extension", "235", &self.extension),
        ];
        for (field, ai, given) in qualifiers {
            if let Some(given) =
                faults.keep_some(field, given.as_deref(), |given| qualifier(ai, given))
            {
                for part in ["/", ai, "/", &given] {
                    text.push_str(part);
                }
            }
        }
        let attributes = self.attributes(&mut faults);
        if !attributes.is_empty() {
            text.push('?');
            text.push_str(&attributes.join("&"));
        }
        faults.finish(text)
    }

    fn attributes(&self, faults: &mut Faults) -> Vec<String> {
        faults.keep(
            "attributes",
            super::super::check::entries(self.attributes.len(), 20),
        );
        let mut out = Vec::new();
        for (i, attribute) in self.attributes.iter().take(20).enumerate() {
            let field = format!("attributes[{i}]");
            if attribute
                .check(&field, faults)
                .is_some_and(|format| !format.is_attribute)
            {
                let right = "must be one that describes an item, such as 17 or 3103";
                faults.add(
                    format!("{field}.ai"),
                    Wrong::new("does not describe an item with a GTIN", right),
                );
            }
            if self.attributes[..i]
                .iter()
                .any(|earlier| earlier.ai == attribute.ai)
            {
                faults.add(
                    format!("{field}.ai"),
                    Wrong::new("is there already", "must be there only once"),
                );
            }
            let value = escape::percent(&attribute.value, escape::is_unreserved);
            out.push(format!("{}={value}", attribute.ai));
        }
        out.sort();
        out
    }
}

/// Without a slash at its end.
fn stem(text: &str) -> Checked<String> {
    let parsed = url::parse(text)?;
    if text.contains(['?', '#']) {
        return Err(Wrong::new(
            "has a query or a fragment",
            "must end with its host or path",
        ));
    }
    let is_ai = |segment: &str| ai::find(segment).is_ok();
    if parsed.path_segments().into_iter().flatten().any(is_ai) {
        let right = "must be without: readers would look for a key there";
        return Err(Wrong::new(
            "has an Application Identifier in its path",
            right,
        ));
    }
    let stem = url::normal(text, false)?;
    Ok(stem.trim_end_matches('/').to_owned())
}

/// In 14 digits (§4.3).
fn gtin(text: &str) -> Checked<String> {
    let bytes = text.as_bytes();
    if !matches!(bytes.len(), 8 | 12..=14) || !bytes.iter().all(u8::is_ascii_digit) {
        return Err(Wrong::new("is no GTIN", "must be 8, 12, 13 or 14 digits"));
    }
    let padded = format!("{text:0>14}");
    value::check(&padded, ai::find("01")?.parts)?;
    Ok(padded)
}

fn qualifier(ai: &str, text: &str) -> Checked<String> {
    value::check(text, ai::find(ai)?.parts)?;
    // A URL parser takes these for the path itself, encoded or not.
    if matches!(text, "." | "..") {
        return Err(Wrong::new(
            "consists of dots",
            "must have another character in a link",
        ));
    }
    Ok(escape::percent(text, escape::is_unreserved))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(link: &Gs1Link) -> Result<String, String> {
        link.build()
            .map(Payload::into_text)
            .map_err(|e| e.to_string())
    }

    fn of(gtin: &str) -> Gs1Link {
        Gs1Link {
            gtin: gtin.into(),
            ..Gs1Link::default()
        }
    }

    fn element(ai: &str, value: &str) -> Gs1Element {
        Gs1Element {
            ai: ai.into(),
            value: value.into(),
        }
    }

    #[test]
    fn examples_of_the_standard() {
        assert_eq!(
            build(&of("9506000134352")).unwrap(),
            "https://id.gs1.org/01/09506000134352"
        );
        let link = Gs1Link {
            stem: "https://example.com/some/path/".into(),
            variant: Some("2A".into()),
            lot: Some("ABC/1".into()),
            serial: Some("12345".into()),
            attributes: vec![
                element("3103", "000195"),
                element("17", "201225"),
                element("3922", "0299"),
            ],
            ..of("09506000134352")
        };
        assert_eq!(
            build(&link).unwrap(),
            "https://example.com/some/path/01/09506000134352/22/2A/10/ABC%2F1/21/12345?17=201225&3103=000195&3922=0299"
        );
        let link = Gs1Link {
            extension: Some("x+y".into()),
            ..of("614141123452")
        };
        assert_eq!(
            build(&link).unwrap(),
            "https://id.gs1.org/01/00614141123452/235/x%2By"
        );
        assert_eq!(build(&of("95060012")).ok(), None);
        assert_eq!(
            build(&of("96385074")).unwrap(),
            "https://id.gs1.org/01/00000096385074"
        );
    }

    #[test]
    fn every_bad_field_is_named() {
        let link = Gs1Link {
            stem: "https://example.com/01?x=y".into(),
            variant: Some(String::new()),
            lot: Some("..".into()),
            serial: Some("a b".into()),
            extension: Some("x".into()),
            attributes: vec![
                element("10", "a"),
                element("17", "20"),
                element("00", "x"),
                element("17", "201225"),
            ],
            ..of("9506000134353")
        };
        let error = link.build().unwrap_err();
        let fields: Vec<_> = error.faults().iter().map(|f| f.field.as_ref()).collect();
        assert_eq!(
            fields,
            [
                "stem",
                "gtin",
                "extension",
                "variant",
                "lot",
                "serial",
                "attributes[0].ai",
                "attributes[1].value",
                "attributes[2].value",
                "attributes[2].ai",
                "attributes[3].ai"
            ]
        );
    }

    #[test]
    fn a_stem_leads_to_a_host_and_has_no_key() {
        for bad in [
            "id.gs1.org",
            "https://a.example/01/x",
            "https://a.example/8004",
            "https://a.example/?",
            "https://a.example/#",
        ] {
            let link = Gs1Link {
                stem: bad.into(),
                ..of("9506000134352")
            };
            assert!(build(&link).unwrap_err().starts_with("stem "), "{bad}");
        }
    }
}
