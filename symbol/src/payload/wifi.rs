//! Joining a Wi-Fi network.
//!
//! Invariant: every backslash, `;`, `,`, `:` and `"` of a value is escaped, so that neither a reader that splits at
//! semicolons nor one that searches the whole text for `P:` (ZXing does) finds a field that is not ours.

use super::{
    Payload, check,
    error::{Checked, Error, Faults, Wrong},
    escape,
    fields::Fields,
};

/// A network and its credentials.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wifi {
    /// 1..=32 bytes of UTF-8 without control characters (IEEE 802.11-2020 §9.4.2.2).
    pub ssid: String,
    pub security: Security,
    /// The network does not announce its name.
    pub hidden: bool,
    pub syntax: WifiSyntax,
}

/// How a network is protected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Security {
    /// Nothing, or opportunistic encryption (OWE): no password either way.
    #[default]
    Open,
    /// 5, 13, 16 or 29 printable ASCII characters, or twice as many hexadecimal digits.
    Wep { key: String },
    /// WPA, WPA2, and WPA3 in transition mode, with a password for all: 8..=63 printable ASCII characters, or 64
    /// hexadecimal digits for the key itself (IEEE 802.11-2020 annex J.4.1).
    Wpa { password: String },
    /// WPA3 only: 1..=128 bytes of UTF-8 without control characters. `T:SAE` in the plain syntax, as Android writes and
    /// reads it; `T:WPA;R:1` in that of WPA3.
    Sae { password: String },
    /// A password per user (WPA2 and WPA3 Enterprise). Only in the plain syntax.
    Eap(Eap),
}

/// The fields of IEEE 802.1X that ZXing reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Eap {
    pub method: EapMethod,
    /// 1..=253 bytes without control characters (RFC 7542 §2.3).
    pub identity: String,
    /// The identity outside of the tunnel, unencrypted; same limits.
    pub anonymous_identity: Option<String>,
    /// 1..=128 bytes without control characters.
    pub password: String,
}

/// The methods that work with a password; `TLS` and the SIM methods need certificates or a SIM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EapMethod {
    Peap(Phase2),
    Ttls(Phase2),
    Pwd,
}

/// The protocol inside the tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase2 {
    Gtc,
    Mschap,
    Mschapv2,
    Pap,
}

/// The syntax, by the symbol's readers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WifiSyntax {
    /// The format of ZXing's wiki ("Barcode Contents"), escaped with backslashes: every phone reads it. A value that
    /// looks hexadecimal stays as it is: iOS, and Android since it has `WifiUriParser`, take quotes for a part of the name
    /// or password (`QRCoder` issue 440), and neither takes an SSID for hexadecimal.
    /// Android before that takes the end of a value that ends in a backslash for escaped; nothing can be done about it.
    #[default]
    Plain,
    /// The same with quotes around an SSID or password of only hexadecimal digits, as the wiki asks for. Only ZXing's own
    /// application needs them.
    QuotedHex,
    /// WPA3 Specification 3.0 §7 ("WIFI URI"): percent-encoded, `R:1` where only WPA3 will do. No WEP, no EAP. For
    /// readers that conform; those for the plain syntax get names and passwords wrong that have `%`, `;`, `,`, `:`, `"`
    /// or letters beyond ASCII.
    Wpa3,
}

impl Wifi {
    /// # Errors
    /// Names `ssid`, `syntax`, `key`, `password`, `identity`, `anonymous_identity`.
    pub fn build(&self) -> Result<Payload, Error> {
        let mut faults = Faults::default();
        let ssid = faults.keep("ssid", bytes(&self.ssid, 32));
        let syntax = self.syntax;
        if syntax == WifiSyntax::Wpa3
            && matches!(self.security, Security::Wep { .. } | Security::Eap(_))
        {
            let right = "must be the plain one for WEP and EAP";
            faults.add("syntax", Wrong::new("has no such security", right));
        }
        let mut fields = Fields::new("WIFI:");
        if let Some(name) = self.security.name(syntax) {
            fields.push("T", name);
        }
        if syntax == WifiSyntax::Wpa3 && matches!(self.security, Security::Sae { .. }) {
            fields.push("R", "1");
        }
        fields.push("S", &syntax.value(&ssid));
        if self.hidden {
            fields.push("H", "true");
        }
        self.secrets(&mut faults, &mut fields);
        faults.finish(fields.finish())
    }

    fn secrets(&self, faults: &mut Faults, fields: &mut Fields) {
        let syntax = self.syntax;
        match &self.security {
            Security::Open => {}
            Security::Wep { key } => {
                let checked = faults.keep("key", wep(key));
                fields.push("P", &syntax.secret(&checked, is_wep_hex(key)));
            }
            Security::Wpa { password } => {
                let checked = faults.keep("password", wpa(password));
                fields.push("P", &syntax.secret(&checked, is_wpa_hex(password)));
            }
            Security::Sae { password } => {
                let checked = faults.keep("password", bytes(password, 128));
                fields.push("P", &syntax.secret(&checked, false));
            }
            Security::Eap(eap) => eap.push(faults, fields, syntax),
        }
    }
}

impl Security {
    /// The value of `T`.
    const fn name(&self, syntax: WifiSyntax) -> Option<&'static str> {
        match (self, syntax) {
            (Self::Open, WifiSyntax::Wpa3) => None,
            (Self::Open, _) => Some("nopass"),
            (Self::Wep { .. }, _) => Some("WEP"),
            (Self::Wpa { .. }, _) | (Self::Sae { .. }, WifiSyntax::Wpa3) => Some("WPA"),
            (Self::Sae { .. }, _) => Some("SAE"),
            (Self::Eap(_), _) => Some("WPA2-EAP"),
        }
    }
}

impl Eap {
    fn push(&self, faults: &mut Faults, fields: &mut Fields, syntax: WifiSyntax) {
        let (method, phase2) = self.method.names();
        fields.push("E", method);
        if let Some(phase2) = phase2 {
            fields.push("PH2", phase2);
        }
        let anonymous = self.anonymous_identity.as_deref();
        let anonymous = faults.keep_some("anonymous_identity", anonymous, |name| bytes(name, 253));
        if let Some(name) = anonymous {
            fields.push("A", &syntax.value(&name));
        }
        let identity = faults.keep("identity", bytes(&self.identity, 253));
        fields.push("I", &syntax.value(&identity));
        let password = faults.keep("password", bytes(&self.password, 128));
        fields.push("P", &syntax.secret(&password, false));
    }
}

impl WifiSyntax {
    /// A name.
    fn value(self, value: &str) -> String {
        self.secret(value, false)
    }

    /// A password, or with `is_key` the hexadecimal key itself, which is never quoted.
    fn secret(self, value: &str, is_key: bool) -> String {
        match self {
            // `printable` of the ABNF, without what it needs for itself and without what the plain syntax escapes.
            Self::Wpa3 => escape::percent(value, |b| {
                matches!(b, b' '..=b'~') && !b"%;:,\"\\".contains(&b)
            }),
            Self::QuotedHex if !is_key && is_hex(value) => format!("\"{value}\""),
            Self::Plain | Self::QuotedHex => escape::backslash(value, &[';', ',', ':', '"']),
        }
    }
}

impl EapMethod {
    /// Of the method and of phase 2, as Android's `WifiEnterpriseConfig` spells them.
    const fn names(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Peap(phase2) => ("PEAP", Some(phase2.name())),
            Self::Ttls(phase2) => ("TTLS", Some(phase2.name())),
            Self::Pwd => ("PWD", None),
        }
    }
}

impl Phase2 {
    const fn name(self) -> &'static str {
        match self {
            Self::Gtc => "GTC",
            Self::Mschap => "MSCHAP",
            Self::Mschapv2 => "MSCHAPV2",
            Self::Pap => "PAP",
        }
    }
}

fn is_hex(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_hexdigit())
}

fn is_wep_hex(key: &str) -> bool {
    matches!(key.len(), 10 | 26 | 32 | 58) && is_hex(key)
}

fn is_wpa_hex(password: &str) -> bool {
    password.len() == 64 && is_hex(password)
}

fn bytes(text: &str, max: usize) -> Checked<String> {
    check::one_line(text)?;
    if text.is_empty() || text.len() > max {
        return Err(Wrong::new(
            format!("is {} bytes long", text.len()),
            format!("must be 1 to {max}"),
        ));
    }
    Ok(text.to_owned())
}

fn wep(key: &str) -> Checked<String> {
    if is_wep_hex(key) || matches!(key.len(), 5 | 13 | 16 | 29) && check::is_printable(key) {
        return Ok(key.to_owned());
    }
    Err(Wrong::new(
        format!("is no WEP key at {} bytes", key.len()),
        "must be 5, 13, 16 or 29 printable ASCII characters, or 10, 26, 32 or 58 hexadecimal digits",
    ))
}

fn wpa(password: &str) -> Checked<String> {
    if is_wpa_hex(password) || matches!(password.len(), 8..=63) && check::is_printable(password) {
        return Ok(password.to_owned());
    }
    Err(Wrong::new(
        format!("is no WPA password at {} bytes", password.len()),
        "must be 8 to 63 printable ASCII characters, or 64 hexadecimal digits",
    ))
}

#[cfg(test)]
mod tests;
