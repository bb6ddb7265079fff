//! A network is read back the same by a reader that splits and by one that searches.

use symbol::payload::{Eap, EapMethod, Phase2, Security, Wifi, WifiSyntax};

use super::{built, fields, input::Input, percent_decoded};

fn wifi(input: &mut Input<'_>) -> Wifi {
    let ssid = input.text();
    let password = input.text();
    let phase2 = input.pick(&[Phase2::Gtc, Phase2::Mschap, Phase2::Mschapv2, Phase2::Pap]);
    let security = match input.number(0..=5) {
        0 => Security::Open,
        1 => Security::Wep {
            key: input
                .pick(&[
                    "12345",
                    "abcde;:,\\\"xyz",
                    "0123456789",
                    "short;",
                    "\\\\\\\\\\",
                ])
                .into(),
        },
        2 => Security::Sae { password },
        3 => Security::Eap(Eap {
            method: input.pick(&[
                EapMethod::Peap(phase2),
                EapMethod::Ttls(phase2),
                EapMethod::Pwd,
            ]),
            identity: input.text(),
            anonymous_identity: input.maybe(Input::text),
            password,
        }),
        _ => Security::Wpa { password },
    };
    Wifi {
        ssid,
        security,
        hidden: input.one_in(2),
        syntax: input.pick(&[WifiSyntax::Plain, WifiSyntax::QuotedHex, WifiSyntax::Wpa3]),
    }
}

/// Name and value of each field, in no order.
fn expected(wifi: &Wifi) -> Vec<(&'static str, String)> {
    let is_wpa3 = wifi.syntax == WifiSyntax::Wpa3;
    let mut out = vec![("S", wifi.ssid.clone())];
    if wifi.hidden {
        out.push(("H", "true".to_owned()));
    }
    let mut push = |name, value: &str| out.push((name, value.to_owned()));
    match &wifi.security {
        Security::Open if is_wpa3 => {}
        Security::Open => push("T", "nopass"),
        Security::Wep { key } => {
            push("T", "WEP");
            push("P", key);
        }
        Security::Wpa { password } => {
            push("T", "WPA");
            push("P", password);
        }
        Security::Sae { password } => {
            push("T", if is_wpa3 { "WPA" } else { "SAE" });
            if is_wpa3 {
                push("R", "1");
            }
            push("P", password);
        }
        Security::Eap(eap) => {
            push("T", "WPA2-EAP");
            let (method, phase2) = match eap.method {
                EapMethod::Peap(phase2) => ("PEAP", Some(phase2)),
                EapMethod::Ttls(phase2) => ("TTLS", Some(phase2)),
                EapMethod::Pwd => ("PWD", None),
            };
            push("E", method);
            if let Some(phase2) = phase2 {
                push("PH2", &format!("{phase2:?}").to_ascii_uppercase());
            }
            if let Some(name) = &eap.anonymous_identity {
                push("A", name);
            }
            push("I", &eap.identity);
            push("P", &eap.password);
        }
    }
    out
}

/// The value as a reader of that syntax takes it. Only ZXing's quotes are bare.
fn value(raw: &str, syntax: WifiSyntax) -> String {
    match syntax {
        WifiSyntax::Wpa3 => percent_decoded(raw, " !#$&'()*+/<=>?@[]^`{|}"),
        WifiSyntax::QuotedHex if raw.len() > 2 && raw.starts_with('"') => {
            raw[1..raw.len() - 1].to_owned()
        }
        _ => fields::unescaped(raw),
    }
}

pub fn check(bytes: &[u8]) -> bool {
    let wifi = wifi(&mut Input::new(bytes));
    let Some(out) = built(wifi.build()) else {
        return false;
    };
    let mut wanted = expected(&wifi);
    for (name, wanted) in &wanted {
        // ZXing takes the first; Wpa3 values have nothing for it to unescape.
        let found = fields::searched(&out["WIFI:".len()..], &format!("{name}:"));
        assert_eq!(found.len(), 1, "{name} in {out}");
        let raw = match wifi.syntax {
            WifiSyntax::Wpa3 => value(&found[0], wifi.syntax),
            WifiSyntax::QuotedHex if *wanted != found[0] => found[0].trim_matches('"').to_owned(),
            _ => found[0].clone(),
        };
        assert_eq!(&raw, wanted, "{out}");
    }
    let mut found: Vec<_> = fields::strict(&out, "WIFI:")
        .into_iter()
        .map(|(name, raw)| (name, value(&raw, wifi.syntax)))
        .collect();
    found.sort();
    wanted.sort();
    let wanted: Vec<_> = wanted
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    assert_eq!(found, wanted, "{out}");
    true
}
