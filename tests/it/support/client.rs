//! A thin HTTP client: follows nothing, retries nothing, reads the whole answer.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use reqwest::{Method, RequestBuilder, header::HeaderMap, redirect::Policy};
use serde_json::Value;

use super::{Server, process::PASSWORD};

/// Somebody who talks to the product.
#[derive(Clone)]
pub struct Client {
    pub http: reqwest::Client,
    base: String,
    auth: Auth,
}

#[derive(Clone)]
pub enum Auth {
    None,
    Basic(String, String),
    Bearer(String),
    ApiKey(String),
    /// A page of the product's own, with the cookie and the token of a session.
    Session {
        cookie: String,
        csrf: String,
    },
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Client {
    /// The administrator.
    pub fn admin(server: &Server) -> Self {
        Self::with(server, Auth::Basic("admin".into(), PASSWORD.into()))
    }

    pub fn anonymous(server: &Server) -> Self {
        Self::with(server, Auth::None)
    }

    pub fn with(server: &Server, auth: Auth) -> Self {
        qr_observatory::kernel::tls::install();
        let http = reqwest::Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .timeout(Duration::from_secs(30))
            .build()
            .unwrap();
        Self {
            http,
            base: server.url(),
            auth,
        }
    }

    /// Somebody who signed in with name and password.
    pub async fn signed_in(server: &Server, name: &str, password: &str) -> Self {
        let body = serde_json::json!({ "username": name, "password": password });
        let begun = Self::anonymous(server).post("/api/session", &body).await;
        Self::with(server, begun.expect(200).session())
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.auth {
            Auth::None => request,
            Auth::Basic(user, password) => request.basic_auth(user, Some(password)),
            Auth::Bearer(key) => request.bearer_auth(key),
            Auth::ApiKey(key) => request.header("x-api-key", key),
            Auth::Session { cookie, csrf } => request
                .header("cookie", cookie)
                .header("x-csrf-token", csrf)
                .header("sec-fetch-site", "same-origin"),
        }
    }

    pub async fn try_get(&self, path: &str) -> reqwest::Result<Answer> {
        read(self.request(Method::GET, path)).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.try_get(path).await.unwrap()
    }

    pub async fn head(&self, path: &str) -> Answer {
        send(self.request(Method::HEAD, path)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        send(self.request(Method::DELETE, path)).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        send(self.request(Method::POST, path).json(body)).await
    }

    pub async fn patch(&self, path: &str, body: &Value) -> Answer {
        send(self.request(Method::PATCH, path).json(body)).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        send(self.request(Method::PUT, path).json(body)).await
    }

    /// A body that need not be JSON.
    pub async fn post_bytes(&self, path: &str, body: impl Into<Vec<u8>>) -> Answer {
        let request = self.request(Method::POST, path).body(body.into());
        send(request.header("content-type", "application/json")).await
    }
}

/// Sends a request that must be answered.
pub async fn send(request: RequestBuilder) -> Answer {
    read(request).await.unwrap()
}

/// The same, where not being answered is of interest.
pub async fn read(request: RequestBuilder) -> reqwest::Result<Answer> {
    let response = request.send().await?;
    Ok(Answer {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        body: response.bytes().await?.to_vec(),
    })
}

impl Answer {
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        let kind = self.header("content-type");
        assert!(kind.starts_with("application/json"), "{self:?}");
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|e| panic!("not JSON ({e}): {}", self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The session that this answer began.
    #[track_caller]
    pub fn session(&self) -> Auth {
        let cookie = self.header("set-cookie").split(';').next().unwrap();
        let csrf = self.json()["csrf_token"].as_str().unwrap().to_owned();
        let cookie = cookie.to_owned();
        Auth::Session { cookie, csrf }
    }

    /// A header's value; empty when it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// An RFC 9457 document with this status, that tells nothing which is none of the caller's business.
    #[track_caller]
    pub fn problem(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem: Value = serde_json::from_slice(&self.body).unwrap();
        assert_eq!(problem["status"], status, "{problem}");
        for key in ["type", "title", "detail", "request_id"] {
            let is_told = problem[key].as_str().is_some_and(|s| !s.is_empty());
            assert!(is_told, "{key}: {problem}");
        }
        let id = self.header("x-request-id");
        assert_eq!(problem["request_id"], id, "{problem}");
        for leak in ["panicked", "src/", "SELECT", "sqlx", "sqlite", "postgres"] {
            assert!(!self.text().contains(leak), "{leak}: {problem}");
        }
        problem
    }

    /// A 422 that names `field`, in its list and for people.
    #[track_caller]
    pub fn invalid(&self, field: &str) {
        let problem = self.problem(422);
        let errors = problem["errors"].as_array().unwrap();
        let named = errors.iter().find(|e| e["field"] == field);
        let message = named.and_then(|e| e["message"].as_str());
        assert_ne!(message.unwrap_or_default(), "", "{field}: {problem}");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(field), "{problem}");
    }
}

/// Sends bytes as they are and reads until the other side closes: for requests that no client would make.
pub fn raw(server: &Server, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    // The other side may answer and close before it has read everything.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(n @ 1..) = stream.read(&mut buffer) {
        answer.extend_from_slice(&buffer[..n]);
    }
    String::from_utf8_lossy(&answer).into_owned()
}
