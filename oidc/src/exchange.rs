//! The code for tokens (RFC 6749 §4.1.3, RFC 7636 §4.5), by `oauth2` over our own HTTP client.

use oauth2::{
    AuthType, AuthorizationCode, ClientId, ClientSecret, EndpointNotSet, EndpointSet,
    ExtraTokenFields, HttpRequest, HttpResponse, PkceCodeVerifier, RedirectUrl, RequestTokenError,
    StandardRevocableToken, StandardTokenIntrospectionResponse, StandardTokenResponse,
    TokenResponse, TokenUrl,
    basic::{
        BasicErrorResponse, BasicErrorResponseType, BasicRevocationErrorResponse, BasicTokenType,
    },
};
use reqwest::Request;
use serde::{Deserialize, Serialize};

use crate::{Error, Metadata, Pending, Settings, error::shown, http::Http};

const ENDPOINT: &str = "token endpoint";

/// What OpenID Connect adds to a token response.
#[derive(Debug, Deserialize, Serialize)]
struct WithIdToken {
    id_token: Option<String>,
}

impl ExtraTokenFields for WithIdToken {}

type Client = oauth2::Client<
    BasicErrorResponse,
    StandardTokenResponse<WithIdToken, BasicTokenType>,
    StandardTokenIntrospectionResponse<WithIdToken, BasicTokenType>,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// Not verified yet.
pub(crate) struct Tokens {
    pub id_token: String,
    pub access_token: String,
}

/// Exchanges the code of a callback.
pub(crate) async fn exchange(
    http: &Http,
    settings: &Settings,
    metadata: &Metadata,
    pending: &Pending,
    code: &str,
) -> Result<Tokens, Error> {
    let client = client(settings, metadata)?;
    let request = client
        .exchange_code(AuthorizationCode::new(code.to_owned()))
        .set_pkce_verifier(PkceCodeVerifier::new(pending.verifier.clone()));
    // Owned: the future could not be sent to another thread with a borrow in this closure.
    let http = http.clone();
    let send = move |request: HttpRequest| {
        let http = http.clone();
        async move { send(&http, request).await }
    };
    let response = request.request_async(&send).await.map_err(error)?;
    let id_token = response.extra_fields().id_token.clone();
    Ok(Tokens {
        id_token: id_token.ok_or_else(|| unusable("it has no id_token"))?,
        access_token: response.access_token().secret().clone(),
    })
}

fn client(settings: &Settings, metadata: &Metadata) -> Result<Client, Error> {
    let token_url =
        TokenUrl::new(metadata.token_endpoint.clone()).map_err(|_| unusable("it is no URL"))?;
    let redirect_url = RedirectUrl::new(settings.redirect_uri.clone())
        .map_err(|_| Error::Setting("the redirect URI is no URL".to_owned()))?;
    let mut client = oauth2::Client::new(ClientId::new(settings.client_id.clone()))
        .set_token_uri(token_url)
        .set_redirect_uri(redirect_url)
        .set_auth_type(auth_type(metadata));
    if let Some(secret) = &settings.client_secret {
        client = client.set_client_secret(ClientSecret::new(secret.clone()));
    }
    Ok(client)
}

/// Basic where it may be: then the secret is in no body that a proxy logs.
fn auth_type(metadata: &Metadata) -> AuthType {
    let methods = metadata.token_endpoint_auth_methods_supported.as_ref();
    let may = |method: &str| methods.is_some_and(|all| all.iter().any(|m| m == method));
    if !may("client_secret_basic") && may("client_secret_post") {
        AuthType::RequestBody
    } else {
        AuthType::BasicAuth
    }
}

async fn send(http: &Http, request: HttpRequest) -> Result<HttpResponse, Error> {
    let request = Request::try_from(request).map_err(|_| unusable("it cannot be asked"))?;
    let answer = http.send(request, ENDPOINT).await?;
    let mut response = HttpResponse::new(answer.body);
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    Ok(response)
}

/// The description is left out: providers repeat the code in it.
fn error(error: RequestTokenError<Error, BasicErrorResponse>) -> Error {
    match error {
        RequestTokenError::Request(error) => error,
        RequestTokenError::ServerResponse(answer) => match answer.error() {
            BasicErrorResponseType::InvalidGrant => Error::CodeRefused,
            code => Error::ExchangeRefused(shown(code.as_ref())),
        },
        _ => unusable("it is no token response"),
    }
}

fn unusable(why: &str) -> Error {
    Error::Unusable(ENDPOINT, why.to_owned())
}
