//! The crate `openidconnect` as a relying party, from discovery to a refreshed token, and as a device.

use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreDeviceAuthorizationResponse, CoreErrorResponseType, CoreProviderMetadata,
    CoreTokenResponse, CoreUserInfoClaims,
};
use openidconnect::{
    AccessTokenHash, AuthorizationCode, ClientId, ClientSecret, CsrfToken, DeviceAuthorizationUrl, EndpointMaybeSet,
    EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, IssuerUrl, Nonce, OAuth2TokenResponse as _,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope, TokenResponse as _,
};
use serde_json::json;
use url::Url;

use crate::support::client::{Client, Credential};
use crate::support::device::{assert_connected, device_settings};
use crate::support::http::{HttpClient, Request};
use crate::support::realm::{REDIRECT_URI, Realm};

/// Sends what the library asks for.
async fn send(http: HttpClient, request: HttpRequest) -> Result<HttpResponse, reqwest::Error> {
    let (parts, body) = request.into_parts();
    let url = parts.uri.to_string();
    let answer = http.try_send(Request { method: parts.method, url, headers: parts.headers, body }).await?;
    let mut response = HttpResponse::new(answer.body.into_bytes());
    *response.status_mut() = http::StatusCode::from_u16(answer.status).unwrap();
    *response.headers_mut() = answer.headers;
    Ok(response)
}

/// The library's client as discovery makes it: some endpoints are known, some may be.
type RelyingParty =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

/// What the client keeps between the authorization request and the token request.
struct Pending {
    state: CsrfToken,
    nonce: Nonce,
    verifier: PkceCodeVerifier,
}

/// Logs in and consents at this address, and answers the code.
async fn code(realm: &Realm, url: &Url, pending: &Pending) -> AuthorizationCode {
    let mut browser = realm.browser();
    let page = browser.get(url.as_str()).await;
    let mut answer = browser.log_in(&page, &realm.user).await;
    if answer.is_page("consent-page") {
        answer = browser.allow(&answer).await;
    }
    let location = Url::parse(answer.location().expect("an authorization response")).unwrap();
    assert_eq!(answer.target(), REDIRECT_URI);
    let parameter =
        |name: &str| location.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    assert_eq!(parameter("state").as_ref(), Some(pending.state.secret()));
    assert_eq!(parameter("iss").as_ref(), Some(&realm.issuer));
    AuthorizationCode::new(parameter("code").expect("a code"))
}

async fn registered(realm: &Realm, algorithm: &str) -> (ClientId, ClientSecret) {
    let client = realm
        .client(json!({
            "grant_types": ["authorization_code", "refresh_token"],
            "scope": "openid email profile offline_access",
            "id_token_signed_response_alg": algorithm,
        }))
        .await;
    credentials(client)
}

fn credentials(client: Client) -> (ClientId, ClientSecret) {
    let Credential::Basic(secret) = client.credential else { panic!("a secret expected") };
    (ClientId::new(client.id), ClientSecret::new(secret))
}

async fn metadata(realm: &Realm) -> CoreProviderMetadata {
    let http = |request| send(realm.http.clone(), request);
    CoreProviderMetadata::discover_async(IssuerUrl::new(realm.issuer.clone()).unwrap(), &http).await.unwrap()
}

/// The library's client, configured by discovery alone.
async fn discovered(realm: &Realm, algorithm: &str) -> RelyingParty {
    let (id, secret) = registered(realm, algorithm).await;
    CoreClient::from_provider_metadata(metadata(realm).await, id, Some(secret))
        .set_redirect_uri(RedirectUrl::new(REDIRECT_URI.to_owned()).unwrap())
}

fn authorize(client: &RelyingParty) -> (Url, Pending) {
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let scopes = ["email", "profile", "offline_access"].map(|scope| Scope::new(scope.to_owned()));
    let (url, state, nonce) = client
        .authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random)
        .add_scopes(scopes)
        .set_pkce_challenge(challenge)
        .url();
    (url, Pending { state, nonce, verifier })
}

async fn log_in_with(algorithm: &str) {
    let realm = Realm::new().await;
    let http = |request| send(realm.http.clone(), request);
    let client = discovered(&realm, algorithm).await;
    let (url, pending) = authorize(&client);
    let code = code(&realm, &url, &pending).await;
    let exchange = client.exchange_code(code).unwrap().set_pkce_verifier(pending.verifier);
    let tokens: CoreTokenResponse = exchange.request_async(&http).await.unwrap();
    let verifier = client.id_token_verifier();
    let id_token = tokens.id_token().expect("an ID token");
    let (signing, key) = (id_token.signing_alg().unwrap(), id_token.signing_key(&verifier).unwrap());
    assert_eq!(serde_json::to_value(signing).unwrap(), algorithm);
    let claims = id_token.claims(&verifier, &pending.nonce).unwrap();
    assert_eq!(claims.subject().as_str(), realm.user.id);
    let hash = AccessTokenHash::from_token(tokens.access_token(), signing, key).unwrap();
    assert_eq!(claims.access_token_hash(), Some(&hash));
    id_token.claims(&verifier, &Nonce::new_random()).unwrap_err();

    let expected = Some(claims.subject().clone());
    let request = client.user_info(tokens.access_token().clone(), expected.clone()).unwrap();
    let user: CoreUserInfoClaims = request.request_async(&http).await.unwrap();
    assert_eq!(user.email().map(|email| email.as_str()), Some("ana@ana.test"));
    assert_eq!(user.name().and_then(|name| name.get(None)).map(|name| name.as_str()), Some("Ana Example"));

    let refresh = client.exchange_refresh_token(tokens.refresh_token().expect("a refresh token")).unwrap();
    let refreshed: CoreTokenResponse = refresh.request_async(&http).await.unwrap();
    assert_ne!(refreshed.access_token().secret(), tokens.access_token().secret());
    // OpenID Connect Core 12.2: the nonce may be left out here, the subject stays.
    let again = refreshed.id_token().expect("an ID token").claims(&verifier, |_: Option<&Nonce>| Ok(())).unwrap();
    assert_eq!(again.subject(), claims.subject());
    let request = client.user_info(refreshed.access_token().clone(), expected).unwrap();
    let user: CoreUserInfoClaims = request.request_async(&http).await.unwrap();
    assert_eq!(user.subject(), claims.subject());
}

#[tokio::test]
async fn rfc7636_4_6_the_openidconnect_crate_is_told_that_a_verifier_is_not_the_one() {
    let realm = Realm::new().await;
    let http = |request| send(realm.http.clone(), request);
    let client = discovered(&realm, "RS256").await;
    let (url, pending) = authorize(&client);
    let code = code(&realm, &url, &pending).await;
    let (_, other) = PkceCodeChallenge::new_random_sha256();
    let answer = client.exchange_code(code).unwrap().set_pkce_verifier(other).request_async(&http).await;
    let Err(RequestTokenError::ServerResponse(refusal)) = answer else { panic!("{answer:?}") };
    assert_eq!(*refusal.error(), CoreErrorResponseType::InvalidGrant);
}

#[tokio::test]
async fn the_openidconnect_crate_logs_in_with_rs256() {
    log_in_with("RS256").await;
}

#[tokio::test]
async fn the_openidconnect_crate_logs_in_with_es256() {
    log_in_with("ES256").await;
}

#[tokio::test]
async fn rfc8628_3_4_the_openidconnect_crate_polls_until_the_user_has_confirmed() {
    let realm = Realm::with(device_settings()).await;
    let http = |request| send(realm.http.clone(), request);
    let (id, secret) = credentials(realm.device(json!({})).await);
    let endpoint = realm.discovery().await["device_authorization_endpoint"].as_str().unwrap().to_owned();
    let client = CoreClient::from_provider_metadata(metadata(&realm).await, id, Some(secret))
        .set_device_authorization_url(DeviceAuthorizationUrl::new(endpoint).unwrap());
    let codes: CoreDeviceAuthorizationResponse = client.exchange_device_code().request_async(&http).await.unwrap();
    // What a device does between two polls: the first one found nothing, and the user confirms before the second.
    let wait = |interval| {
        let (realm, user_code) = (&realm, codes.user_code().secret());
        async move {
            let mut browser = realm.browser();
            let (page, ()) = tokio::join!(browser.verify(realm, user_code, &realm.user), tokio::time::sleep(interval));
            assert_connected(&page);
        }
    };
    let polling = client.exchange_device_access_token(&codes).unwrap();
    let tokens: CoreTokenResponse = polling.request_async(&http, wait, None).await.unwrap();
    let id_token = tokens.id_token().expect("an ID token");
    let claims = id_token.claims(&client.id_token_verifier(), |_: Option<&Nonce>| Ok(())).unwrap();
    assert_eq!(claims.subject().as_str(), realm.user.id);
}
