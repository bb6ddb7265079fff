//! How many series there are: a number of the source code's making, not of the traffic's.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    Client, Database, Server, Setup,
    client::{Auth, read},
    codes::create_dynamic,
    metrics::Scrape,
};

/// Samples that Prometheus keeps of one node, whatever happens to it: some hundred for each operation that is asked for.
const MOST: usize = 18_000;
/// Requests of one half of the day.
const REQUESTS: usize = 2_500;

/// Every operation there is, and methods there are none for, by people and by nobody, of things that are there and that are
/// not, in as many spellings as there are requests.
async fn half_a_day(server: &Server, ways: &[Way], half: usize) {
    let callers = [
        Client::admin(server),
        Client::anonymous(server),
        Client::with(server, Auth::ApiKey("qro_of_nobody".into())),
    ];
    let there = create_dynamic(&callers[0]).await;
    for n in 0..REQUESTS {
        let way = &ways[n % ways.len()];
        let made_up = format!("{half}-{n}");
        let id = if n % 2 == 0 { &there.id } else { &made_up };
        let path = way.path.replace("{id}", id);
        let path = path.replace("{slug}", &there.shared[3..]);
        let path = path.replace("{experiment}", "render");
        let path = path.replace(['{', '}'], "");
        let tail = ["", "/", "/below", "?image_format=svg", "?limit=-1"][n % 5];
        let client = &callers[(n / 7) % callers.len()];
        let agent = format!("Agent/{half}.{n} (of a kind; never seen)");
        let request = client
            .request(way.method.clone(), &format!("{path}{tail}"))
            .header("user-agent", agent)
            .header("referer", format!("https://{half}.example/{n}"))
            .header("x-request-id", format!("r{half}.{n}"));
        let request = match n % 3 {
            0 => request,
            1 => request.json(&json!({ "content": made_up, "redirect_url": format!("https://{half}.example/{n}") })),
            _ => request.header("content-type", "text/plain").body(vec![b'x'; n]),
        };
        // Whatever is answered, or that nothing is.
        let _ = read(request).await;
    }
}

/// A method and a path.
struct Way {
    method: Method,
    path: String,
}

fn ways(document: &Value) -> Vec<Way> {
    let paths = document["paths"].as_object().unwrap();
    // The stream has no end.
    let paths = paths.keys().filter(|p| !p.ends_with("/events"));
    let paths: Vec<&str> = paths.map(String::as_str).collect();
    let more = "/metrics /docs /nowhere /r/{slug} /r/a/b /ops/rollout".split(' ');
    let methods = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "BREW"];
    let mut ways = Vec::new();
    for path in paths.into_iter().chain(more) {
        for method in methods {
            ways.push(Way {
                method: Method::from_bytes(method.as_bytes()).unwrap(),
                path: path.to_owned(),
            });
        }
    }
    ways
}

#[tokio::test]
async fn a_day_of_everything_makes_a_bounded_number_of_them() {
    let server = Setup::on(Database::Sqlite).start().await;
    let client = Client::anonymous(&server);
    let document = client.get("/openapi.json").await.expect(200).json();
    let ways = ways(&document);
    let at_start = Scrape::of(&client).await.0.len();
    half_a_day(&server, &ways, 1).await;
    let at_noon = Scrape::of(&client).await.0.len();
    half_a_day(&server, &ways, 2).await;
    let text = client.get("/metrics").await.expect(200).text();
    let at_night = Scrape::parse(&text).0.len();
    println!("series: {at_start} at the start, {at_noon} at noon, {at_night} at night");
    assert!(at_night <= MOST, "{at_night} series");
    // The afternoon's agents, ids and paths were all new. What is left are answers that the morning did not happen to give.
    let few = at_noon / 20;
    assert!(at_night - at_noon <= few, "{at_noon}, then {at_night}");
    well_formed(&text);
}

/// As Prometheus' own tool sees it, which also knows what names should look like.
fn well_formed(text: &str) {
    let promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut promtool =
        promtool.unwrap_or_else(|e| panic!("promtool: {e}. scripts/test unpacks it"));
    let mut input = promtool.stdin.take().unwrap();
    input.write_all(text.as_bytes()).unwrap();
    drop(input);
    let output = promtool.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(output.status.success() && said.trim().is_empty(), "{said}");
}
