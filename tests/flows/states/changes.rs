//! What may have changed between the beginning of a grant and its redemption: the rows of the matrix.

use http::Method;
use serde_json::{Value, json};
use signet_core::protocol::names::GrantType;

use crate::support::client::Credential;
use crate::support::realm::merged;

use super::grants::Driver;
use super::world::{SCOPE, World, metadata};

/// A row of the matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    UserDisabled,
    UserDeleted,
    /// A new password: everything that was issued for the user before ends.
    PasswordReset,
    /// Disabled and enabled again: what was issued before stays dead.
    UserReturned,
    /// Somebody guesses at the password until guessing is not let in any more.
    UserGuessedAt,
    SignedOut,
    ConsentRevoked,
    ClientDisabled,
    ClientDeleted,
    /// Disabled and enabled again: what was issued before stays dead.
    ClientReturned,
    /// The grant is taken from the client.
    GrantRemoved,
    /// A new secret; the client still comes with the old one.
    SecretOfBefore,
    /// A new secret, which the client has.
    SecretOfNow,
    /// `read` is taken from the client.
    ScopeRemoved,
    /// The resource server of exchanged tokens is gone.
    ResourceServerRemoved,
    /// The issuer of the assertion is not trusted any more.
    IssuerDisabled,
    /// The client may exchange nothing any more.
    ExchangePolicyRemoved,
    /// The owner does not share any more.
    SharingEnded,
    /// A script refuses every token.
    HookRefuses,
    RealmDisabled,
    /// Everything that was issued in the realm before ends.
    RealmRevoked,
    /// Everything that was issued to the client before ends.
    ClientRevoked,
    /// Everything that was issued for the user before ends.
    UserRevoked,
    /// New keys sign; those of before verify.
    KeyRotated,
    /// New keys sign, and nothing that was signed before verifies.
    KeyDeleted,
    /// The client's tokens must be bound to a key.
    BindingRequired,
    /// The client's requests must be pushed.
    PushRequired,
    /// The client is answered elsewhere from now on.
    RedirectUriRemoved,
}

impl Change {
    /// Makes it.
    pub(super) async fn apply(self, world: &mut World, driver: Driver) {
        match self {
            Self::UserDisabled => update_user(world, json!({"enabled": false})).await,
            Self::UserReturned => {
                update_user(world, json!({"enabled": false})).await;
                update_user(world, json!({"enabled": true})).await;
            }
            Self::UserDeleted => administer(world, Method::DELETE, &user_path(world, ""), Value::Null).await,
            Self::PasswordReset => {
                let password = json!({"password": "another 14 mussels and a whelk"});
                administer(world, Method::PUT, &user_path(world, "/password"), password).await;
            }
            Self::SignedOut => administer(world, Method::POST, &user_path(world, "/sign-out"), Value::Null).await,
            Self::UserGuessedAt => guess(world).await,
            Self::ConsentRevoked => revoke_consent(world).await,
            Self::ClientDisabled => update_client(world, json!({"enabled": false})).await,
            Self::ClientReturned => {
                update_client(world, json!({"enabled": false})).await;
                update_client(world, json!({"enabled": true})).await;
            }
            Self::ClientDeleted => administer(world, Method::DELETE, "/clients/app", Value::Null).await,
            Self::GrantRemoved => update_client(world, without_grant(driver)).await,
            Self::SecretOfBefore => drop(new_secret(world).await),
            Self::SecretOfNow => {
                let secret = new_secret(world).await;
                world.client = world.client.with_credential(Credential::Basic(secret));
            }
            Self::ScopeRemoved => update_client(world, json!({"scope": SCOPE.replace("read ", "")})).await,
            Self::ResourceServerRemoved => remove(world, &world.stock).await,
            Self::IssuerDisabled => {
                let disabled = json!({"enabled": false});
                world.realm.server.administration.ask(Method::PATCH, &world.partner, &disabled).await;
            }
            Self::ExchangePolicyRemoved => update_client(world, json!({"settings": {"token_exchange": null}})).await,
            Self::SharingEnded => world.allow(json!([])).await,
            Self::HookRefuses => deploy(world).await,
            Self::RealmDisabled => administer(world, Method::PATCH, "", json!({"enabled": false})).await,
            Self::RealmRevoked => administer(world, Method::POST, "/revocation", Value::Null).await,
            Self::ClientRevoked => administer(world, Method::POST, "/clients/app/revocation", Value::Null).await,
            Self::UserRevoked => administer(world, Method::POST, &user_path(world, "/revocation"), Value::Null).await,
            Self::KeyRotated => drop(rotate_keys(world).await),
            Self::KeyDeleted => {
                for kid in rotate_keys(world).await {
                    administer(world, Method::DELETE, &format!("/keys/{kid}"), Value::Null).await;
                }
            }
            Self::BindingRequired => {
                // None of them may travel through the browser then.
                let bound = json!({"dpop_bound_access_tokens": true});
                update_client(world, merged(without_grant(Driver::FrontChannel), bound)).await;
            }
            Self::PushRequired => {
                update_client(world, json!({"require_pushed_authorization_requests": true})).await;
            }
            Self::RedirectUriRemoved => {
                update_client(world, json!({"redirect_uris": ["https://client.test/elsewhere"]})).await;
            }
        }
    }

    /// How the server answers the client of the grant afterwards, whatever it asks.
    pub(super) const fn client_is(self) -> Standing {
        match self {
            Self::ClientDisabled | Self::ClientDeleted | Self::SecretOfBefore => Standing::Refused,
            Self::RealmDisabled => Standing::Gone,
            _ => Standing::Good,
        }
    }
}

/// How a client is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Good,
    /// `invalid_client`.
    Refused,
    /// There is no such realm.
    Gone,
}

fn user_path(world: &World, more: &str) -> String {
    format!("/users/{}{more}", world.realm.user.id)
}

async fn administer(world: &World, method: Method, path: &str, body: Value) {
    world.administer(method, path, body).await;
}

async fn remove(world: &World, path: &str) {
    world.realm.server.administration.ask(Method::DELETE, path, &Value::Null).await;
}

async fn update_user(world: &World, change: Value) {
    administer(world, Method::PATCH, &user_path(world, ""), change).await;
}

async fn update_client(world: &World, change: Value) {
    administer(world, Method::PATCH, "/clients/app", change).await;
}

async fn new_secret(world: &World) -> String {
    let answer = world.administer(Method::POST, "/clients/app/secret", Value::Null).await;
    answer.json()["client_secret"].as_str().unwrap().to_owned()
}

/// The registration without the grant of the column, and without the response types that need it.
fn without_grant(driver: Driver) -> Value {
    let removed = driver.grant_type().as_str();
    let registered = metadata();
    let others = |name: &str, without: &str| -> Value {
        registered[name].as_array().unwrap().iter().filter(|one| **one != without).cloned().collect()
    };
    let response_type = match driver {
        Driver::FrontChannel => "id_token token",
        Driver::Code | Driver::Pushed => "code",
        _ => "",
    };
    let change = json!({"grant_types": others("grant_types", removed), "response_types": others("response_types", response_type)});
    // The policy needs the grant, and goes with it.
    let policy = json!({"settings": {"token_exchange": null}});
    if driver.grant_type() == GrantType::TokenExchange { merged(change, policy) } else { change }
}

/// Has new keys sign at once; answers which did before.
async fn rotate_keys(world: &World) -> Vec<String> {
    let listed = world.administer(Method::GET, "/keys", Value::Null).await.json();
    let mut before = Vec::new();
    for key in listed["items"].as_array().unwrap().iter().filter(|key| key["state"] == "active") {
        let rotation = json!({"algorithm": key["algorithm"], "immediately": true});
        administer(world, Method::POST, "/keys/rotate", rotation).await;
        before.push(key["kid"].as_str().unwrap().to_owned());
    }
    assert!(!before.is_empty(), "{listed}");
    before
}

async fn guess(world: &World) {
    for _ in 0..20 {
        let mut browser = world.realm.browser();
        let page = browser.authorize(&world.client.request()).await;
        browser.log_in_as(&page, &world.realm.user.username, "a guess").await;
    }
}

async fn revoke_consent(world: &World) {
    let listed = world.administer(Method::GET, &user_path(world, "/authorizations"), Value::Null).await.json();
    for authorization in listed["items"].as_array().unwrap() {
        let path = format!("/authorizations/{}", authorization["id"].as_str().unwrap());
        administer(world, Method::DELETE, &path, Value::Null).await;
    }
}

async fn deploy(world: &World) {
    let files = json!({
        "manifest.toml": "name = \"never\"\napi = \"1\"\nhooks = [\"on_token_request\"]\n",
        "main.rhai": "fn on_token_request(ctx, request) {\n    deny(\"unauthorized_client\", \"not today\")\n}\n",
    });
    administer(world, Method::POST, "/scripts", json!({"files": files})).await;
}
