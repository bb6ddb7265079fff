//! A certified provider of OpenID Connect (`tests/oidc/provider.mjs`), and as much of a browser as a sign-in needs.

#[path = "../../oidc/jar.rs"]
mod jar;
#[path = "../../oidc/posts.rs"]
mod posts;

use std::{
    io::{BufRead, BufReader},
    process::{Child, Stdio},
};

use reqwest::{
    Method,
    header::{CONTENT_TYPE, COOKIE},
    redirect::Policy,
};
use serde_json::Value;
use url::Url;

pub use jar::Jar;
pub use posts::Posts;

use super::{
    Answer, Client, Database, Server, Setup,
    client::{Auth, send},
    unleash::node,
};

pub const START: &str = "/api/session/single-sign-on";
pub const CALLBACK: &str = "/api/session/callback";
pub const LOGOUT: &str = "/api/session/back-channel-logout";

pub struct OidcProvider {
    child: Child,
    pub issuer: String,
}

/// A product, and the provider that it was set up with.
pub struct Site {
    pub server: Server,
    pub provider: OidcProvider,
}

impl Site {
    /// Set up, and not started.
    pub fn prepare(database: Database) -> Self {
        Self::at(database, "127.0.0.1")
    }

    /// The same, called by this name. The provider is at 127.0.0.1.
    pub fn at(database: Database, host: &str) -> Self {
        let mut server = Setup::on(database).prepare();
        let base = format!("http://{host}:{}", server.port);
        server.set("BASE_URL", base.clone());
        let provider = OidcProvider::start(&base);
        for (name, value) in [
            ("OIDC_ISSUER", provider.issuer.as_str()),
            ("OIDC_CLIENT_ID", "qr"),
            ("OIDC_CLIENT_SECRET", "secret with a space & more"),
            (
                "OIDC_ROLE_MAP",
                "qr-owners=owner,qr-admins=admin,qr-managers=manager,qr-analysts=analyst",
            ),
        ] {
            server.set(name, value);
        }
        Self { server, provider }
    }

    pub async fn start(database: Database) -> Self {
        let mut site = Self::prepare(database);
        site.server.start().await;
        site
    }
}

impl OidcProvider {
    /// One for the product at this address.
    fn start(product: &str) -> Self {
        let mut child = node(include_str!("../../oidc/provider.mjs"))
            .arg("port=0")
            .arg(format!("redirect={product}{CALLBACK}"))
            .arg(format!("logout={product}{LOGOUT}"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // It warns of keeping everything in memory.
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        let issuer = line.trim().strip_prefix("ready ").unwrap().to_owned();
        Self { child, issuer }
    }

    /// An error on purpose.
    pub async fn admin(&self, what: &str, body: &Value) {
        let url = format!("{}/admin/{what}", self.issuer);
        let answer = send(http().post(url).body(body.to_string())).await;
        assert!(answer.status < 300, "{}", answer.text());
    }

    pub async fn claims(&self, user: &str, claims: Value) {
        let body = serde_json::json!({ "sub": user, "claims": claims });
        self.admin("user", &body).await;
    }
}

impl Drop for OidcProvider {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn http() -> reqwest::Client {
    qr_observatory::kernel::tls::install();
    let builder = reqwest::Client::builder().redirect(Policy::none());
    builder.no_proxy().build().unwrap()
}

/// Product and provider share one jar.
#[derive(Clone, Default)]
pub struct Browser {
    pub cookies: Jar,
    /// How often the provider asked for a password.
    pub forms: usize,
}

impl Browser {
    /// Goes to a page, without following its redirect.
    pub async fn visit(&mut self, url: &str) -> Answer {
        self.go(Method::GET, url, None).await
    }

    /// From the start of a sign-in (with its query, if any) to the address that the provider sends the browser back to.
    pub async fn callback(&mut self, server: &Server, start: &str, user: &str) -> String {
        let mut url = Url::parse(&format!("{}{START}{start}", server.url())).unwrap();
        let back = format!("{}{CALLBACK}?", server.url());
        let mut form = None;
        for _ in 0..12 {
            let method = if form.is_some() {
                Method::POST
            } else {
                Method::GET
            };
            let answer = self.go(method, url.as_str(), form.take()).await;
            if answer.status == 200 {
                self.forms += 1;
                form = Some(format!("login={user}&password=x"));
                continue;
            }
            assert!(
                (300..400).contains(&answer.status),
                "{url}: {}",
                answer.text()
            );
            url = url.join(answer.header("location")).unwrap();
            if url.as_str().starts_with(&back) {
                return url.into();
            }
        }
        panic!("no end of redirects: {url}")
    }

    /// Signs in, up to the product's answer to the callback.
    pub async fn sign_in(&mut self, server: &Server, user: &str) -> Answer {
        let url = self.callback(server, "", user).await;
        self.visit(&url).await
    }

    /// A page of the product in this browser.
    pub async fn page(&self, server: &Server) -> Client {
        let cookie = format!("qro_session={}", self.cookies.0["qro_session"]);
        let auth = |csrf: &str| Auth::Session {
            cookie: cookie.clone(),
            csrf: csrf.to_owned(),
        };
        let session = Client::with(server, auth("")).get("/api/session").await;
        let session = session.expect(200).json();
        Client::with(server, auth(session["csrf_token"].as_str().unwrap()))
    }

    async fn go(&mut self, method: Method, url: &str, form: Option<String>) -> Answer {
        let mut request = http().request(method, url);
        request = request.header(COOKIE, self.cookies.header());
        if let Some(form) = form {
            request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
            request = request.body(form);
        }
        let answer = send(request).await;
        self.cookies.keep(&answer.headers);
        answer
    }
}
