use super::{DeviceType::*, *};
use proptest::prelude::*;

/// header, type, device, system, its version, program, its version
type Row = (
    &'static str,
    DeviceType,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

const PEOPLE: &[Row] = &[
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4.1 Mobile/15E148 Safari/604.1",
        Mobile,
        "iPhone",
        "iOS",
        "17.4.1",
        "Safari",
        "17.4.1",
    ),
    (
        "Mozilla/5.0 (iPad; CPU OS 12_5_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/12.1.2 Mobile/15E148 Safari/604.1",
        Tablet,
        "iPad",
        "iOS",
        "12.5.5",
        "Safari",
        "12.1.2",
    ),
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/123.0.6312.52 Mobile/15E148 Safari/604.1",
        Mobile,
        "iPhone",
        "iOS",
        "17.4",
        "Chrome",
        "123.0.6312.52",
    ),
    (
        "Mozilla/5.0 (Linux; Android 13; SM-G991B) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/112.0.0.0 Mobile Safari/537.36",
        Mobile,
        "SM-G991B",
        "Android",
        "13",
        "Chrome",
        "112.0.0.0",
    ),
    (
        "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Mobile Safari/537.36",
        Mobile,
        "Unknown",
        "Android",
        "10",
        "Chrome",
        "124.0.0.0",
    ),
    (
        "Mozilla/5.0 (Linux; U; Android 4.4.2; de-de; GT-I9505 Build/KOT49H) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/30.0.0.0 Mobile Safari/537.36",
        Mobile,
        "GT-I9505",
        "Android",
        "4.4.2",
        "Chrome",
        "30.0.0.0",
    ),
    (
        "Mozilla/5.0 (Linux; Android 12; SM-T870) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/110.0.0.0 Safari/537.36",
        Tablet,
        "SM-T870",
        "Android",
        "12",
        "Chrome",
        "110.0.0.0",
    ),
    (
        "Mozilla/5.0 (Linux; Android 13; SAMSUNG SM-S911B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/21.0 Chrome/110.0.5481.154 Mobile Safari/537.36",
        Mobile,
        "SAMSUNG SM-S911B",
        "Android",
        "13",
        "SamsungBrowser",
        "21.0",
    ),
    (
        "Mozilla/5.0 (Linux; Android 9; CUBOT_X19) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/90.0.4430.210 Mobile Safari/537.36",
        Mobile,
        "CUBOT_X19",
        "Android",
        "9",
        "Chrome",
        "90.0.4430.210",
    ),
    (
        "Mozilla/5.0 (Linux; Android 10; CUBOT) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/90.0.4430.210 Mobile Safari/537.36",
        Mobile,
        "CUBOT",
        "Android",
        "10",
        "Chrome",
        "90.0.4430.210",
    ),
    (
        "Mozilla/5.0 (Android 14; Mobile; rv:124.0) Gecko/124.0 Firefox/124.0",
        Mobile,
        "Unknown",
        "Android",
        "14",
        "Firefox",
        "124.0",
    ),
    (
        "Mozilla/5.0 (Android 13; Tablet; rv:109.0) Gecko/118.0 Firefox/118.0",
        Tablet,
        "Unknown",
        "Android",
        "13",
        "Firefox",
        "118.0",
    ),
    (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/123.0.0.0 Safari/537.36",
        Pc,
        "Unknown",
        "Windows",
        "10",
        "Chrome",
        "123.0.0.0",
    ),
    (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/123.0.0.0 Safari/537.36 Edg/123.0.2420.65",
        Pc,
        "Unknown",
        "Windows",
        "10",
        "Edge",
        "123.0.2420.65",
    ),
    (
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15",
        Pc,
        "Mac",
        "macOS",
        "10.15.7",
        "Safari",
        "17.4",
    ),
    (
        "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:124.0) Gecko/20100101 Firefox/124.0",
        Pc,
        "Unknown",
        "Linux",
        "Unknown",
        "Firefox",
        "124.0",
    ),
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 Instagram 289.0.0.18.109 (iPhone14,5; iOS 16_6; de_DE; de; scale=3.00; 1170x2532; 488883436)",
        Mobile,
        "iPhone",
        "iOS",
        "16.6",
        "Instagram",
        "289.0.0.18.109",
    ),
    (
        "Mozilla/5.0 (Linux; Android 13; SM-A536B Build/TP1A.220624.014; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/114.0.5735.60 Mobile Safari/537.36 [FB_IAB/FB4A;FBAV/414.0.0.30.113;]",
        Mobile,
        "SM-A536B",
        "Android",
        "13",
        "Facebook",
        "414.0.0.30.113",
    ),
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/21B74 [FBAN/FBIOS;FBDV/iPhone14,7;FBMD/iPhone;FBSN/iOS;FBSV/17.1;FBSS/3;FBID/phone;FBLC/en_US;FBOP/5]",
        Mobile,
        "iPhone",
        "iOS",
        "17.1",
        "Facebook",
        "Unknown",
    ),
    (
        "Mozilla/5.0 (Linux; Android 11; M2012K11AG Build/RKQ1; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/107.0 Mobile Safari/537.36 MicroMessenger/8.0.30",
        Mobile,
        "M2012K11AG",
        "Android",
        "11",
        "WeChat",
        "8.0.30",
    ),
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 16_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 [Pinterest/iOS]",
        Mobile,
        "iPhone",
        "iOS",
        "16.5",
        "Pinterest",
        "Unknown",
    ),
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) GSA/283.0 Mobile/15E148 Safari/604.1",
        Mobile,
        "iPhone",
        "iOS",
        "17.0",
        "Google App",
        "283.0",
    ),
    (
        "", Other, "Unknown", "Unknown", "Unknown", "Unknown", "Unknown",
    ),
    (
        "-", Other, "Unknown", "Unknown", "Unknown", "Unknown", "Unknown",
    ),
    (
        "something else",
        Other,
        "Unknown",
        "Unknown",
        "Unknown",
        "Unknown",
        "Unknown",
    ),
];

const BOTS: &[(&str, &str)] = &[
    ("WhatsApp/2.23.20.0", "WhatsApp"),
    ("WhatsApp/2.22.20.72 A", "WhatsApp"),
    (
        "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
        "facebookexternalhit",
    ),
    (
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0",
        "facebookexternalhit",
    ),
    (
        "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
        "Slackbot",
    ),
    ("Twitterbot/1.0", "Twitterbot"),
    ("TelegramBot (like TwitterBot)", "TelegramBot"),
    (
        "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
        "Discordbot",
    ),
    (
        "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)",
        "LinkedInBot",
    ),
    (
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Googlebot",
    ),
    (
        "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/W.X.Y.Z Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Googlebot",
    ),
    (
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm) Chrome/116.0 Safari/537.36",
        "bingbot",
    ),
    (
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
        "GPTBot",
    ),
    (
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/120.0.0.0 Safari/537.36",
        "HeadlessChrome",
    ),
    ("curl/8.5.0", "curl"),
    ("Wget/1.21.4", "Wget"),
    ("python-requests/2.31.0", "python-requests"),
    ("Go-http-client/2.0", "Go-http-client"),
    ("okhttp/4.12.0", "okhttp"),
    (
        "Dalvik/2.1.0 (Linux; U; Android 13; SM-G991B Build/TP1A)",
        "Dalvik",
    ),
    ("QRScanner/12 CFNetwork/1410.0.3 Darwin/22.6.0", "CFNetwork"),
    (
        "Mozilla/5.0 (compatible; SomethingNew/1.0; +https://example.com/why)",
        "Other bot",
    ),
    ("Mozilla/5.0 (compatible; unheard-of-crawler)", "Other bot"),
    ("MyBot", "Other bot"),
];

#[test]
fn people_have_devices() {
    for (header, device_type, device, os, os_version, browser, version) in PEOPLE {
        let expected = Parsed {
            device_type: *device_type,
            device_family: (*device).into(),
            os_family: (*os).into(),
            os_version: (*os_version).into(),
            browser_family: (*browser).into(),
            browser_version: (*version).into(),
        };
        assert_eq!(parse(header), expected, "{header}");
    }
}

#[test]
fn bots_have_names() {
    for (header, name) in BOTS {
        let parsed = parse(header);
        assert_eq!(parsed.device_type, Bot, "{header}");
        assert_eq!(parsed.browser_family, *name, "{header}");
        assert_eq!(parsed.device_family, UNKNOWN, "{header}");
    }
}

#[test]
fn what_is_too_long_is_cut_between_characters() {
    let header = format!("{}curl/8 Googlebot", "é".repeat(300));
    assert_eq!(parse(&header).device_type, Other);
}

proptest! {
    #[test]
    fn any_text_has_an_answer(text in "\\PC{0,300}") {
        let parsed = parse(&text);
        prop_assert!(!parsed.os_family.is_empty() && !parsed.browser_family.is_empty());
    }

    #[test]
    fn pieces_of_real_headers_have_an_answer(cut in 0..PEOPLE.len(), from in 0_usize..200, to in 0_usize..200, noise in ".{0,8}") {
        let header = PEOPLE[cut].0;
        let (from, to) = (from.min(header.len()), to.min(header.len()));
        let text = format!("{}{noise}{}", &header[..from], &header[to..]);
        prop_assert!(!parse(&text).device_family.is_empty());
    }
}
