//! Wi-Fi networks.

use poem_openapi::Object;
use serde::Deserialize;
use symbol::payload::{
    Eap, EapMethod, Payload, Phase2, Security, Wifi as Network, WifiSyntax as Syntax,
};

use super::kinds::told;
use crate::http::api::{
    faults::Faults,
    word::{Vocabulary, Word, spelled},
};

/// Joining a network
#[derive(Deserialize, Object)]
#[oai(rename = "PayloadWifi")]
#[serde(deny_unknown_fields)]
pub struct Wifi {
    /// 1 to 32 bytes
    ssid: String,
    /// `wpa` with a password, else `open`
    security: Option<Word<Protection>>,
    /// The key of `wep`
    password: Option<String>,
    /// The network does not announce its name (false)
    #[oai(default)]
    #[serde(default)]
    hidden: bool,
    /// Of `eap` (peap)
    eap_method: Option<Word<Method>>,
    /// Inside the tunnel of `peap` and `ttls` (mschapv2)
    phase2: Option<Word<Phase2>>,
    /// Of `eap`
    identity: Option<String>,
    /// Of `eap`, outside of the tunnel
    anonymous_identity: Option<String>,
    /// `plain` is what every phone reads; `quoted-hex` is that of ZXing's own application, `wpa3` that of the WPA3 specification (plain)
    syntax: Option<Word<Syntax>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Protection {
    Open,
    Wpa,
    Sae,
    Wep,
    Eap,
}

/// In either case, as settings of routers spell them.
impl Vocabulary for Protection {
    fn words() -> Vec<&'static str> {
        vec!["open", "wpa", "sae", "wep", "eap"]
    }

    fn find(word: &str) -> Option<Self> {
        match word.to_ascii_lowercase().as_str() {
            "open" | "nopass" => Some(Self::Open),
            "wpa" | "wpa2" => Some(Self::Wpa),
            "sae" | "wpa3" => Some(Self::Sae),
            "wep" => Some(Self::Wep),
            "eap" => Some(Self::Eap),
            _ => None,
        }
    }
}

#[derive(Clone, Copy)]
enum Method {
    Peap,
    Ttls,
    Pwd,
}

spelled! { Method: "peap" = Peap, "ttls" = Ttls, "pwd" = Pwd }
spelled! { Phase2: "mschapv2" = Mschapv2, "mschap" = Mschap, "pap" = Pap, "gtc" = Gtc }
spelled! { Syntax: "plain" = Plain, "quoted-hex" = QuotedHex, "wpa3" = Wpa3 }

impl Wifi {
    pub fn build(&self, faults: &mut Faults) -> Option<Payload> {
        let guess = if self.password.is_some() {
            Protection::Wpa
        } else {
            Protection::Open
        };
        let asked = faults.word("security", self.security.as_ref());
        let syntax = faults.word("syntax", self.syntax.as_ref());
        let network = Network {
            ssid: self.ssid.clone(),
            security: self.security(asked.unwrap_or(guess), faults),
            hidden: self.hidden,
            syntax: syntax.unwrap_or_default(),
        };
        told(network.build(), &[("key", "password")], faults)
    }

    fn security(&self, asked: Protection, faults: &mut Faults) -> Security {
        if asked != Protection::Eap {
            for (field, is_given) in [
                ("eap_method", self.eap_method.is_some()),
                ("phase2", self.phase2.is_some()),
                ("identity", self.identity.is_some()),
                ("anonymous_identity", self.anonymous_identity.is_some()),
            ] {
                if is_given {
                    faults.add(field, "needs security eap");
                }
            }
        }
        if asked == Protection::Open {
            if self.password.is_some() {
                faults.add("password", "must be left out of an open network");
            }
            return Security::Open;
        }
        let Some(password) = self.password.clone() else {
            faults.add("password", "must be given with this security");
            return Security::Open;
        };
        match asked {
            Protection::Open | Protection::Wpa => Security::Wpa { password },
            Protection::Sae => Security::Sae { password },
            Protection::Wep => Security::Wep { key: password },
            Protection::Eap => self.eap(password, faults),
        }
    }

    fn eap(&self, password: String, faults: &mut Faults) -> Security {
        let method = faults.word("eap_method", self.eap_method.as_ref());
        let phase2 = faults.word("phase2", self.phase2.as_ref());
        if self.identity.is_none() {
            faults.add("identity", "must be given with security eap");
        }
        let inside = phase2.unwrap_or(Phase2::Mschapv2);
        let method = match method.unwrap_or(Method::Peap) {
            Method::Peap => EapMethod::Peap(inside),
            Method::Ttls => EapMethod::Ttls(inside),
            Method::Pwd => {
                if self.phase2.is_some() {
                    faults.add("phase2", "must be left out with eap_method pwd");
                }
                EapMethod::Pwd
            }
        };
        Security::Eap(Eap {
            method,
            identity: self.identity.clone().unwrap_or_default(),
            anonymous_identity: self.anonymous_identity.clone(),
            password,
        })
    }
}
