//! Exactly, without a clock: how often and how much one request allocates between its parsed head and its whole answer, and how
//! large its future is. See `scripts/bench guard`.
//!
//! The request runs on the thread that counts; the runtime's other threads store scans and keep caches, and are not counted.
//! hyper's own buffers are not, either: they live as long as a connection. Prints JSON lines.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::{hint::black_box, sync::Arc};

use base64ct::{Base64, Encoding as _};
use benches::timing::{self, Budget};
use poem::{
    Endpoint, Request, Response,
    endpoint::{DynEndpoint, ToDynEndpoint},
    http::Method,
};
use qr_observatory::{
    app::App,
    config::Config,
    http,
    identity::{Action, Browser, Credentials, policy::decide},
    kernel::{Ctx, SystemClock},
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// Before anything is counted: caches are filled, handles of metrics made, tables grown.
const WARM: usize = 50;
/// The median counts: some other request may be the one that grows a table.
const ROUNDS: usize = 51;
const PASSWORD: &str = "guard-password";
const AGENT: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                     Version/17.4 Mobile/15E148 Safari/604.1";

/// What one kind of request costs.
#[derive(Debug)]
struct Cost {
    name: &'static str,
    allocations: u64,
    bytes: u64,
    /// The most that is held at once.
    held: u64,
    /// Of the future that answers it, as the connection holds it.
    future: usize,
}

/// The product in this process, with an empty database.
struct Product {
    runtime: Runtime,
    app: Arc<App>,
    routes: Arc<dyn DynEndpoint<Output = Response>>,
    /// Size of the future that answers a request, as a connection holds it.
    future: usize,
    _folder: TempDir,
}

fn product() -> Product {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite://{}/guard.db?mode=rwc", folder.path().display());
    let data = folder.path().to_string_lossy().into_owned();
    let settings = [
        ("ADMIN_PASSWORD", PASSWORD),
        ("BASE_URL", "http://localhost:8080"),
        ("DATABASE_URL", &database),
        ("DATA_DIR", &data),
        ("USE_NEW_QR_GENERATION_SERVICE", "true"),
        // Counted, and never refused.
        ("LIMIT_API", "1000000"),
    ];
    let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let settings = Config::load(None, settings).unwrap();
    let runtime = Runtime::new().unwrap();
    let app = runtime.block_on(App::build(settings, Arc::new(SystemClock)));
    let app = app.unwrap();
    app.begin_serving();
    let routes = http::routes(&app);
    let future = size_of_val(&routes.get_response(Request::default()));
    Product {
        runtime,
        app,
        future,
        routes: Arc::new(ToDynEndpoint(routes)),
        _folder: folder,
    }
}

fn request(method: Method, path: &str, body: Option<&Value>) -> Request {
    let password = Base64::encode_string(format!("admin:{PASSWORD}").as_bytes());
    let request = Request::builder()
        .method(method)
        .uri(path.parse().unwrap())
        .header("host", "localhost:8080")
        .header("user-agent", AGENT)
        .header("accept", "*/*");
    let request = if path.starts_with("/r/") {
        request
    } else {
        request.header("authorization", format!("Basic {password}"))
    };
    match body {
        Some(body) => request
            .header("content-type", "application/json")
            .header("content-length", body.to_string().len().to_string())
            .body(body.to_string()),
        None => request.finish(),
    }
}

impl Product {
    /// The answer's body; panics unless the answer is a success or a redirect.
    fn ask(&self, request: Request) -> Vec<u8> {
        self.runtime.block_on(async {
            let answer = self.routes.call(request).await.unwrap();
            let status = answer.status();
            let body = answer.into_body().into_vec().await.unwrap();
            let is_good = status.is_success() || status.is_redirection();
            assert!(is_good, "{status}: {}", String::from_utf8_lossy(&body));
            body
        })
    }

    fn cost(&self, name: &'static str, ask: impl Fn() -> Request) -> Cost {
        (0..WARM).for_each(|_| drop(self.ask(ask())));
        let mut counted: Vec<_> = (0..ROUNDS)
            .map(|_| {
                let request = ask();
                allocation_counter::measure(|| drop(self.ask(request)))
            })
            .map(|counts| (counts.count_total, counts.bytes_total, counts.bytes_max))
            .collect();
        counted.sort_unstable();
        let (allocations, bytes, held) = counted[ROUNDS / 2];
        // The future is boxed here only: a connection holds it in its own memory.
        let boxed = self.future as u64;
        Cost {
            name,
            allocations: allocations - 1,
            bytes: bytes - boxed,
            held: held - boxed,
            future: self.future,
        }
    }
}

/// For a profiler: asks one kind of question many times.
fn repeat(name: &str, rounds: usize) {
    with_questions(|product, questions| {
        for (known, ask) in questions {
            if *known == name {
                (0..rounds).for_each(|_| drop(product.ask(ask())));
            }
        }
    });
}

fn cost(product: &Product, (name, ask): &Question<'_>) -> Cost {
    product.cost(name, ask)
}

/// A kind of request, and what makes one.
type Question<'q> = (&'static str, &'q dyn Fn() -> Request);

fn with_questions<T>(run: impl FnOnce(&Product, &[Question<'_>]) -> T) -> T {
    let product = product();
    let new = json!({"redirect_url": "https://example.org/a/page?with=a&query=1"});
    let create = || request(Method::POST, "/api/v1/qr/dynamic", Some(&new));
    let made: Value = serde_json::from_slice(&product.ask(create())).unwrap();
    let field = |name: &str| made[name].as_str().unwrap().to_owned();
    let redirect = format!("/r/{}?scan_ref=qr", field("short_id"));
    let code = format!("/api/v1/qr/{}", field("id"));
    let image = format!("{code}/image");
    let get = |path: &str| request(Method::GET, path, None);
    let not_modified = || {
        let mut request = get(&image);
        let any = poem::http::HeaderValue::from_static("*");
        request.headers_mut().insert("if-none-match", any);
        request
    };
    let result = run(
        &product,
        &[
            ("redirect", &|| get(&redirect)),
            ("image/cached", &|| get(&image)),
            ("image/not_modified", &not_modified),
            ("code", &|| get(&code)),
            ("list", &|| get("/api/v1/qr?limit=20")),
            ("create", &create),
        ],
    );
    product.runtime.block_on(async {
        product.app.finish(std::time::Duration::from_secs(5)).await;
        product.app.close().await;
    });
    result
}

/// What a request spends on knowing who asks and whether they may: nanoseconds by way, and of the policy alone. A quota is counted,
/// too.
fn credentials(product: &Product) -> Vec<(&'static str, f64)> {
    let auth = &product.app.auth;
    let browser = Browser::default;
    let signed = product.runtime.block_on(async {
        let session = auth
            .sessions
            .sign_in("admin", PASSWORD.to_owned(), browser());
        let draft = auth.keys.draft("guard", &["codes:read".to_owned()], None);
        let key = auth.keys.issue_for("admin", None, draft.unwrap(), None);
        (session.await.unwrap(), key.await.unwrap())
    });
    let (session, key) = signed;
    let basic = format!(
        "Basic {}",
        Base64::encode_string(format!("admin:{PASSWORD}").as_bytes())
    );
    let bearer = format!("Bearer {}", key.key);
    let ways = [
        ("basic", Credentials::Authorization(basic.as_bytes())),
        ("key", Credentials::Authorization(bearer.as_bytes())),
        ("session", Credentials::Session(session.token.as_bytes())),
    ];
    let ctx = Ctx::new(product.app.ids.next(), product.app.clock.instant());
    let mut costs: Vec<_> = ways
        .iter()
        .map(|(way, credentials)| {
            let ask = || async {
                let caller = match auth.remembered(credentials, None).await {
                    Some(caller) => caller,
                    None => auth.authenticate(&ctx, credentials, None).await.unwrap(),
                };
                let _ = black_box(auth.limits.api(&caller));
                auth.allow(&caller, Action::ViewCodes).unwrap();
            };
            let run = &mut || product.runtime.block_on(ask());
            let nothing = &mut || product.runtime.block_on(async {});
            let (took, around) = timing::compare(Budget::FULL, run, nothing);
            (*way, took - around)
        })
        .collect();
    let (caller, now) = (&session.caller, product.app.clock.now());
    let run = &mut || {
        black_box(decide(black_box(caller), Action::ViewCodes, now));
    };
    costs.push(("decide", timing::compare(Budget::FULL, run, &mut || {}).0));
    costs
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    if let (Some(name), Some(rounds)) = (arguments.next(), arguments.next()) {
        return repeat(&name, rounds.parse().unwrap());
    }
    let (costs, credentials) = with_questions(|product, questions| {
        let costs: Vec<_> = questions.iter().map(|q| cost(product, q)).collect();
        (costs, credentials(product))
    });
    for (way, took) in credentials {
        println!(
            "{}",
            json!({ "bench": format!("guard/{way}"), "ns": took.round() })
        );
    }
    for cost in costs {
        let line = json!({
            "bench": format!("guard/{}", cost.name),
            "allocations": cost.allocations,
            "bytes": cost.bytes,
            "held_bytes": cost.held,
            "future_bytes": cost.future,
        });
        println!("{line}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A change that allocates less, or makes a future smaller, lowers its line; none raises one. The first three are exact; the
    /// others build JSON, whose buffers grow with what is in it.
    #[rustfmt::skip]
    const CEILINGS: [(&str, u64, u64, usize); 6] = [
        // The future grew by 40 bytes with the ways of codes that have rules, times or a password.
        // name, allocations, bytes, future
        ("redirect",             5,    300,   3_000),
        // These two have one more than before images had a grade: the name of its header.
        ("image/cached",        18,  7_130,   3_000),
        ("image/not_modified",  14,  6_520,   3_000),
        ("code",                94,  29_500,  3_000),
        // A row has five more columns since codes have plans, styles, payloads and tags.
        ("list",               390, 105_000,  3_000),
        // Since who made a code is written in the same transaction: 77 and 12 kB more than the code alone.
        ("create",             263,  74_000,  3_000),
    ];

    #[test]
    fn no_request_costs_more_memory_than_it_did() {
        let costs = with_questions(|product, questions| {
            let costs = questions.iter().map(|q| cost(product, q));
            costs.collect::<Vec<_>>()
        });
        for (cost, (name, allocations, bytes, future)) in costs.iter().zip(CEILINGS) {
            assert_eq!(cost.name, name);
            let is_within =
                cost.allocations <= allocations && cost.bytes <= bytes && cost.future <= future;
            assert!(
                is_within,
                "{cost:?} is over {:?}",
                (allocations, bytes, future)
            );
        }
    }
}
