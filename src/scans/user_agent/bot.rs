//! Programs that fetch a page without showing it to a person: crawlers, link previews, monitors; and HTTP libraries,
//! of which that cannot be told.
//!
//! Crawlers are known by a list that others maintain, `crawlers.tsv`, and by what they say of themselves. A scanner app that
//! opens what it read often does so through okhttp, Dalvik or `CFNetwork`, and the system that is being replaced counted curl
//! and its like. So a library is no bot: it is counted, and shown by its name.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

/// Name and text of a crawler, tab between them. `^` and `$`: at the beginning, at the end. `scripts/renew_crawlers` makes it.
const LIST: &str = include_str!("crawlers.tsv");

/// What the list lacks. How a header begins, in lower case, and the bot's name.
const BEGINNING: [(&str, &str); 9] = [
    ("googlehc/", "GoogleHC"),
    ("elb-healthchecker", "ELB-HealthChecker"),
    ("kube-probe", "kube-probe"),
    ("apachebench/", "ApacheBench"),
    ("k6/", "k6"),
    // Servers of the fediverse, which look at the links in what they are sent.
    ("pleroma", "Pleroma"),
    ("akkoma", "Akkoma"),
    ("misskey/", "Misskey"),
    ("peertube/", "PeerTube"),
];

/// What calls itself one of these is one, whatever else its header says. None is in a browser's.
const TRADES: [&str; 5] = ["crawl", "scraper", "fetcher", "unfurl", "preview"];

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

struct Crawlers {
    texts: AhoCorasick,
    /// By the number of a text.
    known: Vec<Known>,
}

struct Known {
    name: &'static str,
    is_beginning: bool,
    is_end: bool,
}

/// `None` if the list could not be read, which a test excludes.
static CRAWLERS: LazyLock<Option<Crawlers>> = LazyLock::new(|| {
    let lines = LIST.lines().filter(|line| !line.starts_with('#'));
    let (texts, known): (Vec<&str>, Vec<Known>) = lines
        .filter_map(|line| line.split_once('\t'))
        .map(|(name, written)| {
            let text = written.strip_prefix('^').unwrap_or(written);
            let text = text.strip_suffix('$').unwrap_or(text);
            let known = Known {
                name,
                is_beginning: written.starts_with('^'),
                is_end: written.ends_with('$'),
            };
            (text, known)
        })
        .unzip();
    let texts = AhoCorasick::new(texts).ok()?;
    Some(Crawlers { texts, known })
});

/// The name of the bot that sent this header, if one did.
pub fn name(agent: &str) -> Option<&'static str> {
    let agent = agent.trim();
    listed(agent).or_else(|| {
        let lower = agent.to_ascii_lowercase();
        let beginning = BEGINNING.iter().find(|(mark, _)| lower.starts_with(mark));
        match beginning {
            Some((_, name)) => Some(*name),
            None => calls_itself_one(&lower).then_some("Other bot"),
        }
    })
}

/// The first crawler of the list that is in this header. A text counts where a word begins: `AppleSpotbot` is no `spotbot`.
fn listed(agent: &str) -> Option<&'static str> {
    let crawlers = CRAWLERS.as_ref()?;
    let letter = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = agent.as_bytes();
    let found = crawlers.texts.find_overlapping_iter(bytes).filter(|found| {
        let (start, known) = (found.start(), &crawlers.known[found.pattern()]);
        let inside = start > 0 && letter(bytes.get(start - 1)) && letter(bytes.get(start));
        !(inside || known.is_beginning && start > 0 || known.is_end && found.end() < bytes.len())
    });
    let first = found.map(|found| found.pattern()).min()?;
    Some(crawlers.known[first].name)
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

/// By convention a bot gives an address where it is explained, or its name is or ends in what it does. Phones are called like that,
/// too (`CUBOT`, `M bot 54`): what Android says of itself is not looked at for names.
fn calls_itself_one(lower: &str) -> bool {
    let explains = |mark| lower.contains(mark);
    let named = match lower.split_once("; android ") {
        Some((_, rest)) => rest.split_once(')').map_or("", |(_, after)| after),
        None => lower,
    };
    let ends_in = |word: &str| {
        let ends_a_word = |rest: &str| !rest.starts_with(|c: char| c.is_ascii_alphanumeric());
        let mut places = named.match_indices(word);
        places.any(|(at, _)| ends_a_word(&named[at + word.len()..]))
    };
    ["+http", "+mailto:"].into_iter().any(explains)
        || explains("compatible;") && explains("http") && !explains("msie")
        || TRADES.into_iter().any(explains)
        || ["bot", "spider"].into_iter().any(ends_in)
}
