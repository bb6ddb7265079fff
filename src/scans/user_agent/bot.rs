//! Programs that fetch a page without showing it to a person: crawlers, link previews, monitors, HTTP libraries.
//!
//! HTTP libraries inside phone apps (okhttp, Dalvik, `CFNetwork`) are bots here: the app looked where a link leads. If
//! its user then opens the page, a browser comes for it, and only that one is a person.

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

/// How the headers of programs without a browser begin, in lower case, and their names. A browser begins with
/// `Mozilla/` or `Opera/`.
const BEGINNING: [(&str, &str); 36] = [
    ("whatsapp/", "WhatsApp"),
    ("viber", "Viber"),
    ("curl/", "curl"),
    ("wget/", "Wget"),
    ("httpie/", "HTTPie"),
    ("python-requests/", "python-requests"),
    ("python-urllib", "Python-urllib"),
    ("python-httpx/", "python-httpx"),
    ("python/", "Python"),
    ("aiohttp/", "aiohttp"),
    ("scrapy/", "Scrapy"),
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
    ("apachebench/", "ApacheBench"),
    ("k6/", "k6"),
];

/// The name of the bot that sent this header, if one did.
pub fn name(agent: &str) -> Option<&'static str> {
    let lower = agent.trim().to_ascii_lowercase();
    let anywhere = ANYWHERE.iter().find(|(mark, _)| lower.contains(mark));
    let beginning = || BEGINNING.iter().find(|(mark, _)| lower.starts_with(mark));
    if let Some((_, name)) = anywhere.or_else(beginning) {
        return Some(name);
    }
    // The networking of iOS and macOS, used by an app directly.
    if lower.contains("cfnetwork/") && !lower.starts_with("mozilla/") {
        return Some("CFNetwork");
    }
    calls_itself_one(&lower).then_some("Other bot")
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
