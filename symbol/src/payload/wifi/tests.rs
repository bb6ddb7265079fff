//! Invariant: the examples of ZXing's wiki and of the WPA3 specification come out as they stand there.

use super::*;

fn wpa(ssid: &str, password: &str) -> Wifi {
    Wifi {
        ssid: ssid.into(),
        security: Security::Wpa {
            password: password.into(),
        },
        ..Wifi::default()
    }
}

fn build(wifi: &Wifi) -> Result<String, String> {
    wifi.build()
        .map(Payload::into_text)
        .map_err(|e| e.to_string())
}

#[test]
fn examples_of_the_wiki() {
    assert_eq!(
        build(&wpa("mynetwork", "mypassword")).unwrap(),
        "WIFI:T:WPA;S:mynetwork;P:mypassword;;"
    );
    let open = Wifi {
        ssid: r#""foo;bar\baz""#.into(),
        hidden: true,
        ..Wifi::default()
    };
    assert_eq!(
        build(&open).unwrap(),
        r#"WIFI:T:nopass;S:\"foo\;bar\\baz\";H:true;;"#
    );
    let eap = Wifi {
        ssid: "eduroam".into(),
        security: Security::Eap(Eap {
            method: EapMethod::Ttls(Phase2::Mschapv2),
            identity: "me@uni.example".into(),
            anonymous_identity: Some("anon".into()),
            password: "secret".into(),
        }),
        ..Wifi::default()
    };
    assert_eq!(
        build(&eap).unwrap(),
        "WIFI:T:WPA2-EAP;S:eduroam;E:TTLS;PH2:MSCHAPV2;A:anon;I:me@uni.example;P:secret;;"
    );
}

#[test]
fn hexadecimal_is_quoted_only_on_request_and_never_for_a_key() {
    let mut wifi = wpa("CAFE", "12345678");
    assert_eq!(build(&wifi).unwrap(), "WIFI:T:WPA;S:CAFE;P:12345678;;");
    wifi.syntax = WifiSyntax::QuotedHex;
    assert_eq!(
        build(&wifi).unwrap(),
        "WIFI:T:WPA;S:\"CAFE\";P:\"12345678\";;"
    );
    let key = "0123456789abcdef".repeat(4);
    wifi.security = Security::Wpa {
        password: key.clone(),
    };
    assert_eq!(
        build(&wifi).unwrap(),
        format!("WIFI:T:WPA;S:\"CAFE\";P:{key};;")
    );
}

#[test]
fn percent_encoded_for_wpa3() {
    let mut wifi = Wifi {
        syntax: WifiSyntax::Wpa3,
        security: Security::Sae {
            password: "p;%ä".into(),
        },
        ..wpa("My Net:é", "")
    };
    assert_eq!(
        build(&wifi).unwrap(),
        "WIFI:T:WPA;R:1;S:My Net%3A%C3%A9;P:p%3B%25%C3%A4;;"
    );
    wifi.security = Security::Open;
    assert_eq!(build(&wifi).unwrap(), "WIFI:S:My Net%3A%C3%A9;;");
    wifi.security = Security::Wep {
        key: "12345".into(),
    };
    assert_eq!(
        build(&wifi).unwrap_err(),
        "syntax has no such security; must be the plain one for WEP and EAP"
    );
}

#[test]
fn lengths() {
    assert!(build(&wpa(&"é".repeat(16), "12345678")).is_ok());
    for (wifi, said) in [
        (wpa("", "12345678"), "ssid is 0 bytes long; must be 1 to 32"),
        (
            wpa(&"é".repeat(17), "12345678"),
            "ssid is 34 bytes long; must be 1 to 32",
        ),
        (
            wpa("a\nb", "12345678"),
            "ssid has U+000A at character 2; must be without control characters",
        ),
        (
            wpa("a", "1234567"),
            "password is no WPA password at 7 bytes; must be 8 to 63 printable ASCII characters, or 64 hexadecimal digits",
        ),
    ] {
        assert_eq!(build(&wifi).unwrap_err(), said);
    }
    for bad in ["g".repeat(64), "a".repeat(65), "pässword".into()] {
        assert!(build(&wpa("a", &bad)).is_err());
    }
    for (key, is_good) in [
        ("12345", true),
        ("123456", false),
        ("0123456789", true),
        ("012345678g", false),
    ] {
        let wifi = Wifi {
            security: Security::Wep { key: key.into() },
            ..wpa("a", "")
        };
        assert_eq!(build(&wifi).is_ok(), is_good, "{key}");
    }
}

#[test]
fn every_bad_field_is_named() {
    let eap = Eap {
        method: EapMethod::Pwd,
        identity: String::new(),
        anonymous_identity: Some("a\0".into()),
        password: String::new(),
    };
    let wifi = Wifi {
        security: Security::Eap(eap),
        ..wpa("", "")
    };
    let error = wifi.build().unwrap_err();
    let fields: Vec<_> = error.faults().iter().map(|f| f.field.as_ref()).collect();
    assert_eq!(
        fields,
        ["ssid", "anonymous_identity", "identity", "password"]
    );
}
