//! Programs that fetch a page without showing it to a person: crawlers, link previews, monitors; and HTTP libraries,
//! of which that cannot be told.
//!
//! A scanner app that opens what it read often does so through okhttp, Dalvik or `CFNetwork`, and the system that is
//! being replaced counted curl and its like. So a library is no bot: it is counted, and shown by its name.

/// What a header holds, in lower case, and the bot's name. The first match wins.
const ANYWHERE: [(&str, &str); 60] = [
    ("facebookexternalhit", "facebookexternalhit"),
    ("facebot", "facebookexternalhit"),
    ("meta-external", "meta-externalagent"),
    ("slackbot", "Slackbot"),
    ("slack-imgproxy", "Slackbot"),
    ("telegrambot", "TelegramBot"),
    ("twitterbot", "Twitterbot"),
    ("discordbot", "Discordbot"),
    ("linkedinbot", "LinkedInBot"),
    ("pinterestbot", "Pinterestbot"),
    ("skypeuripreview", "SkypeUriPreview"),
    ("microsoftpreview", "MicrosoftPreview"),
    ("snap url preview", "Snapchat preview"),
    ("redditbot", "redditbot"),
    ("mastodon/", "Mastodon"),
    ("iframely", "Iframely"),
    ("embedly", "Embedly"),
    ("vkshare", "vkShare"),
    ("googlebot", "Googlebot"),
    ("adsbot-google", "AdsBot-Google"),
    ("google-inspectiontool", "Google-InspectionTool"),
    ("google-read-aloud", "Google-Read-Aloud"),
    ("google-safety", "Google-Safety"),
    ("googleother", "GoogleOther"),
    ("googleimageproxy", "GoogleImageProxy"),
    ("google web preview", "Google Web Preview"),
    ("mediapartners-google", "Mediapartners-Google"),
    ("apis-google", "APIs-Google"),
    ("bingbot", "bingbot"),
    ("bingpreview", "BingPreview"),
    ("yandex.com/bots", "YandexBot"),
    ("baiduspider", "Baiduspider"),
    ("bytespider", "Bytespider"),
    ("duckduckbot", "DuckDuckBot"),
    ("applebot", "Applebot"),
    ("yahoo! slurp", "Yahoo! Slurp"),
    ("ahrefsbot", "AhrefsBot"),
    ("semrushbot", "SemrushBot"),
    ("gptbot", "GPTBot"),
    ("chatgpt-user", "ChatGPT-User"),
    ("claudebot", "ClaudeBot"),
    ("claude-user", "Claude-User"),
    ("perplexity", "PerplexityBot"),
    ("ccbot", "CCBot"),
    ("headlesschrome", "HeadlessChrome"),
    ("phantomjs", "PhantomJS"),
    ("puppeteer", "Puppeteer"),
    ("playwright", "Playwright"),
    ("selenium", "Selenium"),
    ("chrome-lighthouse", "Lighthouse"),
    ("ptst/", "WebPageTest"),
    ("uptimerobot", "UptimeRobot"),
    ("pingdom", "Pingdom"),
    ("statuscake", "StatusCake"),
    ("site24x7", "Site24x7"),
    ("googlehc/", "GoogleHC"),
    ("elb-healthchecker", "ELB-HealthChecker"),
    ("kube-probe", "kube-probe"),
    ("blackbox exporter", "Blackbox Exporter"),
    ("virustotal", "VirusTotal"),
];

/// How the headers of previews, crawlers and load generators without a browser begin, in lower case, and their names.
const BEGINNING: [(&str, &str); 5] = [
    ("whatsapp/", "WhatsApp"),
    ("viber", "Viber"),
    ("scrapy/", "Scrapy"),
    ("apachebench/", "ApacheBench"),
    ("k6/", "k6"),
];

/// How the headers of HTTP libraries begin. A browser begins with `Mozilla/` or `Opera/`.
const LIBRARIES: [(&str, &str); 31] = [
    ("curl/", "curl"),
    ("wget/", "Wget"),
    ("httpie/", "HTTPie"),
    ("python-requests/", "python-requests"),
    ("python-urllib", "Python-urllib"),
    ("python-httpx/", "python-httpx"),
    ("python/", "Python"),
    ("aiohttp/", "aiohttp"),
    ("go-http-client/", "Go-http-client"),
    ("fasthttp", "fasthttp"),
    ("okhttp", "okhttp"),
    ("dalvik/", "Dalvik"),
    ("java/", "Java"),
    ("java-http-client/", "Java-http-client"),
    ("apache-httpclient/", "Apache-HttpClient"),
    ("node-fetch", "node-fetch"),
    ("node", "Node.js"),
    ("undici", "undici"),
    ("axios/", "axios"),
    ("got ", "got"),
    ("got/", "got"),
    ("dart/", "Dart"),
    ("ruby", "Ruby"),
    ("faraday", "Faraday"),
    ("php", "PHP"),
    ("guzzlehttp/", "GuzzleHttp"),
    ("libwww-perl/", "libwww-perl"),
    ("reqwest/", "reqwest"),
    ("hyper/", "hyper"),
    ("postmanruntime/", "PostmanRuntime"),
    ("insomnia/", "Insomnia"),
];

/// The name of the bot that sent this header, if one did.
pub fn name(agent: &str) -> Option<&'static str> {
    let lower = agent.trim().to_ascii_lowercase();
    let anywhere = ANYWHERE.iter().find(|(mark, _)| lower.contains(mark));
    let beginning = || BEGINNING.iter().find(|(mark, _)| lower.starts_with(mark));
    if let Some((_, name)) = anywhere.or_else(beginning) {
        return Some(name);
    }
    calls_itself_one(&lower).then_some("Other bot")
}

/// The name of the HTTP library that sent this header, if one did.
pub fn library(agent: &str) -> Option<&'static str> {
    let lower = agent.trim().to_ascii_lowercase();
    // The networking of iOS and macOS, used by an app directly.
    if lower.contains("cfnetwork/") && !lower.starts_with("mozilla/") {
        return Some("CFNetwork");
    }
    let known = LIBRARIES.iter().find(|(mark, _)| lower.starts_with(mark));
    known.map(|(_, name)| *name)
}

/// By convention a bot gives an address where it is explained, or its name ends in what it is. `CUBOT` makes phones.
fn calls_itself_one(lower: &str) -> bool {
    let is_word_end = |rest: &str| !rest.starts_with(|c: char| c.is_ascii_alphanumeric());
    let ends_in = |word: &str| {
        lower
            .match_indices(word)
            .any(|(at, _)| !lower[..at].ends_with("cu") && is_word_end(&lower[at + word.len()..]))
    };
    lower.contains("+http") || ["bot", "crawler", "spider"].into_iter().any(ends_in)
}
