//! Where clients are asked for certificates: a port of its own, or a host name of its own on the port that everybody uses
//! (RFC 8705 section 5).

use serde_json::json;

use super::client_authentication::certificate_set;
use crate::support::certificates::{Identity, MUTUAL_TLS_HOST, Subject};
use crate::support::client::{Client, Credential};
use crate::support::http::{HttpClient, Request};
use crate::support::realm::Realm;
use crate::support::server::{Configuration, Server};

/// A client with a registered certificate whose tokens are bound to it.
async fn registered(realm: &Realm) -> (Client, Identity) {
    let identity = Identity::issued(&Subject::named("registered"), None);
    let body = json!({
        "token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks": certificate_set(&identity),
        "grant_types": ["authorization_code", "client_credentials"], "tls_client_certificate_bound_access_tokens": true,
    });
    let client = realm.client(body).await;
    (client.with_credential(Credential::Certificate(Box::new(identity.clone()))), identity)
}

/// Every alias is served where it says, with the certificate of the connection.
async fn aliases_work(realm: &Realm) {
    let (client, _) = registered(realm).await;
    let document = realm.discovery().await;
    assert_eq!(document["tls_client_certificate_bound_access_tokens"], true);
    let aliases = document["mtls_endpoint_aliases"].clone();
    for (member, path) in [
        ("token_endpoint", "/token"),
        ("userinfo_endpoint", "/userinfo"),
        ("introspection_endpoint", "/introspect"),
        ("revocation_endpoint", "/revoke"),
    ] {
        assert_eq!(aliases[member], client.endpoint(path));
    }
    let tokens = client.obtain(&mut realm.browser(), &client.request(), &realm.user).await;
    assert_eq!(client.userinfo(tokens.access_token()).await.success()["sub"], realm.user.id);
    assert!(client.is_active(tokens.access_token()).await);
    assert_eq!(client.revoke(tokens.access_token()).await.status, 200);
    assert!(!client.is_active(tokens.access_token()).await);
    // Where pages are, nobody is asked: the same client has no certificate there.
    let elsewhere = Client { mtls_issuer: client.issuer.clone(), ..client };
    elsewhere.client_credentials("").await.assert_refused("invalid_client");
}

#[tokio::test]
async fn rfc8705_5_aliases_on_a_port_of_their_own() {
    aliases_work(&Realm::new().await).await;
}

#[tokio::test]
async fn rfc8705_5_aliases_on_a_host_name_of_their_own() {
    let server = Server::start(Configuration { mutual_tls_by_name: true, ..Configuration::default() }).await;
    assert!(server.mtls_url.starts_with(&format!("https://{MUTUAL_TLS_HOST}:")), "{}", server.mtls_url);
    let realm = Realm::on(&server, json!({})).await;
    aliases_work(&realm).await;

    // RFC 9110 section 15.5.20: a connection that was made for one name serves no other.
    let (client, identity) = registered(&realm).await;
    let form = [("grant_type", "client_credentials"), ("client_id", client.id.as_str())];
    let authority = |issuer: &str| issuer.split('/').nth(2).unwrap().to_owned();
    for (connected, asked) in [(&client.issuer, &client.mtls_issuer), (&client.mtls_issuer, &client.issuer)] {
        let request = Request::form(&format!("{connected}/token"), &form).header("host", &authority(asked));
        assert_eq!(HttpClient::http1(Some(&identity)).send(request).await.status, 421, "{connected}");
    }
}
