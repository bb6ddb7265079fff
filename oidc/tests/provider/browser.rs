//! As much of a browser as a sign-in needs: cookies, redirects, one form.

use reqwest::{
    Client, Method, Request, Response,
    header::{CONTENT_TYPE, COOKIE, HeaderValue, LOCATION},
    redirect::Policy,
};
use url::Url;

use crate::{
    jar::Jar,
    node::{REDIRECT, client},
};

#[derive(Default)]
pub struct Browser {
    cookies: Jar,
    /// How often it was asked for a password.
    pub forms: usize,
}

impl Browser {
    /// Follows the provider from its authorization endpoint to the callback. Returns the callback's query.
    pub async fn sign_in(&mut self, url: Url, user: &str) -> String {
        self.fill(url, &format!("login={user}&password=x")).await
    }

    pub async fn decline(&mut self, url: Url) -> String {
        self.fill(url, "cancel=1").await
    }

    async fn fill(&mut self, mut url: Url, form: &str) -> String {
        let http = client(Client::builder().redirect(Policy::none()));
        let mut body = None;
        for _ in 0..10 {
            let answer = self.send(&http, url.clone(), body.take()).await;
            if answer.status().is_success() {
                self.forms += 1;
                body = Some(form.to_owned());
                continue;
            }
            let status = answer.status();
            let location = answer.headers().get(LOCATION).cloned();
            let Some(location) = location else {
                panic!("{status} by {url}: {}", answer.text().await.unwrap());
            };
            url = url.join(location.to_str().unwrap()).unwrap();
            if url.as_str().starts_with(REDIRECT) {
                return url.query().unwrap().to_owned();
            }
        }
        panic!("no end of redirects: {url}")
    }

    async fn send(&mut self, http: &Client, url: Url, form: Option<String>) -> Response {
        let method = if form.is_some() {
            Method::POST
        } else {
            Method::GET
        };
        let mut request = Request::new(method, url);
        request
            .headers_mut()
            .insert(COOKIE, self.cookies.header().parse().unwrap());
        if let Some(form) = form {
            let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
            request.headers_mut().insert(CONTENT_TYPE, kind);
            *request.body_mut() = Some(form.into());
        }
        let answer = http.execute(request).await.unwrap();
        self.cookies.keep(answer.headers());
        answer
    }
}
