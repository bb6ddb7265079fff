//! What a provider says about itself (OpenID Connect Discovery §3).

use serde::Deserialize;
use serde_json::Value;
use url::Url;

use crate::{
    Error,
    error::shown,
    http::{Http, is_loopback},
};

/// A provider's metadata, of which this crate uses these.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Metadata {
    /// As the setting, to the last byte.
    pub issuer: String,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    pub jwks_uri: String,
    pub userinfo_endpoint: Option<String>,
    /// Where a browser is sent to sign out at the provider, too (OpenID Connect RP-Initiated Logout).
    pub end_session_endpoint: Option<String>,
    /// How a client may name itself at the token endpoint. Absent: `client_secret_basic`.
    pub token_endpoint_auth_methods_supported: Option<Vec<String>>,
    /// Absent: it does not say whether it checks PKCE (RFC 8414 §2). For a diagnosis; S256 is sent to every provider.
    pub code_challenge_methods_supported: Option<Vec<String>>,
    /// How it can sign ID tokens. For a diagnosis.
    pub id_token_signing_alg_values_supported: Option<Vec<String>>,
    /// Whether each callback has `iss` (RFC 9207).
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
    /// Whether it sends logout tokens (OpenID Connect Back-Channel Logout).
    #[serde(default)]
    pub backchannel_logout_supported: bool,
}

impl Metadata {
    /// Reads the document of this issuer.
    pub(crate) fn parse(document: &Value, issuer: &str, http: &Http) -> Result<Self, Error> {
        // First of all: another issuer's document is told from a broken one.
        if let Some(found) = document.get("issuer").and_then(Value::as_str)
            && found != issuer
        {
            return Err(Error::IssuerDiffers {
                configured: issuer.to_owned(),
                found: shown(found),
            });
        }
        let metadata = Self::deserialize(document)
            .map_err(|e| Error::Unusable("metadata", shown(&e.to_string())))?;
        http.endpoint(&metadata.authorization_endpoint, "authorization endpoint")?;
        http.endpoint(&metadata.token_endpoint, "token endpoint")?;
        http.endpoint(&metadata.jwks_uri, "key set")?;
        if let Some(url) = &metadata.userinfo_endpoint {
            http.endpoint(url, "userinfo")?;
        }
        if let Some(url) = &metadata.end_session_endpoint {
            http.endpoint(url, "end session endpoint")?;
        }
        Ok(metadata)
    }
}

/// The issuer of a setting as a URL.
pub(crate) fn issuer(text: &str) -> Result<Url, Error> {
    let refused = |why: &str| Error::Setting(format!("the issuer {why}: {:?}", shown(text)));
    let url = Url::parse(text).map_err(|_| refused("is no URL"))?;
    if url.scheme() != "https" && !(url.scheme() == "http" && is_loopback(&url)) {
        return Err(refused("is not https"));
    }
    let parts = [url.query(), url.fragment(), url.password()];
    if parts.iter().any(Option::is_some) || !url.username().is_empty() {
        return Err(refused("has a query, a fragment or a password"));
    }
    Ok(url)
}

/// Where the issuer's document is. Only here a slash at its end does not count.
pub(crate) fn document_url(issuer: &str) -> String {
    let base = issuer.strip_suffix('/').unwrap_or(issuer);
    format!("{base}/.well-known/openid-configuration")
}
