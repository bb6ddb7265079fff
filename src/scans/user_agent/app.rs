//! Apps that open pages in a browser of their own. There is a person in front of them.

/// What an app's header holds, and its name. The version follows the mark, up to the next separator.
const APPS: [(&str, &str); 19] = [
    ("Instagram ", "Instagram"),
    ("FBAV/", "Facebook"),
    ("FB_IAB/", "Facebook"),
    ("FBAN/", "Facebook"),
    ("musical_ly_", "TikTok"),
    ("BytedanceWebview/", "TikTok"),
    ("trill_", "TikTok"),
    ("MicroMessenger/", "WeChat"),
    (" Line/", "LINE"),
    ("KAKAOTALK ", "KakaoTalk"),
    ("Snapchat/", "Snapchat"),
    ("[Pinterest/", "Pinterest"),
    ("LinkedInApp", "LinkedIn"),
    ("Twitter for ", "Twitter"),
    ("TwitterAndroid", "Twitter"),
    ("DuckDuckGo/", "DuckDuckGo"),
    ("GSA/", "Google App"),
    ("OPT/", "Opera Touch"),
    ("UCBrowser/", "UC Browser"),
];

/// Name and version; the latter may be empty.
pub fn find(agent: &str) -> Option<(&'static str, &str)> {
    let (rest, name) = APPS
        .iter()
        .find_map(|(mark, name)| Some((agent.split_once(mark)?.1, *name)))?;
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.');
    Some((name, &rest[..end.unwrap_or(rest.len())]))
}
