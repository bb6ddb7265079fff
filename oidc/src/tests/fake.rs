//! A provider that answers as a test wants, on a thread of its own, and a client that signs in there.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use serde_json::{Value, json};

use super::signer::Signer;
use crate::{Callback, Error, Identity, Pending, Provider, Settings, Start};

pub const NOW: i64 = 1_800_000_000;
pub const SECRET: &str = "a b&c";

/// What it got, and what it answers: by path, status and body. Anything else is 404.
#[derive(Default)]
struct State {
    answers: HashMap<String, (u16, String)>,
    requests: Vec<Request>,
}

/// A request with its lines of headers.
#[derive(Clone)]
pub struct Request {
    pub path: String,
    pub headers: Vec<String>,
    pub body: String,
}

pub struct Fake {
    pub issuer: String,
    pub signer: Signer,
    state: Arc<Mutex<State>>,
}

impl Fake {
    pub fn new(signer: Signer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::<Mutex<State>>::default();
        let served = state.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                serve(&stream.unwrap(), &served);
            }
        });
        let fake = Self {
            issuer,
            signer,
            state,
        };
        fake.answer("/.well-known/openid-configuration", 200, &fake.metadata());
        fake.answer("/jwks", 200, &json!({ "keys": [fake.signer.jwk()] }));
        fake.answer("/userinfo", 200, &json!({ "sub": "alice" }));
        fake
    }

    pub fn metadata(&self) -> Value {
        let at = |path: &str| format!("{}{path}", self.issuer);
        json!({
            "issuer": self.issuer,
            "authorization_endpoint": at("/authorize?tenant=1"),
            "token_endpoint": at("/token"),
            "jwks_uri": at("/jwks"),
            "userinfo_endpoint": at("/userinfo"),
            "authorization_response_iss_parameter_supported": true,
        })
    }

    pub fn answer(&self, path: &str, status: u16, body: &Value) {
        self.answer_text(path, status, &body.to_string());
    }

    pub fn answer_text(&self, path: &str, status: u16, body: &str) {
        let answer = (status, body.to_owned());
        self.state
            .lock()
            .unwrap()
            .answers
            .insert(path.to_owned(), answer);
    }

    /// Every request to a path.
    pub fn requests(&self, path: &str) -> Vec<Request> {
        let state = self.state.lock().unwrap();
        let all = state.requests.iter();
        all.filter(|r| r.path == path).cloned().collect()
    }

    pub fn settings(&self) -> Settings {
        Settings {
            issuer: self.issuer.clone(),
            client_id: "qr".to_owned(),
            client_secret: Some(SECRET.to_owned()),
            redirect_uri: "http://127.0.0.1:1/callback".to_owned(),
            scopes: vec!["profile".to_owned(), "openid".to_owned()],
            trusted_audiences: vec!["trusted".to_owned()],
        }
    }

    pub fn provider(&self) -> Provider {
        Provider::new(self.settings()).unwrap()
    }

    /// The claims of a good ID token.
    pub fn claims(&self, pending: &Pending) -> Value {
        json!({
            "iss": self.issuer, "aud": "qr", "sub": "alice", "iat": NOW, "exp": NOW + 300, "nonce": pending.nonce,
        })
    }

    pub fn token_answer(&self, id_token: &str) {
        let body =
            json!({ "access_token": "opaque", "token_type": "bearer", "id_token": id_token });
        self.answer("/token", 200, &body);
    }

    pub fn callback(&self, pending: &Pending) -> Callback {
        Callback {
            state: Some(pending.state.clone()),
            code: Some("the-code".to_owned()),
            iss: Some(self.issuer.clone()),
            ..Callback::default()
        }
    }

    /// A sign-in whose ID token is what `token` makes of it.
    pub async fn sign_in(
        &self,
        start: &Start,
        token: impl FnOnce(&Pending) -> String,
    ) -> Result<Identity, Error> {
        let provider = self.provider();
        let (_, pending) = provider.start(start, NOW).await?;
        self.token_answer(&token(&pending));
        let callback = self.callback(&pending);
        provider.finish(pending, &callback, NOW).await
    }

    /// A sign-in with an ID token that is good but for these claims. Null takes one away.
    pub async fn sign_in_with(&self, changes: Value) -> Result<Identity, Error> {
        self.sign_in_from(&Start::default(), changes).await
    }

    pub async fn sign_in_from(&self, start: &Start, changes: Value) -> Result<Identity, Error> {
        let sign = |pending: &Pending| self.signer.sign(&changed(self.claims(pending), changes));
        self.sign_in(start, sign).await
    }
}

impl Default for Fake {
    fn default() -> Self {
        Self::new(Signer::new("ES256", "one"))
    }
}

/// Claims with others in their place, without those that are null.
pub fn changed(mut claims: Value, changes: Value) -> Value {
    let all = claims.as_object_mut().unwrap();
    let Value::Object(changes) = changes else {
        panic!("{changes} is no object");
    };
    all.extend(changes);
    all.retain(|_, value| !value.is_null());
    claims
}

fn serve(stream: &TcpStream, state: &Mutex<State>) {
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if line.trim().is_empty() {
            break;
        }
        lines.push(line.trim().to_owned());
    }
    let Some(first) = lines.first() else { return };
    let path = first.split(' ').nth(1).unwrap().to_owned();
    let length = lines
        .iter()
        .find_map(|l| l.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |l| l.parse().unwrap())];
    reader.read_exact(&mut body).unwrap();
    let mut state = state.lock().unwrap();
    let (status, answer) = state
        .answers
        .get(&path)
        .cloned()
        .unwrap_or((404, String::new()));
    state.requests.push(Request {
        path,
        headers: lines,
        body: String::from_utf8(body).unwrap(),
    });
    drop(state);
    let location = if status == 302 {
        format!("location: {answer}\r\n")
    } else {
        String::new()
    };
    let length = answer.len();
    // A client that has read enough hangs up.
    let _ = write!(
        &*stream,
        "HTTP/1.1 {status} x\r\ncontent-type: application/json\r\n{location}connection: close\r\n\
         content-length: {length}\r\n\r\n{answer}"
    );
}
