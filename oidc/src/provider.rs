//! One provider, and what can be asked of it.

use std::{fmt, sync::Arc};

use oauth2::{CsrfToken, PkceCodeChallenge};
use serde_json::{Map, Value};
use url::Url;

use crate::{
    Callback, Error, Identity, Logout, Metadata, Pending, Start,
    claims::{self, Expected},
    crypto,
    exchange::{Tokens, exchange},
    http::Http,
    metadata,
    remembered::Remembered,
    token::{self, Header, Keys},
};

/// Seconds that metadata and keys are used before they are fetched again. So long a key that the provider withdrew counts.
const MAX_AGE_SECS: u64 = 3600;
/// Seconds after which a provider that was away is asked again.
const RETRY_SECS: u64 = 5;
/// Seconds from one fetch of the keys to the next one for a `kid` that is unknown: anybody can make one up.
const UNKNOWN_KEY_SECS: u64 = 60;
/// Bytes of randomness in a state and in a nonce.
const RANDOM_BYTES: u32 = 32;

/// What a client and its provider have agreed on.
#[derive(Clone, PartialEq, Eq)]
pub struct Settings {
    /// As the provider spells itself, to the last byte.
    pub issuer: String,
    pub client_id: String,
    /// None for a public client.
    pub client_secret: Option<String>,
    /// Where the provider sends the browser back to, as registered there.
    pub redirect_uri: String,
    /// `openid` is always asked for.
    pub scopes: Vec<String>,
    /// Audiences that a token may have beside the client.
    pub trusted_audiences: Vec<String>,
}

impl Settings {
    /// Looks at the settings alone.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`], as [`Provider::new`].
    pub fn check(&self) -> Result<(), Error> {
        metadata::issuer(&self.issuer)?;
        if Url::parse(&self.redirect_uri).is_err() {
            return Err(Error::Setting("the redirect URI is no URL".to_owned()));
        }
        if self.client_id.is_empty() || self.client_secret.as_deref() == Some("") {
            return Err(Error::Setting(
                "the client id or secret is empty".to_owned(),
            ));
        }
        Ok(())
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Settings({:?} at {:?})", self.client_id, self.issuer)
    }
}

/// A provider of OpenID Connect. It is asked for nothing until somebody signs in.
///
/// `now` is always in seconds since 1970.
pub struct Provider {
    settings: Settings,
    http: Http,
    metadata: Remembered<Arc<Metadata>>,
    keys: Remembered<Arc<Keys>>,
}

impl Provider {
    /// Reads the settings. No I/O.
    ///
    /// Makes ring the process's crypto provider of rustls, if it has none, and of `jsonwebtoken`.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] for an issuer that is neither https nor on a loopback host, for a redirect URI that is no URL,
    /// and for an empty client id or secret; [`Error::OtherCrypto`].
    pub fn new(settings: Settings) -> Result<Self, Error> {
        crypto::install()?;
        settings.check()?;
        let issuer = metadata::issuer(&settings.issuer)?;
        Ok(Self {
            settings,
            http: Http::new(&issuer)?,
            metadata: Remembered::new(),
            keys: Remembered::new(),
        })
    }

    /// The provider's metadata, at most an hour old. A provider that was away is asked again after five seconds.
    ///
    /// # Errors
    ///
    /// [`Error::Away`]; [`Error::IssuerDiffers`], with both spellings; [`Error::Insecure`] and [`Error::Unusable`] for
    /// metadata that cannot be used.
    pub async fn metadata(&self, now: i64) -> Result<Arc<Metadata>, Error> {
        let fetch = async {
            let issuer = &self.settings.issuer;
            let url = self
                .http
                .endpoint(&metadata::document_url(issuer), "metadata")?;
            let document = self.http.get(url, "metadata", None).await?;
            Metadata::parse(&document, issuer, &self.http).map(Arc::new)
        };
        self.metadata
            .get(now, MAX_AGE_SECS, RETRY_SECS, fetch)
            .await
    }

    /// Starts a sign-in: the URL to send the browser to, and what [`finish`](Self::finish) wants.
    ///
    /// # Errors
    ///
    /// Those of [`metadata`](Self::metadata).
    pub async fn start(&self, start: &Start, now: i64) -> Result<(Url, Pending), Error> {
        let metadata = self.metadata(now).await?;
        let mut url = self
            .http
            .endpoint(&metadata.authorization_endpoint, "authorization endpoint")?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let random = || CsrfToken::new_random_len(RANDOM_BYTES).into_secret();
        let pending = Pending {
            state: random(),
            nonce: random(),
            verifier: verifier.into_secret(),
            issuer: self.settings.issuer.clone(),
            started_at: now,
            max_age_secs: start.max_age_secs,
        };
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("redirect_uri", &self.settings.redirect_uri)
            .append_pair("scope", &self.scope())
            .append_pair("state", &pending.state)
            .append_pair("nonce", &pending.nonce)
            .append_pair("code_challenge", challenge.as_str())
            .append_pair("code_challenge_method", challenge.method().as_str());
        if let Some(secs) = start.max_age_secs {
            url.query_pairs_mut()
                .append_pair("max_age", &secs.to_string());
        }
        if let Some(prompt) = start.prompt {
            url.query_pairs_mut().append_pair("prompt", prompt.as_str());
        }
        Ok((url, pending))
    }

    /// Finishes a sign-in that [`start`](Self::start) started: who came back.
    ///
    /// # Errors
    ///
    /// [`Kind::User`](crate::Kind::User) for a callback that is too late, was there before or belongs to another sign-in;
    /// [`Kind::Transient`](crate::Kind::Transient) if the provider is away; otherwise what is wrong with the provider's
    /// answer or with its tokens.
    pub async fn finish(
        &self,
        pending: Pending,
        callback: &Callback,
        now: i64,
    ) -> Result<Identity, Error> {
        if pending.issuer != self.settings.issuer {
            return Err(Error::OtherProvider {
                expected: pending.issuer,
                found: self.settings.issuer.clone(),
            });
        }
        let metadata = self.metadata(now).await?;
        let iss_promised = metadata.authorization_response_iss_parameter_supported;
        let code = callback.code(&pending, iss_promised, now)?;
        let tokens = exchange(&self.http, &self.settings, &metadata, &pending, code).await?;
        let token = self.open(&tokens.id_token, now).await?;
        let subject = claims::check_id_token(&token, self.expected(), &pending, now)?;
        let userinfo = self.userinfo(&metadata, &tokens).await?;
        Identity::new(&self.settings.issuer, subject, token, userinfo)
    }

    /// Reads the `logout_token` that a provider posted: whose sessions end.
    ///
    /// The caller remembers `jti` until `remember_until`, and refuses it a second time.
    ///
    /// # Errors
    ///
    /// Whatever is wrong with the token, and [`Error::Away`] if its key is not known yet.
    pub async fn logout(&self, logout_token: &str, now: i64) -> Result<Logout, Error> {
        let claims = self.open(logout_token, now).await?;
        claims::check_logout_token(&claims, self.expected(), now)
    }

    /// The claims of a token that the provider signed.
    async fn open(&self, token: &str, now: i64) -> Result<Map<String, Value>, Error> {
        let header = token::header(token)?;
        let mut key = self
            .keys(now, MAX_AGE_SECS, RETRY_SECS)
            .await?
            .find(&header);
        if key.is_none() {
            key = self.new_key(&header, now).await?;
        }
        token::claims(token, &header, &key.ok_or(Error::UnknownKey)?)
    }

    /// A key that the provider may have had for less than an hour.
    async fn new_key(
        &self,
        header: &Header,
        now: i64,
    ) -> Result<Option<jsonwebtoken::DecodingKey>, Error> {
        let keys = self.keys(now, UNKNOWN_KEY_SECS, UNKNOWN_KEY_SECS).await?;
        Ok(keys.find(header))
    }

    async fn keys(&self, now: i64, max_age_secs: u64, retry_secs: u64) -> Result<Arc<Keys>, Error> {
        let fetch = async {
            let metadata = self.metadata(now).await?;
            let url = self.http.endpoint(&metadata.jwks_uri, "key set")?;
            let set = self.http.get(url, "key set", None).await?;
            let keys = Keys::parse(&set);
            keys.map(Arc::new)
                .ok_or_else(|| Error::Unusable("key set", "it has no keys".to_owned()))
        };
        self.keys.get(now, max_age_secs, retry_secs, fetch).await
    }

    /// What userinfo says, if the provider has it. Some put roles only there.
    async fn userinfo(
        &self,
        metadata: &Metadata,
        tokens: &Tokens,
    ) -> Result<Option<Map<String, Value>>, Error> {
        let Some(url) = &metadata.userinfo_endpoint else {
            return Ok(None);
        };
        let url = self.http.endpoint(url, "userinfo")?;
        let token = Some(tokens.access_token.as_str());
        match self.http.get(url, "userinfo", token).await? {
            Value::Object(claims) => Ok(Some(claims)),
            _ => Err(Error::Unusable("userinfo", "it is no object".to_owned())),
        }
    }

    fn expected(&self) -> Expected<'_> {
        Expected {
            issuer: &self.settings.issuer,
            client_id: &self.settings.client_id,
            trusted_audiences: &self.settings.trusted_audiences,
        }
    }

    fn scope(&self) -> String {
        let others = self.settings.scopes.iter().map(String::as_str);
        let all = ["openid"]
            .into_iter()
            .chain(others.filter(|s| *s != "openid"));
        all.collect::<Vec<_>>().join(" ")
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Provider({:?})", self.settings)
    }
}
